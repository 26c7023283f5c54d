"""`escalate show --at`: an escalation as it was, told by the audit log alone."""

from datetime import datetime, timedelta, tzinfo

from rich.text import Text

from escalation.cli.doors import Doors
from escalation.cli.doors import Log as Store
from escalation.cli.failing import CheckFailed
from escalation.cli.instants import past_instant
from escalation.cli.speaking import away, clock_name, page, plain, row, say, say_json, when
from escalation.reports.past import Log, Past, past, read
from escalation.wire.requests import BadInput
from escalation.wire.telling import tell


def recall(outside: Doors, ref: str, written: str, episode: str | None, *, as_json: bool) -> None:
    """Say how it stood. Raises `CheckFailed`, once all is said, when the log before that instant does not hold."""
    at = past_instant(written, outside.now(), outside.zone)
    episode, log = chosen(outside.log(), ref, at, episode)
    found = past(log, at)
    refuse_unopened(ref, log, found, outside.zone)
    if as_json:
        say_json(past_as_json(ref, episode, found))
    else:
        say(*page_of(ref, episode, log, found, outside.now(), outside.zone))
    if found.fault is not None:
        raise CheckFailed


def refuse_unopened(ref: str, log: Log, found: Past, zone: tzinfo | None) -> None:
    """Raises `BadInput` for an instant before the log begins."""
    if found.entries == 0 and found.fault is None:
        begins = when(log.opened_at, zone) if log.opened_at is not None else "nowhere"
        raise BadInput(
            f"{ref} was not open at {when(found.at, zone)}: its log begins at {begins}; ask for a later instant"
        )


def chosen(store: Store, ref: str, at: datetime, episode: str | None) -> tuple[str, Log]:
    """The episode that is asked for, else the latest that had been opened by then, else the first."""
    known = store.episodes(ref)
    if not known or episode not in {None, *known}:
        which = ref if episode is None else f"{ref}, episode {episode}"
        advice = (
            f"its episodes are {', '.join(known)}" if known else "correct the reference, or set ESCALATION_AUDIT_URL"
        )
        raise BadInput(f"{which}: the audit log has no entries; {advice}")
    if episode is not None:
        return episode, read(store.entries(ref, episode), ref, episode)
    for each in reversed(known):
        log = read(store.entries(ref, each), ref, each)
        if (log.opened_at is not None and log.opened_at <= at) or each == known[0]:
            return each, log
    raise AssertionError  # the first one has been returned


def page_of(ref: str, episode: str, log: Log, found: Past, now: datetime, zone: tzinfo | None) -> list[Text]:
    """How it stood, who had to act, and what was due."""
    at = found.at
    lines = [Text(f"{ref} as it was at {when(at, zone)}, {away(at, now)}", "bold")]
    if found.fault is not None:
        lines.append(
            Text(f"entry {found.sequence} does not hold: {found.fault}; this is the state before it", "bold red")
        )
    else:
        later = len(log.entries) - found.entries
        count = f"{found.entries} of {found.entries + later} entries" if later else f"all {found.entries} entries"
        lines.append(row("proof", f"the audit log alone: {count}, and every one of them holds"))
    if found.last is not None:
        if found.ended_at is not None:
            lines.append(row("ended", f"{when(found.ended_at, zone)}, {_before(found.ended_at, at)}"))
        if found.last.refusal is not None and found.state is None:
            lines.append(row("refused", f"it never opened: {found.last.refusal.replace('_', ' ')}"))
        lines.append(row("last entry", tell(found.last)))
    if found.responsible is not None:
        lines.append(row("must act", f"{', '.join(found.responsible.people)}, as {found.responsible.role}"))
    if found.next_due is not None and found.ended_at is None:
        due = found.next_due
        what = f"{clock_name(due.clock)} {due.edge}"
        lines.append(row("due next", f"{what}, {when(due.at, zone)}, {away(due.at, at)}"))
    if found.view is not None:
        lines += [Text(), *page(found.view, at, zone)]
    else:
        lines.append(row("episode", episode))
    return lines


def _before(earlier: datetime, at: datetime) -> str:
    return (
        "at that instant" if at - earlier < timedelta(seconds=1) else f"{away(earlier, at).removesuffix(' ago')} before"
    )


def past_as_json(ref: str, episode: str, found: Past) -> dict[str, object]:
    """The same for programs."""
    return {
        "reference": ref,
        "episode": episode,
        "at": plain(found.at),
        "view": plain(found.view) if found.view is not None else None,
        "responsible": plain(found.responsible) if found.responsible is not None else None,
        "next_due": plain(found.next_due) if found.next_due is not None else None,
        "running": [clock.name for clock in found.running],
        "ended_at": plain(found.ended_at) if found.ended_at is not None else None,
        "last": None if found.last is None else {"sequence": found.last.sequence, "line": tell(found.last)},
        "entries": found.entries,
        "digest": found.digest,
        "holds": found.fault is None,
        "fault": found.fault,
        "sequence": found.sequence,
    }
