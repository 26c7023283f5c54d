"""A step that tells several at once: each is asked in their own right, and is made up for by their own."""

from dataclasses import replace

import pytest

from escalation.core.commands import Acknowledge, Block, Decline, Raise, Reassign, Unblock
from escalation.core.effects import FindContacts
from escalation.core.facts import Found
from escalation.core.policy import Also, Policy
from escalation.core.vocabulary import Message, Phase, Severity
from tests.core.cases import ALL, MINUTE, POLICY, SMS, START, STEPS, VOICE, Story, opening

CTO = Found("cto", "cat", ALL, "cob", ALL)
CROWD = {"cto": CTO}


def together(*also: Also, backup_after: object = ...) -> Policy:
    """The agreement, whose first step tells others along with the one on call."""
    first = replace(STEPS[0], also=also)
    if backup_after is None:
        first = replace(first, backup_after=None)
    chain = replace(POLICY.chains[0], steps=(first, *STEPS[1:]))
    return replace(POLICY, chains=(chain, *POLICY.chains[1:]))


def asking(policy: Policy, **how: object) -> Story:
    """Nobody has answered yet."""
    return Story(opening(policy=policy, severity=Severity.SEV1), obedient=False, directory=CROWD, **how)  # type: ignore[arg-type]  # the test's own


def test_all_are_paged_at_the_same_instant_in_one_lookup() -> None:
    """On-call and the CTO, each with their own channels and backup, at their times."""
    story = Story(opening(policy=together(Also("cto"))), directory=CROWD)
    assert story.pages() == [("ann", SMS), ("cat", SMS)]
    assert [e.names for d in story.decisions for e in d.effects if isinstance(e, FindContacts)] == [("on-call", "cto")]
    story.wait(2 * MINUTE)
    assert story.pages() == [("ann", VOICE), ("cat", VOICE)]
    story.wait(3 * MINUTE)

    assert story.pages() == [("bob", SMS), ("cob", SMS)]


@pytest.mark.parametrize(
    ("severity", "named"), [(Severity.SEV1, ("on-call", "cto")), (Severity.SEV2, ("on-call",))], ids=str
)
def test_an_audience_may_be_for_some_severities_only(severity: Severity, named: tuple[str, ...]) -> None:
    """The CTO is woken for a SEV1; by the severity of the instant at which the step begins."""
    policy = together(Also("cto", (Severity.SEV1,)))
    story = Story(opening(policy=policy, severity=severity), obedient=False)

    assert story.asked(FindContacts)[0].names == named


def test_a_contact_who_is_named_twice_is_looked_up_once() -> None:
    """And told once on each channel, although two roles lead to the same person."""
    story = asking(together(Also("on-call"), Also("deputy")))
    story.directory["deputy"] = Found("deputy", "bob", ALL)
    assert story.asked(FindContacts)[0].names == ("on-call", "deputy")
    story.find()
    assert story.pages() == [("ann", SMS), ("bob", SMS)]
    story.wait(9 * MINUTE)

    assert story.pages() == [("ann", VOICE), ("bob", VOICE)]


@pytest.mark.parametrize("taker", ["ann", "cat"])
def test_any_of_them_may_take_it_and_the_others_hear_who_did(taker: str) -> None:
    """On the channel on which they were paged, once."""
    story = Story(opening(policy=together(Also("cto"))), directory=CROWD)
    story.take()
    story.do(Acknowledge(taker))

    (other,) = {"ann", "cat"} - {taker}
    assert (story.owner, story.phase) == (taker, Phase.ACTIVE)
    assert story.take() == [(other, Message.ACKNOWLEDGED, SMS)]


def test_a_failure_is_made_up_for_within_its_own_audience() -> None:
    """The CTO's number is dead: the CTO is called, whatever ann's plan is."""
    story = asking(together(Also("cto")))
    story.find()
    story.take()
    mine, theirs = story.state.transfer.pages
    assert mine < theirs
    story.fail()  # the last page, which is the CTO's
    assert story.pages() == [("cat", VOICE)]
    story.fail()
    assert story.pages() == [("cob", SMS)]


def test_a_reserve_is_called_in_although_another_audience_stands() -> None:
    """Ann has been told; of the CTO's people nobody has."""
    story = asking(together(Also("cto"), backup_after=None))
    story.find()
    for _ in range(2):
        story.fail()

    assert story.pages() == [("ann", SMS), ("cat", SMS), ("cat", VOICE), ("cob", SMS)]


def test_the_step_has_reached_nobody_only_when_all_have_failed() -> None:
    """One who stands is enough; then the next step is asked at once."""
    story = asking(together(Also("cto")))
    story.directory["on-call"] = Found("on-call", "ann", (SMS,))
    story.directory["cto"] = Found("cto", "cat", (SMS,))
    story.find()
    story.fail()
    assert story.state.transfer.step == 0
    story.fail()

    assert story.state.transfer.step == 1


def test_one_who_cannot_be_reached_is_no_reason_to_go_on() -> None:
    """Nobody is on call; the CTO is told."""
    story = asking(together(Also("cto")))
    story.directory["on-call"] = Found("on-call", None)
    story.find()

    assert (story.pages(), story.state.transfer.step) == ([("cat", SMS)], 0)


def test_a_directory_that_cannot_be_asked_costs_no_time() -> None:
    """Nobody was found, of no audience."""
    story = asking(together(Also("cto")))
    story.directory |= {"on-call": Found("on-call", None), "cto": Found("cto", None)}
    story.find()

    assert story.state.transfer.step == 1


def test_somebody_told_as_well_may_decline_for_the_step() -> None:
    """Whoever was asked can say "not me": the next step is asked."""
    story = Story(opening(policy=together(Also("cto"))), directory=CROWD)
    story.do(Decline("cat", "not mine"))

    assert story.state.transfer.step == 1


def test_a_named_person_is_asked_alone() -> None:
    """A reassignment is to one person, whatever the step says."""
    story = asking(together(Also("cto")))
    story.find()
    story.do(Reassign("sue", "zoe", "she wrote it"))

    assert story.asked(FindContacts)[-1].names == ("zoe",)


def test_whoever_failed_while_we_waited_is_made_up_for_when_it_goes_on() -> None:
    """The CTO's page failed meanwhile, ann's stands: only the CTO is called at once."""
    story = asking(together(Also("cto")))
    story.find()
    story.take()
    story.do(Block("sue", "logs"))
    story.fail()
    story.accept()
    assert story.take() == []
    story.do(Unblock("sue", "they came"))

    assert story.pages() == [("cat", VOICE)]


def test_the_next_step_tells_whom_it_names() -> None:
    """Nobody of the step before."""
    story = Story(opening(policy=together(Also("cto"))), directory=CROWD)
    story.take()
    story.do(Raise("sue", "faster"))

    assert (story.pages(), story.now) == ([("lee", SMS)], START)
