"""The act of finding out whether an ambiguous dispatch was accepted. Called after the settle window, never before."""

from datetime import datetime

from temporalio import activity

from activities.attempts import again, is_last
from escalation.adapters.ledger import Ledger, LedgerDown, Row, State
from escalation.adapters.sending import AddressBook, Provider, Question, Seen, Unclear, Unseen
from escalation.core.commands import ReportReconciliation
from escalation.core.effects import Reconcile
from escalation.core.vocabulary import Channel, Reconciled
from workflows.ports import Look


class Reconciler:
    """The deed behind `workflows.ports.reconcile`. Safe to run in many threads."""

    def __init__(self, *, ledger: Ledger, book: AddressBook, mail: Provider, phone: Provider) -> None:
        self._ledger = ledger
        self._book = book
        self._providers: dict[Channel, Provider] = {Channel.EMAIL: mail, Channel.SMS: phone, Channel.VOICE: phone}

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
            raise again("LedgerDown", effect.dispatch) from None

    def _ask(self, look: Look, row: Row | None) -> ReportReconciliation:
        """An open intent, or no row at all: a page that went out while the ledger could not be reached."""
        effect = look.effect
        question = self._question(look)
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

    def _question(self, look: Look) -> Question | None:
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
                if row.dispatch == effect.dispatch or self._address(row.contact, row.channel, effect.since) == address
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
