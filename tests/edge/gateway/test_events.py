"""SendGrid's event webhook: signed batches, each event kept once, and only what is about a dispatch."""

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest

from escalation.adapters.settings import STANDIN_SENDGRID_WEBHOOK_KEY
from escalation.core.draft import dispatch_id
from escalation.core.facts import ReportDelivery
from escalation.core.vocabulary import Channel, Failure, Outcome
from escalation.gateway.signed import EVENTS_AGE_MAX, EVENTS_AHEAD_MAX, EVENTS_BYTES_MAX, EVENTS_MAX
from escalation.standins.keys import public_key, signed
from tests.edge.gateway.door import EPISODE, NOW, Door, view

MAIL = dispatch_id("ESC-1", EPISODE, 1, "amira", Channel.EMAIL)


@pytest.fixture
def mailed(door: Door) -> Door:
    """A page by mail that SendGrid has accepted."""
    door.client.views["ESC-1"] = view("ESC-1")
    door.ledger.sent(door.claimed("ESC-1", channel=Channel.EMAIL), "m1")
    return door


def event(word: str, key: str = "e1", **fields: object) -> dict[str, object]:
    return {
        "event": word,
        "sg_event_id": key,
        "sg_message_id": "m1.recvd-1-0.0",
        "esc_dispatch": MAIL,
        "email": "amira@example.org",
        "timestamp": 1772366400,
        **fields,
    }


def post(door: Door, *events: object, body: bytes | None = None, age: timedelta = timedelta(0), key: int = 1) -> int:
    body = json.dumps(events).encode() if body is None else body
    headers = signed(body, str(int((NOW - age).timestamp())), key)
    return door.http.post("/sendgrid/events", content=body, headers=headers).status_code


def outcomes(door: Door) -> list[Outcome]:
    return [fact.outcome for _, fact in door.client.facts if isinstance(fact, ReportDelivery)]


def receipt_of(door: Door) -> str | None:
    row = door.ledger.get(MAIL)
    return None if row is None else row.receipt


def test_the_stand_ins_key_is_the_one_that_development_knows() -> None:
    """So that `make up` needs no key."""
    assert public_key() == STANDIN_SENDGRID_WEBHOOK_KEY


@pytest.mark.parametrize(
    ("word", "fields", "kept", "told"),
    [
        ("processed", {}, "processed", None),
        ("deferred", {"reason": "busy"}, "deferred", None),
        ("delivered", {}, "delivered", (Outcome.DELIVERED, None, None)),
        ("bounce", {"type": "bounce"}, "bounce", (Outcome.FAILED, Failure.DESTINATION, None)),
        (
            "bounce",
            {"type": "blocked", "bounce_classification": "Reputation"},
            "blocked",
            (Outcome.FAILED, Failure.DESTINATION_BUSY, "Reputation"),
        ),
        (
            "dropped",
            {"reason": "Bounced Address"},
            "dropped",
            (Outcome.FAILED, Failure.DESTINATION, "Bounced Address"),
        ),
        ("spamreport", {}, "spamreport", (Outcome.FAILED, Failure.DESTINATION, None)),
        ("unsubscribe", {}, "unsubscribe", (Outcome.FAILED, Failure.DESTINATION, None)),
        ("group_unsubscribe", {}, "group_unsubscribe", (Outcome.FAILED, Failure.DESTINATION, None)),
        ("open", {"sg_machine_open": True}, None, None),
        ("click", {}, None, None),
    ],
)
def test_every_event_does_what_its_row_says(
    mailed: Door,
    word: str,
    fields: Mapping[str, object],
    kept: str | None,
    told: tuple[Outcome, Failure | None, str | None] | None,
) -> None:
    """A deferred mail is SendGrid's to repeat, never ours; an open is no proof of a reader."""
    assert post(mailed, {**event(word), **fields}) == 204

    assert receipt_of(mailed) == kept
    expected = [] if told is None else [("ESC-1", ReportDelivery(1, told[0], "m1", told[1], told[2], how="receipt"))]
    assert mailed.client.facts == expected


def test_processed_settles_a_mail_in_doubt(door: Door) -> None:
    """The connection was lost after SendGrid had taken it: the event names the dispatch, and the mail's id."""
    door.client.views["ESC-1"] = view("ESC-1")
    door.claimed("ESC-1", channel=Channel.EMAIL)

    post(door, event("processed"))

    row = door.ledger.get(MAIL)
    assert row is not None
    assert (row.provider_id, row.how) == ("m1", "receipt")
    assert outcomes(door) == [Outcome.ACCEPTED]


def test_a_batch_in_any_order_and_twice_is_told_once(mailed: Door) -> None:
    """SendGrid promises neither order nor that it brings an event once."""
    batch = [event("delivered", "e2"), event("processed", "e1"), event("delivered", "e2")]

    assert [post(mailed, *batch) for _ in range(2)] == [204, 204]
    assert outcomes(mailed) == [Outcome.DELIVERED]


def test_other_mail_of_the_account_and_events_without_sense_are_passed_over(mailed: Door) -> None:
    """The batch is taken all the same, and what is ours in it is read."""
    other: list[dict[str, object]] = [
        {"event": "delivered", "sg_event_id": "x"},
        event("delivered", "") | {"esc_dispatch": 7},
        event("delivered", "k" * 201),
        event("d" * 33, "e3"),
        event("delivered", "e4", esc_dispatch="half \ud800 a character"),
        event("delivered", "e5", esc_dispatch="nul\0"),
        event("delivered", "e6", sg_message_id=["m1"], esc_dispatch="somebody-else"),
        {},
    ]

    assert post(mailed, *other, event("delivered", "e9")) == 204
    assert outcomes(mailed) == [Outcome.DELIVERED]


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (EVENTS_AGE_MAX, 204),
        (EVENTS_AGE_MAX + timedelta(seconds=1), 403),
        (-EVENTS_AHEAD_MAX, 204),
        (-EVENTS_AHEAD_MAX - timedelta(seconds=1), 403),
    ],
)
def test_a_signature_ages(mailed: Door, age: timedelta, status: int) -> None:
    """A batch is brought again for a day; after that it is a replay."""
    assert post(mailed, event("delivered"), age=age) == status


@pytest.mark.parametrize("body", [b"", b"{}", b"[7]", b"null", b"[", b"\xff", b"[" * 100_000])
def test_a_signed_body_that_is_no_batch_is_forbidden(mailed: Door, body: bytes) -> None:
    """And no error of ours."""
    assert post(mailed, body=body) == 403


@pytest.mark.parametrize(("count", "status"), [(EVENTS_MAX, 204), (EVENTS_MAX + 1, 403)])
def test_a_batch_has_a_bound(mailed: Door, count: int, status: int) -> None:
    """The largest that is read, and one event more."""
    assert post(mailed, *[{}] * count) == status


@pytest.mark.parametrize(("size", "status"), [(EVENTS_BYTES_MAX, 204), (EVENTS_BYTES_MAX + 1, 413)])
def test_a_batch_has_a_largest_size(mailed: Door, size: int, status: int) -> None:
    """The largest that is read, and one byte more."""
    assert post(mailed, body=b"[" + b" " * (size - 2) + b"]") == status
