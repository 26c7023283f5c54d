"""Slack's Web API, as far as an app that tells people needs it: always status 200, and "ok" says the rest."""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from escalation.standins.board import Board
from escalation.standins.faults import Fault
from escalation.standins.journal import Accepted, ChatAct, ChatActKind
from escalation.standins.slack_rules import NOBODY, is_user, message_error, name_error
from escalation.standins.workspace import BOT, ChatMessage, Conversation, conversation_of, workspace

API_PATH = "/slack/api"
LIMIT_DEFAULT, LIMIT_MAX = 100, 999
KEPT = ("thread_ts", "reply_broadcast", "metadata", "blocks")
WRITES = frozenset({"chat.postMessage", "chat.update", "chat.postEphemeral", "conversations.create"})
"""What a fault for sends strikes; one for lookups strikes the rest."""
FORM_ONLY: Mapping[str, tuple[str, ...]] = {
    "conversations.history": ("channel",),
    "conversations.list": (),
    "conversations.replies": ("channel", "ts"),
    "pins.list": ("channel",),
    "users.lookupByEmail": ("email",),
}
"""What reads, with the arguments that it needs. Only what writes understands JSON (docs.slack.dev/apis/web-api)."""

Body = Mapping[str, Any]


class Refusal(Exception):
    """An error word of Slack's."""


