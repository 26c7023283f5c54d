"""Recorded histories: what running escalations look like to the next version of the workflow.

`python -m tests.histories.goldens` plays the stories below on the real engine and writes them anew. Do that only when
the workflow's commands have changed on purpose, and keep the old files as long as such escalations may run.
`python -m tests.histories.goldens FILE…` replays files, in this interpreter with its hash seed.
"""

import asyncio
import gzip
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from escalation.core.commands import Approve
from escalation.core.vocabulary import Ask, Audience, Phase
from tests.scenarios.agreements import SOON
from tests.scenarios.dialogue import Story
from tests.scenarios.world import world_in
from workflows.escalation import EscalationWorkflow

FOLDER = Path(__file__).parent
_MACHINE = re.compile(r'("(?:identity|name)": )"[0-9]+@[^"]*"')  # a worker, or the queue that is its own


async def main_line(story: Story) -> None:
    """SMS, voice, backup; acknowledged, updated, resolved, confirmed."""
    desk, ref = story.world.desk, story.reference
    story.agrees(voice_after="3s", backup_after="3s")
    story.tolerates("voice", "backup", times=1)  # rung up after 6 s, if the machine is slower than the reply
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").is_called(ref)
    await story.phone("backup").gets_sms("SEV1").replies("ack {code}")
    await story.mailbox("primary").gets("backup owns it")
    await desk.post_update(ref, by="backup", audience=Audience.CUSTOMER, text="Found.")
    await story.mailbox("acme").gets("Found.")
    await desk.resolve(ref, by="backup", text="Restarted.")
    await story.mailbox("acme").gets("Restarted.")
    await desk.confirm(ref, by="agent")
    for person in ("primary", "backup", "agent"):
        await story.mailbox(person).gets("It is resolved and closed")
    await story.mailbox("acme").gets("our last message")
    await story.ends(Phase.CLOSED)


async def doubt_and_climb(story: Story) -> None:
    """An SMS in doubt is adopted, the chain climbs to the fallback, an operator cancels."""
    story.agrees(windows=("4s", SOON, SOON))
    story.world.standins.callbacks(enabled=False)
    story.world.standins.fail("sms", "accept_then_drop", to=story.number_of("primary"))
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").is_called(story.reference)
    for person in ("second", "third", "duty"):
        await story.phone(person).gets_sms("SEV1")
    await story.mailbox("boss").gets("nobody has taken it")
    await story.is_called_off("primary", "second", "third", "duty", "boss")


async def approval_by_signal(story: Story) -> None:
    """A signal approves; the target is missed, the severity raised, the next step asked."""
    story.agrees(terms={"resolution": {"limit": "3s"}})
    await story.opens(route="to-leadership", ask=Ask.DECIDE, severity="SEV2")
    await story.mailbox("boss").gets("Your decision is wanted")
    await story.world.signing.signal(story.reference, Approve(by="boss", reason="worth it"))
    await story.phone("primary").gets_sms("SEV2").replies("ack {code}")
    for person in ("boss", "primary"):
        await story.mailbox(person).gets("The resolution target was missed")
    await story.phone("second").gets_sms("SEV1")
    await story.is_called_off("primary", "second", "boss")


STORIES: tuple[Callable[[Story], Awaitable[None]], ...] = (main_line, doubt_and_climb, approval_by_signal)


async def record() -> None:
    """Play every story and write its history, without a word about this machine."""
    with tempfile.TemporaryDirectory() as folder:
        async with world_in(Path(folder)) as world:
            for play in STORIES:
                story = Story(world)
                await play(story)
                (history,) = await story.histories()
                text = _MACHINE.sub(r'\1"recorder"', history.to_json())
                path = FOLDER / f"{play.__name__}.json.gz"
                path.write_bytes(gzip.compress(text.encode(), mtime=0))
                await story.leaves()


def read(path: Path) -> WorkflowHistory:
    """The history in a file."""
    return WorkflowHistory.from_json(path.stem, gzip.decompress(path.read_bytes()).decode())


async def replay(*histories: WorkflowHistory) -> None:
    """Raises when the workflow would do otherwise today than it did then."""
    replayer = Replayer(workflows=[EscalationWorkflow], data_converter=pydantic_data_converter)
    for history in histories:
        await replayer.replay_workflow(history)


if __name__ == "__main__":
    named = [Path(name) for name in sys.argv[1:]]
    asyncio.run(replay(*map(read, named)) if named else record())
