"""Random escalations under random agreements, each from a seed."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from escalation.core.commands import (
    AdoptPolicy,
    Approve,
    Command,
    Elapse,
    ExtendDeadline,
    HandOff,
    PostUpdate,
    Reject,
    Snooze,
)
from escalation.core.decide import Decision, decide
from escalation.core.hours import AtClose, DayRule, Days, LongDay, Manner, SkippedEdge
from escalation.core.lull import MaintenanceWindow
from escalation.core.policy import Cadence, Policy, Target, TierPromise
from escalation.core.reckoning import (
    Anchor,
    EarlierPauses,
    Fractions,
    OpenPause,
    Pausing,
    Reckoning,
    Reopening,
    Retiming,
    ShortTarget,
)
from escalation.core.state import Escalation, next_due
from escalation.core.vocabulary import Ask, Audience, ClockName
from tests.core.cases import DAY, HOUR, MINUTE, OFFICE, POLICY, START, STRICT, TEXT, opening, standing, window
from tests.core.test_any_history import JUMPS, ROUTES, command_of

MOVES_MAX = 24
NIGHT = replace(OFFICE, name="night", week=((window(22, 30),),) * 6 + ((),), exceptions=())
LENGTHS = (0 * HOUR, 15 * MINUTE, HOUR, 8 * HOUR, 24 * HOUR, 40 * HOUR, 200 * HOUR)
ALL_RUN = tuple(ClockName)
# Not every move is somebody's nonsense: these keep an escalation alive and its clocks busy.
BUSY = (2, 3, 5, 6, 7, 8, 9, 11, 11, 12, 12, 13, 15, 15, 18, 22, 28, 28, 29)
# How often somebody moves the deadline, or answers what waits for a yes.
LATER, ANSWERED = 0.1, 0.5
APPROVERS = (standing("sam", "support-lead"), standing("vic", "vp"))


def agreement(chance: Random, version: int) -> Policy:
    """The small agreement of the core's tests with other targets, calendars and ways of reckoning."""
    manner = Manner(chance.choice(list(AtClose)), chance.choice(list(LongDay)), chance.choice(list(SkippedEdge)))
    calendars = tuple(replace(calendar, manner=manner) for calendar in (OFFICE, NIGHT))
    terms = tuple(
        replace(
            each,
            resolution=_target(chance),
            response=chance.choice((None, _target(chance))),
            check_in=_cadence(chance),
            customer_update=_cadence(chance),
            stakeholder_update=_without_lead(_cadence(chance)),
            war_room=_without_lead(_cadence(chance)),
            silence=chance.choice((None, HOUR)),
        )
        for each in POLICY.terms
    )
    promises = (TierPromise(chance.choice(terms).severity, None, _target(chance)),)
    routes = tuple(replace(each, promises=chance.choice(((), promises))) for each in POLICY.routes)
    floor = chance.choice((None, 2 * HOUR, DAY))
    # Words to the customer run on here: how their turn is resumed has tests of its own.
    running = chance.choice(((), (ClockName.DEADLINE,), (ClockName.CUSTOMER_UPDATE, ClockName.DEADLINE), ALL_RUN))
    house = replace(POLICY.house, customer_floor=floor, runs_while_blocked=running)
    return replace(
        chance.choice((POLICY, STRICT)),
        version=str(version),
        digest=f"{version:064}",
        terms=terms,
        routes=routes,
        calendars=calendars,
        house=house,
        reckoning=_reckoning(chance),
    )


