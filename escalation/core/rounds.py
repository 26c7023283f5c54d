"""Rounds that go out by themselves: stakeholder updates to the people inside, and the war room's pinned status."""

from dataclasses import replace
from datetime import datetime

from escalation.core import clock as clocks
from escalation.core.cadence import next_turn_began
from escalation.core.clock import Clock, Due
from escalation.core.draft import Draft
from escalation.core.effects import Point
from escalation.core.policy import Cadence, Target
from escalation.core.vocabulary import ClockName, Topic
from escalation.core.watch import turn_of

ROUNDS = (ClockName.STAKEHOLDER_UPDATE, ClockName.WAR_ROOM)


def start_rounds(draft: Draft) -> None:
    """The next rounds are due a turn from now; none where the terms ask for none."""
    for name in ROUNDS:
        cadence = _cadence(draft, name)
        if cadence is None:
            draft.stop_clock(name)
        else:
            draft.start_clock(name, _round(cadence))


def stakeholders_due(draft: Draft, clock: Clock, due: Due) -> None:
    """How it stands, to the people inside."""
    draft.notice(Point(Topic.STATUS, draft.people.owner, due.at), *draft.policy.house.stakeholders)
    _next_round(draft, clock, due.at)


def war_room_due(draft: Draft, clock: Clock, due: Due) -> None:
    """The pinned status is due: whoever works on it and whoever speaks with the customer are reminded."""
    people, transfer = draft.people, draft.transfer
    asked = transfer.asked if transfer.since is not None else ()  # once somebody has it, those who were asked rest
    draft.notice(Point(Topic.WAR_ROOM, people.owner, due.at), *(asked or (people.owner,)), people.customer_contact)
    _next_round(draft, clock, due.at)


def _next_round(draft: Draft, clock: Clock, due: datetime) -> None:
    cadence = _cadence(draft, clock.name)
    assert cadence is not None  # terms without one stop the clock
    del draft.clocks[clock.name, clock.cycle]
    target = _round(cadence)
    began = next_turn_began(draft, due, target)
    draft.put_clock(clocks.start(clock.name, clock.cycle + 1, target, began, draft.gauge(target)))


def _round(cadence: Cadence) -> Target:
    """One turn. Nobody is asked for anything before it ends, so there is no lead."""
    return replace(turn_of(cadence), leads=())


def _cadence(draft: Draft, name: ClockName) -> Cadence | None:
    terms = draft.terms
    return terms.stakeholder_update if name is ClockName.STAKEHOLDER_UPDATE else terms.war_room
