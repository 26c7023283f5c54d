"""Who must agree to what, as a policy file writes it: for a route, or for a kind of thing that people do."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from escalation.core.money import Money
from escalation.core.policy import ApprovalTerms, SpendLimit
from escalation.core.vocabulary import ApprovalKind
from escalation.wire.amounts import amount_of
from escalation.wire.quoting import shown
from escalation.wire.written_words import Duration, Name, Written, distinct, text_like
from escalation.wire.yaml_reader import Path

APPROVERS_MAX = 5
QUORUM_MAX = APPROVERS_MAX
LIMITS_MAX = 5
"""Currencies in which one role has a limit."""
_AMOUNT_PATTERN = r"[0-9]{1,16}(?:\.[0-9]{1,6})? [A-Z]{3}|[A-Z]{3} [0-9]{1,16}(?:\.[0-9]{1,6})?"
Mistake = tuple[Path, str]


def _amount(written: object) -> Money:
    found = amount_of(written if isinstance(written, str) else "")
    if not found.minor:
        raise ValueError(f"{shown(written)} allows nothing; write an amount above zero, or leave the role out")
    return found


def _several(written: object) -> object:
    """One amount stands for a list of one."""
    return tuple(written) if isinstance(written, list) else (written,)


Amount = Annotated[Money, PlainValidator(_amount), text_like(_AMOUNT_PATTERN, examples=("500.00 EUR",))]
Amounts = Annotated[tuple[Amount, ...], BeforeValidator(_several), Field(min_length=1, max_length=LIMITS_MAX)]
Roles = Annotated[tuple[Name, ...], Field(max_length=APPROVERS_MAX), distinct("role")]


class WrittenApproval(Written):
    """Who is asked, one after the other, for how long each, and what their silence means."""

    approvers: Annotated[tuple[Name, ...], Field(min_length=1, max_length=APPROVERS_MAX), distinct("approver")]
    expiry: Duration
    on_expiry: Literal["reject", "open"]
    quorum: Annotated[int, Field(ge=1, le=QUORUM_MAX)] = 1
    break_glass: Roles = ()

    def terms(self, kind: ApprovalKind) -> ApprovalTerms:
        """What the rules ask for."""
        return ApprovalTerms(self.approvers, self.expiry, self.on_expiry, self.quorum, (), self.break_glass, kind)


class WrittenRouteApproval(WrittenApproval):
    """What a route starts with. Silence may open it: an approver who does not answer must not drop an escalation."""

    kind: ApprovalKind = Field(ApprovalKind.ESCALATE_TO_LEADERSHIP, strict=False)


class WrittenActApproval(WrittenApproval):
    """What an act of people needs. Silence is a no."""

    on_expiry: Literal["reject"] = "reject"


class WrittenSpend(WrittenActApproval):
    """Money: each approver decides up to a limit, in each currency that is named."""

    limits: dict[Name, Amounts]

    def terms(self, kind: ApprovalKind) -> ApprovalTerms:
        """What the rules ask for."""
        found = tuple(SpendLimit(role, limit) for role, limits in self.limits.items() for limit in limits)
        return ApprovalTerms(self.approvers, self.expiry, self.on_expiry, self.quorum, found, self.break_glass, kind)


class WrittenApprovals(Written):
    """What needs somebody's yes, by kind; what is left out needs nobody's. Routes have an `approval` of their own."""

    policy_exception: WrittenActApproval | None = None
    deadline_extension: WrittenActApproval | None = None
    severity_downgrade: WrittenActApproval | None = None
    de_escalate: WrittenActApproval | None = None
    spend: WrittenSpend | None = None

    def kinds(self) -> Iterator[tuple[ApprovalKind, WrittenActApproval]]:
        """Those that are written, in the order of the kinds."""
        for kind in ApprovalKind:
            written = getattr(self, kind, None)
            if written is not None:
                yield kind, written


def contradictions_of(path: Path, written: WrittenApproval) -> Iterator[Mistake]:
    """What no single field of it can know."""
    if written.quorum > len(written.approvers):
        what = f"{written.quorum} must agree, and {len(written.approvers)} are asked; name more approvers"
        yield (*path, "quorum"), what
    if isinstance(written, WrittenSpend):
        yield from _of_limits((*path, "limits"), written)


def _of_limits(path: Path, written: WrittenSpend) -> Iterator[Mistake]:
    for role, limits in written.limits.items():
        if role not in written.approvers:
            yield (*path, role), f"{shown(role)} approves nothing here; known are {', '.join(written.approvers)}"
        currencies = [limit.currency for limit in limits]
        for number, currency in enumerate(currencies):
            if currency in currencies[:number]:
                yield (*path, role, number), f"{currency} has a limit above; keep one of them"
    for role in written.approvers:
        if role not in written.limits:
            yield path, f"{shown(role)} has no limit and may decide nothing; give one, or take the role out"
