"""Told in the chat, answered with a button: a thread for each person, a war room for the worst, none if restricted."""

import asyncio
from datetime import timedelta
from typing import Any

from escalation.core.facts import ReportRoom
from escalation.core.vocabulary import Phase
from escalation.standins.workspace import Conversation
from tests.scenarios.dialogue import Story, until

REACH = {"reach": [{"channel": "chat"}, {"channel": "sms"}]}
CONTACTS = ("chat-on-call", "chat-second-on-call", "lead-on-call")
ROOM: dict[str, Any] = {**REACH, "war_room": {"every": "3s", "in_chat": True}}
FAR_AWAY = timedelta(minutes=30)


def room_of(story: Story) -> Conversation | None:
    """The war room of the story, once it has a topic."""
    rooms = story.world.standins.conversations().values()
    return next((room for room in rooms if room.topic.startswith(f"{story.reference} ")), None)


async def there(story: Story, *words: str, lines: int = 0) -> Conversation:
    """Wait until the pinned status reads so, and the thread has so many lines."""
    found: list[Conversation] = []

    async def reads() -> bool:
        room = await asyncio.to_thread(room_of, story)
        found[:] = [room] if room is not None else []
        pinned = [one for one in room.messages.values() if one.pinned] if room is not None else []
        thread = [one for one in room.messages.values() if one.thread] if room is not None else []
        return len(pinned) == 1 and all(word in pinned[0].text for word in words) and len(thread) >= lines

    await until(reads, lambda: f"the room never read {words}: {found}")
    return found[0]


async def test_a_button_in_the_chat_takes_it(story: Story) -> None:
    """Chat and SMS at once; the page then says who has it and has no buttons any more."""
    story.agrees(contacts=CONTACTS, terms=REACH)
    await story.opens()

    await story.phone("chatty").gets_sms("SEV1")
    await story.chat("chatty").gets("SEV1", story.reference).presses("Acknowledge")

    await story.stands(phase=Phase.ACTIVE, owner="chatty")
    conversation = (await asyncio.to_thread(story.world.standins.conversations))["D0CHATTY"]
    (page,) = [one for one in conversation.messages.values() if story.reference in one.text]

    async def settled() -> bool:
        shown = (await asyncio.to_thread(story.world.standins.conversations))["D0CHATTY"].messages[page.ts]
        return "taken by Cho Chatty" in shown.text and all(block["type"] == "section" for block in shown.blocks)

    await until(settled, lambda: "the page never said who took it")
    await story.is_called_off("chatty")


async def test_who_takes_it_by_text_has_no_buttons_in_the_chat_any_more(story: Story) -> None:
    """The only one who is asked, so no message tells anybody: the page says so all the same."""
    story.agrees(contacts=CONTACTS, terms=REACH)
    await story.opens()
    await story.chat("chatty").gets("SEV1")
    await story.phone("chatty").gets_sms("SEV1").replies("ack {code}")
    await story.stands(phase=Phase.ACTIVE, owner="chatty")

    page = next(
        send
        for send in story.world.standins.outbox("chat")
        if send.to == "U0CHATTY" and story.reference in (send.body or "")
    )
    conversation, _, ts = page.provider_id.partition(":")

    async def settled() -> bool:
        shown = (await asyncio.to_thread(story.world.standins.conversations))[conversation].messages[ts]
        return "is yours" in shown.text and all(block["type"] == "section" for block in shown.blocks)

    await until(settled, lambda: "the page kept its buttons")
    await story.is_called_off("chatty")


async def test_what_follows_is_told_in_the_thread_of_the_first_message(story: Story) -> None:
    """Whoever was paged in the chat hears there who took it, and their own page has no buttons any more."""
    story.agrees(contacts=CONTACTS, backup_after="0s", terms={"reach": [{"channel": "chat"}]})
    await story.opens()
    await story.chat("chatty").gets("SEV1")
    await story.chat("chatty-second").gets("SEV1").presses("Acknowledge")

    await story.chat("chatty").gets("Taken:")

    first, later = [send for send in story.world.standins.outbox("chat") if send.to == "U0CHATTY"][-2:]
    conversation, _, ts = first.provider_id.partition(":")

    async def settled() -> bool:
        page = (await asyncio.to_thread(story.world.standins.conversations))[conversation].messages[ts]
        return "taken by Cid Chatty" in page.text and all(block["type"] == "section" for block in page.blocks)

    await until(settled, lambda: "the page of whoever was asked first kept its buttons")
    assert dict(later.options)["thread_ts"] == first.provider_id.partition(":")[2]
    assert dict(first.options).keys() >= {"blocks", "metadata"}
    await story.is_called_off("chatty", "chatty-second")


