"""What people type, checked before anything is sent: one line per mistake (what, the limit, the next step).

Bounds that only the agreement knows (routes, asks, reasons) are the core's to refuse, so that the refusal is recorded.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)

from escalation.core.commands import Instructable
from escalation.core.vocabulary import Ask, Severity

REFERENCE_CHARS_MIN = 3
REFERENCE_CHARS_MAX = 64
TITLE_CHARS_MAX = 200
# Beyond them, an instant of one zone may have no date in another.
YEAR_MIN, YEAR_MAX = 2, 9998
WORDS_BYTES_MAX = 64 * 1024
"""A description, an update, findings: UTF-8 bytes. The engine takes 2 MiB, a person reads less."""
NAME_CHARS_MAX = 64
REASON_CHARS_MAX = 1000
KEY_CHARS_MAX = 200
EPISODE_DIGITS = 12
SHOWN_CHARS_MAX = 40

ALIASES = {
    **{severity.value: severity for severity in Severity},
    **{f"P{number}": severity for number, severity in enumerate(Severity, start=1)},
    **dict(zip(("CRITICAL", "HIGH", "MEDIUM", "LOW"), Severity, strict=True)),
}

_REFERENCE = re.compile(r"[A-Z0-9][A-Z0-9._-]*")
_LIMITS = {"reason": REASON_CHARS_MAX, "evidence": REASON_CHARS_MAX, "waiting_for": REASON_CHARS_MAX}
"""Longest line of a command's field; every other one is a name."""
_NEEDED = frozenset({"by", "to", "level", "route"})
"""Fields of a command that are never empty. A missing reason is refused by the core, which records it."""


class BadInput(Exception):
    """Nothing was sent. `lines`: one for each mistake, with what is wrong, the limit and the next step."""

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


def line(what: str, written: str, *, chars_max: int, required: bool = True) -> str:
    """`written` without blanks around it. Raises `BadInput` when it is empty, too long or more than one line."""
    text = written.strip(" ")
    if required and not text:
        raise BadInput(f"{what} is missing; give 1 to {chars_max} characters")
    if len(text) > chars_max:
        raise BadInput(f"{what} has {len(text)} characters, at most {chars_max} are allowed; shorten it")
    odd = next((char for char in text if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}), None)
    if odd is not None:
        raise BadInput(f"{what} {_shown(text)} holds {odd!r}; write one line without control characters")
    return text


def words(what: str, written: str) -> str:
    """`written` as it is: several lines are fine. Raises `BadInput` beyond `WORDS_BYTES_MAX` or for a broken text."""
    try:
        size = len(written.encode())
    except UnicodeEncodeError:
        raise BadInput(f"{what} holds half a character (a lone surrogate); write it again as UTF-8") from None
    if size > WORDS_BYTES_MAX:
        raise BadInput(
            f"{what} has {size} bytes, at most {WORDS_BYTES_MAX} are allowed; shorten it, attach the rest to the ticket"
        )
    if "\0" in written:
        raise BadInput(f"{what} holds a zero byte; remove it")
    return written


def name(what: str, written: str) -> str:
    """A person, a team, a level, a route: one line of at most `NAME_CHARS_MAX` characters."""
    return line(what, written, chars_max=NAME_CHARS_MAX)


def key(written: str) -> str:
    """An idempotency key: one line of at most `KEY_CHARS_MAX` characters."""
    return line("key", written, chars_max=KEY_CHARS_MAX)


def reference(written: str, what: str = "reference") -> str:
    """The business id in capitals, so that "inc-7" and "INC-7" are one escalation. Raises `BadInput`.

    Letters, digits, '.', '_' and '-' only: it stands in addresses, file names and text messages.
    """
    text = line(what, written, chars_max=REFERENCE_CHARS_MAX)
    text = text.upper() if text.isascii() else text  # "ß" and "ﬁ" would turn into letters that nobody wrote
    if not text.isascii() or not _REFERENCE.fullmatch(text):
        advice = "give a reference of your own" if what == "ticket" else "correct it"
        raise BadInput(f"{what} {_shown(written)} is no reference; use letters, digits, '.', '_' and '-', or {advice}")
    if len(text) < REFERENCE_CHARS_MIN:
        raise BadInput(f"{what} {text!r} is too short; a reference has at least {REFERENCE_CHARS_MIN} characters")
    return text


def severity(written: object) -> Severity:
    """SEV1 to SEV4, or one of the display names P1 to P4 and Critical, High, Medium, Low; capitals do not matter."""
    if isinstance(written, Severity):
        return written
    found = ALIASES.get(written.strip().upper()) if isinstance(written, str) else None
    if found is None:
        known = ", ".join(Severity)
        raise BadInput(f"severity {_shown(written)} is unknown; write one of {known} (or P1 to P4, Critical to Low)")
    return found


