"""Telling one person on one channel what waits for them: it sleeps until that may be told, and ends when nothing waits.

One runs for each person and channel at most, under a fixed id: whoever commits something to wait signals it, which
starts it where it does not run. All that it knows is in the ledger; it only remembers when to look.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from escalation.wire.names import BUNDLE_WORKFLOW, SIGNAL_GATHER
    from workflows import options, ports

LOOKS_MAX = 200
"""After so many looks it goes on in a fresh run, so that its history stays short."""
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
                await workflow.sleep(max(found.wake - now, _NOTHING), summary="until more may be told")
            elif not self._asked:
                return
        workflow.continue_as_new(replace(order, at=self._now()))

    @workflow.signal(name=SIGNAL_GATHER)
    def gather(self, at: datetime) -> None:
        """Something more waits, since that instant."""
        self._asked = True
        self._ahead = max(self._ahead, at - workflow.now())

    def _now(self) -> datetime:
        """Now, by the clock of whoever is furthest: an escalation in virtual time is ahead of this one."""
        return workflow.now() + self._ahead
