"""From a message's folder of templates to what a channel carries: clean words, complete, never over the limit.

Templates are ours, words are not: what customers and colleagues wrote comes in as values, is stripped of control and
direction-changing characters, is escaped where it would be markup, and is never itself a template. Each template folder
holds only the variants that its message needs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import escape

from escalation.adapters import gsm
from escalation.adapters.dossier import dossier
from escalation.adapters.phrasing import Phrases, zone_of
from escalation.adapters.sending import (
    ChatMessage,
    Content,
    Letter,
    Reader,
    Script,
    ShortMessage,
    calling_nobody,
    header_safe,
    mark,
    visible,
)
from escalation.adapters.templates import Templates
from escalation.core.effects import Brief
from escalation.core.vocabulary import Channel, Message

BRAND = "Support escalations"
TITLE_CHARS_MAX = 200
TITLE_CHARS_LEAST = 40
"""An SMS of fewer segments is worth as much of a title as goes beyond this."""
WORD_CHARS_MAX = 120
"""What is shown at most of a reference, a team or an owner."""
REASON_CHARS_MAX = 1000
LONGER = {"reason": 500, "bridge": 500}
"""Fields that hold a sentence."""
SUBJECT_CHARS_MAX = 250
BODY_CHARS_MAX = 100_000
SCRIPT_CHARS_MAX = 900
"""About a minute of speech."""
CHAT_CHARS_MAX = 3000
"""What one text block of a chat message holds."""

READER = Reader()

PEOPLE = ("subject.txt", "body.txt", "body.html", "sms.txt", "voice.txt")
CUSTOMERS = ("subject.txt", "body.txt", "body.html")
ROOM = "room/chat.txt"
"""What is pinned in a war room."""
ROOM_TOPIC = "room/topic.txt"
"""What stands above it."""
SETTLED = "settled/chat.txt"
"""What is written below a page in the chat that asks nothing any more."""
LISTED = tuple(f"bundle/{one}" for one in (*PEOPLE, "chat.txt"))
"""Several escalations in one message."""
LINES_MAX = 200
"""Of one mail that lists them."""
CHATTED = frozenset({Message.PAGE, Message.ACKNOWLEDGED, Message.APPROVAL, Message.SITUATION, Message.CLOSING})
"""Messages that have words for a chat."""
URGENT = frozenset(
    {Message.PAGE, Message.APPROVAL, Message.SITUATION, Message.CHECK_IN, Message.UPDATE_WANTED},
)
"""What leadership is asked by mail, URGENT in its subject; on what asks nothing the word would wear out."""


def variants(message: Message) -> tuple[str, ...]:
    """The files that a message's folder holds: internal ones go out on every channel, customers' by email alone."""
    if message is Message.TICKET_STATUS:
        return ("ticket.txt",)
    if message.value.startswith("customer_"):
        return CUSTOMERS
    return (*PEOPLE, "chat.txt") if message in CHATTED else PEOPLE


@dataclass(frozen=True, slots=True)
class Words:
    """The words that are looked up when a message is made. `title` None: the content store could not be asked.

    `description` is what the escalation was handed over with; `customer` and `owner` are what these are called.
    """

    title: str | None
    text: str | None
    name: str | None
    description: str | None = None
    customer: str | None = None
    reader: Reader = READER
    link: str | None = None  # the page on which the message is answered
    keypad: bool = False  # of a call: whether its keys are heard
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class RoomWords:
    """What a war room says beside the facts: who is in command, who keeps the timeline, the call, the next status."""

    commander: str
    scribe: str
    bridge: str
    until: datetime | None
    over: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One escalation in a message about several: how it stands, the last word on it, and its title where there is room.

    `number` is that word's; the latest one counts.
    """

    brief: Brief
    message: Message
    number: int
    title: str | None = None


