"""The verbs that change something: each one command, one answer, one line."""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from escalation.cli import documents
from escalation.cli.doors import By, Json, Key, Reason, Ref, doors, run
from escalation.cli.feeding import STDIN, fed
from escalation.cli.instants import COMING, coming_instant
from escalation.cli.sending import send, tell
from escalation.core import commands
from escalation.core.vocabulary import Ask, Audience, DeEscalationReason
from escalation.wire import requests
from escalation.wire.messages import Answer
from escalation.wire.requests import BadInput, EscalationRequest

Words = Annotated[str, typer.Argument(help="The words, at most 64 KiB; '-' reads standard input.", show_default=False)]
Level = Annotated[str, typer.Argument(help="SEV1 to SEV4; P1 to P4 and Critical to Low mean the same.")]


def open_(
    ctx: typer.Context,
    ticket: Annotated[str, typer.Argument(help="The ticket that is handed over.")],
    by: By,
    source: Annotated[
        Path | None, typer.Option("--from", help="A filled form (`escalate template ROUTE`); '-' reads standard input.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="One line, at most 200 characters.")] = None,
    description: Annotated[
        Path | None, typer.Option(help="File with the story, at most 64 KiB; '-' reads standard input.")
    ] = None,
    route: Annotated[str | None, typer.Option(help="Where it goes: a route of the policy.")] = None,
    severity: Annotated[str | None, typer.Option(help="SEV1 to SEV4, P1 to P4, or as the agreement calls it.")] = None,
    ask: Annotated[Ask | None, typer.Option(help="What the receiver is asked to do.")] = None,
    customer: Annotated[str | None, typer.Option(help="Id of the customer.")] = None,
    segment: Annotated[str | None, typer.Option(help="What kind of customer it is: a segment of the policy.")] = None,
    deadline: Annotated[str | None, typer.Option(help=f"When it must be over: {COMING}.")] = None,
    policy: Annotated[str, typer.Option(help="Name of the agreement.")] = "default",
    reference: Annotated[str | None, typer.Option(help="Reference, if not the ticket's own id.")] = None,
    restricted: Annotated[bool, typer.Option("--restricted", help="Only for those who need to know.")] = False,
    machine: Annotated[bool, typer.Option("--machine", help="A program opens it, not a person.")] = False,
    triage: Annotated[bool, typer.Option("--triage", help="Triage says what is not named: route, severity.")] = False,
    case: Annotated[Path | None, typer.Option(help="What is known of the case, for triage: YAML or JSON.")] = None,
    by_hand: Annotated[str | None, typer.Option(help="Escalate whatever triage says: the reason.")] = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Hand a ticket over: from now on somebody owns it and everybody hears in time."""
    told: dict[str, object] = {
        "title": title,
        "description": None if description is None else _story(description),
        "route": route,
        "severity": severity,
        "ask": ask,
        "deadline": None if deadline is None else _coming(ctx, deadline),
        "case": None if case is None else documents.case_in(case),
    }
    if source is not None:
        told = documents.told_by(ctx, source, ticket, customer or "", {name for name in told if told[name] is not None})
    given = {
        **told,
        "ticket": ticket,
        "customer": customer,
        "segment": segment,
        "by": by,
        "policy": policy,
        "reference": reference,
        "restricted": restricted or told.get("restricted"),
        "by_machine": machine,
        "triage": triage,
        "by_hand": by_hand,
        "key": key or str(uuid4()),
    }
    _open(ctx, given, as_json=as_json)


def _coming(ctx: typer.Context, deadline: str) -> datetime:
    outside = doors(ctx)
    return coming_instant("deadline", deadline, outside.now(), outside.zone)


def _open(ctx: typer.Context, given: dict[str, object], *, as_json: bool) -> None:
    request = EscalationRequest.model_validate({name: value for name, value in given.items() if value is not None})

    async def started() -> Answer:
        return await (await doors(ctx).connect()).start(request)

    tell(run(started()), as_json=as_json)


def ack(ctx: typer.Context, ref: Ref, by: By, key: Key = None, as_json: Json = False) -> None:
    """Take it: you become the owner."""
    send(ctx, ref, commands.Acknowledge(by), key, as_json=as_json)


def decline(ctx: typer.Context, ref: Ref, by: By, reason: Reason = "", key: Key = None, as_json: Json = False) -> None:
    """Not me: the next step is told at once."""
    send(ctx, ref, commands.Decline(by, reason), key, as_json=as_json)


def update(
    ctx: typer.Context,
    ref: Ref,
    text: Words,
    by: By,
    customer: Annotated[bool, typer.Option("--customer", help="For the customer: it is sent.")] = False,
    internal: Annotated[bool, typer.Option("--internal", help="For the inside only.")] = False,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Say how far it is."""
    if customer is internal:
        raise BadInput("an update has one audience; say either --customer or --internal")
    audience = Audience.CUSTOMER if customer else Audience.INTERNAL
    send(ctx, ref, commands.PostUpdate(by, audience), key, words=_words(text), as_json=as_json)


def severity(
    ctx: typer.Context, ref: Ref, level: Level, by: By, reason: Reason = "", key: Key = None, as_json: Json = False
) -> None:
    """Change the severity, up or down."""
    command = commands.ChangeSeverity(by, requests.severity(level), reason)
    send(ctx, ref, command, key, as_json=as_json)


def confirm_severity(
    ctx: typer.Context,
    ref: Ref,
    level: Level,
    by: By,
    evidence: Annotated[str, typer.Option(help="What shows it.", show_default=False)] = "",
    key: Key = None,
    as_json: Json = False,
) -> None:
    """The receiving team's verdict on the severity."""
    command = commands.ConfirmSeverity(by, requests.severity(level), evidence)
    send(ctx, ref, command, key, as_json=as_json)


def reassign(
    ctx: typer.Context,
    ref: Ref,
    by: By,
    to: Annotated[str, typer.Option(help="The person who is asked.", show_default=False)],
    reason: Reason = "",
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Ask a named person to take it."""
    send(ctx, ref, commands.Reassign(by, to, reason), key, as_json=as_json)


def handoff(
    ctx: typer.Context,
    ref: Ref,
    by: By,
    route: Annotated[str, typer.Option(help="The route it belongs to.", show_default=False)],
    ask: Annotated[Ask, typer.Option(help="What its receiver is asked to do.", show_default=False)],
    reason: Reason = "",
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Sideways: another route's receiver."""
    send(ctx, ref, commands.HandOff(by, route, ask, reason), key, as_json=as_json)


def raise_(ctx: typer.Context, ref: Ref, by: By, reason: Reason = "", key: Key = None, as_json: Json = False) -> None:
    """Upwards: the next level of the agreement, or the next step of the chain."""
    send(ctx, ref, commands.Raise(by, reason), key, as_json=as_json)


def block(
    ctx: typer.Context,
    ref: Ref,
    by: By,
    waiting_for: Annotated[str, typer.Option(help="For whom or what.", show_default=False)] = "",
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Wait for the customer or a third party: clocks stand still."""
    send(ctx, ref, commands.Block(by, waiting_for), key, as_json=as_json)


def unblock(ctx: typer.Context, ref: Ref, by: By, reason: Reason = "", key: Key = None, as_json: Json = False) -> None:
    """What was waited for is there."""
    send(ctx, ref, commands.Unblock(by, reason), key, as_json=as_json)


def snooze(
    ctx: typer.Context,
    ref: Ref,
    by: By,
    until: Annotated[str, typer.Option(help=f"{COMING}.", metavar="TIME", show_default=False)],
    reason: Reason = "",
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Leave the owner alone until then: pages, reminders and nudges wait; the customer's clocks do not."""
    outside = doors(ctx)
    end = coming_instant("until", until, outside.now(), outside.zone)
    send(ctx, ref, commands.Snooze(by, end, reason), key, as_json=as_json)


def unsnooze(ctx: typer.Context, ref: Ref, by: By, reason: Reason = "", key: Key = None, as_json: Json = False) -> None:
    """Tell people again, now: the end of a snooze, or of the silence of a maintenance."""
    send(ctx, ref, commands.Unsnooze(by, reason), key, as_json=as_json)


def deescalate(
    ctx: typer.Context,
    ref: Ref,
    by: By,
    reason: Annotated[DeEscalationReason, typer.Option(help="Why it can go back.", show_default=False)],
    to: Annotated[str, typer.Option(help="The person who gets it back.", show_default=False)],
    level: Annotated[str, typer.Option(help="Their level, as the agreement calls it.", show_default=False)],
    findings: Annotated[str | None, typer.Option(help="What was found; '-' reads standard input.")] = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Return the ticket to a named person at a lower level."""
    command = commands.DeEscalate(by, reason, to, level)
    send(ctx, ref, command, key, words=None if findings is None else _words(findings), as_json=as_json)


def resolve(
    ctx: typer.Context,
    ref: Ref,
    by: By,
    text: Annotated[str | None, typer.Option(help="What the customer reads; '-' reads standard input.")] = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """A fix is declared: the customer is asked to confirm."""
    send(ctx, ref, commands.Resolve(by), key, words=None if text is None else _words(text), as_json=as_json)


def confirm(ctx: typer.Context, ref: Ref, by: By, key: Key = None, as_json: Json = False) -> None:
    """The customer agrees: close."""
    send(ctx, ref, commands.Confirm(by), key, as_json=as_json)


def reopen(ctx: typer.Context, ref: Ref, by: By, reason: Reason = "", key: Key = None, as_json: Json = False) -> None:
    """Not fixed after all."""
    send(ctx, ref, commands.Reopen(by, reason), key, as_json=as_json)


def note(ctx: typer.Context, ref: Ref, text: Words, by: By, key: Key = None, as_json: Json = False) -> None:
    """Words for the record."""
    send(ctx, ref, commands.AddNote(by), key, words=_words(text), as_json=as_json)


def cancel(ctx: typer.Context, ref: Ref, by: By, reason: Reason = "", key: Key = None, as_json: Json = False) -> None:
    """It should not have been opened."""
    send(ctx, ref, commands.Cancel(by, reason), key, as_json=as_json)


# --- inside ----------------------------------------------------------------------------------------------------------


def _words(written: str) -> str:
    return requests.words("text", _told(STDIN, "standard input") if written == STDIN else written)


def _story(path: Path) -> str:
    return _told(path, "standard input" if str(path) == STDIN else repr(str(path)))


def _told(file: Path | str, source: str) -> str:
    found = fed(file, requests.WORDS_BYTES_MAX)
    if len(found) > requests.WORDS_BYTES_MAX:
        raise BadInput(
            f"{source} holds more than {requests.WORDS_BYTES_MAX} bytes; shorten it, attach the rest to the ticket"
        )
    try:
        return found.decode()
    except UnicodeDecodeError:
        raise BadInput(f"{source} is no UTF-8 text; convert it") from None
