"""The verb that triages: keep or escalate, how soon, how bad, where to, and why. It opens nothing and asks nobody."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from escalation.cli.doors import Json, doors
from escalation.cli.feeding import STDIN, fed
from escalation.cli.speaking import row, say, say_json
from escalation.core.case_facts import CaseFacts
from escalation.core.scoring import Part
from escalation.core.triage import Assessment, Bypass, Fired, TriageRules, Verdict
from escalation.core.triage import triage as judge
from escalation.wire.requests import WORDS_BYTES_MAX, BadInput, words

NEEDED_BY_MAX = 3
_SKIPS = {Bypass.NONE: "", Bypass.FIRST_LEVEL: ", past level 1", Bypass.EVERY_LEVEL: ", past every level, at once"}


def triage(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="What is known of the case, YAML or JSON; - is standard input.")],
    text: Annotated[bool, typer.Option("--text", help="The file is the customer's words and nothing else.")] = False,
    segment: Annotated[str, typer.Option(help="With --text: the customer's segment.")] = "",
    rules: Annotated[
        Path | None, typer.Option(help="Triage by the rules of this file.", show_default="those that are shipped")
    ] = None,
    as_json: Json = False,
) -> None:
    """Whether to keep a case in support or escalate it, how severe, where to, what is missing, and why."""
    from escalation.wire.triage_rules import shipped  # a tenth of a second that the other verbs save
    from escalation.wire.yaml_reader import BYTES_MAX

    known, questions = shipped() if rules is None else _rules(rules)
    if segment and not text:
        raise BadInput("--segment goes with --text; a file of facts has its own `segment`")
    if segment and segment not in known.timelines:
        raise BadInput(f"{segment!r} is no segment; known are {', '.join(sorted(known.timelines))}")
    source = fed(file, WORDS_BYTES_MAX if text else BYTES_MAX)
    case = CaseFacts(text=_plain(source), segment=segment) if text else _case(file, source, known, questions)
    found = judge(case, known, doors(ctx).now())
    if as_json:
        say_json(found)
    else:
        say(*page(found))


def page(found: Assessment) -> list[Text]:
    """An assessment on one page."""
    if found.verdict is Verdict.KEEP:
        head = Text("keep in support", "bold green")
    else:
        head = Text(f"escalate, {found.urgency}", "bold red" if found.bypass is Bypass.EVERY_LEVEL else "bold yellow")
    runs_on = "" if found.timeline is found.severity else f", on the timeline of {found.timeline}"
    could = "" if found.score.at_most == found.score.points else f", {found.score.at_most} at most"
    lines = [
        head,
        row("because", f"{found.because} ({found.decided_by})" if found.decided_by else found.because),
        row("severity", f"{found.severity}{runs_on} (impact {found.impact}, urgency {found.urgency_level} of 1 to 3)"),
    ]
    if found.route:
        lines.append(row("route", f"{found.route}{_SKIPS[found.bypass]}"))
    lines += [
        row("score", f"{found.score.points} of 100{could}, weights {found.score.version}"),
        *(_part(part) for part in found.score.parts),
        *_list("fired", [_fired(each) for each in found.fired]),
        *_list("checklist", [f"{'yes' if each.answer else 'no'}: {each.asks}" for each in found.checklist
                             if each.answer is not None]),
        *_list("missing", [f"{gap.fact} ({_some(gap.needed_by)})" for gap in found.missing]),
        Text(),
        row("rules", f"{found.rules} {found.version}, {found.digest[:12]}"),
    ]  # fmt: skip
    return lines


def _part(part: Part) -> Text:
    points = "?" if part.points is None else str(part.points)
    return Text(f"  {part.dimension:<12} {points:>3} × {part.weight:>2} %  {part.because}", "dim")


def _fired(fired: Fired) -> str:
    held = "; the checklist answers it" if fired.held_back else ""
    worst = f", {fired.severity}" if fired.severity else ""
    return f"{fired.id}: {fired.because} [{fired.kind}, {fired.urgency}{worst}; {fired.source}]{held}"


def _list(title: str, rows: list[str]) -> list[Text]:
    return [Text(), Text(title, "bold"), *(Text(f"  {each}") for each in rows)] if rows else []


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - NEEDED_BY_MAX
    return ", ".join(names[:NEEDED_BY_MAX]) + (f" and {more} more" if more > 0 else "")


def _rules(path: Path) -> tuple[TriageRules, frozenset[str]]:
    from escalation.wire.triage_rules import freeze
    from escalation.wire.yaml_reader import BYTES_MAX, FaultyFileError, read

    try:
        return freeze(read(fed(str(path), BYTES_MAX)))
    except FaultyFileError as faulty:
        raise BadInput(*(f"{path}: {fault}" for fault in faulty.faults)) from None


def _case(file: str, source: bytes, rules: TriageRules, questions: frozenset[str]) -> CaseFacts:
    from escalation.wire.case_file import read_case
    from escalation.wire.yaml_reader import FaultyFileError

    try:
        return read_case(source, rules, questions)
    except FaultyFileError as faulty:
        shown = "standard input" if file == STDIN else file
        raise BadInput(*(f"{shown}: {fault}" for fault in faulty.faults)) from None


def _plain(source: bytes) -> str:
    try:
        return words("the text", source.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadInput("the text is not UTF-8; save it as UTF-8") from None
