"""kill -9 between any two steps of a send: the message is accepted exactly once in the end."""

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.notify import Notifier
from activities.reconcile import Reconciler
from escalation.adapters.chat_account import chat_of
from escalation.adapters.chat_places import ChatPlaces
from escalation.adapters.failpoints import Failpoints
from escalation.adapters.inbox import Inbox
from escalation.adapters.ledger import Ledger
from escalation.adapters.migrating import upgrade
from escalation.adapters.rendering import Renderer
from escalation.adapters.sendgrid import SendGrid
from escalation.adapters.settings import read_settings
from escalation.adapters.slack import Slack, SlackApi
from escalation.adapters.store import open_store
from escalation.adapters.twilio import Twilio
from escalation.core.effects import Reconcile
from escalation.core.vocabulary import Channel, Outcome, Reconciled
from escalation.standins.server import Standins
from tests.edge.samples import notify
from tests.edge.sending.fakes import Book, WordsKept, run
from workflows.ports import Look, Send


def parts(standins_url: str, ledger_url: str, failpoint: str | None) -> tuple[Notifier, Reconciler]:
    """The acts with the real packages, as a worker builds them."""
    settings = read_settings(standins_url=standins_url, ledger_url=ledger_url, failpoint=failpoint)
    vendors = settings.vendors()
    mail, phone, book = SendGrid(vendors.mail), Twilio(vendors.phone), Book()
    store = open_store(settings.ledger_url, settings.ledger_timeout)
    account = chat_of(settings)
    assert account is not None
    chat = Slack(SlackApi(account), ChatPlaces(store))
    ledger = Ledger(store, freshness=settings.intent_freshness)
    notifier = Notifier(
        ledger=ledger,
        texts=WordsKept(),
        book=book,
        renderer=Renderer(),
        mail=mail,
        phone=phone,
        chat=chat,
        failpoints=Failpoints(settings.failpoint),
    )
    return notifier, Reconciler(ledger=ledger, inbox=Inbox(store), book=book, mail=mail, phone=phone, chat=chat)


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize(
    ("failpoint", "found"),
    [
        ("before_intent", Reconciled.ABSENT),  # no trace of it: it may have posted while the ledger was away
        ("after_intent", Reconciled.ABSENT),
        ("after_post", Reconciled.ADOPTED),
        ("after_record", None),
    ],
)
def test_a_kill_at_any_point_ends_in_one_acceptance(
    tmp_path: Path, channel: Channel, failpoint: str, found: Reconciled | None
) -> None:
    """The next attempt finishes it, or says that it is ambiguous; then a look-up finds it, or frees it to be sent."""
    ledger_url, since = f"sqlite:///{tmp_path / 'ledger.db'}", datetime.now(UTC)
    upgrade(ledger_url)
    send = Send(notify(channel=channel), at=since)
    with Standins() as standins:
        killed = subprocess.run(
            [sys.executable, "-m", "tests.edge.sending.test_kills", standins.base_url, ledger_url, failpoint, channel],
            check=False,
            timeout=60,
        )
        assert killed.returncode == -signal.SIGKILL
        notifier, reconciler = parts(standins.base_url, ledger_url, None)
        report = run(notifier.notify, send, attempt=2)
        if found is None:
            assert report.outcome is Outcome.ACCEPTED
        else:
            assert report.outcome is Outcome.AMBIGUOUS
            look = Look(Reconcile(8, "d-1", "primary", channel, since), at=since + timedelta(minutes=1))
            assert run(reconciler.reconcile, look).result is found
            assert run(notifier.notify, send).outcome is Outcome.ACCEPTED

        assert len(standins.outbox()) == 1


if __name__ == "__main__":
    standins_url, ledger_url, failpoint, channel = sys.argv[1:]
    order = Send(notify(channel=Channel(channel)), at=datetime.now(UTC))
    run(parts(standins_url, ledger_url, failpoint)[0].notify, order)
