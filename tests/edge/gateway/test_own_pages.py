"""Whoever takes it by text, key, mail or page has no buttons in the chat any more, and nobody waits for that."""

import asyncio
from pathlib import Path

import pytest

from escalation.adapters.directory import Directory
from escalation.gateway.acting import Acting, Came, Wish
from escalation.gateway.chat import OwnPages
from escalation.gateway.grammar import Act
from escalation.gateway.wording import Wording
from tests.edge.gateway.door import EPISODE, NOW, RememberingClient, view
from tests.edge.gateway.test_chat import PEOPLE, RememberingDesk


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    people = tmp_path / "people.yaml"
    people.write_text(PEOPLE)
    return Directory.from_file(people)


def done(directory: Directory, desk: RememberingDesk, *wishes: Wish) -> list[Came]:
    """What came of them, one after the other, once what is done beside has been done."""
    client = RememberingClient(views={"ESC-1": view("ESC-1")})

    async def all_of_them() -> list[Came]:
        acting = Acting(client, directory, OwnPages(desk, Wording(directory)).settle)
        came = [await acting.do(wish, within=NOW - NOW.replace(hour=11)) for wish in wishes]
        await asyncio.gather(*(task for task in asyncio.all_tasks() if task is not asyncio.current_task()))
        return came

    return asyncio.run(all_of_them())


def wish(contact: str = "bruno", via: str = "sms", act: Act = Act.ACKNOWLEDGE) -> Wish:
    return Wish(act, "ESC-1", EPISODE, contact, via, f"{contact} {via} {act}", NOW)


@pytest.mark.parametrize("via", ["sms", "voice", "email", "page"])
def test_who_takes_it_elsewhere_has_no_buttons_in_the_chat(directory: Directory, via: str) -> None:
    """In their own language."""
    desk = RememberingDesk()
    (came,) = done(directory, desk, wish(via=via))

    assert came.word == "taken"
    assert desk.closed == [("ESC-1", "bruno", "ESC-1 gehört Ihnen")]


def test_who_takes_it_in_the_chat_reads_the_answer_there(directory: Directory) -> None:
    """That page is settled by its own answer."""
    desk = RememberingDesk()
    done(directory, desk, wish(via="chat"))

    assert desk.closed == []


def test_who_comes_second_keeps_what_the_others_message_will_settle(directory: Directory) -> None:
    """They are told who has it, and that takes their buttons."""
    desk = RememberingDesk()
    came = done(directory, desk, wish("amira"), wish("bruno"))

    assert [one.word for one in came] == ["taken", "taken_by"]
    assert [contact for _, contact, _ in desk.closed] == ["amira"]


@pytest.mark.parametrize("act", [Act.RAISE, Act.CLOSE, Act.DECLINE])
def test_nothing_else_settles_a_page(directory: Directory, act: Act) -> None:
    """Whoever passes it on may still take it."""
    desk = RememberingDesk()
    done(directory, desk, wish(act=act))

    assert desk.closed == []
