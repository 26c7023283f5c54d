"""Answers from the chat: a button of a page, or an emoji on a message of ours.

What is asked for is done before Slack hears "taken", which it must within three seconds; what came of it is said after.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from html import escape
from typing import Protocol

from fastapi import APIRouter, Request, Response, status
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask

from escalation.adapters.chat_places import Meant, Place
from escalation.adapters.directory import DirectoryDown
from escalation.adapters.sending import calling_nobody
from escalation.adapters.slack import ACKNOWLEDGE, DECLINE, RAISE
from escalation.adapters.slack_desk import with_line
from escalation.adapters.store import LedgerDown
from escalation.gateway.acting import UNSURE, Acting, Came, Client, Now, Pace, Wish
from escalation.gateway.grammar import Act
from escalation.gateway.slack_signed import Pressed, Reacted, SlackSignatures, event_in, pressed_in, reacted_in
from escalation.gateway.wording import Lines, Wording, line, told
from escalation.wire.outcomes import NotDone
from escalation.wire.requests import BadInput

ANSWER_WITHIN = timedelta(seconds=2)
"""Slack waits three seconds, and the directory and the ledger are asked besides."""
CHALLENGE_CHARS_MAX = 200
VIA = "chat"
ACTS = {ACKNOWLEDGE: Act.ACKNOWLEDGE, RAISE: Act.RAISE, DECLINE: Act.DECLINE}
REASONS = {Act.RAISE: "raised in the chat", Act.DECLINE: "declined in the chat"}
TAKES = frozenset({"+1", "thumbsup"})
INVESTIGATES = frozenset({"hammer_and_wrench"})
SOLVES = frozenset({"white_check_mark", "heavy_check_mark"})
ONLY_THEM = frozenset({UNSURE, "not_asked", "refused", "reason_missing", "top"})
"""Answers that leave the page as it is: whoever pressed reads them, and somebody may press again."""

_log = logging.getLogger(__name__)


class Directory(Protocol):
    """Whose user that is. Raises `DirectoryDown`."""

    def contact_of_chat(self, user: str) -> str | None: ...


class Desk(Protocol):
    """The chat, as far as answers need it."""

    def about(self, place: Place) -> Meant | None: ...
    def whisper(self, place: Place, user: str, text: str, at: datetime) -> None: ...
    def settle(self, place: Place, text: str, at: datetime) -> None: ...
    def close(self, reference: str, episode: str, contact: str, said: str, at: datetime) -> None: ...


Say = Callable[[], None]


class ChatAnswers:
    """Turns a button or an emoji into at most one act, and says what came of it."""

    def __init__(  # one argument for each thing outside that it touches
        self, doing: Acting, client: Client, directory: Directory, desk: Desk, lines: Wording, pace: Pace
    ) -> None:
        self._doing = doing
        self._client = client
        self._directory = directory
        self._desk = desk
        self._lines = lines
        self._pace = pace

    async def pressed(self, button: Pressed, at: datetime) -> Say | None:
        """Do what the button stands for, once; what there is to say about it."""
        contact = await self._contact(button.user)
        if contact is None:
            return self._stranger(button.place, button.user, at)
        if not self._pace.allows(contact, at):
            return None
        act = ACTS[button.action]
        # Of one page there is one raise, whoever of its readers presses; anything else is each one's own.
        each = f"{button.place.conversation}:{button.place.ts} {button.action_ts} {button.user}"
        wish = Wish(
            act=act,
            reference=button.reference,
            episode=button.episode,
            contact=contact,
            via=VIA,
            key=f"chat raise {button.dispatch}" if act is Act.RAISE else f"chat {each}",
            at=at,
            reason=REASONS.get(act, ""),
            page=button.dispatch,
        )
        came, lines = await self._doing.do(wish, ANSWER_WITHIN), await self._lines.of(contact, at)
        said = _shown(told(lines, came))
        if came.word in ONLY_THEM:
            return lambda: self._desk.whisper(button.place, button.user, said, at)
        if act is Act.ACKNOWLEDGE and came.done:
            said = _shown(line(lines, "taken_by", ref=button.reference, person=await self._doing.called(contact)))
        return lambda: self._desk.settle(button.place, with_line(button.text, said), at)

    async def reacted(self, emoji: Reacted, at: datetime) -> Say | None:
        """What an emoji means on a message of ours: to take it, that somebody looks into it, that it is solved."""
        if emoji.emoji not in TAKES | INVESTIGATES | SOLVES:
            return None
        meant = await asyncio.to_thread(self._desk.about, emoji.place)
        if meant is None:
            return None
        contact = await self._contact(emoji.user)
        if contact is None:
            return self._stranger(emoji.place, emoji.user, at)
        if not self._pace.allows(contact, at):
            return None
        came = await self._meant(emoji, meant, contact, at)
        if came is None or came.done:
            return None  # the next status, or the note, says it to everybody
        said = _shown(told(await self._lines.of(contact, at), came))
        return lambda: self._desk.whisper(emoji.place, emoji.user, said, at)

    async def _meant(self, emoji: Reacted, meant: Meant, contact: str, at: datetime) -> Came | None:
        """Only who was asked takes it, and only the owner solves it; anybody else's emoji is a line of the timeline."""
        # An emoji that is put, taken away and put again says one thing.
        key = f"chat {emoji.place.conversation}:{emoji.place.ts} {emoji.emoji} {emoji.user}"
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                view = await self._client.view(meant.reference)
                if view.episode != meant.episode:
                    return Came("over", {"ref": meant.reference})
                if emoji.emoji in INVESTIGATES:
                    await self._client.note(meant.reference, by=contact, text="🛠️ I am looking into it.", key=key)
                    return None
                if emoji.emoji in SOLVES and view.owner != contact:
                    await self._client.note(meant.reference, by=contact, text="✅ It is solved, I think.", key=key)
                    return Came("chat.owner_solves", {"ref": meant.reference})
        except (NotDone, BadInput, TimeoutError):
            return Came(UNSURE, {"ref": meant.reference})
        if emoji.emoji in TAKES and contact not in {*view.all_asked, view.asked, view.owner}:
            return Came("not_asked", {"ref": meant.reference})
        act = Act.ACKNOWLEDGE if emoji.emoji in TAKES else Act.CLOSE
        wish = Wish(act, meant.reference, meant.episode, contact, VIA, key, at)
        return await self._doing.do(wish, ANSWER_WITHIN)

    async def _contact(self, user: str) -> str | None:
        return await asyncio.to_thread(self._directory.contact_of_chat, user)

    def _stranger(self, place: Place, user: str, at: datetime) -> Say:
        """Whoever is not known does nothing, and reads how to become known."""
        lines: Lines = self._lines.in_language("en")
        return lambda: self._desk.whisper(place, user, _shown(line(lines, "chat.stranger", user=user)), at)


