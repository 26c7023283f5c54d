"""Reading an escalation document and judging it: every mistake and everything missing at once, each with its line.

A blank ("") is a field left open, so a form can be checked while it is being filled. What the receiver cannot work
without is a fault; what only makes for a poor escalation is a lint, and does not hold anything back.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import ValidationError

from escalation.core.vocabulary import Ask
from escalation.wire.document import Attachment, EscalationDocument
from escalation.wire.document_fields import ATTACHMENTS_BYTES_MAX
from escalation.wire.document_lints import lints
from escalation.wire.document_page import body_of
from escalation.wire.faults import faults_of, some_of
from escalation.wire.packages import Package, Packages, absent
from escalation.wire.quoting import shown
from escalation.wire.requests import NAME_CHARS_MAX, REFERENCE_CHARS_MAX, WORDS_BYTES_MAX
from escalation.wire.yaml_reader import Document, Fault, FaultyFileError, Limits, Path, Plain, read

DOCUMENT_BYTES_MAX = 128 * 1024
"""Of the file, comments included; what it says must fit into a description."""
DEPTH_MAX = 8
NODES_MAX = 4000
LIMITS = Limits(DOCUMENT_BYTES_MAX, DEPTH_MAX, NODES_MAX)

_JSON_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|null')
_PAIR = re.compile(rb"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of judging a file. `document` is there when its shape holds; it may be sent when `faults` is empty."""

    document: EscalationDocument | None
    package: Package | None
    faults: tuple[Fault, ...]
    lints: tuple[Fault, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether it can be sent as it is."""
        return self.document is not None and not self.faults


def read_document(source: bytes, packages: Packages, now: datetime) -> EscalationDocument:
    """The document in that file, complete for its route. Raises `FaultyFileError` with all that is wrong or missing."""
    verdict = check(source, packages, now)
    if verdict.document is None or verdict.faults:
        raise FaultyFileError(verdict.faults)
    return verdict.document


def check(source: bytes, packages: Packages, now: datetime) -> Verdict:
    """Judge a YAML or JSON file as of `now` (aware). Never raises for what a person wrote."""
    try:
        written = _without_blanks(read(_plain_json(source), LIMITS))
    except FaultyFileError as faulty:
        return Verdict(None, None, _told(faulty.faults))
    route = written.value.get("route")
    package = packages.of(route.strip()) if isinstance(route, str) else None
    faults = []
    if package is None and isinstance(route, str):
        known = ", ".join(packages.routes)
        faults.append(
            written.fault(("route",), f"no package is written for route {shown(route)}; write one of {known}")
        )
    if package is not None:
        faults += [written.fault(tuple(each.path.split(".")), each.sentence) for each in absent(written.value, package)]
    try:
        document = EscalationDocument.model_validate(written.value)
    except ValidationError as error:
        return Verdict(None, package, _told([*faults, *faults_of(error, written)]))
    faults += [written.fault(path, what) for path, what in _contradictions(document, now)]
    if package is not None:
        faults += [written.fault(path, what) for path, what in _wrong_asks(document, package, packages)]
    found = (written.fault(path, what) for path, what in lints(document))
    return Verdict(document, package, _told(faults), _told(found))


def _told(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """The faults as lines: a key may hold a line break, and the path of what stands beneath it then does."""
    return some_of(replace(fault, path="\\n".join(fault.path.splitlines())) for fault in faults)


def _plain_json(source: bytes) -> bytes:
    """JSON as YAML reads it, line for line: `null` is a blank, and a character in two halves is one character."""
    try:
        if not source.lstrip().startswith(b"{") or len(source) > DOCUMENT_BYTES_MAX:
            return source
        json.loads(source)
    except (ValueError, RecursionError):
        return source  # YAML, or a fault that has its line there
    return _JSON_TOKEN.sub(lambda found: b'""' if found[0] == b"null" else _PAIR.sub(_joined, found[0]), source)


def _joined(found: re.Match[bytes]) -> bytes:
    if found[1] is None:
        return found[0]
    return bytes.fromhex((found[1] + found[2]).decode()).decode("utf-16-be").encode()


def _without_blanks(document: Document) -> Document:
    lines: dict[Path, int] = {}
    value = _kept(document.value, (), (), document.lines, lines)
    return replace(document, value=value if isinstance(value, dict) else {}, lines=lines)


def _kept(value: Plain, old: Path, new: Path, lines: Mapping[Path, int], found: dict[Path, int]) -> Plain | None:
    """The value without blanks, and where its parts stand; entries of a list move up, their lines stay."""
    if old in lines:
        found[new] = lines[old]
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, dict):
        parts = {name: _kept(part, (*old, name), (*new, name), lines, found) for name, part in value.items()}
        return {name: part for name, part in parts.items() if part is not None} or None
    if isinstance(value, list):
        entries: list[Plain] = []
        for number, part in enumerate(value):
            places: dict[Path, int] = {}
            entry = _kept(part, (*old, number), (*new, len(entries)), lines, places)
            if entry is not None:
                entries.append(entry)
                found.update(places)
        return entries or None
    return value


def _wrong_asks(document: EscalationDocument, package: Package, packages: Packages) -> Iterator[tuple[Path, str]]:
    ask = document.request.ask if document.request is not None else None
    if ask is not None and ask not in package.asks:
        yield ("request", "ask"), _not_for(ask, package, packages)


def _not_for(ask: Ask, package: Package, packages: Packages) -> str:
    taken = " or ".join(package.asks)
    owners = packages.taking(ask)
    elsewhere = f", or take a route that does: {', '.join(owners)}" if owners else ""
    return f"{package.receiver} does not take the ask {ask.value!r}; write {taken}{elsewhere}"


def _contradictions(document: EscalationDocument, now: datetime) -> Iterator[tuple[Path, str]]:
    """What no single field can know."""
    request, impact = document.request, document.impact
    if request is not None and request.deadline is not None and request.deadline <= now:
        yield ("request", "deadline"), f"{request.deadline.isoformat()} has passed; write an instant that is to come"
    yield from (
        (path, f"{at.isoformat()} is still to come; write when it happened")
        for path, at in _past_instants(document)
        if at is not None and at > now
    )
    if impact is not None and impact.breadth is not None and impact.depth is not None:
        customers, blocked = impact.breadth.customers, impact.depth.blocked
        if customers is not None and blocked is not None and blocked > customers:
            what = f"{blocked} customers are blocked but only {customers} affected; correct one of the two"
            yield ("impact", "depth", "blocked"), what
    frequency = document.reproduction.frequency if document.reproduction is not None else None
    if frequency is not None and frequency.failed is not None and frequency.tried is not None:
        if not frequency.tried:
            yield ("reproduction", "frequency", "tried"), "nobody has tried; try once at least"
        elif frequency.failed > frequency.tried:
            what = f"it failed {frequency.failed} times out of {frequency.tried}; correct one of the two"
            yield ("reproduction", "frequency", "failed"), what
    yield from _too_much(document)


def _past_instants(document: EscalationDocument) -> Iterator[tuple[Path, datetime | None]]:
    if document.reported is not None:
        yield ("reported", "at"), document.reported.at
    if document.impact is not None and document.impact.duration is not None:
        yield ("impact", "duration", "since"), document.impact.duration.since
    if document.communication is not None:
        yield ("communication", "updated_at"), document.communication.updated_at


def _too_much(document: EscalationDocument) -> Iterator[tuple[Path, str]]:
    total = bytes_of(document.attachments or ())
    if total > ATTACHMENTS_BYTES_MAX:
        what = f"the attachments have {total} bytes, at most {ATTACHMENTS_BYTES_MAX} are taken; link the rest"
        yield ("attachments",), what
    # With the longest ticket and customer there can be, so that what passes here fits whatever is handed over.
    size = len(body_of(document, ticket="T" * REFERENCE_CHARS_MAX, customer="C" * NAME_CHARS_MAX).encode())
    if size > WORDS_BYTES_MAX:
        yield (), f"written out it has {size} bytes, at most {WORDS_BYTES_MAX} are allowed; shorten it, attach the rest"


def bytes_of(attachments: tuple[Attachment, ...]) -> int:
    """How much they weigh together."""
    return sum(each.bytes for each in attachments)
