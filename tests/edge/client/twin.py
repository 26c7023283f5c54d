"""A workflow with the escalation's doors and none of its rules: what a client meets, on the real engine."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from escalation.core.commands import AddNote, Block, Cancel, Decline
    from escalation.core.refusals import Refusal
    from escalation.core.vocabulary import Phase
    from escalation.wire import names
    from escalation.wire.messages import Answer, Ending, Instruction, Knock, LateFact, Start

DIGEST = "d" * 64


@workflow.defn(name=names.WORKFLOW)
class Twin:
    """`cancel` ends it; `block` ends it as well, but it keeps settling until a fact arrives; `decline` is refused."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        self._start = start
        self._heard: list[str] = []
        self._ended = False
        self._settled = False

    @workflow.run
    async def run(self, start: Start) -> Ending:
        if start.policy == "missing":
            await workflow.wait_condition(lambda: bool(self._heard))
            raise ApplicationError("policy 'missing' cannot be used", type="PolicyUnavailable", non_retryable=True)
        await workflow.wait_condition(lambda: self._ended and self._settled and workflow.all_handlers_finished())
        return Ending(start.reference, start.episode, Phase.CANCELLED, len(self._heard) + 1, DIGEST)

    @workflow.update(name=names.UPDATE_OPEN)
    async def open(self, knock: Knock) -> Answer:
        if self._start.policy == "missing":
            self._heard.append("open")
            raise ApplicationError("policy 'missing' cannot be used", type="PolicyUnavailable", non_retryable=True)
        if knock.episode == self._start.episode:
            return self._answer(1)
        return self._answer(1, Refusal.STILL_CLOSING if self._ended else Refusal.ALREADY_OPEN)

    @workflow.update(name=names.UPDATE_COMMAND)
    async def command(self, said: Instruction) -> Answer:
        self._heard.append(f"{said.command.kind if said.command else 'adopt'} {said.words} {said.proof}")
        if isinstance(said.command, Decline):
            return self._answer(len(self._heard) + 1, Refusal.NOT_ASKED, {"asked": "amira"})
        self._ended = isinstance(said.command, Block | Cancel)
        self._settled = isinstance(said.command, Cancel)
        return self._answer(len(self._heard) + 1)

    @command.validator
    def _is_whole(self, said: Instruction) -> None:
        if isinstance(said.command, AddNote) and said.words == "malformed":
            raise ApplicationError("an instruction carries exactly one of command and adopt", type="Malformed")

    @workflow.signal(name=names.SIGNAL_APPROVE)
    def approve(self, said: Instruction) -> None:
        self._heard.append(f"approve by signal {said.proof}")

    @workflow.signal(name=names.SIGNAL_REJECT)
    def reject(self, said: Instruction) -> None:
        self._heard.append(f"reject by signal {said.proof}")

    @workflow.signal(name=names.SIGNAL_FACT)
    def fact(self, late: LateFact) -> None:
        self._heard.append(f"{late.fact.kind} {getattr(late.fact, 'number', '')} {late.proof}")
        self._settled = True

    @workflow.query(name=names.QUERY_VIEW)
    def view(self) -> None:
        raise ApplicationError(f"{self._start.reference!r} is not open", type="NotOpen")

    @workflow.query(name=names.QUERY_TIMELINE)
    def timeline(self) -> list[str]:
        return list(self._heard)

    def _answer(self, sequence: int, refusal: Refusal | None = None, facts: dict[str, str] | None = None) -> Answer:
        start = self._start
        return Answer(start.reference, start.episode, sequence, Phase.IN_TRANSFER, refusal, facts or {})