def life(seed: int, *, sealed: bool = False) -> list[Decision]:
    """The decisions of one escalation."""
    chance = Random(seed)
    first, second = agreement(chance, 1), agreement(chance, 2)
    route, ask = chance.choice((*ROUTES[:3], ("leadership", Ask.DECIDE)))
    now = START + chance.randrange(400 * 86_400) * timedelta(seconds=1)
    command: Command = opening(
        policy=first, route=route, ask=ask, severity=chance.choice(first.terms).severity,
        deadline=now + chance.choice((HOUR, 3 * DAY, 90 * DAY)),
        maintenance=chance.choice(((), (MaintenanceWindow("move", now, now + 9 * HOUR, "it moves", "dana"),))),
    )  # fmt: skip
    decisions = [decide(None, command, now, sealed=sealed)]
    state = decisions[-1].state
    assert state is not None
    for _ in range(chance.randrange(4, MOVES_MAX)):
        now, command = _following(chance, state, now, second)
        decisions.append(decide(state, command, now, sealed=sealed))
        state = decisions[-1].state
        assert state is not None
        if state.ended:
            break
    return decisions


def _following(chance: Random, state: Escalation, now: datetime, other: Policy) -> tuple[datetime, Command]:
    due = next_due(state)
    if chance.random() < 0.3 and due is not None and due >= now:
        return due, Elapse()
    now += chance.choice(JUMPS) + chance.choice((timedelta(0), timedelta(microseconds=1), 37 * timedelta(seconds=1)))
    if chance.random() < LATER:
        later = ExtendDeadline("ann", now + chance.choice((HOUR, 3 * DAY, 90 * DAY)), "they agreed")
        return now, chance.choice((later, HandOff("ann", "leadership", Ask.DECIDE, "theirs to say")))
    waiting = [approval for approval in state.approvals if approval.pending]
    if waiting and chance.random() < ANSWERED:
        by = chance.choice(APPROVERS)
        answer = chance.choice((Approve, Approve, Reject))
        return now, answer(by.person, "because", by, chance.choice(waiting).number)
    kind, which, variant = chance.choice(BUSY), chance.randrange(60), chance.randrange(60)
    if kind == 18:
        return now, AdoptPolicy("ann", other, "a better one")
    if kind == 28:
        return now, Snooze("ann", now + chance.choice((HOUR, 9 * HOUR)), "because")
    if kind == 5:
        return now, PostUpdate("ann", chance.choice(list(Audience)), TEXT)
    return now, command_of(state, kind, which, variant)


def _target(chance: Random) -> Target:
    calendar = chance.choice(("", "office", "night"))
    leads = tuple(chance.sample(LENGTHS[1:], chance.randrange(3)))
    return Target(
        chance.choice(LENGTHS), chance.choice((None, *LENGTHS)), leads, calendar,
        limit_days=_days(chance) if calendar == "office" else None,
        wall_leads=chance.random() < 0.3,
        quiet=chance.random() < 0.3,
    )  # fmt: skip


def _cadence(chance: Random) -> Cadence | None:
    calendar = chance.choice(("", "office", "night"))
    days = Days(chance.randrange(1, 4), chance.choice(list(DayRule))) if chance.random() < 0.2 else None
    lead = chance.choice((timedelta(0), 15 * MINUTE))
    cadence = Cadence(chance.choice(LENGTHS[2:]), lead, calendar, days if calendar == "office" else None)
    return chance.choice((None, cadence))


def _days(chance: Random) -> Days | None:
    return Days(chance.randrange(4), chance.choice(list(DayRule))) if chance.random() < 0.3 else None


def _reckoning(chance: Random) -> Reckoning:
    return Reckoning(
        chance.choice(list(Retiming)), chance.choice(list(Retiming)), chance.choice(list(Reopening)),
        chance.choice(list(Anchor)), chance.choice(list(Anchor)), chance.choice(list(ShortTarget)),
        chance.choice(list(Fractions)), chance.choice(list(Pausing)), chance.choice(list(EarlierPauses)),
        chance.choice(list(OpenPause)),
    )  # fmt: skip


def _without_lead(cadence: Cadence | None) -> Cadence | None:
    """Rounds go out by themselves: nobody is asked before."""
    return None if cadence is None else replace(cadence, lead=timedelta(0))
