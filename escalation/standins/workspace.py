"""A Slack workspace as the journal tells it: conversations, their messages, and what was done to these."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from escalation.standins.journal import Accepted, ChatAct, Journal

BOT = "U0ESCALATE"
"""The user that our app is."""


@dataclass(slots=True)
class ChatMessage:
    """A message as a listing shows it. `thread` is the message under which it stands."""

    ts: str
    user: str
    text: str
    blocks: list[Any]
    metadata: Mapping[str, Any] | None = None
    thread: str | None = None
    broadcast: bool = False
    pinned: bool = False
    edited: bool = False
    reactions: list[tuple[str, str]] = field(default_factory=list)  # (name, user)

    def shown(self, *, metadata: bool) -> dict[str, Any]:
        """As the Web API writes it."""
        return {
            "type": "message",
            "user": self.user,
            "ts": self.ts,
            "text": self.text,
            "blocks": self.blocks,
            **({"thread_ts": self.thread} if self.thread else {}),
            **({"subtype": "thread_broadcast"} if self.broadcast else {}),
            **({"metadata": self.metadata} if metadata and self.metadata else {}),
            **({"reactions": _counted(self.reactions)} if self.reactions else {}),
        }


@dataclass(slots=True)
class Conversation:
    """A channel (`C…`), or what is said to one person (`D…`)."""

    id: str
    name: str | None = None
    topic: str = ""
    members: list[str] = field(default_factory=list)
    messages: dict[str, ChatMessage] = field(default_factory=dict)
    asides: list[tuple[str, str]] = field(default_factory=list)  # (user, text) that only they see

    def shown(self) -> dict[str, Any]:
        """As the Web API writes it."""
        return {
            "id": self.id,
            "name": self.name,
            "is_channel": self.name is not None,
            "is_im": self.name is None,
            "creator": BOT,
            "is_archived": False,
            "is_member": True,
            "topic": {"value": self.topic},
        }


def conversation_of(user: str) -> str:
    """Where somebody is written to directly."""
    return f"D{user[1:]}"


def workspace(journal: Journal) -> dict[str, Conversation]:
    """Every conversation by its id, in the order in which they began."""
    found: dict[str, Conversation] = {}
    sends = [send for send in journal.entries(Accepted) if send.channel == "chat"]
    acts = journal.entries(ChatAct)
    for act in acts:
        if act.kind == "channel":
            found[act.conversation] = Conversation(act.conversation, act.text, members=[BOT])
    for send in sends:
        id_, ts = send.provider_id.split(":", 1)
        here = found.setdefault(id_, Conversation(id_))
        here.messages[ts] = _message(ts, send)
    for act in acts:
        _apply(found.setdefault(act.conversation, Conversation(act.conversation)), act)
    return found


def actions(message: ChatMessage) -> Iterator[Mapping[str, Any]]:
    """The buttons of a message."""
    for block in message.blocks:
        if block.get("type") == "actions":
            yield from block["elements"]


def _message(ts: str, send: Accepted) -> ChatMessage:
    options = dict(send.options)
    return ChatMessage(
        ts=ts,
        user=BOT,
        text=send.body or "",
        blocks=json.loads(options.get("blocks", "[]")),
        metadata=json.loads(options.get("metadata", "null")),
        thread=options.get("thread_ts"),
        broadcast=options.get("reply_broadcast") == "true",
    )


def _apply(here: Conversation, act: ChatAct) -> None:
    message = here.messages.get(act.ts or "")
    match act.kind:
        case "topic":
            here.topic = act.text
        case "invite":
            here.members += [user for user in act.text.split(",") if user not in here.members]
        case "aside":
            here.asides.append((act.user, act.text))
        case "update" if message is not None:
            message.text, message.blocks, message.edited = act.text, json.loads(act.blocks or "[]"), True
        case "pin" if message is not None:
            message.pinned = True
        case "reaction" if message is not None:
            message.reactions.append((act.text, act.user))
        case "delete":
            here.messages.pop(act.ts or "", None)
        case _:
            pass


def _counted(reactions: list[tuple[str, str]]) -> list[dict[str, Any]]:
    users: dict[str, list[str]] = {}
    for name, user in reactions:
        users.setdefault(name, []).append(user)
    return [{"name": name, "users": who, "count": len(who)} for name, who in users.items()]
