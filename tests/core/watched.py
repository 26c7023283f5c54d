"""An escalation whose pages are watched for receipts, and the receipts themselves."""

from dataclasses import replace
from datetime import timedelta

from escalation.core.decide import Decision
from escalation.core.effects import FindContacts, Notify
from escalation.core.facts import ReportDelivery
from escalation.core.policy import Policy
from escalation.core.vocabulary import Channel, Failure, Message, Outcome, Topic
from tests.core.cases import EMAIL, MINUTE, POLICY, SETTLES, SMS, VOICE, Story, opening, standing

SECOND = timedelta(seconds=1)
SILENT = {SMS: MINUTE, VOICE: 45 * SECOND, EMAIL: 10 * MINUTE}
WATCHED = replace(POLICY, settles=tuple(replace(s, silent_after=SILENT[s.channel]) for s in SETTLES))
GATEWAY = standing("gateway")


def watching(policy: Policy = WATCHED, **how: object) -> Story:
    """Ann has been paged by SMS, and the provider has taken it. Receipts are waited for."""
    story = Story(opening(policy=policy), obedient=False, **how)  # type: ignore[arg-type]  # the test's own
    story.find()
    story.accept()
    assert story.pages() == [("ann", SMS)]
    return story


def last_page(story: Story, contact: str, channel: Channel) -> Notify:
    """The latest page to somebody on a channel, in the whole story."""
    pages = [e for d in story.decisions for e in d.effects if isinstance(e, Notify) and e.message is Message.PAGE]
    return next(page for page in reversed(pages) if (page.contact, page.channel) == (contact, channel))


def receipt(
    story: Story,
    outcome: Outcome,
    *,
    of: tuple[str, Channel] = ("ann", SMS),
    failure: Failure | None = None,
    code: str | None = None,
    how: str = "receipt",
) -> ReportDelivery:
    """What the gateway brings about the latest page to somebody."""
    number = last_page(story, *of).number
    return ReportDelivery(number, outcome, failure=failure, code=code, how=how, standing=GATEWAY)


def points(decision: Decision) -> list[tuple[Topic, str]]:
    """What is to be told because of that decision, before anybody knows to whom."""
    found = [e for e in decision.effects if isinstance(e, FindContacts)]
    return [(point.topic, point.about) for lookup in found for point in lookup.points]
