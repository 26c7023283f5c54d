"""Every command of a person, spelled out. What comes of it, and what it may raise, `EscalationClient` says."""

from abc import ABC, abstractmethod
from datetime import datetime

from escalation.core import commands as say
from escalation.core.money import Money
from escalation.core.vocabulary import ApprovalKind, Ask, Audience, DeEscalationReason, Severity
from escalation.wire import requests
from escalation.wire.messages import Answer


class Verbs(ABC):
    """One method for each command; all of them go through `send`."""

    @abstractmethod
    async def send(
        self, ref: str, command: say.Instructable, key: str | None = None, *, words: str | None = None
    ) -> Answer:
        """Any command of a person; `words` are kept apart from the log."""

    async def acknowledge(
        self, ref: str, *, by: str, via: str = "cli", occurred_at: datetime | None = None, key: str | None = None
    ) -> Answer:
        """Take it: `by` becomes the owner. `occurred_at` counts only with a proof, within the policy's bound."""
        return await self.send(ref, say.Acknowledge(by, via, occurred_at), key)

    async def decline(self, ref: str, *, by: str, reason: str, key: str | None = None) -> Answer:
        """Not me: the next step is told at once."""
        return await self.send(ref, say.Decline(by, reason), key)

    async def post_update(self, ref: str, *, by: str, audience: Audience, text: str, key: str | None = None) -> Answer:
        """Progress, for the inside or for the customer (who is written to). At most 64 KiB."""
        return await self.send(ref, say.PostUpdate(by, audience), key, words=text)

    async def confirm_severity(
        self, ref: str, *, by: str, severity: Severity, evidence: str, key: str | None = None
    ) -> Answer:
        """The receiving team's verdict, with evidence."""
        return await self.send(ref, say.ConfirmSeverity(by, severity, evidence), key)

    async def change_severity(
        self, ref: str, *, by: str, severity: Severity, reason: str, key: str | None = None
    ) -> Answer:
        """Another severity; clocks take the new targets."""
        return await self.send(ref, say.ChangeSeverity(by, severity, reason), key)

    async def reassign(self, ref: str, *, by: str, to: str, reason: str, key: str | None = None) -> Answer:
        """Ask a named person of the same route."""
        return await self.send(ref, say.Reassign(by, to, reason), key)

    async def hand_off(self, ref: str, *, by: str, route: str, ask: Ask, reason: str, key: str | None = None) -> Answer:
        """Sideways, to another route's receiver."""
        return await self.send(ref, say.HandOff(by, route, ask, reason), key)

    async def raise_(
        self, ref: str, *, by: str, reason: str, key: str | None = None, page: str | None = None
    ) -> Answer:
        """Upwards, to the next step of the chain; in answer to that `page` (a dispatch), only from its step."""
        return await self.send(ref, say.Raise(by, reason, page), key)

    async def block(self, ref: str, *, by: str, waiting_for: str, key: str | None = None) -> Answer:
        """Wait for the customer or a third party: clocks stand still."""
        return await self.send(ref, say.Block(by, waiting_for), key)

    async def unblock(self, ref: str, *, by: str, reason: str, key: str | None = None) -> Answer:
        """What was waited for is there."""
        return await self.send(ref, say.Unblock(by, reason), key)

    async def snooze(self, ref: str, *, by: str, until: datetime, reason: str, key: str | None = None) -> Answer:
        """Leave the owner alone until then, as long as the agreement allows; the customers' clocks go on."""
        return await self.send(ref, say.Snooze(by, requests.instant("until", until), reason), key)

    async def unsnooze(self, ref: str, *, by: str, reason: str = "", key: str | None = None) -> Answer:
        """Tell people again, now: the end of a snooze, or of a maintenance's silence."""
        return await self.send(ref, say.Unsnooze(by, reason), key)

    async def resolve(self, ref: str, *, by: str, text: str | None = None, key: str | None = None) -> Answer:
        """A fix is declared; `text` goes to the customer, who is asked to confirm."""
        return await self.send(ref, say.Resolve(by), key, words=text)

    async def confirm(self, ref: str, *, by: str, key: str | None = None) -> Answer:
        """The customer agrees: close."""
        return await self.send(ref, say.Confirm(by), key)

    async def reopen(self, ref: str, *, by: str, reason: str, key: str | None = None) -> Answer:
        """Not fixed after all, within the reopen window."""
        return await self.send(ref, say.Reopen(by, reason), key)

    async def de_escalate(
        self,
        ref: str,
        *,
        by: str,
        reason: DeEscalationReason,
        to: str,
        level: str,
        findings: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Return the ticket to a named person at a named lower level."""
        return await self.send(ref, say.DeEscalate(by, reason, to, level), key, words=findings)

    async def cancel(self, ref: str, *, by: str, reason: str, key: str | None = None) -> Answer:
        """It should not have been opened."""
        return await self.send(ref, say.Cancel(by, reason), key)

    async def note(self, ref: str, *, by: str, text: str, key: str | None = None) -> Answer:
        """Words for the record; no clock moves."""
        return await self.send(ref, say.AddNote(by), key, words=text)

    async def request_approval(
        self,
        ref: str,
        *,
        by: str,
        matter: ApprovalKind,
        reason: str,
        amount: Money | str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Ask for money ("250.00 EUR") or for an exception; what else needs a yes asks for it when it is done."""
        wanted = None if amount is None else requests.amount("amount", amount)
        return await self.send(ref, say.RequestApproval(by, matter, reason, wanted), key)

    async def extend_deadline(
        self, ref: str, *, by: str, deadline: datetime, reason: str, key: str | None = None
    ) -> Answer:
        """Another hard deadline; a later one may wait for a yes."""
        return await self.send(ref, say.ExtendDeadline(by, deadline, reason), key)

    async def approve(
        self,
        ref: str,
        *,
        by: str,
        reason: str,
        approval: int | None = None,
        break_glass: bool = False,
        key: str | None = None,
    ) -> Answer:
        """Say yes: to the only one that is open, or to the one of that number.

        `break_glass` does it at once, for those whom the agreement allows that; it is told loudly, and reviewed.
        """
        return await self.send(ref, say.Approve(by, reason, approval=approval, break_glass=break_glass), key)

    async def reject(
        self, ref: str, *, by: str, reason: str, approval: int | None = None, key: str | None = None
    ) -> Answer:
        """Say no; whoever asked takes it back."""
        return await self.send(ref, say.Reject(by, reason, approval=approval), key)
