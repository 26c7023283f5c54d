"""The messages as they go out, one file for each and for each language: read them like a receiver would.

`python -m tests.edge.rendering.golden` writes them anew after a template has changed; the difference is then reviewed.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from escalation.adapters.rendering import CHATTED, PEOPLE, Renderer, Words, variants
from escalation.adapters.sending import ChatMessage, Letter, Reader, Script, ShortMessage
from escalation.adapters.templates import UNTRANSLATED
from escalation.core.effects import ApprovalBrief, Brief
from escalation.core.vocabulary import ApprovalKind, Channel, Message, Phase
from tests.edge.samples import BRIEF, NOW, TITLE, WORDS

FOLDER = Path(__file__).parent / "messages"
TAKES_TEXT = {
    Message.CUSTOMER_UPDATE,
    Message.CUSTOMER_REMINDER,
    Message.CUSTOMER_RESOLUTION,
    Message.SITUATION,
    Message.RETURNED,
    Message.TICKET_STATUS,
}
ENDED = {Message.CLOSING, Message.RETURNED, Message.CUSTOMER_CLOSING}
READERS = {"": Reader(), "de": Reader("de", "Europe/Berlin")}
"""By the folder of the golden files."""
TRANSLATED = tuple(message for message in Message if message not in UNTRANSLATED)

APPROVAL = ApprovalBrief(
    number=3,
    kind=ApprovalKind.POLICY_EXCEPTION,
    asked_by="sue",
    about="engineering",
    quorum=2,
    votes=1,
    reason="The customer renews tomorrow.",
    until=NOW + timedelta(hours=1),
)

STORY = """\
# ESCALATION - Checkout answers 502 for every card - Ticket #T-4711

- Priority: SEV1
- Customer: acme
- Ticket: #T-4711
- Routed to: l2-to-engineering
- Reported by: Lena Vogt

## Business impact

- Affected customers: 14
- SLA position: At risk

## Narrative

Cards are refused since release 4.12.

## Actions taken

1. Restarted the gateway. → Five of eight regions work again.

## Customer communication

- Customer expects: Payments work before the evening.
- Promised:
  - 2026-11-22 12:00 UTC: An answer about the cause.

## Attachments

- console.txt (text/plain, 20 KiB, internal): https://files.example/T-4711/console

## Context

- Customer: Business plan since 2021, two outages in autumn.
"""


def channels(message: Message) -> tuple[Channel, ...]:
    """The vendors' channels that a message has words for."""
    if message is Message.TICKET_STATUS:
        return ()
    return (Channel.EMAIL, Channel.SMS, Channel.VOICE) if variants(message)[:5] == PEOPLE else (Channel.EMAIL,)


def brief_of(message: Message) -> Brief:
    """The facts as they are when that message goes out."""
    if message is Message.APPROVAL:
        return replace(BRIEF, phase=Phase.AWAITING_APPROVAL, approval=APPROVAL)
    return replace(BRIEF, phase=Phase.CLOSED) if message in ENDED else BRIEF


def pieces(message: Message, renderer: Renderer, words: Words, brief: Brief | None = None) -> Iterator[tuple[str, str]]:
    """Every variant of a message by the name of its piece: subject, text, html, sms, voice, chat, ticket."""
    brief = brief or brief_of(message)
    if message is Message.TICKET_STATUS:
        yield "ticket", renderer.note(brief, words, NOW)
    chat = (Channel.CHAT,) if message in CHATTED else ()
    for channel in (*channels(message), *chat):
        match renderer.render(message, channel, brief, words, "d-1", NOW):
            case Letter(subject, text, html):
                yield from (("subject", subject), ("text", text), ("html", html))
            case ShortMessage(body):
                yield "sms", body
            case Script(spoken):
                yield "voice", spoken
            case ChatMessage(said, buttons):
                yield "chat", "\n".join((said, *(f"[{words}]" for words in buttons)))


def words_of(message: Message, reader: Reader) -> Words:
    """The words that are looked up for it."""
    return Words(
        title=TITLE,
        text=WORDS if message in TAKES_TEXT else None,
        name="Zoë Müller",
        description=STORY if message is Message.PAGE else None,
        customer="Acme GmbH",
        owner="Bruno Costa",
        reader=reader,
    )


def everything(message: Message, renderer: Renderer, folder: str = "") -> str:
    """All variants of a message in one text."""
    made = pieces(message, renderer, words_of(message, READERS[folder]))
    return "\n".join(f"--- {name}\n{text}" for name, text in made) + "\n"


def goldens() -> Iterator[tuple[Message, str]]:
    """Every message with the folder of each language that it is kept in."""
    yield from ((message, "") for message in Message)
    yield from ((message, "de") for message in TRANSLATED)


if __name__ == "__main__":
    for each, language in goldens():
        (FOLDER / language).mkdir(exist_ok=True)
        (FOLDER / language / f"{each}.txt").write_text(everything(each, Renderer(), language), "utf-8")
