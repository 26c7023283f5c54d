"""An escalation document: every field typed, every bound met at its edge, every mistake one clear line."""

import json
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.core.vocabulary import Ask, Severity
from escalation.wire import document_fields as fields
from escalation.wire import requests
from escalation.wire.document_check import (
    DEPTH_MAX,
    DOCUMENT_BYTES_MAX,
    NODES_MAX,
    Verdict,
    bytes_of,
    check,
    read_document,
)
from escalation.wire.document_fields import Nature, SlaPosition, Visibility, WrittenMoney
from escalation.wire.durations import DURATION_MAX
from escalation.wire.packages import shipped
from escalation.wire.requests import TITLE_CHARS_MAX, WORDS_BYTES_MAX
from escalation.wire.yaml_reader import FaultyFileError
from tests.wire.documents import NOW, ROUTES, accepted, faults, good, judged, written

ATTACHMENT = good()["attachments"][0]


def attachments(*sizes: int) -> list[dict[str, Any]]:
    return [{**ATTACHMENT, "name": f"log-{number}.txt", "bytes": size} for number, size in enumerate(sizes)]


# --- What is read -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ROUTES)
def test_a_filled_form_may_be_sent(route: str) -> None:
    """To every receiver there is."""
    verdict = judged(good(route))

    assert (verdict.faults, verdict.lints) == ((), ())
    assert verdict.ready


def test_fields_are_what_they_mean() -> None:
    """Words are the core's, money is integers, instants are in UTC, lengths are lengths."""
    document = read_document(json.dumps(good()).encode(), shipped(), NOW)

    assert (document.severity, document.nature) == (Severity.SEV2, Nature.DEFECT)
    assert document.request is not None
    assert document.request.ask is Ask.INVESTIGATE
    assert document.request.deadline is not None
    assert document.request.deadline.tzinfo is UTC
    assert document.reported is not None
    assert document.reported.in_queue == timedelta(hours=2, minutes=30)
    assert document.impact is not None
    assert document.impact.sla is SlaPosition.AT_RISK
    assert document.impact.revenue is not None
    assert document.impact.revenue.exposure == WrittenMoney(minor=4500000, currency="USD")


def test_yaml_and_json_say_the_same() -> None:
    """JSON may escape what it likes, also a character in two halves."""
    verdict = judged(written("title", "Export fails 😀"))
    same = check(json.dumps(written("title", "Export fails 😀"), ensure_ascii=False).encode(), shipped(), NOW)

    assert verdict.document is not None
    assert verdict.document.title == "Export fails 😀"
    assert same.document == verdict.document


def test_a_document_is_read_back_from_its_own_json() -> None:
    """Nothing is lost or changed on the way, null or not."""
    document = judged(good()).document
    assert document is not None

    for source in (document.model_dump_json(), document.model_dump_json(exclude_none=True)):
        assert read_document(source.encode(), shipped(), NOW) == document


def test_blanks_are_fields_left_open() -> None:
    """So a form can be checked while it is being filled."""
    document = accepted("reported", {"by": "", "at": " ", "in_queue": ""})

    assert document.reported is None
    assert accepted("context.links", ["", "https://status.example/x", ""]).context is not None


def test_a_list_may_say_none() -> None:
    """Which is an answer; a list left out is none."""
    assert accepted("communication.commitments", "none").communication is not None
    assert accepted("attachments", "none").attachments == ()
    assert faults("attachments", []) == ("attachments: this is missing; logs and error output are what is read first",)


@pytest.mark.parametrize("spelled", ["At risk", "at-risk", "AT_RISK", " at risk "])
def test_closed_words_may_be_written_as_people_do(spelled: str) -> None:
    """Capitals, blanks and hyphens do not matter."""
    impact = accepted("impact.sla", spelled).impact

    assert impact is not None
    assert impact.sla is SlaPosition.AT_RISK


def test_severity_may_be_said_in_display_names() -> None:
    """As in every other place where people name one."""
    assert accepted("severity", "Critical").severity is Severity.SEV1


def test_quotes_around_a_number_are_forgiven() -> None:
    """The blanks of the form have them."""
    impact = accepted("impact.breadth.customers", " 14 ").impact

    assert impact is not None
    assert impact.breadth is not None
    assert impact.breadth.customers == 14
    assert accepted("restricted", "true").restricted is True


# --- What is refused --------------------------------------------------------------------------------------------------

