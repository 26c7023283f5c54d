"""What the fields of an escalation document may hold: closed words, measured numbers, bounded text.

A number is a number: "many" is refused with a sentence that says what to count. Money is an integer of minor units
with its currency, because a float loses cents and a bare figure loses the country.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from escalation.core.case_facts import UrgencyClass, Workaround
from escalation.core.money import Money
from escalation.core.vocabulary import Ask, Severity
from escalation.wire import amounts, requests
from escalation.wire.durations import duration, spell
from escalation.wire.quoting import shown
from escalation.wire.requests import NAME_CHARS_MAX, TITLE_CHARS_MAX, BadInput

LINE_CHARS_MAX = 300
TEXT_CHARS_MAX = 4000
LINES_MAX = 40
"""Entries of a list of lines: steps, links, observations."""
ACTIONS_MAX = 50
COMMITMENTS_MAX = 20
ATTACHMENTS_MAX = 20
ATTACHMENT_BYTES_MAX = 25 * 1024**2
"""Of one file; what is larger stays where it is and is linked."""
ATTACHMENTS_BYTES_MAX = 100 * 1024**2
FILE_NAME_CHARS_MAX = 200
LINK_CHARS_MAX = 2000
MEDIA_TYPE_CHARS_MAX = 100
COUNT_MAX = 10_000_000_000
"""More than there are people; a larger number is mistyped."""
MINOR_MAX = amounts.MINOR_MAX
"""The longest integer that every JSON reader keeps exact."""
PERCENT_MAX = 100
NONE = "none"

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_NUMBER = re.compile(r"-?[0-9]{1,15}")
_LINK = re.compile(r"https?://[^\s/@]+(?:/\S*)?")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/#-]*")


class SlaPosition(StrEnum):
    """Where the promise to the customer stands."""

    COMPLIANT = "compliant"
    AT_RISK = "at_risk"
    BREACHED = "breached"


class Nature(StrEnum):
    """What kind of trouble it is. A defect needs its reproduction."""

    DEFECT = "defect"  # it worked, or should work as documented, and does not
    INFRASTRUCTURE = "infrastructure"  # a system is down, slow, or must be looked into
    GAP = "gap"  # a capability that is not there
    INCIDENT = "incident"  # security, data, abuse
    DISPUTE = "dispute"  # money, contract, law
    RELATIONSHIP = "relationship"  # a customer who may leave, or wants to be heard higher up
    QUESTION = "question"  # expertise is wanted


class Risk(StrEnum):
    """How likely the customer goes over our heads."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Visibility(StrEnum):
    """Who may open an attachment."""

    CUSTOMER = "customer"
    INTERNAL = "internal"
    RESTRICTED = "restricted"


class Part(BaseModel):
    """What every part of the document shares: exact types, and no field that nobody reads."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def asked(described: str, sample: object) -> Any:  # noqa: ANN401  # the default of a field of any type
    """A field that a document may leave open: whether it must be filled is the receiving route's to say.

    `sample` is what a filled form says; None where the parts of the field have their own samples.
    """
    return Field(default=None, description=described, examples=None if sample is None else [sample])


def measured(advice: str) -> BeforeValidator:
    """Refuses a word where a number belongs; `advice` is what to write, as "write how many customers".

    Quotes around a whole number are forgiven: the blanks of a form have them.
    """

    def check(written: object) -> object:
        if isinstance(written, str) and _NUMBER.fullmatch(written.strip()):
            return int(written)
        if isinstance(written, bool | str):
            raise ValueError(f"{shown(written)} is no number; {advice}")  # noqa: TRY004  # what pydantic collects
        return written

    return BeforeValidator(check)


def chosen(kind: type[StrEnum]) -> BeforeValidator:
    """One of the words of `kind`; "At risk" and "at-risk" are "at_risk"."""

    def choose(written: object) -> object:
        if isinstance(written, kind):
            return written
        word = re.sub(r"[\s-]+", "_", written.strip().lower()) if isinstance(written, str) else None
        if word not in list(kind):
            raise ValueError(f"{shown(written)} is not known; write one of {', '.join(kind)}")
        return kind(word)

    return BeforeValidator(choose)


def _one_ask(written: object) -> object:
    if isinstance(written, list | tuple):
        raise ValueError(  # noqa: TRY004  # what pydantic collects
            f"{len(written)} asks, and each has another owner; keep one of {', '.join(Ask)} and open a linked"
            " escalation for the rest"
        )
    return written


def _spoken(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`BadInput` as what pydantic collects."""

    def validate(written: Any) -> Any:  # noqa: ANN401  # whatever was written
        try:
            return check(written)
        except BadInput as wrong:
            raise ValueError(str(wrong)) from None

    return validate


def _line(chars_max: int) -> AfterValidator:
    return AfterValidator(_spoken(lambda text: requests.line("this line", text, chars_max=chars_max)))


def _text(written: str) -> str:
    text = requests.words("this text", written).strip()
    if not text:
        raise BadInput("this text is empty; write some or remove the field")
    if len(text) > TEXT_CHARS_MAX:
        raise BadInput(
            f"this text has {len(text)} characters, at most {TEXT_CHARS_MAX} are allowed; shorten it, attach the rest"
        )
    return text


def _matched(pattern: re.Pattern[str], what: str, advice: str) -> AfterValidator:
    def check(written: str) -> str:
        if not pattern.fullmatch(written):
            raise ValueError(f"{shown(written)} is no {what}; {advice}")
        return written

    return AfterValidator(check)


