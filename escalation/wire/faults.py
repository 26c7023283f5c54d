"""A pydantic refusal in the words of the file: one fault per mistake, with its path and line."""

from collections.abc import Iterable

from pydantic import ValidationError

from escalation.wire.quoting import shown
from escalation.wire.yaml_reader import FAULTS_MAX, Document, Fault

# By pydantic's type of error. `{given}` is what stands in the file; the others are the error's own facts.
_SENTENCES = {
    "missing": "this field is missing; add it",
    "extra_forbidden": "there is no such field here; correct its name or remove it",
    "value_error": "{error}",
    "enum": "{given} is not known; write one of {expected}",
    "literal_error": "{given} is not known; write one of {expected}",
    "too_long": "{actual_length} entries, at most {max_length} are allowed; remove some",
    "too_short": "at least {min_length} is needed; add it",
    "greater_than_equal": "{given} is too small; write at least {ge}",
    "less_than_equal": "{given} is too large; write at most {le}",
    "string_type": "{given} does not fit here; write text in quotes",
    "int_type": "{given} does not fit here; write a whole number",
    "bool_type": "{given} does not fit here; write true or false",
    "tuple_type": "{given} does not fit here; write a list",
    "dict_type": "{given} does not fit here; write `key: value` lines",
    "model_type": "{given} does not fit here; write `key: value` lines",
}


def faults_of(error: ValidationError, document: Document) -> tuple[Fault, ...]:
    """The mistakes that pydantic found, in the order of the file, as far as they are told at once."""
    faults = []
    mistakes = error.errors(include_url=False)
    beneath = {place[:depth] for place in (found["loc"] for found in mistakes) for depth in range(len(place))}
    for found in mistakes:
        place = found["loc"]
        if found["type"] == "too_short" and place in beneath:
            continue  # pydantic does not count entries that are wrong themselves
        # A kind that the table has not met keeps pydantic's own words rather than none.
        sentence = _SENTENCES.get(found["type"], "{given} does not fit here: {said}")
        given = shown(found["input"]) if "{given}" in sentence else ""
        path = tuple(part for part in place if part != "[key]")
        faults.append(document.fault(path, sentence.format(given=given, said=found["msg"], **found.get("ctx", {}))))
    return some_of(faults)


def some_of(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """The faults in the order of the file; of very many the first ones, and how many more there are."""
    found = sorted(faults, key=lambda fault: fault.line)
    if len(found) <= FAULTS_MAX:
        return tuple(found)
    rest = Fault("", found[FAULTS_MAX].line, f"{len(found) - FAULTS_MAX} more faults follow; correct these first")
    return (*found[:FAULTS_MAX], rest)
