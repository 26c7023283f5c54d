"""Lists and fetches of messages and calls, asked through the real client."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalation.standins.board import LAG_MAX
from escalation.standins.phone_api import segments
from escalation.standins.server import Standins
from tests.edge.standins.vendors import OURS, PHONE, refusal, text, twilio_at

OTHER = "+14155550101"


def test_the_list_for_a_number_has_its_messages_newest_first(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """The way to settle a doubtful send: list by recipient, match the reference in the body."""
    for number, to in enumerate((PHONE, OTHER, PHONE)):
        text(twilio, to=to, body=f"[E42.{number}]")

    found = twilio.messages.list(to=PHONE, limit=20)

    assert [message.body for message in found] == ["[E42.2]", "[E42.0]"]
    assert all(message.date_created.tzinfo is UTC for message in found)


def test_a_list_longer_than_a_page_is_read_to_its_end(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """The client follows `next_page_uri`."""
    sent = [text(twilio, body=f"{number}").sid for number in range(5)]

    assert [message.sid for message in twilio.messages.list(to=PHONE, page_size=2)] == sent[::-1]
    assert [message.sid for message in twilio.messages.list(to=PHONE, page_size=2, limit=3)] == sent[:1:-1]


def test_a_list_lags_as_told_and_a_fetch_does_not(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """The index is behind; the record is not."""
    standins.lag("sms", LAG_MAX)
    sid = text(twilio).sid

    behind = twilio.messages.list(to=PHONE)
    fetched = twilio.messages(sid).fetch()
    standins.lag("sms", timedelta(0))

    assert (behind, fetched.sid) == ([], sid)
    assert [message.sid for message in twilio.messages.list(to=PHONE)] == [sid]


@pytest.mark.parametrize("lag", [timedelta(seconds=-1), LAG_MAX + timedelta(seconds=1)])
def test_a_lag_is_bounded(standins: Standins, lag: timedelta) -> None:
    """In one clear line."""
    with pytest.raises(ValueError, match=r"lag is .* between"):
        standins.lag("sms", lag)


def test_a_fetch_shows_how_it_went(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """The fall-back for a status callback that never came."""
    standins.expect("sms", "undelivered", error_code=30005)
    sid = text(twilio).sid

    assert standins.wait_until(lambda: twilio.messages(sid).fetch().status == "undelivered")
    assert twilio.messages(sid).fetch().error_code == 30005


def test_a_call_is_listed_and_fetched(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """With the times that its life has given it."""
    placed = twilio.calls.create(to=PHONE, from_=OURS, url="http://127.0.0.1:9/voice?d=d-1")
    assert standins.wait_until(lambda: twilio.calls(placed.sid).fetch().status == "no-answer")

    (found,) = twilio.calls.list(to=PHONE, limit=20)

    assert (found.sid, found.status, found.duration) == (placed.sid, "no-answer", "0")
    assert found.end_time is not None
    assert twilio.calls.list(to=OTHER) == []
    assert [one.sid for one in twilio.calls.list(status="no-answer")] == [placed.sid]
    assert twilio.calls.list(status="busy") == []


def test_messages_are_filtered_by_the_day_they_were_sent(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """A message that was not sent yet has no such day, so a date filter hides it."""
    now = datetime.now(UTC)
    sid = text(twilio).sid
    assert standins.wait_until(lambda: twilio.messages(sid).fetch().status == "delivered")
    standins.expect("sms", "silent")
    text(twilio)

    assert [one.sid for one in twilio.messages.list(date_sent_after=now - timedelta(days=1))] == [sid]
    assert twilio.messages.list(date_sent_before=now - timedelta(days=1)) == []
    assert len(twilio.messages.list(to=PHONE)) == 2


def test_what_is_not_there_is_answered_with_20404(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """A call is no message, and neither is an unknown id."""
    placed = twilio.calls.create(to=PHONE, from_=OURS, url="http://127.0.0.1:9/voice")

    assert refusal(lambda: twilio.messages("SM" + "0" * 32).fetch()) == (404, 20404)
    assert refusal(lambda: twilio.messages(placed.sid).fetch()) == (404, 20404)


def test_an_id_is_fetched_only_with_credentials(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """As for lists."""
    sid = text(twilio).sid

    assert refusal(lambda: twilio_at(standins, token="wrong").messages(sid).fetch()) == (401, 20003)


def test_a_filter_that_is_not_imitated_is_refused(twilio: Any) -> None:  # noqa: ANN401
    """Rather than ignored, which would look like an answer."""
    assert refusal(lambda: twilio.calls.list(parent_call_sid="CA" + "0" * 32)) == (400, 20001)


@pytest.mark.parametrize(
    ("body", "expected"), [("", 1), ("x" * 160, 1), ("x" * 161, 2), ("é" * 70, 1), ("é" * 71, 2), ("x" * 460, 4)]
)
def test_segments_are_counted_at_their_edges(body: str, expected: int) -> None:
    """153 of 160 (67 of 70) characters remain in each part of a longer message."""
    assert segments(body) == expected
