"""How answers look: JSON for programs, and one line or one page for people; colour on a terminal only."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Any

from pydantic import TypeAdapter
from rich.console import Console
from rich.text import Text

from escalation.core.vocabulary import ClockName, Phase
from escalation.wire.durations import spell
from escalation.wire.messages import Answer, ApprovalView, ClockView, View
from escalation.wire.quoting import harmless
from escalation.wire.views import links_of
from escalation.wire.wanted import standing, wanted

LABEL_CHARS = 11
ENDED = (Phase.CLOSED, Phase.DE_ESCALATED, Phase.REJECTED, Phase.CANCELLED)
STYLES = {
    Phase.AWAITING_APPROVAL: "yellow",
    Phase.IN_TRANSFER: "yellow",
    Phase.ACTIVE: "green",
    Phase.BLOCKED: "magenta",
    Phase.RESOLVED: "cyan",
}
_CLOCKS = {
    "tell": "next telling",
    "check_in": "check-in",
    "silence": "owner’s silence",
    "lull": "left alone",
    "confirmation": "severity to confirm",
}


def say(*lines: Text | str) -> None:
    """Lines on standard output: never broken, coloured only where somebody looks, and by nobody else's characters."""
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    for each in lines:
        text = each.copy() if isinstance(each, Text) else Text(each)
        text.plain = harmless(text.plain)
        console.print(text)


def say_json(value: object) -> None:
    """The value as JSON, with instants in ISO 8601."""
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n")


def plain(value: object) -> Any:  # noqa: ANN401  # what JSON knows
    """Dataclasses, enums and instants as what JSON knows."""
    kind: type[Any] = type(value)
    return TypeAdapter(kind).dump_python(value, mode="json")


def answered(answer: Answer) -> str:
    """What became of a command."""
    phase = answer.phase.replace("_", " ") if answer.phase else "not open"
    if "stands" in answer.facts:
        phase = f"approval {answer.facts['approval']}: {answer.facts['stands']}; {phase}"
    return f"{answer.reference}: {phase} (entry {answer.sequence} of its log)"


def held(answer: Answer, view: View | None, *, done: bool, zone: tzinfo | None) -> str:
    """What became of a command that waits for a yes: who is asked, and until when. `done`: it is done after the yes."""
    number = answer.facts["approval"]
    found = next((each for each in view.approvals if str(each.number) == number), None) if view is not None else None
    asked = f" asked of {', '.join(found.asked)}" if found is not None and found.asked else ""
    until = f" until {when(found.due, zone)}" if found is not None and found.due is not None else ""
    said = f"held: approval {number}{asked}{until}; nothing changed yet" if done else f"approval {number}{asked}{until}"
    return f"{answer.reference}: {said} (entry {answer.sequence} of its log)"


def when(at: datetime, zone: tzinfo | None) -> str:
    """An instant in the viewer's zone and in UTC: "2026-03-01 13:00 CET (12:00Z)"; another day is written out."""
    local = at.astimezone(zone)
    utc = f"{at:%H:%M}Z" if local.date() == at.date() else f"{at:%Y-%m-%d %H:%M}Z"
    if local.utcoffset() == timedelta(0):
        return f"{at:%Y-%m-%d %H:%M} UTC"
    return f"{local:%Y-%m-%d %H:%M %Z} ({utc})"


