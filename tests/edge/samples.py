"""What the edge's tests are about: one escalation, its words, and the instants around it."""

from datetime import UTC, datetime, timedelta

from escalation.core.effects import Brief, Notify, Point, Text
from escalation.core.vocabulary import Ask, Channel, Message, Phase, Severity, Topic

NOW = datetime(2026, 11, 22, 10, 25, tzinfo=UTC)

BRIEF = Brief(
    reference="ESC-4711",
    episode="1",
    ticket="T-4711",
    code=42,
    title=Text(id="title-id", commitment="c0ffee"),
    phase=Phase.IN_TRANSFER,
    severity=Severity.SEV1,
    label="P1",
    route="l2-to-engineering",
    team="Engineering",
    ask=Ask.FIX,
    owner="ann",
    deadline=NOW + timedelta(days=1),
    acknowledge_by=NOW + timedelta(minutes=15),
    next_update_by=NOW + timedelta(hours=1),
    resolve_by=NOW + timedelta(hours=4),
    points=(
        Point(Topic.TARGET_NEAR, "resolution", NOW + timedelta(minutes=30)),
        Point(Topic.UPDATE_MISSED, "customer_update", NOW - timedelta(minutes=5)),
    ),
    customer="acme",
    executive="executive",
)

TITLE = "Checkout answers 502 for every card"
WORDS = "The payment gateway was restarted.\nFive of eight regions work again."


def notify(
    *,
    channel: Channel = Channel.SMS,
    message: Message = Message.PAGE,
    contact: str = "primary",
    dispatch: str = "d-1",
    number: int = 7,
    brief: Brief = BRIEF,
    text: Text | None = None,
) -> Notify:
    """One dispatch; a page by SMS unless told otherwise."""
    return Notify(
        number=number, dispatch=dispatch, contact=contact, channel=channel, message=message, brief=brief, text=text
    )
