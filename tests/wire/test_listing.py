"""The question to the engine's index: no value can become part of the question, and the order is ours."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.core.state import OPEN_PHASES, TERMINAL
from escalation.core.vocabulary import Phase, Severity
from escalation.wire.listing import (
    LIMIT_MAX,
    VALUES_MAX,
    Filter,
    Part,
    Row,
    Stratum,
    checked,
    checked_part,
    place,
    place_of,
    query_of,
    quoted,
    strata,
    token,
)
from escalation.wire.requests import BadInput

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
LITERAL = re.compile(r"'(?:[^'\"\\]|'')*'")
OPEN_SEV1 = Stratum(ended=False, severity=Severity.SEV1)


def row(reference: str = "INC-1", **changed: object) -> Row:
    plain: dict[str, object] = {
        "reference": reference, "episode": "e1", "phase": Phase.ACTIVE, "severity": Severity.SEV1, "route": "r",
        "team": "Engineering", "customer": "acme", "owner": "rosa", "next_due": NOW, "breached": False, "ended": False,
    }  # fmt: skip
    return Row(**{**plain, **changed})  # type: ignore[arg-type]  # the names and types are the test's own


# --- Quoting ----------------------------------------------------------------------------------------------------------


@given(st.text())
def test_a_literal_ends_where_the_value_ends(value: str) -> None:
    """Read back by the rules of the query language it is the value again; what it cannot hold is refused."""
    try:
        literal = quoted(value)
    except BadInput:
        assert not value.isprintable() or '"' in value or "\\" in value
        return

    assert LITERAL.fullmatch(literal)
    assert literal[1:-1].replace("''", "'") == value


@given(st.lists(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=64), max_size=3))
def test_no_name_changes_the_question(written: list[str]) -> None:
    """Without its literals the query is the same for all names that are not refused."""
    names = tuple(written)
    which = Filter(routes=names, teams=names, customers=names, owners=names)
    try:
        query = query_of(checked(which), OPEN_SEV1)
    except BadInput:
        return

    harmless = ("x",) * len(names)
    plain = query_of(Filter(routes=harmless, teams=harmless, customers=harmless, owners=harmless), OPEN_SEV1)
    assert LITERAL.sub("?", query) == LITERAL.sub("?", plain)


@pytest.mark.parametrize("hostile", ["\\' OR 1=1 --", "x' OR EscOwner != 'y\\", '"', "a\nb", "", "'", "x" * 65])
def test_hostile_names_are_refused_or_harmless(hostile: str) -> None:
    """Before anything is sent."""
    with pytest.raises(BadInput):
        checked(Filter(owners=(hostile,)))


@pytest.mark.parametrize("prefix", ["INC'", "INC%", "a b", "é", "x" * 65])
def test_a_reference_begins_with_what_references_are_made_of(prefix: str) -> None:
    """Letters, digits, '.', '_' and '-'."""
    with pytest.raises(BadInput):
        checked(Filter(prefix=prefix))


# --- The question -----------------------------------------------------------------------------------------------------


def test_every_condition_is_asked_of_the_index() -> None:
    """Names in any number, an instant in UTC, the beginning of the reference in capitals."""
    which = Filter(
        routes=("r",), teams=("Engineering",), customers=("acme", "o'hara"), owners=("rosa",), prefix="inc-",
        breached=True, overdue_at=NOW,
    )  # fmt: skip

    assert query_of(checked(which), OPEN_SEV1) == (
        "WorkflowType = 'Escalation' AND ExecutionStatus != 'ContinuedAsNew' AND EscSeverity IN ('SEV1') AND "
        "ExecutionStatus = 'Running' AND (EscPhase IS NULL OR EscPhase IN "
        "('awaiting_approval', 'in_transfer', 'active', 'blocked', 'resolved')) AND EscRoute IN ('r') AND "
        "EscTeam IN ('Engineering') AND EscCustomer IN ('acme', 'o''hara') AND EscOwner IN ('rosa') AND "
        "WorkflowId STARTS_WITH 'INC-' AND EscBreached = true AND EscNextDue < '2026-03-01T12:30:00.000000Z'"
    )


def test_only_strata_that_can_match_are_read() -> None:
    """Open ones unless told otherwise, worst first; a phase says itself whether it is an end."""
    worst = (Severity.SEV1, Severity.SEV2)

    assert [each.severity for each in strata(Filter())] == list(Severity)
    assert {each.ended for each in strata(Filter())} == {False}
    assert [each.ended for each in strata(Filter(ended_too=True, severities=worst))] == [False, False, True, True]
    assert {each.ended for each in strata(Filter(phases=TERMINAL))} == {True}
    assert {each.ended for each in strata(Filter(phases=OPEN_PHASES, ended_too=True))} == {False}
    assert {each.ended for each in strata(Filter(phases=(Phase.ACTIVE, Phase.CLOSED)))} == {False, True}


def test_bounds_of_a_list() -> None:
    """Values of one condition, and rows of one part."""
    assert len(checked(Filter(owners=("x",) * VALUES_MAX)).owners) == VALUES_MAX
    with pytest.raises(BadInput, match=f"owner has {VALUES_MAX + 1} values, at most {VALUES_MAX}"):
        checked(Filter(owners=("x",) * (VALUES_MAX + 1)))
    assert [checked_part(Part(limit)).limit for limit in (1, LIMIT_MAX)] == [1, LIMIT_MAX]
    for limit in (0, LIMIT_MAX + 1):
        with pytest.raises(BadInput, match=f"limit is {limit}; ask for 1 to {LIMIT_MAX}"):
            checked_part(Part(limit))


# --- The order --------------------------------------------------------------------------------------------------------


def test_the_worst_and_most_urgent_come_first() -> None:
    """Open before ended, then severity, then what is due; nothing due comes last."""
    rows = [
        row("INC-9", next_due=NOW - timedelta(hours=1)),
        row("INC-8"),
        row("INC-1", next_due=None),
        row("INC-2", severity=Severity.SEV2, next_due=NOW - timedelta(days=1)),
        row("INC-0", ended=True, next_due=None),
    ]

    shuffled = [rows[number] for number in (3, 0, 4, 2, 1)]

    assert sorted(shuffled, key=place) == rows


@given(
    st.sampled_from(Severity),
    st.booleans(),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.from_regex(r"[A-Z0-9][A-Z0-9._-]{2,63}", fullmatch=True),
)
def test_a_token_names_its_place(severity: Severity, ended: bool, due: datetime | None, reference: str) -> None:  # noqa: FBT001
    """In the list that it was made for, and in no other."""
    last, which = row(reference, severity=severity, ended=ended, next_due=due), Filter(overdue_at=NOW)
    later = Filter(overdue_at=NOW + timedelta(minutes=1))

    assert place_of(token(last, which), later) == place(last)
    with pytest.raises(BadInput, match="another list"):
        place_of(token(last, which), Filter())


@given(st.text(max_size=700))
def test_nonsense_is_no_token(written: str) -> None:
    """One line, whatever it is."""
    with pytest.raises(BadInput, match="no token of a list"):
        place_of(written, Filter())
