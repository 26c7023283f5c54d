"""What people type, before anything is sent: every mistake has its line, and every bound is met at its edge."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.core.case_facts import CaseFacts, Manual
from escalation.core.commands import (
    Acknowledge,
    AddNote,
    Approve,
    DeEscalate,
    ExtendDeadline,
    Instructable,
    Raise,
    Reassign,
    Reject,
    RequestApproval,
)
from escalation.core.money import Money
from escalation.core.vocabulary import ApprovalKind, Ask, DeEscalationReason, Severity
from escalation.wire import requests
from escalation.wire.amounts import MINOR_MAX
from escalation.wire.requests import (
    ANSWERS_MAX,
    APPROVAL_NUMBER_MAX,
    COUNT_MAX,
    KEY_CHARS_MAX,
    NAME_CHARS_MAX,
    REASON_CHARS_MAX,
    REFERENCE_CHARS_MAX,
    REFERENCE_CHARS_MIN,
    TITLE_CHARS_MAX,
    WORDS_BYTES_MAX,
    BadInput,
    EscalationRequest,
    amount,
    checked,
    episode_of,
)

GOOD: dict[str, Any] = {
    "ticket": "INC-7",
    "title": "Checkout is down",
    "description": "Every card is refused.\nSince 9:00.",
    "route": "l2-engineering",
    "severity": "SEV1",
    "ask": "fix",
    "customer": "acme",
    "deadline": "2026-03-01T17:00+01:00",
    "by": "rosa",
    "key": "k1",
}


def request(**changed: object) -> EscalationRequest:
    return EscalationRequest.model_validate({**GOOD, **changed})


def lines(**changed: object) -> tuple[str, ...]:
    """What is said about a request; nothing when it is good."""
    try:
        request(**changed)
    except BadInput as wrong:
        return wrong.lines
    return ()


# --- A request --------------------------------------------------------------------------------------------------------


def test_a_good_request_is_read() -> None:
    """Severity and ask become the core's words, the deadline is in UTC, the reference is the ticket's."""
    found = request()

    assert (found.severity, found.ask, found.reference) == (Severity.SEV1, Ask.FIX, "INC-7")
    assert found.deadline == datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert found.deadline.tzinfo is UTC
    assert found.episode == episode_of("INC-7", "k1")


@pytest.mark.parametrize("written", ["wei\u017fs-1", "ﬁx-1", "straße-1"])
def test_a_reference_is_never_folded_into_other_letters(written: str) -> None:
    """Capitals of these letters would be somebody else's reference."""
    with pytest.raises(BadInput, match="is no reference"):
        requests.reference(written)


def test_every_mistake_has_its_line() -> None:
    """All at once, each with the next step."""
    assert lines(severity="SEV9", ask="fly", customer="Acme\r\nBcc: all", deadline="soon", colour="red") == (
        "severity 'SEV9' is unknown; write one of SEV1, SEV2, SEV3, SEV4 (or P1 to P4, Critical to Low)",
        "ask 'fly' is unknown; write one of investigate, fix, decide, approve_exception",
        "customer 'Acme\\r\\nBcc: all' holds '\\r'; write one line without control characters",
        "deadline 'soon' is no instant; write for example 2026-03-01T17:00+01:00",
        "there is no field 'colour'; correct its name or leave it out",
    )


def test_what_is_missing_is_named() -> None:
    """The deadline with its zone."""
    with pytest.raises(BadInput) as wrong:
        EscalationRequest.model_validate({"ticket": "INC-7"})

    assert "deadline is missing; give one with a time zone" in wrong.value.lines
    assert len(wrong.value.lines) == 8


def test_building_one_in_code_raises_the_same() -> None:
    """An integration meets the same lines as a person."""
    with pytest.raises(BadInput, match="title is missing; give 1 to 200 characters"):
        EscalationRequest(
            ticket="INC-7",
            title="",
            route="l2-engineering",
            severity=Severity.SEV1,
            ask=Ask.FIX,
            customer="acme",
            deadline=datetime(2026, 3, 1, tzinfo=UTC),
            by="rosa",
            key="k1",
        )


@pytest.mark.parametrize(
    ("field", "most"),
    [("title", TITLE_CHARS_MAX), ("customer", NAME_CHARS_MAX), ("by", NAME_CHARS_MAX), ("key", KEY_CHARS_MAX)],
)
def test_lines_are_bounded(field: str, most: int) -> None:
    """The longest that is taken, and one character more."""
    assert lines(**{field: "x" * most}) == ()
    assert lines(**{field: "x" * (most + 1)}) == (
        f"{field} has {most + 1} characters, at most {most} are allowed; shorten it",
    )


