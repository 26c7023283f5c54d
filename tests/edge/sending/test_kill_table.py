"""Ten ways in which a send is cut off, K0 to K9, on the real packages: one acceptance in the end, or a flagged second.

Kills before the intent, after it, after the post and after the record (K0, K1, K3, K4) are in `test_kills.py`.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from escalation.adapters.failpoints import RECEIPT_POINTS, Failpoints
from escalation.adapters.inbox import Inbox, Received
from escalation.adapters.ledger import Ledger, State
from escalation.adapters.migrating import upgrade
from escalation.adapters.receipts import Receipt
from escalation.adapters.store import open_store
from escalation.core.effects import Reconcile
from escalation.core.facts import TOLD_TWICE
from escalation.core.vocabulary import Channel, Outcome, Reconciled
from escalation.standins import journal
from escalation.standins.faults import FaultKind
from escalation.standins.server import Standins
from tests.edge.samples import notify
from tests.edge.sending.fakes import run
from tests.edge.sending.test_kills import parts
from workflows.ports import Look, Send

VENDORS: Mapping[Channel, journal.Channel] = {Channel.SMS: "sms", Channel.VOICE: "voice", Channel.EMAIL: "email"}
HANGS = timedelta(seconds=2)
DISPATCH = "d-1"
TIMEOUT = timedelta(seconds=2)
every_channel = pytest.mark.parametrize("channel", list(VENDORS))


class Line:
    """One dispatch of one channel between a worker that dies and the vendor that goes on."""

    def __init__(self, standins: Standins, ledger_url: str) -> None:
        self.standins = standins
        self.url = ledger_url
        self.store = open_store(ledger_url, TIMEOUT)
        self.ledger = Ledger(self.store)
        self.inbox = Inbox(self.store)
        self.notifier, self.reconciler = parts(standins.base_url, ledger_url, None)
        self.since = datetime.now(UTC)

    def send(self, channel: Channel, attempt: int = 1) -> Outcome:
        return run(self.notifier.notify, Send(notify(channel=channel), at=self.since), attempt=attempt).outcome

    def look(self, channel: Channel) -> Reconciled:
        look = Look(Reconcile(8, DISPATCH, "primary", channel, self.since), at=self.since + timedelta(minutes=1))
        return run(self.reconciler.reconcile, look).result

    def hears(self, status: str, provider_id: str, key: str = "k") -> Received:
        return self.inbox.receive(Receipt(f"{key}-{status}", DISPATCH, status, self.since, provider_id=provider_id))

    def accepted(self) -> list[str]:
        return [send.provider_id for send in self.standins.outbox()]

    def taken(self) -> None:
        assert self.standins.wait_until(lambda: bool(self.accepted()))


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    upgrade(url)
    with Standins() as standins:
        standins.callbacks(enabled=False)
        line = Line(standins, url)
        yield line
        line.store.dispose()


@every_channel
def test_k2_a_kill_while_the_answer_is_awaited(line: Line, channel: Channel) -> None:
    """The request is written and taken on, nothing is read: found by looking, and not sent again."""
    line.standins.fail(VENDORS[channel], "accept_then_hang", delay=HANGS)
    command = (
        sys.executable,
        "-m",
        "tests.edge.sending.test_kills",
        line.standins.base_url,
        line.url,
        "after_record",
        channel,
    )
    with subprocess.Popen(command) as worker:
        line.taken()
        worker.kill()

    assert line.send(channel, attempt=2) is Outcome.AMBIGUOUS
    assert line.look(channel) is Reconciled.ADOPTED
    assert line.send(channel) is Outcome.ACCEPTED
    assert len(line.accepted()) == 1


@every_channel
def test_k5_an_attempt_whose_time_is_up_still_posts(line: Line, channel: Channel) -> None:
    """The engine starts the next attempt while the old thread waits for its answer: the new one posts nothing."""
    line.standins.fail(VENDORS[channel], "accept_then_hang", delay=HANGS)
    with ThreadPoolExecutor(1) as zombie:
        late = zombie.submit(line.send, channel)
        line.taken()
        assert line.send(channel, attempt=2) is Outcome.AMBIGUOUS
        assert late.result() is Outcome.ACCEPTED

    assert line.look(channel) is Reconciled.ADOPTED
    assert line.send(channel) is Outcome.ACCEPTED
    assert len(line.accepted()) == 1


@every_channel
def test_k6_a_receipt_that_is_here_before_our_record(line: Line, channel: Channel) -> None:
    """It closes the dispatch while the answer is still on its way; the answer then is no second acceptance."""
    line.standins.fail(VENDORS[channel], "accept_then_hang", delay=HANGS)
    with ThreadPoolExecutor(1) as worker:
        answered = worker.submit(line.send, channel)
        line.taken()
        assert line.hears("delivered", line.accepted()[0]).closed
        assert line.send(channel, attempt=2) is Outcome.ACCEPTED
        assert answered.result() is Outcome.ACCEPTED

    row = line.ledger.get(DISPATCH)
    assert row is not None
    assert (row.state, row.how, row.second_provider_id, len(line.accepted())) == (State.SENT, "receipt", None, 1)


def test_k7_receipts_twice_in_disorder_and_never(line: Line) -> None:
    """What is known moves forward only; where none comes, looking settles it."""
    line.standins.fail("sms", "accept_then_drop")
    assert line.send(Channel.SMS) is Outcome.AMBIGUOUS
    (sid,) = line.accepted()
    seen = [line.hears("delivered", sid), line.hears("delivered", sid), line.hears("sent", sid)]

    assert [one.closed for one in seen] == [True, False, False]
    assert [one.owed for one in seen] == [Outcome.DELIVERED, None, None]
    row = line.ledger.get(DISPATCH)
    assert row is not None
    assert (row.receipt, row.second_provider_id) == ("delivered", None)
    assert line.look(Channel.SMS) is Reconciled.ADOPTED
    assert len(line.accepted()) == 1


@every_channel
def test_k8_a_list_that_lags_behind_less_than_we_wait(line: Line, channel: Channel) -> None:
    """By the time of the question it is there."""
    line.standins.lag(VENDORS[channel], timedelta(minutes=1))
    line.standins.fail(VENDORS[channel], "accept_then_drop")
    assert line.send(channel) is Outcome.AMBIGUOUS
    line.standins.lag(VENDORS[channel], timedelta(0))  # the wait is over, and the list has caught up

    assert line.look(channel) is Reconciled.ADOPTED
    assert len(line.accepted()) == 1


@every_channel
def test_k8_a_list_that_lags_behind_more_than_we_wait(line: Line, channel: Channel) -> None:
    """The one stated case of a second message: it is sent again rather than lost, and the first receipt flags it.

    In the ledger, and once in the log of the escalation.
    """
    line.standins.lag(VENDORS[channel], timedelta(minutes=1))
    line.standins.fail(VENDORS[channel], "accept_then_drop")
    assert line.send(channel) is Outcome.AMBIGUOUS
    assert line.look(channel) is Reconciled.ABSENT
    assert line.send(channel) is Outcome.ACCEPTED
    first, second = line.accepted()

    assert line.hears("delivered", first).second
    row = line.ledger.get(DISPATCH)
    assert row is not None
    assert {row.provider_id, row.second_provider_id} == {first, second}
    line.hears("delivered", first, key="copy")
    assert [owed.code for owed in line.inbox.owed(10)] == [TOLD_TWICE]


@every_channel
@pytest.mark.parametrize("kind", ["error_after_accept", "accept_then_drop"])
def test_k9_a_server_error_after_it_was_taken_on(line: Line, channel: Channel, kind: FaultKind) -> None:
    """Nothing that a vendor answers, but a yes or a no of its own, is taken for one."""
    line.standins.fail(VENDORS[channel], kind)

    assert line.send(channel) is Outcome.AMBIGUOUS
    assert line.send(channel, attempt=2) is Outcome.AMBIGUOUS
    assert line.look(channel) is Reconciled.ADOPTED
    assert line.send(channel) is Outcome.ACCEPTED
    assert len(line.accepted()) == 1


@pytest.mark.parametrize("point", RECEIPT_POINTS)
def test_a_kill_around_a_receipt_loses_nothing_that_was_answered(line: Line, point: str) -> None:
    """Not kept, and so not answered: the vendor says it again. Kept: the next gateway owes it, until it is told."""
    assert line.send(Channel.SMS) is Outcome.ACCEPTED
    (sid,) = line.accepted()
    program = (sys.executable, "-m", "tests.edge.sending.test_kill_table", line.url, point, sid)
    assert subprocess.run(program, check=False, timeout=60).returncode < 0

    owed = [one.outcome for one in line.inbox.owed(10)]
    assert owed == ([] if point == "before_receipt" else [Outcome.DELIVERED])
    assert line.hears("delivered", sid).repeated is (point != "before_receipt")
    (kept,) = line.inbox.owed(10)
    line.inbox.told(kept.key, line.since)
    assert line.inbox.owed(10) == ()


if __name__ == "__main__":
    ledger_url, failpoint, sid = sys.argv[1:]
    inbox = Inbox(open_store(ledger_url, TIMEOUT), Failpoints(failpoint))
    inbox.receive(Receipt("k-delivered", DISPATCH, "delivered", datetime.now(UTC), provider_id=sid))
    inbox.told("k-delivered", datetime.now(UTC))
