"""Telling several things in one message: gathered in the ledger, told by the same steps as any other dispatch."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime, timedelta

from temporalio import activity

from activities.attempts import moved_on, unanswered
from activities.lists import Lists
from activities.notify import Notifier
from activities.reconcile import Reconciler
from escalation.adapters.bundles import Bundles, Entry, Unfinished, together
from escalation.adapters.failpoints import Failpoints
from escalation.adapters.ledger import Claim, LedgerDown, State
from escalation.core.effects import Reconcile
from escalation.core.vocabulary import Channel, Failure, Outcome, Reconciled
from escalation.wire.names import BUNDLE_WORKFLOW, SIGNAL_GATHER, TASK_QUEUE
from workflows.ports import Gather, Gathered, Look, Send

DOUBT_WINDOWS = 6
"""A message in doubt that cannot be looked up is tried in each of so many settle windows; then it counts as failed.
What came meanwhile has waited behind it for so long."""


def bundle_id(contact: str, channel: Channel) -> str:
    """The id of the one workflow that tells this person on this channel what waits."""
    return f"bundle {contact} {channel}"


class Bundling:
    """The deeds behind `workflows.ports.open_bundle` and `send_bundle`."""

    def __init__(
        self,
        bundles: Bundles,
        lists: Lists,
        notifier: Notifier,
        reconciler: Reconciler,
        settles: Mapping[Channel, timedelta],
        failpoints: Failpoints | None = None,
    ) -> None:
        self._bundles = bundles
        self._lists = lists
        self._notifier = notifier
        self._reconciler = reconciler
        self._settles = settles
        self._failpoints = failpoints or Failpoints()

    @activity.defn(name="open_bundle")
    async def open_bundle(self, order: Gather) -> None:
        """See `workflows.ports.open_bundle`. The worker's own connection to the engine is used."""
        await activity.client().start_workflow(
            BUNDLE_WORKFLOW,
            order,
            id=bundle_id(order.contact, order.channel),
            task_queue=TASK_QUEUE,
            start_signal=SIGNAL_GATHER,
            start_signal_args=[order.at],
        )

    @activity.defn(name="send_bundle", no_thread_cancel_exception=True)
    def send_bundle(self, order: Gather) -> Gathered:
        """See `workflows.ports.send_bundle`."""
        now = moved_on(order.at)
        try:
            for dispatch in self._bundles.left_over(order.contact, order.channel):
                self._mark(dispatch, now)
            unfinished = self._bundles.unfinished(order.contact, order.channel)
            return self._finish(unfinished, order, now) if unfinished is not None else self._begin(order, now)
        except LedgerDown:
            raise unanswered("LedgerDown", bundle_id(order.contact, order.channel)) from None

    def _begin(self, order: Gather, now: datetime) -> Gathered:
        """A new message, if its time has come."""
        entries = self._bundles.waiting(order.contact, order.channel)
        if not entries:
            return Gathered()
        entries, quiet = self._ringing(entries, now)
        if quiet is not None:
            return Gathered(wake=quiet)  # claimed by nothing, so that what may ring is not behind it
        due = self._bundles.due(entries, order.contact, order.channel, now)
        if due > now:
            return Gathered(wake=due)
        waiting, entries = len(entries), entries[: self._lists.room(entries, now)]
        claim = self._bundles.claim(entries, now)
        self._failpoints.reach("after_bundle_intent")
        if claim is None:
            return Gathered(wake=now)
        return self._tell(entries, claim, order, now, more=waiting - len(entries))

    def _finish(self, unfinished: Unfinished, order: Gather, now: datetime) -> Gathered:
        """A message of which nobody knows whether it was taken: claimed again if it surely was not, else looked up."""
        effect, window = together(unfinished.entries), self._settles[order.channel]
        if unfinished.free:
            if self._ringing(unfinished.entries, now)[1] is not None:
                self._bundles.take_back(unfinished.dispatch)
                return Gathered(wake=now)
            claim = self._bundles.claim_again(effect, now)
            if claim is None:
                return Gathered(wake=now + window)
            return self._tell(unfinished.entries, claim, order, now)
        doubted = self._bundles.doubted(unfinished, now)
        if doubted + window > now:
            return Gathered(wake=doubted + window)
        look = Reconcile(0, effect.dispatch, effect.contact, effect.channel, unfinished.since)
        found = self._reconciler.reconcile(Look(look, now))
        if found.result is Reconciled.ADOPTED:
            self._bundles.told(effect.dispatch)
        if found.result is not Reconciled.UNKNOWN:
            return Gathered(wake=now)
        if now < doubted + DOUBT_WINDOWS * window:
            return Gathered(wake=now + window)
        if self._bundles.give_up(unfinished):
            activity.logger.warning("dispatch %s counts as failed: %s for too long", effect.dispatch, found.how)
            self._mark(effect.dispatch, now)
        return Gathered(wake=now)

    def _ringing(self, entries: Sequence[Entry], now: datetime) -> tuple[tuple[Entry, ...], datetime | None]:
        """What may ring now before what may not, in the same order; or until when nothing of it may.

        A message rings once, whatever it tells: as soon as one thing may ring, all of them are told.
        """
        found: dict[Hashable, datetime | None] = {}
        quiet: list[datetime | None] = []
        for effect in (entry.effect for entry in entries):
            brief = effect.brief
            alike = (effect.message, brief.severity, brief.phase, brief.restricted)
            if alike not in found:
                found[alike] = self._notifier.quiet_until(effect, now)
            quiet.append(found[alike])
        over = [until for until in quiet if until is not None]
        if len(over) == len(entries):
            return tuple(entries), min(over)
        placed = sorted(zip(entries, quiet, strict=True), key=lambda one: one[1] is not None)
        return tuple(entry for entry, _ in placed), None

    def _tell(self, entries: Sequence[Entry], claim: Claim, order: Gather, now: datetime, *, more: int = 0) -> Gathered:
        effect = together(entries)
        content = self._lists.content(entries, more, now) if len(entries) > 1 else None
        report = self._notifier.hand_over(Send(effect, order.at), claim, content)
        self._failpoints.reach("after_bundle_sent")
        if report.outcome is not Outcome.AMBIGUOUS:
            self._mark(effect.dispatch, now)
        return Gathered(wake=now, told=len(entries) if report.outcome is Outcome.ACCEPTED else 0)

    def _mark(self, dispatch: str, at: datetime) -> None:
        """What became of a message becomes of what it tells. What the ledger has not heard of stays in doubt."""
        row = self._bundles.message(dispatch)
        if row is not None and row.state is State.SENT:
            self._bundles.told(dispatch)
        elif row is not None and row.state is State.FAILED:
            self._bundles.failed(dispatch, row.failure or Failure.CONFIGURATION, row.code, at)
