"""The verb that triages: keep or escalate, how soon, how bad, where to, and why. It opens nothing and asks nobody."""

from dataclasses import fields, replace
from datetime import datetime
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
from escalation.wire.requests import WORDS_BYTES_MAX, BadInput, name, words

NEEDED_BY_MAX = 3
_SKIPS = {Bypass.NONE: "", Bypass.FIRST_LEVEL: ", past level 1", Bypass.EVERY_LEVEL: ", past every level, at once"}


def triage(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="What is known of the case, YAML or JSON; - is standard input.")],
    text: Annotated[bool, typer.Option("--text", help="The file is the customer's words and nothing else.")] = False,
    document: Annotated[
        bool, typer.Option("--document", help="The file is a filled escalation form (`escalate template ROUTE`).")
    ] = False,
    segment: Annotated[str, typer.Option(help="With --text or --document: the customer's segment.")] = "",
    customer: Annotated[str, typer.Option(help="Look up what is known of this customer's account as well.")] = "",
    rules: Annotated[
        Path | None, typer.Option(help="Triage by the rules of this file.", show_default="those that are shipped")
    ] = None,
    as_json: Json = False,
) -> None:
    """Whether to keep a case in support or escalate it, how severe, where to, what is missing, and why."""
    from escalation.wire.triage_rules import shipped  # a tenth of a second that the other verbs save
    from escalation.wire.yaml_reader import BYTES_MAX

    known, questions = shipped() if rules is None else _rules(rules)
    if text and document:
        raise BadInput("a file is either the customer's words or a form; say --text or --document")
    if segment and not (text or document):
        raise BadInput("--segment goes with --text or --document; a file of facts has its own `segment`")
    if segment and segment not in known.timelines:
        raise BadInput(f"{segment!r} is no segment; known are {', '.join(sorted(known.timelines))}")
    now = doors(ctx).now()
    if text:
        case = CaseFacts(text=_plain(fed(file, WORDS_BYTES_MAX)), segment=segment)
    elif document:
        case = replace(_form(file, now), segment=segment)
    else:
        case = _case(file, fed(file, BYTES_MAX), known, questions)
    case, account = _with_account(case, customer, known) if customer else (case, "")
    found = judge(case, known, now)
    if as_json:
        say_json(
            {**{field.name: getattr(found, field.name) for field in fields(found)}, "account": account}
            if customer
            else found
        )
    else:
        say(*page(found), *([row("account", account)] if customer else []))


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


def _form(file: str, now: datetime) -> CaseFacts:
    from escalation.cli.documents import document_in
    from escalation.wire.document_case import case_of

    return case_of(document_in(file, now))


def _with_account(case: CaseFacts, customer: str, rules: TriageRules) -> tuple[CaseFacts, str]:
    """The case with what is known of the account, and that in one line, or why it is not known."""
    from escalation.adapters.accounts import AccountsDown, accounts_of
    from escalation.adapters.settings import read_settings
    from escalation.core.account import segment_among, told, with_account

    try:
        account = accounts_of(read_settings()).find(name("customer", customer))
    except AccountsDown as down:
        return case, str(down)
    except OSError as error:
        raise BadInput(f"the file of accounts cannot be read ({error.strerror}); correct its name") from None
    if account is None:
        return case, f"no account is kept for {customer!r}"
    more = {**with_account(case, account), "segment": segment_among(frozenset(rules.timelines), case.segment, account)}
    return replace(case, **more), told(account)  # type: ignore[arg-type]  # by field, each of its own type


def _plain(source: bytes) -> str:
    try:
        return words("the text", source.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadInput("the text is not UTF-8; save it as UTF-8") from None
