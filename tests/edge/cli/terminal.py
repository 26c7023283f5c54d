"""A terminal: the command line with a client and an audit log that remember, at a fixed time in a fixed zone."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from typer.testing import CliRunner

from escalation.cli import app
from escalation.cli.doors import Client, Doors, Kept
from escalation.cli.keeping import Keeping, kept_here
from escalation.core.commands import Approve, Instructable, Reject
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Phase, Severity
from escalation.wire.entries import decode
from escalation.wire.listing import Filter, Listing, Part
from escalation.wire.messages import Answer, ClockView, View
from escalation.wire.outcomes import Head, NotFound, Refused
from escalation.wire.requests import EscalationRequest
from escalation.wire.second import SecondParty

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
KNOWN = "INC-1"
MANAGERS = ("maya", "noor")

VIEW = View(
    reference=KNOWN, episode="e1", ticket="INC-1", code=42, phase=Phase.IN_TRANSFER, status="In Transfer",
    severity=Severity.SEV1, label="P1 Critical", severity_confirmed=False, route="l2-engineering", team="Engineering",
    customer="acme", owner="rosa", customer_contact="tala", asked="dora", step="engineering-on-call",
    opened_at=NOW - timedelta(minutes=5), deadline=NOW + timedelta(hours=20), next_due=NOW + timedelta(seconds=90),
    clocks=(
        ClockView("resolution", 1, "running", NOW + timedelta(hours=2), "warning", NOW + timedelta(hours=4)),
        ClockView("acknowledgement", 1, "running", NOW + timedelta(seconds=90), "limit", NOW + timedelta(seconds=90)),
        ClockView("check_in", 1, "paused", None, None, None),
    ),
    told=("amira",), breaches=1, hand_offs=1, reopens=0, touches=2, in_transfer_seconds=300, nobody_told=False,
    policy="default", policy_version="2026-1", policy_stale=True, sequence=7, digest="ab" * 32,
)  # fmt: skip


@dataclass
class RememberingClient:
    """Knows one escalation, lets managers approve, and remembers what it was asked."""

    shown: View = VIEW
    started: list[EscalationRequest] = field(default_factory=list)
    sent: list[tuple[str, Instructable, str | None, str | None]] = field(default_factory=list)
    signals: list[tuple[str, Approve | Reject]] = field(default_factory=list)
    adopted: list[tuple[str, str, str, str, str | None]] = field(default_factory=list)
    fails: Exception | None = None
    heads: dict[str, Head] = field(default_factory=dict)
    looks: int = 0
    later: list[View | BaseException] = field(default_factory=list)  # what the looks after the first one find
    found: Listing = field(default_factory=lambda: Listing(()))
    lists: list[tuple[Filter, Part]] = field(default_factory=list)
    linked: list[tuple[str, SecondParty, str, str | None]] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)  # of every answer
    runs: tuple[str, ...] = ()  # episodes that the engine still has
    earlier: list[Head] = field(default_factory=list)  # what an episode's head was when it was first asked for

    async def start(self, request: EscalationRequest) -> Answer:
        self.started.append(request)
        return Answer(request.reference, request.episode, 1, Phase.IN_TRANSFER)

    async def send(
        self, ref: str, command: Instructable, key: str | None = None, *, words: str | None = None
    ) -> Answer:
        if self.fails is not None:
            raise self.fails
        self._known(ref)
        if isinstance(command, Approve | Reject) and command.by not in MANAGERS:
            raise Refused(Refusal.NOT_AN_APPROVER, {"approvers": "support-manager"}, ref)
        self.sent.append((ref, command, key, words))
        return Answer(ref, "e1", 8, Phase.ACTIVE, facts=self.facts)

    async def adopt_policy(self, ref: str, *, by: str, policy: str, reason: str, key: str | None = None) -> Answer:
        if self.fails is not None:
            raise self.fails
        self._known(ref)
        self.adopted.append((ref, by, policy, reason, key))
        return Answer(ref, "e1", 8, Phase.ACTIVE)

    async def link(self, ref: str, second: SecondParty, *, by: str, key: str | None = None) -> Answer:
        self._known(ref)
        self.linked.append((ref, second, by, key))
        return Answer(f"{ref}.2", "e2", 1, Phase.IN_TRANSFER)

    async def signal(self, ref: str, decision: Approve | Reject) -> None:
        self._known(ref)
        self.signals.append((ref, decision))

    async def view(self, ref: str) -> View:
        self._known(ref)
        self.looks += 1
        if self.looks > 1 and self.later:
            following = self.later.pop(0)
            if isinstance(following, BaseException):
                raise following
            self.shown = following
        return self.shown

    async def list_(self, which: Filter, part: Part) -> Listing:
        self.lists.append((which, part))
        return self.found

    async def timeline(self, ref: str) -> list[str]:
        self._known(ref)
        return ["12:25:00Z #1 opened by rosa", "12:26:00Z #2 dispatch 3 accepted"]

    async def head(self, ref: str, episode: str | None = None) -> Head:
        if episode is not None and self.earlier:
            return self.earlier.pop(0)
        found = self.heads.get(episode or "latest")
        if found is None:
            raise NotFound(ref, "the engine has no record, perhaps gone by retention")
        return found

    async def episodes(self, ref: str) -> tuple[str, ...]:
        return self.runs if ref == KNOWN else ()

    def _known(self, ref: str) -> None:
        if ref != KNOWN:
            raise NotFound(ref)


@dataclass(frozen=True)
class KeptEntry:
    """A row of the store."""

    reference: str
    episode: str
    sequence: int
    digest: str
    body: str
    recorded_at: datetime = NOW
    columns: dict[str, object] = field(default_factory=dict)  # that say otherwise than the text

    @property
    def at(self) -> datetime:
        """As the text says it, unless somebody changed the column."""
        return self.columns.get("at", decode(self.body).at)  # type: ignore[return-value]  # the test's own

    @property
    def previous(self) -> str:
        """As above."""
        return self.columns.get("previous", decode(self.body).previous)  # type: ignore[return-value]  # as above


@dataclass
class RememberingLog:
    """The audit log as a list of rows, which a test may damage."""

    rows: list[KeptEntry] = field(default_factory=list)
    arriving: list[KeptEntry] = field(default_factory=list)  # in the store by the next time it is read

    def entries(self, reference: str, episode: str | None = None) -> Iterator[Kept]:
        now, self.rows, self.arriving = self.rows, self.rows + self.arriving, []
        return iter([row for row in now if row.reference == reference and episode in {None, row.episode}])

    def episodes(self, reference: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.episode for row in self.rows if row.reference == reference))

    def references(self, limit: int, after: str) -> tuple[str, ...]:
        known = sorted({row.reference for row in self.rows})
        return tuple(reference for reference in known if reference > after)[:limit]

    def damage(self, sequence: int, /, **changed: object) -> None:
        """Change a row behind everybody's back."""
        self.rows = [
            replace(row, **changed) if row.sequence == sequence else row  # type: ignore[arg-type]  # the row's fields
            for row in self.rows
        ]


@dataclass(frozen=True)
class Said:
    """What a call left behind."""

    exit: int
    out: str
    err: str


@dataclass
class Terminal:
    """`terminal("ack INC-1")` is what a person types."""

    client: RememberingClient = field(default_factory=RememberingClient)
    log: RememberingLog = field(default_factory=RememberingLog)
    pauses: list[timedelta] = field(default_factory=list)
    keeping: Callable[[], Keeping] = kept_here

    async def pause(self, length: timedelta) -> None:
        """No time passes, but others get their turn."""
        self.pauses.append(length)
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        loop.call_soon(turn.set_result, None)
        await turn

    def __call__(self, *arguments: str, typed: str | bytes | None = None) -> Said:
        """Type it, with `typed` on standard input."""

        async def connect() -> Client:
            return self.client

        outside = Doors(
            connect,
            lambda: self.log,
            lambda: NOW,
            ZoneInfo("Europe/Berlin"),
            timedelta(milliseconds=20),
            self.pause,
            self.keeping,
        )
        found = CliRunner(env={"ESCALATE_BY": "amira"}).invoke(app, arguments, input=typed, obj=outside)
        return Said(found.exit_code, found.stdout, found.stderr)