@pytest.mark.parametrize("field", ["title", "customer", "by", "key", "route", "policy", "ticket"])
@pytest.mark.parametrize("odd", ["\r", "\n", "\0", "\x1b", "\u2028", "\x85"])
def test_a_line_is_one_line(field: str, odd: str) -> None:
    """Nothing that could start a header, a second line or an escape sequence."""
    assert "without control characters" in lines(**{field: f"a{odd}b"})[0]


@pytest.mark.parametrize(("size", "said"), [(WORDS_BYTES_MAX, 0), (WORDS_BYTES_MAX + 1, 1), (3_000_000, 1)])
def test_a_description_is_bounded_in_bytes(size: int, said: int) -> None:
    """As it travels."""
    assert len(lines(description="é" * (size // 2) + "x" * (size % 2))) == said


def test_a_description_may_have_many_lines() -> None:
    """But no zero byte and no half character: no store would keep them."""
    assert lines(description="a\nb\tc") == ()
    assert lines(description="a\0b") == ("description holds a zero byte; remove it",)
    assert "half a character" in lines(description="\ud800")[0]


# --- References -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["inc-7", " INC-7 ", "Inc-7"])
def test_a_reference_has_one_spelling(written: str) -> None:
    """Nobody opens a second escalation of a ticket by its capitals."""
    assert requests.reference(written) == "INC-7"


@pytest.mark.parametrize(
    "odd",
    ["INC 7", "INC/7", "INC:7", "../INC", "-INC", ".INC", "INC'7", "Ä-77", "\u0661\u0662\u0663", "INC%7"],
)
def test_a_reference_with_odd_characters_is_refused(odd: str) -> None:
    """It stands in addresses, file names, queries and text messages."""
    with pytest.raises(BadInput, match="is no reference; use letters, digits"):
        requests.reference(odd)


def test_a_ticket_with_odd_characters_needs_a_reference() -> None:
    """The ticket itself may be called anything."""
    assert lines(ticket="ACME/4711") == (
        "ticket 'ACME/4711' is no reference; use letters, digits, '.', '_' and '-', or give a reference of your own",
    )
    assert request(ticket="ACME/4711", reference="acme-4711").reference == "ACME-4711"


@pytest.mark.parametrize(
    ("length", "good"),
    [
        (REFERENCE_CHARS_MIN - 1, False),
        (REFERENCE_CHARS_MIN, True),
        (REFERENCE_CHARS_MAX, True),
        (REFERENCE_CHARS_MAX + 1, False),
    ],
)
def test_a_reference_is_bounded(length: int, good: bool) -> None:  # noqa: FBT001  # the expected answer
    """Both ends."""
    assert (lines(reference="X" * length) == ()) is good


@given(st.text(max_size=80))
def test_whatever_is_typed_is_a_reference_or_bad_input(written: str) -> None:
    """And a reference reads as itself."""
    with suppress(BadInput):
        found = requests.reference(written)
        assert requests.reference(found) == found
        assert found.isascii()


def test_an_episode_depends_on_reference_and_key() -> None:
    """And on where one ends and the other begins."""
    assert episode_of("INC-7", "k1") == episode_of("INC-7", "k1")
    assert len({episode_of("INC-7", "k1"), episode_of("INC-7", "k2"), episode_of("INC-7k", "1")}) == 3
    assert len(episode_of("INC-7", "k1")) == requests.EPISODE_DIGITS


# --- Severities and instants ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "severity"),
    [
        *((name, Severity.SEV1) for name in ("SEV1", "sev1", "P1", "p1", "Critical", " critical ")),
        *((name, Severity.SEV4) for name in ("SEV4", "P4", "Low", "LOW")),
        ("High", Severity.SEV2),
        ("Medium", Severity.SEV3),
        (Severity.SEV3, Severity.SEV3),
    ],
)
def test_a_severity_has_display_names(written: object, severity: Severity) -> None:
    """In any capitals."""
    assert requests.severity(written) is severity


@pytest.mark.parametrize("written", ["", "SEV0", "SEV5", "P0", "1", "urgent", 1, None])
def test_an_unknown_severity_is_refused(written: object) -> None:
    """With those that are known."""
    with pytest.raises(BadInput, match="write one of SEV1, SEV2, SEV3, SEV4"):
        requests.severity(written)


@pytest.mark.parametrize("written", ["Critical", " urgent ", "On fire"])
def test_a_request_leaves_a_severitys_name_to_the_agreement(written: str) -> None:
    """Numbers mean the same everywhere; other words are the agreement's."""
    found = request(severity=written)

    assert (found.severity, found.severity_name) == (None, written.strip())


@pytest.mark.parametrize("written", ["", "  ", "SEV0", "p 5", "7", 1, True])
def test_what_can_be_no_name_is_refused_at_once(written: object) -> None:
    """A number that no agreement has, and what is no word."""
    assert "severity" in lines(severity=written)[0]


def test_route_and_severity_may_be_left_to_triage() -> None:
    """Where it is asked for, or a person escalates by hand with a reason; nowhere else."""
    rest = {name: value for name, value in GOOD.items() if name not in {"route", "severity"}}
    for asked in ({"triage": True}, {"by_hand": "A pattern."}):
        found = EscalationRequest.model_validate({**rest, **asked})
        assert (found.triaged, found.route, found.severity, found.severity_name) == (True, "", None, "")
    for bare in ({}, {"triage": False}, {"case": CaseFacts(users=3)}):
        with pytest.raises(BadInput) as wrong:
            EscalationRequest.model_validate({**rest, **bare})
        assert wrong.value.lines == ("route is missing; give one", "severity is missing; give one")
    assert lines(route="") == ("route is missing; name one, or ask for triage",)
    assert lines(severity=None) == ("severity is missing; name one, or ask for triage",)
    assert lines(by_hand="two\nlines")[0].startswith("the reason for escalating by hand 'two\\nlines' holds")
    assert EscalationRequest.model_validate(GOOD).triaged is False


@pytest.mark.parametrize(
    ("case", "what"),
    [
        (
            CaseFacts(opened_at=datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None)),
            "opened at 2026-03-01T00:00:00 has no time zone",
        ),
        (CaseFacts(due_at=datetime.max.replace(tzinfo=UTC)), "due at 9999-12-31T23:59:59.999999+00:00 is out of range"),
        (CaseFacts(users=-1), "users is -1; write a number from 0"),
        (CaseFacts(users=COUNT_MAX + 1), f"write a number from 0 to {COUNT_MAX}"),
        (CaseFacts(users=1.5), "case.users 1.5 does not fit"),  # type: ignore[arg-type]  # what a caller gets wrong
        (CaseFacts(text="x" * (WORDS_BYTES_MAX + 1)), "the text of the case has"),
        (CaseFacts(text="\ud800"), "half a character"),
        (CaseFacts(segment="\x1b[31m"), "segment of the case"),
        (CaseFacts(yes=frozenset({""})), "answer of the case is missing"),
        (CaseFacts(no=frozenset({"q" * 65})), "answer of the case has 65 characters"),
        (CaseFacts(yes=frozenset(map(str, range(ANSWERS_MAX + 1)))), f"at most {ANSWERS_MAX} are taken"),
        (CaseFacts(revenue=Money(-1, "EUR")), "is no amount"),
        (CaseFacts(dispute=Money(1, "euro")), "is no amount"),
        (CaseFacts(manual=Manual("", "why")), "by is missing"),
        (CaseFacts(manual=Manual("ann", "two\nlines")), "the reason for escalating by hand"),
    ],
)
def test_what_triage_cannot_reckon_with_is_refused_before_it_is_sent(case: CaseFacts, what: str) -> None:
    """At the door nobody could say what is wrong with it."""
    assert what in lines(case=case)[0]


def test_the_facts_of_a_case_are_taken_up_to_their_bounds() -> None:
    """All of them inclusive; instants come in UTC, as those of a request do."""
    zone = timezone(timedelta(hours=1))
    case = CaseFacts(
        text="x" * WORDS_BYTES_MAX,
        yes=frozenset(map(str, range(ANSWERS_MAX))),
        users=COUNT_MAX,
        revenue=Money(0, "EUR"),
        opened_at=datetime(2026, 3, 1, 1, tzinfo=zone),
        manual=Manual(" ann", "why", "to-product"),
    )
    found = request(case=case).case

    assert found == replace(case, manual=Manual("ann", "why", "to-product"))
    assert found is not None
    assert found.opened_at is not None
    assert found.opened_at.utcoffset() == timedelta(0)


def test_a_zone_is_never_guessed() -> None:
    """An hour is the whole window of a page."""
    assert lines(deadline="2026-03-01T17:00") == (
        "deadline 2026-03-01T17:00:00 has no time zone; add one, for example +01:00 or Z",
    )
    assert lines(deadline=datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=1)))) == ()
    assert lines(deadline="2026-03-01T17:00Z") == ()


