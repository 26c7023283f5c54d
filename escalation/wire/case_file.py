"""A case as it is handed to triage: YAML or JSON, checked against the rules that will judge it.

Everything may be left out: what is unknown is reported as missing, never guessed.
"""

import hashlib
import json
from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, PlainValidator, ValidationError, model_validator

from escalation.core.case_facts import CaseFacts, Manual, UrgencyClass, Workaround
from escalation.core.triage import TriageRules
from escalation.core.vocabulary import Severity
from escalation.wire.document_fields import Amount
from escalation.wire.faults import faults_of, some_of
from escalation.wire.quoting import shown
from escalation.wire.requests import ALIASES, BadInput, words
from escalation.wire.triage_file import Count
from escalation.wire.triage_rules import LEVEL_NAMES
from escalation.wire.written_words import Name, Sentence, Written
from escalation.wire.yaml_reader import BYTES_MAX, Document, Fault, FaultyFileError, read

PERCENT_MAX = 10_000
"""A slowdown may be of many times; more is a slip of the keyboard."""


def _instant(written: object) -> datetime:
    try:
        found = datetime.fromisoformat(written if isinstance(written, str) else "")
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError(f'{shown(written)} is no instant; write one with its zone: "2026-03-01T17:00+01:00"')
    return found


def _text(text: str) -> str:
    try:
        return words("the text", text)
    except BadInput as wrong:
        raise ValueError(str(wrong)) from None


def _severity(written: object) -> Severity:
    found = ALIASES.get(written.upper()) if isinstance(written, str) else None
    if found is None:
        raise ValueError(f"{shown(written)} is no severity; write one of {', '.join(ALIASES)}")
    return found


def _level(written: object) -> int:
    found = LEVEL_NAMES.get(written, 0) if isinstance(written, str) else written
    if type(found) is not int or found not in LEVEL_NAMES.values():
        raise ValueError(f"{shown(written)} is no level; write {', '.join(LEVEL_NAMES)} or 1, 2, 3 (1 is high)")
    return found


Instant = Annotated[datetime, PlainValidator(_instant)]
Text = Annotated[str, AfterValidator(_text)]
Level = Annotated[int, PlainValidator(_level)]
Graded = Annotated[Severity, PlainValidator(_severity)]
Percent = Annotated[int, Field(ge=0, le=PERCENT_MAX)]


class WrittenManual(Written):
    by: Name
    reason: Sentence
    route: Name | None = None
    urgency: UrgencyClass | None = None
    severity: Graded | None = None


class WrittenFacts(Written):
    text: Text = ""
    language: str = ""
    segment: str = ""
    answers: dict[str, bool] = Field(default_factory=dict)
    users: Count | None = None
    users_total: Count | None = None
    customers: Count | None = None
    slowdown_percent: Percent | None = None
    dip_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    reports: Count | None = None
    attempts: Count | None = None
    critical_issues: Count | None = None
    workaround: Workaround | None = None
    priority: Graded | None = None
    opened_at: Instant | None = None
    last_activity_at: Instant | None = None
    unclaimed_since: Instant | None = None
    began_at: Instant | None = None
    due_at: Instant | None = None
    dispute: Amount | None = None
    revenue: Amount | None = None
    impact: Level | None = None
    urgency: Level | None = None
    manual: WrittenManual | None = None

    @model_validator(mode="after")
    def _users_fit(self) -> Self:
        if self.users is not None and self.users_total is not None and self.users > self.users_total:
            raise ValueError(f"{self.users} of {self.users_total} users are more than there are; correct one of them")
        return self


def read_case(source: bytes, rules: TriageRules | None = None, questions: Collection[str] | None = None) -> CaseFacts:
    """The case that `source` writes. Raises `FaultyFileError` with a line for each fault.

    Without `rules` and `questions`, whether they know its segment and its answers is left to whoever judges it.
    """
    document = _document(source)
    try:
        written = WrittenFacts.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        raise FaultyFileError(faults_of(error, document)) from None
    faults = [
        document.fault(
            ("answers", name), f"no question is called {shown(name)}; known are {', '.join(sorted(questions or ()))}"
        )
        for name in written.answers
        if questions is not None and name not in questions
    ]
    if rules is not None and written.segment and written.segment not in rules.timelines:
        known = ", ".join(sorted(rules.timelines)) or "none"
        faults.append(document.fault(("segment",), f"{shown(written.segment)} is no segment; known are {known}"))
    if faults:
        raise FaultyFileError(some_of(faults))
    return _facts(written)


def _facts(written: WrittenFacts) -> CaseFacts:
    made = {name: getattr(written, name) for name in type(written).model_fields}
    answers = made.pop("answers")
    for purse in ("dispute", "revenue"):
        money = made[purse]
        made[purse] = None if money is None else money.value
    manual = written.manual
    made["manual"] = (
        None
        if manual is None
        else Manual(manual.by, manual.reason, manual.route or "", manual.urgency, manual.severity)
    )
    yes, no = (frozenset(name for name, answer in answers.items() if answer is wanted) for wanted in (True, False))
    return CaseFacts(**made, yes=yes, no=no)


def _document(source: bytes) -> Document:
    """What begins with a brace is read as JSON, in which null is the same as nothing; all else as YAML."""
    if not source.lstrip().startswith(b"{") or len(source) > BYTES_MAX:
        return read(source)
    try:
        value = json.loads(source, object_pairs_hook=_once)
    except RecursionError:
        raise FaultyFileError((Fault("", 1, "nested too deep; a case has three levels"),)) from None
    except json.JSONDecodeError as wrong:
        raise FaultyFileError((Fault("", wrong.lineno, f"this is no JSON: {wrong.msg}"),)) from None
    except ValueError as wrong:
        raise FaultyFileError((Fault("", 1, f"this is no JSON: {wrong}"),)) from None
    return Document(value, hashlib.sha256(source).hexdigest(), {})


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {shown(key)} stands there twice; keep one of them")
        if value is not None:
            found[key] = value
    return found