def instant(what: str, written: object) -> datetime:
    """An instant in UTC, from an aware `datetime` or ISO 8601. Raises `BadInput`: a zone is never guessed."""
    try:
        found = datetime.fromisoformat(written) if isinstance(written, str) else written
    except ValueError:
        found = None
    if not isinstance(found, datetime):
        raise BadInput(f"{what} {_shown(written)} is no instant; write for example 2026-03-01T17:00+01:00")
    if found.utcoffset() is None:
        raise BadInput(f"{what} {found.isoformat()} has no time zone; add one, for example +01:00 or Z")
    if not YEAR_MIN <= found.year <= YEAR_MAX:
        raise BadInput(f"{what} {found.isoformat()} is out of range; write a year from {YEAR_MIN} to {YEAR_MAX}")
    return found.astimezone(UTC)


def checked(command: Instructable) -> Instructable:
    """The command with its lines trimmed, once they are within bounds. Raises `BadInput` with every mistake."""
    trimmed: dict[str, str | datetime] = {}
    lines: list[str] = []
    for field in fields(command):
        written = getattr(command, field.name)
        if isinstance(written, datetime):
            try:
                trimmed[field.name] = instant(field.name.replace("_", " "), written)
            except BadInput as wrong:
                lines += wrong.lines
        if field.name == "kind" or type(written) is not str:
            continue
        limit = _LIMITS.get(field.name, NAME_CHARS_MAX)
        try:
            what = field.name.replace("_", " ")
            trimmed[field.name] = line(what, written, chars_max=limit, required=field.name in _NEEDED)
        except BadInput as wrong:
            lines += wrong.lines
    if lines:
        raise BadInput(*lines)
    return replace(command, **trimmed)  # type: ignore[arg-type]  # only fields that hold a str or an instant


def episode_of(reference: str, key: str) -> str:
    """The episode that a start with this key opens: a short digest, so that a key may be anything and stays private."""
    parts = "".join(f"{len(part)}:{part}" for part in (reference, key))
    return hashlib.sha256(parts.encode()).hexdigest()[:EPISODE_DIGITS]


def _field(check: Callable[[str], str]) -> Callable[[str], str]:
    """A validator that pydantic may collect: `BadInput` as its own kind of error."""

    def validate(written: str) -> str:
        try:
            return check(written)
        except BadInput as wrong:
            raise ValueError(str(wrong)) from None

    return validate


def _parsed(parse: Callable[[object], Any]) -> Callable[[object], Any]:
    def validate(written: object) -> Any:  # noqa: ANN401  # whatever `parse` makes
        try:
            return parse(written)
        except BadInput as wrong:
            raise ValueError(str(wrong)) from None

    return validate


def _name_of(what: str) -> AfterValidator:
    return AfterValidator(_field(lambda written: name(what, written)))


class EscalationRequest(BaseModel):
    """A start, checked. Building one with anything wrong raises `BadInput`; nothing is half-done.

    `key` is the idempotency key: the same key returns its escalation, even after it has ended. `deadline` is kept in
    UTC. `reference` is derived from the ticket when it is not given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    ticket: Annotated[str, _name_of("ticket")]
    title: Annotated[str, AfterValidator(_field(lambda text: line("title", text, chars_max=TITLE_CHARS_MAX)))]
    description: Annotated[str, AfterValidator(_field(lambda text: words("description", text)))] = ""
    route: Annotated[str, _name_of("route")]
    severity: Annotated[Severity, BeforeValidator(_parsed(severity))]
    ask: Annotated[Ask, Field(strict=False)]
    customer: Annotated[str, _name_of("customer")]
    deadline: Annotated[datetime, BeforeValidator(_parsed(lambda written: instant("deadline", written)))]
    by: Annotated[str, _name_of("by")]
    key: Annotated[str, AfterValidator(_field(key))]
    by_machine: bool = False
    restricted: bool = False
    segment: Annotated[str, AfterValidator(_field(lambda given: name("segment", given) if given else ""))] = ""
    policy: Annotated[str, _name_of("policy")] = "default"
    reference: str = ""

    @property
    def episode(self) -> str:
        """The episode that this start opens, or has opened before."""
        return episode_of(self.reference, self.key)

    @model_validator(mode="after")
    def _has_a_reference(self) -> Self:
        try:
            found = reference(self.reference) if self.reference else reference(self.ticket, "ticket")
        except BadInput as wrong:
            raise ValueError(str(wrong)) from None
        # Pydantic has frozen the model by now; this is part of building it.
        object.__setattr__(self, "reference", found)
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _spoken_clearly(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:  # noqa: ANN401  # whatever was given
        try:
            return handler(given)
        except ValidationError as wrong:
            raise BadInput(*(_sentence(dict(error)) for error in wrong.errors(include_url=False))) from None


def _sentence(error: dict[str, Any]) -> str:
    where = str(error["loc"][0]) if error["loc"] else "the request"
    match error["type"]:
        case "missing":
            return f"{where} is missing; give one" + (" with a time zone" if where == "deadline" else "")
        case "value_error":
            return str(error["ctx"]["error"])
        case "enum":
            return f"{where} {_shown(error['input'])} is unknown; write one of {', '.join(Ask)}"
        case "extra_forbidden":
            return f"there is no field {where!r}; correct its name or leave it out"
        case _:
            return f"{where} {_shown(error['input'])} does not fit: {error['msg']}"


def _shown(written: object) -> str:
    shown = repr(written)
    return shown if len(shown) <= SHOWN_CHARS_MAX else shown[:SHOWN_CHARS_MAX] + "…"
