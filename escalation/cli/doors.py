"""What the verbs reach for, so that a test can hand them something else: the client, the audit log, the time."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Any, Protocol, TypeVar

import typer

from escalation.cli.keeping import Keeping, kept_here
from escalation.core.commands import Approve, Instructable, Reject
from escalation.wire.listing import Filter, Listing, Part
from escalation.wire.messages import Answer, View
from escalation.wire.outcomes import Head
from escalation.wire.requests import BadInput, EscalationRequest
from escalation.wire.second import SecondParty

T = TypeVar("T")

TAIL_WITHIN = timedelta(seconds=5)
"""How long the last entries of a running escalation may be on their way to the audit log."""


class Client(Protocol):
    """The escalation's client, as far as the command line needs it."""

    async def start(self, request: EscalationRequest) -> Answer: ...
    async def send(
        self, ref: str, command: Instructable, key: str | None = None, *, words: str | None = None
    ) -> Answer: ...
    async def signal(self, ref: str, decision: Approve | Reject) -> None: ...
    async def adopt_policy(self, ref: str, *, by: str, policy: str, reason: str, key: str | None = None) -> Answer: ...
    async def view(self, ref: str) -> View: ...
    async def timeline(self, ref: str) -> list[str]: ...
    async def head(self, ref: str, episode: str | None = None) -> Head: ...
    async def episodes(self, ref: str) -> tuple[str, ...]: ...
    async def list_(self, which: Filter, part: Part) -> Listing: ...
    async def link(self, ref: str, second: SecondParty, *, by: str, key: str | None = None) -> Answer: ...


class Kept(Protocol):
    """One entry as a store keeps it."""

    @property
    def reference(self) -> str: ...
    @property
    def episode(self) -> str: ...
    @property
    def sequence(self) -> int: ...
    @property
    def digest(self) -> str: ...
    @property
    def previous(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def body(self) -> str: ...


class Log(Protocol):
    """The audit log, as far as the command line reads it."""

    def entries(self, reference: str, episode: str | None = None) -> Iterator[Kept]: ...
    def episodes(self, reference: str) -> tuple[str, ...]: ...
    def references(self, limit: int, after: str) -> tuple[str, ...]: ...


async def connected() -> Client:
    """A client with the command line's key."""
    from escalation.adapters.settings import read_settings  # what is not needed is not loaded
    from escalation.client import EscalationClient
    from escalation.wire.proof import Signer

    key = read_settings().signing_key.get_secret_value()
    return await EscalationClient.connect(signer=Signer(key))


def audit_log() -> Log:
    """The audit log that the settings name."""
    from escalation.adapters.audit_store import AuditStore
    from escalation.adapters.settings import read_settings

    return AuditStore(read_settings().audit_url)


def _now() -> datetime:
    return datetime.now(UTC)


async def _pause(length: timedelta) -> None:
    await asyncio.sleep(length.total_seconds())


@dataclass(frozen=True)
class Doors:
    """Everything outside. `zone` None is the viewer's own."""

    connect: Callable[[], Awaitable[Client]] = connected
    log: Callable[[], Log] = audit_log
    now: Callable[[], datetime] = _now
    zone: tzinfo | None = None
    tail_within: timedelta = TAIL_WITHIN
    pause: Callable[[timedelta], Awaitable[None]] = _pause
    keeping: Callable[[], Keeping] = kept_here


def doors(ctx: typer.Context) -> Doors:
    """The doors of this call: what a test has put there, or the real ones."""
    found = ctx.find_object(Doors)
    return found if found is not None else Doors()


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of asynchronous work."""
    return asyncio.run(work)


def login() -> str:
    """The name that this machine knows the user by."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise BadInput("nobody is logged in here; say who you are with --by or ESCALATE_BY") from None


Ref = Annotated[str, typer.Argument(help="Reference of the escalation.", show_default=False, metavar="REF")]
By = Annotated[
    str, typer.Option(default_factory=login, envvar="ESCALATE_BY", help="Who speaks.", show_default="login name")
]
Key = Annotated[
    str | None, typer.Option(help="Idempotency key: repeat a command under it without harm.", show_default=False)
]
Reason = Annotated[str, typer.Option(help="Why; the rules may insist on it.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
