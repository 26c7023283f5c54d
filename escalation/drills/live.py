"""Playing a script on an engine: the same people say the same things, through the client that everybody uses.

Any engine will do, in virtual time or in real time: the clock is an argument. Everything said carries the key of its
place in the script, so whoever plays a script twice says nothing twice.

`play` is for an engine of one's own, where a refusal is a fault. `go_on` is for one that others use as well: a refusal
is passed over, and a play that was stopped anywhere goes on there. Nothing but the escalation itself remembers where
that is, so each row is decided from the answers to the rows before it. Those are the same when they are asked for
again under their keys; how the escalation stands today is not, and an early row might be played into it once more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from escalation.core.commands import ChangeSeverity, Instructable
from escalation.core.refusals import Refusal
from escalation.core.state import TERMINAL
from escalation.core.vocabulary import Phase
from escalation.drills.script import ASK, WORKED_ON, Moment, Script, Standing, turn
from escalation.wire.messages import Answer, Ending, View
from escalation.wire.outcomes import Ended, NotFound, Refused
from escalation.wire.requests import EscalationRequest, episode_of

POLICY = "default"
NAME = "play"
"""Of a play that nobody has named."""


class Speaker(Protocol):
    """The escalation's client, as far as it takes to play on anybody's engine."""

    async def start(self, request: EscalationRequest) -> Answer: ...
    async def send(
        self, ref: str, command: Instructable, key: str | None = None, *, words: str | None = None
    ) -> Answer: ...
    async def view(self, ref: str) -> View: ...


class Patient(Speaker, Protocol):
    """One that can wait for the end as well."""

    async def wait(self, ref: str) -> Ending: ...


class Clock(Protocol):
    """What lets an escalation's time pass."""

    def open_at(self, reference: str, at: datetime) -> None:
        """Its opening happens at that instant."""
        ...

    async def advance(self, reference: str, to: datetime) -> bool:
        """Until that instant, if it lies ahead; False when the escalation has ended."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a script is: rows played, of how many, and the command that was said last ("open" is the first)."""

    reference: str
    rows: int
    of: int
    said: str


Told = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Said:
    """Something was said at a row (0 is the opening). `before`: by an earlier run of the same play, as its key shows.

    A refusal does not tell when it was given, so it is never known to be from before.
    """

    reference: str
    row: int
    rows: int
    kind: str
    before: bool = False
    refusal: Refusal | None = None


Heard = Callable[[Said], None]


def start_key(reference: str, name: str = NAME) -> str:
    """The key under which a script is opened: the same script in the same play finds its escalation again."""
    return f"{name} {reference}"


def episode(reference: str, name: str = NAME) -> str:
    """The episode that playing a script opens."""
    return episode_of(reference, start_key(reference, name))


def request_of(script: Script, policy: str = POLICY, name: str = NAME) -> EscalationRequest:
    """The opening, as the client sends it."""
    opening = script.opening
    return EscalationRequest(
        ticket=script.reference,
        title=opening.title,
        description=opening.description,
        route=opening.route,
        severity=opening.severity,
        ask=ASK,
        customer=opening.customer,
        deadline=opening.deadline,
        by=opening.by,
        key=start_key(script.reference, name),
        policy=policy,
    )


async def play(client: Speaker, clock: Clock, script: Script, told: Told, policy: str = POLICY) -> None:
    """Open it and say everything. Returns when all is said or the escalation has ended, whichever is first."""
    reference, rows = script.reference, len(script.moments)
    clock.open_at(reference, script.opening.at)
    await client.start(request_of(script, policy))
    told(Progress(reference, 0, rows, "open"))
    for count, moment in enumerate(script.moments, start=1):
        if not await clock.advance(reference, moment.at):
            return
        try:
            said = await _say(client, clock, reference, moment)
        except Ended:
            return
        told(Progress(reference, count, rows, said))


async def end(client: Patient, clock: Clock, script: Script, by: datetime) -> Ending:
    """Let its time pass until it has ended by itself, at the latest by that instant; how it ended."""
    await clock.advance(script.reference, by)
    return await client.wait(script.reference)