class OwnPages:
    """The pages in the chat of whoever has taken it by other ways: they say so, and ask nothing any more."""

    def __init__(self, desk: Desk, lines: Wording) -> None:
        self._desk = desk
        self._lines = lines

    async def settle(self, wish: Wish) -> None:
        """Of whoever pressed in the chat, the page that was pressed is settled with the answer."""
        if wish.via != VIA:
            said = _shown(line(await self._lines.of(wish.contact, wish.at), "taken", ref=wish.reference))
            await asyncio.to_thread(self._desk.close, wish.reference, wish.episode, wish.contact, said, wish.at)


def _shown(words: str) -> str:
    """The words as a chat shows them: a name that reads "<!channel>" or "@here" calls nobody."""
    return calling_nobody(escape(words, quote=False))


async def _answered(doing: Awaitable[Say | None]) -> Response:
    """Taken; what there is to say about it is said afterwards. Slack brings again what cannot be done for now."""
    try:
        say = await doing
    except (DirectoryDown, LedgerDown) as down:
        _log.warning("an answer from the chat is not taken: %s", down)
        return Response(status_code=status.HTTP_503_SERVICE_UNAVAILABLE)
    return Response(background=None if say is None else BackgroundTask(say))


def routes(answers: ChatAnswers | None, signatures: SlackSignatures, now: Now) -> APIRouter:
    """Slack's two addresses. Without a workspace they answer as to any stranger."""
    router = APIRouter(prefix="/slack")

    @router.post("/actions")
    async def take_button(request: Request) -> Response:
        """Do what a button stands for."""
        button = pressed_in(await signatures.body(request))
        if button is None or answers is None:
            return Response()  # another app's, or a button that we have no more
        return await _answered(answers.pressed(button, now()))

    @router.post("/events")
    async def take_event(request: Request) -> Response:
        """Answer Slack's question whether we are here, and do what an emoji means."""
        said = event_in(await signatures.body(request))
        if said is not None and said.get("type") == "url_verification":
            return JSONResponse({"challenge": str(said.get("challenge", ""))[:CHALLENGE_CHARS_MAX]})
        reacted = reacted_in(said) if said is not None else None
        if reacted is None or answers is None:
            return Response()
        return await _answered(answers.reacted(reacted, now()))

    return router
