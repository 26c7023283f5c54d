"""From a message's folder of templates to what a channel carries: clean words, complete, never over the limit.

Templates are ours, words are not: what customers and colleagues wrote comes in as values, is stripped of control and
direction-changing characters, is escaped in HTML, and is never itself a template. Each template folder holds only the
variants that its message needs.
"""

import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound, UndefinedError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from escalation.adapters import gsm
from escalation.adapters.sending import Content, Letter, Script, ShortMessage, header_safe, mark, visible
from escalation.core.effects import Brief, Point
from escalation.core.vocabulary import Channel, Message

NO_TITLE = "(title not available)"
RESTRICTED_TITLE = "Restricted"
TITLE_CHARS_MAX = 200
WORD_CHARS_MAX = 120
"""What is shown at most of a reference, a team or an owner."""
SUBJECT_CHARS_MAX = 250
BODY_CHARS_MAX = 100_000
SCRIPT_CHARS_MAX = 900
"""About a minute of speech."""
SHORTENED = "\n\n[shortened]"

_BLANK_LINES = re.compile(r"\n[ ]*\n[ ]*\n\s*")
"""A block of a template that stays empty leaves no hole."""

FIELDS = frozenset({"brief", "title", "text", "name", "now"})
"""The variables that a template may use."""

IMPORTED = frozenset({"say"})
"""The name under which the layouts and the templates import our phrases."""

PEOPLE = ("subject.txt", "body.txt", "body.html", "sms.txt", "voice.txt")
CUSTOMERS = ("subject.txt", "body.txt", "body.html")


def variants(message: Message) -> tuple[str, ...]:
    """The files that a message's folder holds: internal ones go out on every channel, customers' by email alone."""
    if message is Message.TICKET_STATUS:
        return ("ticket.txt",)
    return CUSTOMERS if message.value.startswith("customer_") else PEOPLE


class TemplateFault(Exception):
    """A template is missing or wrong. One line: which template, which line, what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words that are looked up when a message is made. `title` None: the content store could not be asked."""

    title: str | None
    text: str | None
    name: str | None


class Renderer:
    """Makes messages. Safe to use from many threads; reads each template once."""

    def __init__(self, folder: Path | None = None) -> None:
        root = folder or Path(str(files("escalation") / "templates"))
        self._plain = _environment(root, escape=False)
        self._html = _environment(root, escape=True)

    def check(self) -> None:
        """Raise `TemplateFault` if a template is missing, cannot be read, or uses a variable that nobody gives it."""
        for message in Message:
            for variant in variants(message):
                self._check(f"{message}/{variant}")

    def render(
        self, message: Message, channel: Channel, brief: Brief, words: Words, dispatch: str, now: datetime
    ) -> Content:
        """The message as that channel carries it. Raises `TemplateFault`."""
        match channel:
            case Channel.EMAIL:
                return self._letter(message, brief, words, now)
            case Channel.SMS:
                return ShortMessage(self._short(message, brief, words, dispatch, now))
            case Channel.VOICE:
                return Script(self._script(message, brief, words, now))

    def note(self, brief: Brief, words: Words, now: datetime) -> str:
        """What is written into the ticket."""
        return self._fill("ticket_status/ticket.txt", _values(brief, words, now))

    def _letter(self, message: Message, brief: Brief, words: Words, now: datetime) -> Letter:
        values = _values(brief, words, now)
        # A subject is seen on locked screens and by whoever forwards it.
        guarded = values | {"title": _title(brief, words)}
        return Letter(
            subject=header_safe(self._fill(f"{message}/subject.txt", guarded), SUBJECT_CHARS_MAX),
            text=self._fill(f"{message}/body.txt", values),
            html=self._fill(f"{message}/body.html", values),
        )

    def _short(self, message: Message, brief: Brief, words: Words, dispatch: str, now: datetime) -> str:
        """The last line of the template, then our mark: these are never cut. The title gives way first."""
        values = _values(brief, words, now)
        title = gsm.plain(_title(brief, words))

        def made(title_chars: int) -> tuple[str, str]:
            shown = title if title_chars >= len(title) else gsm.shortened(title, title_chars)
            filled = gsm.plain(self._fill(f"{message}/sms.txt", values | {"title": shown}))
            lines = [" ".join(line.split()) for line in filled.split("\n") if line.strip()]
            return "\n".join(lines[:-1]), f"\n{lines[-1]} (Ref {mark(dispatch)})"

        head, tail = made(gsm.longest(len(title), lambda chars: gsm.fits("".join(made(chars)))))
        return (
            gsm.shortened(head, gsm.longest(len(head), lambda chars: gsm.fits(gsm.shortened(head, chars) + tail)))
            + tail
        )

    def _script(self, message: Message, brief: Brief, words: Words, now: datetime) -> str:
        values = _values(brief, words, now) | {"title": _title(brief, words)}
        return " ".join(self._fill(f"{message}/voice.txt", values).split())[:SCRIPT_CHARS_MAX]

    def _fill(self, template: str, values: dict[str, object]) -> str:
        try:
            return _BLANK_LINES.sub("\n\n", self._of(template).get_template(template).render(values)).strip()
        except TemplateNotFound as missing:
            raise TemplateFault(f"template {missing.name!r} does not exist") from None
        except UndefinedError as unknown:
            raise TemplateFault(f"template {_place(unknown, template)}: unknown variable: {unknown.message}") from None
        except TemplateError as wrong:
            raise TemplateFault(f"template {_place(wrong, template)}: {wrong.message}") from None

    def _check(self, template: str) -> None:
        try:
            environment = self._of(template)
            for name in self._with_parents(template):
                source, _, _ = environment.loader.get_source(environment, name)  # type: ignore[union-attr]  # it has one
                unknown = meta.find_undeclared_variables(environment.parse(source)) - FIELDS - IMPORTED
                if unknown:
                    raise TemplateFault(
                        f"template {name!r}: unknown variable {min(unknown)!r}; there are {', '.join(sorted(FIELDS))}"
                    )
        except TemplateNotFound as missing:
            raise TemplateFault(f"template {missing.name!r} does not exist") from None
        except TemplateError as wrong:
            raise TemplateFault(f"template {_place(wrong, template)}: {wrong.message}") from None

    def _with_parents(self, template: str) -> Iterator[str]:
        environment = self._of(template)
        waiting = [template]
        while waiting:
            name = waiting.pop()
            yield name
            source, _, _ = environment.loader.get_source(environment, name)  # type: ignore[union-attr]  # it has one
            waiting += [found for found in meta.find_referenced_templates(environment.parse(source)) if found]

    def _of(self, template: str) -> ImmutableSandboxedEnvironment:
        return self._html if template.endswith(".html") else self._plain


