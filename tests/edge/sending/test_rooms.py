"""War rooms through the real package: made once, shown in place, every status a line; tried again after any step."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from slack_sdk.errors import SlackApiError

from activities.rooms import WarRooms
from escalation.adapters.chat_places import ChatPlaces, RoomRow
from escalation.adapters.rendering import Renderer
from escalation.adapters.slack import SlackApi
from escalation.adapters.slack_rooms import NoRoomError, Rooms, Showing
from escalation.adapters.store import LedgerDown
from escalation.core.effects import ShowRoom
from escalation.core.facts import ReportRoom
from escalation.standins.server import Standins
from escalation.standins.workspace import Conversation
from tests.edge.samples import BRIEF, NOW
from tests.edge.sending.fakes import Book, WordsKept, run
from tests.edge.sending.test_slack import account_at
from workflows import ports

BASE = "warroom-sev1-03-01-2026"
FIRST = Showing("ESC-1", "1", BASE, 3, "ESC-1.1.3", "first", "ESC-1 · commander: Sue", ("U0SUE", "U0ANN"))
SECOND = replace(FIRST, number=7, key="ESC-1.1.7", text="second", people=("U0SUE", "U0NOBODY"))
EFFECT = ShowRoom(3, "ESC-1.1.3", BRIEF, "primary", "backup", ("primary", "backup"), 1, NOW + timedelta(minutes=15))


@pytest.fixture
def standins() -> Iterator[Standins]:
    with Standins() as standins:
        standins.chat_with(burst=1000)
        yield standins


@pytest.fixture
def rooms(standins: Standins, places: ChatPlaces) -> Rooms:
    return Rooms(SlackApi(account_at(standins)), places)


def made(standins: Standins) -> list[Conversation]:
    return [room for room in standins.conversations().values() if room.name is not None]


def test_a_room_is_made_once_and_its_status_changed_in_place(standins: Standins, rooms: Rooms) -> None:
    """Each showing is one line of the thread; who cannot be asked in keeps nobody out."""
    assert rooms.show(FIRST, NOW) == BASE
    assert rooms.show(SECOND, NOW) == BASE
    assert rooms.show(SECOND, NOW) == BASE

    (room,) = made(standins)
    pinned = [one for one in room.messages.values() if one.pinned]
    lines = [one.text for one in room.messages.values() if one.thread]
    assert [one.text for one in pinned] == ["second"]
    assert lines == ["first", "second"]
    assert (room.topic, room.members) == (FIRST.topic, ["U0ESCALATE", "U0SUE", "U0ANN"])


def test_a_showing_that_comes_late_undoes_nothing(standins: Standins, rooms: Rooms) -> None:
    """Two acts may be at work at once."""
    rooms.show(SECOND, NOW)
    rooms.show(FIRST, NOW)

    (room,) = made(standins)
    assert [one.text for one in room.messages.values() if one.pinned] == ["second"]


def test_the_second_room_of_a_day_has_a_number(standins: Standins, rooms: Rooms, places: ChatPlaces) -> None:
    """Whoever has made one of that name before, we or others."""
    rooms.show(FIRST, NOW)
    rooms.show(replace(FIRST, reference="ESC-2"), NOW)

    assert [room.name for room in made(standins)] == [BASE, f"{BASE}-2"]
    SlackApi(account_at(standins)).call("conversations.create", NOW, name=f"{BASE}-3")
    assert rooms.show(replace(FIRST, reference="ESC-3"), NOW) == f"{BASE}-4"
    assert places.has_room(made(standins)[0].id)


def test_a_room_that_was_made_and_not_written_down_is_found_again(
    standins: Standins, rooms: Rooms, places: ChatPlaces
) -> None:
    """The name was kept before; the answer to its making was lost."""
    places.reserve("ESC-1", "1", BASE)
    made_before = SlackApi(account_at(standins)).call("conversations.create", NOW, name=BASE)["channel"]["id"]

    rooms.show(FIRST, NOW)

    assert [room.id for room in made(standins)] == [made_before]


def test_it_is_found_on_a_later_page_too(
    standins: Standins, rooms: Rooms, places: ChatPlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workspace has many channels, and a list ends below a thousand."""
    monkeypatch.setattr("escalation.adapters.slack.CHANNELS_PAGE_SIZE", 2)
    api = SlackApi(account_at(standins))
    for name in ("one", "two", "three", "four", BASE):
        api.call("conversations.create", NOW, name=name)
    places.reserve("ESC-1", "1", BASE)

    assert rooms.show(FIRST, NOW) == BASE
    assert [room.name for room in made(standins) if room.messages] == [BASE]


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_it_may_be_tried_again_after_any_answer_that_is_lost(standins: Standins, rooms: Rooms, lost: int) -> None:
    """Made, posted, pinned: each is looked for before it is done again."""
    for _ in range(lost):
        standins.fail("chat", "accept_then_drop")
    for _ in range(lost):
        with pytest.raises(OSError):  # noqa: PT011  # whatever the network says
            rooms.show(FIRST, NOW)
    rooms.show(FIRST, NOW)

    (room,) = made(standins)
    assert len([one for one in room.messages.values() if one.pinned]) == 1
    assert len(room.messages) == 2


