"""A recorded incident becomes what people would have said, and when. The mapping, row by row."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from escalation.core.vocabulary import Phase, Severity
from escalation.drills.script import MINUTE, SEVERITIES, WEEK, Standing, script_of, turn
from tests.edge.drills.samples import NOW, OPENED, cast, incident, sample, script


def said(rows: Sequence[tuple[int, str, str | None]], phase: Phase, row: int = -1) -> list[str]:
    """The kinds of what is said at a row while the phase stays what it is, each thing once."""
    moment, seen = script(*rows).moments[row], Standing(phase, Severity.SEV3)
    kinds: list[str] = []
    following = turn(moment, seen)
    while following is not None:
        kinds.append(following.act.command.kind)
        following = turn(moment, seen, following.wish)
    return kinds


NEW = (0, "New", "Group 3")
ACTIVE, OTHER = (5, "Active", "Group 3"), (9, "Active", "Group 4")
SOLVED, CLOSED = (20, "Resolved", "Group 3"), (30, "Closed", "Group 3")


@pytest.mark.parametrize(
    ("rows", "phase", "kinds"),
    [
        ([NEW], Phase.IN_TRANSFER, []),
        ([NEW, ACTIVE], Phase.IN_TRANSFER, ["acknowledge"]),
        ([NEW, ACTIVE], Phase.ACTIVE, ["post_update"]),
        ([NEW, (5, "New", "Group 3")], Phase.IN_TRANSFER, ["post_update"]),
        ([NEW, (5, "-100", "Group 3")], Phase.BLOCKED, ["post_update"]),
        ([NEW, ACTIVE], Phase.BLOCKED, ["unblock", "post_update"]),
        ([NEW, (5, "New", "Group 3")], Phase.BLOCKED, ["unblock", "post_update"]),
        ([NEW, (5, "Awaiting Vendor", "Group 3")], Phase.IN_TRANSFER, ["block"]),
        ([NEW, (5, "Awaiting Evidence", "Group 3")], Phase.ACTIVE, ["block"]),
        ([NEW, (5, "Awaiting User Info", "Group 3")], Phase.BLOCKED, ["post_update"]),
        ([ACTIVE, OTHER], Phase.ACTIVE, ["hand_off"]),
        ([ACTIVE, OTHER], Phase.BLOCKED, ["hand_off"]),
        ([ACTIVE, OTHER], Phase.IN_TRANSFER, ["hand_off"]),
        ([ACTIVE, (9, "Resolved", "Group 4")], Phase.ACTIVE, ["hand_off", "resolve"]),
        ([ACTIVE, (9, "Awaiting Problem", "Group 4")], Phase.ACTIVE, ["hand_off", "block"]),
        ([ACTIVE, (9, "Active", None)], Phase.ACTIVE, ["post_update"]),
        ([SOLVED], Phase.IN_TRANSFER, ["resolve"]),
        ([SOLVED], Phase.BLOCKED, ["resolve"]),
        ([SOLVED, CLOSED], Phase.RESOLVED, ["confirm"]),
        ([SOLVED, (25, "Active", "Group 3")], Phase.RESOLVED, ["reopen", "post_update"]),
        ([SOLVED, (25, "Awaiting User Info", "Group 3")], Phase.RESOLVED, ["reopen", "post_update"]),
        ([SOLVED, (25, "-100", "Group 3")], Phase.RESOLVED, ["post_update"]),
        ([SOLVED, (25, "Resolved", "Group 4")], Phase.RESOLVED, ["post_update"]),
        ([SOLVED, CLOSED, (40, "Closed", "Group 3")], Phase.RESOLVED, ["confirm"]),
        *(([SOLVED, CLOSED], phase, []) for phase in (Phase.CLOSED, Phase.DE_ESCALATED, Phase.CANCELLED)),
    ],
)
def test_the_last_row_says(rows: Sequence[tuple[int, str, str | None]], phase: Phase, kinds: list[str]) -> None:
    """By the row, and by how it stands then. Nothing that the rules would refuse, and nothing after the end."""
    assert said(rows, phase) == kinds


def test_only_the_last_closed_is_the_customers_yes() -> None:
    """Some records go on after a first Closed."""
    rows = [SOLVED, CLOSED, (40, "Closed", "Group 3")]

    assert said(rows, Phase.RESOLVED, row=1) == ["post_update"]


def test_a_closed_that_nobody_resolved_is_resolved_and_confirmed() -> None:
    """Each thing is chosen by how it stands when its turn comes."""
    (moment,) = script(CLOSED).moments
    first = turn(moment, Standing(Phase.ACTIVE, Severity.SEV3))
    assert first is not None
    second = turn(moment, Standing(Phase.RESOLVED, Severity.SEV3), first.wish)

    assert second is not None
    assert (first.act.command.kind, second.act.command.kind) == ("resolve", "confirm")
    assert first.key != second.key


def test_another_priority_changes_the_severity_unless_it_has_it_already() -> None:
    """A breach may have raised it before the record does."""
    moment = script((0, "Active", "Group 3"), (5, "Active", "Group 3", 2)).moments[-1]
    changed, already = (turn(moment, Standing(Phase.ACTIVE, level)) for level in (Severity.SEV3, Severity.SEV2))

    assert changed is not None
    assert already is not None
    assert (changed.act.command.kind, already.act.command.kind) == ("change_severity", "post_update")


def test_moves_and_reopenings_are_counted_from_the_rows() -> None:
    """A row without a group is no move, nor is one after the resolution; a reopening by another group is both."""
    told = script(
        (1, "New", None), (2, "Active", "Group 3"), (3, "Active", None), (4, "Active", "Group 4"),
        (5, "Resolved", "Group 4"), (6, "Resolved", "Group 3"), (7, "Active", "Group 5"), (8, "Closed", "Group 5"),
    )  # fmt: skip

    assert (told.reassignments, told.reopenings) == (2, 1)


@pytest.mark.parametrize("now", [NOW, datetime(2016, 3, 1, 9, 59, tzinfo=UTC), datetime(2016, 3, 1, 10, tzinfo=UTC)])
def test_the_shift_is_the_fewest_whole_weeks_that_put_the_opening_not_before_now(now: datetime) -> None:
    """Weekday and hour stay."""
    opening = script_of(incident(ACTIVE), cast(), now).opening

    assert now <= opening.at < now + WEEK
    assert (opening.at.weekday(), opening.at.time()) == (OPENED.weekday(), OPENED.time())


def test_each_row_has_an_instant_of_its_own_inside_its_minute() -> None:
    """In order, so that nothing is said at the same time as anything else; over the whole sample."""
    for told in sample():
        instants = [told.opening.at, *(moment.at for moment in told.moments)]
        assert instants == sorted(set(instants)), told.reference


def test_a_row_out_of_time_order_is_played_when_the_one_before_it_was() -> None:
    """The order of the file is the order in which it happened."""
    told = script((5, "Active", "Group 3"), (2, "Active", "Group 3"), (6, "Resolved", "Group 3"))
    first, second, third = (moment.at for moment in told.moments)

    assert first == second < third < told.opening.at + 7 * MINUTE


@pytest.mark.parametrize("priority", [1, 2, 3, 4])
def test_the_opening_has_the_first_priority_and_a_deadline_beyond_the_promise(priority: int) -> None:
    """No record has a hard deadline."""
    opening = script(ACTIVE, priority=priority).opening

    assert opening.severity is SEVERITIES[priority - 1]
    assert opening.deadline - opening.at >= timedelta(days=1)


def test_the_same_group_and_the_same_resolver_are_always_played_by_the_same() -> None:
    """By their numbers; nobody is a first choice."""
    who = cast()

    assert who.route("Group 3") == who.route("Team 3") == who.route(None)
    assert who.person(who.route("Group 4"), "Resolver 7") == who.person(who.route("Group 4"), "Resolver 7")
    assert {who.customer(f"Caller {number}") for number in range(9)} == {"acme", "globex"}
