"""What a typed reply means: "ack 42", "a 42", "42a" or a bare "ack"; so too "esc 42" and "close 42".

Several are taken at once by "ack all" and "ack 42 43". Nothing else is done to several at once.
"""

import itertools
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

CODE_DIGITS_MAX = 6
CODES_MAX = 50
"""That one reply may name."""
BODY_CHARS_MAX = 1_600
"""Of a text; nothing longer is looked at."""


class Act(StrEnum):
    """What somebody wants done. The word is what they type, or press; of an update, they type what it says."""

    ACKNOWLEDGE = "ack"
    RAISE = "esc"
    CLOSE = "close"
    DECLINE = "decline"
    APPROVE = "approve"
    REJECT = "reject"
    UPDATE = "update"


# Twilio's default words for opting out, in and asking for help: the carrier answers them, so we never do.
# Source: Twilio's page on advanced opt-out.
STOP = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
START = frozenset({"START", "YES", "UNSTOP"})
HELP = frozenset({"HELP", "INFO"})
RESERVED = STOP | START | HELP

_TYPED = {"ack": Act.ACKNOWLEDGE, "a": Act.ACKNOWLEDGE, "esc": Act.RAISE, "e": Act.RAISE, "close": Act.CLOSE,
          "c": Act.CLOSE}  # fmt: skip
_IGNORED = re.compile("[\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb#.,:;!()\\[\\]]")
_MARKUP = re.compile(r"^[*_~]+|[*_~]+$")
_PICTURES = frozenset({"So", "Sk", "Cf"})
"""Unicode's classes of emoji, their skin tones, and of what joins them, hides, or turns the direction of writing."""
_VARIED = frozenset("\ufe0e\ufe0f\u20e3")
"""What makes a sign coloured or boxed."""
_CODE = rf"\d{{1,{CODE_DIGITS_MAX}}}"
_VERB = "ack|a|esc|e|close|c"
# A letter alone is too easily typed by accident: without a code it must be a whole word.
_REPLY = re.compile(
    rf"(?P<verb>{_VERB})(?: ?[-=/_] ?| ?)(?P<after>{_CODE})|(?P<before>{_CODE}) ?(?P<last>{_VERB})"
    "|(?P<bare>ack|esc|close)"
)
_EVERYTHING = re.compile(r"(?:ack|a) (?:all|alle)")
_SEVERAL = re.compile(rf"(?:ack|a)(?P<codes>(?: (?:(?:and|und) )?{_CODE}){{2,{CODES_MAX}}})")
_QUOTED = re.compile(
    r"^\s*(?:>|--\s*$|_{5,}|-{5,}|(?:From|Von|De):"
    # "On 22 Nov 2026 at 11:40, Amira wrote:", and not "On hold, waiting for:"
    r"|(?:On|Am|Le|El|Il|Op)\b(?=.*(?:@|\d:\d\d|wrote|schrieb|écrit|escribió|scritto|schreef)).*(?::|wrote)\s*$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Said:
    """An act that was asked for; `code` None names none. `codes` are several, `everything` means all that was asked."""

    act: Act
    code: int | None
    codes: tuple[int, ...] = ()
    everything: bool = False

    @property
    def several(self) -> bool:
        """Whether more than one escalation may be meant."""
        return self.everything or bool(self.codes)


@dataclass(frozen=True, slots=True)
class Reserved:
    """A word that belongs to the carrier. `off`: it turns texts off (True) or on (False); None: it asks for help."""

    off: bool | None


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nothing that we know."""


def understood(body: str, opt_out_type: str | None = None) -> Said | Reserved | Unclear:
    """The meaning of a reply. Quotes, '#', punctuation, emoji, capitals and the script of digits do not matter.

    `opt_out_type` is the carrier's own word for it, where it gives one: it knows more words, in more languages. Where
    the whole says nothing, its first line counts if it names a code: below it stands a signature, or what is quoted.
    """
    plain = _plain(body[: BODY_CHARS_MAX + 1])
    word = opt_out_type.upper() if opt_out_type else plain.upper()
    if opt_out_type or word in RESERVED:
        return Reserved(True if word in STOP else False if word in START else None)
    if len(body) > BODY_CHARS_MAX:
        return Unclear()
    whole = _said(plain)
    if whole is not None:
        return whole
    first = _said(_plain(first_line(body)))
    return first if first is not None and (first.several or first.code is not None) else Unclear()


def _said(plain: str) -> Said | None:
    if _EVERYTHING.fullmatch(plain):
        return Said(Act.ACKNOWLEDGE, None, everything=True)
    if several := _SEVERAL.fullmatch(plain):
        found = (int(word) for word in several["codes"].split() if word.isdecimal())
        return Said(Act.ACKNOWLEDGE, None, tuple(dict.fromkeys(found)))
    match = _REPLY.fullmatch(plain)
    if match is None:
        return None
    code = match["after"] or match["before"]
    return Said(_TYPED[match["verb"] or match["last"] or match["bare"]], int(code) if code else None)


def first_line(text: str) -> str:
    """The first line of a mail that its writer wrote: nothing that is quoted, and no signature."""
    return written(text).partition("\n")[0].strip()


def written(text: str) -> str:
    """What its writer wrote, up to what is quoted or the signature; at most `BODY_CHARS_MAX`."""
    kept = itertools.takewhile(lambda line: not _QUOTED.match(line), text.splitlines())
    return "\n".join(kept).strip()[:BODY_CHARS_MAX]


def _plain(body: str) -> str:
    """Its words in small letters with one blank between, without what does not matter."""
    typed = (char for char in _western(body) if char not in _VARIED)
    shown = "".join(char for char in typed if unicodedata.category(char) not in _PICTURES)
    return _MARKUP.sub("", " ".join(_IGNORED.sub(" ", shown).split())).strip().casefold()


def _western(body: str) -> str:
    """Compatibility forms made plain, and every decimal digit an ASCII one."""
    text = unicodedata.normalize("NFKC", body)
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
