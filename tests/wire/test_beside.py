"""What crosses the wire about links and files: requests, proofs, views, and how the log reads."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from escalation.core.beside import ATTACHMENTS_MAX, FILE_BYTES_MAX, Linked, ReportTold
from escalation.core.facts import ReportLinked
from escalation.core.policy import Policy
from escalation.core.vocabulary import Channel, Phase
from escalation.wire.messages import HandedFile, LateFact
from escalation.wire.policy import freeze
from escalation.wire.proof import Signer, claim_of
from escalation.wire.requests import FILE_NAME_CHARS_MAX, BadInput, EscalationRequest, file_name
from escalation.wire.telling import tell
from escalation.wire.views import knowing, links_of, page_of, view_of
from escalation.wire.yaml_reader import FaultyFileError, read
from tests.core.cases import Story, active, opening

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
FILE = HandedFile("console.txt", "ab" * 32, 20480, "text/plain")
LINKED = ReportLinked("INC-1.2", "e2", "kit", Phase.CLOSED)


def request(**changes: object) -> EscalationRequest:
    plain = {
        "ticket": "INC-1", "title": "Exports fail", "route": "any", "severity": "SEV1", "ask": "fix",
        "customer": "acme", "deadline": NOW + timedelta(days=1), "by": "amira", "key": "k",
    }  # fmt: skip
    return EscalationRequest.model_validate({**plain, **changes})


def test_a_request_carries_files_a_contact_and_what_it_stands_beside() -> None:
    """As many files as there is room for; their names without folders."""
    files = tuple(
        replace(FILE, name=f"C:/logs/{number}.txt", digest=f"{number:064x}") for number in range(ATTACHMENTS_MAX)
    )
    made = request(attachments=files, customer_contact=" kit ", linked_to=Linked("INC-0", "e0"))

    assert [each.name for each in made.attachments][:2] == ["0.txt", "1.txt"]
    assert (made.customer_contact, made.linked_to) == ("kit", Linked("INC-0", "e0"))


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ((FILE,) * (ATTACHMENTS_MAX + 1), "21 files are attached, at most 20 are taken"),
        ((replace(FILE, bytes=FILE_BYTES_MAX + 1),), "is no attachment (bytes 26214401, limit 26214400)"),
        ((replace(FILE, digest="ab"),), "is no attachment (digest ab"),
        ((FILE, replace(FILE, name="copy.txt")), "a file is attached twice"),
        ((replace(FILE, media_type="text/html"),), "is no attachment (media_type text/html"),
        ((replace(FILE, name=".."),), "names a folder"),
        ((replace(FILE, name="a\nb"),), "write one line"),
    ],
)
def test_a_file_that_is_no_attachment_is_bad_input(files: tuple[HandedFile, ...], line: str) -> None:
    """One line that names the value and the limit."""
    with pytest.raises(BadInput) as bad:
        request(attachments=files)

    assert line in bad.value.lines[0]


def test_a_file_name_has_an_end() -> None:
    """The bound, and one beyond."""
    assert file_name("n" * FILE_NAME_CHARS_MAX) == "n" * FILE_NAME_CHARS_MAX
    with pytest.raises(BadInput):
        file_name("n" * (FILE_NAME_CHARS_MAX + 1))


@pytest.mark.parametrize(
    "changes", [{"reference": "INC-1.3"}, {"episode": "e3"}, {"phase": None}, {"customer_contact": "una"}]
)
def test_a_proof_is_good_for_what_a_linked_one_said_and_nothing_else(changes: dict[str, object]) -> None:
    """Who it is, how it ended and who speaks are all signed."""
    signer = Signer("k" * 32)
    proof = signer.sign("gateway", claim_of("INC-1", "e1", LateFact(LINKED)), NOW)
    other = LateFact(replace(LINKED, **changes))  # type: ignore[arg-type]  # the test's own

    assert signer.verify(proof, "gateway", claim_of("INC-1", "e1", LateFact(LINKED)), NOW, timedelta(hours=1))
    assert not signer.verify(proof, "gateway", claim_of("INC-1", "e1", other), NOW, timedelta(hours=1))


def test_a_view_tells_links_both_ways_and_who_knows() -> None:
    """On the engine's page too; nobody is named twice."""
    first = Linked("ESC-0", "e0")
    view = view_of(active(opening(linked_to=first)).state)
    linked = replace(view, links=(Linked("ESC-1.2", "e2", Phase.DE_ESCALATED),))

    assert links_of(linked) == ["beside ESC-0", "ESC-1.2 (de escalated)"]
    assert "Linked: beside ESC-0" in page_of(view)
    assert "Linked" not in page_of(view_of(Story().state))
    assert (view.touches, view.ping_pongs, view.in_transfer_since) == (1, 0, None)
    assert knowing(replace(view, told=("ann", "lee"), asked=None)) == ("sue", "ann", "lee")
    assert view_of(Story().state).in_transfer_since is not None


def test_the_log_reads_what_linked_ones_say() -> None:
    """How it ended, or who speaks; whether a word was heard."""
    story = active(opening(linked_to=Linked("ESC-0", "e0")))
    said: list[ReportTold | ReportLinked] = [
        ReportTold(9, told=True),
        ReportTold(9, told=False),
        replace(LINKED, reference="ESC-0"),
        replace(LINKED, reference="ESC-0", phase=None),
    ]
    lines = [tell(story.do(each).sealed.entry) for each in said]

    assert "word 9 heard" in lines[0]
    assert "word 9 not heard" in lines[1]
    assert "ESC-0 closed" in lines[2]
    assert "ESC-0 is spoken for by kit" in lines[3]


@pytest.mark.parametrize(("line", "alarm"), [("", 3), ("touches_alarm: 2", 2), ("touches_alarm: none", None)])
def test_an_agreement_says_when_many_hands_are_too_many(line: str, alarm: int | None) -> None:
    """Three, unless it says otherwise; `none` switches it off."""
    assert agreed(line).house.touches_alarm == alarm


@pytest.mark.parametrize("written", ["1", "51", "many", "true"])
def test_an_alarm_that_cannot_be_is_refused(written: str) -> None:
    """One line: the value, the bounds, and how to switch it off."""
    with pytest.raises(FaultyFileError) as faulty:
        agreed(f"touches_alarm: {written}")

    assert "write 2 to 50, or none" in str(faulty.value)


def test_an_agreement_names_who_stands_in_for_the_customer_contact() -> None:
    """For everybody, and for a segment of its own."""
    segments = "\nsegments: {key: {customer_contact: kit, customer_contact_backup: kai}}"
    policy = agreed("customer_contact_backup: bea", segments)

    assert policy.house.customer_contact_backup == "bea"
    assert policy.segments[0].customer_contact_backup == "kai"


def agreed(line: str, below: str = "") -> Policy:
    """The shortest agreement, with one more line in its house."""
    terms = "\n".join(
        f"  SEV{n}: {{label: P{n}, reach: [{{channel: email}}], notice: email, resolution: {{limit: 4h}}}}"
        for n in range(1, 5)
    )
    text = f"""\
name: short
version: "1"
house:
  managers: boss
  executive: exec
  fallback: duty
  customer_contact: desk
  fallback_window: 30m
  reopen_window: 72h
  occurred_at_bound: 24h
  breach_cycles: 1
  {line}
terms:
{terms}
routes: {{r: {{team: T, chain: c, asks: [fix]}}}}
chains: {{c: {{steps: [{{name: s, contact: someone, window: 5m}}]}}}}{below}
"""
    settles = {channel: timedelta(seconds=60) for channel in Channel}
    return freeze(read(text.encode()), NOW, settles)
