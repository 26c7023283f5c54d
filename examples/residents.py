"""A few escalations worth looking at, one in each phase: `make up` opens them once.

Each is a real incident of the sample; what people do with it is ours. Every step has its idempotency key, so telling
all of it again changes nothing.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from escalation.client import Ended, EscalationClient, EscalationRequest, Refused
from escalation.core import commands as say
from escalation.core.vocabulary import Ask, Audience, Severity
from escalation.wire.messages import View
from examples.incidents import incident

DEADLINE = timedelta(days=2)
DESK = "rosa"  # speaks with the customers


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody does, and the words that go with it."""

    command: say.Instructable
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Resident:
    """One escalation and how it came to where it stands."""

    number: str  # of the incident
    route: str
    severity: Severity
    ask: Ask
    customer: str
    steps: tuple[Step, ...] = ()

    def request(self, now: datetime) -> EscalationRequest:
        found = incident(self.number)
        return EscalationRequest(
            ticket=self.number,
            title=f"{found.category}, {found.subcategory}: down at {found.location}",
            description=f"Reported by {(found.contact_type or 'phone').lower()}.",
            route=self.route,
            severity=self.severity,
            ask=self.ask,
            customer=self.customer,
            deadline=now + DEADLINE,
            by=DESK,
            key=f"up {self.number}",
        )


RESIDENTS = (
    Resident("INC0000261", "l2-to-engineering", Severity.SEV1, Ask.FIX, "acme"),
    Resident(
        "INC0005762", "l1-to-l2", Severity.SEV2, Ask.INVESTIGATE, "globex",
        (
            Step(say.Acknowledge("amira")),
            Step(say.PostUpdate("amira", Audience.CUSTOMER), "We can see the fault and are looking for its cause."),
        ),
    ),
    Resident(
        "INC0003663", "l2-to-engineering", Severity.SEV3, Ask.INVESTIGATE, "initech",
        (Step(say.Acknowledge("dora")), Step(say.Block("dora", "the customer's log files"))),
    ),
    Resident("INC0017182", "any-to-leadership", Severity.SEV2, Ask.APPROVE_EXCEPTION, "acme"),
    Resident(
        "INC0006791", "any-to-security", Severity.SEV3, Ask.FIX, "globex",
        (Step(say.Acknowledge("jonas")), Step(say.Resolve("jonas"), "The switch was replaced.")),
    ),
)  # fmt: skip


async def settled_in(client: EscalationClient) -> list[View]:
    """All of them, as they stand now; opened where that has not happened yet. Raises `NotDone`."""
    await asyncio.gather(*(_open(client, resident) for resident in RESIDENTS))
    return list(await asyncio.gather(*(client.view(resident.number) for resident in RESIDENTS)))


async def _open(client: EscalationClient, resident: Resident) -> None:
    try:
        await client.start(resident.request(datetime.now(UTC)))
        for key, step in _keyed(resident):
            await client.send(resident.number, step.command, key, words=step.words)
    except (Refused, Ended):
        return  # somebody has steered it elsewhere in the meantime: it is theirs


def _keyed(resident: Resident) -> Iterator[tuple[str, Step]]:
    return ((f"up {resident.number} {place}", step) for place, step in enumerate(resident.steps, start=1))
