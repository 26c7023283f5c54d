"""Strict YAML for files that people write: what is read is what is on the page, or a sentence that says why not.

YAML 1.1 turns `NO` into false, `15:30` into 930 and `1.10` into 1.1, lets a key appear twice, and lets ten short lines
unfold into gigabytes. So only plain and quoted strings, `true`, `false` and decimal integers are read; aliases,
anchors, tags and repeated keys are refused. Every fault of a file is reported at once, each with its path and line.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml
from yaml.resolver import Resolver

from escalation.wire.quoting import VALUE_CHARS_MAX, shown

BYTES_MAX = 256 * 1024
DEPTH_MAX = 20
NODES_MAX = 10_000
FAULTS_MAX = 50
KEY_CHARS_MAX = 128  # every path of a fault repeats its keys
INTEGER_DIGITS_MAX = 15  # below 2^53, so that every JSON reader keeps it exact

Plain = str | int | bool | list["Plain"] | dict[str, "Plain"]
Path = tuple[str | int, ...]

# Characters with which a line does not end or read as it looks: a comment could hide a key, or show another order.
_DECEIVING = re.compile("[\u0085\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
# What YAML 1.2 or 1.1 readers would take for a number or a time although PyYAML's resolver does not.
_LOOKS_LIKE_NUMBER = re.compile(
    r"[-+]?(0[xob][0-9a-f_]+|[0-9][0-9_]*(:[0-9]+)+|\.?[0-9][0-9_.]*(e[-+]?[0-9]+)?)", re.IGNORECASE
)
_STRANGE = "\0"  # begins the names given to refused keys; in a file it is refused itself
_WORDS = {"y": "a boolean", "n": "a boolean"}
_MEANINGS = {"bool": "a boolean", "int": "a number", "float": "a number", "timestamp": "a date", "null": "nothing"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may hold. `nodes` counts keys, values, lists and mappings."""

    size_bytes: int = BYTES_MAX
    depth: int = DEPTH_MAX
    nodes: int = NODES_MAX


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, where, and what to do about it."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path} (line {self.line}): {self.what}" if self.path else f"line {self.line}: {self.what}"


