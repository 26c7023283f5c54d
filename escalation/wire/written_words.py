"""The single values that files are made of: names, labels, sentences, lengths, dates; each is refused by a sentence."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from escalation.core.hours import Window
from escalation.wire import durations
from escalation.wire.durations import Length, duration, length, window
from escalation.wire.quoting import shown

NAME_CHARS_MAX = 64
LABEL_CHARS_MAX = 40
SENTENCE_CHARS_MAX = 400
SENTENCES_MAX = 20
WINDOWS_MAX = 8
NONE = "none"
REQUIRED = "required"
AT_ONCE = "immediately"

_NAME_EXTRA = frozenset("-._")
_NAME_PATTERN = rf"[a-z0-9][a-z0-9._-]{{0,{NAME_CHARS_MAX - 1}}}"
_FACTOR_PATTERN = r"0\.[0-9]{1,4}"
_DATE_PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


def is_name(text: str) -> bool:
    """Whether a policy, role or person may be called so: also safe as part of a file's name."""
    return (
        0 < len(text) <= NAME_CHARS_MAX
        and text.isascii()
        and text[0].isalnum()
        and all(char.islower() or char.isdigit() or char in _NAME_EXTRA for char in text)
    )


def name_of(text: str) -> str:
    """The text itself when it is a name. Raises ValueError with a sentence."""
    if not is_name(text):
        raise ValueError(
            f"{shown(text)} is no name; write 1 to {NAME_CHARS_MAX} small letters a-z, digits, '-', '.' or '_',"
            " the first a letter or digit"
        )
    return text


def label_of(text: str) -> str:
    """The text itself when it is a label: one line that can be shown anywhere. Raises ValueError with a sentence."""
    if not text.strip() or len(text) > LABEL_CHARS_MAX or not text.isprintable():
        raise ValueError(f"{shown(text)} is no label; write one line of 1 to {LABEL_CHARS_MAX} characters")
    return text


def _sentence(text: str) -> str:
    if not text.strip() or len(text) > SENTENCE_CHARS_MAX or not text.isprintable():
        raise ValueError(f"{shown(text)} is no sentence; write one line of 1 to {SENTENCE_CHARS_MAX} characters")
    return text


def _given(written: object) -> object:
    """What is written, unless it says that a source left the value open. Raises ValueError then."""
    if written == REQUIRED:
        raise ValueError("the source leaves this open ([X]); write a duration")
    return written


def _delay(written: object) -> timedelta:
    return duration(_given(written))


def _some_duration(written: object) -> timedelta:
    found = _delay(written)
    if not found:
        raise ValueError(f'{shown(written)} must be longer than zero; write for example "15m"')
    return found


def _some_length(written: object) -> Length:
    found = length(_given(written))
    if found.days is None and not found.time:
        raise ValueError(f'{shown(written)} must be longer than zero; write for example "15m"')
    return found


def _day(written: object) -> date:
    try:
        return date.fromisoformat(written if isinstance(written, str) and re.fullmatch(_DATE_PATTERN, written) else "")
    except ValueError:
        raise ValueError(f'{shown(written)} is no date; write year, month and day such as "2026-12-25"') from None


def _factor(written: object) -> Decimal:
    found = Decimal(written if isinstance(written, str) and re.fullmatch(_FACTOR_PATTERN, written) else 0)
    if not found:
        raise ValueError(f'{shown(written)} is no factor; write a decimal between 0 and 1 in quotes, such as "0.75"')
    return found


def distinct(what: str) -> AfterValidator:
    """Refuses a list in which an entry stands twice."""

    def check(values: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(set(values)) != len(values):
            raise ValueError(f"the same {what} stands here twice; keep one of them")
        return values

    return AfterValidator(check)


def text_like(*patterns: str, examples: tuple[str, ...]) -> WithJsonSchema:
    """What an editor is told of a text whose rules are code."""
    return WithJsonSchema(
        {
            "type": "string",
            "minLength": 1,
            "pattern": f"^(?:{'|'.join(patterns)})$",
            "examples": list(examples),
        }
    )


def _or_none(read: Callable[[object], Any]) -> Callable[[object], Any]:
    return lambda written: None if written == NONE else read(written)


_DURATION = (durations.DURATION_PATTERN,)
_LENGTH = (*_DURATION, durations.HOURS_PATTERN, durations.END_PATTERN, durations.SAME_TIME_PATTERN)
_DURATIONS = ("15m", "1h30m", "90s")
_LENGTHS = ("15m", "8 business hours", "end of 3rd business day", "same time next business day")

Name = Annotated[str, AfterValidator(name_of), text_like(_NAME_PATTERN, examples=("support-manager",))]
Label = Annotated[
    str,
    AfterValidator(label_of),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LABEL_CHARS_MAX}),
]
Sentence = Annotated[
    str,
    AfterValidator(_sentence),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": SENTENCE_CHARS_MAX}),
]
Sentences = Annotated[tuple[Sentence, ...], Field(max_length=SENTENCES_MAX)]
Duration = Annotated[timedelta, PlainValidator(_some_duration), text_like(*_DURATION, examples=_DURATIONS)]
Delay = Annotated[timedelta, PlainValidator(_delay), text_like(*_DURATION, examples=("0s", "5m"))]
DurationOrNone = Annotated[
    timedelta | None, PlainValidator(_or_none(_some_duration)), text_like(*_DURATION, NONE, examples=("24h", NONE))
]
DelayOrNone = Annotated[
    timedelta | None, PlainValidator(_or_none(_delay)), text_like(*_DURATION, NONE, examples=("5m", NONE))
]
WorkLength = Annotated[Length, PlainValidator(_some_length), text_like(*_LENGTH, examples=_LENGTHS)]
WorkLengthOrNone = Annotated[
    Length | None, PlainValidator(_or_none(_some_length)), text_like(*_LENGTH, NONE, examples=(*_LENGTHS, NONE))
]
LengthOrAtOnce = Annotated[
    Length,
    PlainValidator(lambda written: Length(timedelta(0)) if written == AT_ONCE else _some_length(written)),
    text_like(*_LENGTH, AT_ONCE, examples=(AT_ONCE, *_LENGTHS)),
]
Opening = Annotated[
    Window, PlainValidator(window), text_like(durations.WINDOW_PATTERN, examples=("09:00-17:00", "22:00-06:00"))
]
Windows = Annotated[tuple[Opening, ...], Field(max_length=WINDOWS_MAX)]
Day = Annotated[date, PlainValidator(_day), text_like(_DATE_PATTERN, examples=("2026-12-25",))]
Factor = Annotated[Decimal, PlainValidator(_factor), text_like(_FACTOR_PATTERN, examples=("0.75",))]


class Written(BaseModel):
    """What every part of a file shares: exact types, and no field that nobody reads."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
