"""People answer from wherever they are: a text, a key, a mail, a page. Everybody who was told hears who took it."""

import re

import pytest

from escalation.adapters.settings import DEVELOPMENT_KEY
from escalation.adapters.ways import Purpose, Tokens
from escalation.core.commands import Acknowledge, AddNote
from escalation.core.entry import Entry
from escalation.core.vocabulary import Phase
from escalation.standins.journal import Accepted
from tests.scenarios.dialogue import Story
from tests.scenarios.door import PUBLIC
from tests.scenarios.pages import press, shown

QUICK = {"voice_after": "1s"}


def acknowledged(log: list[Entry]) -> list[tuple[str, str, str | None]]:
    """Who took it by which way, and the refusal if there was one."""
    said = [(entry.command, entry.refusal) for entry in log]
    return [(one.by, one.via, refusal) for one, refusal in said if isinstance(one, Acknowledge)]


@pytest.mark.parametrize("text", ["ack {code}", "{code}a", "A {code} ", "\u201cack #{code}\u201d", "ack"])
async def test_a_text_takes_it_however_it_is_written(story: Story, text: str) -> None:
    """By code, or bare when only one is open for that number."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies(text)

    await story.stands(phase=Phase.ACTIVE, owner="primary")
    assert acknowledged(await story.is_called_off("primary")) == [("primary", "sms", None)]


async def test_a_text_raises_to_the_next_step_once(story: Story) -> None:
    """Whoever was asked before and raises again afterwards skips nobody."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("esc {code}")
    await story.phone("second").gets_sms("SEV1")

    await story.phone("primary").replies("esc {code}")

    await story.stands(step="second")
    await story.is_called_off("primary", "second")


async def test_a_text_resolves_what_one_has_taken(story: Story) -> None:
    """The customer is asked to confirm."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}").replies("close {code}")

    await story.mailbox("acme").gets("We believe")
    await story.stands(phase=Phase.RESOLVED)
    await story.is_called_off("primary")


async def test_an_answer_to_an_earlier_step_still_takes_it(story: Story) -> None:
    """The second in line is asked by now, and hears that it is taken."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await story.world.desk.raise_(story.reference, by="primary", reason="no time")
    await story.phone("second").gets_sms("SEV1")

    await story.phone("primary").replies("ack {code}")

    await story.phone("second").gets_sms("Taken by Pia Primary")
    await story.stands(phase=Phase.ACTIVE, owner="primary")
    await story.is_called_off("primary", "second")


async def test_two_answers_have_one_winner(story: Story) -> None:
    """Both are in the log; whoever is second takes nothing."""
    story.agrees(also=("lead-on-call",))
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await story.phone("third").gets_sms("SEV1")

    await story.phone("primary").replies("ack {code}")
    await story.phone("third").replies("ack {code}")

    await story.phone("third").gets_sms("Taken by Pia Primary")
    log = await story.is_called_off("primary", "third")
    assert acknowledged(log) == [("primary", "sms", None), ("third", "sms", "not_in_this_phase")]


async def test_somebody_who_was_told_but_not_asked_may_take_it(story: Story) -> None:
    """The manager hears by mail that the provider refuses texts. A word alone does not take it, for it may only be
    thanks; with the number it does, also in answer to the line that says so, and whoever was asked hears it.
    """
    story.world.standins.fail("sms", "reject", code=30034, to=story.number_of("primary"))
    await story.opens()
    await story.phone("primary").is_called(story.reference)
    await story.mailbox("boss").gets("an operator must mend").replies("ack")
    await story.mailbox("boss").gets("If you mean it, reply ack").replies("ack {code}")

    await story.mailbox("boss").gets("is yours")
    await story.stands(phase=Phase.ACTIVE, owner="boss")
    await story.mailbox("primary").gets("Bo Boss owns it")
    assert acknowledged(await story.is_called_off("primary", "boss", unledgered=2)) == [("boss", "email", None)]