async def _say(client: Speaker, clock: Clock, reference: str, moment: Moment) -> str:
    """What is said at that moment, one after the other; each looks at how it stands by then. The last one's kind."""
    view, kind = await client.view(reference), ""
    seen = Standing(view.phase, view.severity)
    said = turn(moment, seen)
    while said is not None:
        answer = await client.send(reference, said.act.command, said.key, words=said.act.words)
        seen, kind = Standing(answer.phase or seen.phase, seen.severity), said.act.command.kind
        said = turn(moment, seen, said.wish)
        if said is not None:
            await clock.advance(reference, moment.at)
    return kind


# --- On an engine that others use as well -----------------------------------------------------------------------------


async def found(client: Speaker, reference: str, name: str) -> View | None:
    """The escalation that this play has opened, if it is the latest of its reference."""
    try:
        view = await client.view(reference)
    except NotFound:
        return None
    return view if view.episode == episode(reference, name) else None


async def go_on(
    client: Speaker, clock: Clock, script: Script, heard: Heard, name: str = NAME, policy: str = POLICY
) -> Phase | None:
    """Open it unless it is open, and say what has not been said. How it stands then; None: not open, or gone.

    Raises `Unreachable`; whoever calls it again goes on.
    """
    reference, rows = script.reference, len(script.moments)
    await clock.advance(reference, script.opening.at)
    view = await found(client, reference, name)
    opened = Said(reference, 0, rows, "open", before=view is not None)
    standing = Standing(view.phase if view is not None else Phase.IN_TRANSFER, script.opening.severity)
    if view is None:
        try:
            answer = await client.start(request_of(script, policy, name))
        except Refused as no:
            heard(Said(reference, 0, rows, "open", refusal=no.reason))
            return None
        standing = Standing(answer.phase or Phase.CANCELLED, script.opening.severity)
    heard(opened)
    if standing.phase not in TERMINAL:
        standing = Standing(Phase.IN_TRANSFER, script.opening.severity)  # what the opening had answered
    person = _Person(client, heard, name, reference, rows, view.sequence if view is not None else 0)
    for moment in script.moments:
        if standing.phase in TERMINAL or not await clock.advance(reference, moment.at):
            break
        try:
            standing = await person.say(moment, standing)
        except Ended as over:
            return over.ending.phase if over.ending is not None else None
        except NotFound:
            return None
    return standing.phase


@dataclass(frozen=True, slots=True)
class _Person:
    """Says what there is to say to one escalation. `sequence`: the last entry of its log when this run came to it."""

    client: Speaker
    heard: Heard
    name: str
    reference: str
    rows: int
    sequence: int

    async def say(self, moment: Moment, standing: Standing) -> Standing:
        """Everything of that moment; how it stands by the answers."""
        seen = await found(self.client, self.reference, self.name)
        if seen is None:
            raise NotFound(self.reference, "another one has been opened since")
        if seen.phase in TERMINAL:
            return Standing(seen.phase, standing.severity)
        if standing.phase in WORKED_ON and seen.phase in WORKED_ON:
            # Its own clocks move it between these two. Both choose what one and the same key stands for.
            standing = Standing(seen.phase, standing.severity)
        said = turn(moment, standing)
        while said is not None:
            command, key = said.act.command, f"{self.name}-{moment.index}.{said.wish}"
            standing = await self._send(moment.index + 1, command, key, said.act.words, standing)
            said = turn(moment, standing, said.wish)
        return standing

    async def _send(self, row: int, command: Instructable, key: str, words: str | None, standing: Standing) -> Standing:
        try:
            answer = await self.client.send(self.reference, command, key, words=words)
        except Refused as no:
            self.heard(Said(self.reference, row, self.rows, command.kind, refusal=no.reason))
            phase = no.facts.get("phase")
            return Standing(Phase(phase), standing.severity) if phase is not None else standing
        before = answer.sequence <= self.sequence
        self.heard(Said(self.reference, row, self.rows, command.kind, before=before))
        held = "approval" in answer.facts  # until somebody agrees
        severity = command.severity if isinstance(command, ChangeSeverity) and not held else standing.severity
        return Standing(answer.phase or standing.phase, severity)