@pytest.mark.parametrize("written", ["", "tomorrow", 1767225600, None, "2026-13-01T00:00Z"])
def test_what_is_no_instant_is_refused(written: object) -> None:
    """With an example."""
    assert "is no instant; write for example" in lines(deadline=written)[0]


def test_the_end_of_time_is_out_of_range() -> None:
    """An instant that has no UTC."""
    assert "out of range" in lines(deadline="9999-12-31T23:59-05:00")[0]


def _spend(asked: Money | None) -> RequestApproval:
    return RequestApproval("amira", ApprovalKind.SPEND, "a licence", asked)


# --- Commands ---------------------------------------------------------------------------------------------------------


def test_a_command_is_trimmed() -> None:
    """So that a proof and the log name the same person."""
    assert checked(Reassign(" amira", "bruno ", " knows it ")) == Reassign("amira", "bruno", "knows it")


def test_a_missing_reason_is_the_rules_to_refuse() -> None:
    """Their refusal is recorded; a missing name is nobody's."""
    assert checked(Raise("amira", "")) == Raise("amira", "")
    with pytest.raises(BadInput, match="by is missing"):
        checked(Acknowledge(""))


def test_every_mistake_of_a_command_has_its_line() -> None:
    """Names and reasons have their own limits."""
    wrong = DeEscalate("amira\n", DeEscalationReason.HOW_TO, "x" * (NAME_CHARS_MAX + 1), "")

    with pytest.raises(BadInput) as found:
        checked(wrong)

    assert [line.split(" ")[0] for line in found.value.lines] == ["by", "to", "level"]


