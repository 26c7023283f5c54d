"""Playing a script on an engine: the same people say the same things, through the client that everybody uses.

Any engine will do, in virtual time or in real time: the clock is an argument. Everything said carries the key of its
place in the script, so whoever plays a script twice says nothing twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from escalation.client import EscalationClient
from escalation.drills.script import ASK, Moment, Script, Standing, turn
from escalation.wire.messages import Ending
from escalation.wire.outcomes import Ended
from escalation.wire.requests import EscalationRequest, episode_of

POLICY = "default"


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


def start_key(reference: str) -> str:
    """The key under which a script is opened: the same script finds its escalation again."""
    return f"play {reference}"


def episode(reference: str) -> str:
    """The episode that playing a script opens."""
    return episode_of(reference, start_key(reference))


def request_of(script: Script, policy: str = POLICY) -> EscalationRequest:
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
        key=start_key(script.reference),
        policy=policy,
    )


async def play(client: EscalationClient, clock: Clock, script: Script, told: Told, policy: str = POLICY) -> None:
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


async def end(client: EscalationClient, clock: Clock, script: Script, by: datetime) -> Ending:
    """Let its time pass until it has ended by itself, at the latest by that instant; how it ended."""
    await clock.advance(script.reference, by)
    return await client.wait(script.reference)


async def _say(client: EscalationClient, clock: Clock, reference: str, moment: Moment) -> str:
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
