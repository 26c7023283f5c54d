"""Where the client meets the engine: what is sent, sent again, answered and read."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self, TypeVar
from uuid import uuid4

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from escalation.client.beside import Beside, Files
from escalation.core import commands as say
from escalation.core.facts import Fact
from escalation.core.refusals import Refusal
from escalation.wire import listing, names, reading, requests
from escalation.wire.asking import LINGERS, PASSING, AgainError, Patience, ended_first, not_taken, persist, translated
from escalation.wire.messages import Adoption, Answer, Ending, Instruction, LateFact, Start, View
from escalation.wire.outcomes import Ended, Head, NotFound, Refused, Unreachable
from escalation.wire.payloads import DATA_CONVERTER
from escalation.wire.proof import Signer, claim_of, opening_claim
from escalation.wire.requests import BadInput, EscalationRequest
from escalation.wire.starting import start_or_find

ADDRESS = "localhost:7233"
GATEWAY = "gateway"  # who vouches for a fact that no person said

_NO_POLICY = "PolicyUnavailable"  # the workflow's
RUNS_MAX = 100  # of one reference, looked through for an earlier episode

T = TypeVar("T")
S = TypeVar("S", Instruction, LateFact)


def _now() -> datetime:
    return datetime.now(UTC)


class EscalationClient(Beside):
    """Start, steer and look at escalations. Instants are aware, references come in any case.

    `by` is the person who speaks; `signer` vouches for them. Every command answers where it stands in the log, and
    raises `Refused`, `NotFound`, `Ended`, `Unreachable` or `BadInput`.
    """

    def __init__(
        self,
        engine: Client,
        *,
        signer: Signer | None = None,
        patience: Patience | None = None,
        now: Callable[[], datetime] = _now,
        files: Files | None = None,
    ) -> None:
        """`engine` must use pydantic's JSON: `DATA_CONVERTER`, or `pydantic_data_converter`.

        `files` is where attachments are kept, for `attach` alone.
        """
        self._engine = engine
        self.files = files
        self._signer = signer
        self._patience = patience or Patience()
        self._now = now

    @classmethod
    async def connect(
        cls,
        *,
        signer: Signer | None = None,
        profile: str | None = None,
        patience: Patience | None = None,
        files: Files | None = None,
    ) -> Self:
        """Connect as the SDK's environment says (TEMPORAL_ADDRESS, TEMPORAL_PROFILE, …). Raises `Unreachable`."""
        patience = patience or Patience()
        try:
            config = {"target_host": ADDRESS, **ClientConfig.load_client_connect_config(profile=profile)}
        except (RuntimeError, ValueError) as error:
            raise BadInput(f"the engine's configuration cannot be read ({error}); correct TEMPORAL_*") from None
        try:
            connecting = Client.connect(**config, data_converter=DATA_CONVERTER)  # type: ignore[arg-type]  # one typed dict
            engine = await asyncio.wait_for(connecting, patience.connect.total_seconds())
        except (RuntimeError, TimeoutError) as error:
            said = re.search(r'message: "([^"]+)"', str(error))  # the SDK's own line is a nest of type names
            why = said[1] if said else (str(error) or "no answer").splitlines()[0]
            raise Unreachable(
                f"no engine at {config['target_host']} ({why}): start it or set TEMPORAL_ADDRESS"
            ) from None
        return cls(engine, signer=signer, patience=patience, files=files)

    # --- Starting -----------------------------------------------------------------------------------------------------

    async def start(self, request: EscalationRequest) -> Answer:
        """Open the escalation of that ticket. The same key answers its escalation again, even after it has ended.

        Raises `Refused`: `already_open` while another key's escalation of the ticket runs.
        """
        return _accepted(await self._ask(lambda: self._knock(request), self._patience.start, request.reference))

    # --- Commands -----------------------------------------------------------------------------------------------------

    async def send(
        self, ref: str, command: say.Instructable, key: str | None = None, *, words: str | None = None
    ) -> Answer:
        """Any command of a person; `words` are kept apart from the log. `Verbs` spells each one out."""
        command, blank = requests.checked(command), not (words or "").strip()
        said = Instruction(command, words=None if blank else requests.words("text", words or ""))
        return await self._command(ref, said, command.by, key)

    async def signal(self, ref: str, decision: say.Approve | say.Reject) -> None:
        """The same yes or no without waiting for an answer: a refusal is in the log only."""
        ref, command = requests.reference(ref), requests.checked(decision)
        name = names.SIGNAL_APPROVE if isinstance(decision, say.Approve) else names.SIGNAL_REJECT
        await self._tell(ref, name, Instruction(command), command.by)

    async def adopt_policy(self, ref: str, *, by: str, policy: str, reason: str, key: str | None = None) -> Answer:
        """From now on the newest good version of that agreement."""
        adoption = Adoption(
            requests.name("by", by),
            requests.name("policy", policy),
            requests.line("reason", reason, chars_max=requests.REASON_CHARS_MAX, required=False),
        )
        return await self._command(ref, Instruction(adopt=adoption), adoption.by, key)

    async def report_fact(self, ref: str, fact: Fact) -> None:
        """Something that the gateway learned about an effect. Returns once the engine has it."""
        ref = requests.reference(ref)
        await self._tell(ref, names.SIGNAL_FACT, LateFact(fact), GATEWAY)

    # --- Looking ------------------------------------------------------------------------------------------------------

    async def view(self, ref: str) -> View:
        """The escalation now, or as it ended while the engine still has it."""
        return await self._query(ref, names.QUERY_VIEW, View)

    async def timeline(self, ref: str) -> list[str]:
        """The last 50 lines of what happened, oldest first."""
        return await self._query(ref, names.QUERY_TIMELINE, list[str])

    async def list_(self, which: listing.Filter, part: listing.Part = listing.FIRST) -> listing.Listing:
        """Those that match, open and worst and most urgent first. The engine's index may lag by a second or so."""
        return await self._ask(lambda: reading.read(self._engine, which, part), self._patience.look, "list")

    async def wait(self, ref: str) -> Ending:
        """How the latest episode ended, once it has. Unbounded: put your own timeout around it. `Ended` if stopped."""
        ref = requests.reference(ref)
        while True:
            try:
                return await self._ending(ref)
            except RPCError as error:
                if error.status not in PASSING:
                    raise translated(error, ref) from None
            await asyncio.sleep(self._patience.longest_pause.total_seconds())

    async def head(self, ref: str, episode: str | None = None) -> Head:
        """The last entry that the engine vouches for, of the latest episode if none is named. Raises `NotFound`."""
        ref = requests.reference(ref)
        return await self._ask(lambda: self._head(ref, episode), self._patience.look, ref)

    async def latest_episode(self, ref: str) -> str | None:
        """The episode that was opened last under a reference; None when the engine knows none."""

        async def once() -> str | None:
            try:
                latest = await self._handle(ref).describe()
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return None
                raise
            return await latest.memo_value(names.MEMO_EPISODE, "", type_hint=str)

        return await self._ask(once, self._patience.look, ref)

    async def ending(self, ref: str, episode: str) -> Ending | None:
        """How that episode ended, or None while it runs, or when the engine has no result of it."""
        ref = requests.reference(ref)

        async def once() -> Ending | None:
            latest = await self._handle(ref).describe()
            run: str | None = latest.run_id
            if await latest.memo_value(names.MEMO_EPISODE, "", type_hint=str) != episode:
                run = await self._indexed(ref, episode)
            elif latest.status is WorkflowExecutionStatus.RUNNING:
                return None
            return None if run is None else await self._ending_or_none(ref, run)

        return await self._ask(once, self._patience.look, ref)

    async def episodes(self, ref: str) -> tuple[str, ...]:
        """The episodes of a reference whose runs the engine still has, oldest first; at most `RUNS_MAX` runs are read.

        What was refused for want of a policy is none: nothing was recorded. The engine's index may lag by a second.
        """
        ref = requests.reference(ref)

        async def once() -> tuple[str, ...]:
            query = f"WorkflowId = '{ref}'"
            runs = [run async for run in self._engine.list_workflows(query, limit=RUNS_MAX)]
            opened = [run for run in runs if run.status is not WorkflowExecutionStatus.FAILED]
            opened.sort(key=lambda run: run.start_time)
            found = [await run.memo_value(names.MEMO_EPISODE, "", type_hint=str) for run in opened]
            return tuple(dict.fromkeys(episode for episode in found if episode))

        return await self._ask(once, self._patience.look, ref)

    # --- Inside -------------------------------------------------------------------------------------------------------

    async def _command(self, ref: str, said: Instruction, by: str, key: str | None) -> Answer:
        ref = requests.reference(ref)
        update = requests.key(key) if key is not None else str(uuid4())
        return _accepted(await self._ask(lambda: self._update(ref, said, by, update), self._patience.command, ref))

    async def _signed(self, ref: str, said: S, by: str) -> S:
        """With a proof that is good for the latest episode alone, wherever it is read later."""
        if self._signer is None:
            return said
        episode = await (await self._handle(ref).describe()).memo_value(names.MEMO_EPISODE, "", type_hint=str)
        return replace(said, proof=self._signer.sign(by, claim_of(ref, episode, said), self._now()))

    async def _update(self, ref: str, said: Instruction, by: str, update: str) -> Answer:
        handle, said = self._handle(ref), await self._signed(ref, said, by)
        try:
            answer: Answer = await handle.execute_update(names.UPDATE_COMMAND, said, id=update, result_type=Answer)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        except WorkflowUpdateFailedError as error:
            if not ended_first(error):
                raise not_taken(error) from None
        else:
            return answer
        return await self._answer_after_the_end(ref, update)

    async def _answer_after_the_end(self, ref: str, update: str) -> Answer:
        """The answer that this very command got before the escalation ended, if it got one; else `Ended`."""
        description = await self._handle(ref).describe()
        if description.status is WorkflowExecutionStatus.RUNNING:
            raise AgainError
        earlier = self._handle(ref, description.run_id).get_update_handle(update, result_type=Answer)
        try:
            answer: Answer = await earlier.result(rpc_timeout=self._patience.look)
        except (RPCError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError):
            raise Ended(ref, await self._ending_or_none(ref, description.run_id)) from None
        return answer

    async def _knock(self, request: EscalationRequest) -> Answer:
        """Start it, or find it, or learn why not."""
        ref, episode = request.reference, request.episode
        earlier = await self._earlier(ref, episode)
        if earlier is not None:
            return _answer_of(await self._ending(ref, earlier))
        try:
            # Read-only, so asked afresh each time: the engine repeats an id's answer even from a closed run.
            vouch = self._vouch if self._signer is not None else None
            answer = await start_or_find(self._engine, request, f"open-{episode}-{uuid4()}", vouch)
        except WorkflowUpdateFailedError as error:
            if not ended_first(error):
                raise not_taken(error) from None
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            if answer.refusal is not Refusal.STILL_CLOSING:
                return answer
        await self._ending_or_none(ref, None)  # it is closing: wait until it has, then open the next one
        raise AgainError

    def _vouch(self, start: Start) -> str:
        assert self._signer is not None  # noqa: S101  # nobody asks otherwise
        return self._signer.sign(start.by, opening_claim(start), self._now())

    async def _earlier(self, ref: str, episode: str) -> str | None:
        """The run in which that episode ended. An older one is found as soon as the engine's index shows it."""
        try:
            latest = await self._handle(ref).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        if await latest.memo_value(names.MEMO_EPISODE, "", type_hint=str) != episode:
            return await self._indexed(ref, episode)
        if latest.status is WorkflowExecutionStatus.RUNNING or await self._never_opened(ref, latest.run_id):
            return None
        return latest.run_id

    async def _never_opened(self, ref: str, run: str) -> bool:
        """Whether that run ended for want of a policy: nothing was recorded, so the same key may try again."""
        try:
            await self._handle(ref, run).result()
        except WorkflowFailureError as error:
            return isinstance(error.cause, ApplicationError) and error.cause.type == _NO_POLICY
        return False

    async def _indexed(self, ref: str, episode: str) -> str | None:
        query = f"WorkflowId = '{ref}' AND {names.EPISODE.name} = '{episode}' AND CloseTime IS NOT NULL"
        async for run in self._engine.list_workflows(query, limit=RUNS_MAX):
            if run.status is not WorkflowExecutionStatus.CONTINUED_AS_NEW:
                return run.run_id
        return None

    async def _head(self, ref: str, episode: str | None) -> Head:
        latest = await self._handle(ref).describe()
        found = await latest.memo_value(names.MEMO_EPISODE, "", type_hint=str)
        run: str | None = latest.run_id
        if episode not in {None, found}:
            run = await self._indexed(ref, str(episode))
            if run is None:
                raise NotFound(ref, f"the engine has no record of episode {episode}, perhaps gone by retention")
        elif latest.status is WorkflowExecutionStatus.RUNNING:
            view = await self._handle(ref).query(names.QUERY_VIEW, result_type=View, rpc_timeout=self._patience.look)
            return Head(view.episode, view.sequence, view.digest, ended=False)
        ending = await self._ending(ref, run)
        return Head(ending.episode, ending.sequence, ending.digest, ended=True, conflicts=ending.conflicts)

    async def _query(self, ref: str, query: str, kind: type[T]) -> T:
        ref = requests.reference(ref)
        lingers = min(self._patience.look, LINGERS)

        async def once() -> T:
            found: T = await self._handle(ref).query(query, result_type=kind, rpc_timeout=lingers)
            return found

        return await self._ask(once, self._patience.look, ref)

    async def _tell(self, ref: str, name: str, said: S, by: str) -> None:
        async def once() -> None:
            await self._handle(ref).signal(name, await self._signed(ref, said, by))

        await self._ask(once, self._patience.command, ref)

    async def _ask(self, once: Callable[[], Awaitable[T]], bound: timedelta, ref: str) -> T:
        return await persist(once, bound, self._patience, ref)

    def _handle(self, ref: str, run: str | None = None) -> WorkflowHandle[Any, Ending]:
        return self._engine.get_workflow_handle(ref, run_id=run, result_type=Ending)

    async def _ending(self, ref: str, run: str | None = None) -> Ending:
        try:
            return await self._handle(ref, run).result()
        except WorkflowFailureError:
            raise Ended(ref, None) from None

    async def _ending_or_none(self, ref: str, run: str | None) -> Ending | None:
        try:
            return await self._ending(ref, run)
        except Ended:
            return None


def _answer_of(ending: Ending) -> Answer:
    return Answer(ending.reference, ending.episode, ending.sequence, ending.phase, ending.refusal)


def _accepted(answer: Answer) -> Answer:
    if answer.refusal is not None:
        raise Refused(answer.refusal, answer.facts, answer.reference)
    return answer
