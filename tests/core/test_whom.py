"""What a step may say instead of a name, and what the escalation puts in its place."""

from datetime import timedelta

import pytest

from escalation.core import whom
from escalation.core.draft import Draft
from escalation.core.effects import FindContacts
from escalation.core.facts import Found
from escalation.core.policy import Also
from escalation.core.rungs import plan
from escalation.core.values import replace
from tests.core.cases import CHAINS, POLICY, SMS, START, Story, opening


@pytest.mark.parametrize(
    ("contact", "asked"),
    [
        ("l2", "l2"),
        ("everyone:platform", "everyone:platform"),
        ("round-robin:platform", "round-robin:platform"),
        ("manager-of:owner", "manager-of:ana"),
        ("manager-of:manager-of:owner", "manager-of:manager-of:ana"),
        ("manager-of:l2", "manager-of:l2"),
        ("contact-of:customer", "contact-of:acme"),
        ("contact-of:globex", "contact-of:globex"),
        ("manager-of:contact-of:customer", "manager-of:contact-of:acme"),
    ],
)
def test_an_escalation_knows_its_own_owner_and_customer(contact: str, asked: str) -> None:
    """Everything else is left to the directory, word for word."""
    assert whom.placed(contact, "ana", "acme") == asked


def test_a_step_asks_one_up_from_the_owner_and_the_customers_contact() -> None:
    """Whoever the owner is as the step begins: here the one who opened it."""
    chains = tuple(
        replace(
            chain,
            steps=tuple(
                replace(step, contact="manager-of:owner", also=(Also("contact-of:customer"),)) for step in chain.steps
            ),
        )
        for chain in CHAINS
    )
    story = Story(opening(policy=replace(POLICY, chains=chains)))
    asked = [effect for effect in story.decisions[0].effects if isinstance(effect, FindContacts)]
    assert [effect.names for effect in asked if effect.purpose == "step"] == [
        (f"manager-of:{story.owner}", f"contact-of:{story.state.case.customer}")
    ]


def test_everybody_who_is_found_behind_one_name_is_told_at_once() -> None:
    """Each is an addressee of their own: when one cannot be reached, the others are told all the same."""
    found = (Found("everyone:crew", "ann", (SMS,)), Found("everyone:crew", "cyd", (SMS,)), Found("everyone:crew", None))
    draft = Draft(Story().state, START)
    rungs = [rung for rung in plan(draft, found, None, last_resort=False) if rung.channel is SMS]
    assert [(rung.contact, rung.after, rung.audience) for rung in rungs] == [
        ("ann", timedelta(0), 0),
        ("cyd", timedelta(0), 1),
    ]
