"""Messages in a chat through `slack_sdk`'s synchronous client: timeouts set by hand, nothing retried.

Facts of slack_sdk 3.47 that this module works around: by default it posts again when a connection is dropped; its
error log holds the body of an answer that it cannot read; an answer without "ok" is an error like any other; whether
arguments go as JSON or as a form is left to whoever calls a method by its name.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from escalation.adapters.chat_account import ChatAccount
from escalation.adapters.chat_places import Place, place_of, provider_id
from escalation.adapters.sending import (
    AT_HEADER,
    CLOCK_SKEW,
    Accepted,
    Answered,
    Attempt,
    Broken,
    ChatMessage,
    News,
    Outgoing,
    Question,
    Seen,
    Sighting,
    Status,
    Trail,
    Unclear,
    Unseen,
)
from escalation.adapters.store import LedgerDown

EVENT_TYPE = "escalation_dispatch"
DISPATCH = "dispatch_id"
"""Our id in the metadata of a message, where it is looked for."""
JSON_METHODS = frozenset({"chat.postMessage", "chat.update", "chat.postEphemeral"})
"""What is sent as JSON, for its blocks. All else goes as a form, as by the package's own methods: what reads, such as
`conversations.history`, ignores a JSON body and misses its arguments (docs.slack.dev/apis/web-api)."""
LIST_MAX = 1000
"""Messages of a conversation that are searched; more of them since the dispatch prove nothing."""
CHANNELS_MAX = 10_000
"""Channels of a workspace among which a room of ours is looked for."""
PAGE_SIZE = 200
CHANNELS_PAGE_SIZE = 999
"""Both are below the thousand that Slack takes."""
ACKNOWLEDGE, RAISE, DECLINE = "escalation_acknowledge", "escalation_raise", "escalation_decline"
BUTTONS = {ACKNOWLEDGE: "primary", RAISE: None, DECLINE: None}
"""What a page is answered with, in the order of its buttons: the action's id, and its style."""
SEPARATOR = "|"
BUTTON_CHARS_MAX = 2000
GONE = frozenset({"thread_not_found", "message_not_found"})

Json = Mapping[str, Any]

_log = logging.getLogger(__name__)
_hushed = logging.getLogger(f"{__name__}.sdk")
_hushed.setLevel(logging.CRITICAL + 1)


class Threads(Protocol):
    """Where an escalation's thread with somebody begins. Raises `LedgerDown`."""

    def root(self, reference: str, episode: str, address: str) -> Place | None: ...
    def keep_root(self, reference: str, episode: str, address: str, place: Place) -> None: ...


class SlackApi:
    """Slack's methods, each called once and bounded in time. Raises what the package raises: see `read_failure`."""

    def __init__(self, account: ChatAccount) -> None:
        self._account = account

    @property
    def bridge(self) -> str | None:
        """The call that a war room names."""
        return self._account.bridge

    def call(self, method: str, at: datetime, **body: object) -> Json:
        """What the method answers."""
        headers = {AT_HEADER: at.astimezone(UTC).isoformat()} if self._account.standin else {}
        client = WebClient(
            token=self._account.token.get_secret_value(),
            base_url=f"{self._account.base_url}/",
            timeout=int(self._account.timeout.total_seconds()) or 1,
            headers=headers,
            logger=_hushed,
            retry_handlers=[],
        )
        given = {name: value for name, value in body.items() if value is not None}
        as_json = method in JSON_METHODS
        answer = client.api_call(method, json=given if as_json else None, params=None if as_json else given)
        found = answer.data
        return found if isinstance(found, dict) else {}

    def messages(self, method: str, at: datetime, **body: object) -> Iterator[Json]:
        """The messages that a listing method answers, page after page, at most `LIST_MAX` and one more."""
        body |= {"limit": PAGE_SIZE, "include_all_metadata": True}
        yield from self._listed(method, "messages", LIST_MAX, at, body)

    def channels(self, at: datetime) -> Iterator[Json]:
        """The public channels of the workspace, page after page, at most about `CHANNELS_MAX`."""
        yield from self._listed("conversations.list", "channels", CHANNELS_MAX, at, {"limit": CHANNELS_PAGE_SIZE})

    def _listed(self, method: str, what: str, most: int, at: datetime, body: Mapping[str, object]) -> Iterator[Json]:
        seen, cursor = 0, None
        while seen <= most:
            page = self.call(method, at, cursor=cursor, **body)
            for one in page.get(what, ()):
                seen += 1
                yield one
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                return


