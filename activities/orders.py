"""What is written down of a dispatch before it is sent, and what an operator hears of one that no retry mends."""

from temporalio import activity

from activities.attempts import moved_on
from activities.failures import Verdict
from escalation.adapters.holding_back import BUNDLE_REFERENCE
from escalation.adapters.ledger import Order
from escalation.core.effects import Notify
from escalation.core.vocabulary import Channel
from workflows.ports import Send


def alarm(dispatch: str, channel: Channel, verdict: Verdict) -> None:
    """Tell whoever watches logs and metrics that something is wrong which no retry mends."""
    activity.logger.error(
        "an operator must look: %s was refused as %s, code %s (dispatch %s)",
        channel,
        verdict.failure_class,
        verdict.code,
        dispatch,
    )
    attributes = {"channel": channel.value, "class": verdict.failure_class.value, "code": verdict.code}
    activity.metric_meter().create_counter("escalation_vendor_alarms").add(1, attributes)


def order_of(send: Send) -> Order:
    """What is claimed for that dispatch; it may be held back to be told with others."""
    effect = send.effect
    brief = effect.brief
    return Order(
        dispatch=effect.dispatch,
        reference=brief.reference,
        contact=effect.contact,
        channel=effect.channel,
        message=effect.message,
        at=send.at,
        episode=brief.episode,
        number=effect.number,
        effect=effect,
        claimed_at=moved_on(send.at),
    )


def answerable(effect: Notify) -> bool:
    """Whether we read its answer. A customer's goes to people; a list is answered by text, where it says so."""
    return not effect.message.startswith("customer_") and effect.brief.reference != BUNDLE_REFERENCE