@pytest.mark.parametrize(("length", "good"), [(REASON_CHARS_MAX, True), (REASON_CHARS_MAX + 1, False)])
def test_a_reason_is_bounded(length: int, good: bool) -> None:  # noqa: FBT001  # the expected answer
    """The longest that is taken, and one more."""
    try:
        checked(Raise("amira", "x" * length))
    except BadInput:
        assert not good
    else:
        assert good


def test_a_command_without_lines_passes() -> None:
    """Words travel beside it."""
    assert checked(AddNote("amira")) == AddNote("amira")


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (Approve("maya", "yes", approval=0), "approval 0 does not exist; write its number, 1 to 9999"),
        (Reject("maya", "no", approval=APPROVAL_NUMBER_MAX + 1), "approval 10000 does not exist"),
        (_spend(Money(0, "EUR")), "is no sum to ask for; write more than nothing"),
        (_spend(Money(MINOR_MAX + 1, "EUR")), "is no sum to ask for"),
        (_spend(Money(100, "euros")), "is no sum to ask for"),
        (ExtendDeadline("amira", datetime(2026, 3, 5, 17), "later"), "has no time zone; add one"),  # noqa: DTZ001  # that is the point
    ],
)
def test_numbers_amounts_and_instants_of_a_command_are_checked(command: Instructable, line: str) -> None:
    """Before anything is sent."""
    with pytest.raises(BadInput) as wrong:
        checked(command)
    assert line in str(wrong.value)


def test_what_an_approval_is_asked_with_passes_at_its_edges() -> None:
    """A deadline is kept in UTC."""
    deadline = datetime(2026, 3, 5, 17, tzinfo=timezone(timedelta(hours=1)))
    for whole in (_spend(Money(1, "EUR")), _spend(Money(MINOR_MAX, "JPY")), _spend(None)):
        assert checked(whole) == whole
    for number in (1, APPROVAL_NUMBER_MAX, None):
        assert checked(Approve("maya", "yes", approval=number)).approval == number  # type: ignore[union-attr]
    assert checked(ExtendDeadline("amira", deadline, "later")).deadline == deadline.astimezone(UTC)  # type: ignore[union-attr]


def test_an_amount_may_be_written_or_be_money() -> None:
    """As the client takes it; anything else is no amount."""
    assert amount("amount", "250.00 EUR") == amount("amount", Money(25000, "EUR")) == Money(25000, "EUR")
    for wrong in ("250", None, 250):
        with pytest.raises(BadInput, match="amount"):
            amount("amount", wrong)
