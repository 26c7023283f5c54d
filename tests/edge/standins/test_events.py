"""SendGrid's signed events, and the weather that every webhook goes through."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendgrid.helpers.eventwebhook import EventWebhook

from escalation.standins import keys
from escalation.standins.board import Board
from escalation.standins.mail_events import STAGES
from escalation.standins.server import Standins
from escalation.standins.weather import Weather
from tests.edge.standins.vendors import PHONE, Received, Receiver, mail, text


def events(got: list[Received]) -> list[dict[str, Any]]:
    return [event for one in got for event in json.loads(one.body)]


def is_signed(one: Received, public_key: str) -> bool:
    """Whether the vendor's own package passes it."""
    judge = EventWebhook(public_key)
    signature, timestamp = one.headers[keys.SIGNATURE], one.headers[keys.TIMESTAMP]
    return bool(judge.verify_signature(one.body.decode(), signature, timestamp))


@pytest.mark.parametrize("ends", [end for end, stages in STAGES.items() if stages])
def test_a_mail_ends_as_told(standins: Standins, sendgrid: Any, webhooks: Receiver, ends: str) -> None:  # noqa: ANN401
    """Each event signed, with an id of its own and the custom arguments flat beside the vendor's fields."""
    standins.deliver(events_url=f"{webhooks.base_url}/events")
    standins.expect("email", ends)

    answered = sendgrid.send(mail(dispatch="d-9"))

    wanted = STAGES[ends]
    assert standins.wait_until(lambda: len(events(webhooks.at("/events"))) >= len(wanted))
    got = events(webhooks.at("/events"))
    assert [event["event"] for event in got] == [stage.replace("blocked", "bounce") for stage in wanted]
    assert len({event["sg_event_id"] for event in got}) == len(wanted)
    assert {event["esc_dispatch"] for event in got} == {"d-9"}
    assert all(event["sg_message_id"].startswith(answered.headers["X-Message-Id"]) for event in got)
    assert all(is_signed(one, standins.keys()) for one in webhooks.at("/events"))
    assert all(one.body.endswith(b"\r\n") for one in webhooks.at("/events"))


def test_a_bounce_says_which_kind_and_bars_the_address(standins: Standins, sendgrid: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """Later mails to it are still answered 202, and dropped: the event is the only sign."""
    standins.deliver(events_url=f"{webhooks.base_url}/events")
    standins.expect("email", "bounced", to="gone@example.com", reason="550 no such user")
    sendgrid.send(mail("gone@example.com"))
    assert standins.wait_until(lambda: len(events(webhooks.at("/events"))) == 2)

    answered = sendgrid.send(mail("gone@example.com"))

    assert answered.status_code == 202
    assert standins.wait_until(lambda: len(events(webhooks.at("/events"))) == 3)
    _, bounce, dropped = events(webhooks.at("/events"))
    assert (bounce["type"], bounce["reason"]) == ("bounce", "550 no such user")
    assert (dropped["event"], dropped["reason"]) == ("dropped", "Bounced Address")


def test_events_are_repeated_unchanged_until_they_are_taken(
    standins: Standins,
    sendgrid: Any,  # noqa: ANN401
    webhooks: Receiver,
) -> None:
    """After any answer that is not 2xx."""
    standins.deliver(events_url=f"{webhooks.base_url}/events")
    webhooks.status = 503
    sendgrid.send(mail())
    first = webhooks.wait_at("/events")[0]

    again = webhooks.wait_at("/events", 2)[1]
    webhooks.status = 204

    assert (first.body, first.headers[keys.SIGNATURE]) == (again.body, again.headers[keys.SIGNATURE])


def test_keys_rotate(standins: Standins, sendgrid: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """The old key no longer vouches for what comes after."""
    standins.deliver(events_url=f"{webhooks.base_url}/events")
    old, new = standins.keys(), standins.keys(event_key=2)

    sendgrid.send(mail())

    (one, *_) = webhooks.wait_at("/events")
    assert (is_signed(one, old), is_signed(one, new)) == (False, True)


def statuses(webhooks: Receiver) -> list[tuple[str, str]]:
    return [(one.form["To"], one.form["MessageStatus"]) for one in webhooks.got]


def test_what_is_held_back_follows_what_overtook_it(standins: Standins, twilio: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """Out of order, never for good."""
    standins.callbacks(gap=timedelta(0), reorder=1.0)

    text(twilio, status_callback=f"{webhooks.base_url}/status")

    webhooks.wait_for(2)
    assert statuses(webhooks) == [(PHONE, "delivered"), (PHONE, "sent")]


def test_a_share_is_lost_and_another_doubled(standins: Standins, twilio: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """The sends themselves go on."""
    url = f"{webhooks.base_url}/status"
    standins.callbacks(gap=timedelta(0), loss=1.0)
    lost = text(twilio, status_callback=url)
    assert standins.wait_until(lambda: len(standins.journal.statuses(lost.sid)) == 2)
    standins.callbacks(gap=timedelta(0), duplicate=1.0)

    text(twilio, to="+14155550101", status_callback=url)

    webhooks.wait_for(4)
    assert statuses(webhooks) == [("+14155550101", "sent")] * 2 + [("+14155550101", "delivered")] * 2


def test_a_late_webhook_still_comes(standins: Standins, twilio: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """Within the delay that was asked for."""
    standins.callbacks(gap=timedelta(0), delay=timedelta(milliseconds=200), seed=3)

    text(twilio, status_callback=f"{webhooks.base_url}/status")

    assert len(webhooks.wait_for(2)) == 2


@given(st.integers(0, 2**63), st.text(max_size=20))
def test_a_fate_follows_from_the_seed_and_the_words(seed: int, word: str) -> None:
    """Not from the order of things: asked again, it is the same."""
    weather = Weather(seed, 0.5, 0.5, 0.5, timedelta(seconds=1))

    fate = weather.fate("d-1", word)

    assert fate == Weather(seed, 0.5, 0.5, 0.5, timedelta(seconds=1)).fate("d-1", word)
    assert timedelta(0) <= fate.delay < timedelta(seconds=1)


def test_shares_are_kept_over_many() -> None:
    """About one in ten of ten thousand."""
    lost = sum(Weather(seed=7, loss=0.1).fate("d", str(number)).lost for number in range(10_000))

    assert 900 < lost < 1_100


def test_the_logs_tell_the_same_story(standins: Standins, sendgrid: Any) -> None:  # noqa: ANN401
    """A search by status finds what bounced, with its address quoted as the query language has it."""
    standins.expect("email", "bounced", to="o'neill@example.com")
    sendgrid.send(mail("o'neill@example.com"))
    assert standins.wait_until(lambda: len(standins.journal.statuses(standins.outbox()[0].provider_id)) == 2)

    query = "to_email = 'o''neill@example.com' AND status IN ('bounced')"
    found = json.loads(sendgrid.client.logs.post(request_body={"query": query, "limit": 5}).body)["messages"]
    detail = json.loads(sendgrid.client.logs._(found[0]["sg_message_id"]).get().body)

    assert [event["event"] for event in detail["events"]] == ["processed", "bounced"]


def test_a_board_without_a_server_is_quiet() -> None:
    """Its public key can be read before anything is started."""
    board = Board()
    try:
        assert board.keys() == keys.public_key(1)
    finally:
        board.close()
