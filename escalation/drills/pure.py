"""Playing a script on the core alone: no engine, no waiting, the same rules.

People speak at their instants, every due edge fires at its own, and the world answers at once: whoever the directory
knows is found, what has an address is accepted, the ticket takes every note. `Play` only knows what comes next, whoever
says at which instant: so one class serves the rehearsal, which lets time jump, and the proof of a log (`proof.py`).
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

from escalation.adapters.asking import Asking, People, Turns, Wishes, hushed_at
from escalation.core import whom
from escalation.core.beside import ReportTold
from escalation.core.commands import Command, Elapse, Instructable, Open
from escalation.core.decide import FACT_RULES, Decision, decide
from escalation.core.draft import Draft
from escalation.core.effects import (
    Effect,
    FindContacts,
    LookUpReceipt,
    Notify,
    Reconcile,
    ShowRoom,
    TellLinked,
    Text,
    WriteTicket,
    text_id,
)
from escalation.core.entry import Sealed, seal
from escalation.core.facts import (
    Fact,
    Found,
    ReportContacts,
    ReportDelivery,
    ReportReconciliation,
    ReportRoom,
    ReportTicket,
)
from escalation.core.lull import MaintenanceWindow, about
from escalation.core.policy import Policy
from escalation.core.state import Escalation, next_due
from escalation.core.telling import entry_of
from escalation.core.values import dataclass, replace
from escalation.core.vocabulary import Channel, Failure, Outcome, Reconciled, Severity
from escalation.drills.rounds import Rounds
from escalation.drills.script import ASK, Moment, Script, Standing, Turn, turn

PAUSE_BEFORE_CUT = timedelta(minutes=1)
"""A play is called off that long after its last fire: by then an engine has settled what that asked for."""
EPISODE = "rehearsal"
NO_COMMITMENT = "0" * 64
# Effects are numbered from 1 in every play, so most of what the world answers has been answered before.
ANSWERS_KEPT_MAX = 256


class Company(People, Protocol):
    """The people there are: `escalation.adapters.directory.Directory`, or one that remembers its answers."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a script is played on. `episode` names the episode of a reference, `turns` count those of lists."""

    policy: Policy
    company: Company
    episode: Callable[[str], str] = lambda _: EPISODE
    turns: Callable[[], Turns] = Rounds
    maintenance: tuple[MaintenanceWindow, ...] = ()  # of the deployment, as its file has them


@dataclass(frozen=True, slots=True)
class Played:
    """A play, told. `script` is what was played of it: shorter when the escalation ended, or was cut, before."""

    script: Script
    log: tuple[Sealed, ...]
    state: Escalation
    fires: int
    cut: bool


class Play:
    """One script on its way. `log` has every entry so far.

    With `sealed=False` they have no bytes and say nothing of changes and clocks, and all answers of one instant share
    an entry.
    """

    def __init__(self, script: Script, stage: Stage, *, sealed: bool = True) -> None:
        self.script = script
        self.log: list[Sealed] = []
        self.facts: deque[Fact] = deque()  # what the world has answered and nobody has taken
        self.now: Escalation | None = None
        self.there: dict[int, tuple[Found, ...]] = {}  # by an asking's number: all of the lists that were asked in turn
        self._stage = stage
        self._sealed = sealed
        self._episode = stage.episode(script.reference)
        self._asking = Asking(stage.company, Wishes(turns=stage.turns()))

    @property
    def state(self) -> Escalation:
        """How it stands. Only for what is open."""
        if self.now is None:
            raise RuntimeError(f"{self.script.reference!r} was never opened: {self.log[-1:]}")
        return self.now

    def take(self, command: Command, at: datetime) -> Decision:
        """Decide, and gather what the world answers to it."""
        decision = decide(self.now, command, at, sealed=self._sealed, noted=self._sealed)
        self.log.append(decision.sealed)
        self.now = decision.state
        if decision.state is not None:
            severity = decision.state.grade.level
            self.facts.extend([self.answered(effect, at, severity) for effect in decision.effects])
        return decision

    def settle(self, at: datetime) -> None:
        """Let the world answer everything, at that instant."""
        if self.facts and not self._sealed:
            self._settle_in_one(at)
        while self.facts:
            self.take(self.facts.popleft(), at)

    def _settle_in_one(self, at: datetime) -> None:
        """All answers by the same rules, but as one entry: where no log is wanted, most of its price is saved."""
        before, fact = self.state, self.facts[0]
        draft = Draft(before, at)
        while self.facts:
            fact, asked = self.facts.popleft(), len(draft.effects)
            FACT_RULES[fact.kind](draft, fact)
            if not self.facts:
                draft.flush()
            self.facts.extend(self.answered(effect, at, draft.grade.level) for effect in draft.effects[asked:])
        sealed = seal(entry_of(draft, before, fact, noted=False), sealed=False)
        self.log.append(sealed)
        self.now = draft.finish(sealed)

    def answered(self, effect: Effect, at: datetime, severity: Severity) -> Fact:
        """As at work: whoever is asked is found by the same rule. Turns are counted from this play's beginning."""
        if isinstance(effect, FindContacts):
            found = self._asking.behind(effect, at, severity, f"{self.script.reference} {self._episode}")
            parted = [whom.parted(name) for name in effect.names]
            if lists := tuple(f"{whom.EVERYONE}:{rest}" for form, rest in parted if form == whom.ROUND_ROBIN):
                self.there[effect.number] = self._asking.behind(replace(effect, names=lists), at, severity)
            return ReportContacts(effect.number, found)
        return answer(effect, self._stage.company, at)

    def opening(self) -> Open:
        """How it is opened. No store gives it a short code."""
        opening, reference = self.script.opening, self.script.reference
        return Open(
            reference=reference,
            episode=self._episode,
            ticket=reference,
            by=opening.by,
            by_machine=False,
            route=opening.route,
            severity=opening.severity,
            ask=ASK,
            title=self._text("title"),
            description=self._text("description"),
            customer=opening.customer,
            deadline=opening.deadline,
            policy=self._stage.policy,
            maintenance=self.maintenance(""),
        )

    def maintenance(self, segment: str) -> tuple[MaintenanceWindow, ...]:
        """The windows in which it is opened, as of a customer of that segment."""
        opening = self.script.opening
        windows = tuple(each for each in self._stage.maintenance if each.since <= opening.at < each.until)
        return about(windows, opening.route, opening.customer, segment)

    def turn(self, moment: Moment, after: int = -1) -> Turn | None:
        """Who speaks next at that moment, by how it stands now."""
        return turn(moment, self.standing(), after)

    def standing(self) -> Standing:
        """What somebody sees of it now."""
        return Standing(self.state.phase, self.state.grade.level)

    def spoken(self, said: Turn) -> Instructable:
        """The command as it reaches the rules: its words are elsewhere."""
        act = said.act
        given: dict[str, Any] = {} if act.words is None else {"text": self._text(f"said {said.key}")}
        return replace(act.command, **given)

    def _text(self, key: str) -> Text:
        return Text(text_id(self.script.reference, self._episode, key), NO_COMMITMENT)


