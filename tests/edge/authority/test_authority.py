"""Who is behind a command, with what authority, and where their words go."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from activities.admission import Admissions
from activities.authority import PROOF_AGE_MAX, Authority
from escalation.adapters.directory import Directory
from escalation.adapters.policies import PolicyShelf
from escalation.adapters.store import LedgerDown
from escalation.core.commands import Approve
from escalation.core.effects import Text
from escalation.core.standing import Delegated, Standing
from escalation.core.vocabulary import Channel
from escalation.wire.messages import Instruction
from escalation.wire.proof import Signer, claim_of
from workflows.ports import Admission, Admitted, Dismissal, Inquiry

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SIGNER = Signer("a key of the tests, long enough to be one")
CLAIM = claim_of("ESC-1", "e1", Instruction(command=Approve(by="maya", reason="yes")))
DIRECTORY = """\
people:
  maya: {name: Maya Stone, email: maya@support.example, aliases: [m.stone]}
  quinn: {name: Quinn Reyes, email: quinn@support.example}
roles:
  support-manager: {primary: maya}
delegations:
  - {from: maya, to: quinn, roles: all, since: "2026-11-23T08:00:00Z", until: "2026-11-23T10:00:00Z", reason: leave}
"""
PATIENCE = timedelta(seconds=20)
ASKED = Inquiry("ESC-1", "one", "m.stone", AT, needs_roles=True, claim=CLAIM)


class TextsInMemory:
    """Keeps words like the content store: the first ones under a key stay."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, str], str] = {}
        self.down = False

    def keep(self, reference: str, episode: str, key: str, words: str) -> Text:
        if self.down:
            raise LedgerDown("down")
        words = self.kept.setdefault((reference, episode, key), words)
        return Text(id=f"{reference}/{episode}/{key}", commitment=self.commitment(words))

    def commitment(self, words: str) -> str:
        return f"<{len(words)}:{words[:1]}>"