async def test_somebody_who_was_told_nothing_takes_nothing(story: Story) -> None:
    """They know the code from elsewhere; to them it is open as little as any other."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    await story.phone("boss").replies("ack {code}")

    await story.stands(phase=Phase.IN_TRANSFER)
    assert acknowledged(await story.is_called_off("primary")) == []


async def test_a_key_takes_it(story: Story) -> None:
    """The person picks up and presses four; the call said who, how bad and which ticket."""
    story.agrees(**QUICK)
    story.world.standins.expect("voice", "completed", to=story.number_of("primary"), keys="4")
    await story.opens()

    await story.phone("primary").gets_sms("SEV1").is_called("Pia Primary", "SEV1", story.reference)

    await story.stands(phase=Phase.ACTIVE, owner="primary")
    assert acknowledged(await story.is_called_off("primary")) == [("primary", "voice", None)]


async def test_a_key_raises_after_the_words_were_repeated(story: Story) -> None:
    """Star, then silence, then five."""
    standins = story.world.standins
    standins.expect("sms", "undelivered", to=story.number_of("primary"), error_code=30005)
    standins.expect("voice", "completed", to=story.number_of("primary"), keys="* - 5")
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").is_called(story.reference)

    await story.phone("second").gets_sms("SEV1")

    await story.stands(step="second")
    await story.is_called_off("primary", "second")


async def test_a_voicemail_takes_nothing_and_the_next_is_asked(story: Story) -> None:
    """It hears no detail; the call counts as failed, so the backup is told at once."""
    standins = story.world.standins
    standins.expect("sms", "undelivered", to=story.number_of("primary"), error_code=30005)
    standins.expect("voice", "machine", to=story.number_of("primary"))
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").is_called(story.reference)

    await story.phone("backup").gets_sms("SEV1")

    (call,) = [send for send in calls(story) if send.to == story.number_of("primary")]
    heard = " ".join(line.text for line in standins.lines(call.provider_id) if line.kind == "said")
    assert "message for you" in heard
    assert "SEV1" not in heard
    assert acknowledged(await story.is_called_off("primary", "backup")) == []


def calls(story: Story) -> list[Accepted]:
    """The calls about this escalation, and no other story's."""
    kept = story.world.ledger.rows(story.reference)
    ours = {row.dispatch for row in kept}
    return [send for send in story.world.standins.outbox("voice") if send.dispatch in ours]


async def test_a_mail_takes_it_and_is_answered(story: Story) -> None:
    """To the address that the page came with; the answer goes into the same thread."""
    story.agrees(contacts=("mail-on-call", "senior-on-call", "lead-on-call"))
    await story.opens(severity="SEV3")
    await story.mailbox("mail-only").gets("SEV3", f"{PUBLIC}/a/").replies("ack\n\nOn it.")

    await story.mailbox("mail-only").gets("is yours")
    await story.stands(phase=Phase.ACTIVE, owner="mail-only")
    assert acknowledged(await story.is_called_off("mail-only", unledgered=1)) == [("mail-only", "email", None)]


async def test_a_sentence_by_mail_answers_a_check_in(story: Story) -> None:
    """Whoever owns it is asked how it goes and simply answers; in the log it is an update like any other."""
    story.agrees(terms={"check_in": {"every": "5s", "lead": "4s"}})
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")

    await story.mailbox("primary").gets("How is it going?").replies("Looking at the logs.")

    await story.mailbox("primary").gets("your words are in its log")
    await story.log_reads("update by primary")
    story.tolerates("email", "primary", times=20)  # the next turn asks again at once
    await story.is_called_off("primary", unledgered=1)


async def test_an_absence_note_takes_nothing_and_is_not_answered(story: Story) -> None:
    """Nor does a colleague to whom the mail was passed on."""
    story.agrees(contacts=("mail-on-call", "senior-on-call", "lead-on-call"))
    await story.opens(severity="SEV3")
    letters = story.mailbox("mail-only").gets("SEV3")

    await letters.replies("ack {code}", automatic=True).replies("ack {code}", sender="second@support.example")

    await story.stands(phase=Phase.IN_TRANSFER)
    assert acknowledged(await story.is_called_off("mail-only")) == []


