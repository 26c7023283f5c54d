"""Recorded histories: what running escalations look like to the next version of the workflow.

`python -m tests.histories.goldens` plays the stories below on the real engine and writes them anew; with the names of
stories, only those. Do that only when the workflow's commands have changed on purpose, and keep the old files as long
as such escalations may run (see docs/how-to/change-a-workflow.md). A story of several runs has a file for each.
`python -m tests.histories.goldens FILE…` replays files, in this interpreter with its hash seed.
"""

import asyncio
import gzip
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from escalation.core.commands import Approve
from escalation.core.vocabulary import Ask, Audience, DeEscalationReason, Phase, Severity
from escalation.wire.payloads import DATA_CONVERTER
from tests.histories.recorded import FOLDER, leave, plain, read
from tests.scenarios.agreements import SOON
from tests.scenarios.dialogue import Story
from tests.scenarios.world import world_in
from workflows.escalation import EscalationWorkflow

# The server suggests a new run at this event instead of 4096.
SHORT_RUN = 60


async def main_line(story: Story) -> None:
    """SMS, voice, backup; acknowledged, updated, resolved, confirmed."""
    desk, ref = story.world.desk, story.reference
    story.agrees(voice_after="3s", backup_after="3s")
    story.tolerates("voice", "backup", times=1)  # rung up after 6 s, if the machine is slower than the reply
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").is_called(ref)
    await story.phone("backup").gets_sms("SEV1").replies("ack {code}")
    await story.phone("primary").gets_sms("Taken by Ben Backup")
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
    await story.mailbox("agent").gets("(escalate to leadership) was given")
    await story.phone("primary").gets_sms("SEV2").replies("ack {code}")
    for person in ("boss", "primary"):
        await story.mailbox(person).gets("The resolution target was missed")
    await story.phone("second").gets_sms("SEV1")
    await story.is_called_off("primary", "second", "boss")


async def handed_around(story: Story) -> None:
    """Another severity, another team, a wait with a reminder, a fix that was none, and back to a lower level."""
    desk, ref = story.world.desk, story.reference
    story.agrees(house={"blocked_reminder": "2s"})
    await story.opens(severity="SEV2")
    await story.phone("primary").gets_sms("SEV2").replies("ack {code}")
    await desk.change_severity(ref, by="primary", severity=Severity.SEV1, reason="all customers")
    await desk.confirm_severity(ref, by="primary", severity=Severity.SEV1, evidence="dashboard 4")
    await desk.hand_off(ref, by="primary", route="to-product", ask=Ask.DECIDE, reason="a question of price")
    await story.phone("planner").gets_sms("SEV1").replies("ack {code}")
    await desk.block(ref, by="planner", waiting_for="a log file")
    await story.mailbox("acme").gets("waiting for a word from you")
    await desk.unblock(ref, by="planner", reason="it came")
    await desk.resolve(ref, by="planner", text="Restarted.")
    await story.mailbox("acme").gets("Restarted.")
    await desk.reopen(ref, by="agent", reason="it is back")
    for person in ("planner", "agent"):
        await story.mailbox(person).gets("It was not solved after all")
    reason = DeEscalationReason.HOW_TO
    await desk.de_escalate(ref, by="planner", reason=reason, to="desk", level="L1", findings="See article 7.")
    await story.mailbox("desk").gets(ref, "article 7")
    for person in ("primary", "planner", "agent"):
        await story.mailbox(person).gets("It went back to a lower level")
    await story.mailbox("acme").gets("Your support team looks after it again")
    await story.ends(Phase.DE_ESCALATED)


async def making_way(story: Story) -> None:
    """A run grows long while a window is open, and the next one carries it on."""
    story.agrees(windows=("8s", "30m", "30m"))
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    number = 0
    while len(await story.histories()) == 1:
        number += 1
        await story.world.desk.note(story.reference, by="agent", text=f"note {number}")
    await story.phone("second").gets_sms("SEV1")
    await story.is_called_off("primary", "second")


Play = Callable[[Story], Awaitable[None]]
STORIES: tuple[Play, ...] = (main_line, doubt_and_climb, approval_by_signal, handed_around)
SHORT_STORIES: tuple[Play, ...] = (making_way,)  # played on an engine that soon wants a new run


async def record(*named: str) -> None:
    """Play stories, all or those named, and write their histories, without a word about this machine."""
    short = ("--dynamic-config-value", f"limit.historyCount.suggestContinueAsNew={SHORT_RUN}")
    for plays, flags in ((STORIES, ()), (SHORT_STORIES, short)):
        chosen = [play for play in plays if not named or play.__name__ in named]
        if not chosen:
            continue
        with tempfile.TemporaryDirectory() as folder:
            async with world_in(Path(folder), flags=flags) as world:
                for play in chosen:
                    await _record(play, Story(world))


async def _record(play: Play, story: Story) -> None:
    await play(story)
    runs = list(reversed(await story.histories()))
    for number, history in enumerate(runs, start=1):
        name = play.__name__ if len(runs) == 1 else f"{play.__name__}_{number}"
        (FOLDER / f"{name}.json.gz").write_bytes(gzip.compress(plain(history).encode(), mtime=0))
    await story.leaves()


async def replay(*histories: WorkflowHistory) -> None:
    """Raises when the workflow would do otherwise today than it did then."""
    replayer = Replayer(workflows=[EscalationWorkflow], data_converter=DATA_CONVERTER)
    for history in histories:
        await replayer.replay_workflow(history)


if __name__ == "__main__":
    files = [Path(name) for name in sys.argv[1:] if name.endswith(".gz")]
    asyncio.run(replay(*map(read, files)) if files else record(*sys.argv[1:]))
    leave(0)
