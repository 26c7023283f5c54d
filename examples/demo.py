"""The main job, end to end, on a real incident, then many more in virtual time: `make demo`, or this file.

Everything is real but the vendors: the Temporal server, the workers, the gateway, the vendors' own client packages.
These talk over HTTP to local stand-ins, so nobody is written to. Nothing is left behind. Exit 0 only if every check
holds.
"""

import argparse
import asyncio
import json
import logging
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import itemgetter
from time import monotonic

from rich.console import Console

from escalation.adapters.audit_store import AuditDown
from escalation.adapters.sending import Outgoing, ShortMessage
from escalation.adapters.twilio import Twilio
from escalation.client import EscalationRequest, NotDone
from escalation.core.vocabulary import Ask, Audience, Channel, Message, Phase, Severity
from escalation.standins import outgoing
from escalation.wire.entries import kept
from escalation.wire.messages import Ending
from examples.act_two import act_two
from examples.checks import Check, Evidence, judged
from examples.incidents import Incident, incident
from examples.stage import LOOK_EVERY, SCENE_MAX, Stage, StoryError, staged, until
from examples.story import Story, terminal

INCIDENT = "INC0034380"
OPENER = "rosa"  # speaks with the customer
CUSTOMER = "acme"
# Who is asked, by the directory beside this file.
FIRST, BACKUP, ENGINEER = "amira", "bruno", "dora"
SUPPORT, ENGINEERING = "l1-to-l2", "l2-to-engineering"
RING = timedelta(seconds=1)
"""Between two statuses of a call: dialled, ringing, not picked up."""
READING = timedelta(seconds=1)
"""How long a person looks at a message before they answer it."""
DEADLINE = timedelta(hours=8)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NEXT = (
    "  make up                                    the same parts, kept running: engine, outbox, worker",
    "  .venv/bin/escalate --help                  open one yourself, steer it, tell and verify its log",
    "  .venv/bin/python examples/demo.py --fault  one message past the ledger: see the check catch it",
)


class Play:
    """The scenes, in order. Each waits for what it tells of and fails, in one line, if that does not happen."""

    def __init__(self, stage: Stage, story: Story, incident: Incident) -> None:
        self._stage = stage
        self._story = story
        self._incident = incident
        self._reference = incident.id
        self.dropped: str | None = None

    async def open(self) -> None:
        """The ticket is handed over; it is told to the customer and to the first contact."""
        about = f"{self._incident.category}, {self._incident.subcategory}"
        request = EscalationRequest(
            ticket=self._incident.id,
            title=f"{about}: down at {self._incident.location}",
            description=f"Reported by {(self._incident.contact_type or 'phone').lower()}. Impact and urgency are high.",
            route=SUPPORT,
            severity=Severity.SEV1,
            ask=Ask.FIX,
            customer=CUSTOMER,
            deadline=datetime.now(UTC) + DEADLINE,
            by=OPENER,
            key=f"demo {self._incident.id}",
            policy="demo",
        )
        self._stage.standins.callbacks(gap=RING)
        await self._stage.client.start(request)
        await self._told(FIRST, Channel.SMS, Message.PAGE)

    async def nobody_answers(self) -> None:
        """The first contact neither answers the SMS nor picks up the telephone: the backup is told."""
        await self._told(FIRST, Channel.VOICE, Message.PAGE)
        await self._told(BACKUP, Channel.SMS, Message.PAGE)

    async def somebody_takes_it(self, person: str) -> None:
        """They answer the SMS; the reply comes in through the gateway, signed by the provider."""
        view = await self._stage.client.view(self._reference)
        reply = f"ack {view.code}"
        await asyncio.sleep(READING.total_seconds())
        number = self._stage.directory.address(person, Channel.SMS)
        self._story.line("person", f"{self._stage.directory.name(person)} replies “{reply}”", datetime.now(UTC))
        posted = await asyncio.to_thread(self._stage.standins.reply_sms, number or "", reply)
        if posted.answered is None:
            raise StoryError(f"the reply did not reach the gateway: {posted.failure}")
        await until(lambda: self._owned_by(person), f"{person} had taken it")

    async def customer_is_told(self) -> None:
        """The provider accepts the mail, then drops the connection without an answer."""
        address = self._stage.directory.address(CUSTOMER, Channel.EMAIL)
        self._stage.standins.fail("email", "accept_then_drop", to=address)
        self._story.line("provider", "(the mail provider will take the next message and drop the connection)")
        await self._stage.client.post_update(
            self._reference, by=BACKUP, audience=Audience.CUSTOMER, text="We can see the fault and are working on it."
        )
        await until(lambda: self._mailed(Message.CUSTOMER_UPDATE) is not None, "the customer's update was accepted")
        self.dropped = self._mailed(Message.CUSTOMER_UPDATE)

    async def moved(self, route: str, person: str) -> None:
        """As in the incident: another group has it now; nobody owns it twice, nobody is asked twice."""
        before = len(self._dispatches(person, Channel.SMS, Message.PAGE))
        await self._stage.client.hand_off(
            self._reference, by=OPENER, route=route, ask=Ask.FIX, reason="The other group knows this part."
        )
        await until(
            lambda: len(self._dispatches(person, Channel.SMS, Message.PAGE)) > before, f"{person} was asked by SMS"
        )
        await self.somebody_takes_it(person)

    async def solved(self) -> Ending:
        """The lost answer has been found by now; then resolve, confirm, and everybody hears the end of it."""
        await until(lambda: self._settled(self.dropped), "the lost answer was settled")
        client, reference = self._stage.client, self._reference
        await client.resolve(reference, by=FIRST, text="A failed switch was replaced. Please try again.")
        await until(lambda: self._mailed(Message.CUSTOMER_RESOLUTION) is not None, "the customer was asked")
        await asyncio.sleep(READING.total_seconds())
        await client.confirm(reference, by=OPENER)
        async with asyncio.timeout(SCENE_MAX.total_seconds()):
            return await client.wait(reference)

    # --- looking -----------------------------------------------------------------------------------------------------

    async def _told(self, person: str, channel: Channel, message: Message) -> None:
        await until(lambda: bool(self._dispatches(person, channel, message)), f"{person} was told by {channel}")

    async def _owned_by(self, person: str) -> bool:
        view = await self._stage.client.view(self._reference)
        return view.phase is Phase.ACTIVE and view.owner == person

    def _dispatches(self, contact: str, channel: Channel, message: Message) -> list[str]:
        """What the provider took on of that kind, by dispatch."""
        accepted = {send.dispatch for send in self._stage.standins.outbox()}
        rows = self._stage.ledger.rows(self._reference)
        wanted = (contact, channel, message)
        return [r.dispatch for r in rows if (r.contact, r.channel, r.message) == wanted and r.dispatch in accepted]

    def _mailed(self, message: Message) -> str | None:
        return next(iter(self._dispatches(CUSTOMER, Channel.EMAIL, message)), None)

    def _settled(self, dispatch: str | None) -> bool:
        row = self._stage.ledger.get(dispatch or "")
        return row is not None and row.provider_id is not None


