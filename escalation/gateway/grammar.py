"""What a reply by SMS means: "ack 42", "a 42", "42a", or a bare "ack"."""

import re
import unicodedata
from dataclasses import dataclass

CODE_DIGITS_MAX = 6

# Twilio's default words for opting out, in and asking for help: the carrier answers them, so we never do.
# Source: Twilio's page on advanced opt-out.
RESERVED = frozenset(
    {"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL", "START", "YES", "UNSTOP"}
    | {"HELP", "INFO"}
)

_IGNORED = re.compile("[\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb#.,:;!()\\[\\]]")
_CODE = rf"\d{{1,{CODE_DIGITS_MAX}}}"
_ACK = re.compile(rf"(?:ack|a) ?(?P<after>{_CODE})|(?P<before>{_CODE}) ?(?:ack|a)|ack")


@dataclass(frozen=True, slots=True)
class Ack:
    """An acknowledgement; `code` None is a bare one."""

    code: int | None


@dataclass(frozen=True, slots=True)
class Reserved:
    """A word that belongs to the carrier."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nothing that we know."""


def understood(body: str) -> Ack | Reserved | Unclear:
    """The meaning of a reply. Quotes, '#', punctuation, capitals and the script of digits do not matter."""
    plain = " ".join(_IGNORED.sub(" ", _western(body)).split()).casefold()
    if plain.upper() in RESERVED:
        return Reserved()
    match = _ACK.fullmatch(plain)
    if match is None:
        return Unclear()
    code = match["after"] or match["before"]
    return Ack(int(code) if code else None)


def _western(body: str) -> str:
    """Compatibility forms made plain, and every decimal digit an ASCII one."""
    text = unicodedata.normalize("NFKC", body)
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
