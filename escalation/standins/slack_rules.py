"""What Slack refuses, in its own words, as far as its reference says so."""

import re
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

TEXT_CHARS_MAX = 40_000
SECTION_CHARS_MAX = 3_000
BLOCKS_MAX = 50
ELEMENTS_MAX = 25
BUTTON_VALUE_CHARS_MAX = 2_000
BUTTON_TEXT_CHARS_MAX = 75
NAME_CHARS_MAX = 80
NOBODY = "U0NOBODY"
"""Magic: no such user."""
_NAME = re.compile(r"[a-z0-9_-]+")
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")


def is_user(address: str) -> bool:
    """Whether that is a member's id."""
    return _USER.fullmatch(address) is not None


def message_error(body: Mapping[str, Any]) -> str | None:
    """Why a message is not taken; None when it is."""
    text, blocks = body.get("text"), body.get("blocks")
    if not text and not blocks:
        return "no_text"
    if text and len(text) > TEXT_CHARS_MAX:
        return "msg_too_long"
    metadata = body.get("metadata")
    if metadata is not None and not (isinstance(metadata, dict) and {"event_type", "event_payload"} <= metadata.keys()):
        return "invalid_metadata_format"
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        return "invalid_blocks_format"
    return None if len(blocks) <= BLOCKS_MAX and all(_is_block(block) for block in blocks) else "invalid_blocks"


def name_error(name: object) -> str | None:
    """Why a channel cannot be called so; None when it can."""
    if not isinstance(name, str) or not name:
        return "invalid_name_required"
    if len(name) > NAME_CHARS_MAX:
        return "invalid_name_maxlength"
    return None if _NAME.fullmatch(name) else "invalid_name_specials"


class Pace:
    """About one message a second for each conversation, with a burst before that; the rest is told to wait.

    Seconds are those that the caller's acts work for: where time is skipped, it is skipped here too.
    """

    def __init__(self, burst: int = 20) -> None:
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}
        self.burst = burst

    def takes(self, conversation: str, at: datetime) -> bool:
        """Whether one more message is taken at that instant."""
        with self._lock:
            now = at.timestamp()
            left, since = self._left.get(conversation, (float(self.burst), now))
            left = min(float(self.burst), left + max(0.0, now - since))
            taken = left >= 1
            self._left[conversation] = (left - 1 if taken else left, now)
            return taken


def _is_block(block: object) -> bool:
    if not isinstance(block, dict):
        return False
    match block.get("type"):
        case "section":
            return 0 < len(str((block.get("text") or {}).get("text", ""))) <= SECTION_CHARS_MAX
        case "actions":
            elements = block.get("elements") or []
            return 0 < len(elements) <= ELEMENTS_MAX and all(_is_button(one) for one in elements)
        case "context" | "divider" | "header":
            return True
        case _:
            return False


def _is_button(element: Mapping[str, Any]) -> bool:
    words = str((element.get("text") or {}).get("text", ""))
    value = str(element.get("value", ""))
    known = element.get("type") == "button" and element.get("style") in {None, "primary", "danger"}
    return known and 0 < len(words) <= BUTTON_TEXT_CHARS_MAX and len(value) <= BUTTON_VALUE_CHARS_MAX
