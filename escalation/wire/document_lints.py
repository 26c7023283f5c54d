"""Advice on a document that may be sent: what makes receivers ask back, found in the words. Nothing here refuses.

The word lists are English. Prose in another language gets the rules that count and compare, and no false alarm.
"""

import re
from collections.abc import Iterator

from escalation.wire.document import EscalationDocument
from escalation.wire.document_fields import Nature, Visibility
from escalation.wire.yaml_reader import Path

SENTENCES_MIN = 3
SENTENCES_MAX = 5

VAGUE = (
    "a lot of", "countless", "few", "huge", "lots of", "many", "massive", "most", "multiple", "numerous", "several",
    "significant", "significantly", "some", "various", "widespread",
)  # fmt: skip
"""Words that stand where a number should."""
_VAGUE = re.compile(rf"\b(?:{'|'.join(VAGUE)})\b", re.IGNORECASE)
_INEXACT = re.compile(
    r"\b(?:try|tries|trying|etc|somehow|something|play around|a value|some value|as usual)\b", re.IGNORECASE
)
# A full stop ends a sentence when a new one begins after it: "e.g. this" and "1.5" do not.
_ENDS = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s+[^\sa-z]|\s*\Z)|[。！？]+")  # noqa: RUF001  # Chinese and Japanese stops


def lints(document: EscalationDocument) -> Iterator[tuple[Path, str]]:
    """Path and advice for each weakness, in the order of the document."""
    yield from _prose(document)
    yield from _reproduction(document)
    yield from _times(document)
    for number, each in enumerate(document.attachments or ()):
        if document.restricted and each.visibility is Visibility.CUSTOMER:
            what = "the case is restricted but the customer may open this; make it restricted or internal"
            yield ("attachments", number, "visibility"), what
    decision = document.leadership.decision if document.leadership is not None else None
    if decision is not None and decision.count("?") > 1:
        yield ("leadership", "decision"), "this asks more than one question; leave the one that must be decided"


def sentences(text: str) -> int:
    """How many sentences a text has; what follows the last full stop is one."""
    ends = [found.end() for found in _ENDS.finditer(text)]
    rest = text[ends[-1] if ends else 0 :].strip()
    return len(ends) + bool(rest)


def _prose(document: EscalationDocument) -> Iterator[tuple[Path, str]]:
    effect = document.impact.effect if document.impact is not None else None
    for path, text in ((("impact", "effect"), effect), (("narrative",), document.narrative)):
        for word in dict.fromkeys(found[0].lower() for found in _VAGUE.finditer(text or "")):
            yield path, f"{word!r} is no number; write how many"
    count = sentences(document.narrative) if document.narrative is not None else SENTENCES_MIN
    if not SENTENCES_MIN <= count <= SENTENCES_MAX:
        advice = "add what is missing" if count < SENTENCES_MIN else "shorten it and attach the rest"
        yield ("narrative",), f"this has {count} sentences, {SENTENCES_MIN} to {SENTENCES_MAX} are read; {advice}"


def _reproduction(document: EscalationDocument) -> Iterator[tuple[Path, str]]:
    found = document.reproduction
    if found is None:
        return
    for name, lines in (("steps", found.steps), ("inputs", found.inputs)):
        for number, text in enumerate(lines or ()):
            if (inexact := _INEXACT.search(text)) is not None:
                what = f"{inexact[0]!r} can mean anything; write the exact action or the literal value"
                yield ("reproduction", name, number), what
    times = found.frequency
    if times is not None and times.condition is None and (times.failed or 0) < (times.tried or 0):
        yield ("reproduction", "frequency"), "it fails at times only; write the condition, if there is one"
    if document.nature is Nature.DEFECT and found.eliminations == ():
        yield ("reproduction", "eliminations"), "nothing was ruled out; try another browser, account or environment"


def _times(document: EscalationDocument) -> Iterator[tuple[Path, str]]:
    deadline = document.request.deadline if document.request is not None else None
    if deadline is None:
        return
    duration = document.impact.duration if document.impact is not None else None
    critical_at = duration.critical_at if duration is not None else None
    if critical_at is not None and critical_at < deadline:
        yield ("request", "deadline"), "it becomes critical before the deadline; ask for an earlier one"
