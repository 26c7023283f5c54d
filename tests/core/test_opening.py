"""The first decision: what is refused at once, who owns it from the start, and who hears."""

from datetime import timedelta

import pytest

from escalation.core.commands import Open
from escalation.core.decide import decide
from escalation.core.effects import Notify
from escalation.core.opening import GENESIS
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Ask, ClockName, Message, Severity
from tests.core.cases import DAY, EMAIL, HOUR, SMS, START, Story, opening

TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("command", "refusal", "facts"),
    [
        (
            opening(route="nowhere"),
            Refusal.UNKNOWN_ROUTE,
            {"route": "nowhere", "known": "engineering, circling, product, leadership, lenient"},
        ),
        (opening(ask=Ask.DECIDE), Refusal.ASK_NOT_FOR_ROUTE, {"ask": "decide", "allowed": "investigate, fix"}),
        (
            opening(deadline=START),
            Refusal.DEADLINE_PASSED,
            {"deadline": START.isoformat(), "now": START.isoformat()},
        ),
    ],
)
def test_what_cannot_be_opened_is_refused_and_recorded(command: Open, refusal: Refusal, facts: dict[str, str]) -> None:
    """No state, no effect, one entry that says what was wrong and what is possible."""
    decision = decide(None, command, START)
    entry = decision.sealed.entry

    assert (decision.state, decision.effects) == (None, ())
    assert (entry.refusal, entry.facts) == (refusal, facts)
    assert (entry.sequence, entry.previous, entry.changes, entry.clocks) == (1, GENESIS, (), ())


def test_a_deadline_one_moment_ahead_is_accepted() -> None:
    """The edge of the refusal above."""
    assert decide(None, opening(deadline=START + TICK), START).sealed.entry.refusal is None


def test_sender_is_owner_and_customer_contact_until_somebody_accepts() -> None:
    """For what a machine opened, the policy's contact."""
    by_hand, by_machine = Story(), Story(opening(by="monitor", by_machine=True))

    assert (by_hand.owner, by_hand.state.people.customer_contact) == ("sue", "sue")
    assert (by_machine.owner, by_machine.state.people.customer_contact) == ("desk", "desk")
    assert by_machine.state.case.opened_by == "monitor"


def test_every_promise_runs_from_the_opening() -> None:
    """Response, resolution, the request's deadline and the customer's turn."""
    story = Story()

    assert story.due(ClockName.RESPONSE) == START + HOUR
    assert story.due(ClockName.RESOLUTION) == START + 8 * HOUR
    assert story.due(ClockName.DEADLINE) == START + 30 * DAY
    assert story.due(ClockName.CUSTOMER_UPDATE) == START + 4 * HOUR


def test_a_severity_that_promises_no_response_starts_no_such_clock() -> None:
    assert Story(opening(severity=Severity.SEV4)).clock(ClockName.RESPONSE) is None


def test_customer_contact_and_ticket_hear_at_once() -> None:
    """The customer's mail, the first page, the ticket's status."""
    story = Story()

    assert story.take() == [("customer-7", Message.CUSTOMER_OPENING, EMAIL), ("ann", Message.PAGE, SMS)]
    assert story.statuses == ["In Transfer"]


def test_a_page_is_urgent_and_nothing_else_is() -> None:
    """Only a page may go out while the ledger is unreachable."""
    story = Story()

    assert {sent.message: sent.urgent for sent in story.sent} == {
        Message.CUSTOMER_OPENING: False,
        Message.PAGE: True,
    }


def test_the_first_entry_carries_the_agreement() -> None:
    """So that the log can be replayed anywhere."""
    decision = decide(None, opening(), START)

    assert isinstance(decision.sealed.entry.command, Open)
    assert '"digest":"' + "11" * 32 + '"' in decision.sealed.body
    assert [(c.field, c.before, c.after) for c in decision.sealed.entry.changes] == [("phase", "", "in_transfer")]
    assert [e for e in decision.effects if isinstance(e, Notify)] != []