async def test_raise_and_a_button_of_an_earlier_step_make_one_step(story: Story) -> None:
    """The first person raises; pressing again on the same page changes nothing, however often."""
    story.agrees(contacts=CONTACTS, terms=REACH)
    await story.opens()
    await story.phone("chatty").gets_sms("SEV1")
    await story.chat("chatty").gets("SEV1").presses("Raise")
    await story.phone("chatty-second").gets_sms("SEV1")
    await story.chat("chatty-second").gets("SEV1")

    page = next(
        send
        for send in story.world.standins.outbox("chat")
        if send.to == "U0CHATTY" and story.reference in (send.body or "")
    )
    posted = await asyncio.to_thread(story.world.standins.chat, page.provider_id, "U0CID", react="+1")
    assert posted is not None
    assert posted.answered == 200
    await story.stands(phase=Phase.ACTIVE, owner="chatty-second")
    await story.phone("chatty").gets_sms("Taken by")
    log = await story.is_called_off("chatty", "chatty-second")
    assert [entry.command.kind for entry in log].count("raise") == 1


async def test_a_war_room_shows_how_it_stands_and_keeps_every_status(story: Story) -> None:
    """One pinned status, changed in place every round and when somebody takes it; each of them is a line below it."""
    story.agrees(contacts=CONTACTS, terms={**ROOM, "notice": "chat"})
    await story.opens()
    await story.phone("chatty").gets_sms("SEV1")
    await story.chat("chatty").gets("SEV1")

    room = await there(story, "Incident commander: Sam Agent", "https://meet.example/war-room", lines=2)

    assert room.name is not None
    assert room.name.startswith("warroom-sev1-")
    for person in ("chatty", "desk", "agent"):
        story.tolerates("email", person, times=20)
    story.tolerates("chat", "chatty", times=20)
    pinned = next(one for one in room.messages.values() if one.pinned)
    posted = await asyncio.to_thread(story.world.standins.chat, f"{room.id}:{pinned.ts}", "U0CHATTY", react="+1")
    assert posted is not None
    assert posted.answered == 200
    await story.stands(phase=Phase.ACTIVE, owner="chatty")
    await there(story, "Incident commander: Cho Chatty")
    for emoji, line in (("hammer_and_wrench", "add_note"), ("white_check_mark", "resolve")):
        await asyncio.to_thread(story.world.standins.chat, f"{room.id}:{pinned.ts}", "U0CHATTY", react=emoji)
        await story.log_reads({"add_note": "note", "resolve": "resolved"}[line])
    await story.stands(phase=Phase.RESOLVED)
    await story.mailbox("acme").gets("solved")
    await story.world.desk.cancel(story.reference, by="agent", reason="the scenario is over")
    await there(story, "It was cancelled")
    await story.mailbox("acme").gets("our last message")
    log = await story.ends(Phase.CANCELLED)
    reports = [entry.command for entry in log if isinstance(entry.command, ReportRoom)]
    # At the opening nobody who has a chat is in it yet; from the first page on there is somebody.
    assert [report.error for report in reports if not report.shown] == ["nobody_has_chat"]
    assert {report.room for report in reports if report.shown} == {room.name}


async def test_a_restricted_escalation_uses_no_chat(story: Story) -> None:
    """Not for pages, not for notices, and there is no room."""
    story.agrees(contacts=CONTACTS, terms={**ROOM, "notice": "chat"})
    await story.opens(restricted=True)

    await story.phone("chatty").gets_sms("Restricted").replies("ack {code}")

    await story.stands(phase=Phase.ACTIVE, owner="chatty")
    for person in ("chatty", "desk", "agent"):
        story.tolerates("email", person, times=20)
    log = await story.is_called_off("chatty")
    assert not [effect for entry in log for effect in entry.effects if getattr(effect, "channel", None) == "chat"]
    assert not [effect for entry in log for effect in entry.effects if effect.kind == "show_room"]
    assert room_of(story) is None
