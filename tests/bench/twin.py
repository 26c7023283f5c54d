"""The bare twin: what somebody would write who only wants the messages out, without one rule.

It takes the same updates, keeps the same words, asks the directory once, has the same messages sent and the same
notes written through the same acts, and records one small audit entry per command. It has no policy, no clock, no
chain, no search attributes, and judges nothing. With `facts` it also records what comes back, as ours must.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from escalation.core.draft import dispatch_id
    from escalation.core.effects import Brief, Effect, FindContacts, Notify, Text, WriteTicket
    from escalation.core.entry import digest_of
    from escalation.core.facts import Fact, ReportContacts
    from escalation.core.opening import GENESIS
    from escalation.core.vocabulary import Channel, Message, Phase, Severity
    from escalation.wire import names
    from escalation.wire.messages import Answer, Ending, Instruction, Knock, Page, Start
    from workflows import options, ports
    from workflows.perform import perform

BARE = "BareTwin"
BARE_WITH_FACTS = "BareTwinWithFacts"
ROLE = "team-0-first"
PAGED_ON = (Channel.SMS, Channel.EMAIL)


@dataclass(frozen=True, slots=True)
class Told:
    """What a command makes the twin send: to whom, on which channel, what."""

    contact: str
    channel: Channel
    message: Message


class Twin:
    """Everything that both kinds share."""

    facts = False

    def __init__(self, start: Start) -> None:
        self._start = start
        self._severity = start.severity or Severity.SEV1
        self._code: int | None = None
        self._texts: dict[str, Text] = {}
        self._send_timeout = timedelta(0)
        self._phase: Phase | None = None
        self._told: tuple[str, ...] = ()
        self._entries = 0
        self._numbers = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def live(self) -> Ending:
        """From the opening until everything that was asked for has been done."""
        start = self._start
        words = {"title": start.title, "description": start.description}
        admission = ports.Admission(start.reference, start.episode, workflow.now(), words)
        admitted = await workflow.execute_activity(ports.admit, admission, **options.ADMIT)
        self._code, self._texts, self._send_timeout = admitted.code, admitted.texts, admitted.send_timeout
        self._phase = Phase.IN_TRANSFER
        self._go(self._write("open"))
        self._go(self._find())
        self._send(Told(start.customer, Channel.EMAIL, Message.CUSTOMER_OPENING))
        self._note("In Transfer")
        await workflow.wait_condition(lambda: self._phase is Phase.CLOSED and not self._tasks)
        await workflow.wait_condition(workflow.all_handlers_finished)
        dismissal = ports.Dismissal(start.reference, start.episode, workflow.now())
        await workflow.execute_activity(ports.dismiss, dismissal, **options.DISMISS)
        return Ending(start.reference, start.episode, self._phase, self._entries, "")

    async def opened(self) -> Answer:
        """Whether it is open."""
        await workflow.wait_condition(lambda: self._phase is not None)
        return self._answer()

    async def obey(self, instruction: Instruction) -> Answer:
        """Send what belongs to the command, and record it."""
        text = await self._keep(instruction) if instruction.words is not None else None
        command = instruction.command
        kind = command.kind if command is not None else ""
        self._go(self._write(kind))
        customer = self._start.customer
        match kind:
            case "acknowledge":
                self._phase = Phase.ACTIVE
                self._tell_everybody(Message.ACKNOWLEDGED)
                self._note("Active")
            case "post_update":
                self._send(Told(customer, Channel.EMAIL, Message.CUSTOMER_UPDATE), text)
            case "resolve":
                self._phase = Phase.RESOLVED
                self._send(Told(customer, Channel.EMAIL, Message.CUSTOMER_RESOLUTION), text)
                self._note("Resolved", text)
            case "confirm":
                self._phase = Phase.CLOSED
                self._tell_everybody(Message.CLOSING)
                self._send(Told(customer, Channel.EMAIL, Message.CUSTOMER_CLOSING))
                self._note("Closed")
            case _:
                raise ApplicationError(f"the twin knows no {kind!r}", type="Malformed")
        return self._answer()

    def _tell_everybody(self, message: Message) -> None:
        for contact in self._told:
            self._send(Told(contact, Channel.SMS, message))

    async def _find(self) -> None:
        effect = FindContacts(self._number(), "step", (ROLE,))
        report = await self._performed(effect)
        found = report.found[0] if isinstance(report, ReportContacts) and report.found else None
        people = (found.contact, found.backup) if found is not None else ()
        self._told = tuple(name for name in people if name is not None)
        for contact in self._told:
            for channel in PAGED_ON:
                self._send(Told(contact, channel, Message.PAGE))

    async def _keep(self, instruction: Instruction) -> Text | None:
        start, asked = self._start, workflow.current_update_info()
        by = instruction.command.by if instruction.command is not None else ""
        order = ports.Inquiry(
            *(start.reference, start.episode, by, workflow.now()),
            words=instruction.words,
            key=asked.id if asked is not None else "",
        )
        answered = await workflow.execute_activity(ports.inquire, order, **options.INQUIRE)
        return answered.text

    def _send(self, told: Told, text: Text | None = None) -> None:
        start, number = self._start, self._number()
        dispatch = dispatch_id(start.reference, start.episode, number, told.contact, told.channel)
        self._go(
            self._performed(Notify(number, dispatch, told.contact, told.channel, told.message, self._brief(), text))
        )

    def _note(self, status: str, text: Text | None = None) -> None:
        start, number = self._start, self._number()
        key = f"{start.reference}.{start.episode}.{number}"
        self._go(self._performed(WriteTicket(number, start.ticket, key, status, self._brief(), text)))

    async def _performed(self, effect: Effect) -> Fact:
        fact = await perform(effect, (self._severity, "acme"), self._send_timeout, workflow.now())
        if self.facts:
            self._go(self._write(fact.kind))
        return fact

    async def _write(self, kind: str) -> None:
        self._entries += 1
        start, sequence = self._start, self._entries
        body = f'{{"at":"{workflow.now().isoformat()}","command":"{kind}","sequence":{sequence}}}'
        page = Page(start.reference, start.episode, sequence, workflow.now(), GENESIS, digest_of(body), body)
        await workflow.execute_activity(ports.record, page, **options.RECORD)

    def _answer(self) -> Answer:
        return Answer(self._start.reference, self._start.episode, self._entries, self._phase)

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _brief(self) -> Brief:
        start, soon = self._start, workflow.now() + timedelta(hours=1)
        return Brief(
            reference=start.reference,
            episode=start.episode,
            ticket=start.ticket,
            code=self._code,
            title=self._texts["title"],
            phase=self._phase or Phase.IN_TRANSFER,
            severity=self._severity,
            label="P1",
            route=start.route,
            team="Engineering",
            ask=start.ask,
            owner=start.by,
            deadline=start.deadline,
            acknowledge_by=soon,
            next_update_by=soon,
            resolve_by=_later(soon),
        )

    def _go(self, work: Any) -> None:  # noqa: ANN401  # a coroutine of any result
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _later(instant: datetime) -> datetime:
    return instant + timedelta(hours=3)


@workflow.defn(name=BARE)
class BareTwin(Twin):
    """One audit entry for each command of a person."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: Start) -> Ending:
        """See `Twin.live`."""
        return await self.live()

    @workflow.update(name=names.UPDATE_OPEN)
    async def open(self, knock: Knock) -> Answer:
        """See `Twin.opened`."""
        return await self.opened()

    @workflow.update(name=names.UPDATE_COMMAND)
    async def command(self, instruction: Instruction) -> Answer:
        """See `Twin.obey`."""
        return await self.obey(instruction)


@workflow.defn(name=BARE_WITH_FACTS)
class BareTwinWithFacts(Twin):
    """One audit entry for each command, and for each fact that comes back."""

    facts = True

    @workflow.init
    def __init__(self, start: Start) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: Start) -> Ending:
        """See `Twin.live`."""
        return await self.live()

    @workflow.update(name=names.UPDATE_OPEN)
    async def open(self, knock: Knock) -> Answer:
        """See `Twin.opened`."""
        return await self.opened()

    @workflow.update(name=names.UPDATE_COMMAND)
    async def command(self, instruction: Instruction) -> Answer:
        """See `Twin.obey`."""
        return await self.obey(instruction)
