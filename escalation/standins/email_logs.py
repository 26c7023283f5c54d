"""SendGrid's Email Logs: the search for a mail whose acceptance is in doubt.

Written by hand after twilio/sendgrid-oai, spec/json/tsg_logs_v3.json (commit 184423f8f226), which the mail contract
does not include: fields, operators, required answer fields and limits are the vendor's, and a query that departs from
them is refused. Instants have whole seconds, as in the vendor's examples, so a search needs a margin of one.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from escalation.standins.journal import Accepted, StatusChange
from escalation.standins.mail_events import logged_id

LIMIT_DEFAULT = 10
LIMIT_MAX = 1_000
FIRST = ("processed", "dropped")
"""What the story of a mail begins with."""
STATUSES = ("processed", "delivered", "deferred", "dropped", "bounced", "blocked")

Condition: TypeAlias = Callable[[dict[str, object]], bool]

_WORD = re.compile(r"(?P<field>sg_message_id|subject|to_email|reason)\s*=\s*'(?P<value>(?:[^']|'')*)'")
_TIME = re.compile(r"sg_message_id_created_at\s*(?P<operator>>=|<=|>|<)\s*TIMESTAMP\s+\"(?P<instant>[^\"]*)\"")
_ONE_OF = re.compile(r"status\s+IN\s*\(\s*(?P<values>'[^']*'(?:\s*,\s*'[^']*')*)\s*\)")
_AND = re.compile(r"\s+AND\s+")


def parse(query: str) -> tuple[Condition, ...]:
    """The conditions of a query, all of which must hold; raises `ValueError` naming what cannot be read."""
    conditions: list[Condition] = []
    rest = query.strip()
    while rest:
        if match := _WORD.match(rest):
            conditions.append(_equals(match["field"], match["value"].replace("''", "'")))
        elif match := _TIME.match(rest):
            conditions.append(_compares(match["operator"], _instant(match["instant"])))
        elif match := _ONE_OF.match(rest):
            conditions.append(_is_in(re.findall(r"'([^']*)'", match["values"])))
        else:
            raise ValueError(f"the query cannot be read at {rest[:60]!r}")
        rest = rest[match.end() :].rstrip()
        if rest:
            joint = _AND.match(rest)
            if joint is None:
                raise ValueError(f"expected AND at {rest[:60]!r}")
            rest = rest[joint.end() :]
    return tuple(conditions)


def summary(mail: Accepted, status: str) -> dict[str, object]:
    """One row of a search result."""
    return {
        "from_email": mail.sender,
        "sg_message_id": logged_id(mail),
        "subject": mail.subject or "",
        "to_email": mail.to,
        "status": status,
        "sg_message_id_created_at": _stamp(_handed_over(mail)),
    }


def detail(mail: Accepted, changes: tuple[StatusChange, ...]) -> dict[str, object]:
    """One mail with its events, each of which carries the custom arguments."""
    custom = dict(mail.custom_args)
    common = {
        "email": mail.to,
        "sg_message_id": logged_id(mail),
        "smtp-id": f"<{mail.provider_id}@standins>",
        "custom_args": custom,
    }
    seen = [(change.status, change.changed_at) for change in changes]
    steps = seen if seen and seen[0][0] in FIRST else [("processed", mail.accepted_at), *seen]
    events = [
        {
            **common,
            "event": status,
            "sg_event_id": f"{mail.provider_id}-{mail.part}-{number}",
            "timestamp": int(at.timestamp()),
        }
        for number, (status, at) in enumerate(steps)
    ]
    last = steps[-1][0]
    row = {name: value for name, value in summary(mail, last).items() if name != "sg_message_id_created_at"}
    return {**row, "api_key_id": "", "client_ip": "127.0.0.1", "events": events, "custom_args": custom}


def _handed_over(mail: Accepted) -> datetime:
    """When the sender says that it was, which may be another day than the wall's; else when it was taken on."""
    try:
        return datetime.fromisoformat(mail.escalation_at or "").astimezone(UTC)
    except ValueError:
        return mail.accepted_at


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _equals(field: str, value: str) -> Condition:
    return lambda row: row.get(field) == value


def _is_in(values: list[str]) -> Condition:
    unknown = set(values) - set(STATUSES)
    if unknown:
        raise ValueError(f"unknown status {sorted(unknown)}; choose from {', '.join(STATUSES)}")
    return lambda row: row["status"] in values


def _compares(operator: str, instant: datetime) -> Condition:
    def holds(row: dict[str, object]) -> bool:
        at = datetime.fromisoformat(str(row["sg_message_id_created_at"]))
        return {">": at > instant, "<": at < instant, ">=": at >= instant, "<=": at <= instant}[operator]

    return holds


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"the time {text!r} has no offset; write it as 2025-01-01T00:00:00Z")
    return instant
