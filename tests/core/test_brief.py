"""What a message may tell: the facts of the moment, whom it is about, and whether leadership is asked."""

from dataclasses import replace

import pytest

from escalation.core.vocabulary import Ask
from tests.core.cases import HOUSE, ROUTES, Story, opening, policy


@pytest.mark.parametrize(
    ("asks", "leadership"),
    [
        ((Ask.DECIDE, Ask.APPROVE_EXCEPTION), True),
        ((Ask.APPROVE_EXCEPTION,), True),
        ((Ask.DECIDE,), False),
        ((Ask.INVESTIGATE, Ask.FIX), False),
        ((Ask.INVESTIGATE, Ask.DECIDE, Ask.APPROVE_EXCEPTION), False),
    ],
)
def test_a_route_that_asks_for_exceptions_and_decisions_alone_leads_to_leadership(
    asks: tuple[Ask, ...],
    leadership: bool,  # noqa: FBT001  # of the table
) -> None:
    """Whatever it is called: a receiver who also works on tickets is not asked by urgent mail."""
    routes = tuple(replace(route, asks=asks) if route.name == "engineering" else route for route in ROUTES)
    story = Story(opening(ask=asks[0], policy=policy(routes=routes)))

    assert story.sent
    assert {sent.brief.decides for sent in story.sent} == {leadership}


def test_a_brief_names_the_customer_and_the_executive_role() -> None:
    """Both as ids: who is behind them is looked up when the message is sent."""
    briefs = [sent.brief for sent in Story(opening()).sent]

    assert {(brief.customer, brief.executive) for brief in briefs} == {("customer-7", HOUSE.executive)}