IMPACT_WORDS = [
    ("impact.breadth.customers", "'many' is no number; write how many customers"),
    ("impact.breadth.share_percent", "'many' is no number; write how many in a hundred"),
    ("impact.breadth.users", "'many' is no number; write how many end users"),
    ("impact.depth.blocked", "'many' is no number; write how many customers cannot work at all"),
    ("impact.revenue.deals", "'many' is no number; write how many deals"),
    ("impact.revenue.exposure", "'many' is no amount; write {minor: 4500000, currency: USD} for USD 45,000.00"),
    ("impact.revenue.exposure.minor", "'many' is no number; write the amount in minor units, such as cents"),
    ("impact.reputation.posts", "'many' is no number; write how many posts or enquiries"),
    ("impact.reputation.reference_accounts", "'many' is no number; write how many reference accounts"),
    ("impact.contractual.terms_violated", "'many' is no number; write how many terms"),
    ("reproduction.frequency.failed", "'many' is no number; write in how many attempts it failed"),
]


@pytest.mark.parametrize(("path", "sentence"), IMPACT_WORDS)
def test_an_adjective_is_no_measure(path: str, sentence: str) -> None:
    """Each dimension says what to count."""
    assert faults(path, "many") == (f"{path}: {sentence}",)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("version", "2", "'2' is not known; write one of '1'"),
        ("route", "any-to-all", f"no package is written for route 'any-to-all'; write one of {', '.join(ROUTES)}"),
        ("colour", "red", "there is no such field here; correct its name or remove it"),
        ("impact.effects", "x", "there is no such field here; correct its name or remove it"),
        ("title", "a\nb", "this line 'a\\nb' holds '\\n'; write one line without control characters"),
        ("title", 7, "7 does not fit here; write text in quotes"),
        ("severity", "SEV5", ("severity 'SEV5' is unknown; write one of SEV1, SEV2, SEV3, SEV4 (or P1 to P4,"
         " Critical to Low)")),
        ("impact.sla", "fine", "'fine' is not known; write one of compliant, at_risk, breached"),
        ("impact.breadth.growing", "perhaps", "'perhaps' does not fit here; write true or false"),
        ("impact.breadth.customers", True, "True is no number; write how many customers"),
        ("impact.breadth.customers", -1, "-1 is too small; write at least 0"),
        ("impact.duration.since", "today", ("this instant 'today' is no instant; write for example"
         " 2026-03-01T17:00+01:00")),
        ("request.deadline", "2026-03-02T17:00", ("this instant 2026-03-02T17:00:00 has no time zone; add one, for"
         " example +01:00 or Z")),
        ("request.ask", ["fix", "investigate"], ("2 asks, and each has another owner; keep one of investigate, fix,"
         " decide, approve_exception and open a linked escalation for the rest")),
        ("request.ask", "ship it", "'ship it' is not known; write one of investigate, fix, decide, approve_exception"),
        ("request.ask", "decide", ("Engineering does not take the ask 'decide'; write investigate or fix, or take a"
         " route that does: l2-to-product, any-to-security, any-to-leadership, any-to-customer-success,"
         " any-to-finance, any-to-legal")),
        ("reproduction.steps", "try it", "'try it' does not fit here; write a list"),
        ("reproduction.inputs", "abc", "'abc' does not fit here; write a list, or none"),
        ("actions", [{"did": "Restarted it."}], None),
        ("attachments.0.name", "logs/a.txt", "'logs/a.txt' is a path; write the file's name alone"),
        ("attachments.0.media_type", "text", "'text' is no media type; write for example image/png"),
        ("attachments.0.sha256", "5D" * 32, None),
        ("attachments.0.at", "https://me:secret@files.example/1", None),
        ("attachments.0.at", "javascript:alert(1)", None),
        ("attachments.0.visibility", "public", "'public' is not known; write one of customer, internal, restricted"),
        ("impact.revenue.exposure.currency", "Dollar", ("'Dollar' is no currency; write its three capitals (ISO 4217),"
         " for example EUR")),
        ("impact.revenue.exposure", {"minor": 5}, None),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_says_what_to_write(path: str, value: object, sentence: str | None) -> None:
    """At its path; of the longer ones only that there is exactly one line."""
    (fault,) = faults(path, value)

    if sentence is not None:
        place = path.replace(".0.", "[0].")
        assert fault == f"{place}: {sentence}"


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("request.deadline", NOW.isoformat(), "has passed; write an instant that is to come"),
        ("impact.duration.since", (NOW + timedelta(seconds=1)).isoformat(), "is still to come; write when it happened"),
        ("reported.at", (NOW + timedelta(seconds=1)).isoformat(), "is still to come; write when it happened"),
        ("communication.updated_at", (NOW + timedelta(seconds=1)).isoformat(), "is still to come"),
        ("impact.depth.blocked", 15, "15 customers are blocked but only 14 affected; correct one of the two"),
        ("reproduction.frequency.tried", 4, "it failed 5 times out of 4; correct one of the two"),
        ("reproduction.frequency.tried", 0, "nobody has tried; try once at least"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(path: str, value: object, sentence: str) -> None:
    """What no single field can know."""
    (fault,) = faults(path, value)

    assert sentence in fault


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("request.deadline", (NOW + timedelta(seconds=1)).isoformat()),
        ("impact.duration.since", NOW.isoformat()),
        ("impact.depth.blocked", 14),
        ("reproduction.frequency.tried", 5),
    ],
)
def test_fields_that_agree_at_the_edge_are_taken(path: str, value: object) -> None:
    """The instant before a deadline, the last customer, the last attempt."""
    assert faults(path, value) == ()