class Follower:
    """Tells decisions and messages in the order in which they happened, as they come to be known."""

    def __init__(self, stage: Stage, story: Story, reference: str) -> None:
        self._stage = stage
        self._story = story
        self._reference = reference
        self._entries = 0
        self._messages = 0

    def look(self) -> None:
        """Tell what is new. An entry that overtook the one before it waits for that."""
        log = [kept(entry.body, entry.digest).entry for entry in self._stage.audit.entries(self._reference)]
        entries = [entry for place, entry in enumerate(log, start=1) if entry.sequence == place][self._entries :]
        messages = self._stage.standins.outbox()[self._messages :]
        self._entries += len(entries)
        self._messages += len(messages)
        told = [(entry.at, partial(self._story.decision, entry)) for entry in entries]
        told += [(message.accepted_at, partial(self._story.message, message)) for message in messages]
        for _, tell in sorted(told, key=itemgetter(0)):
            tell()

    async def caught_up(self) -> None:
        """Everything that the engine has decided by now has been told."""
        decided = (await self._stage.client.view(self._reference)).sequence
        await until(lambda: self._entries >= decided, f"entry {decided} was written")

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Keep telling until the end of the block, the last thing included."""
        task = asyncio.create_task(self._follow())
        try:
            yield
            self.look()
        finally:
            task.cancel()

    async def _follow(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY.total_seconds())


async def played(play: Play, story: Story, follower: Follower) -> Ending:
    """The scenes, each under its heading once the one before has been told to its end."""
    story.heading("1 of 6 · Handed over: the customer hears of it, the first contact gets an SMS")
    await play.open()
    await follower.caught_up()
    story.heading("2 of 6 · No answer: the telephone rings, then the backup is told")
    await play.nobody_answers()
    await play.somebody_takes_it(BACKUP)
    await follower.caught_up()
    story.heading("3 of 6 · The customer gets an update, and the provider's answer to it is lost")
    await play.customer_is_told()
    await follower.caught_up()
    story.heading("4 of 6 · Reassigned, as it really was: to another group …")
    await play.moved(ENGINEERING, ENGINEER)
    await follower.caught_up()
    story.heading("5 of 6 · … and back")
    await play.moved(SUPPORT, FIRST)
    await follower.caught_up()
    story.heading("6 of 6 · The lost answer is settled; resolved, confirmed, closed")
    return await play.solved()


async def gathered(stage: Stage, reference: str, ending: Ending, dropped: str | None, began: float) -> Evidence:
    """Everything that is there to be compared."""
    (episode,) = stage.audit.episodes(reference)
    sms = f"{stage.gateway}/twilio/sms"
    forged = await asyncio.to_thread(outgoing.send, "POST", sms, b"From=%2B12025550100&Body=ack", FORM, SCENE_MAX)
    return Evidence(
        log=tuple(kept(entry.body, entry.digest) for entry in stage.audit.entries(reference, episode)),
        gaps=stage.audit.gaps(reference, episode),
        ending=ending,
        rows=stage.ledger.rows(reference),
        outbox=tuple(stage.standins.outbox()),
        refused=tuple(stage.standins.refused()),
        posted=tuple(stage.standins.posted()),
        forged=forged.status,
        ticket=stage.standins.tickets().get(reference),
        dropped=dropped,
        took=timedelta(seconds=monotonic() - began),
    )


def past_the_ledger(stage: Stage) -> None:
    """The fault on request: somebody sends an SMS by hand, and neither log nor ledger know of it."""
    number = stage.directory.address(FIRST, Channel.SMS) or ""
    stray = Outgoing(
        dispatch="by-hand",
        reference=INCIDENT,
        severity=Severity.SEV1,
        channel=Channel.SMS,
        to=number,
        name=None,
        content=ShortMessage("Are you on it?"),
        at=datetime.now(UTC),
        lasts=DEADLINE,
    )
    Twilio(stage.settings.vendors().phone).send(stray)


async def run(story: Story, *, fault: bool) -> list[Check]:
    """The first act: set up, played, judged, taken down again. Raises `StoryError` when the story stops."""
    found = incident(INCIDENT)
    story.heading("What really happened (times of 2016; source and licence: examples/README.md)")
    story.incident(found)
    story.say("")
    story.say("Starting: Temporal server, workers, gateway, and stand-ins for Twilio, SendGrid and the ticket system …")
    async with staged() as stage:
        story.called = partial(called, stage)
        story.say(
            "The same now, with windows of seconds (escalation/policies/demo.yaml) where the default has minutes."
        )
        began = monotonic()
        play = Play(stage, story, found)
        follower = Follower(stage, story, found.id)
        async with follower.following():
            ending = await played(play, story, follower)
            if fault:
                await asyncio.to_thread(past_the_ledger, stage)
        evidence = await gathered(stage, found.id, ending, play.dropped, began)
        return list(judged(evidence))


def called(stage: Stage, name: str) -> str:
    """What people call the owner of an id, a number or an address."""
    directory = stage.directory
    customer = name == directory.address(CUSTOMER, Channel.EMAIL)
    return directory.name(CUSTOMER if customer else directory.contact_of_phone(name) or name) or name


async def both_acts(console: Console, *, fault: bool) -> list[Check]:
    """The one in real time, then the many in virtual time; with the fault on request, the first alone."""
    checks = await run(Story(console), fault=fault)
    return checks if fault else [*checks, await act_two(console)]


async def until_stopped(console: Console, *, fault: bool) -> list[Check]:
    """Both acts; the first Ctrl-C or SIGTERM ends it in order, and further ones do not disturb that."""
    task = asyncio.ensure_future(both_acts(console, fault=fault))
    loop = asyncio.get_running_loop()
    for signalled in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(signalled, lambda: task.cancelling() or task.cancel())
    return await task


def main() -> int:
    """0: every check holds. 1: one does not, named in one line. 2: an unknown option. 130: interrupted."""
    asked = parser().parse_args()
    logging.basicConfig(level=logging.WARNING if asked.verbose else logging.CRITICAL)
    console = terminal(to_stderr=asked.json)
    story = Story(console)
    try:
        checks = asyncio.run(until_stopped(console, fault=asked.fault))
    except asyncio.CancelledError:
        return failed("interrupted; everything that it started has ended", 130)
    except (StoryError, NotDone, TimeoutError, AuditDown, RuntimeError, OSError) as error:
        return failed(str(error) or type(error).__name__, 1)
    story.heading("Checks")
    story.checks(checks)
    if asked.json:
        told = {"holds": all(check.holds for check in checks), "incident": INCIDENT}
        sys.stdout.write(json.dumps({**told, "checks": [asdict(check) for check in checks]}, indent=2) + "\n")
    if wrong := [check for check in checks if not check.holds]:
        return failed(f"check {wrong[0].name!r} failed: {wrong[0].found}", 1)
    story.say("\nNext:")
    for line in NEXT:
        story.say(line)
    return 0


def failed(line: str, code: int) -> int:
    """Say why, in one line."""
    sys.stderr.write(f"demo: {line}\n")
    return code


def parser() -> argparse.ArgumentParser:
    """What may be asked for."""
    made = argparse.ArgumentParser(description="Run one real incident through the escalation pipeline, and check it.")
    made.add_argument("--json", action="store_true", help="print the checks as JSON; the story goes to standard error")
    made.add_argument("--fault", action="store_true", help="send one message past the ledger: a check must fail")
    made.add_argument("--verbose", action="store_true", help="show warnings of the parts")
    return made


if __name__ == "__main__":
    sys.exit(main())
