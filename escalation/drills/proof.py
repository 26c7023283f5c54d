"""Proving that an engine's log of a play holds what the core alone would have written, entry for entry.

An engine takes real milliseconds, and its answers come in the order in which they happen to come; it knows provider
ids, whose turn it was in a list, a short code and the commitments of words, which nobody else can make up, and how far
a message had got when its provider was asked: the vendors' time is the wall's, and virtual time does not wait. These
are taken from its log, with instants and order. Everything else is worked out again by the core alone: which command
comes (a person's words by the script, the passing of time only when something is due, an answer only to what was
asked), what it says, and the whole entry, which must be the same to the byte, digest and all. What is in the log and
would not have happened, or would have happened and is not in the log, is a fault.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from escalation.core.audit import Kept
from escalation.core.beside import ReportTold
from escalation.core.commands import AdoptPolicy, Command, Elapse, Instructable, Open
from escalation.core.effects import Text
from escalation.core.facts import (
    Found,
    ReportContacts,
    ReportDelivery,
    ReportLinked,
    ReportReconciliation,
    ReportRoom,
    ReportTicket,
)
from escalation.core.intake import Named, place
from escalation.core.state import next_due
from escalation.drills.pure import Play, Stage
from escalation.drills.script import Script, Standing, Turn, turn

LATE_MAX = timedelta(seconds=30)
"""How much later than planned an engine may serve a row or a due edge: real time that it needed."""
_NOTHING = timedelta(0)
_NUMBER = re.compile(r"(?<=^turn )\d+")


class Differs(RuntimeError):
    """The log is not what the core alone would have written. One line with the entry's number."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A log that holds: how many entries are the same, and by how much the engine was late at most."""

    entries: int
    late: timedelta


def prove(script: Script, stage: Stage, log: Sequence[Kept]) -> Proof:
    """Play the script at the log's own instants. Raises `Differs`."""
    witness = _Witness(script, stage)
    for kept in log:
        witness.hear(kept)
    witness.end()
    return Proof(len(log), witness.late)