def test_all_mistakes_and_all_that_is_missing_are_told_at_once_in_the_order_of_the_file() -> None:
    """Each with the line it stands on, or would."""
    source = b"""version: "1"
route: l1-to-l2
severity: SEV9
impact:
  breadth: {customers: lots}
"""
    verdict = check(source, shipped(), NOW)

    assert not verdict.ready
    assert [f"{fault.line} {fault.path}" for fault in verdict.faults] == [
        "1 title", "1 request.ask", "1 request.deadline", "1 narrative", "1 actions", "1 context.customer",
        "1 communication.expectation", "3 severity", "4 impact.effect", "5 impact.breadth.customers",
    ]  # fmt: skip
    with pytest.raises(FaultyFileError) as caught:
        read_document(source, shipped(), NOW)
    assert caught.value.faults == verdict.faults


def test_an_entry_keeps_its_line_when_blanks_stand_before_it() -> None:
    """People look for the line, not for the number."""
    source = b'version: "1"\nroute: any-to-legal\nactions:\n  - ""\n  - {did: "", outcome: ""}\n  - {did: x}\n'

    (fault,) = (fault for fault in check(source, shipped(), NOW).faults if fault.path.startswith("actions"))

    assert (fault.path, fault.line) == ("actions[0].outcome", 6)


def test_a_line_break_in_a_key_breaks_no_line_of_the_answer() -> None:
    """Else a file could write lines of its own into a verdict."""
    (fault,) = check(b'{"a\\nready to send": {"b": }}', shipped(), NOW).faults

    assert fault.path == "a\\nready to send.b"


# --- Bounds -----------------------------------------------------------------------------------------------------------

FOUR_LARGEST = [fields.ATTACHMENT_BYTES_MAX] * 4
EDGES: list[tuple[str, object, object]] = [
    ("title", "x" * TITLE_CHARS_MAX, "x" * (TITLE_CHARS_MAX + 1)),
    ("reported.by", "x" * requests.NAME_CHARS_MAX, "x" * (requests.NAME_CHARS_MAX + 1)),
    ("impact.effect", "x" * fields.LINE_CHARS_MAX, "x" * (fields.LINE_CHARS_MAX + 1)),
    ("narrative", "x" * fields.TEXT_CHARS_MAX, "x" * (fields.TEXT_CHARS_MAX + 1)),
    ("context.links", ["x"] * fields.LINES_MAX, ["x"] * (fields.LINES_MAX + 1)),
    ("reproduction.inputs", ["x"] * fields.LINES_MAX, ["x"] * (fields.LINES_MAX + 1)),
    ("actions", [{"did": "x", "outcome": "y"}] * fields.ACTIONS_MAX,
     [{"did": "x", "outcome": "y"}] * (fields.ACTIONS_MAX + 1)),
    ("communication.commitments", [{"what": "x", "by": "2026-03-09T09:00Z"}] * fields.COMMITMENTS_MAX,
     [{"what": "x", "by": "2026-03-09T09:00Z"}] * (fields.COMMITMENTS_MAX + 1)),
    ("attachments", attachments(*[1] * fields.ATTACHMENTS_MAX), attachments(*[1] * (fields.ATTACHMENTS_MAX + 1))),
    ("attachments.0.bytes", fields.ATTACHMENT_BYTES_MAX, fields.ATTACHMENT_BYTES_MAX + 1),
    ("attachments", attachments(*FOUR_LARGEST), attachments(*FOUR_LARGEST, 1)),
    ("attachments.0.name", "x" * fields.FILE_NAME_CHARS_MAX, "x" * (fields.FILE_NAME_CHARS_MAX + 1)),
    ("attachments.0.at", "x" * fields.LINK_CHARS_MAX, "x" * (fields.LINK_CHARS_MAX + 1)),
    ("attachments.0.media_type", "x/" + "y" * (fields.MEDIA_TYPE_CHARS_MAX - 2),
     "x/" + "y" * (fields.MEDIA_TYPE_CHARS_MAX - 1)),
    ("impact.breadth.customers", fields.COUNT_MAX, fields.COUNT_MAX + 1),
    ("impact.breadth.share_percent", fields.PERCENT_MAX, fields.PERCENT_MAX + 1),
    ("impact.revenue.exposure.minor", fields.MINOR_MAX, fields.MINOR_MAX + 1),
    ("reported.in_queue", f"{DURATION_MAX // timedelta(hours=1)}h", f"{DURATION_MAX // timedelta(hours=1)}h1s"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "edge", "beyond"), EDGES, ids=[path for path, _, _ in EDGES])