async def test_a_page_takes_it_and_a_scanner_does_not(story: Story) -> None:
    """Its address is in the text; looking at it ten times changes nothing."""
    await story.opens()
    sms = await story.claim("sms", story.number_of("primary"), ("SEV1",))
    found = re.search(rf"{PUBLIC}(/a/[a-z2-7]+)", sms.body or "")
    assert found is not None
    for _ in range(10):
        assert "You are asked" in await shown(story.world, found[1])
    await story.stands(phase=Phase.IN_TRANSFER)

    assert "is yours" in await press(story.world, found[1], "ack")

    await story.stands(phase=Phase.ACTIVE, owner="primary")
    assert acknowledged(await story.is_called_off("primary")) == [("primary", "page", None)]


async def test_a_page_declines_and_the_next_is_asked(story: Story) -> None:
    """With a reason; a button of the step before does no double step."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    (row,) = [row for row in story.world.ledger.rows(story.reference) if row.contact == "primary"]
    page = f"/a/{Tokens(DEVELOPMENT_KEY).made(Purpose.PAGE, row.dispatch)}"

    assert "declined" in await press(story.world, page, "decline", why="in an aeroplane")
    await story.phone("second").gets_sms("SEV1")
    assert "not the one" in await press(story.world, page, "raise")

    await story.stands(step="second")
    await story.is_called_off("primary", "second")


async def test_stop_goes_to_voice_at_once_and_start_goes_back(story: Story) -> None:
    """Nobody waits for the time of the call, and no text is even tried."""
    await story.phone_of_ours_writes("second", "STOP")
    try:
        await story.opens()
        await story.phone("primary").gets_sms("SEV1").replies("esc {code}")
        await story.phone("second").is_called(story.reference)
        await story.log_reads("opted_out", "page to second by voice")
    finally:
        await story.phone_of_ours_writes("second", "START")
    await story.is_called_off("primary", "second")


async def test_after_a_start_what_is_open_comes_by_text_again(story: Story) -> None:
    """A word that its owner took back is no dead number: the next page is a text."""
    await story.phone_of_ours_writes("second", "STOP")
    try:
        await story.opens()
        await story.phone("primary").gets_sms("SEV1").replies("esc {code}")
        await story.phone("second").is_called(story.reference)
        await story.log_reads("opted_out", "page to second by voice")
    finally:
        await story.phone_of_ours_writes("second", "START")
    await story.world.desk.reassign(story.reference, by="agent", to="second", reason="reads texts again")

    await story.phone("second").gets_sms("SEV1").replies("ack {code}")
    await story.stands(phase=Phase.ACTIVE, owner="second")
    await story.phone("primary").gets_sms("Taken by")
    await story.is_called_off("primary", "second")


async def test_a_stop_is_noted_in_what_is_open(story: Story) -> None:
    """Once for the word; the log says that calls and mails are used instead."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await story.phone_of_ours_writes("primary", "stop")
    try:
        await story.log_reads("primary", "note")
    finally:
        await story.phone_of_ours_writes("primary", "start")

    log = await story.is_called_off("primary")
    assert {entry.command.by for entry in log if isinstance(entry.command, AddNote)} == {"primary"}


async def test_an_answer_to_what_has_ended_takes_nothing(story: Story) -> None:
    """Its code is free again, its page is over."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    (row,) = [row for row in story.world.ledger.rows(story.reference) if row.contact == "primary"]
    log = await story.is_called_off("primary")

    page = f"/a/{Tokens(DEVELOPMENT_KEY).made(Purpose.PAGE, row.dispatch)}"
    assert "is over" in await shown(story.world, page)
    assert acknowledged(log) == []
