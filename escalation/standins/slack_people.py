"""What people do in the chat: they press buttons and react, and Slack posts it to us, signed."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from secrets import token_hex
from urllib.parse import urlencode

from escalation.standins import outgoing
from escalation.standins.journal import ChatAct, Journal, Posted, PostedKind
from escalation.standins.webhooks import Webhooks
from escalation.standins.workspace import ChatMessage, actions, workspace

SIGNING_SECRET = "standins-signing-secret"  # noqa: S105 - opens nothing but the stand-ins
ANSWER_WITHIN = timedelta(seconds=3)
"""How long Slack waits for an answer."""
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class People:
    """Buttons and reactions of the messages in the journal. Raises `ValueError` in one line for what is not there."""

    def __init__(self, journal: Journal, webhooks: Webhooks, secret: str = SIGNING_SECRET) -> None:
        self._journal = journal
        self._webhooks = webhooks
        self.secret = secret
        self.url: str | None = None
        """Where Slack's requests go, without `/actions` or `/events`; None: nowhere."""

    def press(self, message: str, button: str, user: str) -> Posted:
        """Press a button (its action, or the words on it) of the message with that id, as that user."""
        conversation, ts, found = self._message(message)
        pressed = next((one for one in actions(found) if button in {one["action_id"], one["text"]["text"]}), None)
        if pressed is None:
            raise ValueError(f"message {message!r} has no button {button!r}")
        payload = {
            "type": "block_actions",
            "user": {"id": user},
            "channel": {"id": conversation},
            "container": {"type": "message", "message_ts": ts, "channel_id": conversation},
            "message": found.shown(metadata=True),
            "actions": [{**pressed, "action_ts": f"{datetime.now(UTC).timestamp():.6f}"}],
        }
        body = urlencode({"payload": json.dumps(payload)}).encode()
        return self.post("actions", message, "/actions", body, FORM)

    def react(self, message: str, emoji: str, user: str) -> Posted:
        """Put an emoji (its name) on the message with that id, as that user."""
        conversation, ts, _ = self._message(message)
        at = datetime.now(UTC)
        self._journal.append(ChatAct("reaction", conversation, ts, user, emoji, at))
        event = {
            "type": "reaction_added",
            "user": user,
            "reaction": emoji,
            "item": {"type": "message", "channel": conversation, "ts": ts},
            "event_ts": f"{at.timestamp():.6f}",
        }
        said = {"type": "event_callback", "event_id": f"Ev{token_hex(6).upper()}", "event": event}
        return self.post("chat_events", message, "/events", json.dumps(said).encode(), JSON)

    def delete(self, message: str, user: str) -> None:
        """Take the message away; Slack tells nobody."""
        conversation, ts, _ = self._message(message)
        self._journal.append(ChatAct("delete", conversation, ts, user, "", datetime.now(UTC)))

    def post(self, kind: PostedKind, about: str, path: str, body: bytes, content_type: str) -> Posted:
        """Post it signed; what it was answered, or why it was not, is in what is returned."""
        if self.url is None:
            raise ValueError("buttons and reactions are off: the stand-ins were started without a Slack URL")
        answered, failure, text = None, None, None
        url = self.url.rstrip("/") + path
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        headers |= signed(self.secret, str(int(datetime.now(UTC).timestamp())), body)
        try:
            answer = outgoing.send("POST", self._webhooks.delivery.target(url), body, headers, ANSWER_WITHIN)
            answered, text = answer.status, answer.body.decode(errors="replace")
        except (OSError, HTTPException, ValueError) as error:
            failure = f"{type(error).__name__}: {error}"
        return self._journal.append(Posted(kind, about, url, (), answered, failure, datetime.now(UTC), text))

    def _message(self, message: str) -> tuple[str, str, ChatMessage]:
        conversation, _, ts = message.partition(":")
        room = workspace(self._journal).get(conversation)
        found = room.messages.get(ts) if room is not None else None
        if found is None:
            raise ValueError(f"no message {message!r}; its id is conversation:ts")
        return conversation, ts, found


def signed(secret: str, timestamp: str, body: bytes) -> Mapping[str, str]:
    """Slack's headers over an instant and the raw body."""
    made = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={made}"}
