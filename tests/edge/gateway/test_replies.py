"""Replies by SMS: who may acknowledge what, and the one line that comes back."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from escalation.adapters.codes import REST, Codes
from escalation.adapters.directory import DirectoryDown
from escalation.adapters.sending import Reader
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Message, Phase
from escalation.gateway.acting import ACTS_MAX, ACTS_PER, PASSIVE_MAX
from escalation.gateway.wording import Wording, line
from escalation.wire.outcomes import Ended, Refused, Unreachable
from tests.edge.gateway.door import BRUNO, EPISODE, NOBODY, NOW, Door, sid, view


def test_a_reply_with_the_code_acknowledges(door: Door) -> None:
    """By the person behind the number, when the gateway saw it, under the message's own id."""
    door.opened("ESC-1", "amira", code=10)

    assert door.sms("ack 10", message_id="SM77") == "ESC-1 is yours"
    assert door.client.acks == [("ESC-1", "amira", "sms", NOW, sid("SM77"))]


def test_the_same_message_acknowledges_once(door: Door) -> None:
    """Twilio may post it twice; the sender gets the same line."""
    door.opened("ESC-1", "amira", code=10)

    assert [door.sms("ack 10"), door.sms("ack 10")] == ["ESC-1 is yours", "ESC-1 is yours"]
    assert len(door.client.acks) == 1


def test_a_copy_sent_later_does_not_mean_another_escalation(door: Door) -> None:
    """A signature carries no time, and a rested code is allotted again: it was ESC-1's when the message came."""
    door.opened("ESC-1", "amira", code=10)
    door.sms("ack 10", message_id="SM77")
    Codes(door.store, lambda: datetime.now(UTC) - REST).release("ESC-1", EPISODE)
    door.opened("ESC-2", "amira", code=10)

    assert door.sms("ack 10", message_id="SM77") == "no open escalation 10"
    assert [ref for ref, *_ in door.client.acks] == ["ESC-1"]


def test_who_comes_second_hears_who_has_it(door: Door) -> None:
    """By name, because they may want to call."""
    door.opened("ESC-1", "amira", "bruno", code=10)
    door.sms("ack 10")

    assert door.sms("ack 10", sender=BRUNO, message_id="SM2") == "ESC-1: already taken by Amira Haddad"
    assert door.sms("a10", message_id="SM3") == "ESC-1 is yours"


def test_a_code_that_somebody_was_not_told_about_is_not_open(door: Door) -> None:
    """Numbers are small: whoever guesses one learns nothing."""
    door.opened("ESC-1", "amira", code=10)

    assert door.sms("ack 10", sender=BRUNO) == door.sms("ack 11", sender=BRUNO).replace("11", "10")  # type: ignore[union-attr]  # a line each
    assert door.client.acks == []


def test_a_bare_ack_needs_exactly_one(door: Door) -> None:
    """None, one and two open escalations."""
    assert door.sms("ack") == "no open escalation"
    door.opened("ESC-1", "amira", code=10)
    door.opened("ESC-2", "amira", code=11)

    assert door.sms("ack") == "Several are open: reply ack 10 or ack 11."
    assert door.client.acks == []


def test_a_bare_ack_takes_the_only_one(door: Door) -> None:
    """Others' escalations do not count."""
    door.opened("ESC-1", "amira", code=10)
    door.opened("ESC-2", "bruno", code=11)

    assert door.sms("Ack!") == "ESC-1 is yours"


@pytest.mark.parametrize(
    ("message", "word"),
    [(Message.SITUATION, "ack"), (Message.ACKNOWLEDGED, "ack"), (Message.CHECK_IN, "esc"), (Message.CLOSING, "close")],
)
def test_a_bare_word_of_somebody_who_was_only_told_does_nothing(door: Door, message: Message, word: str) -> None:
    """A thank-you for a notice must not take it from its owner; with the number they mean it."""
    door.opened("ESC-1", "amira", code=10, message=message)

    assert door.sms(word) == f"You were told, and not asked. If you mean it, reply {word} 10."
    assert (door.client.acks, door.client.done) == ([], [])

    door.sms(f"{word} 10", message_id="SM2")
    assert len(door.client.acks) + len(door.client.done) == 1


def test_a_bare_ack_takes_what_was_asked_and_not_what_was_told(door: Door) -> None:
    """As `ack all` does; of several that were asked, those are offered."""
    door.opened("ESC-1", "amira", code=10, message=Message.SITUATION)
    door.opened("ESC-2", "amira", code=11, message=Message.ACKNOWLEDGED)
    assert door.sms("ack") == "You were told, and not asked. If you mean it, reply ack 10 or ack 11."

    door.opened("ESC-3", "amira", code=12)
    assert door.sms("ack", message_id="SM2") == "ESC-3 is yours"

    door.opened("ESC-4", "amira", code=13)
    assert door.sms("ack", message_id="SM3") == "Several are open: reply ack 12 or ack 13."


def test_an_unknown_number_gets_nothing(door: Door) -> None:
    """Whoever writes from it learns not even that we are here."""
    door.opened("ESC-1", "amira", code=10)

    assert door.sms("ack 10", sender=NOBODY) is None


@pytest.mark.parametrize("word", ["STOP", "stop", " Help ", "START", "cancel"])
def test_the_carriers_words_are_left_to_the_carrier(door: Door, word: str) -> None:
    """It answers them itself; a second answer would confuse, and may be unlawful."""
    door.opened("ESC-1", "amira", code=10)

    assert door.sms(word) is None


