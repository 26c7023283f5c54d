"""Answering in the chat: what a message is about, a word that only one person sees, a page that is settled."""

import logging
from datetime import datetime
from typing import Protocol

from escalation.adapters.chat_places import ChatPlaces, Meant, Place
from escalation.adapters.slack import Json, read_failure
from escalation.adapters.store import LedgerDown
from escalation.core.values import dataclass

SECTION_CHARS_MAX = 3000

_log = logging.getLogger(__name__)


class Methods(Protocol):
    """The chat's methods, called by name. Raises what Slack's package raises."""

    def call(self, method: str, at: datetime, **body: object) -> Json: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Safe to use from many threads. What is not told here is told by other ways, so nothing that fails is raised."""

    api: Methods
    places: ChatPlaces

    def about(self, place: Place) -> Meant | None:
        """The escalation that a message is about; None for somebody else's. Raises `LedgerDown`."""
        return self.places.about(place)

    def whisper(self, place: Place, user: str, text: str, at: datetime) -> None:
        """Tell one person, beside a message, what nobody else sees."""
        self._call("chat.postEphemeral", at, channel=place.conversation, user=user, text=text)

    def settle(self, place: Place, text: str, at: datetime) -> None:
        """Let a message say this, without its buttons."""
        shown = text[:SECTION_CHARS_MAX]
        section = {"type": "section", "text": {"type": "mrkdwn", "text": shown, "verbatim": True}}
        self._call("chat.update", at, channel=place.conversation, ts=place.ts, text=shown, blocks=[section])

    def close(self, reference: str, episode: str, contact: str, said: str, at: datetime) -> None:
        """Let every page of that escalation to that person say this as well, without its buttons.

        What has none any more stays as it is: so it may be asked twice, and by several at once.
        """
        try:
            pages = self.places.asks(reference, episode, contact)
        except LedgerDown:
            _log.warning("the pages of %s in the chat keep their buttons: the ledger cannot be reached", reference)
            return
        for place in pages:
            text = self._asking(place, at)
            if text is not None:
                self.settle(place, with_line(text, said), at)

    def _asking(self, place: Place, at: datetime) -> str | None:
        """The words of a message that has buttons; None for one that has none, or cannot be read."""
        try:
            answer = self.api.call(
                "conversations.replies", at, channel=place.conversation, ts=place.ts, limit=1, inclusive=True
            )
        except Exception as error:  # noqa: BLE001  # pressing them is answered all the same
            _log.warning("conversations.replies: %s", read_failure(error))
            return None
        found: Json = next((one for one in answer.get("messages", ()) if one.get("ts") == place.ts), {})
        asks = any(block.get("type") == "actions" for block in found.get("blocks", ()))
        return str(found.get("text", "")) if asks else None

    def _call(self, method: str, at: datetime, **body: object) -> None:
        try:
            self.api.call(method, at, **body)
        except Exception as error:  # noqa: BLE001  # the act itself is done and is in the log
            _log.warning("%s: %s", method, read_failure(error))


def with_line(text: str, said: str) -> str:
    """The message with that line below it: what gives way to a message's length is the message, not the line."""
    line = f"\n\n{said}"[:SECTION_CHARS_MAX]
    return f"{text[: SECTION_CHARS_MAX - len(line)]}{line}"
