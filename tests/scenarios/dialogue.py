"""Scenarios as dialogue: `await story.phone("primary").gets_sms("SEV1").replies("ack {code}")`.

Every send that a vendor took on since the story began belongs to the story. Each must be expected by exactly one line,
and each line must find its send: at the end a send too many fails as a missing one does. Then the books are compared:
what the vendors took on, the ledger, the audit log (verified against the engine's own head), and the history, which is
replayed.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Generator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Self

from temporalio.client import WorkflowHandle, WorkflowHistory
from temporalio.service import RPCError
from temporalio.worker import Replayer

from escalation.adapters.directory import Directory
from escalation.adapters.ledger import State
from escalation.client import EscalationRequest
from escalation.core.audit import Verdict, verify
from escalation.core.effects import Notify
from escalation.core.entry import Entry
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Ask, Phase
from escalation.core.vocabulary import Channel as Address
from escalation.standins.journal import Accepted, Channel, TicketWrite
from escalation.wire.entries import kept
from escalation.wire.messages import Answer, Ending, View
from escalation.wire.payloads import DATA_CONVERTER
from tests.scenarios.agreements import agreement
from tests.scenarios.company import DIRECTORY
from tests.scenarios.world import World
from workflows.escalation import EscalationWorkflow

PATIENCE = timedelta(seconds=20)
"""How long a line waits for what it expects. Longer than any wait that a scenario sets up."""
LOOK_EVERY = timedelta(milliseconds=50)
TITLE = "Payments fail"
OURS = "+15005550006"
"""The number that texts are sent from."""


class Unexpected(AssertionError):
    """What happened is not what the dialogue says."""


class Script:
    """Lines that are spoken in order once the script is awaited."""

    def __init__(self, story: "Story") -> None:
        self._story = story
        self._lines: list[Callable[[], Awaitable[object]]] = []
        self._spoken = False
        story.scripts.append(self)

    @property
    def spoken(self) -> bool:
        """Whether somebody awaited it."""
        return self._spoken

    def __await__(self) -> Generator[Any, None, None]:
        self._spoken = True
        return self._speak().__await__()

    async def _speak(self) -> None:
        for line in self._lines:
            await line()

    def _then(self, line: Callable[[], Awaitable[object]]) -> Self:
        self._lines.append(line)
        return self


class Phone(Script):
    """Somebody's telephone."""

    def __init__(self, story: "Story", number: str) -> None:
        super().__init__(story)
        self._number = number

    def gets_sms(self, *words: str) -> Self:
        """A text with all these words."""
        return self._then(partial(self._story.claim, "sms", self._number, words))

    def is_called(self, *words: str) -> Self:
        """A call that says all these words."""
        return self._then(partial(self._story.claim, "voice", self._number, words))

    def replies(self, body: str) -> Self:
        """They text back. `{code}` stands for the escalation's short code."""
        return self._then(partial(self._story.reply, self._number, body))


class Mailbox(Script):
    """Somebody's mailbox."""

    def __init__(self, story: "Story", address: str) -> None:
        super().__init__(story)
        self._address = address

    def gets(self, *words: str) -> Self:
        """A mail with all these words."""
        return self._then(partial(self._story.claim, "email", self._address, words))

    def replies(self, text: str, *, automatic: bool = False, sender: str | None = None) -> Self:
        """They answer the newest mail that they got; `automatic` is a program that does, `sender` another address."""
        return self._then(partial(self._story.reply_by_mail, self._address, text, automatic=automatic, sender=sender))


class Chat(Script):
    """What somebody is written directly in the chat."""

    def __init__(self, story: "Story", user: str) -> None:
        super().__init__(story)
        self._user = user

    def gets(self, *words: str) -> Self:
        """A message with all these words."""
        return self._then(partial(self._story.claim, "chat", self._user, words))

    def presses(self, button: str, *, on: str = "") -> Self:
        """They press a button of the newest message to them that has these words."""
        return self._then(partial(self._story.press, self._user, button, on))