def test_so_many_rooms_a_day_and_no_more(places: ChatPlaces, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next is told so."""
    monkeypatch.setattr("escalation.adapters.chat_places.ROOMS_A_DAY_MAX", 2)
    assert places.reserve("A", "1", BASE) == RoomRow("A", "1", BASE)
    second = places.reserve("B", "1", BASE)
    assert second == RoomRow("B", "1", f"{BASE}-2")
    assert places.reserve("C", "1", BASE) is None
    assert second is not None
    assert places.rename(second, BASE) is None


# --- the act ---------------------------------------------------------------------------------------------------------


class Showings:
    """Shows, or fails as it is told."""

    bridge = "https://meet.example/1"

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.shown: list[Showing] = []

    def show(self, showing: Showing, at: datetime) -> str:
        if self.error is not None:
            raise self.error
        self.shown.append(showing)
        return showing.base


def act(rooms: Showings | None, effect: ShowRoom = EFFECT) -> ReportRoom:
    """On its last attempt."""
    return run(WarRooms(rooms, Book(), WordsKept(), Renderer()).show_room, ports.Showing(effect, NOW), attempt=8)


def test_the_status_says_what_the_room_needs() -> None:
    """Commander, scribe, bridge call, next status, and what the emoji mean."""
    showings = Showings()
    report = act(showings)

    (showing,) = showings.shown
    assert report == ReportRoom(3, shown=True, room=showing.base)
    assert showing.base == f"warroom-sev1-{NOW:%m-%d-%Y}"
    for word in ("Incident commander:", "Scribe until the next status:", "https://meet.example/1", "👍", "🛠️", "✅"):
        assert word in showing.text


def test_without_a_chat_and_for_a_restricted_case_nothing_is_shown() -> None:
    """The rules ask for no room then; the act would not make one either."""
    assert act(None) == ReportRoom(3, shown=False, error="no_chat")
    assert act(Showings(), replace(EFFECT, people=("backup",))) == ReportRoom(3, shown=False, error="nobody_has_chat")
    hidden = replace(EFFECT, brief=replace(BRIEF, restricted=True))
    assert act(Showings(), hidden) == ReportRoom(3, shown=False, error="restricted")


def test_what_cannot_be_shown_is_said_on_the_last_attempt() -> None:
    """And nobody waits for it."""
    answer = type("Answer", (), {"data": {"ok": False, "error": "missing_scope"}, "status_code": 200, "headers": {}})
    refused = SlackApiError("no", answer())  # type: ignore[no-untyped-call]  # of the package
    assert act(Showings(refused)).error == "config: missing_scope"
    assert act(Showings(LedgerDown("away"))).error == "safe_retry: ledger_down"
    assert act(Showings(NoRoomError(BASE))).error == f"every room {BASE} is taken"
    assert act(Showings(TimeoutError())).error == "ambiguous: TimeoutError"
