"""Telling several things in one message: gathered in the ledger, told by the same steps as any other dispatch."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from temporalio import activity

from activities.attempts import unanswered
from activities.lists import Lists
from activities.notify import Notifier
from activities.reconcile import Reconciler
from escalation.adapters.bundles import Bundles, Entry, Unfinished, together
from escalation.adapters.failpoints import Failpoints
from escalation.adapters.ledger import Claim, LedgerDown, State
from escalation.core.effects import Reconcile
from escalation.core.facts import ReportDelivery
from escalation.core.vocabulary import Channel, Failure, Outcome, Reconciled
from escalation.wire.names import BUNDLE_WORKFLOW, SIGNAL_GATHER, TASK_QUEUE
from workflows.ports import Gather, Gathered, Look, Send


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
        try:
            for dispatch in self._bundles.left_over(order.contact, order.channel):
                self._mark(dispatch, order.at)
            unfinished = self._bundles.unfinished(order.contact, order.channel)
            return self._finish(unfinished, order) if unfinished is not None else self._begin(order)
        except LedgerDown:
            raise unanswered("LedgerDown", bundle_id(order.contact, order.channel)) from None

    def _begin(self, order: Gather) -> Gathered:
        """A new message, if its time has come."""
        entries = self._bundles.waiting(order.contact, order.channel)
        if not entries:
            return Gathered()
        due = self._bundles.due(entries, order.contact, order.channel, order.at)
        if due > order.at:
            return Gathered(wake=due)
        waiting, entries = len(entries), entries[: self._lists.room(entries, order.at)]
        claim = self._bundles.claim(entries, order.at)
        self._failpoints.reach("after_bundle_intent")
        if claim is None:
            return Gathered(wake=order.at)
        return self._tell(entries, claim, order.at, more=waiting - len(entries))

    def _finish(self, unfinished: Unfinished, order: Gather) -> Gathered:
        """A message of which nobody knows whether it was taken: claimed again if it surely was not, else looked up."""
        effect = together(unfinished.entries)
        if unfinished.free:
            claim = self._bundles.claim_again(effect, order.at)
            return (
                self._tell(unfinished.entries, claim, order.at)
                if claim is not None
                else Gathered(wake=order.at + self._settles[order.channel])
            )
        settled = unfinished.since + self._settles[order.channel]
        if settled > order.at:
            return Gathered(wake=settled)
        look = Reconcile(0, effect.dispatch, effect.contact, effect.channel, unfinished.since)
        found = self._reconciler.reconcile(Look(look, order.at))
        if found.result is Reconciled.ADOPTED:
            self._bundles.told(effect.dispatch)
        wait = self._settles[order.channel] if found.result is Reconciled.UNKNOWN else timedelta(0)
        return Gathered(wake=order.at + wait)

    def _tell(self, entries: Sequence[Entry], claim: Claim, at: datetime, *, more: int = 0) -> Gathered:
        effect = together(entries)
        content = self._lists.content(entries, more, at) if len(entries) > 1 else None
        report = self._notifier.hand_over(Send(effect, at), claim, content)
        return self._ended(effect.dispatch, report, len(entries), at)

    def _ended(self, dispatch: str, report: ReportDelivery, count: int, at: datetime) -> Gathered:
        if report.until is not None:  # nothing rings now: the message is free, and keeps what it tells
            return Gathered(wake=report.until)
        self._failpoints.reach("after_bundle_sent")
        if report.outcome is Outcome.AMBIGUOUS:
            return Gathered(wake=at)
        self._mark(dispatch, at)
        return Gathered(wake=at, told=count if report.outcome is Outcome.ACCEPTED else 0)

    def _mark(self, dispatch: str, at: datetime) -> None:
        """What became of a message becomes of what it tells. What the ledger has not heard of stays in doubt."""
        row = self._bundles.message(dispatch)
        if row is not None and row.state is State.SENT:
            self._bundles.told(dispatch)
        elif row is not None and row.state is State.FAILED:
            self._bundles.failed(dispatch, row.failure or Failure.CONFIGURATION, row.code, at)
