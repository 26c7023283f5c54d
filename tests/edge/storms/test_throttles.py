"""How many messages one person gets: limits as they are written, and what a window allows."""

from datetime import timedelta

import pytest

from escalation.adapters.settings import SettingsError, read_settings
from escalation.adapters.throttles import DEFAULT, MOST_MAX, Limit, counts, opens_at, read_throttles
from escalation.core.vocabulary import Channel
from tests.edge.samples import NOW

QUARTER = timedelta(minutes=15)


def test_limits_are_read_by_channel() -> None:
    """By spaces or commas; what is left out has none."""
    read = read_throttles("sms=10/15m, voice=1/90s notices=20/24h")

    assert read.of(Channel.SMS) == Limit(10, QUARTER)
    assert read.of(Channel.VOICE) == Limit(1, timedelta(seconds=90))
    assert read.of(Channel.EMAIL) is None
    assert read.notices == Limit(20, timedelta(days=1))
    assert read_throttles("off") == read_throttles("") == read_throttles(" ")


def test_an_installation_has_limits_by_default() -> None:
    """On every channel, so that nobody has to think of it before the first storm."""
    limits = read_settings(standins_url="http://127.0.0.1:1").limits

    assert limits == read_throttles(DEFAULT)
    assert all(limits.of(channel) for channel in Channel)
    assert limits.notices is not None


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("sms", '\'sms\' is no limit; write e.g. "sms=10/15m" for one of email, sms, voice, chat, notices, or "off"'),
        ("fax=1/1m", "'fax=1/1m' is no limit"),
        ("sms=-1/1m", "'sms=-1/1m' is no limit"),
        ("sms=0/1m", "'sms=0/1m': a limit is 1 to 1000 messages in 1 minute to 24 hours"),
        (f"sms={MOST_MAX + 1}/1m", "a limit is 1 to 1000"),
        ("sms=1/59s", "1 minute to 24 hours"),
        ("sms=1/25h", "1 minute to 24 hours"),
        ("sms=1/1m sms=2/1m", "'sms=2/1m': there is a limit for sms already; keep one of them"),
        ("off sms=1/1m", "'off' is no limit"),
    ],
)
def test_a_limit_that_is_none_is_refused_in_one_line(written: str, why: str) -> None:
    """It names what is wrong and what may stand there; so does the setting."""
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        read_throttles(written)
    assert why in str(refused.value)
    with pytest.raises(SettingsError, match="ESCALATION_THROTTLES") as refused:
        read_settings(throttles=written)
    assert why in str(refused.value)


@pytest.mark.parametrize(("written", "most", "minutes"), [("sms=1/60s", 1, 1), ("sms=1000/1440m", 1000, 1440)])
def test_the_edges_of_a_limit_are_inside(written: str, most: int, minutes: int) -> None:
    """The fewest in the shortest window, the most in the longest."""
    assert read_throttles(written).of(Channel.SMS) == Limit(most, timedelta(minutes=minutes))


@pytest.mark.parametrize(("most", "alone"), [(1, 1), (2, 1), (3, 2), (5, 4), (8, 6), (10, 8), (60, 45)])
def test_a_part_of_each_window_is_kept_for_lists(most: int, alone: int) -> None:
    """A quarter, and at least one of two: whoever gets one message only gets it at once."""
    assert Limit(most, QUARTER).alone == alone


def test_a_window_opens_when_enough_of_it_is_old() -> None:
    """An instant exactly one window ago is outside; without a limit it is always open."""
    limit = Limit(2, QUARTER)
    sent = [NOW - timedelta(minutes=10), NOW - timedelta(minutes=5), NOW - timedelta(minutes=1)]

    assert opens_at(limit, sent[:1], NOW) == NOW
    assert opens_at(limit, sent[:2], NOW) == NOW + timedelta(minutes=5)
    assert opens_at(limit, sent, NOW) == NOW + timedelta(minutes=10)
    assert opens_at(None, sent, NOW) == NOW
    assert not counts(NOW - QUARTER, NOW, QUARTER)
    assert counts(NOW - QUARTER + timedelta(microseconds=1), NOW, QUARTER)
    assert counts(NOW + timedelta(minutes=1), NOW, QUARTER)