def away(at: datetime, now: datetime) -> str:
    """How far away an instant is: "in 1h30m", "5m ago"; seconds only below two minutes, days from two days on."""
    distance = abs(at - now)
    if distance >= timedelta(minutes=2):
        distance = timedelta(minutes=distance // timedelta(minutes=1))
    text = f"{distance.days} days" if distance >= timedelta(days=2) else spell(distance)
    return f"in {text}" if at >= now else f"{text} ago"


def page(view: View, now: datetime, zone: tzinfo | None) -> list[Text]:
    """An escalation on one page: who has it, what comes next, and what else is known."""
    label = "" if view.label == view.severity else f" ({view.label})"
    head = Text(f"{view.reference}  ", "bold")
    doubt = "" if view.severity_confirmed else ", unconfirmed in time" if view.severity_unconfirmed else ", unconfirmed"
    head.append(f"{view.severity}{label}{doubt}", "bold")
    head.append("  ").append(view.status, STYLES.get(view.phase, "dim"))
    waiting = view.phase in {Phase.IN_TRANSFER, Phase.AWAITING_APPROVAL}
    lines = [head, *_warnings(view)]
    lines.append(row("owner", f"{view.owner}; {view.customer_contact} speaks with the customer"))
    if view.left_alone_until is not None:
        until = f"until {when(view.left_alone_until, zone)}, {away(view.left_alone_until, now)}"
        lines.append(row("left alone", f"{until}, by {view.left_alone_by}; {view.left_alone_why}"))
    if waiting and view.asked is not None:
        code = f" (reply: ack {view.code})" if view.code is not None else ""
        lines.append(row("asked", f"{view.asked}{code}"))
    lines += [
        row("route", f"{view.route} → {view.team}" + (f", step {view.step}" if waiting else "")),
        row("ticket", f"{view.ticket} of customer {view.customer}"),
        row("opened", f"{when(view.opened_at, zone)}, {away(view.opened_at, now)}"),
        row("deadline", f"{when(view.deadline, zone)}, {away(view.deadline, now)}"),
        *_beside(view),
        row("told", ", ".join(view.told) or "nobody yet"),
        row("so far", _counts(view)),
    ]
    if view.approvals:
        lines += [Text(), Text("what waits for a yes", "bold")]
        lines += [line for each in view.approvals for line in _approval(view.reference, each, now, zone)]
    # Whoever waits for a yes is told above until when.
    ahead = tuple(clock for clock in view.clocks if clock.name != ClockName.APPROVAL or not view.approvals)
    if ahead and view.phase not in ENDED:
        lines += [Text(), Text("what comes next", "bold"), *_clocks(ahead, now, zone), Text()]
    policy = f"{view.policy} {view.policy_version}{' (last good copy)' if view.policy_stale else ''}"
    return [
        *lines,
        row("policy", policy),
        row("log", f"{view.sequence} entries, head {view.digest[:12]}, episode {view.episode}"),
    ]


def _approval(reference: str, approval: ApprovalView, now: datetime, zone: tzinfo | None) -> Iterator[Text]:
    due = "" if approval.due is None else f", until {when(approval.due, zone)}, {away(approval.due, now)}"
    yield Text(f"  {approval.number:<3}{wanted(approval)}, {standing(approval)}{due}", "red" if approval.review else "")
    why = f": {approval.reason}" if approval.reason else ""
    yield Text(f"     for {approval.asked_by}, {away(approval.asked_at, now)}{why}")
    verb = f"escalate approve {reference} --approval {approval.number} --reason …"
    yield Text(f"     {verb}  (or reject)", "dim")


def _beside(view: View) -> Iterator[Text]:
    if links := links_of(view):
        yield row("linked", ", ".join(links))
    if view.attachments:
        yield row("files", f"{len(view.attachments)}, see: escalate attachments {view.reference}")


def _warnings(view: View) -> list[Text]:
    found = []
    if view.nobody_told:
        found.append(Text("nobody could be told", "bold red"))
    if view.breaches:
        found.append(Text(f"{_count(view.breaches, 'promise')} missed", "red"))
    return found


def _counts(view: View) -> str:
    if not view.touches:
        return "nobody has taken it yet"
    waited = spell(timedelta(seconds=view.in_transfer_seconds))
    counted = [_count(view.touches, "owner"), _count(view.hand_offs, "hand-off"), _count(view.reopens, "reopen")]
    if view.ping_pongs:
        counted.append(_count(view.ping_pongs, "ping-pong"))
    return f"{', '.join(counted)}, {waited} in transfer before"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def _clocks(clocks: tuple[ClockView, ...], now: datetime, zone: tzinfo | None) -> list[Text]:
    ordered = sorted(clocks, key=lambda clock: (clock.due is None, clock.due or now, clock.name))
    width = max(len(clock_name(clock.name)) for clock in ordered)
    return [_clock(clock, width, now, zone) for clock in ordered]


def clock_name(name: str) -> str:
    """What people call a clock."""
    return _CLOCKS.get(name, name.replace("_", " "))


def _clock(clock: ClockView, width: int, now: datetime, zone: tzinfo | None) -> Text:
    name = f"  {clock_name(clock.name):<{width}}  "
    if clock.due is None:
        return Text(f"{name}{'stands still' if clock.state == 'paused' else 'has run out'}", "dim")
    text = Text(f"{name}{clock.edge or '':<7}  {when(clock.due, zone)}, {away(clock.due, now)}")
    if clock.edge == "limit":
        text.stylize("bold")
    if clock.due < now:
        text.stylize("red")
    return text


def row(label: str, value: str) -> Text:
    """A line of a page: what it is about, and what there is to say."""
    return Text(f"{label:<{LABEL_CHARS}}", "dim").append(value, "not dim")