def answer(
    effect: Notify | Reconcile | LookUpReceipt | TellLinked | ShowRoom | WriteTicket, company: Company, at: datetime
) -> Fact:
    """What a world without faults answers to an effect."""
    match effect:
        case Notify():
            if (quiet := hushed_at(company, effect, at)) is not None:
                return quiet
            if company.address(effect.contact, effect.channel, at) is not None:
                return _accepted(effect.number)
            missing = f"no_{effect.channel}"
            return ReportDelivery(effect.number, Outcome.FAILED, failure=Failure.NO_ADDRESS, code=missing)
        case Reconcile():
            return ReportReconciliation(effect.number, Reconciled.ADOPTED)
        case LookUpReceipt():
            return ReportDelivery(effect.of, Outcome.DELIVERED, how="poll")
        case TellLinked():
            return ReportTold(effect.number, told=True)
        case ShowRoom():
            return _room(effect, company, at)
        case WriteTicket():
            return _written(effect.number)


def _room(effect: ShowRoom, company: Company, at: datetime) -> ReportRoom:
    """A room that nobody could be in is not opened."""
    if any(company.address(person, Channel.CHAT, at) is not None for person in effect.people):
        return ReportRoom(effect.number, shown=True)
    return ReportRoom(effect.number, shown=False, error="nobody_has_chat")


@lru_cache(maxsize=ANSWERS_KEPT_MAX)
def _accepted(number: int) -> ReportDelivery:
    return ReportDelivery(number, Outcome.ACCEPTED)


@lru_cache(maxsize=ANSWERS_KEPT_MAX)
def _written(number: int) -> ReportTicket:
    return ReportTicket(number, written=True)


def rehearse(script: Script, stage: Stage, *, fires_max: int, sealed: bool = True) -> Played:
    """The whole script. After `fires_max` decisions by the clock it is called off, and what is left is not played."""
    play = Play(script, stage, sealed=sealed)
    play.take(play.opening(), script.opening.at)
    play.settle(script.opening.at)
    fires = 0
    for count, moment in enumerate((*script.moments, None)):
        while (due := _due(play, moment)) is not None and fires < fires_max:
            play.take(Elapse(), due)
            play.settle(due)
            fires += 1
        if due is not None:
            cut = _cut(play, script.upto(count), moment)
            _say(play, cut.moments[-1])
            return Played(cut, tuple(play.log), play.state, fires, cut=True)
        if moment is None or play.state.ended:
            return Played(script.upto(count), tuple(play.log), play.state, fires, cut=False)
        _say(play, moment)
    raise AssertionError  # the last moment is None


def _due(play: Play, moment: Moment | None) -> datetime | None:
    """When something happens by itself before that moment; None if nothing does."""
    due = next_due(play.state)
    return due if due is not None and (moment is None or due <= moment.at) else None


def _say(play: Play, moment: Moment) -> None:
    said = play.turn(moment)
    while said is not None:
        play.take(play.spoken(said), moment.at)
        play.settle(moment.at)
        said = play.turn(moment, said.wish)


def _cut(play: Play, script: Script, moment: Moment | None) -> Script:
    """Called off soon after the last fire, and before anything else happens."""
    last = play.log[-1].entry.at
    others = (next_due(play.state), moment.at if moment is not None else None)
    left = [at - last for at in others if at is not None]
    return script.cut(last + min([PAUSE_BEFORE_CUT, *(gap / 2 for gap in left)]))
