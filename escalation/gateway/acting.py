"""What somebody wants done, from whatever channel: done once, by the rules, and what came of it.

The gateway never decides. It knows who speaks and which episode they mean, hands that over with the instant at which it
heard them, and finds the word for the answer. What an episode was told of may be over, or somebody else may be asked by
now: then nothing is done, and that is the answer.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from escalation.adapters.directory import DirectoryDown
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Audience, Phase
from escalation.gateway.grammar import Act
from escalation.wire.messages import Answer, View
from escalation.wire.outcomes import Ended, NotDone, NotFound, Refused
from escalation.wire.requests import BadInput

REMEMBERED_MAX = 1_000
"""People whose pace is remembered; beyond it the one who was heard longest ago is forgotten."""
ACTS_MAX = 60
"""Requests that one person, or one page, may make in `ACTS_PER`."""
ACTS_PER = timedelta(minutes=10)
PASSIVE_MAX = 5
"""Lines that say anything but what was done, for each person, between two acts: two robots must not chat for ever."""


class Client(Protocol):
    """The escalation's client, as far as people's answers need it. Its signer vouches for what the gateway saw."""

    async def acknowledge(
        self, ref: str, *, by: str, via: str, occurred_at: datetime | None, key: str | None
    ) -> Answer: ...
    async def raise_(self, ref: str, *, by: str, reason: str, key: str | None, page: str | None = None) -> Answer: ...
    async def resolve(self, ref: str, *, by: str, text: str | None, key: str | None) -> Answer: ...
    async def decline(self, ref: str, *, by: str, reason: str, key: str | None) -> Answer: ...
    async def approve(self, ref: str, *, by: str, reason: str, approval: int | None, key: str | None) -> Answer: ...
    async def reject(self, ref: str, *, by: str, reason: str, approval: int | None, key: str | None) -> Answer: ...
    async def post_update(self, ref: str, *, by: str, audience: Audience, text: str, key: str | None) -> Answer: ...
    async def note(self, ref: str, *, by: str, text: str, key: str | None) -> Answer: ...
    async def latest_episode(self, ref: str) -> str | None: ...
    async def view(self, ref: str) -> View: ...


class Directory(Protocol):
    """What a person is called. Raises `DirectoryDown`."""

    def name(self, contact: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """One act of one person on one episode. `key` makes it happen once; `at` is when the gateway heard of it."""

    act: Act
    reference: str
    episode: str
    contact: str
    via: str
    key: str
    at: datetime
    reason: str = ""
    approval: int | None = None
    page: str | None = None  # the dispatch that is answered: it raises only while its step is asked


@dataclass(frozen=True, slots=True)
class Came:
    """What came of it: the name of an answer's line, with its values. `done`: it changed something, now or before.

    A value that is a word of ours is told in the language of whoever hears it.
    """

    word: str
    values: Mapping[str, str] = field(default_factory=dict)
    done: bool = False


Taken = Callable[[Wish], Coroutine[None, None, None]]
"""What is done, beside the answer, once somebody has taken it. It never raises."""
UNSURE = "unsure"
"""The line when nobody knows: the same wish, under the same key, may be repeated."""
_DONE = {
    Act.ACKNOWLEDGE: "taken", Act.RAISE: "raised", Act.CLOSE: "closed", Act.DECLINE: "declined",
    Act.APPROVE: "decided", Act.REJECT: "decided", Act.UPDATE: "updated",
}  # fmt: skip
_SAID = {
    Refusal.TOP_OF_CHAIN: "top", Refusal.NOT_ASKED: "not_asked", Refusal.STEP_OVER: "not_asked",
    Refusal.REASON_MISSING: "reason_missing",
    Refusal.ENDED: "over",
}  # fmt: skip


class Acting:
    """Does wishes. Safe beside other gateways: the engine does each key once."""

    def __init__(self, client: Client, directory: Directory, taken: Taken | None = None) -> None:
        self._client = client
        self._directory = directory
        self._taken = taken
        self._settling: set[asyncio.Task[None]] = set()

    async def do(self, wish: Wish, within: timedelta) -> Came:
        """What came of it, at the latest after `within`. Never raises for what an engine or a person does."""
        came = await self._came(wish, within)
        if came.word == _DONE[Act.ACKNOWLEDGE] and self._taken is not None:
            settling = asyncio.create_task(self._taken(wish))  # nobody waits for it
            self._settling.add(settling)
            settling.add_done_callback(self._settling.discard)
        return came

    async def _came(self, wish: Wish, within: timedelta) -> Came:
        ref = {"ref": wish.reference}
        try:
            async with asyncio.timeout(within.total_seconds()):
                if await self._client.latest_episode(wish.reference) != wish.episode:
                    return Came("over", ref)
                return await self._done(wish)
        except (Ended, NotFound):
            return Came("over", ref)
        except (NotDone, BadInput, TimeoutError):
            return Came(UNSURE, ref)

    async def _done(self, wish: Wish) -> Came:
        ref = {"ref": wish.reference}
        try:
            if wish.act is Act.UPDATE and (await self._client.view(wish.reference)).owner != wish.contact:
                return Came("not_asked", ref)  # its next owner is asked for it
            await self._command(wish)
        except Refused as refused:
            if refused.reason is Refusal.NOT_IN_THIS_PHASE:
                return await self._standing(wish)
            if refused.reason is Refusal.STEP_OVER and await self._owns(wish):
                return await self._done(replace(wish, page=None, key=f"{wish.key} owner"))
            if refused.reason in _SAID:
                return Came(_SAID[refused.reason], ref)
            return Came("refused", {**ref, "reason": refused.reason})
        return Came(_DONE[wish.act], ref, done=True)

    def _command(self, wish: Wish) -> Awaitable[Answer]:
        ref, by, key = wish.reference, wish.contact, wish.key
        reason = wish.reason
        match wish.act:
            case Act.ACKNOWLEDGE:
                return self._client.acknowledge(ref, by=by, via=wish.via, occurred_at=wish.at, key=key)
            case Act.RAISE:
                return self._client.raise_(
                    ref, by=by, reason=reason or f"raised by {wish.via}", key=key, page=wish.page
                )
            case Act.CLOSE:
                return self._client.resolve(ref, by=by, text=None, key=key)
            case Act.DECLINE:
                return self._client.decline(ref, by=by, reason=reason, key=key)
            case Act.APPROVE:
                return self._client.approve(ref, by=by, reason=reason, approval=wish.approval, key=key)
            case Act.REJECT:
                return self._client.reject(ref, by=by, reason=reason, approval=wish.approval, key=key)
            case Act.UPDATE:
                return self._client.post_update(ref, by=by, audience=Audience.INTERNAL, text=reason, key=key)

    async def _owns(self, wish: Wish) -> bool:
        """Whether it is theirs to pass on, although they were asked in an earlier step and took it later."""
        view = await self._client.view(wish.reference)
        return view.phase is Phase.ACTIVE and view.owner == wish.contact

    async def _standing(self, wish: Wish) -> Came:
        """Why it could not be done: somebody has it, or it waits for something else."""
        view, ref = await self._client.view(wish.reference), {"ref": wish.reference}
        if wish.act is Act.ACKNOWLEDGE and view.phase is Phase.ACTIVE:
            if view.owner == wish.contact:
                return Came("taken", ref, done=True)
            return Came("taken_by", {**ref, "person": await self.called(view.owner)})
        word = "waits" if wish.act is Act.ACKNOWLEDGE else "other_phase"
        return Came(word, {**ref, "status": view.phase})

    async def called(self, person: str) -> str:
        """The person's name; their id when nobody knows it."""
        try:
            return await asyncio.to_thread(self._directory.name, person) or person
        except DirectoryDown:
            return person


