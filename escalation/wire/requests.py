"""What people type, checked before anything is sent: one line per mistake (what, the limit, the next step).

Bounds that only the agreement knows (routes, asks, reasons) are the core's to refuse, so that the refusal is recorded.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
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

from escalation.core.beside import ATTACHMENTS_MAX, Linked, untaken
from escalation.core.case_facts import CaseFacts, Manual
from escalation.core.commands import Instructable
from escalation.core.intake import COMMON_NAMES
from escalation.core.money import Money
from escalation.core.vocabulary import Ask, Severity
from escalation.wire.amounts import MINOR_MAX, amount_of
from escalation.wire.messages import HandedFile

REFERENCE_CHARS_MIN = 3
REFERENCE_CHARS_MAX = 64
TITLE_CHARS_MAX = 200
# Beyond them, an instant of one zone may have no date in another.
YEAR_MIN, YEAR_MAX = 2, 9998
WORDS_BYTES_MAX = 64 * 1024
"""A description, an update, findings: UTF-8 bytes. The engine takes 2 MiB, a person reads less."""
NAME_CHARS_MAX = 64
REASON_CHARS_MAX = 1000
FILE_NAME_CHARS_MAX = 200
KEY_CHARS_MAX = 200
EPISODE_DIGITS = 12
ANSWERS_MAX = 220
"""Answers of a case: as many as a file of triage rules has questions and a checklist."""
COUNT_MAX = 10**12
"""Users, customers, reports of a case: more is a slip of the keyboard."""
APPROVAL_NUMBER_MAX = 9999
"""An escalation numbers its approvals from 1; nobody asks for so many."""
SHOWN_CHARS_MAX = 40

ALIASES = COMMON_NAMES
# These mean the same in every agreement; other names of a severity are the agreement's to read.
_NUMBERED = re.compile(r"(?:SEV|P)?\s*[0-9]+", re.IGNORECASE)
_REFERENCE = re.compile(r"[A-Z0-9][A-Z0-9._-]*")
_CURRENCY = re.compile(r"[A-Z]{3}")
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


def file_name(written: str) -> str:
    """A file's own name, without its folders: one line of at most `FILE_NAME_CHARS_MAX` characters."""
    text = line("file name", written.replace("\\", "/").rpartition("/")[2], chars_max=FILE_NAME_CHARS_MAX)
    if text in {".", ".."}:
        raise BadInput(f"file name {text!r} names a folder; name a file")
    return text


def _files(given: tuple[HandedFile, ...]) -> tuple[HandedFile, ...]:
    if len(given) > ATTACHMENTS_MAX:
        raise BadInput(f"{len(given)} files are attached, at most {ATTACHMENTS_MAX} are taken; link the others")
    for each in given:
        if wrong := untaken(each.digest, each.bytes, each.media_type):
            told = ", ".join(f"{name} {value}" for name, value in wrong.items())
            raise BadInput(f"file {_shown(each.name)} is no attachment ({told}); leave it out")
    if len({each.digest for each in given}) < len(given):
        raise BadInput("a file is attached twice, by its SHA-256; leave one of them out")
    return tuple([replace(each, name=file_name(each.name)) for each in given])


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


def amount(what: str, written: object) -> Money:
    """Money that somebody asks for: more than nothing, from "250.00 EUR" or as it is. Raises `BadInput`."""
    try:
        found = amount_of(written) if isinstance(written, str) else written
    except ValueError as error:
        raise BadInput(f"{what} {error}") from None
    if not isinstance(found, Money) or not 0 < found.minor <= MINOR_MAX or not _CURRENCY.fullmatch(found.currency):
        raise BadInput(f'{what} {_shown(written)} is no sum to ask for; write more than nothing, such as "250.00 EUR"')
    return found


def approval_number(written: int) -> int:
    """Which approval is meant. Raises `BadInput` for what is never the number of one."""
    if not 1 <= written <= APPROVAL_NUMBER_MAX:
        raise BadInput(f"approval {written} does not exist; write its number, 1 to {APPROVAL_NUMBER_MAX}")
    return written


def checked(command: Instructable) -> Instructable:
    """The command with its lines trimmed, once they are within bounds. Raises `BadInput` with every mistake."""
    trimmed: dict[str, str | datetime | Money | int] = {}
    lines: list[str] = []
    for field in fields(command):
        try:
            found = _said(field.name, getattr(command, field.name))
        except BadInput as wrong:
            lines += wrong.lines
        else:
            if found is not None:
                trimmed[field.name] = found
    if lines:
        raise BadInput(*lines)
    return replace(command, **trimmed)  # type: ignore[arg-type]  # each field gets what it held, trimmed