class FaultyFileError(ValueError):
    """A file that is refused whole. Each fault is one line of the message."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, where it says it, and the SHA-256 (hex) of its bytes."""

    value: dict[str, Plain]
    digest: str
    lines: dict[Path, int] = field(repr=False)

    def fault(self, path: Path, what: str) -> Fault:
        """A fault at that path; a path that is missing has the line of what should hold it."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return Fault(spell(path), self.lines.get(known, 1), what)


def spell(path: Path) -> str:
    """`terms.SEV1.reach[0].after`, as a person would write it."""
    shown = (part for part in path if isinstance(part, int) or not part.startswith(_STRANGE))
    spelled = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in shown)
    return spelled.removeprefix(".")


def read(source: bytes, limits: Limits | None = None) -> Document:
    """The mapping that `source` (UTF-8 YAML) spells. Raises `FaultyFileError` with every fault that was found."""
    limits = limits or Limits()
    text = _decoded(source, limits)
    if len(source) > BYTES_MAX and (found := _quickly(text, limits)) is not None:
        return Document(found.root, hashlib.sha256(source).hexdigest(), found.lines)  # type: ignore[arg-type]  # a mapping
    reading = _Reading(limits)
    try:
        # Events, not nodes: the parser keeps its own stack, so a deep file ends at a bound and not in a RecursionError.
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            reading.take(event)
            if reading.full:
                break
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reading.blame("", mark.line + 1 if mark else 1, f"this is no YAML: {error.problem or error.context}")
    except (ValueError, OverflowError):
        # PyYAML lets an impossible escape such as "\UFFFFFFFF" escape as one of these, without a place; and the endless
        # version of a `%YAML` line.
        what = "an escape in a quoted string names a character that does not exist; correct it"
        endless = any(line.startswith("%") and len(line) > KEY_CHARS_MAX for line in text.splitlines())
        reading.blame("", 1, "a `%` line is too long; remove it" if endless else what)
    if reading.faults:
        raise FaultyFileError(tuple(reading.faults))
    if not isinstance(reading.root, dict):
        raise FaultyFileError((Fault("", 1, "the file must hold `key: value` lines at its top level"),))
    return Document(reading.root, hashlib.sha256(source).hexdigest(), reading.lines)


def _quickly(text: str, limits: Limits) -> "_Reading | None":
    """A large file as the quick parser reads it, several times as fast; None where anything is wrong with it.

    What is wrong is then said by the other one, whose words do not depend on how a library was built.
    """
    reading = _Reading(limits)
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            reading.take(event)
            if reading.full:
                return None
    except (yaml.YAMLError, ValueError, OverflowError):
        return None
    return reading if isinstance(reading.root, dict) and not reading.faults else None


def _decoded(source: bytes, limits: Limits) -> str:
    if len(source) > limits.size_bytes:
        what = f"the file has {len(source)} bytes, at most {limits.size_bytes} are read; split or shorten it"
        raise FaultyFileError((Fault("", 1, what),))
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source[: error.start].count(b"\n") + 1
        raise FaultyFileError((Fault("", line, "the bytes are not UTF-8; save the file as UTF-8"),)) from None
    deceiving = _DECEIVING.search(text)
    place = deceiving.start() if deceiving is not None else None
    try:
        yaml.reader.Reader(text)
    except yaml.reader.ReaderError as error:
        place = error.position if place is None else min(place, error.position)
    if place is not None:
        what = f"the invisible character U+{ord(text[place]):04X} cannot stand in a file; remove it"
        raise FaultyFileError((Fault("", text.count("\n", 0, place) + 1, what),))
    return text


@dataclass(slots=True)
class _Frame:
    """An open list or mapping; `key` is the key whose value comes next."""

    holds: list[Plain] | dict[str, Plain]
    path: Path
    key: str | None = None
    strange_keys: int = 0

    def next_path(self) -> Path:
        if isinstance(self.holds, list):
            return (*self.path, len(self.holds))
        return (*self.path, self.key) if self.key is not None else self.path


class _Reading:
    """Builds plain values from events, and goes on after a fault to find the others."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.faults: list[Fault] = []
        self.lines: dict[Path, int] = {}
        self.root: Plain | None = None
        self.full = False
        self._frames: list[_Frame] = []
        self._nodes = 0
        self._documents = 0
        self._skip = 0  # levels of a complex key that is being passed over

    def blame(self, path: str, line: int, what: str) -> None:
        self.faults.append(Fault(path, line, what))
        self.full = self.full or len(self.faults) >= FAULTS_MAX

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop(line, "a second document starts here; one file holds one document, so remove `---`")
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()

    def _stop(self, line: int, what: str) -> None:
        self.blame("", line, what)
        self.full = True

    def _node(self, event: yaml.NodeEvent, line: int) -> None:
        self._nodes += 1
        if self._nodes > self.limits.nodes:
            self._stop(line, f"more than {self.limits.nodes} keys and values; split or shorten the file")
            return
        if self._skip:
            self._skip += isinstance(event, yaml.CollectionStartEvent)
            return
        path = self._frames[-1].next_path() if self._frames else ()
        for what in _oddities(event):
            self.blame(spell(path), line, what)
        if self._expects_key():
            self._key(event, line)
        elif isinstance(event, yaml.ScalarEvent):
            self._put(self._scalar(event, path, line), line)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event, path, line)
        else:
            self._put("", line)  # an alias, already blamed

    def _expects_key(self) -> bool:
        return bool(self._frames) and isinstance(self._frames[-1].holds, dict) and self._frames[-1].key is None

    def _key(self, event: yaml.NodeEvent, line: int) -> None:
        frame = self._frames[-1]
        assert isinstance(frame.holds, dict)  # noqa: S101 - `_expects_key` has just looked
        if not isinstance(event, yaml.ScalarEvent):
            self.blame(spell(frame.path), line, "a key must be a plain word; write `key: value`")
            self._skip = int(isinstance(event, yaml.CollectionStartEvent))
            self._name_strange_key(frame)
            return
        twist = _twist(event) or ("is empty" if not event.value else None) or _strange_character(event.value)
        if _is_plain(event) and _INTEGER.fullmatch(event.value):
            twist = "reads as a number"
        if len(event.value) > KEY_CHARS_MAX:
            what = f"the key {shown(event.value)} has {len(event.value)} characters, at most {KEY_CHARS_MAX} are read"
            self.blame(spell(frame.path), line, f"{what}; shorten it")
            self._name_strange_key(frame)
        elif twist is not None:
            self.blame(spell(frame.path), line, f"the key {shown(event.value)} {twist}; put it in quotes or rename it")
            self._name_strange_key(frame)
        elif event.value in frame.holds:
            first = self.lines[*frame.path, event.value]
            what = f"the key is already on line {first}; keep one of them"
            self.blame(spell((*frame.path, event.value)), line, what)
            self._name_strange_key(frame)
        else:
            frame.key = event.value
            self.lines[*frame.path, event.value] = line

    def _name_strange_key(self, frame: _Frame) -> None:
        # The value of a refused key is still read for its own faults, under a name that nobody can write.
        frame.strange_keys += 1
        frame.key = f"{_STRANGE}{frame.strange_keys}"

    def _scalar(self, event: yaml.ScalarEvent, path: Path, line: int) -> Plain:
        text = event.value
        if not _is_plain(event):
            if (what := _strange_character(text)) is not None:
                self.blame(spell(path), line, f"the text {what}; remove it")
            return text
        if text in {"true", "false"}:
            return text == "true"
        if _INTEGER.fullmatch(text):
            if len(text.lstrip("-")) > INTEGER_DIGITS_MAX:
                self.blame(spell(path), line, f"an integer has at most {INTEGER_DIGITS_MAX} digits; shorten it")
                return 0
            return int(text)
        if not text:
            self.blame(spell(path), line, "there is no value; write one or remove the line")
        elif (twist := _twist(event)) is not None:
            self.blame(spell(path), line, f'`{_cut(text)}` {twist}; put it in quotes: "{_cut(text)}"')
        elif (what := _strange_character(text)) is not None:
            self.blame(spell(path), line, f"the text {what}; remove it")
        return text

    def _open(self, event: yaml.CollectionStartEvent, path: Path, line: int) -> None:
        if len(self._frames) >= self.limits.depth:
            self._stop(line, f"nested deeper than {self.limits.depth} levels; flatten the file")
            return
        holds: list[Plain] | dict[str, Plain] = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        self.lines.setdefault(path, line)
        self._frames.append(_Frame(holds, path))

    def _close(self) -> None:
        if self._skip:
            self._skip -= 1
            return
        self._put(self._frames.pop().holds, 0)

    def _put(self, value: Plain, line: int) -> None:
        if not self._frames:
            self.root = value
            return
        frame = self._frames[-1]
        if line:
            self.lines.setdefault(frame.next_path(), line)
        if isinstance(frame.holds, list):
            frame.holds.append(value)
        else:
            assert frame.key is not None  # noqa: S101 - the parser alternates keys and values
            frame.holds[frame.key] = value
            frame.key = None


