"""What must hold after the demo: the log proves itself; log, ledger and outbox tell the same. Pure: it only judges."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from escalation.adapters.ledger import Row, State
from escalation.core.audit import Kept, verify
from escalation.core.effects import Notify
from escalation.core.vocabulary import Phase
from escalation.standins.journal import Accepted, Posted, Refused
from escalation.standins.tickets import Ticket
from escalation.wire.messages import Ending

TIME_MAX = timedelta(seconds=90)
"""From the opening of the escalation to the last check."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is there to be compared, gathered after the end."""

    log: tuple[Kept, ...]
    gaps: tuple[range, ...]
    ending: Ending
    rows: tuple[Row, ...]  # of the ledger
    outbox: tuple[Accepted, ...]  # what the providers took on, for people
    refused: tuple[Refused, ...]
    posted: tuple[Posted, ...]  # the providers' requests to the gateway
    forged: int | None  # HTTP status that an unsigned request was answered with
    ticket: Ticket | None
    dropped: str | None  # the dispatch whose answer was lost
    took: timedelta

    @property
    def dispatches(self) -> dict[str, Notify]:
        """Every dispatch that the log decided."""
        effects = [effect for kept in self.log for effect in kept.entry.effects]
        return {effect.dispatch: effect for effect in effects if isinstance(effect, Notify)}


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was found, or what is wrong, in one line."""

    name: str
    holds: bool
    found: str


@dataclass
class _Faults:
    """What a check finds wrong; nothing, if it holds."""

    lines: list[str] = field(default_factory=list)

    def unless(self, holds: bool, fault: str) -> None:  # noqa: FBT001  # reads as a sentence
        if not holds:
            self.lines.append(fault)


def judged(evidence: Evidence) -> Iterator[Check]:
    """Every check, in the order in which people ask."""
    for name, check in CHECKS.items():
        faults = _Faults()
        found = check(evidence, faults)
        yield Check(name, not faults.lines, "; ".join(faults.lines) if faults.lines else found)


def _closed(evidence: Evidence, faults: _Faults) -> str:
    status = evidence.ticket.status if evidence.ticket else None
    faults.unless(evidence.ending.phase is Phase.CLOSED, f"it ended as {evidence.ending.phase}")
    faults.unless(status == "Closed", f"the ticket reads {status!r}")
    return "the escalation is closed, and its ticket says so"


def _log_is_whole(evidence: Evidence, faults: _Faults) -> str:
    verdict = verify(evidence.log)
    faults.unless(not evidence.gaps, f"entries are missing: {evidence.gaps}")
    faults.unless(verdict.holds, f"entry {verdict.sequence}: {verdict.fault}")
    faults.unless(not evidence.ending.conflicts, f"entries in conflict: {evidence.ending.conflicts}")
    return f"{verdict.entries} entries: each digest is right, and each decision, made again, is the same to the byte"


def _engine_agrees(evidence: Evidence, faults: _Faults) -> str:
    last = evidence.log[-1] if evidence.log else None
    head = (last.entry.sequence, last.digest) if last else (0, "")
    ending = (evidence.ending.sequence, evidence.ending.digest)
    faults.unless(
        head == ending, f"the log ends at {head[0]}, {head[1][:12]}; the engine says {ending[0]}, {ending[1][:12]}"
    )
    return f"log and engine both end at entry {head[0]}, digest {head[1][:12]}…"


def _sent_once(evidence: Evidence, faults: _Faults) -> str:
    times = Counter(send.dispatch for send in evidence.outbox)
    for dispatch, effect in evidence.dispatches.items():
        told = f"{effect.message} to {effect.contact} by {effect.channel}"
        faults.unless(times[dispatch] == 1, f"{told} was accepted {times[dispatch]} times")
    return f"each of the {len(evidence.dispatches)} messages that the log decided was accepted exactly once"


def _nothing_else_sent(evidence: Evidence, faults: _Faults) -> str:
    for send in evidence.outbox:
        known = send.dispatch in evidence.dispatches
        faults.unless(known, f"a message by {send.channel} to {send.to} was sent that the log never decided")
    return f"all {len(evidence.outbox)} messages in the outbox are in the log"


def _ledger_agrees(evidence: Evidence, faults: _Faults) -> str:
    sent = {(row.dispatch, row.provider_id) for row in evidence.rows if row.state is State.SENT}
    accepted = {(send.dispatch, send.provider_id) for send in evidence.outbox}
    open_ = [row.dispatch for row in evidence.rows if row.state is not State.SENT]
    faults.unless(not open_, f"the ledger has no acceptance of {', '.join(open_)}")
    faults.unless(sent == accepted, f"ledger and outbox differ by {len(sent ^ accepted)} acceptances")
    return f"the ledger holds the same {len(sent)} acceptances, with the providers' own ids"


def _adopted(evidence: Evidence, faults: _Faults) -> str:
    row = next((row for row in evidence.rows if row.dispatch == evidence.dropped), None)
    how = row.how if row else None
    faults.unless(how == "lookup", f"the message whose answer was lost was settled by {how!r}, not by a look-up")
    return "the message whose answer was lost was looked up and adopted, not sent again"


def _signed(evidence: Evidence, faults: _Faults) -> str:
    bad = [post for post in evidence.posted if post.answered not in (200, 204)]
    faults.unless(bool(evidence.posted), "the providers posted nothing")
    faults.unless(
        not bad, f"{len(bad)} signed requests were not taken, the first with {bad[0].answered if bad else ''}"
    )
    faults.unless(evidence.forged == 403, f"a forged reply was answered {evidence.forged}, not 403")  # noqa: PLR2004
    return f"{len(evidence.posted)} signed requests of the providers were taken, a forged one was refused"


def _contract_kept(evidence: Evidence, faults: _Faults) -> str:
    for refused in evidence.refused:
        faults.unless(False, f"{refused.channel} {refused.path}: {refused.reason}")  # noqa: FBT003
    return "every request kept the vendors' contracts"


def _in_time(evidence: Evidence, faults: _Faults) -> str:
    took = f"{evidence.took.total_seconds():.0f} s"
    faults.unless(evidence.took <= TIME_MAX, f"it took {took}, at most {TIME_MAX.total_seconds():.0f} s are allowed")
    return f"all of it took {took}"


CHECKS: dict[str, Callable[[Evidence, _Faults], str]] = {
    "closed": _closed,
    "log verifies": _log_is_whole,
    "engine agrees": _engine_agrees,
    "sent once": _sent_once,
    "nothing else sent": _nothing_else_sent,
    "ledger agrees": _ledger_agrees,
    "lost answer adopted": _adopted,
    "signatures checked": _signed,
    "contracts kept": _contract_kept,
    "in time": _in_time,
}
