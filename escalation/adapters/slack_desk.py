"""Answering in the chat: what a message is about, a word that only one person sees, a page that is settled."""

import logging
from datetime import datetime

from escalation.adapters.chat_places import ChatPlaces, Meant, Place
from escalation.adapters.slack import SlackApi, read_failure
from escalation.core.values import dataclass

SECTION_CHARS_MAX = 3000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """Safe to use from many threads. What is not told here is told by other ways, so nothing that fails is raised."""

    api: SlackApi
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

    def _call(self, method: str, at: datetime, **body: object) -> None:
        try:
            self.api.call(method, at, **body)
        except Exception as error:  # noqa: BLE001  # the act itself is done and is in the log
            _log.warning("%s: %s", method, read_failure(error))
