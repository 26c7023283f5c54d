"""The war room in virtual time: a status every fifteen minutes, pinned in place, each of them a line of its thread."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.composition import compose
from escalation.client import EscalationClient
from escalation.core.vocabulary import Phase
from escalation.drills.virtual import VirtualEngine
from escalation.standins.server import Standins
from escalation.standins.workspace import Conversation
from tests.scenarios.agreements import agreement
from tests.scenarios.company import DIRECTORY
from tests.scenarios.dialogue import Story
from tests.scenarios.world import settings_in
from worker import build_workers

pytestmark = pytest.mark.engine
CONTACTS = ("chat-on-call", "chat-second-on-call", "lead-on-call")
TERMS = {"reach": [{"channel": "chat"}], "notice": "chat", "war_room": {"every": "15m", "in_chat": True}}
ROUNDS = 6


def only_room(standins: Standins) -> Conversation:
    (room,) = [one for one in standins.conversations().values() if one.name is not None]
    return room


def lines_of(room: Conversation) -> list[str]:
    return [one.text for one in room.messages.values() if one.thread]


async def test_a_status_is_pinned_every_fifteen_minutes(tmp_path: Path) -> None:
    """An hour and a half passes at once; the scribe changes, the pinned message stays the same one."""
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(VirtualEngine(()))
        standins = stack.enter_context(Standins(store=tmp_path / "standins.db"))
        standins.callbacks(enabled=False)
        settings = settings_in(tmp_path, standins.base_url, directory=DIRECTORY)
        (tmp_path / "agreements").mkdir()
        (tmp_path / "agreements" / "rooms.yaml").write_text(
            agreement("rooms", contacts=CONTACTS, windows=("11h", "11h", "11h"), backup_after="0s", terms=TERMS)
        )
        patience = timedelta(seconds=5)
        for worker in build_workers(engine.client, compose(settings), graceful_shutdown_timeout=patience):
            await stack.enter_async_context(worker)
        client = EscalationClient(engine.client)
        request = Story.request_for("ROOM-1", policy="rooms")
        began = datetime.now(UTC)
        await client.start(request)

        await engine.advance("ROOM-1", began + timedelta(minutes=15) * ROUNDS + timedelta(minutes=5))

        # The last showing may still be at work.
        assert await asyncio.to_thread(standins.wait_until, lambda: len(lines_of(only_room(standins))) > ROUNDS)
        room, lines = only_room(standins), lines_of(only_room(standins))
        assert room.name == f"warroom-sev1-{began:%m-%d-%Y}"
        assert len(lines) == ROUNDS + 1
        assert len([one for one in room.messages.values() if one.pinned]) == 1
        assert len({line.partition("Scribe")[2].partition(".")[0] for line in lines}) > 1
        await client.acknowledge("ROOM-1", by="chatty")
        view = await client.view("ROOM-1")
        assert (view.phase, view.owner) == (Phase.ACTIVE, "chatty")
        await client.cancel("ROOM-1", by="agent", reason="the test is over")
        await client.wait("ROOM-1")

        last = [one.text for one in only_room(standins).messages.values() if one.pinned]
        assert "It was cancelled" in last[0]
        assert "Cho Chatty" in last[0]
