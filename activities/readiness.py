"""Looking who is there, and writing to whoever must see to it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import escape

from temporalio import activity
from temporalio.exceptions import ApplicationError

from escalation.adapters.directory import Directory
from escalation.adapters.methods import Methods
from escalation.adapters.policies import PolicyShelf
from escalation.adapters.sending import Accepted, Answered, Broken, Letter, Outgoing, Provider
from escalation.core.vocabulary import Channel, Severity
from escalation.reports.agreed import Agreed
from escalation.reports.readiness import Finding, of_on_call, of_people
from escalation.reports.remarks import Level
from escalation.wire.readiness import ReadinessOrder, ReadinessTold
from escalation.wire.yaml_reader import FaultyFileError

LINES_MAX = 200
"""Of one letter; the rest is counted."""


class Readiness:
    """Looks at the directory and at every agreement in force."""

    def __init__(
        self, directory: Directory, shelf: PolicyShelf, methods: Methods, mail: Provider, *, must_verify: bool
    ) -> None:
        self._directory = directory
        self._shelf = shelf
        self._methods = methods
        self._mail = mail
        self._must_verify = must_verify

    @activity.defn(name="tell_readiness")
    def tell_readiness(self, order: ReadinessOrder) -> ReadinessTold:
        """As the port promises. Mail alone: nobody is woken for what is due in weeks."""
        at = order.at or datetime.now(UTC)
        found = self._findings(at, order.days)
        errors = sum(each.level is Level.ERROR for each in found)
        warnings = sum(each.level is Level.WARNING for each in found)
        letter = letter_of(found, order.days)
        behind = self._directory.find(order.to, at)
        told = [
            person
            for person in (behind.contact, behind.backup)
            if person is not None and self._wrote(person, letter, at)
        ]
        return ReadinessTold(errors, warnings, tuple(told))

    def _findings(self, at: datetime, days: int) -> tuple[Finding, ...]:
        known, sealed = self._methods.all(), self._methods.sealed

        def verified(contact: str, channel: Channel, address: str) -> bool:
            return (channel, sealed(address)) in known.get(contact, ())

        people = of_people(self._directory, at, verified, must_verify=self._must_verify)
        return people + of_on_call(self._directory, self._agreements(at), at, at + timedelta(days=days))

    def _agreements(self, at: datetime) -> list[Agreed]:
        found: list[Agreed] = []
        for name in self._shelf.names():
            try:
                document, policy = self._shelf.read(name, at)
            except FaultyFileError:
                continue  # nothing can be opened under it, and `escalate policy lint` says why
            found.append(Agreed(policy, document))
        return found

    def _wrote(self, person: str, letter: Letter, at: datetime) -> bool:
        address = self._directory.address(person, Channel.EMAIL, at)
        if address is None:
            return False
        outgoing = Outgoing(
            dispatch=f"readiness-{at:%Y%m%dT%H%M}-{person}",
            reference="READINESS",
            severity=Severity.SEV4,
            channel=Channel.EMAIL,
            to=address,
            name=self._directory.name(person, at),
            content=letter,
            at=at,
            lasts=timedelta(days=1),
            calls_back=False,  # no workflow waits for its receipt
        )
        match self._mail.send(outgoing):
            case Accepted():
                return True
            case Answered(vendor, status, code):
                raise ApplicationError(f"{vendor} refused the letter: status {status}, code {code or 'none'}")
            case Broken() as broken:
                if not broken.posted:
                    raise ApplicationError(f"the letter was not sent: {broken.why}")
        return True  # it may have been taken: once more would be twice


def letter_of(found: Sequence[Finding], days: int) -> Letter:
    """The findings as a letter, worst first."""
    ordered = sorted(found, key=lambda each: list(Level).index(each.level))
    errors = sum(each.level is Level.ERROR for each in found)
    subject = f"On-call readiness: {errors} errors, {len(found) - errors} other findings in the next {days} days"
    lines = [str(each) for each in ordered[:LINES_MAX]] or ["Everybody is there, and nobody alone."]
    if len(ordered) > LINES_MAX:
        lines.append(f"and {len(ordered) - LINES_MAX} more: see `escalate directory check` and `escalate oncall check`")
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    html = f'<!doctype html><html lang="en"><body><h1>{escape(subject)}</h1><ul>{items}</ul></body></html>'
    return Letter(subject, "\n".join(lines) + "\n", html)