def test_each_bound_is_met_at_its_edge(path: str, edge: object, beyond: object) -> None:
    """What just fits is taken, one more is refused in one line."""
    accepted(path, edge)

    assert len(faults(path, beyond)) == 1


def test_the_weight_of_all_attachments_is_their_sum() -> None:
    """At the bound exactly."""
    document = accepted("attachments", attachments(*FOUR_LARGEST))

    assert bytes_of(document.attachments or ()) == fields.ATTACHMENTS_BYTES_MAX


def test_a_document_that_is_too_long_for_a_description_is_refused_here() -> None:
    """Not when it is handed over."""
    line = "é" * fields.LINE_CHARS_MAX
    actions = [{"did": line, "outcome": line}] * fields.ACTIONS_MAX
    long = {**good(), "actions": actions, "context": {"links": [line] * 30}}
    (fault,) = check(json.dumps(long, ensure_ascii=False).encode(), shipped(), NOW).faults

    assert f"at most {WORDS_BYTES_MAX} are allowed; shorten it, attach the rest" in fault.what


def test_a_file_may_have_so_many_bytes() -> None:
    """And not one more."""
    source = json.dumps(good()).encode()
    full = source + b" " * (DOCUMENT_BYTES_MAX - len(source))

    assert check(full, shipped(), NOW).ready
    (fault,) = check(full + b" ", shipped(), NOW).faults
    assert f"at most {DOCUMENT_BYTES_MAX} are read" in fault.what


def test_a_file_may_be_nested_so_deep_and_hold_so_much() -> None:
    """Beyond that it is no document."""

    def nested(levels: int) -> Verdict:
        return check(b"title: " + b"[" * levels + b"]" * levels, shipped(), NOW)

    def long(entries: int) -> Verdict:
        return check(b"title: [" + b"x," * entries + b"]", shipped(), NOW)

    assert "nested deeper" not in nested(DEPTH_MAX - 1).faults[0].what
    assert f"nested deeper than {DEPTH_MAX} levels" in nested(DEPTH_MAX).faults[0].what
    assert f"{NODES_MAX}" not in str(long(NODES_MAX - 3).faults[0])
    assert f"{NODES_MAX}" in str(long(NODES_MAX - 2).faults[0])


# --- Whatever is written ----------------------------------------------------------------------------------------------

SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**16), 10**16),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["none", "many", "2026-03-01T12:00Z", "2h30m", "defect", "Critical", "", " ", "#", "0001-01-01T00:00+01:00"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def paths(value: object, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [above, *(path for name, part in value.items() for path in paths(part, (*above, name)))]
    if isinstance(value, list):
        return [above, *(path for number, part in enumerate(value) for path in paths(part, (*above, number)))]
    return [above]


def clear(verdict: Verdict) -> bool:
    """A document, or lines that a person can read."""
    if verdict.ready:
        return True
    lines = [str(fault) for fault in verdict.faults]
    return bool(lines) and all(len(line.splitlines()) == 1 and len(line) < 1000 for line in lines)


@given(st.data())
def test_any_change_of_a_good_document_gives_a_document_or_clear_faults(found: st.DataObject) -> None:
    """Whatever stands anywhere: nothing else is raised, and no line is a riddle of many lines."""
    document: Any = good(found.draw(st.sampled_from(ROUTES)))
    for _ in range(found.draw(st.integers(1, 3))):
        *above, last = found.draw(st.sampled_from(paths(document)[1:]))
        part = document
        for name in above:
            part = part[name]
        part[last] = found.draw(VALUES)

    assert clear(judged(document))


@given(st.data())
def test_any_damage_to_the_file_gives_a_document_or_clear_faults(found: st.DataObject) -> None:
    """Bytes lost, doubled or changed."""
    source = bytearray(json.dumps(good(), indent=1).encode())
    place = found.draw(st.integers(0, len(source) - 1))
    length = found.draw(st.integers(0, 40))
    source[place : place + length] = found.draw(st.binary(max_size=10))

    assert clear(check(bytes(source), shipped(), NOW))


def test_visibility_says_who_may_open_an_attachment() -> None:
    """The customer, we, or only those who need to know."""
    (attachment,) = accepted("attachments.0.visibility", "restricted").attachments or ()

    assert attachment.visibility is Visibility.RESTRICTED