class TicketPage(Script):
    """What the ticket shows, one status after the other."""

    def reads(self, status: str) -> Self:
        """The status was written, after the ones that were read before."""
        return self._then(partial(self._story.ticket_reads, status))


class Story:
    """One reference from its opening to the end, with everything that anybody hears of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.reference = world.reference()
        self.policy = self.reference.lower()
        self.scripts: list[Script] = []
        self.over = False
        self.patience = PATIENCE
        self.opener, self.restricted = "agent", False
        self._directory = Directory.from_file(DIRECTORY)
        self._began = len(world.standins.outbox())
        self._claimed: set[int] = set()
        self._ticket_read = 0
        self._earlier: set[str] = set()  # sends of episodes that have ended
        self.linked: list[str] = []  # references beside this one, whose sends belong to the story as well
        self._tolerated: list[tuple[str, str]] = []

    # --- Playing ------------------------------------------------------------------------------------------------------

    def agrees(self, **knobs: Any) -> None:  # noqa: ANN401  # of `agreement`
        """The agreement of this story, or a change of it; see `agreements.agreement`."""
        self.world.agree(self.policy, agreement(self.policy, **knobs))

    def maintains(self, length: timedelta, **about: Any) -> datetime:  # noqa: ANN401  # of a window in the file
        """Until that instant there is a window of maintenance, about Engineering unless it says otherwise."""
        now = datetime.now(UTC).replace(microsecond=0)
        given = {"since": now - timedelta(hours=1), "until": now + length}
        times = {edge: at.isoformat() for edge, at in given.items()}
        story = {"routes": ["to-engineering"], "reason": "the database moves", "by": "dana", **times, **about}
        self.world.maintain(**{self.policy: {name: value for name, value in story.items() if value is not None}})
        return given["until"]

    async def opens(self, *, customer_hears: bool = True, proven: bool = False, **given: Any) -> Answer:  # noqa: ANN401  # of a request
        """The ticket is handed over, by the agent, as a SEV1 for Engineering to fix; the customer hears of it."""
        self.opener, self.restricted = given.get("by", "agent"), given.get("restricted", False)
        answer = await (self.world.signing if proven else self.world.desk).start(self.request(**given))
        if customer_hears and not self.restricted:
            await self.mailbox("acme").gets("We have escalated")
        return answer

    def request(self, **given: Any) -> EscalationRequest:  # noqa: ANN401  # of a request
        """What is asked for at the opening."""
        return self.request_for(self.reference, **{"policy": self.policy, **given})

    @staticmethod
    def request_for(reference: str, **given: Any) -> EscalationRequest:  # noqa: ANN401  # of a request
        """The same for a ticket of that name, which is its reference too."""
        return EscalationRequest(
            **{
                "ticket": reference,
                "title": TITLE,
                "description": "Every card payment fails since noon.",
                "route": "to-engineering",
                "severity": "SEV1",
                "ask": Ask.FIX,
                "customer": "acme",
                "deadline": datetime.now(UTC) + timedelta(hours=20),
                "by": "agent",
                "key": "first",
                **given,
            }
        )

    def phone(self, person: str) -> Phone:
        """The telephone of somebody in the directory."""
        return Phone(self, self.number_of(person))

    def mailbox(self, person: str) -> Mailbox:
        """The mailbox of somebody in the directory, or of the customer."""
        return Mailbox(self, self._address(person, Address.EMAIL))

    def chat(self, person: str) -> Chat:
        """The chat with somebody in the directory."""
        return Chat(self, self._address(person, Address.CHAT))

    async def press(self, user: str, button: str, words: str) -> None:
        """A signed button arrives at the gateway."""
        mine = [
            send
            for send in self._sends()
            if (send.channel, send.to) == ("chat", user) and words in self._words_of(send)
        ]
        posted = await asyncio.to_thread(self.world.standins.chat, mine[-1].provider_id, user, press=button)
        assert posted is not None
        assert posted.answered == 200, posted

    def number_of(self, person: str) -> str:
        """Where to aim a fault at somebody's telephone."""
        return self._address(person, Address.SMS)

    def ticket(self) -> TicketPage:
        """The page of the ticket."""
        return TicketPage(self)

    def tolerates(self, channel: Channel, person: str, *, times: int) -> None:
        """At most so many sends to somebody may have come, or not: only where two things race by intent."""
        kind = {"chat": Address.CHAT, "email": Address.EMAIL}.get(channel, Address.SMS)
        to = self._address(person, kind)
        self._tolerated += [(channel, to)] * times

    async def view(self) -> View:
        """How it stands."""
        return await self.world.desk.view(self.reference)

    async def stands(self, **expected: object) -> View:
        """Wait until the view shows all of this."""
        seen: list[View] = []

        async def shown() -> bool:
            seen[:] = [await self.view()]
            return all(getattr(seen[0], name) == value for name, value in expected.items())

        await until(shown, lambda: f"the view never showed {expected}; it shows {seen}", self.patience)
        return seen[0]

    async def log_reads(self, *words: str) -> str:
        """Wait for a line of the log with all these words, and give it."""
        found: list[str] = []

        async def there() -> bool:
            found[:] = await self.world.desk.timeline(self.reference)
            return any(all(word in line for word in words) for line in found)

        await until(there, lambda: f"the log never read {words}:\n" + "\n".join(found), self.patience)
        return next(line for line in found if all(word in line for word in words))

    async def reply(self, number: str, body: str) -> None:
        """A signed text from that number arrives at the gateway."""
        text = body.format(code=(await self.view()).code)
        posted = await asyncio.to_thread(self.world.standins.reply_sms, number, text, OURS)
        assert posted.answered in {200, 204}, posted

    async def phone_of_ours_writes(self, person: str, word: str) -> None:
        """A carrier's word from somebody's telephone to our number, whatever it got before."""
        number = self.number_of(person)
        posted = await asyncio.to_thread(self.world.standins.reply_sms, number, word, OURS)
        assert posted.answered == 204, posted

    async def reply_by_mail(self, address: str, text: str, *, automatic: bool, sender: str | None) -> None:
        """A signed mail in answer to the newest one to that address arrives at the gateway."""
        mail = next(send for send in reversed(self._sends()) if (send.channel, send.to) == ("email", address))
        text = text.format(code=(await self.view()).code)
        posted = await asyncio.to_thread(
            self.world.standins.reply_mail, mail.provider_id, text, automatic=automatic, sender=sender
        )
        assert posted.answered == 204, posted

    async def claim(self, channel: Channel, to: str, words: tuple[str, ...]) -> Accepted:
        """Wait for a send that nobody has claimed yet, and claim it."""
        found: list[int] = []

        def there() -> bool:
            found[:] = [place for place, send in self._unclaimed() if self._fits(send, channel, to, words)]
            return bool(found)

        if not await asyncio.to_thread(self.world.standins.wait_until, there, self.patience):
            told = [_summary(send) for _, send in self._unclaimed()]
            raise Unexpected(f"no {channel} to {to} with {words}; unclaimed are {told}\n{await self._log()}")
        self._claimed.add(found[0])
        return self.world.standins.outbox()[found[0]]

    async def ticket_reads(self, status: str) -> None:
        """Wait until the ticket was given that status, after those read before."""

        def written() -> list[str | None]:
            writes = self.world.standins.journal.entries(TicketWrite)
            return [write.status for write in writes if write.ticket == self.reference and write.status is not None]

        def there() -> bool:
            return status in written()[self._ticket_read :]

        if not await asyncio.to_thread(self.world.standins.wait_until, there, self.patience):
            raise Unexpected(f"the ticket never read {status!r}; it read {written()}\n{await self._log()}")
        self._ticket_read += written()[self._ticket_read :].index(status) + 1

    # --- Ending -------------------------------------------------------------------------------------------------------

    async def is_called_off(self, *hearers: str, unledgered: int = 0) -> list[Entry]:
        """The scenario has shown what it is about: it is cancelled, the hearers are told, and the books are compared.

        Whoever opened it and the customer always hear. Gives the log.
        """
        await self._told(hearers)
        await self.world.desk.cancel(self.reference, by="agent", reason="the scenario is over")
        for person in dict.fromkeys((*hearers, self.opener)):
            await self.mailbox(person).gets("It was cancelled")
        if not self.restricted:
            await self.mailbox("acme").gets("our last message")
        return await self.ends(Phase.CANCELLED, unledgered=unledgered)

    async def was_refused(self, refusal: Refusal) -> Entry:
        """It never opened: one entry says why, nobody heard anything. Gives the entry."""
        ending = await asyncio.wait_for(self.world.desk.wait(self.reference), self.patience.total_seconds())
        (row,) = self.world.audit.entries(self.reference)
        entry = kept(row.body, row.digest).entry
        self._nothing_unexpected([entry])
        assert (ending.refusal, entry.refusal, ending.phase) == (refusal, refusal, None)
        assert verify([kept(row.body, row.digest)]).fault is None
        await self._replays()
        self.over = True
        return entry

    async def ends(self, phase: Phase, *, unledgered: int = 0) -> list[Entry]:
        """It is over in that phase, and every book agrees: nothing too many, nothing missing. Gives the log.

        `unledgered` pages went out while the ledger was away, and have no row there. Of several episodes the last one
        is checked.
        """
        assert all(script.spoken for script in self.scripts), "a line of the dialogue was never awaited"
        ending = await asyncio.wait_for(self.world.desk.wait(self.reference), self.patience.total_seconds())
        entries = [kept(row.body, row.digest) for row in self.world.audit.entries(self.reference, ending.episode)]
        verdict = verify(entries)
        log = [entry.entry for entry in entries]
        self._nothing_unexpected(log)
        self._log_holds(ending, verdict, phase)
        self._ledger_agrees(log, unledgered)
        await self._replays()
        self.over = True
        return log

    def _nothing_unexpected(self, log: list[Entry]) -> None:
        tolerated = Counter(self._tolerated)
        surplus = []
        for _, send in self._unclaimed():
            if tolerated[send.channel, send.to] > 0:
                tolerated[send.channel, send.to] -= 1
            else:
                surplus.append(_summary(send))
        if surplus:
            lines = "\n".join(f"#{entry.sequence} {entry.at:%H:%M:%S.%f} {entry.command.kind}" for entry in log)
            raise Unexpected(f"nobody expected {surplus}\n{lines}")

    def _log_holds(self, ending: Ending, verdict: Verdict, phase: Phase) -> None:
        assert (verdict.fault, verdict.entries, verdict.head) == (None, ending.sequence, ending.digest)
        assert verdict.state is not None
        assert (ending.phase, verdict.state.phase) == (phase, phase)
        assert (ending.conflicts, verdict.state.errands) == ((), ())

    def _ledger_agrees(self, log: list[Entry], unledgered: int) -> None:
        """Every send is in the log and in the ledger, once; nothing is left open there."""
        for other in self.linked:
            log = [*log, *(kept(row.body, row.digest).entry for row in self.world.audit.entries(other))]
        asked = {effect.dispatch for entry in log for effect in entry.effects if isinstance(effect, Notify)}
        rows = [row for dispatch in asked if (row := self.world.ledger.get(dispatch)) is not None]
        sent = [row.provider_id for row in rows if row.state is State.SENT]
        taken = {send.provider_id for send in self._sends()} - self._earlier
        assert len(sent) == len(set(sent))
        assert not [row for row in rows if row.state is State.INTENT or row.second_provider_id is not None]
        assert set(sent) <= taken
        assert len(taken) - len(set(sent)) == unledgered
        self._earlier |= taken

    async def histories(self) -> list[WorkflowHistory]:
        """What the engine recorded, run by run, the last one first."""
        found: list[WorkflowHistory] = []
        run: str | None = None
        while not found or run:
            found.append(await self.world.client.get_workflow_handle(self.reference, run_id=run).fetch_history())
            started = found[-1].events[0].workflow_execution_started_event_attributes
            run = started.continued_execution_run_id or None
        return found

    async def _replays(self) -> None:
        replayer = Replayer(workflows=[EscalationWorkflow], data_converter=DATA_CONVERTER)
        for history in await self.histories():
            await replayer.replay_workflow(history)

    async def leaves(self) -> None:
        """Leave nothing behind that could send in the next story, however this one went."""
        standins = self.world.standins
        self.world.maintain()
        standins.clear_faults()
        standins.callbacks()
        standins.expect("sms", "delivered")
        standins.expect("voice", "completed")
        await asyncio.to_thread(self.world.reopen_channels)
        for reference in (self.reference, *self.linked):
            with suppress(RPCError):
                await self.world.client.get_workflow_handle(reference).terminate("the story is over")

    # --- Inside -------------------------------------------------------------------------------------------------------

    def handle(self) -> WorkflowHandle[Any, Ending]:
        """The workflow itself."""
        return self.world.client.get_workflow_handle(self.reference, result_type=Ending)

    async def _told(self, hearers: tuple[str, ...]) -> None:
        """Wait until it is known of all of them that a message reached them: what is on its way may come too late."""
        missing: set[str] = set(hearers)

        async def known() -> bool:
            view = await self.view()
            missing.difference_update({*view.told, view.owner, view.customer_contact})
            return not missing

        await until(known, lambda: f"{missing} were told nothing", self.patience)

    def _address(self, person: str, channel: Address) -> str:
        found = self._directory.address(person, channel)
        assert found is not None, f"{person} has no {channel}"
        return found

    def _sends(self) -> list[Accepted]:
        """What was sent to somebody; a war room is everybody's, and no ledger has it."""
        return [send for send in self.world.standins.outbox()[self._began :] if not _in_room(send)]

    def _unclaimed(self) -> list[tuple[int, Accepted]]:
        sends = enumerate(self.world.standins.outbox())
        return [
            (place, send)
            for place, send in sends
            if place >= self._began and place not in self._claimed and not _in_room(send)
        ]

    def _fits(self, send: Accepted, channel: Channel, to: str, words: tuple[str, ...]) -> bool:
        return (send.channel, send.to) == (channel, to) and all(word in self._words_of(send) for word in words)

    def _words_of(self, send: Accepted) -> str:
        """Everything that was written; of a call what it has to say, whether or not anybody picked up."""
        kept = self.world.scripts.read(send.dispatch or "") if send.url else None
        said = kept.words if kept is not None else send.twiml or ""
        spelled = said.replace(", dash, ", "-").replace(", ", "")
        return "\n".join(part for part in (send.subject, send.body, said, spelled) if part)

    async def _log(self) -> str:
        return "\n".join(await self.world.desk.timeline(self.reference))


async def until(
    condition: Callable[[], Awaitable[bool]],
    complaint: Callable[[], str],
    within: timedelta = PATIENCE,
    every: timedelta = LOOK_EVERY,
) -> None:
    """Wait for a condition of which nobody is told; raise with the complaint when it does not come."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within.total_seconds()
    while not await condition():
        if loop.time() > end:
            raise Unexpected(complaint())
        await asyncio.sleep(every.total_seconds())


def _in_room(send: Accepted) -> bool:
    return send.channel == "chat" and send.to.startswith("C")


def _summary(send: Accepted) -> str:
    return f"{send.channel} to {send.to}: {(send.body or send.twiml or '')[:160]!r}"