class _Witness:
    """Expects each entry before it looks at it."""

    def __init__(self, script: Script, stage: Stage) -> None:
        self.late = _NOTHING
        self._play = Play(script, stage)
        self._ahead = list(reversed(script.moments))  # the next one last
        self._seen: Standing | None = None  # how it stood when the next row's time had come
        self._turn: Turn | None = None  # what was said last at that row

    def hear(self, kept: Kept) -> None:
        """Expect, compare, decide again, compare."""
        entry, play = kept.entry, self._play
        command = self._expected(entry.command, entry.at, entry.sequence)
        if command != entry.command:
            raise Differs(f"entry {entry.sequence}: the core alone expects {command}, not {entry.command}")
        decision = play.take(command, entry.at)
        if (decision.sealed.body, decision.sealed.digest) != (kept.body, kept.digest):
            raise Differs(f"entry {entry.sequence}: decided by the core alone, it is another one")
        if isinstance(command, Instructable):
            self._seen = play.standing()

    def end(self) -> None:
        """Nothing may be owed."""
        self._pass_by()
        if self._ahead and not self._play.state.ended:
            raise Differs(f"after the last entry, what happens at {self._ahead[-1].at} is missing")
        if self._play.facts:
            raise Differs(f"after the last entry, an answer is missing: {self._play.facts[0]}")

    def _expected(self, heard: Command, at: datetime, number: int) -> Command:
        play = self._play
        if isinstance(heard, Open):
            self._on_time(play.script.opening.at, at, number)
            return _opening(play, heard)
        due = next_due(play.state)
        if due is not None and at - due > LATE_MAX:
            raise Differs(f"entry {number}: what was due at {due} has not been served at {at}")
        self._look(at, due)
        match heard:
            case Elapse():
                self._on_time(due, at, number)
                return heard
            case ReportContacts() | ReportDelivery() | ReportReconciliation():
                return self._answered(heard, number)
            case ReportTicket() | ReportTold() | ReportRoom():
                return self._answered(heard, number)
            case ReportLinked():
                raise Differs(f"entry {number}: a linked escalation is in no script")
            case AdoptPolicy():
                raise Differs(f"entry {number}: another agreement is in no script")
            case _:
                return self._spoken(heard, at, number)

    def _look(self, at: datetime, due: datetime | None) -> None:
        """Remember how it stood when a row's time came: that is what was seen before anybody spoke."""
        while self._ahead:
            moment = self._ahead[-1]
            if at < moment.at or (due is not None and due <= moment.at):
                return
            if self._seen is None:
                self._seen = self._play.standing()
            if self._next() is not None:
                return
            self._on()

    def _pass_by(self) -> None:
        while self._ahead and not self._play.state.ended:
            self._seen = self._seen or self._play.standing()
            if self._next() is not None:
                return
            self._on()

    def _next(self) -> Turn | None:
        if not self._ahead or self._seen is None:
            return None
        return turn(self._ahead[-1], self._seen, self._turn.wish if self._turn is not None else -1)

    def _on(self) -> None:
        self._ahead.pop()
        self._seen = self._turn = None

    def _spoken(self, heard: Instructable, at: datetime, number: int) -> Command:
        said = self._next()
        if said is None:
            raise Differs(f"entry {number}: nobody speaks here, but there is {heard}")
        self._on_time(self._ahead[-1].at, at, number)
        self._turn = said
        command = self._play.spoken(said)
        kept, made = getattr(heard, "text", None), getattr(command, "text", None)
        if isinstance(kept, Text) and isinstance(made, Text):
            given = {"text": replace(made, commitment=kept.commitment)}
            return replace(command, **given)  # type: ignore[arg-type]  # those that have it
        return command

    def _answered(self, heard: Command, number: int) -> Command:
        facts = self._play.facts
        fact = next((fact for fact in facts if getattr(fact, "number", 0) == getattr(heard, "number", None)), None)
        if fact is None:
            raise Differs(f"entry {number}: nothing was asked that {heard} answers")
        facts.remove(fact)
        if isinstance(fact, ReportDelivery) and isinstance(heard, ReportDelivery):
            if heard.how == fact.how == "poll":
                fact = replace(fact, outcome=heard.outcome, failure=heard.failure, code=heard.code)
            return replace(fact, provider_id=heard.provider_id)
        if isinstance(fact, ReportContacts) and isinstance(heard, ReportContacts):
            return _turned(fact, heard, self._play.there.get(fact.number, ()))
        if isinstance(fact, ReportReconciliation) and isinstance(heard, ReportReconciliation):
            return replace(fact, provider_id=heard.provider_id)
        if isinstance(fact, ReportRoom) and isinstance(heard, ReportRoom) and fact.shown and heard.shown:
            return replace(fact, room=heard.room)  # the chat has a say in its name
        return fact

    def _on_time(self, planned: datetime | None, at: datetime, number: int) -> None:
        if planned is None or not _NOTHING <= at - planned <= LATE_MAX:
            raise Differs(f"entry {number} comes at {at}, but was planned for {planned}")
        self.late = max(self.late, at - planned)


def _turned(fact: ReportContacts, heard: ReportContacts, there: tuple[Found, ...]) -> ReportContacts:
    """With the turns that the store gave out: they depend on all other escalations. Only who was there gets one."""
    channels = {each.contact: each.channels for each in there}

    def is_turn(one: Found, said: Found) -> bool:
        ours, theirs = (_NUMBER.sub("", each.why) for each in (one, said))
        first = said.contact is not None and channels.get(said.contact) == said.channels
        second = said.backup != said.contact and channels.get(said.backup, ()) == said.backup_channels
        return one.name == said.name and ours == theirs and first and second

    if not there or len(fact.found) != len(heard.found):
        return fact
    pairs = zip(fact.found, heard.found, strict=True)
    return replace(fact, found=tuple(said if is_turn(one, said) else one for one, said in pairs))


def _opening(play: Play, heard: Open) -> Open:
    """With what only the stores know: the short code, the commitments; and the agreement as it was frozen then.

    What triage said is taken as heard, for accounts are known there; what follows from it is placed again.
    """
    expected = play.opening()
    named = Named(expected.route, expected.severity, "", expected.segment, expected.customer_contact)
    placed = place(expected.policy, named, heard.triage)
    return replace(
        expected,
        code=heard.code,
        title=replace(expected.title, commitment=heard.title.commitment),
        description=replace(expected.description, commitment=heard.description.commitment),
        policy=heard.policy if heard.policy.digest == expected.policy.digest else expected.policy,
        segment=placed.segment,
        customer_contact=placed.customer_contact,
        triage=replace(heard.triage, taken=placed.taken) if heard.triage is not None else None,
        maintenance=play.maintenance(placed.segment),
    )
