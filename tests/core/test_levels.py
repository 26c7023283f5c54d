"""The model of levels that an agreement follows: a raise goes one level up, a return goes to one of them."""

from dataclasses import replace

import pytest

from escalation.core.commands import Acknowledge, DeEscalate, Raise
from escalation.core.policy import Level, Policy
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import DeEscalationReason, Phase
from tests.core.cases import POLICY, Story, active, opening, policy

LEVELS = (Level("l1", "Level 1"), Level("l2", "Level 2"), Level("l3", "Level 3"), Level("l4", "Level 4"))
REASON = "stuck"


def modelled(*levels: str) -> Policy:
    """The small agreement with a model, and these levels for the steps of its first chain."""
    chain = POLICY.chains[0]
    steps = tuple(replace(step, level=level) for step, level in zip(chain.steps, levels, strict=True))
    return policy(levels=LEVELS, chains=(replace(chain, steps=steps), *POLICY.chains[1:]))


@pytest.mark.parametrize(
    ("levels", "steps"),
    [
        (("l3", "l3", "l4"), [2, 3]),  # past the second step of the same level, then the fallback
        (("l1", "l2", "l4"), [1, 2, 3]),
        (("l3", "l4", "l4"), [1, 2, 3]),  # nothing higher than the second step: the one that follows
        (("l2", "l2", "l2"), [1, 2, 3]),
        (("", "", ""), [1, 2, 3]),  # a chain that the model does not place climbs step by step
    ],
)
def test_a_raise_goes_to_the_next_level_of_the_model(levels: tuple[str, ...], steps: list[int]) -> None:
    """Whoever shares the level of those who are asked already is passed over."""
    story = Story(opening(policy=modelled(*levels)))
    found = []
    for _ in steps:
        story.do(Raise("sue", REASON))
        found.append(story.state.transfer.step)

    assert found == steps
    assert story.refused(Raise("sue", REASON)) is Refusal.TOP_OF_CHAIN


def test_silence_asks_the_next_step_whatever_its_level() -> None:
    """Only a person raises by a whole level; a window that lapses tries everybody of the level first."""
    story = Story(opening(policy=modelled("l3", "l3", "l4")))
    story.wait(story.state.policy.chains[0].steps[0].window)

    assert story.state.transfer.step == 1


def test_an_owner_raises_from_the_level_that_took_it() -> None:
    story = Story(opening(policy=modelled("l3", "l3", "l4")))
    story.do(Acknowledge("ann"))
    story.do(Raise("ann", REASON))

    assert (story.phase, story.owner, story.state.transfer.step) == (Phase.IN_TRANSFER, "ann", 2)


@pytest.mark.parametrize("called", ["l1", "L1", "Level 1", " level 1 "])
def test_a_level_is_called_by_its_name_or_its_label(called: str) -> None:
    """In any case, with blanks around it."""
    story = active(opening(policy=modelled("l3", "l3", "l4")))
    story.do(DeEscalate("ann", DeEscalationReason.HOW_TO, "tim", called))

    assert (story.phase, story.owner) == (Phase.DE_ESCALATED, "tim")


def test_a_return_to_a_level_that_the_model_does_not_know_is_refused() -> None:
    """The answer names those that it knows; without a model any word is taken."""
    command = DeEscalate("ann", DeEscalationReason.HOW_TO, "tim", "Tier 0")
    entry = active(opening(policy=modelled("l3", "l3", "l4"))).do(command).sealed.entry

    assert entry.refusal is Refusal.UNKNOWN_LEVEL
    assert entry.facts == {"level": "Tier 0", "known": "Level 1, Level 2, Level 3, Level 4"}

    story = active()
    story.do(command)
    assert story.phase is Phase.DE_ESCALATED
