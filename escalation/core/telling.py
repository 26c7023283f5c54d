"""What the log's entry says of a draft: what fired, what people would see differently, and what is due next."""

from collections.abc import Iterator

from escalation.core.beside import Linked
from escalation.core.canonical import instant
from escalation.core.clock import Clock
from escalation.core.commands import Command
from escalation.core.draft import Draft
from escalation.core.entry import Change, ClockNote, Entry, Fired
from escalation.core.lull import Lull
from escalation.core.state import Case, Escalation, Grade, Transfer


def entry_of(draft: Draft, before: Escalation, command: Command, *, noted: bool = True) -> Entry:
    """A draft as the next entry of the log, after what was `before`.

    Unless it is to be `noted`, it says nothing of changes and clocks: they cost as much as the rest of it.
    """
    case, head = draft.case, before.head
    return Entry(
        case.reference,
        case.episode,
        head.sequence + 1,
        draft.now,
        command,
        tuple([Fired(clock.name, clock.cycle, due.edge, due.at) for clock, due in draft.fired]),
        tuple(_changes(before, draft)) if noted else (),
        tuple([_note(clock) for clock in draft.clocks.values()]) if noted else (),
        tuple(draft.effects),
        draft.refusal,
        draft.facts,
        head.digest,
    )


def _changes(before: Escalation, draft: Draft) -> Iterator[Change]:
    opened = before.head.sequence == 0 and draft.refusal is None
    if before.phase is not draft.phase or opened:
        yield Change("phase", before.phase if before.head.sequence else "", draft.phase)
    if before.grade is not draft.grade:
        yield from _changed("severity", before.grade.level, draft.grade.level)
        yield from _changed("severity_confirmed", _word(before.grade), _word(draft.grade))
    if before.people is not draft.people:
        yield from _changed("owner", before.people.owner, draft.people.owner)
        yield from _changed("customer_contact", before.people.customer_contact, draft.people.customer_contact)
        yield from _changed("left_alone", _lull(before.people.lull), _lull(draft.people.lull))
    yield from _beside(before.case, draft.case)
    if before.transfer is not draft.transfer:
        yield from _changed("route", before.transfer.route, draft.transfer.route)
        yield from _changed("step", _place(before.transfer), _place(draft.transfer))
    if before.tally is not draft.tally:
        yield from _changed("missed", str(len(before.tally.misses)), str(len(draft.tally.misses)))
        yield from _changed("ping_pongs", str(before.tally.ping_pongs), str(draft.tally.ping_pongs))
        yield from _changed("withdrawn", str(before.tally.withdrawn), str(draft.tally.withdrawn))
        yield from _changed("skipped", str(before.tally.skipped), str(draft.tally.skipped))
        yield from _changed("nobody_told", str(before.tally.nobody_told), str(draft.tally.nobody_told))
    if before.case is not draft.case:
        yield from _changed("deadline", instant(before.case.deadline), instant(draft.case.deadline))
    if before.approvals is not draft.approvals:
        known = {approval.number: approval for approval in before.approvals}
        for approval in draft.approvals:
            earlier = known.get(approval.number)
            yield from _changed(f"approval {approval.number}", earlier.word if earlier else "", approval.word)
    if before.policy is not draft.policy:
        yield Change("policy", before.policy.version, draft.policy.version)


def _beside(before: Case, after: Case) -> Iterator[Change]:
    if before is not after:
        yield from _changed("linked", _names(before.links), _names(after.links))
        yield from _changed("attachments", str(len(before.attachments)), str(len(after.attachments)))


def _changed(field: str, before: str, after: str) -> Iterator[Change]:
    if before != after:
        yield Change(field, before, after)


def _lull(lull: Lull | None) -> str:
    """Until when people are left alone, and why."""
    return f"until {instant(lull.until)} ({lull.why})" if lull is not None else ""


def _names(links: tuple[Linked, ...]) -> str:
    """Those beside it, each with how it ended."""
    return ", ".join(each.reference + (f" ({each.phase})" if each.phase else "") for each in links)


def _word(grade: Grade) -> str:
    """What the receiving team has said of the severity."""
    return "yes" if grade.confirmed else "no, in silence" if grade.unconfirmed else "not yet"


def _place(transfer: Transfer) -> str:
    """Round and step as people count them, or the person asked by name."""
    return transfer.named or f"{transfer.round + 1}.{transfer.step + 1}"


def _note(clock: Clock) -> ClockNote:
    if not clock.dues:
        return ClockNote(clock.name, clock.cycle, None, None)
    first = clock.dues[0]
    return ClockNote(clock.name, clock.cycle, first.at, first.edge)