class Renderer:
    """Makes messages. Safe to use from many threads; reads each template once. `brand` is who speaks."""

    def __init__(self, folder: Path | None = None, brand: str = BRAND) -> None:
        self._templates = Templates(folder or Path(str(files("escalation") / "templates")))
        self._brand = header_safe(brand, WORD_CHARS_MAX)

    def check(self) -> None:
        """Raise `TemplateFault` if a template is missing, cannot be read, or uses a variable that nobody gives it."""
        others = (ROOM, ROOM_TOPIC, SETTLED, *LISTED)
        self._templates.check((*others, *(f"{message}/{one}" for message in Message for one in variants(message))))

    def render(
        self, message: Message, channel: Channel, brief: Brief, words: Words, dispatch: str, now: datetime
    ) -> Content:
        """The message as that channel carries it, in the reader's language and zone. Raises `TemplateFault`."""
        values = self._values(message, brief, words, now)
        match channel:
            case Channel.EMAIL:
                return self._letter(message, brief, words, values)
            case Channel.SMS:
                return ShortMessage(self._short(message, brief, words, values, dispatch))
            case Channel.VOICE:
                return self._script(message, brief, words, values)
            case Channel.CHAT:
                return ChatMessage(self.chat(message, brief, words, now), self._buttons(message, words))

    def listed(
        self, channel: Channel, lines: tuple[Line, ...], more: int, words: Words, dispatch: str, now: datetime
    ) -> Content:
        """Several escalations in one message, in the order given; `more` follow in another. Raises `TemplateFault`.

        Nothing is cut: whether it can be carried, `list_fits` says.
        """
        zone = zone_of(words.reader.zone)
        titled = (self._title("bundle/line.txt", line.brief, replace(words, title=line.title)) for line in lines)
        shown = tuple(_clean(replace(line, title=title), zone) for line, title in zip(lines, titled, strict=True))
        values = {
            "lines": shown,
            "more": more,
            "brand": self._brand,
            "now": now.astimezone(zone),
            "name": None if words.name is None else header_safe(words.name, TITLE_CHARS_MAX) or None,
        }

        def filled(variant: str) -> str:
            return self._templates.fill(f"bundle/{variant}", words.reader.language, values)

        match channel:
            case Channel.EMAIL:
                return Letter(
                    header_safe(filled("subject.txt"), SUBJECT_CHARS_MAX), filled("body.txt"), filled("body.html")
                )
            case Channel.SMS:
                return ShortMessage(_marked(gsm.plain(filled("sms.txt")), dispatch))
            case Channel.VOICE:
                speech = self._templates.phrases("bundle/voice.txt", words.reader.language).speech
                return Script(" ".join(filled("voice.txt").split()), speech)
            case Channel.CHAT:
                return ChatMessage(_chatted(filled("chat.txt")))

    def list_fits(self, content: Content) -> bool:
        """Whether that channel carries it whole."""
        match content:
            case Letter():
                return content.text.count("\n") <= LINES_MAX
            case ShortMessage():
                return gsm.fits(content.body)
            case Script():
                return len(content.words) <= SCRIPT_CHARS_MAX
            case ChatMessage():
                return len(content.text) <= CHAT_CHARS_MAX

    def note(self, brief: Brief, words: Words, now: datetime) -> str:
        """What is written into the ticket."""
        values = self._values(Message.TICKET_STATUS, brief, words, now)
        return self._templates.fill("ticket_status/ticket.txt", words.reader.language, values)

    def chat(self, message: Message, brief: Brief, words: Words, now: datetime) -> str:
        """The message for a chat, its values escaped (&, <, >) and calling nobody: no "@here" of theirs is one.

        A restricted escalation does not tell its title there. Raises `TemplateFault`.
        """
        values = self._values(message, brief, words, now)
        made = self._fitted(
            self._title(self._chat_file(message), brief, words),
            lambda title: _chatted(self._chat(message, words, {**values, "title": title})),
            lambda text: len(text) <= CHAT_CHARS_MAX,
        )
        return made[:CHAT_CHARS_MAX]

    def room(self, brief: Brief, words: Words, room: RoomWords, now: datetime) -> str:
        """What is pinned in a war room, escaped as `chat` is. Raises `TemplateFault`."""
        values = self._roomed(brief, words, room, now)
        made = self._fitted(
            self._title(ROOM, brief, words),
            lambda title: _chatted(self._templates.fill(ROOM, words.reader.language, {**values, "title": title})),
            lambda text: len(text) <= CHAT_CHARS_MAX,
        )
        return made[:CHAT_CHARS_MAX]

    def topic(self, brief: Brief, words: Words, room: RoomWords, now: datetime) -> str:
        """What stands above a war room, on one line. Raises `TemplateFault`."""
        return self._templates.fill(ROOM_TOPIC, words.reader.language, self._roomed(brief, words, room, now))

    def settled(self, brief: Brief, words: Words, now: datetime) -> str:
        """What stands below a page in the chat once it asks nothing; `words.name` is who has it. `TemplateFault`."""
        values = self._values(Message.ACKNOWLEDGED, brief, words, now)
        return _chatted(self._templates.fill(SETTLED, words.reader.language, values))

    def _roomed(self, brief: Brief, words: Words, room: RoomWords, now: datetime) -> Mapping[str, object]:
        facts = _clean(room, zone_of(words.reader.zone))
        return {**self._values(Message.SITUATION, brief, words, now), "room": facts}

    def _chat(self, message: Message, words: Words, values: Mapping[str, object]) -> str:
        """What has no words of its own for a chat is told there as in a text message."""
        filled = self._templates.fill(self._chat_file(message), words.reader.language, values)
        return filled if message in CHATTED else str(escape(filled))

    def _chat_file(self, message: Message) -> str:
        return f"{message}/{'chat' if message in CHATTED else 'sms'}.txt"

    def _buttons(self, message: Message, words: Words) -> tuple[str, ...]:
        if message is not Message.PAGE:
            return ()
        return self._templates.phrases(f"{message}/chat.txt", words.reader.language).buttons

    def _letter(self, message: Message, brief: Brief, words: Words, values: Mapping[str, object]) -> Letter:
        # A subject is seen on locked screens and by whoever forwards it. The ticket at its end outlasts the title.
        subject = self._fitted(
            self._title(f"{message}/body.txt", brief, words),
            lambda title: header_safe(
                self._fill(message, "subject.txt", words, {**values, "title": title}), BODY_CHARS_MAX
            ),
            lambda made: len(made) <= SUBJECT_CHARS_MAX,
        )
        return Letter(
            subject=subject[:SUBJECT_CHARS_MAX],
            text=self._fill(message, "body.txt", words, values),
            html=self._fill(message, "body.html", words, values),
            urgent=values["urgent"] is True,
        )

    def _short(self, message: Message, brief: Brief, words: Words, values: Mapping[str, object], dispatch: str) -> str:
        """The last line of the template, then our mark: these are never cut. The title gives way first.

        It gives way as far as `TITLE_CHARS_LEAST` where that saves a segment.
        """
        title = gsm.plain(self._title(f"{message}/sms.txt", brief, words))

        def made(title_chars: int) -> tuple[str, str]:
            filled = gsm.plain(
                self._fill(message, "sms.txt", words, {**values, "title": gsm.shortened(title, title_chars)})
            )
            lines = [" ".join(line.split()) for line in filled.split("\n") if line.strip()]
            return "\n".join(lines[:-1]), f"\n{lines[-1]} (Ref {mark(dispatch)})"

        fewest = gsm.segments("".join(made(min(len(title), TITLE_CHARS_LEAST))))

        def allowed(title_chars: int) -> bool:
            body = "".join(made(title_chars))
            return gsm.fits(body) and gsm.segments(body) <= fewest

        head, tail = made(gsm.longest(len(title), allowed))
        kept = gsm.shortened(head, gsm.longest(len(head), lambda chars: gsm.fits(gsm.shortened(head, chars) + tail)))
        # The page's address comes along where nothing has to give way for it.
        linked = f"{head}\n{words.link}{tail}"
        return linked if words.link and kept == head and gsm.fits(linked) else kept + tail

    def _script(self, message: Message, brief: Brief, words: Words, values: Mapping[str, object]) -> Script:
        spoken = self._fitted(
            self._title(f"{message}/voice.txt", brief, words),
            lambda title: " ".join(self._fill(message, "voice.txt", words, {**values, "title": title}).split()),
            lambda made: len(made) <= SCRIPT_CHARS_MAX,
        )
        speech = self._templates.phrases(f"{message}/voice.txt", words.reader.language).speech
        return Script(spoken[:SCRIPT_CHARS_MAX], speech)

    def _title(self, template: str, brief: Brief, words: Words) -> str:
        """The title where others might see or hear it: a restricted escalation does not tell its own.

        What stands for it is in the language in which that template is filled.
        """
        phrases = self._templates.phrases(template, words.reader.language)
        return phrases.restricted if brief.restricted else _shown(words.title, phrases)

    def _fitted(self, title: str, made: Callable[[str], str], fits: Callable[[str], bool]) -> str:
        """What is made of the longest title with which it fits; of none if it fits with none."""
        whole = made(title)
        if fits(whole):
            return whole
        chars = gsm.longest(len(title), lambda count: fits(made(gsm.shortened(title, count))))
        return made(gsm.shortened(title, chars))

    def _fill(self, message: Message, variant: str, words: Words, values: Mapping[str, object]) -> str:
        return self._templates.fill(f"{message}/{variant}", words.reader.language, values)

    def _values(self, message: Message, brief: Brief, words: Words, now: datetime) -> Mapping[str, object]:
        zone = zone_of(words.reader.zone)
        phrases = self._templates.phrases(f"{message}/body.txt", words.reader.language)
        led = brief.decides or bool(brief.executive and brief.executive in words.reader.roles)
        description = None if words.description is None else _body(visible(words.description).strip(), phrases)
        return {
            "brief": _clean(replace(brief, owner=words.owner or brief.owner), zone),
            "title": _shown(words.title, phrases),
            "text": None if words.text is None else _body(visible(words.text).strip(), phrases),
            "name": None if words.name is None else header_safe(words.name, TITLE_CHARS_MAX) or None,
            "customer": header_safe(words.customer or brief.customer, TITLE_CHARS_MAX),
            "story": dossier(description) if description else None,
            "brand": self._brand,
            "urgent": led and message in URGENT,
            "link": words.link,
            "keypad": words.keypad,
            "now": now.astimezone(zone),
        }