class CodesInMemory:
    """Allots one code to each escalation."""

    def __init__(self) -> None:
        self.allotted: dict[tuple[str, str], int] = {}
        self.down = False

    def allot(self, reference: str, episode: str) -> int:
        if self.down:
            raise LedgerDown("down")
        return self.allotted.setdefault((reference, episode), 10 + len(self.allotted))

    def release(self, reference: str, episode: str) -> None:
        self.allotted.pop((reference, episode), None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "directory.yaml"
    path.write_text(DIRECTORY)
    return path


@pytest.fixture
def texts() -> TextsInMemory:
    return TextsInMemory()


@pytest.fixture
def codes() -> CodesInMemory:
    return CodesInMemory()


@pytest.fixture
def authority(file: Path, texts: TextsInMemory, tmp_path: Path) -> Authority:
    shelf = PolicyShelf(None, tmp_path / "kept", {channel: timedelta(minutes=1) for channel in Channel})
    return Authority(Directory.from_file(file), SIGNER, texts, shelf, trusted_claims=False)


def test_standing_is_the_person_with_roles_and_other_names(authority: Authority) -> None:
    """Whichever name they used; without a proof nobody vouches for it."""
    assert authority.inquire(ASKED).standing == Standing("maya", ("support-manager",), ("m.stone",))


def test_roles_are_told_only_when_a_rule_asks(authority: Authority) -> None:
    """The log need not know more about people than it judges."""
    assert authority.inquire(replace(ASKED, needs_roles=False)).standing == Standing("maya", (), ("m.stone",))


def test_what_was_delegated_comes_along_where_a_rule_asks_for_roles(authority: Authority) -> None:
    """As of the instant of the question; the log need not know of it otherwise."""
    asked = replace(ASKED, by="quinn")
    ended = replace(asked, at=AT + timedelta(hours=1))
    found = [authority.inquire(each).standing for each in (asked, ended, replace(asked, needs_roles=False))]

    lent = Delegated("maya", ("maya", "m.stone"), ("support-manager",))
    assert [each.delegated for each in found] == [(lent,), (), ()]


def test_a_proof_vouches_for_the_name_that_was_used(authority: Authority) -> None:
    """At the workflow's time, for a day; a proof by another name or of another claim does not."""
    proof = SIGNER.sign("m.stone", CLAIM, AT)
    late = AT + PROOF_AGE_MAX + timedelta(seconds=1)
    asked = [
        replace(ASKED, proof=proof),
        replace(ASKED, proof=proof, by="maya"),
        replace(ASKED, proof=proof, claim="something else"),
        replace(ASKED, proof=proof, at=AT + PROOF_AGE_MAX),
        replace(ASKED, proof=proof, at=late),
        replace(ASKED, proof="garbage"),
    ]

    found = [authority.inquire(each).standing for each in asked]
    assert [each.verified for each in found] == [True, False, False, True, False, False]
    assert [each.vouched_at for each in found] == [AT, None, None, AT, None, None]


def test_a_directory_that_cannot_be_asked_is_said_and_proofs_still_count(authority: Authority, file: Path) -> None:
    """Refusing is the rules' business: the answer comes all the same."""
    file.unlink()
    standing = authority.inquire(replace(ASKED, proof=SIGNER.sign("m.stone", CLAIM, AT))).standing

    assert standing == Standing("m.stone", known=False, verified=True, vouched_at=AT)


def test_development_believes_claims_and_marks_them(file: Path, texts: TextsInMemory, tmp_path: Path) -> None:
    """They stay unverified."""
    shelf = PolicyShelf(None, tmp_path / "kept", {})
    authority = Authority(Directory.from_file(file), SIGNER, texts, shelf, trusted_claims=True)

    standing = authority.inquire(ASKED).standing
    assert (standing.trusted_claims, standing.verified) == (True, False)


def test_words_are_kept_once_however_often_the_activity_runs(authority: Authority, texts: TextsInMemory) -> None:
    """Other words at the same instant have their own place; the key never holds the words."""
    first = authority.inquire(replace(ASKED, words="We are on it."))
    again = authority.inquire(replace(ASKED, words="We are on it."))
    other = authority.inquire(replace(ASKED, words="It is a disk."))

    assert first.text == again.text != other.text
    assert list(texts.kept.values()) == ["We are on it.", "It is a disk."]
    assert not any("We" in key for _, _, key in texts.kept)
    assert authority.inquire(ASKED).text is None


def test_words_are_kept_under_the_callers_key(authority: Authority, texts: TextsInMemory) -> None:
    """The first words under it stay, and a key can never name the words of the opening."""
    texts.keep("ESC-1", "one", "title", "Down")
    said = [authority.inquire(replace(ASKED, words=words, key="title")).text for words in ("First.", "Second.")]

    assert said[0] == said[1]
    assert list(texts.kept.values()) == ["Down", "First."]


def test_a_policy_comes_along_when_it_is_asked_for(authority: Authority) -> None:
    """An unknown one is an error that names those there are."""
    answered = authority.inquire(replace(ASKED, freeze="demo"))

    assert answered.policy is not None
    assert (answered.policy.name, answered.policy.stale) == ("demo", False)
    with pytest.raises(ApplicationError, match="no policy is called 'gone'; known are default, demo"):
        authority.inquire(replace(ASKED, freeze="gone"))


def test_an_opening_gets_a_place_for_its_words_and_a_code(texts: TextsInMemory, codes: CodesInMemory) -> None:
    """The same ones when it is tried again, and the code is free after the end."""
    admissions = Admissions(texts, codes, PATIENCE)
    order = Admission("ESC-1", "one", AT, {"title": "Down", "description": "All of it"})

    admitted = admissions.admit(order)
    assert admitted == admissions.admit(order)
    assert (admitted.code, set(admitted.texts)) == (10, {"title", "description"})
    for _ in range(2):
        admissions.dismiss(Dismissal("ESC-1", "one", AT))
    assert codes.allotted == {}


def test_whoever_opens_is_looked_up_and_their_proof_is_checked(
    authority: Authority, texts: TextsInMemory, codes: CodesInMemory
) -> None:
    """Under all their names, without roles; where nobody is named, or nobody keeps a register, nobody looks."""
    admissions = Admissions(texts, codes, PATIENCE, register=authority)
    order = Admission("ESC-1", "one", AT, {"title": "Down"}, by="maya", claim=CLAIM)
    proven = admissions.admit(replace(order, proof=SIGNER.sign("maya", CLAIM, AT))).opener

    assert proven == Standing("maya", (), ("m.stone",), verified=True, vouched_at=AT)
    assert admissions.admit(order).opener == Standing("maya", (), ("m.stone",))
    assert admissions.admit(replace(order, by="")).opener is None
    assert Admissions(texts, codes, PATIENCE).admit(order).opener is None


def test_without_a_code_an_escalation_opens_all_the_same(texts: TextsInMemory, codes: CodesInMemory) -> None:
    """Nobody can reply by SMS then; but without its words nobody could be told anything, so that is tried again."""
    admissions = Admissions(texts, codes, PATIENCE)
    order = Admission("ESC-1", "one", AT, {"title": "Down"})
    codes.down = True

    assert admissions.admit(order) == Admitted(None, {"title": texts.keep("ESC-1", "one", "title", "Down")}, PATIENCE)
    texts.down = True
    with pytest.raises(LedgerDown):
        admissions.admit(order)
