"""What SendGrid refuses and its OpenAPI file does not say.

Source: the limits page of the mail/send reference (docs.sendgrid.com/api-reference/mail-send/limitations). Rules marked
*stricter* refuse what the vendor would pass on in silence.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any, TypeAlias

from escalation.standins.contract import Objection

MAIL_BYTES_MAX = 30 * 1024 * 1024
RECIPIENTS_MAX = 1_000
CUSTOM_ARGS_BYTES_MAX = 10_000
RESERVED_HEADERS = frozenset(
    {
        "x-sg-id",
        "x-sg-eid",
        "received",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "to",
        "from",
        "subject",
        "reply-to",
        "cc",
        "bcc",
    }
)
EVENT_FIELDS = frozenset(
    {
        *("email", "timestamp", "smtp-id", "event", "category", "sg_event_id", "sg_message_id", "reason", "status"),
        *("response", "attempt", "useragent", "ip", "url", "type", "bounce_classification", "asm_group_id"),
    }
)
"""Custom arguments lie flat among these in every event. *Stricter*: SendGrid lets one hide the other."""

CONTENT_ORDER = {"text/plain": 0, "text/html": 1}

Mail: TypeAlias = dict[str, Any]
"""A body that the contract has already passed, so that the types of its known fields are settled."""


def objections(mail: Mail) -> Iterator[Objection]:
    """Yield everything that is wrong with a mail that the contract passed."""
    personalizations = mail["personalizations"]
    if not personalizations:
        yield Objection(
            "personalizations", "The personalizations field is required and must have at least one personalization."
        )
    if sum(len(_recipients(part)) for part in personalizations) > RECIPIENTS_MAX:
        yield Objection("personalizations", f"A mail may have at most {RECIPIENTS_MAX} recipients.")
    yield from _subject(mail)
    yield from _content(mail)
    if not mail["from"]["email"].isascii():
        yield Objection("from.email", "The from address must not contain Unicode characters.")
    yield from _single_line("from.name", mail["from"].get("name"))
    yield from _headers("headers", mail.get("headers", {}))
    yield from _answered_to(mail)
    yield from _attached(mail)
    for index, part in enumerate(personalizations):
        yield from _personalization(f"personalizations.{index}", part)


def _subject(mail: Mail) -> Iterator[Objection]:
    yield from _single_line("subject", mail.get("subject"))
    named = mail.get("subject") or all(part.get("subject") for part in mail["personalizations"])
    if not named and not mail.get("template_id"):
        yield Objection(
            "subject", "The subject is required, in the mail or in every personalization, unless a template has one."
        )


def _content(mail: Mail) -> Iterator[Objection]:
    types = [part["type"].split(";")[0].strip().lower() for part in mail.get("content", [])]
    if not types and not mail.get("template_id"):
        yield Objection("content", "Unless a valid template_id is provided, the content parameter is required.")
    if len(set(types)) < len(types):
        yield Objection("content", "Each content type may only be provided once.")
    ranks = [CONTENT_ORDER.get(kind, len(CONTENT_ORDER)) for kind in types]
    if ranks != sorted(ranks):
        yield Objection("content", "The content must be ordered: text/plain first, then text/html, then anything else.")


def _answered_to(mail: Mail) -> Iterator[Objection]:
    if "reply_to" in mail and "reply_to_list" in mail:
        yield Objection("reply_to_list", "The reply_to and reply_to_list parameters must not be used together.")
    for at, person in (("reply_to", mail.get("reply_to")), *_each("reply_to_list", mail.get("reply_to_list", []))):
        if person:
            yield from _single_line(f"{at}.name", person.get("name"))
            yield from _single_line(f"{at}.email", person["email"])


def _attached(mail: Mail) -> Iterator[Objection]:
    for at, one in _each("attachments", mail.get("attachments", [])):
        try:
            base64.b64decode(one["content"], validate=True)
        except ValueError:
            yield Objection(f"{at}.content", "The attachment content must be base64 encoded.")
        yield from _single_line(f"{at}.filename", one["filename"])


def _personalization(at: str, part: Mail) -> Iterator[Objection]:
    if not part["to"]:
        yield Objection(f"{at}.to", "The to array is required and must have at least one recipient.")
    seen: set[str] = set()
    for field, person in _recipients(part):
        address = person["email"].lower()
        if address in seen:
            text = f"Each email address should be unique between to, cc and bcc; {address!r} is there twice."
            yield Objection(f"{at}.{field}", text)
        seen.add(address)
        name = person.get("name")
        yield from _single_line(f"{at}.{field}.name", name)
        if name and set(name) & {";", ","}:
            yield Objection(f"{at}.{field}.name", "The name must not include ; or ,")
    yield from _single_line(f"{at}.subject", part.get("subject"))
    yield from _headers(f"{at}.headers", part.get("headers", {}))
    custom = part.get("custom_args", {})
    for name, value in custom.items():
        if name in EVENT_FIELDS:
            text = f"A custom argument {name!r} would hide the event's own field of that name; prefix it."
            yield Objection(f"{at}.custom_args.{name}", text)
        if not isinstance(value, str):
            yield Objection(f"{at}.custom_args.{name}", "The value of a custom argument must be a string.")
    if len(json.dumps(custom, ensure_ascii=False).encode()) > CUSTOM_ARGS_BYTES_MAX:
        yield Objection(f"{at}.custom_args", f"Custom arguments may have at most {CUSTOM_ARGS_BYTES_MAX} bytes.")


def _headers(at: str, headers: Mail) -> Iterator[Objection]:
    for name, value in headers.items():
        if name.lower() in RESERVED_HEADERS:
            yield Objection(f"{at}.{name}", f"The header {name!r} is reserved and cannot be set.")
        if not isinstance(value, str):
            yield Objection(f"{at}.{name}", "The value of a header must be a string.")
        else:
            yield from _single_line(f"{at}.{name}", name + value)


def _single_line(at: str, value: str | None) -> Iterator[Objection]:
    """Stricter: SendGrid passes a line break on, and a header-bound value then smuggles a header."""
    if value and any(ord(sign) < ord(" ") or sign == "\x7f" for sign in value):
        yield Objection(at, "Line breaks and control characters are not allowed here.")


def _each(at: str, items: list[Mail]) -> Iterator[tuple[str, Mail]]:
    return ((f"{at}.{index}", item) for index, item in enumerate(items))


def _recipients(part: Mail) -> list[tuple[str, Mail]]:
    return [(field, person) for field in ("to", "cc", "bcc") for person in part.get(field, [])]