def _marked(words: str, dispatch: str) -> str:
    """A text with our mark at its end, by which the vendor's list is searched for it."""
    lines = [" ".join(line.split()) for line in words.split("\n") if line.strip()]
    return "\n".join(lines) + f" (Ref {mark(dispatch)})"


def _chatted(escaped: str) -> str:
    """The text for a chat, which knows three escapes and no others: & < >."""
    return calling_nobody(escaped.replace("&#39;", "'").replace("&#34;", '"'))


def _clean(value: Any, zone: tzinfo, chars_max: int = WORD_CHARS_MAX) -> Any:  # noqa: ANN401  # any field of a brief
    """The value with every word in it on one clean line, and every instant on the reader's clock."""
    match value:
        case StrEnum():
            return value
        case str():
            return header_safe(value, chars_max)
        case datetime():
            return value.astimezone(zone)
        case tuple():
            return tuple(_clean(one, zone) for one in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            found = {field.name: getattr(value, field.name) for field in fields(value)}
            return replace(
                value, **{name: _clean(one, zone, LONGER.get(name, chars_max)) for name, one in found.items()}
            )
        case _:
            return value


def _body(words: str, phrases: Phrases) -> str:
    if len(words) <= BODY_CHARS_MAX:
        return words
    ending = f"\n\n{phrases.shortened}"
    return words[: BODY_CHARS_MAX - len(ending)] + ending


def _shown(title: str | None, phrases: Phrases) -> str:
    return header_safe(title or "", TITLE_CHARS_MAX) or phrases.no_title
