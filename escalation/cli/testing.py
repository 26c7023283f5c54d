"""`escalate send-test`: one real message through the configured account, and what the vendor says of it afterwards."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from escalation.cli.doors import Doors, doors, run
from escalation.cli.failing import CheckFailed, extra
from escalation.cli.instants import length
from escalation.cli.speaking import say
from escalation.core.vocabulary import Channel, Outcome, Severity
from escalation.wire.requests import BadInput

if TYPE_CHECKING:
    from escalation.adapters.sending import Content, Outgoing, Provider, Trail
    from escalation.adapters.settings import Settings

DIRECTORY = Path("examples/directory.yaml")
"""In development, from a checkout, when no directory is named."""
EVERY = timedelta(seconds=2)
WITHIN_MIN, WITHIN_MAX = timedelta(seconds=2), timedelta(minutes=30)
WORDS = "Test of the escalation pipeline. Nothing is asked of you."


def send_test(
    ctx: typer.Context,
    contact: Annotated[str, typer.Argument(help="Person or role of the directory.", show_default=False)],
    channel: Annotated[Channel, typer.Argument(help="How to reach them.", show_default=False)],
    within: Annotated[
        str, typer.Option(help="How long the vendor is asked what became of it.", metavar="DURATION")
    ] = "2m",
) -> None:
    """Send one test message with the configured account and follow it. Exit 0 when it was delivered, else 1."""
    from escalation.adapters.settings import read_settings

    patience, outside = length("--within", within, WITHIN_MIN, WITHIN_MAX), doors(ctx)
    with extra("worker"):
        settings = read_settings()
        provider = _provider(settings, channel)
        outgoing = _outgoing(settings, contact, channel, outside.now())
        trail = _sent(provider, outgoing, contact)
    reached = run(_followed(outside, provider, trail, patience))
    if not reached:
        raise CheckFailed


def send_words(settings: "Settings", contact: str, channel: Channel, words: str, at: datetime) -> None:
    """Send these words to somebody and say what the vendor answers. Raises `CheckFailed` when it does not take them."""
    _sent(_provider(settings, channel), _outgoing(settings, contact, channel, at, words), contact)


def _sent(provider: "Provider", outgoing: "Outgoing", contact: str) -> "Trail":
    from escalation.adapters.sending import Accepted, Answered, Trail

    match provider.send(outgoing):
        case Accepted(provider_id):
            say(f"{outgoing.channel} to {contact}: accepted as {provider_id}")
            return Trail(provider_id, outgoing.channel, outgoing.to, outgoing.at, outgoing.at)
        case Answered(vendor, status, code):
            say(f"{outgoing.channel} to {contact}: refused by {vendor}, status {status}, code {code or 'none'}")
        case broken:
            sent = "it may have been sent" if broken.posted else "nothing was sent"
            say(f"{outgoing.channel} to {contact}: no answer ({broken.why}); {sent}")
    raise CheckFailed


async def _followed(outside: Doors, provider: "Provider", trail: "Trail", patience: timedelta) -> bool:
    """Ask until the last word, saying each new one; whether it was a good one."""
    from escalation.adapters.receipts import read
    from escalation.adapters.sending import Unclear

    said = ""
    for _ in range(max(1, patience // EVERY)):
        news = provider.follow(trail)
        if isinstance(news, Unclear):
            line, outcome = f"no news ({news.why})", Outcome.ACCEPTED
        else:
            reading = read(trail.channel, news.word, news.code, news.answered_by)
            code = f", code {reading.code}" if reading.code else ""
            line, outcome = f"{news.word}{code}", reading.outcome
        if line != said:
            said = line
            say(f"{outside.now():%H:%M:%SZ} {line}")
        if outcome is not Outcome.ACCEPTED:
            return outcome is Outcome.DELIVERED
        await outside.pause(EVERY)
    say(f"no last word within {patience.total_seconds():g} s; ask the vendor's own log, or wait longer with --within")
    return False


def _provider(settings: "Settings", channel: Channel) -> "Provider":
    vendors = settings.vendors()
    if channel is Channel.EMAIL:
        from escalation.adapters.sendgrid import SendGrid

        return SendGrid(vendors.mail)
    if channel in {Channel.SMS, Channel.VOICE}:
        from escalation.adapters.twilio import Twilio

        return Twilio(vendors.phone)
    from escalation.adapters.chat_account import chat_of
    from escalation.adapters.chat_places import ChatPlaces
    from escalation.adapters.slack import Slack, SlackApi
    from escalation.adapters.store import open_store

    account = chat_of(settings)
    if account is None:
        raise BadInput("no chat is configured: set ESCALATION_SLACK_BOT_TOKEN, or test another channel")
    # A test is in no thread, so the store is never asked.
    return Slack(SlackApi(account), ChatPlaces(open_store(settings.ledger_url, settings.ledger_timeout)))


def _outgoing(settings: "Settings", contact: str, channel: Channel, at: datetime, words: str = WORDS) -> "Outgoing":
    from escalation.adapters.directory import directory_of
    from escalation.adapters.sending import Outgoing

    directory = directory_of(settings, DIRECTORY)
    if directory.is_customer(contact):
        raise BadInput(f"{contact!r} is a customer; test with somebody of your own")
    address = directory.address(contact, channel, at)
    if address is None:
        raise BadInput(f"{contact!r} has no {channel} in the directory; correct the name, or add the address there")
    dispatch = f"test-{uuid4().hex[:16]}"
    return Outgoing(
        dispatch=dispatch,
        reference="TEST",
        severity=Severity.SEV4,
        channel=channel,
        to=address,
        name=directory.name(contact, at),
        content=_content(channel, dispatch, words),
        at=at,
        lasts=timedelta(minutes=10),
        calls_back=False,  # it is followed from here, and no workflow waits for it
    )


def _content(channel: Channel, dispatch: str, words: str) -> "Content":
    from escalation.adapters.sending import ChatMessage, Letter, Script, ShortMessage, mark

    match channel:
        case Channel.EMAIL:
            html = f'<!doctype html><html lang="en"><body><p>{words}</p></body></html>'
            return Letter("Test of the escalation pipeline", words, html)
        case Channel.SMS:
            return ShortMessage(f"{words} (Ref {mark(dispatch)})")
        case Channel.CHAT:
            return ChatMessage(words)
        case Channel.VOICE:
            return Script(words)