def _cut(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= VALUE_CHARS_MAX else text[:VALUE_CHARS_MAX] + "…"


def _is_plain(event: yaml.ScalarEvent) -> bool:
    return event.style is None


def _oddities(event: yaml.NodeEvent) -> Iterator[str]:
    if isinstance(event, yaml.AliasEvent):
        yield f"`*{_cut(event.anchor)}` repeats another part of the file; write it out"
        return
    if event.anchor is not None:
        yield f"`&{_cut(event.anchor)}` marks a part for repetition; remove the mark"
    if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
        yield f"the tag {shown(event.tag)} asks for a type; remove it"


def _twist(event: yaml.ScalarEvent) -> str | None:
    """What some reader would make of an unquoted text, other than that text; None when all agree."""
    text = event.value
    if not _is_plain(event):
        return None
    if text.lower() in _WORDS:
        return f"reads as {_WORDS[text.lower()]} in some tools"
    tag = _resolve(text)
    if tag != "str":
        return f"reads as {_MEANINGS.get(tag, 'something else')} in some tools"
    if _LOOKS_LIKE_NUMBER.fullmatch(text):
        return "reads as a number in some tools"
    return None


def _resolve(text: str) -> str:
    # The first character picks the candidates, as PyYAML's own resolver does.
    for key in (text[:1], None):
        for tag, pattern in Resolver.yaml_implicit_resolvers.get(key, ()):
            if pattern.match(text):
                return str(tag).rpartition(":")[2]
    return "str"


def _strange_character(text: str) -> str | None:
    for character in text:
        if character != "\n" and not character.isprintable():
            return f"holds the invisible character U+{ord(character):04X}"
    return None
