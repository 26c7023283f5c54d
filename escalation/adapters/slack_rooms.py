"""War rooms in the chat: one channel for each escalation, its status pinned, every status a line of its thread.

Each step looks at what is there before it does anything, so that the whole may be tried again after any of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from slack_sdk.errors import SlackApiError

from escalation.adapters.chat_places import ChatPlaces, RoomRow
from escalation.adapters.slack import Json, SlackApi, dispatch_in, metadata

TOPIC_CHARS_MAX = 250
HARMLESS = frozenset({"already_in_channel", "cant_invite_self", "already_pinned", "user_not_found", "cant_invite"})
"""What was wanted is so already, or is about one person: nobody else goes without the room for it."""


class NoRoomError(Exception):
    """Every name of that day is taken."""


@dataclass(frozen=True, slots=True)
class Showing:
    """What the room shows. `key` and `number` name this showing; `people` are Slack users."""

    reference: str
    episode: str
    base: str
    number: int
    key: str
    text: str
    topic: str
    people: Sequence[str]


class Rooms:
    """Makes rooms and keeps them. Raises what Slack's package raises, `LedgerDown` and `NoRoomError`."""

    def __init__(self, api: SlackApi, places: ChatPlaces) -> None:
        self._api = api
        self._places = places

    @property
    def bridge(self) -> str | None:
        """The call that a room names."""
        return self._api.bridge

    def show(self, showing: Showing, at: datetime) -> str:
        """Bring the room up to date; its name. A showing that comes after a later one changes nothing."""
        row = self._made(showing, at)
        if row.shown >= showing.number or row.conversation is None:
            return row.name
        conversation = row.conversation
        self._call("conversations.setTopic", at, channel=conversation, topic=showing.topic[:TOPIC_CHARS_MAX])
        if showing.people:
            # Nobody is kept out by somebody who cannot be asked in.
            self._call("conversations.invite", at, channel=conversation, users=",".join(showing.people), force=True)
        pinned = row.pinned or self._found(conversation, f"room {row.reference}.{row.episode}", at)
        if pinned is None:
            pinned = self._post(showing, conversation, f"room {row.reference}.{row.episode}", None, at)
        else:
            self._api.call(
                "chat.update", at, channel=conversation, ts=pinned, text=showing.text, blocks=_section(showing.text)
            )
        self._call("pins.add", at, channel=conversation, timestamp=pinned)
        self._places.keep_room(replace(row, pinned=pinned))
        if not any(dispatch_in(one) == showing.key for one in self._thread(conversation, pinned, at)):
            self._post(showing, conversation, showing.key, pinned, at)
        self._places.keep_room(replace(row, pinned=pinned, shown=showing.number))
        return row.name

    def _made(self, showing: Showing, at: datetime) -> RoomRow:
        """The room with its conversation. Its name was kept before it was made, so one of that name may be ours."""
        before = self._places.room(showing.reference, showing.episode)
        row = before or self._places.reserve(showing.reference, showing.episode, showing.base)
        while row is not None and row.conversation is None:
            try:
                created = self._api.call("conversations.create", at, name=row.name)
                row = replace(row, conversation=str(created["channel"]["id"]))
            except SlackApiError as error:
                if _word(error) != "name_taken":
                    raise
                ours = self._ours(row.name, at) if before is not None else None
                row = self._places.rename(row, showing.base) if ours is None else replace(row, conversation=ours)
            if row is not None and row.conversation is not None:
                self._places.keep_room(row)
        if row is None:
            raise NoRoomError(showing.base)
        return row

    def _ours(self, name: str, at: datetime) -> str | None:
        """The room of that name that an earlier attempt has made, and could not write down."""
        me = self._api.call("auth.test", at)["user_id"]
        found = [one for one in self._api.channels(at) if one["name"] == name and one["creator"] == me]
        unknown = [str(one["id"]) for one in found if not self._places.has_room(str(one["id"]))]
        return unknown[0] if unknown else None

    def _found(self, conversation: str, key: str, at: datetime) -> str | None:
        """The message of that key, when an earlier attempt has posted it."""
        listed = self._api.messages("conversations.history", at, channel=conversation)
        return next((str(one["ts"]) for one in listed if dispatch_in(one) == key), None)

    def _thread(self, conversation: str, root: str, at: datetime) -> list[Json]:
        return list(self._api.messages("conversations.replies", at, channel=conversation, ts=root))

    def _post(self, showing: Showing, conversation: str, key: str, thread: str | None, at: datetime) -> str:
        posted = self._api.call(
            "chat.postMessage",
            at,
            channel=conversation,
            text=showing.text,
            blocks=_section(showing.text),
            metadata=metadata(key),
            thread_ts=thread,
            unfurl_links=False,
        )
        return str(posted["ts"])

    def _call(self, method: str, at: datetime, **body: object) -> None:
        try:
            self._api.call(method, at, **body)
        except SlackApiError as error:
            if _word(error) not in HARMLESS:
                raise


def _section(text: str) -> list[Json]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}]


def _word(error: SlackApiError) -> str:
    said = error.response.data
    return str(said.get("error", "")) if isinstance(said, dict) else ""
