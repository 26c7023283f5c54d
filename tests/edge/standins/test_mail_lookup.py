"""The stand-in for SendGrid's Email Logs, asked through the real client."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from python_http_client.exceptions import BadRequestsError, NotFoundError, UnauthorizedError

from escalation.standins.email_logs import LIMIT_MAX
from escalation.standins.server import Standins
from tests.edge.standins.vendors import mail

HOUR = timedelta(hours=1)


def search(sendgrid: Any, query: str, **fields: object) -> list[dict[str, Any]]:  # noqa: ANN401 - no types
    answer = sendgrid.client.logs.post(request_body={"query": query, **fields})
    rows: list[dict[str, Any]] = json.loads(answer.body)["messages"]
    return rows


def are_delivered(standins: Standins, sendgrid: Any, count: int) -> bool:  # noqa: ANN401 - no types
    """Whether that many mails have come to the end of their life, which they live beside the requests."""
    return standins.wait_until(lambda: len(search(sendgrid, "status IN ('delivered')")) == count)


def stamp(instant: datetime) -> str:
    return instant.strftime('TIMESTAMP "%Y-%m-%dT%H:%M:%SZ"')


def test_a_mail_is_found_by_recipient_and_time_and_recognised_by_its_dispatch(
    standins: Standins,
    sendgrid: Any,  # noqa: ANN401
) -> None:
    """The way to settle a doubtful send: search, then read the custom arguments of each hit's events."""
    now = datetime.now(UTC)
    answer = sendgrid.send(mail("ada@example.com", dispatch="d-7"))
    sendgrid.send(mail("bob@example.com", dispatch="d-8"))
    assert are_delivered(standins, sendgrid, 2)

    (row,) = search(
        sendgrid, f"to_email = 'ada@example.com' AND sg_message_id_created_at > {stamp(now - timedelta(seconds=2))}"
    )
    found = json.loads(sendgrid.client.logs._(row["sg_message_id"]).get().body)

    assert row["sg_message_id"].startswith(answer.headers["X-Message-Id"])
    assert {event["event"]: event["custom_args"] for event in found["events"]} == {
        "processed": {"esc_dispatch": "d-7"},
        "delivered": {"esc_dispatch": "d-7"},
    }
    assert {"api_key_id", "events", "from_email", "sg_message_id", "client_ip", "status", "subject", "to_email"} <= set(
        found
    )


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("", 2),
        ("subject = '[E42] SEV1: checkout is down'", 2),
        ("subject = 'other'", 0),
        ("to_email = 'bob@example.com'", 1),
        ("status IN ('delivered', 'processed')", 2),
        ("status IN ('bounced')", 0),
        (f"sg_message_id_created_at >= {stamp(datetime(2020, 1, 1, tzinfo=UTC))}", 2),
        (f"sg_message_id_created_at < {stamp(datetime(2020, 1, 1, tzinfo=UTC))}", 0),
        (f"sg_message_id_created_at <= {stamp(datetime(2200, 1, 1, tzinfo=UTC))} AND status IN ('delivered')", 2),
    ],
)
def test_every_operator_of_the_vendors_table_is_understood(
    standins: Standins,
    sendgrid: Any,  # noqa: ANN401
    query: str,
    hits: int,
) -> None:
    """All conditions must hold."""
    for person in ("ada", "bob"):
        sendgrid.send(mail(f"{person}@example.com"))
    assert are_delivered(standins, sendgrid, 2)

    assert len(search(sendgrid, query)) == hits


@pytest.mark.parametrize(
    "body",
    [
        {"query": "to_email = ada@example.com"},
        {"query": "to_email > 'a'"},
        {"query": "from_email = 'a'"},
        {"query": "to_email = 'a' OR to_email = 'b'"},
        {"query": "to_email = 'a' AND "},
        {"query": "to_email = 'a' AND"},
        {"query": "status IN ('gone')"},
        {"query": 'sg_message_id_created_at > TIMESTAMP "soon"'},
        {"query": 'sg_message_id_created_at > TIMESTAMP "2026-01-01T00:00:00"'},
        {"query": 7},
        {"query": "", "limit": 0},
        {"query": "", "limit": LIMIT_MAX + 1},
        {"query": "", "limit": True},
        {"query": "", "page": 1},
    ],
)
def test_a_search_outside_the_vendors_language_is_refused(sendgrid: Any, body: dict[str, object]) -> None:  # noqa: ANN401
    """So that a lookup that could never work live does not work here either."""
    with pytest.raises(BadRequestsError) as caught:
        sendgrid.client.logs.post(request_body=body)

    assert json.loads(caught.value.body)["errors"][0]["message"]


def test_without_a_key_nothing_is_found(sendgrid: Any) -> None:  # noqa: ANN401
    """Neither by searching nor by id."""
    sendgrid.client.request_headers["Authorization"] = ""

    for ask in (lambda: search(sendgrid, ""), lambda: sendgrid.client.logs._("x").get()):
        with pytest.raises(UnauthorizedError):
            ask()


def test_a_search_returns_the_newest_first_and_ten_by_default(sendgrid: Any) -> None:  # noqa: ANN401
    """There is no second page."""
    for number in range(12):
        sendgrid.send(mail(f"p{number}@example.com"))

    assert [row["to_email"] for row in search(sendgrid, "")] == [
        f"p{number}@example.com" for number in range(11, 1, -1)
    ]
    assert len(search(sendgrid, "", limit=LIMIT_MAX)) == 12


def test_the_index_lags_as_told(standins: Standins, sendgrid: Any) -> None:  # noqa: ANN401
    """A mail younger than the lag is in neither the search nor the log, although it was accepted."""
    standins.lag("email", HOUR / 10)
    sendgrid.send(mail())

    behind = search(sendgrid, "")
    standins.lag("email", timedelta(0))

    assert (behind, len(search(sendgrid, ""))) == ([], 1)


def test_the_id_of_the_send_alone_is_not_the_id_of_the_log(sendgrid: Any) -> None:  # noqa: ANN401
    """The vendor's logs speak of parts of a send; their ids only begin with the one the sender was told."""
    answer = sendgrid.send(mail())

    with pytest.raises(NotFoundError):
        sendgrid.client.logs._(answer.headers["X-Message-Id"]).get()