def test_a_reply_that_says_nothing_is_explained_a_few_times(door: Door) -> None:
    """Two robots must not chat for ever; an acknowledgement starts the count anew."""
    door.opened("ESC-1", "amira", code=10)

    lines = [door.sms("who is this?") for _ in range(PASSIVE_MAX + 1)]
    door.sms("ack 10")

    assert lines == ["Not understood. To take it, reply ack 10."] * PASSIVE_MAX + [None]
    assert door.sms("thanks") == "Not understood. To take it, reply ack 10."


def test_an_engine_that_is_away_is_said(door: Door) -> None:
    """Nobody must think that they have it."""
    door.opened("ESC-1", "amira", code=10)
    door.client.fails = Unreachable("ESC-1: no answer")

    assert door.sms("ack 10") == "ESC-1: not confirmed yet, please reply again in a minute."


@pytest.mark.parametrize(
    ("phase", "line"),
    [
        (Phase.RESOLVED, "ESC-1 is resolved: nothing to acknowledge"),
        (Phase.BLOCKED, "ESC-1 is blocked: nothing to acknowledge"),
    ],
)
def test_what_waits_for_something_else_cannot_be_taken(door: Door, phase: Phase, line: str) -> None:
    """The rules refuse it; the sender hears why."""
    door.opened("ESC-1", "amira", code=10)
    door.client.views["ESC-1"] = view("ESC-1", phase)

    assert door.sms("ack 10") == line


def test_an_escalation_that_has_just_ended_is_not_open(door: Door) -> None:
    """Its code is freed a moment later."""
    door.opened("ESC-1", "amira", code=10)
    door.client.fails = Ended("ESC-1", None)

    assert door.sms("ack 10") == "ESC-1 is over: nothing is left to do"


def test_another_refusal_is_told_in_a_word(door: Door) -> None:
    """The log has the rest."""
    door.opened("ESC-1", "amira", code=10)
    door.client.fails = Refused(Refusal.UNVERIFIED, {}, "ESC-1")

    assert door.sms("ack 10") == "ESC-1: refused, unverified"


def test_a_ledger_that_is_away_is_said(door: Door) -> None:
    """The sender tries again."""
    with door.store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE codes")

    assert door.sms("ack 10") == "Not recorded: please reply again in a minute."


def test_a_text_raises_and_closes(door: Door) -> None:
    """In answer to the page by which the person was last asked."""
    door.opened("ESC-1", "amira", code=10)

    assert door.sms("esc 10") == "ESC-1: raised, the next person is asked now"
    assert door.sms("close 10", message_id="SM2") == "ESC-1 is resolved; the customer is asked to confirm"
    assert [done[:3] for done in door.client.done] == [("raise", "ESC-1", "amira"), ("resolve", "ESC-1", "amira")]


def test_an_owner_who_was_asked_in_an_earlier_step_may_pass_it_on(door: Door) -> None:
    """The rules refuse a raise from a step that is over; from its owner it is another raise."""
    door.opened("ESC-1", "amira", code=10)
    door.client.over = True
    door.client.views["ESC-1"] = view("ESC-1", Phase.ACTIVE, "bruno")
    assert door.sms("esc 10") == "ESC-1: you are not the one who is asked now"

    door.client.views["ESC-1"] = view("ESC-1", Phase.ACTIVE, "amira")
    assert door.sms("esc 10", message_id="SM2") == "ESC-1: raised, the next person is asked now"
    assert [key for *_, key in door.client.done] == [f"{sid('SM2')} owner"]


def test_replies_that_do_nothing_are_few_whatever_they_say(door: Door) -> None:
    """A code that is not open, one of several, one that somebody has: all of them count."""
    door.opened("ESC-1", "amira", code=10)
    door.client.views["ESC-1"] = view("ESC-1", Phase.ACTIVE, "bruno")
    texts = ["ack 10", "ack 99", "hello", "esc 98", "close 97", "ack 96"]

    answers = [door.sms(text, message_id=f"SM{number}") for number, text in enumerate(texts)]

    assert [answer is None for answer in answers] == [False] * PASSIVE_MAX + [True]


def test_a_person_is_heard_a_bounded_number_of_times(door: Door) -> None:
    """Beyond it there is no line, and nothing is done; ten minutes later they are heard again."""
    door.opened("ESC-1", "amira", code=10)
    for number in range(ACTS_MAX):
        assert door.sms("ack 10", message_id=f"SM{number}") == "ESC-1 is yours"

    assert door.sms("ack 10", message_id="SM61") is None
    door.clock.at += ACTS_PER
    assert door.sms("ack 10", message_id="SM62") == "ESC-1 is yours"


def test_an_answer_is_in_the_language_of_the_person(door: Door) -> None:
    """Every language has every line."""
    wording = Wording(NobodyReads())

    german, austrian, other = (wording.in_language(code) for code in ("de", "de-AT", "xx"))
    assert german == austrian != other
    assert line(german, "taken", ref="ESC-1") == "ESC-1 gehört Ihnen"
    assert line(other, "taken", ref="ESC-1\r\n\u202e") == "ESC-1 is yours"


class NobodyReads:
    """A directory that cannot be asked."""

    def reader(self, contact: str, at: datetime) -> Reader:
        raise DirectoryDown(f"{contact} {at}")


def test_a_directory_that_is_away_answers_in_english() -> None:
    """Better than not at all."""
    lines = asyncio.run(Wording(NobodyReads()).of("amira", NOW))

    assert lines["language"] == "en"


def test_a_language_that_lacks_a_line_is_named(tmp_path: Path) -> None:
    """Before anybody misses it."""
    for folder, words in ((tmp_path, 'a = "x"\nb = "y"'), (tmp_path / "de", 'a = "x"')):
        (folder / "_layout").mkdir(parents=True)
        (folder / "_layout" / "answers.toml").write_text(words)

    with pytest.raises(ValueError, match=r"de/_layout/answers.toml: 'b' is missing or unknown"):
        Wording(NobodyReads(), tmp_path)
