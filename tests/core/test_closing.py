"""Every way it ends, who hears of it, and the way back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.commands import Block, Cancel, Command, Confirm, DeEscalate, Elapse, Raise, Reopen, Resolve
from escalation.core.effects import FindContacts, Notify, WriteTicket
from escalation.core.facts import ReportTicket
from escalation.core.refusals import Refusal
from escalation.core.state import next_due
from escalation.core.vocabulary import ClockName, DeEscalationReason, Message, Phase
from tests.core.cases import DAY, EMAIL, HOUR, MINUTE, START, TEXT, Story, active, opening

FIXED, YES, NO = Resolve("ann", TEXT), Confirm("sue"), Reopen("sue", "it is back")
HOW_TO = DeEscalate("ann", DeEscalationReason.HOW_TO, "tim", "L1", TEXT)


def test_a_declared_fix_asks_the_customer_and_writes_the_ticket() -> None:
    """The words go to both; only the reopen window runs."""
    story = active()
    decision = story.do(FIXED)

    assert story.take() == [("customer-7", Message.CUSTOMER_RESOLUTION, EMAIL)]
    assert [(e.status, e.text) for e in decision.effects if isinstance(e, WriteTicket)] == [("Resolved", TEXT)]
    assert next_due(story.state) == story.due(ClockName.REOPEN_WINDOW) == story.now + 2 * DAY


@pytest.mark.parametrize("waits", [False, True])
def test_whoever_resolves_what_nobody_had_taken_is_recorded_as_its_owner(*, waits: bool) -> None:
    """From transfer, and from waiting while in transfer: many real incidents are solved before anybody answers."""
    story = Story()
    story.wait(3 * MINUTE)
    if waits:
        story.do(Block("sue", "logs"))
    story.do(Resolve("kim"))

    assert (story.phase, story.owner, story.state.people.owners) == (Phase.RESOLVED, "kim", ("kim",))
    assert story.state.tally.in_transfer == 3 * MINUTE


def test_somebody_elses_fix_does_not_change_the_owner() -> None:
    """Ann had taken it."""
    story = active()
    story.do(Resolve("kim"))

    assert story.owner == "ann"


@pytest.mark.parametrize("how", ["confirmed", "window ended"])
def test_the_customers_yes_or_the_end_of_the_window_closes_it(how: str) -> None:
    """Both tell everyone once."""
    story = active()
    story.do(FIXED)
    story.take()
    if how == "confirmed":
        story.do(YES)
    else:
        story.wait(2 * DAY)

    assert (story.phase, story.statuses[-1]) == (Phase.CLOSED, "Closed")
    assert story.take() == [
        ("ann", Message.CLOSING, EMAIL),
        ("bob", Message.CLOSING, EMAIL),
        ("sue", Message.CLOSING, EMAIL),
        ("customer-7", Message.CUSTOMER_CLOSING, EMAIL),
    ]
    assert (story.state.settled, story.state.clocks) == (True, ())


def test_a_reopening_continues_with_the_time_that_was_left() -> None:
    """Back to its owner; the resolution target goes on, cadences begin anew, the owner and the sender hear of it."""
    story = active()
    story.until(START + 2 * HOUR)
    story.do(FIXED)
    story.wait(DAY)
    story.take()
    story.do(NO)

    assert (story.phase, story.owner, story.state.tally.reopens) == (Phase.ACTIVE, "ann", 1)
    assert story.due(ClockName.RESOLUTION) == story.now + 6 * HOUR
    assert story.due(ClockName.DEADLINE) == START + 30 * DAY
    assert story.due(ClockName.CUSTOMER_UPDATE) == story.now + 4 * HOUR
    assert story.due(ClockName.CHECK_IN) == story.now + 2 * HOUR
    assert story.take() == [("ann", Message.SITUATION, EMAIL), ("sue", Message.SITUATION, EMAIL)]


def test_a_deadline_that_passed_meanwhile_does_not_start_again() -> None:
    """Resolved before it, reopened after it."""
    story = active(opening(deadline=START + HOUR))
    story.do(FIXED)
    story.wait(HOUR)
    story.do(NO)

    assert story.clock(ClockName.DEADLINE) is None


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (replace(NO, reason=" "), Refusal.REASON_MISSING),
        (replace(HOW_TO, to=""), Refusal.REASON_MISSING),
        (replace(HOW_TO, level=" "), Refusal.REASON_MISSING),
        (Cancel("sue", ""), Refusal.REASON_MISSING),
    ],
)
def test_an_end_needs_what_it_needs(command: Command, refusal: Refusal) -> None:
    """A reason, a person, a level."""
    story = active()
    if isinstance(command, Reopen):
        story.do(FIXED)

    assert story.refused(command) is refusal


def test_de_escalating_runs_its_four_steps_at_once() -> None:
    """The receiver, the ticket, the customer, and the findings in the ticket."""
    story = active()
    decision = story.do(HOW_TO)

    assert (story.phase, story.owner) == (Phase.DE_ESCALATED, "tim")
    heard = story.take()
    assert ("tim", Message.RETURNED, EMAIL) in heard
    assert [e.text for e in decision.effects if isinstance(e, Notify) and e.contact == "tim"] == [TEXT]
    assert heard[-1] == ("customer-7", Message.CUSTOMER_CLOSING, EMAIL)
    assert [(e.status, e.text) for e in decision.effects if isinstance(e, WriteTicket)] == [("De-escalated", TEXT)]


def test_everyone_who_was_told_hears_once_how_it_ended() -> None:
    """Paged twice, told of a warning, told of a breach: one closing notice each."""
    story = Story()
    story.wait(9 * HOUR)
    story.take()
    story.do(Cancel("sue", "opened twice"))

    heard = [contact for contact, message, _ in story.take() if message is Message.CLOSING]
    assert len(heard) == len(set(heard))
    assert set(heard) == {"ann", "bob", "lee", "dan", "deb", "fay", "mia", "sue"}


def test_a_restricted_case_ends_without_a_word_to_the_customer() -> None:
    """Need to know."""
    story = active(opening(restricted=True))
    story.do(Cancel("sue", "opened twice"))

    assert [contact for contact, _, _ in story.take()] == ["ann", "bob", "sue"]


def test_nothing_is_sent_after_the_end() -> None:
    """A breach's notice that was still being looked up, and a ticket that could not be written: the log has both."""
    story = Story(obedient=False)
    story.wait(HOUR)
    story.do(Cancel("sue", "opened twice"))
    story.take()
    lookups, tickets = story.asked(FindContacts), story.asked(WriteTicket)
    assert {e.purpose for e in lookups} == {"step", "notice"}

    for lookup in lookups:
        assert story.find(lookup).effects == ()
    for ticket in tickets:
        assert not any(isinstance(e, Notify) for e in story.do(ReportTicket(ticket.number, written=False)).effects)

    assert (story.take(), story.state.settled) == ([], False)  # the closing messages are still on their way


