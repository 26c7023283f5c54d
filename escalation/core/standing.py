"""What the directory said about the person behind a command."""

from datetime import datetime

from escalation.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Delegated:
    """Authority that somebody else has handed over for now: theirs, under every name they have."""

    person: str
    names: tuple[str, ...]  # the person and their aliases
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What was looked up about the person behind `by`, at the moment the command arrived.

    `verified` says that a proof by the gateway or the CLI's key vouched for `by` and `occurred_at`.
    """

    person: str
    roles: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    known: bool = True  # False: the directory could not be asked; whatever needs authority is then refused
    verified: bool = False
    trusted_claims: bool = False  # only in development, where an unverified claim is believed and marked
    delegated: tuple[Delegated, ...] = ()  # in force at that moment; what was delegated is not delegated on
    vouched_at: datetime | None = None  # when the proof was made, to the second; None: there is none
