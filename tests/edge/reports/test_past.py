"""The past, from the log alone: at any instant the state that was, who had to act, and what was due."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings

from escalation.core.audit import Kept, fold
from escalation.core.canonical import canonical
from escalation.core.commands import (
    Acknowledge,
    AddNote,
    Approve,
    Block,
    Command,
    Confirm,
    Elapse,
    HandOff,
    Resolve,
    Unblock,
)
from escalation.core.decide import Decision, decide
from escalation.core.entry import digest_of
from escalation.core.opening import GENESIS
from escalation.core.state import Escalation, next_due
from escalation.core.vocabulary import Ask, ClockName, Edge, Phase, Severity
from escalation.reports.past import Log, Past, Responsible, past, read, split
from escalation.wire.views import view_of
from tests.core.cases import MINUTE, START, TEXT, Story, opening, standing
from tests.core.test_any_history import JUMPS, MOVES, OPENINGS, Move, command_of
from tests.edge.cli.terminal import KeptEntry

INSTANT = timedelta(microseconds=1)


def log_of(decisions: list[Decision]) -> Log:
    return Log(tuple(Kept(each.sealed.body, each.sealed.entry, each.sealed.digest) for each in decisions))


def a_life() -> Story:
    """Taken, blocked, unblocked, handed off, taken again, resolved, confirmed: an hour each."""
    story = Story(sealed=True)
    steps: list[Command] = [
        Acknowledge("ann"), Block("ann", "a log"), Unblock("ann", "came"),
        HandOff("ann", "product", Ask.DECIDE, "a question of price"), Acknowledge("pam"), Resolve("pam", TEXT),
        Confirm("sue"),
    ]  # fmt: skip
    for step in steps:
        story.wait(MINUTE)
        story.do(step)
    return story


STORY = a_life()
LOG = log_of(STORY.decisions)
END = STORY.now


def instant_of(kind: str) -> timedelta:
    """How long after the start a command was judged."""
    return next(each.entry.at for each in LOG.entries if each.entry.command.kind == kind) - START


def at(kind: str, later: timedelta = timedelta(0)) -> Past:
    return past(LOG, START + instant_of(kind) + later)


# --- The fold ---------------------------------------------------------------------------------------------------------


@settings(max_examples=15)
@given(opened=OPENINGS, moves=MOVES)
def test_the_past_is_the_fold_of_what_had_been_decided(
    opened: tuple[Severity, tuple[str, Ask], timedelta], moves: list[Move]
) -> None:
    """After the last entry it is the fold of all; at each instant that of all up to the last entry of that instant."""
    severity, (route, ask), left = opened
    command: Command = opening(severity=severity, route=route, ask=ask, deadline=START + left)
    state: Escalation | None = None
    now, decisions = START, []
    for kind, which, variant, jump in [(0, 0, 0, JUMPS[0]), *moves]:
        if state is not None:
            command, now = command_of(state, kind, which, variant), now + jump
        decisions.append(decide(state, command, now))
        state = decisions[-1].state
    log = log_of(decisions)
    states = {each.sealed.entry.at: each.state for each in decisions}

    whole = past(log, now + timedelta(days=1))
    assert whole.state == state == fold(each.entry for each in log.entries)
    assert (whole.entries, whole.digest, whole.fault) == (len(decisions), decisions[-1].sealed.digest, None)
    for instant in list(states)[:: max(1, len(states) // 6)]:
        found = past(log, instant)
        assert (found.state, found.fault) == (states[instant], None)
        assert found.view == view_of(found.state)  # type: ignore[arg-type]  # open from its first entry on
        due = next_due(found.state)  # type: ignore[arg-type]  # as above
        assert (found.next_due.at if found.next_due else None) == due
        assert (found.responsible is None) is (found.state is not None and found.state.ended)


def test_an_entry_counts_from_its_very_instant_on() -> None:
    """Not a microsecond earlier."""
    assert at("acknowledge", -INSTANT).state != at("acknowledge").state
    assert at("acknowledge").view == at("acknowledge", INSTANT).view
    assert at("acknowledge").last is not None


def test_before_the_opening_there_is_nothing() -> None:
    """And the log says when it begins."""
    found = past(LOG, START - INSTANT)

    assert (found.state, found.entries, found.digest, found.last, found.fault) == (None, 0, GENESIS, None, None)
    assert (found.view, found.responsible, found.next_due, found.running) == (None, None, None, ())
    assert LOG.opened_at == START


def test_after_the_end_it_stays_ended() -> None:
    """With the instant of its end, and nobody who has to act."""
    found = past(LOG, END + timedelta(days=400))

    assert found.state == STORY.state
    assert (found.ended_at, found.responsible, found.next_due) == (START + instant_of("confirm"), None, None)


def test_clocks_that_go_back_lose_no_entry() -> None:
    """An instant from another machine may lie before the one of the entry in front: its place in the log counts."""
    early = replace(LOG.entries[-1], entry=replace(LOG.entries[-1].entry, at=START))
    moved = [*LOG.entries[:-1], early]

    assert split(moved, START) == (tuple(moved), ())
    assert split(LOG.entries, START - INSTANT) == ((), LOG.entries)


def test_a_refused_opening_never_was_open() -> None:
    """One entry, no state, and the reason in it."""
    found = past(log_of([decide(None, opening(route="nowhere"), START)]), START)

    assert (found.state, found.entries, found.fault) == (None, 1, None)
    assert found.last is not None
    assert found.last.refusal == "unknown_route"


# --- Who had to act, and what was due ---------------------------------------------------------------------------------


def test_somebody_is_responsible_at_every_instant() -> None:
    """Whoever is asked, then who took it; the customer contact while it waits for the customer; the owner again."""
    assert at("open").responsible == Responsible("asked", ("ann",))
    assert at("acknowledge").responsible == Responsible("owner", ("ann",))
    assert at("block").responsible == Responsible("customer contact", (STORY.state.people.customer_contact,))
    assert at("unblock").responsible == Responsible("owner", ("ann",))
    assert at("hand_off").responsible == Responsible("asked", ("pam",))
    assert at("resolve").responsible == Responsible("owner", ("pam",))


def test_while_somebody_is_looked_for_the_owner_has_it() -> None:
    """The directory has not answered yet."""
    story = Story(sealed=True, obedient=False)

    assert past(log_of(story.decisions), START).responsible == Responsible("owner", (story.owner,))


def test_an_approver_is_responsible_by_role_until_a_person_is_asked() -> None:
    """And a second one when the first was silent."""
    story = Story(opening(route="leadership", ask=Ask.DECIDE), sealed=True, obedient=False)
    unasked = past(log_of(story.decisions), story.now).responsible
    story.find()
    asked = past(log_of(story.decisions), story.now).responsible
    story.do(Approve("sam", "yes", standing("sam", "support-lead")))

    assert (unasked, asked) == (Responsible("approver", ("support-lead",)), Responsible("approver", ("sam",)))
    assert past(log_of(story.decisions), story.now).responsible == Responsible("owner", (story.owner,))


def test_what_was_due_next_is_named_with_its_instant() -> None:
    """And which clocks counted then; none while it was blocked but those that wait."""
    opened, blocked = at("open"), at("block")

    assert opened.next_due is not None
    assert (opened.next_due.clock, opened.next_due.edge) == (ClockName.TELL, Edge.LIMIT)
    assert opened.next_due.at == next_due(opened.state) if opened.state else False
    assert ClockName.ACKNOWLEDGEMENT in {clock.name for clock in opened.running}
    assert ClockName.RESOLUTION not in {clock.name for clock in blocked.running}
    assert blocked.state is not None
    assert blocked.state.phase is Phase.BLOCKED


def test_what_nobody_served_in_time_is_still_due() -> None:
    """While no worker ran, the instant lies in the past of the instant that is asked about."""
    story = Story(sealed=True)
    found = past(log_of(story.decisions), START + timedelta(days=2))
    story.outage(timedelta(days=3))
    story.do(Elapse())

    assert found.next_due is not None
    assert found.next_due.at < found.at


# --- What does not hold -----------------------------------------------------------------------------------------------


def test_a_bad_entry_before_the_instant_is_named() -> None:
    """What is told is the state before it."""
    place = len(LOG.entries) // 2
    forged = replace(LOG.entries[place], entry=replace(LOG.entries[place].entry, command=AddNote("mallory", TEXT)))
    log = Log((*LOG.entries[:place], forged, *LOG.entries[place + 1 :]))

    found = past(log, END)

    assert (found.sequence, found.entries) == (place + 1, place)
    assert found.fault is not None
    assert found.fault.startswith("made again, the decision differs")
    assert found.state == fold(each.entry for each in LOG.entries[:place])


def test_a_bad_entry_after_the_instant_harms_nothing() -> None:
    """The log is proven up to there and one link beyond."""
    forged = replace(LOG.entries[-1], digest="ff" * 32)

    assert past(Log((*LOG.entries[:-1], forged)), START + instant_of("block")).fault is None


def test_an_entry_that_is_missing_right_there_is_noticed() -> None:
    """By the one that follows: the chain has a hole where the instant is."""
    place = next(n for n, each in enumerate(LOG.entries) if each.entry.command.kind == "block")
    log = Log((*LOG.entries[:place], *LOG.entries[place + 1 :]))

    found = past(log, START + instant_of("block"))

    assert found.fault is not None
    assert found.fault.startswith(f"entry {place + 1} is missing; the next one kept is {place + 2}")
    assert found.sequence == place + 1


def test_a_link_that_leads_elsewhere_is_noticed() -> None:
    """The entry after the instant was put onto another log."""
    place = next(n for n, each in enumerate(LOG.entries) if each.entry.command.kind == "block")
    entry = replace(LOG.entries[place].entry, previous="ff" * 32)
    body = canonical(entry)
    log = Log((*LOG.entries[:place], Kept(body, entry, digest_of(body))))

    found = past(log, entry.at - INSTANT)

    assert found.fault == f"the entry after it follows {'ff' * 6}, not {found.digest[:12]}"
    assert (found.sequence, found.entries) == (place + 1, place)


# --- Reading ----------------------------------------------------------------------------------------------------------


def rows() -> list[KeptEntry]:
    return [KeptEntry("ESC-1", "1", n, each.digest, each.body) for n, each in enumerate(LOG.entries, start=1)]


def test_a_log_is_read_from_the_rows_of_a_store() -> None:
    """All of it."""
    assert read(rows(), "ESC-1", "1") == LOG
    assert read([], "ESC-1", "1") == Log(())
    assert Log(()).opened_at is None


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        ({"body": "{}"}, "this is no entry of this version"),
        ({}, "it belongs to 'ESC-1', episode '1', and was put here"),
    ],
)
def test_a_row_that_is_no_entry_of_it_ends_the_reading(damage: dict[str, str], fault: str) -> None:
    """What comes after cannot be placed; an instant beyond gets a fault, one before does not."""
    found = rows()
    other = "1" if damage else "2"
    log = read([*found[:3], replace(found[3], **damage), *found[4:]], "ESC-1", other)  # type: ignore[arg-type]  # str fields

    assert log.fault is not None
    assert log.fault.startswith(fault)
    assert past(log, END).sequence == len(log.entries) + 1
    if log.entries:
        assert past(log, START - INSTANT).fault is None
