"""What an agreement makes of triage: off, advise or required, by the shipped rules or by rules of its own."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, PlainValidator, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from escalation.core.policy import TriageTerms
from escalation.core.triage import TriageRules
from escalation.core.vocabulary import TriageMode
from escalation.wire.quoting import shown
from escalation.wire.triage_rules import freeze, shipped
from escalation.wire.written_words import Written
from escalation.wire.yaml_reader import Document, FaultyFileError

SHIPPED: Literal["default"] = "default"
PLACE = ("triage", "rules")
OFF = TriageTerms()


def _rules(written: object) -> object:
    if written != SHIPPED and not isinstance(written, dict):
        raise ValueError(f"{shown(written)} are no rules; write {SHIPPED}, or the rules themselves")
    return written


class Short:
    """Lets the mode stand alone: `triage: advise`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        return core_schema.no_info_before_validator_function(
            lambda written: {"mode": written} if isinstance(written, str) else written, handler(source)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"type": "string", "enum": list(TriageMode)}]}


class WrittenTriageTerms(Written):
    """What an opening makes of triage. The agreement's own rules have the shape of a triage file."""

    mode: TriageMode
    # Rules of its own are judged by `triage_rules`, which knows their lines and what they say about each other.
    rules: Annotated[
        Any, PlainValidator(_rules), WithJsonSchema({"anyOf": [{"const": SHIPPED}, {"type": "object"}]})
    ] = SHIPPED


TriageTermsOrMode = Annotated[WrittenTriageTerms, Short()]


@dataclass(frozen=True, slots=True)
class Ruling:
    """The rules that an agreement judges by, and the questions that a case may answer."""

    terms: TriageTerms
    rules: TriageRules
    questions: frozenset[str]


def ruling_of(document: Document, routes: Collection[str] | None = None) -> Ruling:
    """What the agreement in `document` says of triage; by the shipped rules unless it brings its own.

    Only its section on triage is looked at. Raises `FaultyFileError` when that is wrong, or, where `routes` are given
    and triage is on, when a rule leads to none of them.
    """
    written = document.value.get(PLACE[0])
    mode, own = (written.get("mode"), written.get("rules")) if isinstance(written, dict) else (written, None)
    if isinstance(own, dict):
        rules, questions = freeze(document, PLACE, routes)
    else:
        rules, questions = shipped()
        astray = sorted({rule.route for rule in rules.rules}.difference(routes or ()))
        if routes is not None and mode not in (None, TriageMode.OFF) and astray:
            what = f"the shipped rules lead to {', '.join(astray)}; add these routes, or write rules of your own"
            raise FaultyFileError((document.fault((PLACE[0],), what),))
    mode = TriageMode(mode) if isinstance(mode, str) else TriageMode.OFF
    terms = OFF if mode is TriageMode.OFF else TriageTerms(mode, rules.name, rules.version, rules.digest)
    return Ruling(terms, rules, questions)