class SlackApi:
    """The methods, each under its own name."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._lock = threading.Lock()
        self._methods: Mapping[str, Callable[[Request, Body], dict[str, Any]]] = {
            "auth.test": self._who_am_i,
            "users.lookupByEmail": self._user_of,
            "conversations.open": self._open,
            "conversations.create": self._create,
            "conversations.list": self._list,
            "conversations.invite": self._invite,
            "conversations.setTopic": self._set_topic,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.postEphemeral": self._aside,
            "pins.add": self._pin,
            "pins.list": self._pins,
            "reactions.add": self._react,
        }

    def call(self, request: Request, method: str) -> Response:
        """One method, its arguments from a form; from a JSON body only where Slack reads one."""
        act = self._methods.get(method)
        if act is None:
            return answer({"ok": False, "error": "unknown_method"})
        if request.headers.get("Authorization") != f"Bearer {self._board.bot_token}":
            return answer({"ok": False, "error": "invalid_auth"})
        try:
            body = _form(request) if method in FORM_ONLY else _body(request)
        except ValueError:
            return answer({"ok": False, "error": "invalid_json"})
        missing = [name for name in FORM_ONLY.get(method, ()) if not body.get(name)]
        if missing:
            return answer(_without(missing))
        to = body.get("channel") or body.get("users")
        to = to if isinstance(to, str) else None
        on = "send" if method in WRITES else "lookup"

        def taken() -> Response:
            try:
                with self._lock:
                    return answer({"ok": True, **act(request, body)})
            except Refusal as refusal:
                refused = answer({"ok": False, "error": str(refusal)})
                return self._board.refuse(request, "chat", to, refused, f"{method}: {refusal}")

        if method == "chat.postMessage" and not self._board.chat_pace.takes(to or "", _at(request)):
            return self._board.refuse(request, "chat", to, limited(1), "ratelimited")
        return self._board.strike(request, "chat", to, on, taken, _told)  # type: ignore[arg-type]  # two literals

    def _who_am_i(self, _: Request, __: Body) -> dict[str, Any]:
        return {
            "user_id": BOT,
            "user": "escalations",
            "team": "Stand-in",
            "team_id": "T0STANDIN",
            "bot_id": "B0STANDIN",
        }

    def _user_of(self, _: Request, body: Body) -> dict[str, Any]:
        user = self._board.chat_users.get(str(body.get("email", "")).lower())
        if user is None:
            raise Refusal("users_not_found")
        return {"user": {"id": user, "profile": {"email": body["email"]}}}

    def _open(self, _: Request, body: Body) -> dict[str, Any]:
        return {"channel": {"id": conversation_of(self._user(body.get("users")))}}

    def _create(self, _: Request, body: Body) -> dict[str, Any]:
        name, rooms = body.get("name"), workspace(self._board.journal)
        error = name_error(name)
        if error is not None:
            raise Refusal(error)
        if any(room.name == name for room in rooms.values()):
            raise Refusal("name_taken")
        made = Conversation(f"C{len(rooms) + 1:08d}", str(name), members=[BOT])
        self._keep("channel", made.id, None, BOT, str(name))
        return {"channel": made.shown()}

    def _list(self, _: Request, body: Body) -> dict[str, Any]:
        found = [room.shown() for room in workspace(self._board.journal).values() if room.name is not None]
        asked, cursor = _asked(len(found), body)
        return {"channels": found[asked], "response_metadata": {"next_cursor": cursor}}

    def _invite(self, _: Request, body: Body) -> dict[str, Any]:
        room, users = self._room(body), [user for user in str(body.get("users", "")).split(",") if user]
        if not users:
            raise Refusal("no_user")
        for user in users:
            self._user(user)
        new = [user for user in users if user not in room.members]
        if not new:
            raise Refusal("already_in_channel")
        self._keep("invite", room.id, None, BOT, ",".join(new))
        return {"channel": room.shown()}

    def _set_topic(self, _: Request, body: Body) -> dict[str, Any]:
        room = self._room(body)
        self._keep("topic", room.id, None, BOT, str(body.get("topic", ""))[:250])
        return {"channel": room.shown()}

    def _history(self, _: Request, body: Body) -> dict[str, Any]:
        found = [one for one in self._listed(body) if one.thread is None or one.broadcast]
        return _page(found[::-1], body)

    def _replies(self, _: Request, body: Body) -> dict[str, Any]:
        root, listed = str(body.get("ts", "")), self._listed({**body, "oldest": None})
        asked = next((one for one in listed if one.ts == root), None)
        if asked is None:
            raise Refusal("thread_not_found")
        oldest = float(body.get("oldest") or 0)
        thread = [one for one in listed if one.ts == root or (one.thread == root and float(one.ts) > oldest)]
        return _page(thread, body)

    def _post(self, request: Request, body: Body) -> dict[str, Any]:
        error = message_error(body)
        if error is not None:
            raise Refusal(error)
        address = str(body.get("channel", ""))
        rooms = workspace(self._board.journal)
        if is_user(address):
            id_ = conversation_of(self._user(address))
        elif address in rooms:
            id_ = address
        else:
            raise Refusal("channel_not_found")
        thread = body.get("thread_ts")
        if thread is not None and (id_ not in rooms or thread not in rooms[id_].messages):
            raise Refusal("thread_not_found")
        ts = self._ts(request, rooms.get(id_))
        dispatch = ((body.get("metadata") or {}).get("event_payload") or {}).get("dispatch_id")
        send = Accepted(
            channel="chat",
            provider_id=f"{id_}:{ts}",
            to=address if is_user(address) else id_ if not id_.startswith("D") else f"U{id_[1:]}",
            sender=BOT,
            accepted_at=datetime.now(UTC),
            body=str(body.get("text") or ""),
            dispatch=dispatch if isinstance(dispatch, str) else None,
            escalation_at=request.headers.get("X-Escalation-At"),
            options=tuple((name, _text(body[name])) for name in KEPT if body.get(name) is not None),
        )
        self._board.journal.append(send)
        return {"channel": id_, "ts": ts, "message": {"ts": ts, "text": send.body}}

    def _update(self, _: Request, body: Body) -> dict[str, Any]:
        error = message_error(body)
        room, ts = self._room(body), str(body.get("ts", ""))
        if error is not None:
            raise Refusal(error)
        if ts not in room.messages:
            raise Refusal("message_not_found")
        self._keep("update", room.id, ts, BOT, str(body.get("text") or ""), json.dumps(body.get("blocks") or []))
        return {"channel": room.id, "ts": ts, "text": body.get("text")}

    def _aside(self, _: Request, body: Body) -> dict[str, Any]:
        room, user = self._room(body), self._user(body.get("user"))
        self._keep("aside", room.id, None, user, str(body.get("text") or ""))
        return {"message_ts": f"{datetime.now(UTC).timestamp():.6f}"}

    def _pin(self, _: Request, body: Body) -> dict[str, Any]:
        room, ts = self._room(body), str(body.get("timestamp", ""))
        if ts not in room.messages:
            raise Refusal("message_not_found")
        if room.messages[ts].pinned:
            raise Refusal("already_pinned")
        self._keep("pin", room.id, ts, BOT, "")
        return {}

    def _pins(self, _: Request, body: Body) -> dict[str, Any]:
        room = self._room(body)
        pinned = [one.shown(metadata=True) for one in room.messages.values() if one.pinned]
        return {"items": [{"type": "message", "channel": room.id, "message": one} for one in pinned]}

    def _react(self, _: Request, body: Body) -> dict[str, Any]:
        room, ts = self._room(body), str(body.get("timestamp", ""))
        if ts not in room.messages:
            raise Refusal("message_not_found")
        self._keep("reaction", room.id, ts, BOT, str(body.get("name", "")))
        return {}

    # What they share.

    def _room(self, body: Body) -> Conversation:
        found = workspace(self._board.journal).get(str(body.get("channel", "")))
        if found is None:
            raise Refusal("channel_not_found")
        return found

    def _user(self, user: object) -> str:
        if not isinstance(user, str) or not is_user(user) or user == NOBODY:
            raise Refusal("user_not_found")
        return user

    def _listed(self, body: Body) -> list[ChatMessage]:
        """The messages that a listing shows by now, oldest first."""
        id_ = str(body.get("channel", ""))
        room = workspace(self._board.journal).get(id_)
        if room is None and not id_.startswith("D"):
            raise Refusal("channel_not_found")
        shown = {send.provider_id for send in self._board.listed("chat")}
        oldest, latest = float(body.get("oldest") or 0), float(body.get("latest") or "inf")
        messages = [] if room is None else room.messages.values()
        return [one for one in messages if f"{id_}:{one.ts}" in shown and oldest <= float(one.ts) <= latest]

    def _ts(self, request: Request, room: Conversation | None) -> str:
        """The instant that the act works for, or now; one microsecond later where another message stands there."""
        micros = int(_at(request).timestamp() * 1_000_000)
        taken = set(room.messages) if room is not None else set()
        while f"{micros // 1_000_000}.{micros % 1_000_000:06d}" in taken:
            micros += 1
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def _keep(
        self, kind: ChatActKind, conversation: str, ts: str | None, user: str, text: str, blocks: str | None = None
    ) -> None:
        self._board.journal.append(ChatAct(kind, conversation, ts, user, text, datetime.now(UTC), blocks))


def answer(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json; charset=utf-8")


def limited(seconds: int) -> Response:
    """Too many."""
    refused = answer({"ok": False, "error": "ratelimited"}, 429)
    refused.headers["Retry-After"] = str(seconds)
    return refused


def _at(request: Request) -> datetime:
    """The instant that the act works for; now when it does not say."""
    said = request.headers.get("X-Escalation-At")
    return datetime.fromisoformat(said) if said else datetime.now(UTC)


def _page(found: list[ChatMessage], body: Body) -> dict[str, Any]:
    asked, cursor = _asked(len(found), body)
    shown = [one.shown(metadata=body.get("include_all_metadata") in {"1", "true"}) for one in found[asked]]
    return {"messages": shown, "has_more": cursor != "", "response_metadata": {"next_cursor": cursor}}


def _asked(count: int, body: Body) -> tuple[slice, str]:
    """Which of so many stand on the page that is asked for, and the cursor of the next one."""
    limit, cursor = str(body.get("limit") or LIMIT_DEFAULT), str(body.get("cursor") or 0)
    if not limit.isdigit() or not 0 < int(limit) <= LIMIT_MAX:
        raise Refusal("invalid_limit")
    if not cursor.isdigit():
        raise Refusal("invalid_cursor")
    end = int(cursor) + int(limit)
    return slice(int(cursor), end), str(end) if end < count else ""


def _told(fault: Fault) -> Response:
    if fault.kind == "reject":
        return answer({"ok": False, "error": fault.error})
    if fault.status == 429:  # noqa: PLR2004
        return limited(max(1, int(fault.reset.total_seconds())))
    return answer({"ok": False, "error": "internal_error"}, fault.status)


def _without(missing: list[str]) -> dict[str, Any]:
    said = [f"[ERROR] missing required field: {name}" for name in missing]
    return {"ok": False, "error": "invalid_arguments", "response_metadata": {"messages": said}}


def _body(request: Request) -> Body:
    if request.mimetype == "application/json":
        found = json.loads(request.get_data() or b"{}")
        if not isinstance(found, dict):
            raise ValueError("no object")
        return found
    return _form(request)


def _form(request: Request) -> Body:
    form: dict[str, Any] = request.form.to_dict() | request.args.to_dict()
    for name in ("blocks", "metadata"):
        if name in form:
            form[name] = json.loads(form[name])
    return form


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
