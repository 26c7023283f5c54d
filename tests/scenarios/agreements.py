"""Agreements to play scenarios under: everything is far away, except what a scenario is about.

`FAR` never comes within a test. The file format counts whole seconds, so the shortest time is `SOON`.
"""

import json
from typing import Any

FAR = "30m"
SOON = "1s"
NONE = "none"
LABELS = {"SEV1": "SEV1", "SEV2": "SEV2", "SEV3": "SEV3", "SEV4": "SEV4"}


def agreement(  # one knob for everything that a scenario may be about
    name: str,
    *,
    version: str = "1",
    windows: tuple[str, str, str] = (FAR, FAR, FAR),
    contacts: tuple[str, str, str] = ("on-call", "senior-on-call", "lead-on-call"),
    backup_after: str = NONE,
    voice_after: str = "20m",
    repeats: int = 0,
    house: dict[str, Any] | None = None,
    terms: dict[str, Any] | None = None,
    approval: dict[str, Any] | None = None,
    approvals: dict[str, Any] | None = None,
    settles: dict[str, Any] | None = None,
    also: tuple[str, ...] = (),
) -> str:
    """The text of an agreement. `terms` holds for every severity; a SEV1 or SEV2 is told by SMS, then voice."""
    named = zip(("first", "second", "third"), contacts, windows, strict=True)
    steps: list[dict[str, Any]] = [{"name": step, "contact": who, "window": window} for step, who, window in named]
    steps[0]["backup_after"] = backup_after
    steps[0]["also"] = [{"contact": name} for name in also]
    route = {"team": "Engineering", "chain": "engineering", "asks": ["investigate", "fix"]}
    leadership: dict[str, Any] = {"team": "Leadership", "chain": "engineering", "asks": ["decide"]}
    leadership["approval"] = {"approvers": ["support-managers"], "expiry": FAR, "on_expiry": "open", **(approval or {})}
    product_step = {"name": "product", "contact": "product-on-call", "window": FAR}
    written = {
        "name": name,
        "version": version,
        "house": {**_house(), **(house or {})},
        "terms": {severity: {**_terms(severity, voice_after), **(terms or {})} for severity in LABELS},
        "routes": {
            "to-engineering": route,
            "to-product": {"team": "Product", "chain": "product", "asks": ["decide", "investigate"]},
            "to-leadership": leadership,
        },
        "chains": {
            "engineering": {"repeats": repeats, "steps": steps},
            "product": {"steps": [product_step]},
        },
        "settles": settles or {},
        "approvals": approvals or {},
    }
    return json.dumps(written, indent=1)  # which is YAML, too


def _house() -> dict[str, Any]:
    return {
        "managers": "support-managers",
        "executive": "executives",
        "fallback": "duty-desk",
        "customer_contact": "customer-desk",
        "fallback_window": FAR,
        "reopen_window": FAR,
        "customer_floor": NONE,
        "occurred_at_bound": FAR,
        "breach_cycles": 1,
    }


def _terms(severity: str, voice_after: str) -> dict[str, Any]:
    by_telephone = [{"channel": "sms"}, {"channel": "voice", "after": voice_after}]
    return {
        "label": LABELS[severity],
        "reach": by_telephone if severity in {"SEV1", "SEV2"} else [{"channel": "email"}],
        "notice": "email",
        "resolution": {"limit": "12h"},
    }
