"""What we say back is in one language: the words of ours that stand in a line, and the instants, too."""

import re
import shutil
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import pytest

from escalation.adapters.phrasing import TemplateFault
from escalation.adapters.sending import Letter, Reader
from escalation.adapters.ways import Purpose, Tokens, WaysBack
from escalation.core.refusals import Refusal
from escalation.core.status import status_of
from escalation.core.vocabulary import ApprovalKind, Channel, Message, Phase
from escalation.gateway.acting import Came
from escalation.gateway.mail_answers import MailAnswers
from escalation.gateway.told import Sent
from escalation.gateway.wording import Wording, line, told
from escalation.wire.messages import ApprovalView
from escalation.wire.outcomes import Refused
from tests.edge.gateway.door import NOW, PUBLIC, REPLIES, Door, view
from tests.edge.sending.fakes import Vendor

KEY = "development-only-key-that-production-refuses"
TOKENS = Tokens(KEY)
SENT = Sent("d-1", "ESC-1", "episode1", "amira", Message.PAGE, NOW)


class German:
    """Everybody reads German, in Berlin."""

    def reader(self, contact: str, at: datetime) -> Reader:
        return Reader("de", "Europe/Berlin")


LINES = Wording(German()).in_language("de")


@pytest.mark.parametrize("word", [*Phase, *Refusal, *ApprovalKind])
def test_a_german_line_holds_no_english_word_of_ours(word: Phase | Refusal | ApprovalKind) -> None:
    """However it stands, whatever was asked for, why ever it was refused."""
    said = [
        told(LINES, Came(name, {"ref": "ESC-1", "status": word, "reason": word}))
        for name in ("waits", "other_phase", "refused")
    ]
    said.append(line(LINES, "page.approve", number="1", kind=word, person="Anna"))

    for each in said:
        assert re.search(rf"\b({word}|{word.replace('_', ' ')})\b", each) is None


def test_an_english_line_says_a_phase_and_not_the_mark_on_it() -> None:
    """A missed target makes the ticket read "Escalation"; in a sentence that is no way to be."""
    english = Wording(German()).in_language("en")

    assert told(english, Came("waits", {"ref": "ESC-1", "status": Phase.IN_TRANSFER})) == (
        "ESC-1 is in transfer: nothing to acknowledge"
    )


@pytest.mark.parametrize(
    ("phase", "said"),
    [
        (Phase.BLOCKED, "ESC-1 ist blockiert: nichts zu übernehmen"),
        (Phase.AWAITING_APPROVAL, "ESC-1 ist noch nicht genehmigt: nichts zu übernehmen"),
    ],
)
def test_a_german_text_gets_a_german_answer(german_door: Door, phase: Phase, said: str) -> None:
    """Of an escalation that cannot be taken now."""
    german_door.opened("ESC-1", "amira", code=10)
    german_door.client.views["ESC-1"] = view("ESC-1", phase)

    assert german_door.sms("ack 10") == said


def test_a_german_refusal_says_why_in_german(german_door: Door) -> None:
    """By text and on the page."""
    german_door.opened("ESC-1", "amira", code=10)
    page = f"/a/{TOKENS.made(Purpose.PAGE, german_door.paged(channel=Channel.EMAIL))}"
    german_door.client.fails = Refused(Refusal.NEED_TO_KNOW, {}, "ESC-1")
    said = "ESC-1 abgewiesen: sie ist vertraulich, und Sie sind nicht eingeweiht"

    assert german_door.sms("esc 10") == said
    assert said in german_door.http.post(page, data={"do": "ack", "n": "0" * 16}).text


def test_a_german_page_tells_standing_kind_and_deadline_in_german(german_door: Door) -> None:
    """The deadline on the clock of whoever reads it, and in UTC."""
    asked = ApprovalView(
        number=3, kind=ApprovalKind.DEADLINE_EXTENSION, word="waits", asked_by="rosa", asked_at=NOW, reason="",
        about="", asked=(), votes=(), quorum=1, due=None,
    )  # fmt: skip
    german_door.client.views["ESC-1"] = replace(view("ESC-1", Phase.BLOCKED), approvals=(asked,), restricted=True)
    page = f"/a/{TOKENS.made(Purpose.PAGE, german_door.paged(channel=Channel.EMAIL, message=Message.APPROVAL))}"

    shown = german_door.http.get(page).text

    assert "<dt>Worum es geht</dt><dd>Vertraulich</dd>" in shown
    assert "<dt>Stand</dt><dd>Blockiert</dd>" in shown
    assert "<dt>Äußerste Frist</dt><dd>Mo., 2. März 2026, 13:00 Uhr CET (12:00 UTC)</dd>" in shown
    assert "Zustimmen, Nummer 3: Verlängerung der Frist, gefragt hat rosa" in shown


def test_a_page_shows_the_mark_of_a_missed_target(door: Door) -> None:
    """As the ticket does."""
    page = f"/a/{TOKENS.made(Purpose.PAGE, door.paged(channel=Channel.EMAIL))}"
    door.client.views["ESC-1"] = replace(view("ESC-1"), status=status_of(Phase.ACTIVE, escalated=True))

    assert "<dt>Status</dt><dd>Escalation</dd>" in door.http.get(page).text
    assert "<dd>Mon 2 Mar 2026, 12:00 UTC</dd>" in door.http.get(page).text


def test_an_answer_by_mail_names_the_language_of_its_words(german_door: Door) -> None:
    """A screen reader would read German aloud as English."""
    german_door.opened("ESC-1", "amira", code=10)
    reply_to = WaysBack(TOKENS, PUBLIC, REPLIES).reply_to(german_door.paged(channel=Channel.EMAIL))
    german_door.mail("ack", str(reply_to))
    post = Vendor()
    MailAnswers(post, "Support", WaysBack()).write("amira@support.example", SENT, "ESC-1 gehört Ihnen", "de", NOW)

    assert [words for _, _, words in german_door.answers.written] == ["ESC-1 gehört Ihnen"]
    assert german_door.answers.languages == ["de"]
    letter = post.sent[0].content
    assert isinstance(letter, Letter)
    assert '<html lang="de">' in letter.html


@pytest.mark.parametrize(
    ("file", "was", "becomes", "told"),
    [
        ("de/_layout/language.toml", "blocked = ", "stuck = ", "'named.phase.blocked' is missing"),
        ("de/_layout/answers.toml", "waits = ", "awaits = ", "de/_layout/answers.toml: 'awaits' is missing or unknown"),
        ("_layout/answers.toml", 'language = "en"', "language = en", "_layout/answers.toml cannot be read"),
    ],
)
def test_a_language_that_lacks_a_word_is_found_before_anybody_is_answered(
    tmp_path: Path, file: str, was: str, becomes: str, told: str
) -> None:
    """One line, which names it."""
    root = Path(shutil.copytree(str(files("escalation") / "templates"), tmp_path / "templates"))
    source = (root / file).read_text("utf-8")
    assert was in source
    (root / file).write_text(source.replace(was, becomes, 1), "utf-8")

    with pytest.raises(TemplateFault, match=re.escape(told)) as fault:
        Wording(German(), root)
    assert "\n" not in str(fault.value)
