"""A pydantic refusal in the words of the file: one fault per mistake, with its path and line."""

from pydantic import ValidationError

from escalation.wire.yaml_reader import Document, Fault

VALUE_CHARS_MAX = 60

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
    """Every mistake that pydantic found, in the order of the file."""
    faults = []
    mistakes = error.errors(include_url=False)
    for found in mistakes:
        place = found["loc"]
        if found["type"] == "too_short" and any(
            place == other["loc"][: len(place)] for other in mistakes if other is not found
        ):
            continue  # pydantic does not count entries that are wrong themselves
        given = repr(found["input"])
        shown = given if len(given) <= VALUE_CHARS_MAX else given[:VALUE_CHARS_MAX] + "…"
        # A kind that the table has not met keeps pydantic's own words rather than none.
        sentence = _SENTENCES.get(found["type"], "{given} does not fit here: {said}")
        path = tuple(part for part in place if part != "[key]")
        faults.append(document.fault(path, sentence.format(given=shown, said=found["msg"], **found.get("ctx", {}))))
    return tuple(sorted(faults, key=lambda fault: fault.line))
