"""The acts of asking a provider afterwards: was an ambiguous dispatch accepted, and what became of an accepted one?

The first is called after the settle window, never before; the second when no receipt has come.
"""

from datetime import datetime, timedelta
from typing import Protocol

from temporalio import activity

from activities.attempts import again, elapsed, is_last, unanswered
from escalation.adapters.inbox import Received
from escalation.adapters.ledger import Ledger, LedgerDown, Row, State
from escalation.adapters.receipts import Receipt, read
from escalation.adapters.sending import (
    CLOCK_SKEW,
    AddressBook,
    Provider,
    Question,
    Seen,
    Status,
    Trail,
    Unclear,
    Unseen,
)
from escalation.adapters.slack import NoChat
from escalation.core.effects import LookUpReceipt, Reconcile
from escalation.core.facts import ReportDelivery, ReportReconciliation
from escalation.core.vocabulary import Channel, Outcome, Reconciled
from workflows.ports import Follow, Look

RIVALS_WITHIN = CLOCK_SKEW + timedelta(minutes=3)
"""An open intent for a call that was claimed longer than this before a dispatch was decided is none of its rivals:
whatever call came of it is older than any that may be this dispatch's. It allows for the vendor's clock, and for two
requests and a pause between a claim and its call. One that was claimed later is a rival however much later."""


class Receipts(Protocol):
    """The inbox of receipts. Raises `LedgerDown`."""

    def receive(self, receipt: Receipt, *, telling: bool = True) -> Received:
        """Keep a receipt once, with all that follows from it."""
        ...


