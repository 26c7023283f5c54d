"""The acts of telling with a ledger that has limits, and the bundle's workflow as a loop over virtual instants."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from activities.bundling import Bundling
from activities.lists import Lists
from activities.notify import Notifier
from activities.reconcile import Reconciler
from activities.stores import Answers
from escalation.adapters.bundles import Bundles
from escalation.adapters.failpoints import Failpoints
from escalation.adapters.inbox import Inbox
from escalation.adapters.ledger import Ledger, Row
from escalation.adapters.migrating import upgrade
from escalation.adapters.rendering import Renderer
from escalation.adapters.sending import Provider
from escalation.adapters.store import open_store
from escalation.adapters.throttles import read_throttles
from escalation.core.draft import dispatch_id
from escalation.core.effects import Notify, Point
from escalation.core.facts import BUNDLED, ReportDelivery
from escalation.core.vocabulary import Channel, Message, Severity, Topic
from tests.edge.samples import BRIEF, NOW
from tests.edge.sending.fakes import Book, WordsKept, run
from workflows.ports import Gather, Send

SETTLE = {channel: timedelta(seconds=60) for channel in Channel}
LOOKS_MAX = 50
_LABELS = {Severity.SEV1: "P1", Severity.SEV2: "P2", Severity.SEV3: "P3", Severity.SEV4: "P4"}


def told(  # whatever a test may want to say of one message
    number: int,
    *,
    severity: Severity = Severity.SEV2,
    message: Message = Message.SITUATION,
    contact: str = "primary",
    channel: Channel = Channel.SMS,
    customer: str = "acme",
    effect: int = 7,
    restricted: bool = False,
) -> Notify:
    """One message about escalation `number`, whose short code is that number, too."""
    reference = f"ESC-{number}"
    brief = replace(
        BRIEF, reference=reference, code=number, severity=severity, label=_LABELS[severity], customer=customer,
        points=(Point(Topic.TARGET_MISSED, "resolution", NOW),) if message is Message.SITUATION else (),
        restricted=restricted,
    )  # fmt: skip
    name = dispatch_id(reference, "1", effect, contact, channel)
    return Notify(effect, name, contact, channel, message, brief)


class Desk:
    """The acts, as a worker builds them; `play` does what the workflow of a bundle does."""

    def __init__(
        self,
        folder: Path,
        vendor: Provider,
        limits: str,
        failpoint: str | None = None,
        addresses: Mapping[tuple[str, Channel], str] | None = None,
        answers: Answers | None = None,
    ) -> None:
        url = f"sqlite:///{folder / 'ledger.db'}"
        upgrade(url)
        self.store = open_store(url, timedelta(seconds=10))
        throttles = read_throttles(limits)
        self.ledger = Ledger(self.store, freshness=timedelta(minutes=5), throttles=throttles)
        self.inbox, self.book, self.texts, renderer = Inbox(self.store), Book(addresses), WordsKept(), Renderer()
        self.bundles = Bundles(self.store, self.ledger, throttles)
        failpoints = Failpoints(failpoint)
        self.notifier = Notifier(
            ledger=self.ledger, texts=self.texts, book=self.book, renderer=renderer, mail=vendor, phone=vendor,
            chat=vendor, failpoints=failpoints, answers=answers,
        )  # fmt: skip
        self.reconciler = Reconciler(
            ledger=self.ledger, inbox=self.inbox, book=self.book, mail=vendor, phone=vendor, chat=vendor
        )
        lists = Lists(self.book, self.texts, renderer)
        self.bundling = Bundling(self.bundles, lists, self.notifier, self.reconciler, SETTLE, failpoints)

    def say(self, effect: Notify, at: datetime = NOW, *, attempt: int = 1) -> ReportDelivery:
        """Do what a workflow asks for."""
        return run(self.notifier.notify, Send(effect, at), attempt=attempt)

    def waits(self, effect: Notify, at: datetime = NOW) -> bool:
        """Say it; whether it waits to be told with others."""
        return self.say(effect, at).how == BUNDLED

    def play(
        self, at: datetime, *, contact: str = "primary", channel: Channel = Channel.SMS, until: datetime | None = None
    ) -> datetime:
        """What the bundle's workflow does from `at` on until nothing waits, or until then. The instant it ended at."""
        for _ in range(LOOKS_MAX):
            found = run(self.bundling.send_bundle, Gather(contact, channel, at))
            if found.wake is None or (until is not None and found.wake > until):
                return at
            at = max(at, found.wake)
        raise AssertionError("it never ends")

    def row(self, effect: Notify) -> Row:
        """How that dispatch stands."""
        row = self.ledger.get(effect.dispatch)
        assert row is not None
        return row
