"""A storm: very many breaches at once, told to a few people, through the real acts, ledger and stand-ins.

Every notice goes through the act that tells, with the ledger and the vendors' own packages; the stand-ins' journal says
what each person got. The workflows of the bundles are played over virtual instants. What is asked: nobody gets more
than the limit, everybody's every escalation is named to them within five minutes, and the gravest stand first.
"""

import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from escalation.adapters.ledger import State
from escalation.adapters.sending import Provider
from escalation.adapters.settings import read_settings
from escalation.adapters.throttles import DEFAULT, read_throttles
from escalation.adapters.twilio import Twilio
from escalation.core.effects import Notify
from escalation.core.vocabulary import Channel, Severity
from escalation.standins.journal import Accepted
from escalation.standins.server import Standins
from tests.edge.storms.desk import Desk, told

BREACHES, PEOPLE = 1_000, 20
SOON = timedelta(minutes=5)
FIRST_CODE = 10
CODES = re.compile(r"\bESC-(\d+)\b|\b(\d{2,6})\b")


@dataclass
class Storm:
    """What there was to tell, to whom, and what became of it."""

    effects: Mapping[str, list[Notify]]
    texts: Mapping[str, list[str]] = field(default_factory=dict)
    late: int = 0  # messages that were still to come after `SOON`
    unsent: int = 0  # notices whose row does not say that they were sent
    seconds: float = 0.0

    def named(self, person: str) -> set[int]:
        """The short codes that this person read."""
        return {code for body in self.texts[person] for code in codes_in(body)}

    def most(self) -> int:
        """The most messages that anybody got."""
        return max(len(texts) for texts in self.texts.values())


def codes_in(body: str) -> list[int]:
    """The codes that a text names, in its order; a text about one names it by its reference."""
    lists = re.search(r"escalations [^.]*\. (.*?)\.", body)
    if lists is None:
        return [int(code) for code in re.findall(r"ESC-(\d+):", body)]
    return [int(word) for word in re.findall(r"(?<!P)\b\d+\b", lists[1])]


def phone_of(person: int) -> str:
    """A number that no carrier allots."""
    return f"+1202555{person:04d}"


def breaches(count: int, people: int) -> Iterator[Notify]:
    """One notice each, person after person; one in ten is a SEV1, and twenty customers take turns."""
    grades = (Severity.SEV1, *(Severity.SEV2,) * 3, *(Severity.SEV3,) * 6)
    for number in range(count):
        yield told(
            FIRST_CODE + number,
            severity=grades[(number // people) % len(grades)],
            contact=f"person-{number % people}",
            customer=f"customer-{number // people % 20}",
        )


def storm(folder: Path, count: int, people: int, limits: str = DEFAULT) -> Storm:
    """Let it pass over them."""
    at, began = datetime.now(UTC), monotonic()
    effects: dict[str, list[Notify]] = defaultdict(list)
    book = {(f"person-{person}", Channel.SMS): phone_of(person) for person in range(people)}
    with Standins() as standins:
        phone: Provider = Twilio(read_settings(standins_url=standins.base_url).vendors().phone)
        desk = Desk(folder, phone, limits, addresses=book)
        for effect in breaches(count, people):
            desk.say(effect, at)
            effects[effect.contact].append(effect)
        found = Storm(effects)
        for person in effects:
            desk.play(at, contact=person, until=at + SOON)
            found.late += len(desk.bundles.waiting(person, Channel.SMS))
        found.unsent = sum(row.state is not State.SENT for row in desk.ledger.rows())
        texts: dict[str, list[str]] = {person: [] for person in effects}
        for accepted in standins.outbox():
            assert isinstance(accepted, Accepted)
            texts[f"person-{int(accepted.to[-4:])}"].append(accepted.body or "")
        desk.store.dispose()
    found.texts, found.seconds = texts, monotonic() - began
    return found


def main() -> None:
    """The storm of the promise; exit 1 when it is not kept."""
    limit = read_throttles(DEFAULT).of(Channel.SMS)
    assert limit is not None
    with tempfile.TemporaryDirectory() as folder:
        found = storm(Path(folder), BREACHES, PEOPLE)
    unnamed = sum(
        len({effect.brief.code for effect in effects} - found.named(person))
        for person, effects in found.effects.items()
    )
    sys.stdout.write(
        f"{BREACHES} breaches, {PEOPLE} people, {limit} texts each: at most {found.most()} texts to one person within"
        f" {SOON.total_seconds() / 60:g} min, {unnamed} not named, {found.unsent} not sent; {found.seconds:.0f} s\n"
    )
    sys.exit(bool(unnamed or found.unsent or found.late or found.most() > limit.most))


if __name__ == "__main__":
    main()