def utc(instant: datetime) -> str:
    """For reading: "Sun 22 Nov 2026, 10:40 UTC (2026-11-22T10:40:00Z)"."""
    at = instant.astimezone(UTC)
    return f"{at:%a} {at.day} {at:%b %Y, %H:%M} UTC ({at:%Y-%m-%dT%H:%M:%SZ})"


def short(instant: datetime) -> str:
    """For an SMS: "22 Nov 10:40 UTC"."""
    at = instant.astimezone(UTC)
    return f"{at.day} {at:%b %H:%M} UTC"


def spoken(instant: datetime) -> str:
    """For a voice: "10 40 U T C on 22 November"."""
    at = instant.astimezone(UTC)
    return f"{at:%H %M} U T C on {at.day} {at:%B}"


def spell(value: str) -> str:
    """One character after the other, as a person would read out a reference: "E, S, C, dash, 4, 2"."""
    names = {"-": "dash", "_": "underscore", ".": "dot", "/": "slash", "#": "number"}
    return ", ".join(names.get(char, char) for char in value if not char.isspace())


def left(instant: datetime, now: datetime) -> str:
    """How long until then, in whole minutes, hours or days: "in 15 minutes", "now"; "overdue" when it has passed."""
    minutes = (instant - now) // timedelta(minutes=1)
    if instant < now:
        return "overdue"
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if (count := minutes // size) >= (2 if size > 1 else 1):
            return f"in {count} {unit}{'' if count == 1 else 's'}"
    return "now"


def _environment(root: Path, *, escape: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(root),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(utc=utc, short=short, spoken=spoken, spell=spell, left=left)
    return environment


def _values(brief: Brief, words: Words, now: datetime) -> dict[str, object]:
    title = NO_TITLE if words.title is None else header_safe(words.title, TITLE_CHARS_MAX) or NO_TITLE
    return {
        "brief": _clean(brief),
        "title": title,
        "text": None if words.text is None else _body(visible(words.text).strip()),
        "name": None if words.name is None else header_safe(words.name, TITLE_CHARS_MAX) or None,
        "now": now,
    }


def _title(brief: Brief, words: Words) -> str:
    """The title where others might see or hear it: a restricted escalation does not tell its own."""
    if brief.restricted:
        return RESTRICTED_TITLE
    return NO_TITLE if words.title is None else header_safe(words.title, TITLE_CHARS_MAX) or NO_TITLE


def _clean(brief: Brief) -> Brief:
    """The brief with every word of it on one clean line."""
    return replace(
        brief,
        reference=_line(brief.reference),
        ticket=_line(brief.ticket),
        label=_line(brief.label),
        route=_line(brief.route),
        team=_line(brief.team),
        owner=_line(brief.owner),
        points=tuple(Point(point.topic, _line(point.about), point.due) for point in brief.points),
    )


def _line(value: str) -> str:
    return header_safe(value, WORD_CHARS_MAX)


def _body(words: str) -> str:
    if len(words) <= BODY_CHARS_MAX:
        return words
    return words[: BODY_CHARS_MAX - len(SHORTENED)] + SHORTENED


def _place(error: TemplateError, template: str) -> str:
    """The innermost template and line that an error came from."""
    name, line = template, getattr(error, "lineno", None)
    for frame in traceback.extract_tb(error.__traceback__):
        if "/templates/" in frame.filename or frame.filename.endswith(template):
            name, line = "/".join(frame.filename.split("/")[-2:]), frame.lineno
    return repr(getattr(error, "name", None) or name) + (f" line {line}" if line else "")
