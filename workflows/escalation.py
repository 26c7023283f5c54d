"""The durable shell around the core: it receives, remembers, waits and obeys. It decides nothing.

One loop owns the state. Handlers gather the facts their command needs, put the command into the inbox and wait for the
answer; acts report through the same inbox. Every decision writes its audit entry at once, as its own activity, before
its effects are started: so each wake that changes state issues a command in that same wake, and which commands a wake
issues depends on the decision alone, never on what is still running (see docs/decisions/0004). The only timer is for
the next due instant; a later one lets it fire and is armed then.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from escalation.core.commands import Cancel, Command, Elapse, Open
    from escalation.core.decide import Decision, decide
    from escalation.core.effects import Effect
    from escalation.core.entry import Sealed
    from escalation.core.facts import ReportDelivery
    from escalation.core.policy import Policy
    from escalation.core.refusals import Refusal
    from escalation.core.standing import Standing
    from escalation.core.state import Escalation, next_due
    from escalation.core.vouching import OPERATOR
    from escalation.wire import names
    from escalation.wire.messages import Answer, Carried, Ending, Instruction, Knock, LateFact, Page, Start, View
    from escalation.wire.telling import tell
    from escalation.wire.views import page_of, view_of
    from workflows import options, ports
    from workflows.facts import standing_of, unsound, with_facts
    from workflows.opening import admission, admit, freeze, handed_over
    from workflows.perform import perform
    from workflows.shown import Attributes, attributes_of, change

TIMELINE_LINES = 50
# Answers that are remembered by idempotency key across runs; the oldest is forgotten first.
ANSWERS_MAX = 500
# How long a run that is asked to make way waits for what is in flight; all of it is safe to start again.
DRAIN = timedelta(seconds=60)
# Entries that a dead audit store may leave to the next run; with more, this run stays until some are written.
CARRIED_ENTRIES_MAX = 100
# Calls for what is due in one wake; a wake that needs more goes on in the next second.
ELAPSES_PER_WAKE = 20
# A caller whose command meets the very end reads "ended" from the engine, and a signal changes nothing any more.
ABANDON = workflow.HandlerUnfinishedPolicy.ABANDON
OPENING = "opening"  # the key under which the opening's answer is remembered


@dataclass
class Item:
    """A command in the inbox. `key` is None when nobody waits for the answer."""

    command: Command
    key: str | None = None


def _stopped() -> Cancel:
    """Somebody pressed "cancel" in the engine itself, which nobody else can say."""
    return Cancel(OPERATOR, "cancelled in the engine", Standing(OPERATOR, verified=True))


@workflow.defn(name=names.WORKFLOW)
class EscalationWorkflow:
    """One escalation, from the opening until everything it asked of the world is settled."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        carried = start.carried
        self._start = start
        self._state: Escalation | None = carried.state if carried else None
        self._answers: dict[str, Answer] = dict(carried.answers) if carried else {}
        self._timeline: deque[str] = deque(carried.timeline if carried else (), maxlen=TIMELINE_LINES)
        self._digest = ""  # of the last entry
        self._unrecorded: dict[int, Page] = {}
        self._conflicts: list[int] = list(carried.conflicts) if carried else []
        self._send_timeout = carried.send_timeout if carried else ports.Admitted(None, {}).send_timeout
        self._inbox: deque[Item] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._published: Attributes = {}
        self._timer: asyncio.Task[None] | None = None
        self._timer_at: datetime | None = None
        self._ticked = False
        self._words_owed = False  # words that the store has not taken yet
        self._drain_over: bool | None = None  # None: not draining
        self._unopenable: ApplicationError | None = None

    @workflow.run
    async def run(self, start: Start) -> Ending:
        """Open or carry on, then decide and obey until settled."""
        if start.carried is None:
            await self._open()
        else:
            self._carry_on(start.carried)
        while not self._settled():
            self._work()
            if self._state is not None and self._may_make_way():
                self._make_way(self._state)
            try:
                await workflow.wait_condition(self._awake)
            except asyncio.CancelledError:
                self._inbox.append(Item(_stopped()))
        if self._unopenable is not None:
            raise self._unopenable
        await self._dismiss()
        return self._ending()

    # --- doors -------------------------------------------------------------------------------------------------------

    @workflow.update(name=names.UPDATE_OPEN, description="Is this episode open?", unfinished_policy=ABANDON)
    async def open(self, knock: Knock) -> Answer:
        """Answer for the opening; another episode of the same ticket is refused while this one runs."""
        await workflow.wait_condition(lambda: OPENING in self._answers or self._unopenable is not None)
        if self._unopenable is not None:
            raise self._unopenable
        answer, state = self._answers[OPENING], self._state
        if knock.episode == self._start.episode:
            return answer
        refusal = Refusal.STILL_CLOSING if state is None or state.ended else Refusal.ALREADY_OPEN
        return replace(answer, refusal=refusal, facts={"episode": self._start.episode})

    @workflow.update(name=names.UPDATE_COMMAND, description="A person's command", unfinished_policy=ABANDON)
    async def command(self, instruction: Instruction) -> Answer:
        """Judge a command; the update's id is its idempotency key, across runs too."""
        return await self._take(instruction, update.id if (update := workflow.current_update_info()) else "")

    @command.validator
    def _is_whole(self, instruction: Instruction) -> None:
        """Only what is malformed leaves no trace."""
        if (why := unsound(instruction)) is not None:
            raise ApplicationError(why, type="Malformed")

    @workflow.signal(name=names.SIGNAL_APPROVE, description="A manager's yes, by signal", unfinished_policy=ABANDON)
    async def approve(self, instruction: Instruction) -> None:
        """The same rule as by update judges it; whoever sent it reads the answer in the log."""
        await self._take_signal(instruction, "approve")

    @workflow.signal(name=names.SIGNAL_REJECT, description="A manager's no, by signal", unfinished_policy=ABANDON)
    async def reject(self, instruction: Instruction) -> None:
        """The same rule as by update judges it; whoever sent it reads the answer in the log."""
        await self._take_signal(instruction, "reject")

    @workflow.signal(name=names.SIGNAL_FACT, description="A receipt that changes a decision", unfinished_policy=ABANDON)
    async def fact(self, late: LateFact) -> None:
        """What the gateway learned about a dispatch, or a linked one says of itself, with the gateway's proof."""
        await workflow.wait_condition(self._is_open)
        fact = late.fact
        if fact.kind in {"report_delivery", "report_linked"} and unsound(late) is None:
            standing = await standing_of(self._start, late)
            heard = replace(fact, how="receipt") if isinstance(fact, ReportDelivery) else fact
            self._inbox.append(Item(replace(heard, standing=standing)))

    @workflow.query(name=names.QUERY_VIEW, description="How it stands")
    def view(self) -> View:
        """A read-only picture; fails for what never opened."""
        if self._state is None:
            raise ApplicationError(f"{self._start.reference!r} {names.NOT_OPEN}", type="NotOpen")
        return view_of(self._state)

    @workflow.query(name=names.QUERY_TIMELINE, description=f"The last {TIMELINE_LINES} lines of the log")
    def timeline(self) -> list[str]:
        """The end of the log, as people read it."""
        return list(self._timeline)

    # --- opening -----------------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        start = self._start
        try:
            policy, admitted = await self._prepared(start)
        except ActivityError as error:
            cause = error.cause
            why = (
                cause.message if isinstance(cause, ApplicationError) else "it cannot be read, and no copy is kept here"
            )
            await self._dismiss()  # before anybody hears of it, and perhaps tries again
            self._unopenable = ApplicationError(
                f"policy {start.policy!r} cannot be used: {why}", type="PolicyUnavailable", non_retryable=True
            )
            return
        self._send_timeout = admitted.send_timeout
        if not all(text.commitment for text in admitted.texts.values()):
            self._words_owed = True
            self._go(self._admit_later())
        self._decide(Item(handed_over(start, policy, admitted), OPENING))

    async def _prepared(self, start: Start) -> tuple[Policy, ports.Admitted]:
        """Agreement and admission, whole even if the engine is told to cancel meanwhile: it is cancelled once open.

        What was allotted by then would be nobody's to free otherwise.
        """
        both = asyncio.gather(freeze(start.policy), admit(start))
        try:
            return await asyncio.shield(both)
        except asyncio.CancelledError:
            self._inbox.append(Item(_stopped()))
            return await both

    async def _admit_later(self) -> None:
        await workflow.execute_activity(ports.admit, admission(self._start), **options.ADMIT_LATER)
        self._words_owed = False

    def _carry_on(self, carried: Carried) -> None:
        """The first acts of a new run: what was not written and what was not answered, once more."""
        for page in carried.unrecorded:
            self._record(page)
        for errand in carried.state.errands:
            if errand.asked:
                self._obey(errand.effect, carried.state)

    # --- the loop's work ---------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Everything in the inbox, then everything due, one decision after the other; then show it and wait on."""
        self._ticked = False
        while self._inbox:
            self._decide(self._inbox.popleft())
        for _ in range(ELAPSES_PER_WAKE):
            if not self._is_due():
                break
            self._decide(Item(Elapse()))
        if self._state is not None:
            self._publish(self._state)
            self._arm(self._state)

    def _decide(self, item: Item) -> None:
        if self._state is None and not isinstance(item.command, Open):
            return  # cancelled before it was open: there is nothing to cancel
        decision = decide(self._state, item.command, workflow.now())
        self._keep(decision)
        if item.key is not None:
            self._answer(item.key, decision)
        if decision.state is None:
            return
        for effect in decision.effects:
            self._obey(effect, decision.state)

    def _keep(self, decision: Decision) -> None:
        self._state = decision.state if decision.state is not None else self._state
        sealed: Sealed = decision.sealed
        entry = sealed.entry
        self._digest = sealed.digest
        self._timeline.append(tell(entry))
        self._record(
            Page(entry.reference, entry.episode, entry.sequence, entry.at, entry.previous, sealed.digest, sealed.body)
        )

    def _answer(self, key: str, decision: Decision) -> None:
        entry = decision.sealed.entry
        phase = decision.state.phase if decision.state is not None else None
        answer = Answer(entry.reference, entry.episode, entry.sequence, phase, entry.refusal, entry.facts)
        self._answers[key] = answer
        forgettable = [known for known in self._answers if known != OPENING]
        for known in forgettable[: len(self._answers) - ANSWERS_MAX]:
            del self._answers[known]

    # --- taking commands ---------------------------------------------------------------------------------------------

    async def _take(self, instruction: Instruction, key: str) -> Answer:
        await workflow.wait_condition(self._is_open)
        if self._unopenable is not None:
            raise self._unopenable
        remembered = f"said {key}"  # no caller's key can be the opening's
        if remembered not in self._answers:
            command = await with_facts(self._start, instruction, key, self._state)
            if self._state is None:
                return replace(self._answers[OPENING], refusal=Refusal.ENDED)
            self._inbox.append(Item(command, remembered))
            await workflow.wait_condition(lambda: remembered in self._answers)
        return self._answers[remembered]

    async def _take_signal(self, instruction: Instruction, kind: str) -> None:
        """A signal of another kind than its name says, or malformed, is ignored: it may not harm the run."""
        await workflow.wait_condition(self._is_open)
        said = instruction.command
        if self._state is not None and said is not None and said.kind == kind and unsound(instruction) is None:
            self._inbox.append(Item(await with_facts(self._start, instruction, "", self._state)))

    # --- obeying -----------------------------------------------------------------------------------------------------

    def _obey(self, effect: Effect, state: Escalation) -> None:
        self._go(self._perform(effect, state, workflow.now()))

    async def _perform(self, effect: Effect, state: Escalation, at: datetime) -> None:
        turn = state.grade.level, state.case.customer
        self._inbox.append(Item(await perform(effect, turn, self._send_timeout, at)))

    def _record(self, page: Page) -> None:
        self._unrecorded[page.sequence] = page
        self._go(self._write(page))

    async def _write(self, page: Page) -> None:
        try:
            await workflow.execute_activity(ports.record, page, summary=f"entry {page.sequence}", **options.RECORD)
        except ActivityError:
            self._conflicts.append(page.sequence)
            workflow.logger.error("audit conflict", extra={"reference": page.reference, "sequence": page.sequence})
        del self._unrecorded[page.sequence]

    async def _dismiss(self) -> None:
        order = ports.Dismissal(self._start.reference, self._start.episode, workflow.now())
        try:
            await workflow.execute_activity(ports.dismiss, order, **options.DISMISS)
        except ActivityError:
            workflow.logger.warning("short code stays taken", extra={"reference": order.reference})

    def _go(self, work: Any) -> None:  # noqa: ANN401  # a coroutine of any result
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- showing -----------------------------------------------------------------------------------------------------

    def _publish(self, state: Escalation) -> None:
        """Search attributes, only what changed, in one call; and the page of the engine's own UI."""
        shown = attributes_of(state)
        changed = [change(key, value) for key, value in shown.items() if self._published.get(key) != value]
        if changed:
            workflow.upsert_search_attributes(changed)
            self._published = shown
        workflow.set_current_details(page_of(view_of(state)))

    # --- waiting -----------------------------------------------------------------------------------------------------

    def _arm(self, state: Escalation) -> None:
        """Keep one timer that fires no later than the next due instant; none when nothing is due."""
        due = next_due(state)
        if due is None or (self._timer_at is not None and due < self._timer_at):
            if self._timer is not None:
                self._timer.cancel()
            self._timer, self._timer_at = None, None
        if due is not None and self._timer_at is None:
            self._timer_at = due
            self._timer = asyncio.create_task(self._tick(due))

    async def _tick(self, due: datetime) -> None:
        ahead = max(due - workflow.now(), timedelta(seconds=1) if self._is_due() else timedelta(milliseconds=1))
        await workflow.sleep(ahead, summary=f"next due {due.isoformat(timespec='seconds')}")
        self._timer, self._timer_at, self._ticked = None, None, True

    def _is_due(self) -> bool:
        due = next_due(self._state) if self._state is not None else None
        return due is not None and due <= workflow.now()

    def _is_open(self) -> bool:
        return OPENING in self._answers or self._unopenable is not None

    def _awake(self) -> bool:
        return bool(self._inbox) or self._ticked or self._settled() or self._may_make_way()

    def _settled(self) -> bool:
        state = self._state
        over = self._unopenable is not None or (self._is_open() and (state is None or state.settled))
        owed = self._inbox or self._unrecorded or self._words_owed
        return over and not owed and workflow.all_handlers_finished()

    def _may_make_way(self) -> bool:
        """Whether this run is asked to end and can: nothing is in flight, or it has been waited for long enough."""
        state = self._state
        if state is None or state.settled or not workflow.info().is_continue_as_new_suggested():
            return False
        if self._drain_over is None:
            self._drain_over = False
            self._go(self._end_drain())
        idle = not self._unrecorded and not self._words_owed and not any(errand.asked for errand in state.errands)
        room = len(self._unrecorded) <= CARRIED_ENTRIES_MAX
        return (idle or self._drain_over) and room and not self._inbox and workflow.all_handlers_finished()

    async def _end_drain(self) -> None:
        await workflow.sleep(DRAIN, summary="what is in flight may still come back")
        self._drain_over = True

    def _make_way(self, state: Escalation) -> None:
        workflow.continue_as_new(
            replace(
                self._start,
                carried=Carried(
                    state=state,
                    answers=self._answers,
                    timeline=tuple(self._timeline),
                    unrecorded=tuple(self._unrecorded.values()),
                    conflicts=tuple(self._conflicts),
                    send_timeout=self._send_timeout,
                ),
            )
        )

    def _ending(self) -> Ending:
        start, state = self._start, self._state
        opening = self._answers[OPENING]
        conflicts = tuple(self._conflicts)
        if state is None:
            return Ending(start.reference, start.episode, None, 1, self._digest, opening.refusal, conflicts)
        return Ending(
            start.reference, start.episode, state.phase, state.head.sequence, state.head.digest, None, conflicts
        )
