"""The agreements of the campaigns (one that never waits, one for kills) and a directory, as JSON, which is YAML."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from escalation.client import EscalationRequest
from escalation.core.vocabulary import Ask, Severity

AT_ONCE = "at-once"
IN_A_MOMENT = "in-a-moment"
IN_AN_OUTAGE = "in-an-outage"
ROUTE = "to-team-0"
# One for each escalation that is played at once: two calls in doubt to one telephone cannot be told apart by looking
# them up, since a provider's list of calls does not name the dispatch. Only a receipt can settle that.
TEAMS = 10
RANKS = ("first", "second")
OFFICES = ("support-manager", "executive", "duty-manager", "customer-desk")
CUSTOMER = "acme"
SENDER = "sam"


def write(folder: Path) -> Path:
    """Both agreements as files in that folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for policy in (at_once(), in_a_moment()):
        (folder / f"{policy['name']}.yaml").write_text(json.dumps(policy, indent=1), "utf-8")
    return folder


def write_directory(file: Path) -> Path:
    """Everybody that the agreements name, each with a telephone of their own, reserved for fiction."""
    holders = [f"team-{team}-{rank}" for team in range(TEAMS) for rank in RANKS] + list(OFFICES)
    people = [f"{holder}.{place}" for holder in holders for place in ("primary", "backup")] + [SENDER]
    directory = {
        "people": {
            name: {
                "name": name.replace("-", " ").replace(".", " "),
                "email": f"{name}@support.example",
                "phone": f"+120255501{number:02d}",
                "channels": ["email", "sms", "voice"],
            }
            for number, name in enumerate(people)
        },
        "roles": {holder: {"primary": f"{holder}.primary", "backup": f"{holder}.backup"} for holder in holders},
        "customers": {CUSTOMER: {"name": "Acme GmbH", "email": "contact@acme.example"}},
    }
    file.write_text(json.dumps(directory, indent=1), "utf-8")
    return file


def asked_of(reference: str, team: int, policy: str) -> EscalationRequest:
    """An opening for one of the teams, under one of the agreements, with a key that follows from its reference."""
    return EscalationRequest(
        ticket=reference,
        title=f"Payments fail ({reference})",
        description="Since this morning every payment is refused.",
        route=f"to-team-{team}",
        severity=Severity.SEV1,
        ask=Ask.FIX,
        customer=CUSTOMER,
        deadline=datetime.now(UTC) + timedelta(hours=2),
        by=SENDER,
        key=f"{reference}-open",
        policy=policy,
    )


def at_once() -> dict[str, Any]:
    """Everybody of a step is told at once on two channels, and nothing else falls due within the hour."""
    terms = {
        "reach": [{"channel": "sms"}, {"channel": "email"}],
        "notice": "sms",
        "resolution": {"limit": "4h", "leads": ["1h"]},
        "response": {"limit": "2h"},
        "check_in": {"every": "2h", "lead": "10m"},
        "customer_update": {"every": "2h", "lead": "10m"},
        "silence": "2h",
    }
    return _policy(AT_ONCE, terms, window="1h", backup_after="0s", waits="1h")


def in_a_moment() -> dict[str, Any]:
    """Each wait is longer than a killed worker needs to come back, and short enough to be seen often."""
    terms = {
        "reach": [{"channel": "sms"}, {"channel": "voice", "after": "3s"}],
        "notice": "email",
        "resolution": {"limit": "60s", "leads": ["30s"]},
        "response": {"limit": "20s"},
        "check_in": {"every": "15s", "lead": "5s"},
        "customer_update": {"every": "20s", "lead": "5s"},
        "silence": "40s",
    }
    watched = {channel: {"silent_after": "4s"} for channel in ("sms", "voice")}
    return {**_policy(IN_A_MOMENT, terms, window="12s", backup_after="6s", waits="90s"), "settles": watched}


def in_an_outage(pace: float = 1) -> dict[str, Any]:
    """Much comes due in half a minute, and warnings are stale soon. `pace` stretches every wait."""

    def after(seconds: int) -> str:
        return f"{round(seconds * pace)}s"

    terms = {
        "reach": [{"channel": "sms"}, {"channel": "voice", "after": after(10)}],
        "notice": "email",
        "resolution": {"limit": after(20), "leads": [after(12)]},
        "response": {"limit": after(16)},
        "check_in": {"every": after(12), "lead": after(4)},
    }
    return _policy(IN_AN_OUTAGE, terms, window=after(14), backup_after=after(7), waits="10m")


def _policy(name: str, terms: dict[str, Any], *, window: str, backup_after: str, waits: str) -> dict[str, Any]:
    return {
        "name": name,
        "version": "1",
        "house": {
            "managers": "support-manager",
            "executive": "executive",
            "fallback": "duty-manager",
            "customer_contact": "customer-desk",
            "fallback_window": window,
            "reopen_window": waits,
            "occurred_at_bound": waits,
            "breach_cycles": 3,
        },
        "terms": {each.value: {"label": f"P{rank}", **terms} for rank, each in enumerate(Severity, start=1)},
        "routes": {
            f"to-team-{team}": {"team": f"Team {team}", "chain": f"team-{team}", "asks": ["investigate", "fix"]}
            for team in range(TEAMS)
        },
        "chains": {f"team-{team}": _chain(team, window, backup_after) for team in range(TEAMS)},
    }


def _chain(team: int, window: str, backup_after: str) -> dict[str, Any]:
    steps = [
        {"name": rank, "contact": f"team-{team}-{rank}", "window": window, "backup_after": backup_after}
        for rank in RANKS
    ]
    return {"steps": steps, "repeats": 1}