def _said(field: str, written: object) -> str | datetime | Money | int | None:
    """What a field of a command says, checked; None for what nobody types. Raises `BadInput`."""
    what = field.replace("_", " ")
    if isinstance(written, datetime):
        return instant(what, written)
    if isinstance(written, Money):
        return amount(what, written)
    if field == "approval" and isinstance(written, int):
        return approval_number(written)
    if field == "kind" or type(written) is not str:
        return None
    return line(what, written, chars_max=_LIMITS.get(field, NAME_CHARS_MAX), required=field in _NEEDED)


def _case(given: CaseFacts | None) -> CaseFacts | None:
    """The facts as triage can reckon with them; which questions and segments there are is for the rules to know."""
    if given is None:
        return None
    words("the text of the case", given.text)
    answers = given.yes | given.no
    if len(answers) > ANSWERS_MAX:
        raise BadInput(f"the case has {len(answers)} answers, at most {ANSWERS_MAX} are taken; leave some out")
    for what, said in (("language", given.language), ("segment", given.segment)):
        line(f"{what} of the case", said, chars_max=NAME_CHARS_MAX, required=False)
    for answer in sorted(answers):
        name("answer of the case", answer)
    found = {field.name: _fact(field.name.replace("_", " "), getattr(given, field.name)) for field in fields(given)}
    return replace(given, **found)


def _fact(what: str, known: Any) -> Any:  # noqa: ANN401  # of its own type
    if isinstance(known, datetime):
        return instant(what, known)
    if isinstance(known, Money) and not (0 <= known.minor <= MINOR_MAX and _CURRENCY.fullmatch(known.currency)):
        raise BadInput(f"{what} {_shown(known)} is no amount; write whole smallest units and a currency such as EUR")
    if type(known) is int and not 0 <= known <= COUNT_MAX:
        raise BadInput(f"{what} is {_shown(known)}; write a number from 0 to {COUNT_MAX}")
    if isinstance(known, Manual):
        reason = line("the reason for escalating by hand", known.reason, chars_max=REASON_CHARS_MAX)
        route = name("route", known.route) if known.route else ""
        return replace(known, by=name("by", known.by), reason=reason, route=route)
    return known


def _hand(given: str) -> str:
    return line("the reason for escalating by hand", given, chars_max=REASON_CHARS_MAX) if given else ""


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
    UTC. `reference` is derived from the ticket when it is not given. A severity by a name of the agreement's is kept in
    `severity_name` until the agreement is there to read it. Route and severity may be left out where triage is asked
    for, by `triage` or by the reason for escalating `by_hand`; the facts of the `case` are for triage alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, revalidate_instances="always")

    ticket: Annotated[str, _name_of("ticket")]
    title: Annotated[str, AfterValidator(_field(lambda text: line("title", text, chars_max=TITLE_CHARS_MAX)))]
    description: Annotated[str, AfterValidator(_field(lambda text: words("description", text)))] = ""
    route: Annotated[str, AfterValidator(_field(lambda given: name("route", given) if given else ""))]
    severity: Annotated[
        Severity | None, BeforeValidator(_parsed(lambda given: None if given is None else severity(given)))
    ]
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
    linked_to: Linked | None = None  # set by `EscalationClient.link`
    customer_contact: Annotated[
        str, AfterValidator(_field(lambda given: name("customer contact", given) if given else ""))
    ] = ""
    attachments: Annotated[tuple[HandedFile, ...], AfterValidator(_parsed(_files))] = ()
    severity_name: Annotated[str, AfterValidator(_field(lambda given: name("severity", given) if given else ""))] = ""
    triage: bool = False
    case: Annotated[CaseFacts | None, AfterValidator(_parsed(_case))] = None
    by_hand: Annotated[str, AfterValidator(_field(_hand))] = ""

    @property
    def triaged(self) -> bool:
        """Whether triage is asked for, whatever the agreement says of it."""
        return self.triage or bool(self.by_hand)

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
        if not self.triaged and not self.route:
            raise ValueError("route is missing; name one, or ask for triage")
        if not self.triaged and self.severity is None and not self.severity_name:
            raise ValueError("severity is missing; name one, or ask for triage")
        # Pydantic has frozen the model by now; this is part of building it.
        object.__setattr__(self, "reference", found)
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _spoken_clearly(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:  # noqa: ANN401  # whatever was given
        try:
            return handler(_by_name(given))
        except ValidationError as wrong:
            raise BadInput(*(_sentence(dict(error)) for error in wrong.errors(include_url=False))) from None


def _by_name(given: Any) -> Any:  # noqa: ANN401  # whatever was given
    """The request with what triage may fill in left open, and with names that only an agreement knows set apart."""
    if not isinstance(given, Mapping):
        return given
    named = dict(given)
    if any(named.get(asking) for asking in ("triage", "by_hand")):
        named.setdefault("route", "")
        named.setdefault("severity", None)
    written = named.get("severity")
    if type(written) is str and written.strip() and not _NUMBERED.fullmatch(written.strip()):
        named["severity"], named["severity_name"] = None, written
    return named


def _sentence(error: dict[str, Any]) -> str:
    where = ".".join(map(str, error["loc"])) or "the request"
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
