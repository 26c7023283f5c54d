"""TwiML, read: what a call is to do, verb by verb.

Source: the voice TwiML reference (docs/voice/twiml): `Say`, `Play`, `Pause`, `Gather`, `Redirect`, `Hangup`. Whatever
else the vendor knows (`Dial`, `Record`, …) is refused with the vendor's code, so that nobody relies on it unseen.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias
from xml.etree import ElementTree as ET

DOCUMENT_BYTES_MAX = 64 * 1024
"""Twilio's own limit for a document that it fetches."""
VERBS_MAX = 200
LOOPS_MAX = 10
"""How often anything is repeated; `loop="0"`, for ever, is cut to this."""
PAUSE_MAX = timedelta(minutes=10)
GATHER_DEFAULT = timedelta(seconds=5)
DIGITS_MAX = 64
KEYS = re.compile(r"[0-9*#]+")

PARSE_FAILURE = 12100
BAD_DOCUMENT = 12200


class TwimlError(ValueError):
    """A document that cannot be obeyed: Twilio's error code, and one line why."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Say:
    words: str


@dataclass(frozen=True, slots=True)
class Play:
    url: str


@dataclass(frozen=True, slots=True)
class Pause:
    length: timedelta


@dataclass(frozen=True, slots=True)
class Gather:
    """Ask for keys while `prompt` is heard and for `timeout` after it; `action` None is the document's own address."""

    prompt: tuple["Say | Play | Pause", ...]
    timeout: timedelta
    digits_max: int
    finish_on: str
    action: str | None
    method: str
    on_empty: bool


@dataclass(frozen=True, slots=True)
class Redirect:
    url: str
    method: str


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call."""


Verb: TypeAlias = Say | Play | Pause | Gather | Redirect | Hangup


def read(document: str) -> tuple[Verb, ...]:
    """The verbs of a document, loops unrolled up to `LOOPS_MAX`. Raises `TwimlError`."""
    if len(document.encode()) > DOCUMENT_BYTES_MAX:
        raise TwimlError(PARSE_FAILURE, f"the document is over {DOCUMENT_BYTES_MAX} bytes")
    if "<!" in document:
        raise TwimlError(PARSE_FAILURE, "the document holds a declaration, a comment or CDATA; write plain elements")
    try:
        root = ET.fromstring(document)  # noqa: S314  # bounded above, and without declarations nothing expands
    except ET.ParseError as error:
        raise TwimlError(PARSE_FAILURE, f"the document is not well-formed XML: {error}") from None
    if root.tag != "Response":
        raise TwimlError(PARSE_FAILURE, f"the document must begin with <Response>, not <{root.tag}>")
    verbs = tuple(verb for element in root for verb in _verbs(element))
    if len(verbs) > VERBS_MAX:
        raise TwimlError(PARSE_FAILURE, f"the document has {len(verbs)} verbs; at most {VERBS_MAX} are played")
    return verbs


def _verbs(element: ET.Element) -> tuple[Verb, ...]:
    match element.tag:
        case "Say" | "Play" | "Pause":
            return _heard(element)
        case "Gather":
            return (_gather(element),)
        case "Redirect":
            return (Redirect(_words(element), _method(element)),)
        case "Hangup":
            return (Hangup(),)
        case _:
            pass
    raise TwimlError(BAD_DOCUMENT, f"the stand-in does not play <{element.tag}>; use Say, Play, Pause, Gather, ...")


def _heard(element: ET.Element) -> tuple[Say | Play | Pause, ...]:
    match element.tag:
        case "Say":
            return (Say(_words(element)),) * _loops(element)
        case "Play":
            return (Play(_words(element)),) * _loops(element)
        case "Pause":
            length = timedelta(seconds=_number(element, "length", 1))
            return (Pause(min(length, PAUSE_MAX)),)
        case _:
            pass
    raise TwimlError(BAD_DOCUMENT, f"<{element.tag}> cannot stand inside <Gather>")


def _gather(element: ET.Element) -> Gather:
    kinds = element.get("input", "dtmf").split()
    if "dtmf" not in kinds:
        raise TwimlError(BAD_DOCUMENT, "the stand-in gathers keys only; input must name dtmf")
    seconds = element.get("timeout", "auto")
    timeout = GATHER_DEFAULT if seconds == "auto" else timedelta(seconds=_number(element, "timeout", 5))
    finish_on = element.get("finishOnKey", "#")
    if len(finish_on) > 1 or (finish_on and not KEYS.fullmatch(finish_on)):
        raise TwimlError(BAD_DOCUMENT, f"finishOnKey {finish_on!r} must be one key, or empty")
    return Gather(
        prompt=tuple(one for child in element for one in _heard(child)),
        timeout=min(timeout, PAUSE_MAX),
        digits_max=min(max(_number(element, "numDigits", DIGITS_MAX), 1), DIGITS_MAX),
        finish_on=finish_on,
        action=element.get("action"),
        method=_method(element),
        on_empty=element.get("actionOnEmptyResult", "false").lower() == "true",
    )


def _loops(element: ET.Element) -> int:
    asked = _number(element, "loop", 1)
    return LOOPS_MAX if asked == 0 else min(asked, LOOPS_MAX)


def _number(element: ET.Element, name: str, default: int) -> int:
    text = element.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,5}", text):
        raise TwimlError(BAD_DOCUMENT, f"{name} of <{element.tag}> is {text[:20]!r}; it must be a whole number")
    return int(text)


def _method(element: ET.Element) -> str:
    method = element.get("method", "POST").upper()
    if method not in {"GET", "POST"}:
        raise TwimlError(BAD_DOCUMENT, f"method of <{element.tag}> is {method[:20]!r}; it must be GET or POST")
    return method


def _words(element: ET.Element) -> str:
    """The text of an element, speech markup inside it left out."""
    return " ".join("".join(element.itertext()).split())
