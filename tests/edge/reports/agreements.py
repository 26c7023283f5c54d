"""A small agreement without any finding, to which each test does one thing."""

from datetime import UTC, datetime, timedelta

from escalation.core.vocabulary import Channel
from escalation.reports.agreed import Agreed
from escalation.wire.policy import freeze
from escalation.wire.yaml_reader import read

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SETTLES = dict.fromkeys(Channel, timedelta(minutes=1))
TEXT = """\
name: plain
version: "1"
house:
  managers: support-manager
  executive: executive
  fallback: duty-manager
  customer_contact: customer-desk
  fallback_window: "30m"
  reopen_window: "72h"
  customer_floor: "24h"
  occurred_at_bound: "24h"
  breach_cycles: 3
terms:
  SEV1:
    label: P1
    reach: [{ channel: sms }, { channel: voice, after: "2m" }]
    notice: sms
    resolution: { limit: "4h", goal: "2h", leads: ["30m"] }
    response: { limit: "30m", goal: "15m" }
    check_in: { every: "30m" }
    customer_update: { every: "1h" }
  SEV2:
    label: P2
    reach: [{ channel: sms }, { channel: email }]
    notice: email
    resolution: { limit: "8h", goal: "4h", leads: ["1h"] }
    response: { limit: "1h", goal: "30m" }
    check_in: { every: "2h" }
    customer_update: { every: "4h" }
  SEV3:
    label: P3
    reach: [{ channel: email }]
    notice: email
    resolution: { limit: "24h", goal: "8h", leads: ["1h"] }
    response: { limit: "4h", goal: "2h" }
    check_in: { every: "8h" }
    customer_update: { every: "12h" }
  SEV4:
    label: P4
    reach: [{ channel: email }]
    notice: email
    resolution: { limit: "56h", goal: "24h", leads: ["1h"] }
    response: { limit: "12h", goal: "4h" }
    check_in: { every: "24h" }
    customer_update: { every: "24h" }
routes:
  l2-to-engineering:
    team: Engineering
    chain: engineering
    asks: [investigate, fix]
    approval: { approvers: [support-manager], expiry: "1h", on_expiry: open }
chains:
  engineering:
    repeats: 1
    steps:
      - { name: on-call, contact: engineering-on-call, window: "30m", backup_after: "10m" }
      - { name: lead, contact: engineering-lead, window: "1h", backup_after: "20m" }
calendars:
  office:
    zone: Europe/Berlin
    week:
      monday: ["09:00-17:00"]
      tuesday: ["09:00-17:00"]
      wednesday: ["09:00-17:00"]
      thursday: ["09:00-17:00"]
      friday: ["09:00-17:00"]
"""


def agreed(text: str = TEXT) -> Agreed:
    """The agreement, frozen and as written."""
    document = read(text.encode())
    return Agreed(freeze(document, AT, SETTLES), document)


def changed(*changes: tuple[str, str]) -> Agreed:
    """The agreement with pieces of its text exchanged, each of which must be there."""
    text = TEXT
    for old, new in changes:
        if old not in text:
            raise AssertionError(old)
        text = text.replace(old, new, 1)
    return agreed(text)
