"""kill -9 between any two steps of a message that tells several: each is told once in the end, and in one message."""

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from escalation.adapters.failpoints import BUNDLE_POINTS
from escalation.adapters.ledger import State
from escalation.adapters.sendgrid import SendGrid
from escalation.adapters.sending import Attempt, Broken, Outgoing, Provider
from escalation.adapters.settings import read_settings
from escalation.adapters.twilio import Twilio
from escalation.core.vocabulary import Channel, Message
from escalation.standins.server import Standins
from tests.edge.storms.desk import Desk, told

LIMITS = "sms=2/15m email=2/15m"
KILLED = "tests.edge.storms.test_bundle_kills"
SOON = timedelta(minutes=10)
"""Longer than gathering, a doubt that is settled, and the pauses between lists."""


def provider(standins_url: str, channel: Channel) -> Provider:
    """The real package, pointed at the stand-in."""
    vendors = read_settings(standins_url=standins_url).vendors()
    return SendGrid(vendors.mail) if channel is Channel.EMAIL else Twilio(vendors.phone)


def storm(desk: Desk, channel: Channel, at: datetime, *, attempt: int = 1) -> None:
    """Three pages at once, of which the limit lets one through; then what the bundle's workflow does."""
    for number in (10, 11, 12):
        desk.say(told(number, message=Message.PAGE, channel=channel), at, attempt=attempt)
    desk.play(at, channel=channel, until=at + SOON)


@pytest.mark.parametrize(
    ("point", "channel"),
    [*((point, Channel.SMS) for point in (*BUNDLE_POINTS, "after_record")), ("after_bundle_intent", Channel.EMAIL)],
)
def test_a_kill_at_any_point_loses_nothing_and_tells_nothing_twice(
    tmp_path: Path, point: str, channel: Channel
) -> None:
    """Waiting, claimed, taken by the vendor, recorded, not yet marked: whoever comes next finishes it."""
    at = datetime.now(UTC)
    with Standins() as standins:
        killed = subprocess.run(
            [sys.executable, "-m", KILLED, standins.base_url, str(tmp_path), point, channel, at.isoformat()],
            check=False,
            timeout=120,
        )
        assert killed.returncode == -signal.SIGKILL
        desk = Desk(tmp_path, provider(standins.base_url, channel), LIMITS)
        storm(desk, channel, at, attempt=2)
        storm(desk, channel, at + SOON, attempt=3)
        sent = [one.body or "" for one in standins.outbox()]
        rows = [desk.row(told(number, channel=channel)) for number in (11, 12)]
        desk.store.dispose()

    assert len(sent) == 2
    assert [("ESC-10" in body) for body in sent] == [True, False]
    assert "11" in sent[1]
    assert "12" in sent[1]
    assert [(row.state, row.how) for row in rows] == [(State.SENT, "bundle")] * 2


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.EMAIL])
def test_a_message_that_the_vendor_took_unnoticed_is_found(tmp_path: Path, channel: Channel) -> None:
    """The answer was lost: it is looked up after the settle window by its own mark, and not said again."""
    at = datetime.now(UTC)
    with Standins() as standins:
        desk = Desk(tmp_path, Forgetful(provider(standins.base_url, channel)), LIMITS)
        storm(desk, channel, at)
        sent = standins.outbox()
        row = desk.row(told(11, channel=channel))
        (message,) = desk.ledger.rows("BUNDLE")
        desk.store.dispose()

    assert len(sent) == 2
    assert (row.state, message.state, message.how) == (State.SENT, State.SENT, "lookup")


class Forgetful:
    """Hands everything to a real provider, and loses the answer to its second send."""

    def __init__(self, real: Provider) -> None:
        self._real = real
        self._sends = 0
        self.look, self.follow = real.look, real.follow

    def send(self, outgoing: Outgoing) -> Attempt:
        answer, self._sends = self._real.send(outgoing), self._sends + 1
        return Broken("twilio", posted=True, why="ReadTimeout") if self._sends == 2 else answer


if __name__ == "__main__":
    url, folder, failpoint, named, began = sys.argv[1:]
    mine = Desk(Path(folder), provider(url, Channel(named)), LIMITS, failpoint=failpoint)
    storm(mine, Channel(named), datetime.fromisoformat(began))