def _place(written: str) -> str:
    if _LINK.fullmatch(written) or _ID.fullmatch(written):
        return written
    raise ValueError(
        f"{shown(written)} is no link or id; write https://…, without a password in it, or letters, digits and ./_#-"
    )


def _file_name(written: str) -> str:
    if "/" in written or "\\" in written:
        raise ValueError(f"{shown(written)} is a path; write the file's name alone")
    return written


def _yes_or_no(written: object) -> object:
    return {"true": True, "false": False}.get(written, written) if isinstance(written, str) else written


class OrNone:
    """Lets a list say `none`: that there is nothing to list. Leaving the list out says nothing."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        return core_schema.no_info_before_validator_function(self._read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"const": NONE}]}

    @staticmethod
    def _read(written: object) -> object:
        if written == NONE:
            return ()
        if isinstance(written, str):
            raise ValueError(f"{shown(written)} does not fit here; write a list, or {NONE}")  # noqa: TRY004  # as above
        return written


def _amount(written: object) -> object:
    if isinstance(written, dict | WrittenMoney):
        return written
    raise ValueError(f"{shown(written)} is no amount; write {{minor: 4500000, currency: USD}} for USD 45,000.00")


def _string(**bounds: object) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": 1, **bounds})


def _words(*known: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": list(known)})


# Display names as people write them; capitals do not matter to the reader, but a schema must list them.
_SEVERITIES = _words(*(name if name[-1].isdigit() else name.capitalize() for name in requests.ALIASES))

Title = Annotated[str, _line(TITLE_CHARS_MAX), _string(maxLength=TITLE_CHARS_MAX)]
PersonName = Annotated[str, _line(NAME_CHARS_MAX), _string(maxLength=NAME_CHARS_MAX)]
Line = Annotated[str, _line(LINE_CHARS_MAX), _string(maxLength=LINE_CHARS_MAX)]
Text = Annotated[str, AfterValidator(_spoken(_text)), _string(maxLength=TEXT_CHARS_MAX)]
Lines = Annotated[tuple[Line, ...], Field(strict=False, min_length=1, max_length=LINES_MAX)]
LinesOrNone = Annotated[tuple[Line, ...], Field(strict=False, max_length=LINES_MAX), OrNone()]
YesOrNo = Annotated[bool, BeforeValidator(_yes_or_no)]
Count = Annotated[int, Field(ge=0, le=COUNT_MAX)]
Percent = Annotated[int, Field(ge=0, le=PERCENT_MAX)]
Instant = Annotated[
    datetime,
    BeforeValidator(_spoken(lambda written: requests.instant("this instant", written))),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Length = Annotated[timedelta, BeforeValidator(duration), PlainSerializer(spell), _string(examples=["2h30m"])]
Level = Annotated[Severity, BeforeValidator(_spoken(requests.severity)), _SEVERITIES]
OneAsk = Annotated[Ask, chosen(Ask), BeforeValidator(_one_ask), _words(*Ask)]
Sla = Annotated[SlaPosition, chosen(SlaPosition), _words(*SlaPosition)]
Kind = Annotated[Nature, chosen(Nature), _words(*Nature)]
WayRound = Annotated[Workaround, chosen(Workaround), _words(*Workaround)]
Likelihood = Annotated[Risk, chosen(Risk), _words(*Risk)]
HowUrgent = Annotated[UrgencyClass, chosen(UrgencyClass), _words(*UrgencyClass)]
Viewers = Annotated[Visibility, chosen(Visibility), _words(*Visibility)]
FileName = Annotated[
    str, _line(FILE_NAME_CHARS_MAX), AfterValidator(_file_name), _string(maxLength=FILE_NAME_CHARS_MAX)
]
MediaType = Annotated[
    str,
    _line(MEDIA_TYPE_CHARS_MAX),
    _matched(_MEDIA_TYPE, "media type", "write for example image/png"),
    _string(maxLength=MEDIA_TYPE_CHARS_MAX),
]
Digest = Annotated[
    str,
    _matched(_DIGEST, "SHA-256", "write its 64 hexadecimal digits in small letters"),
    _string(pattern=f"^{_DIGEST.pattern}$"),
]
Currency = Annotated[
    str,
    _matched(_CURRENCY, "currency", "write its three capitals (ISO 4217), for example EUR"),
    _string(pattern=f"^{_CURRENCY.pattern}$"),
]
LinkOrId = Annotated[str, _line(LINK_CHARS_MAX), AfterValidator(_place), _string(maxLength=LINK_CHARS_MAX)]
Bytes = Annotated[int, measured("write its size in bytes"), Field(ge=0, le=ATTACHMENT_BYTES_MAX)]


class WrittenMoney(Part):
    """An amount in the currency's smallest unit: USD 45,000.00 is 4500000."""

    minor: Annotated[int, measured("write the amount in minor units, such as cents"), Field(ge=0, le=MINOR_MAX)] = (
        Field(description="In minor units: USD 45,000.00 is 4500000.", examples=[4500000])
    )
    currency: Currency = Field(description="ISO 4217.", examples=["USD"])

    @property
    def value(self) -> Money:
        """The amount as the rules know it."""
        return Money(self.minor, self.currency)


Amount = Annotated[WrittenMoney, BeforeValidator(_amount)]
