"""Slack's requests to us: bounded, signed on their raw bytes within five minutes, and read without surprises."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request

from escalation.adapters.chat_places import Place
from escalation.adapters.slack import BUTTONS, SEPARATOR
from escalation.gateway.signed import bounded, forbidden

SIGNATURE, TIMESTAMP = "X-Slack-Signature", "X-Slack-Request-Timestamp"
BODY_BYTES_MAX = 128 * 1024
"""A button brings the message along that it stands in."""
WINDOW = timedelta(minutes=5)
"""How old, or how far ahead of our clock, a request may be. Source: Slack, "Verifying requests from Slack"."""
SECONDS_DIGITS = 10
WORD_CHARS_MAX = 200
TEXT_CHARS_MAX = 3000

_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_CONVERSATION = re.compile(r"[CDG][A-Z0-9]{2,40}")
_TS = re.compile(r"[0-9]{1,12}\.[0-9]{6}")
_EMOJI = re.compile(r"[a-z0-9_+'-]{1,100}")


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button: of which message, by whom, when; what it stands for."""

    action: str
    user: str
    place: Place
    action_ts: str
    text: str
    dispatch: str
    contact: str
    episode: str
    reference: str


@dataclass(frozen=True, slots=True)
class Reacted:
    """An emoji on a message."""

    emoji: str
    user: str
    place: Place


class SlackSignatures:
    """Reads what Slack signed with any of the secrets, and nothing else. Without a secret nothing is believed."""

    def __init__(self, secrets: Sequence[str], now: Callable[[], datetime]) -> None:
        self._secrets = [secret.encode() for secret in secrets]
        self._now = now

    async def body(self, request: Request) -> bytes:
        """The signed bytes. Answers 413 beyond `BODY_BYTES_MAX`, and 403 for whatever is not Slack's, never 500."""
        body = await bounded(request, BODY_BYTES_MAX)
        if not self.signed(body, request.headers.get(SIGNATURE), request.headers.get(TIMESTAMP)):
            raise forbidden()
        return body

    def signed(self, body: bytes, signature: str | None, timestamp: str | None) -> bool:
        """Whether one of the secrets signed these bytes at that instant, not too long ago. Never raises."""
        if not signature or not timestamp or not signature.isascii() or len(timestamp) != SECONDS_DIGITS:
            return False
        if not (timestamp.isascii() and timestamp.isdigit()):
            return False
        if abs(self._now() - datetime.fromtimestamp(int(timestamp), UTC)) > WINDOW:
            return False
        base = b"v0:" + timestamp.encode() + b":" + body
        made = [f"v0={hmac.new(secret, base, hashlib.sha256).hexdigest()}" for secret in self._secrets]
        # All of them are compared, so that the time it takes says nothing about which one is right.
        return sum(hmac.compare_digest(one, signature) for one in made) > 0


def pressed_in(body: bytes) -> Pressed | None:
    """The button of ours that an interaction tells of; None for anything else. Never raises."""
    try:
        form = dict(parse_qsl(body.decode(), strict_parsing=True, max_num_fields=10))
        payload = json.loads(form["payload"])
        action = payload["actions"][0]
        place = Place(payload["container"]["channel_id"], payload["container"]["message_ts"])
        dispatch, contact, episode, reference = action["value"].split(SEPARATOR, 3)
        found = Pressed(
            action=action["action_id"],
            user=payload["user"]["id"],
            place=place,
            action_ts=action["action_ts"],
            text=_text(payload),
            dispatch=dispatch,
            contact=contact,
            episode=episode,
            reference=reference,
        )
        sound = found.action in BUTTONS and _sound(found.user, place) and _is(_TS, found.action_ts)
        words = (dispatch, contact, episode, reference)
        return found if sound and all(word.isprintable() and len(word) <= WORD_CHARS_MAX for word in words) else None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return None


def event_in(body: bytes) -> Mapping[str, Any] | None:
    """The JSON object of an event; None for anything else. Never raises."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def reacted_in(said: Mapping[str, Any]) -> Reacted | None:
    """The emoji that an event tells of; None for anything else. Never raises."""
    try:
        event = said["event"]
        item = event["item"]
        if said["type"] != "event_callback" or event["type"] != "reaction_added" or item["type"] != "message":
            return None
        place = Place(item["channel"], item["ts"])
        emoji = event["reaction"].partition("::")[0]  # a skin tone stands behind it
        sound = _sound(event["user"], place) and _is(_EMOJI, emoji)
        return Reacted(emoji, event["user"], place) if sound else None
    except (TypeError, KeyError, AttributeError):
        return None


def _sound(user: object, place: Place) -> bool:
    return _is(_USER, user) and _is(_CONVERSATION, place.conversation) and _is(_TS, place.ts)


def _is(shape: re.Pattern[str], word: object) -> bool:
    return isinstance(word, str) and shape.fullmatch(word) is not None


def _text(payload: Mapping[str, Any]) -> str:
    text = payload.get("message", {}).get("text", "")
    return text[:TEXT_CHARS_MAX] if isinstance(text, str) else ""
