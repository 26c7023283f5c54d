"""People who play escalations while the worker dies under them: each command under a key, some of them sent twice."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from escalation.client import BadInput, Ended, EscalationClient, Patience, Refused
from escalation.core.vocabulary import Audience
from escalation.wire.messages import Answer, Ending
from tests.bench import agreements

# Workers and the engine are away half of the time: these bounds only end what never would.
PATIENCE = Patience(command=timedelta(minutes=10), start=timedelta(minutes=10), look=timedelta(seconds=60))
END_PATIENCE = timedelta(minutes=15)
SAID_AGAIN = 20  # times at most, each under another key, when nobody lived who could have kept the words
# How long somebody takes to answer a page (the next channel, the backup and the next step have their turn meanwhile).
ANSWER_SECONDS_MAX = 16.0
THOUGHT_SECONDS_MAX = 2.0
TWICE = 0.25  # the share of commands that are sent twice at once
REFUSED, NOT_TAKEN = "refused", "not taken"


@dataclass
class Crowd:
    """Escalations that are played at once; a new one is opened whenever one ends, until it is enough."""

    client: EscalationClient
    seed: int
    at_once: int
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    endings: dict[str, Ending] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    commands: int = 0
    refusals: int = 0

    async def play(self) -> None:
        """Return when everything that was opened has ended."""
        async with asyncio.TaskGroup() as group:
            for place in range(self.at_once):
                group.create_task(self._one_after_the_other(place))

    async def _one_after_the_other(self, place: int) -> None:
        number = 0
        while number == 0 or not self.enough.is_set():
            await self._live(f"CHAOS-{place}-{number}", place)
            number += 1

    async def _live(self, reference: str, place: int) -> None:
        chance = Random(f"{self.seed} {reference}")
        team = place % agreements.TEAMS
        try:
            await self._opened(reference, team)
            await self._steered(reference, f"team-{team}-first.primary", chance)
            ending = await asyncio.wait_for(self.client.wait(reference), END_PATIENCE.total_seconds())
        except Exception as error:  # noqa: BLE001  # whatever a person runs into is a finding, and the others go on
            self.faults.append(f"{reference}: {type(error).__name__}: {error}")
        else:
            self.endings[reference] = ending

    async def _opened(self, reference: str, team: int) -> None:
        request = agreements.asked_of(reference, team, agreements.IN_A_MOMENT)
        await self._said(lambda _: self.client.start(request), twice=True)

    async def _steered(self, ref: str, owner: str, chance: Random) -> None:
        say = self.client
        steps: list[Callable[[str], Awaitable[Answer]]] = [
            lambda n: say.acknowledge(ref, by=owner, key=f"{ref}-ack{n}"),
            lambda n: say.post_update(ref, by=owner, audience=Audience.INTERNAL, text="We look.", key=f"{ref}-in{n}"),
            lambda n: say.post_update(ref, by=owner, audience=Audience.CUSTOMER, text="Found it.", key=f"{ref}-out{n}"),
            lambda n: say.resolve(ref, by=owner, text="It is fixed.", key=f"{ref}-fix{n}"),
        ]
        if chance.random() < 0.3:
            steps.append(lambda n: say.reopen(ref, by=agreements.SENDER, reason="not fixed", key=f"{ref}-again{n}"))
            steps.append(lambda n: say.resolve(ref, by=owner, text="Now it is.", key=f"{ref}-fix-2{n}"))
        steps.append(lambda n: say.confirm(ref, by=agreements.SENDER, key=f"{ref}-yes{n}"))
        await self._think(chance.uniform(0, ANSWER_SECONDS_MAX))
        for step in steps:
            await self._said(step, twice=chance.random() < TWICE)
            await self._think(chance.uniform(0, THOUGHT_SECONDS_MAX))

    async def _said(self, step: Callable[[str], Awaitable[Answer]], *, twice: bool) -> None:
        """Say it, perhaps twice at once: both get the same answer. A refusal is an answer too.

        Words that nobody could keep are said again under another key, as whoever said them is asked to.
        """
        self.commands += 1
        answers: list[str] = []
        for number in range(SAID_AGAIN):
            key = f"-{number}" if number else ""
            answers = await asyncio.gather(*(self._answer(step, key) for _ in range(1 + twice)))
            if len(set(answers)) > 1:
                self.faults.append(f"one key, two answers: {answers}")
            if not answers[0].startswith(NOT_TAKEN):
                break
        else:
            self.faults.append(f"never taken: {answers[0]}")
        self.refusals += answers[0].startswith(REFUSED)

    async def _answer(self, step: Callable[[str], Awaitable[Answer]], key: str) -> str:
        try:
            answer = await step(key)
        except Refused as no:
            return f"{REFUSED} {no}"
        except BadInput as no:
            return f"{NOT_TAKEN} {no}"
        except Ended:
            return f"{REFUSED}: it has ended"
        return f"{answer.reference} {answer.sequence} {answer.phase}"

    async def _think(self, seconds: float) -> None:
        """Take that long, or go on at once when the campaign is over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.enough.wait(), seconds)