class Reconciler:
    """The deeds behind `workflows.ports.reconcile` and `look_up_receipt`. Safe to run in many threads."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        inbox: Receipts,
        book: AddressBook,
        mail: Provider,
        phone: Provider,
        chat: Provider | None = None,
    ) -> None:
        self._ledger = ledger
        self._inbox = inbox
        self._book = book
        self._providers: dict[Channel, Provider] = {Channel.EMAIL: mail, Channel.SMS: phone, Channel.VOICE: phone}
        self._providers[Channel.CHAT] = chat or NoChat()

    @activity.defn(name="reconcile", no_thread_cancel_exception=True)
    def reconcile(self, look: Look) -> ReportReconciliation:
        """See `workflows.ports.reconcile`."""
        effect = look.effect
        try:
            row = self._ledger.get(effect.dispatch)
            if row is not None and row.state is State.SENT:
                return _report(effect, Reconciled.ADOPTED, row.provider_id, row.how or "ledger")
            if row is not None and row.state is not State.INTENT:
                # Freed, or failed for good: sending it again is safe, and a failed row then says so by itself.
                return _report(effect, Reconciled.ABSENT, None, "ledger")
            return self._ask(look, row)
        except LedgerDown:
            if is_last():
                return _report(effect, Reconciled.UNKNOWN, None, "ledger_down")
            raise unanswered("LedgerDown", effect.dispatch) from None

    @activity.defn(name="look_up_receipt", no_thread_cancel_exception=True)
    def look_up_receipt(self, follow: Follow) -> ReportDelivery:
        """See `workflows.ports.look_up_receipt`."""
        effect = follow.effect
        try:
            row = self._ledger.get(effect.dispatch)
        except LedgerDown:
            row = None  # the provider knows more than the ledger does
        if row is not None and (known := self._known(effect, row)) is not None:
            return known
        provider_id = effect.provider_id if row is None else row.provider_id or effect.provider_id
        address = self._address(effect.contact, effect.channel, effect.since)
        if provider_id is None or address is None:
            return _news(effect, "no_id" if provider_id is None else "no_address")
        trail = Trail(provider_id, effect.channel, address, effect.since, follow.at)
        match self._providers[effect.channel].follow(trail):
            case Unclear(why):
                activity.logger.warning("dispatch %s cannot be followed: %s", effect.dispatch, why)
                if not is_last():
                    raise again("Unclear", why)
                return _news(effect, why)
            case Status() as status:
                self._keep(follow, provider_id, status)
                return _told(effect, provider_id, status)

    def _known(self, effect: LookUpReceipt, row: Row) -> ReportDelivery | None:
        """What a receipt has said already, if it was the last word: the workflow may not have heard it yet."""
        if row.receipt is None:
            return None
        told = _told(effect, row.provider_id, Status(row.receipt, row.receipt_code))
        return None if told.outcome is Outcome.ACCEPTED else told

    def _keep(self, follow: Follow, provider_id: str, status: Status) -> None:
        """The provider's word is a receipt like any other; whoever asked tells it."""
        effect = follow.effect
        receipt = Receipt(
            key=f"poll-{provider_id}-{status.word}",
            dispatch=effect.dispatch,
            status=status.word,
            received_at=follow.at + elapsed(),
            provider_id=provider_id,
            code=status.code,
            payload={"AnsweredBy": status.answered_by} if status.answered_by else {},
        )
        try:
            self._inbox.receive(receipt, telling=False)
        except LedgerDown:
            activity.logger.warning("dispatch %s: its status is not in the ledger", effect.dispatch)

    def _ask(self, look: Look, row: Row | None) -> ReportReconciliation:
        """An open intent, or no row at all: a page that went out while the ledger could not be reached."""
        effect = look.effect
        question = self._question(look, row)
        if question is None:
            return _report(effect, Reconciled.UNKNOWN, None, "no_address")
        match self._providers[effect.channel].look(question):
            case Seen(provider_id):
                if row is not None and not self._ledger.adopt(effect.dispatch, row.fence, provider_id):
                    return self._moved_on(effect)
                return _report(effect, Reconciled.ADOPTED, provider_id, "lookup")
            case Unseen():
                if row is not None and not self._ledger.absent(effect.dispatch, row.fence):
                    return self._moved_on(effect)
                return _report(effect, Reconciled.ABSENT, None, "lookup")
            case Unclear(why):
                activity.logger.warning("dispatch %s cannot be looked up: %s", effect.dispatch, why)
                return _report(effect, Reconciled.UNKNOWN, None, why)

    def _question(self, look: Look, row: Row | None) -> Question | None:
        effect = look.effect
        address = self._address(effect.contact, effect.channel, effect.since)
        if address is None:
            return None
        rivals = [effect.dispatch]
        if effect.channel is Channel.VOICE:
            # Several contacts may share a telephone, so it is the number that is compared.
            rivals = [
                row.dispatch
                for row in self._ledger.unfinished(Channel.VOICE)
                if row.dispatch == effect.dispatch
                or (
                    (row.claimed_at or row.ordered_at) >= effect.since - RIVALS_WITHIN
                    and self._address(row.contact, row.channel, effect.since) == address
                )
            ] or rivals
        return Question(
            dispatch=effect.dispatch,
            channel=effect.channel,
            to=address,
            since=effect.since,
            at=look.at,
            taken=self._ledger.taken,
            rivals=len(rivals),
            place=rivals.index(effect.dispatch) if effect.dispatch in rivals else 0,
            reference="" if row is None else row.reference,
            episode="" if row is None else row.episode,
        )

    def _address(self, contact: str, channel: Channel, at: datetime) -> str | None:
        try:
            return self._book.address(contact, channel, at)
        except Exception as error:  # noqa: BLE001  # whatever a directory raises, it could not be asked
            activity.logger.warning("the directory could not be asked: %s", type(error).__name__)
            return None

    def _moved_on(self, effect: Reconcile) -> ReportReconciliation:
        """A receipt or another attempt was quicker, or two dispatches claim one id: the row has the last word."""
        row = self._ledger.get(effect.dispatch)
        if row is not None and row.state is State.SENT:
            return _report(effect, Reconciled.ADOPTED, row.provider_id, row.how or "ledger")
        return _report(effect, Reconciled.UNKNOWN, None, "moved_on")


def _report(effect: Reconcile, result: Reconciled, provider_id: str | None, how: str) -> ReportReconciliation:
    return ReportReconciliation(effect.number, result, provider_id=provider_id, how=how)


def _news(effect: LookUpReceipt, why: str | None = None) -> ReportDelivery:
    """Nothing new; `why` when it could not be found out."""
    return ReportDelivery(effect.of, Outcome.ACCEPTED, provider_id=effect.provider_id, code=why, how="poll")


def _told(effect: LookUpReceipt, provider_id: str | None, status: Status) -> ReportDelivery:
    reading = read(effect.channel, status.word, status.code, status.answered_by)
    return ReportDelivery(
        effect.of,
        reading.outcome,
        provider_id=provider_id,
        failure=reading.failure,
        code=reading.code or (status.word if reading.outcome is Outcome.ACCEPTED else None),
        how="poll",
    )
