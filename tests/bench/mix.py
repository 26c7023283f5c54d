"""Decisions per second of the core alone, over the commands of whole lifecycles in their real proportion.

A lifecycle is played once to learn which commands it brings (people's, facts and the passing of time); what is timed
is folding them again from the opening on, so every decision works on the state of its moment.
"""

import cProfile
import pstats
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from escalation.adapters.policies import PolicyShelf
from escalation.core.beside import ReportTold
from escalation.core.commands import Acknowledge, Command, Confirm, Elapse, Open, PostUpdate, Resolve
from escalation.core.decide import Decision, decide
from escalation.core.effects import (
    Effect,
    FindContacts,
    LookUpReceipt,
    Notify,
    Reconcile,
    ShowRoom,
    TellLinked,
    Text,
    WriteTicket,
)
from escalation.core.facts import (
    Fact,
    Found,
    ReportContacts,
    ReportDelivery,
    ReportReconciliation,
    ReportRoom,
    ReportTicket,
)
from escalation.core.policy import Policy
from escalation.core.state import Escalation
from escalation.core.vocabulary import Ask, Audience, Channel, Outcome, Reconciled, Severity

# A Monday morning, inside the office hours of the default policy.
OPENED_AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LATENCY = timedelta(milliseconds=250)  # of whatever comes back
EVERY_CHANNEL = tuple(Channel)
WORDS = Text("0f" * 16, "5e" * 32)
PROFILE_LINES = 25
MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Timed:
    """A command and the instant at which it is judged."""

    command: Command
    at: datetime


@dataclass(frozen=True, slots=True)
class Rate:
    """Decisions per second of processor time on one core. `commands` is the length of the mix, `of` which one it is."""

    of: str
    sealed: bool
    commands: int
    per_second: float


def default_policy() -> Policy:
    """The agreement that ships, frozen with its calendar for escalations opened at `OPENED_AT`."""
    settles = dict.fromkeys(Channel, timedelta(seconds=60))
    with TemporaryDirectory() as folder:
        return PolicyShelf(None, Path(folder), settles).newest("default", OPENED_AT)


def lifecycle(policy: Policy, severity: Severity) -> list[Timed]:
    """Opened, two contacts told, taken, the customer told, resolved, confirmed: with every fact on the way."""
    opening = Open(
        reference="ESC-1",
        episode="episode-1",
        ticket="T-1",
        by="sam",
        by_machine=False,
        route="l2-to-engineering",
        severity=severity,
        ask=Ask.FIX,
        title=WORDS,
        description=WORDS,
        customer="acme",
        deadline=OPENED_AT + timedelta(days=14),
        policy=policy,
        code=42,
    )
    people: list[tuple[timedelta, Command]] = [
        (timedelta(), opening),
        (timedelta(minutes=2, seconds=1), Elapse()),  # the next channel
        (timedelta(minutes=10, seconds=1), Elapse()),  # the backup
        (timedelta(minutes=2, seconds=1), Elapse()),  # the backup's next channel
        (timedelta(seconds=30), Acknowledge("dora")),
        (timedelta(minutes=5), PostUpdate("dora", Audience.INTERNAL, WORDS)),
        (timedelta(minutes=5), PostUpdate("dora", Audience.CUSTOMER, WORDS)),
        (timedelta(minutes=20), Resolve("dora", WORDS)),
        (timedelta(minutes=30), Confirm("sam")),
    ]
    return list(_played(people))


def _played(people: list[tuple[timedelta, Command]]) -> Iterator[Timed]:
    state: Escalation | None = None
    now = OPENED_AT
    for wait, asked in people:
        now += wait
        waiting: deque[Command] = deque([asked])
        while waiting:
            command = waiting.popleft()
            yield Timed(command, now)
            decision = decide(state, command, now, sealed=False)
            if decision.sealed.entry.refusal is not None:
                raise RuntimeError(f"the mix is refused: {command.kind}: {decision.sealed.entry.refusal}")
            state = decision.state
            waiting.extend(fact_of(effect) for effect in decision.effects)
            now += LATENCY


def fact_of(effect: Effect) -> Fact:
    """What a world without faults answers."""
    match effect:
        case Notify():
            return ReportDelivery(effect.number, Outcome.ACCEPTED, provider_id=f"SM{effect.number:032x}")
        case FindContacts():
            found = (
                Found(name, f"{name}-person", EVERY_CHANNEL, f"{name}-backup", EVERY_CHANNEL, "on call")
                for name in effect.names
            )
            return ReportContacts(effect.number, tuple(found))
        case Reconcile():
            return ReportReconciliation(effect.number, Reconciled.ADOPTED, provider_id="SM1")
        case LookUpReceipt():
            return ReportDelivery(effect.of, Outcome.DELIVERED, how="poll")
        case WriteTicket():
            return ReportTicket(effect.number, written=True)
        case TellLinked():
            return ReportTold(effect.number, told=True)
        case ShowRoom():
            return ReportRoom(effect.number, shown=True)


def mixes() -> dict[str, list[list[Timed]]]:
    """Lifecycles that count every hour, office hours, and one of each."""
    policy = default_policy()
    always, office = lifecycle(policy, Severity.SEV1), lifecycle(policy, Severity.SEV3)
    return {MIXED: [always, office], "every hour": [always], "office hours": [office]}


def fold(mix: list[Timed], *, sealed: bool) -> Decision:
    """Every decision of a lifecycle, one after the other; the last one."""
    state: Escalation | None = None
    decision: Decision | None = None
    for timed in mix:
        decision = decide(state, timed.command, timed.at, sealed=sealed)
        state = decision.state
    if decision is None:
        raise ValueError("a mix has at least one command")
    return decision


def rate(*, sealed: bool, spend: timedelta, of: str = MIXED) -> Rate:
    """Decisions per second of a mix, measured for at least `spend` of processor time."""
    plays = mixes()[of]
    for mix in plays:
        fold(mix, sealed=sealed)
    commands = sum(len(mix) for mix in plays)
    decided, began = 0, process_time()
    while (spent := process_time() - began) < spend.total_seconds():
        for mix in plays:
            fold(mix, sealed=sealed)
        decided += commands
    return Rate(of, sealed, commands, decided / spent)


def profiled(*, sealed: bool, rounds: int = 200) -> str:
    """Where the time goes: the first lines of a profile, by own time."""
    plays = mixes()[MIXED]

    def play() -> None:
        for _ in range(rounds):
            for mix in plays:
                fold(mix, sealed=sealed)

    return _profile(play)


def _profile(play: Callable[[], None]) -> str:
    profile = cProfile.Profile()
    profile.runcall(play)
    text = StringIO()
    pstats.Stats(profile, stream=text).strip_dirs().sort_stats("tottime").print_stats(PROFILE_LINES)
    return text.getvalue()