class Slack:
    """A `Provider` for the chat: to each person directly, one thread for each escalation."""

    def __init__(self, api: SlackApi, threads: Threads) -> None:
        self._api = api
        self._threads = threads

    def send(self, outgoing: Outgoing) -> Attempt:
        """POST the message once. Accepted only with its conversation and its instant there."""
        if not isinstance(outgoing.content, ChatMessage):
            raise TypeError(f"a chat carries a ChatMessage, not {type(outgoing.content).__name__}")
        root = self._root(outgoing.reference, outgoing.episode, outgoing.to)
        try:
            answer = self._api.call(
                "chat.postMessage",
                outgoing.at,
                channel=root.conversation if root is not None else outgoing.to,
                text=outgoing.content.text,
                blocks=blocks(outgoing.content, button_value(outgoing)),
                metadata=metadata(outgoing.dispatch),
                thread_ts=root.ts if root is not None else None,
                # A page is seen by whoever does not look into threads.
                reply_broadcast=True if root is not None and outgoing.content.asks else None,
                unfurl_links=False,
                unfurl_media=False,
            )
        except Exception as error:  # noqa: BLE001  # whatever happened, it is an answer: unknown means ambiguous
            return read_failure(error)
        conversation, ts = answer.get("channel"), answer.get("ts")
        if not conversation or not ts:
            return Broken("slack", posted=True, why="no_ts")
        place = Place(str(conversation), str(ts))
        if root is None:
            self._keep_root(outgoing, place)
        return Accepted(provider_id(place))

    def look(self, question: Question) -> Sighting:
        """Search the conversation, and the escalation's thread in it, for our id."""
        try:
            opened = self._api.call("conversations.open", question.at, users=question.to)
            root = self._root(question.reference, question.episode, question.to)
            found = self._found("conversations.history", question, channel=str(opened["channel"]["id"]))
            if isinstance(found, Unseen) and root is not None:
                return self._found("conversations.replies", question, channel=root.conversation, ts=root.ts)
        except Exception as error:  # noqa: BLE001  # a look-up that fails in any way proves nothing
            return Unclear(_why(error))
        return found

    def _found(self, method: str, question: Question, **where: str) -> Sighting:
        """Only our id counts. A listing that ends, or reaches back to before the dispatch was decided, is complete."""
        since = (question.since - CLOCK_SKEW).timestamp()
        for count, message in enumerate(self._api.messages(method, question.at, **where)):
            if dispatch_in(message) == question.dispatch:
                return Seen(provider_id(Place(where["channel"], str(message["ts"]))))
            if count >= LIST_MAX:
                return Unclear("too_many")
            if method == "conversations.history" and count >= PAGE_SIZE and float(message["ts"]) < since:
                break
        return Unseen()

    def follow(self, trail: Trail) -> News:
        """Whether the message still stands where it was put."""
        place = place_of(trail.provider_id)
        if place is None:
            return Unclear("no_place")
        try:
            answer = self._api.call(
                "conversations.replies", trail.at, channel=place.conversation, ts=place.ts, limit=1, inclusive=True
            )
        except Exception as error:  # noqa: BLE001  # whatever went wrong, nothing is known
            why = _why(error)
            return Status("deleted") if why in GONE else Unclear(why)
        return Status("posted" if answer.get("messages") else "deleted")

    def _root(self, reference: str, episode: str, address: str) -> Place | None:
        if not episode:
            return None
        try:
            return self._threads.root(reference, episode, address)
        except LedgerDown:
            return None  # better a message of its own than none

    def _keep_root(self, outgoing: Outgoing, place: Place) -> None:
        if not outgoing.episode:
            return
        try:
            self._threads.keep_root(outgoing.reference, outgoing.episode, outgoing.to, place)
        except LedgerDown:
            _log.warning("dispatch %s: its thread is not in the ledger", outgoing.dispatch)


class NoChat:
    """Stands where no workspace is configured: nobody is told there, and an operator hears of it."""

    def send(self, outgoing: Outgoing) -> Attempt:  # noqa: ARG002  # the shape of a provider
        """Refused."""
        return Answered("slack", 200, "not_configured")

    def look(self, question: Question) -> Sighting:  # noqa: ARG002
        """Nothing was ever sent; but another worker may have had an account."""
        return Unclear("not_configured")

    def follow(self, trail: Trail) -> News:  # noqa: ARG002
        """Likewise."""
        return Unclear("not_configured")


def button_value(outgoing: Outgoing) -> str:
    """What a button brings back: which episode of which escalation, who was asked, by which dispatch."""
    return SEPARATOR.join((outgoing.dispatch, outgoing.contact, outgoing.episode, outgoing.reference))


def blocks(content: ChatMessage, value: str) -> list[Json]:
    """The message as blocks, its buttons last. The text beside them is what a screen reader reads."""
    section = {"type": "section", "text": {"type": "mrkdwn", "text": content.text, "verbatim": True}}
    if not content.asks or len(value) > BUTTON_CHARS_MAX:
        return [section]
    elements = [
        {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": words}, "value": value}
        | ({"style": style} if style else {})
        for (action, style), words in zip(BUTTONS.items(), content.buttons, strict=True)
    ]
    return [section, {"type": "actions", "elements": elements}]


def metadata(dispatch: str) -> Json:
    """Our id, where only programs see it."""
    return {"event_type": EVENT_TYPE, "event_payload": {DISPATCH: dispatch}}


def dispatch_in(message: Json) -> str | None:
    """Our id in a message, if it carries one."""
    found = (message.get("metadata") or {}).get("event_payload") or {}
    dispatch = found.get(DISPATCH)
    return dispatch if isinstance(dispatch, str) else None


def read_failure(error: Exception) -> Answered | Broken:
    """What an exception of this package means, without its text, which may hold words of the message."""
    if isinstance(error, SlackApiError):
        response: Any = error.response
        body = response.data if isinstance(response.data, dict) else {}
        code = body.get("error")
        # An answer without "ok" is none of Slack's, as after a redirect: nobody knows what was done.
        status = response.status_code if "ok" in body or response.status_code != 200 else 0  # noqa: PLR2004
        # Its own words come with 200, and with 429; beside any other status they are somebody else's.
        word = code if status in {200, 429} and _is_code(code) else None
        return Answered("slack", status, word, _wait(response.headers))
    # A URLError: the request was never written in full. Everything else came after it.
    return Broken("slack", posted=not isinstance(error, URLError), why=type(error).__name__)


def _is_code(code: object) -> bool:
    return isinstance(code, str) and code.isascii() and code.replace("_", "").isalnum() and len(code) <= 64  # noqa: PLR2004


def _wait(headers: Mapping[str, str]) -> timedelta | None:
    asked = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return timedelta(seconds=int(asked)) if asked.isascii() and asked.isdigit() and len(asked) <= 6 else None  # noqa: PLR2004


def _why(error: Exception) -> str:
    failure = read_failure(error)
    return failure.code or f"http_{failure.status}" if isinstance(failure, Answered) else failure.why
