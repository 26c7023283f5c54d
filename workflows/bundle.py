"""Telling one person on one channel what waits for them: it sleeps until that may be told, and ends when nothing waits.

One runs for each person and channel at most, under a fixed id: whoever commits something to wait signals it, which
starts it where it does not run. All that it knows is in the ledger; it only remembers when to look.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from escalation.wire.names import BUNDLE_WORKFLOW, SIGNAL_GATHER
    from workflows import options, ports

LOOKS_MAX = 200
"""After so many looks it goes on in a fresh run, so that its history stays short."""
NEWS_WAITS = timedelta(seconds=30)
"""What comes while it sleeps is looked at after that time, so that what comes together is told together."""
WAKES = "wakes for news"  # the patch: until now it slept on, whatever came
_NOTHING = timedelta(0)


@workflow.defn(name=BUNDLE_WORKFLOW)
class BundleWorkflow:
    """Looks, sleeps and tells."""

    @workflow.init
    def __init__(self, order: ports.Gather) -> None:
        self._order = order
        self._ahead = max(order.at - workflow.now(), _NOTHING)
        self._asked = False

    @workflow.run
    async def run(self, order: ports.Gather) -> None:
        """Until nothing waits. What is signalled while the last look is under way is looked for once more."""
        wakes = workflow.patched(WAKES)
        for _ in range(LOOKS_MAX):
            self._asked = False
            now = self._now()
            found = await workflow.execute_activity(
                ports.send_bundle,
                replace(order, at=now),
                task_queue=options.QUEUES[order.channel],
                summary=f"what waits for {order.contact} by {order.channel}",
                **options.SEND_BUNDLE,
            )
            if found.wake is not None:
                await self._sleep(found.wake, wakes=wakes)
            elif not self._asked:
                return
        workflow.continue_as_new(replace(order, at=self._now()))

    async def _sleep(self, until: datetime, *, wakes: bool) -> None:
        """Until that instant, or until what came meanwhile is gathered: it may be told where the rest may not."""
        if not wakes:
            await workflow.sleep(self._left(until), summary="until more may be told")
            return
        if not self._asked and self._left(until) > _NOTHING:
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: self._asked, timeout=self._left(until), timeout_summary="until more may be told"
                )
        if self._left(until) > _NOTHING:
            await workflow.sleep(min(self._left(until), NEWS_WAITS), summary="until what came is gathered")

    def _left(self, until: datetime) -> timedelta:
        return max(until - self._now(), _NOTHING)

    @workflow.signal(name=SIGNAL_GATHER)
    def gather(self, at: datetime) -> None:
        """Something more waits, since that instant."""
        self._asked = True
        self._ahead = max(self._ahead, at - workflow.now())

    def _now(self) -> datetime:
        """Now, by the clock of whoever is furthest: an escalation in virtual time is ahead of this one."""
        return workflow.now() + self._ahead
