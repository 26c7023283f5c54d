"""Virtual time on the real engine: the Temporal development server, with a clock of its own for each escalation.

This is the one place that knows how the server skips time, which is an experiment of its makers. The clock of an
escalation starts at the real now, goes only forward, and runs like any other while nobody advances it. While an act is
under way it does not jump, so what an escalation asks of the world takes its real milliseconds: an instant is reached,
and what is due at it is served, a few milliseconds late. That is why a log is compared as `proof.py` does it.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    StartWorkflowUpdateWithStartInput,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowUpdateHandle,
)
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from escalation.standins.engine import Engine
from escalation.wire.names import NEXT_DUE, QUERY_TIMELINE

FLAGS = (
    "frontend.WorkflowTimeSkippingEnabled=true",
    'history.timerProcessorMaxTimeShift="5ms"',  # by default each skip takes a real second
    "history.timerProcessorMaxPollRPS=1000",
)
SKIPS_MAX = 1_000_000
"""Jumps of one escalation's clock in one advance. By default the server stops after 200, and nobody is told."""
STEPS_MAX = 100_000
"""Looks and jumps of one advance: a few for each edge that comes due on the way."""
EXIT_PAUSE = timedelta(milliseconds=100)
"""The engine's SDK can crash an interpreter that exits within milliseconds of a server's shutdown."""

# A run that ends in this very moment; whoever asks looks again, and finds the next one or the end.
_ENDS_NOW = (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION)
_OUTSIDE = "the virtual engine runs only inside its `async with`"


class StuckError(RuntimeError):
    """The clock of an escalation does not get where it should. One line."""


class VirtualEngine:
    """An engine with virtual time as an async context manager; it keeps nothing. Workers are yours to bring."""

    def __init__(self, flags: Sequence[str] = ()) -> None:
        """`flags` are more of the server's settings, as `key=value`, the value in JSON."""
        arguments = tuple(part for flag in (*FLAGS, *flags) for part in ("--dynamic-config-value", flag))
        self._engine = Engine(flags=arguments)
        self._opens: dict[str, datetime] = {}
        self._skipper: TimeSkipper | None = None
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        """A client of this engine that speaks our payloads. Only while entered."""
        if self._client is None:
            raise RuntimeError(_OUTSIDE)
        return self._client

    @property
    def address(self) -> str:
        """Where other clients connect. What they start has no virtual time."""
        return self._engine.address

    def open_at(self, reference: str, at: datetime) -> None:
        """Whoever opens that escalation next opens it at that instant (UTC); an instant that has passed is now."""
        self._opens[reference] = at

    async def now(self, reference: str) -> datetime:
        """What that escalation's clock shows, UTC."""
        return _time_of(await self._handle(reference).describe())

    async def advance(self, reference: str, to: datetime) -> bool:
        """Let its time pass until `to`; what was due by then is served, and the world has answered. False: it is over.

        An instant that has passed already is reached as soon as nothing is under way. What is tried again after a pause
        is not waited for. Raises `StuckError`, and `RPCError` for what is unknown.
        """
        for _ in range(STEPS_MAX):
            seen = await self._handle(reference).describe()
            if seen.status is not WorkflowExecutionStatus.RUNNING:
                return False
            now, due = _time_of(seen), seen.typed_search_attributes.get(NEXT_DUE)
            if (due is not None and due <= now) or _under_way(seen):
                await self._served(reference)  # what comes of it may be due before anything that is known now
                continue
            if now >= to:
                return True
            # Never past what is due: a run that makes way for the next one in the middle of a jump lets its heir jump
            # at once to where the jump was to end, before the heir has set its first timer.
            await self._jump(reference, (to if due is None else min(to, due)) - now)
        raise StuckError(f"{reference}: its clock has not reached {to.isoformat()} within {STEPS_MAX} steps")

    async def _jump(self, reference: str, ahead: timedelta) -> None:
        try:
            await self._running.fast_forward(self._handle(reference), ahead)
        except RPCError as error:
            if error.status not in _ENDS_NOW:
                raise

    async def _served(self, reference: str) -> None:
        """What is under way has been decided: the engine answers a query only then."""
        try:
            await self._handle(reference).query(QUERY_TIMELINE, result_type=list)
        except RPCError as error:
            if error.status not in _ENDS_NOW:
                raise

    async def __aenter__(self) -> Self:
        await self._engine.__aenter__()
        config = TimeSkippingConfig(enabled=False, max_session_skip_count=SKIPS_MAX)
        self._skipper = TimeSkipper(await self._engine.connect(), config=config)
        watched = self._skipper.client.config()
        watched["interceptors"] = [_Openings(self), *watched["interceptors"]]
        self._client = Client(**watched)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._skipper = self._client = None
        await self._engine.__aexit__(kind, error, trace)
        await asyncio.sleep(EXIT_PAUSE.total_seconds())

    async def delayed(self, start: StartWorkflowUpdateWithStartInput) -> None:
        """Start what is to be opened later, and let its clock come to that instant; then its opening finds it there."""
        order = start.start_workflow_input
        at = self._opens.pop(order.id, None)
        delay = timedelta(0) if at is None else at - datetime.now(UTC)
        if at is None or delay <= timedelta(0) or await self._runs(order.id):
            return
        await self.client.start_workflow(
            order.workflow,
            args=list(order.args),
            id=order.id,
            task_queue=order.task_queue,
            id_reuse_policy=order.id_reuse_policy,
            id_conflict_policy=order.id_conflict_policy,
            memo=order.memo,
            search_attributes=order.search_attributes,
            static_summary=order.static_summary,
            start_delay=delay,
        )
        await self.advance(order.id, at)

    @property
    def _running(self) -> TimeSkipper:
        if self._skipper is None:
            raise RuntimeError(_OUTSIDE)
        return self._skipper

    def _handle(self, reference: str) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(reference)

    async def _runs(self, reference: str) -> bool:
        try:
            return (await self._handle(reference).describe()).status is WorkflowExecutionStatus.RUNNING
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise


def _under_way(seen: WorkflowExecutionDescription) -> bool:
    described = seen.raw_description
    deciding = described.HasField("pending_workflow_task")
    return deciding or any(act.attempt <= 1 for act in described.pending_activities)


def _time_of(seen: WorkflowExecutionDescription) -> datetime:
    """The clock of an escalation; the real one where no time was ever skipped."""
    extended = seen.raw_description.workflow_extended_info
    if not extended.HasField("time_skipping_info"):
        return datetime.now(UTC)
    return extended.time_skipping_info.current_time.ToDatetime().replace(tzinfo=UTC)


class _Openings(Interceptor):
    """Lets the engine see every opening before it happens."""

    def __init__(self, engine: VirtualEngine) -> None:
        self._engine = engine

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002  # the SDK's name
        return _Watched(next, self._engine)


class _Watched(OutboundInterceptor):
    def __init__(self, following: OutboundInterceptor, engine: VirtualEngine) -> None:
        super().__init__(following)
        self._engine = engine

    async def start_update_with_start_workflow(
        self,
        input: StartWorkflowUpdateWithStartInput,  # noqa: A002  # the SDK's name
    ) -> WorkflowUpdateHandle[Any]:
        await self._engine.delayed(input)
        return await super().start_update_with_start_workflow(input)