class Pace:
    """How often somebody is heard, and told: at most `acts_max` times in any `per`; of `REMEMBERED_MAX` of them."""

    def __init__(self, acts_max: int = ACTS_MAX, per: timedelta = ACTS_PER) -> None:
        self._acts_max = acts_max
        self._per = per
        self._heard: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._passive: OrderedDict[str, int] = OrderedDict()

    def allows(self, who: str, at: datetime) -> bool:
        """Whether this one is heard; it counts from then on."""
        heard = self._heard.setdefault(who, deque(maxlen=self._acts_max))
        self._heard.move_to_end(who)
        while len(self._heard) > REMEMBERED_MAX:
            self._heard.popitem(last=False)
        while heard and at - heard[0] >= self._per:
            heard.popleft()
        if len(heard) >= self._acts_max:
            return False
        heard.append(at)
        return True

    def explains(self, contact: str, came: Came) -> bool:
        """Whether a person is told what came of it: when something was done, which begins the count anew, or nobody
        knows; else a few times.
        """
        count = self._passive.pop(contact, 0)
        if came.done:
            return True
        self._passive[contact] = count + (came.word != UNSURE)
        while len(self._passive) > REMEMBERED_MAX:
            self._passive.popitem(last=False)
        return self._passive[contact] <= PASSIVE_MAX or came.word == UNSURE


Now = Callable[[], datetime]