def test_a_breach_at_the_very_end_is_counted_and_the_closing_notice_tells_the_rest() -> None:
    """Deadline and waiting limit at the same instant after an outage."""
    story = active(opening(deadline=START + 2 * DAY))
    story.do(Block("ann", "logs"))
    story.outage(9 * DAY)
    story.do(Elapse())

    assert (story.phase, story.misses()) == (Phase.DE_ESCALATED, [ClockName.DEADLINE])
    assert {message for _, message, _ in story.take()} <= {
        Message.CLOSING,
        Message.RETURNED,
        Message.CUSTOMER_CLOSING,
        Message.CUSTOMER_REMINDER,
    }


def test_an_end_on_the_way_counts_the_time_in_transfer() -> None:
    """Raised, then cancelled before anybody took it."""
    story = active()
    story.do(Raise("ann", "stuck"))
    story.wait(4 * MINUTE)
    story.do(Cancel("sue", "solved itself"))

    assert story.state.tally.in_transfer == 9 * MINUTE


def test_it_is_settled_only_when_the_world_has_answered() -> None:
    """Closing notices in doubt keep it open for their lookups."""
    story = Story(obedient=False)
    story.do(Cancel("sue", "opened twice"))
    assert (story.state.ended, story.state.settled) == (True, False)
    for errand in story.state.errands:
        story.answer(errand.effect)
    assert story.state.settled
    story.wait(timedelta(days=1))
    assert story.state.settled
