"""Telling a linked escalation: one signal from this one, by the engine itself."""

from temporalio import activity

from escalation.client import EscalationClient, NotDone, Unreachable
from escalation.core.beside import ReportTold
from escalation.core.facts import ReportLinked
from escalation.wire.proof import Signer
from workflows.ports import Word


class Links:
    """Speaks to the escalations beside one. The worker's own connection to the engine is used."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    @activity.defn(name="tell_linked")
    async def tell_linked(self, order: Word) -> ReportTold:
        """See `workflows.ports.tell_linked`. Raises `Unreachable`, which is worth another attempt."""
        effect = order.effect
        client = EscalationClient(activity.client(), signer=self._signer, now=lambda: order.at)
        fact = ReportLinked(
            effect.reference, effect.episode, effect.customer_contact, effect.phase, number=effect.number
        )
        try:
            head = await client.head(effect.to)
            if head.ended or head.episode != effect.to_episode:
                over = await client.ending(effect.to, effect.to_episode)
                return ReportTold(effect.number, told=False, error="it is over", ended=over.phase if over else None)
            await client.report_fact(effect.to, fact)
        except Unreachable:
            raise
        except NotDone as gone:
            return ReportTold(effect.number, told=False, error=str(gone))
        return ReportTold(effect.number, told=True)
