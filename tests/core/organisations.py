"""Made-up organisations, and a second opinion on who may say yes to what: an oracle that knows nothing of the core.

It thinks in people, where the core thinks in names: who is behind a name is settled before anything is judged. An
organisation has people with aliases, roles, limits, and authority lent for a time, in both directions and in chains
(what was lent is not lent on). Seeds make them: the same seed, the same organisations and the same moves.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

START = datetime(2025, 3, 10, 9, tzinfo=UTC)
DEADLINE = START + timedelta(days=30)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
INSTANT = timedelta(microseconds=1)
OFFICES = ("lead", "manager", "director", "finance", "board")
GLASS = ("duty", "board")
CURRENCIES = ("EUR", "USD")
MATTERS = ("spend", "policy_exception", "deadline_extension")
MOVES_MAX = 24
OVER_ENOUGH = 0.4  # how likely it is that nobody says anything more once it is over


@dataclass(frozen=True)
class Person:
    """`names[0]` is who they are, the rest what else they are called."""

    names: tuple[str, ...]
    offices: frozenset[str]


@dataclass(frozen=True)
class Loan:
    """Authority of one person in the hands of another, from an instant until before another."""

    lender: int
    borrower: int
    offices: frozenset[str]
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Rule:
    """How one kind of thing is agreed to. `caps` are by office and currency."""

    chain: tuple[str, ...]
    lasts: timedelta
    needed: int
    glass: frozenset[str]
    silence_opens: bool = False
    caps: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Organisation:
    """Everything that is fixed. `gate` is the rule for the opening, where there is one."""

    people: tuple[Person, ...]
    loans: tuple[Loan, ...]
    rules: dict[str, Rule]
    gate: Rule | None
    opener: int

    def powers(self, who: int, now: datetime) -> list[tuple[int, frozenset[str]]]:
        """Whose offices somebody may use now: their own first."""
        lent = [
            (loan.lender, loan.offices & self.people[loan.lender].offices)
            for loan in self.loans
            if loan.borrower == who and loan.since <= now < loan.until
        ]
        return [(who, self.people[who].offices), *lent]


@dataclass(frozen=True)
class Move:
    """Somebody asks for a matter, or says yes or no to one; `name` is what they call themselves."""

    at: datetime
    who: int
    name: str
    matter: str = ""  # asked for; "" when something is decided
    amount: tuple[int, str] | None = None
    until: datetime = DEADLINE
    yes: bool = True
    number: int | None = None
    smash: bool = False
    reason: str = "because"
    known: bool = True
    proven: bool = True


@dataclass
class Matter:
    """One thing that waits, as the oracle sees it."""

    what: str
    wanted_by: int
    rule: Rule
    amount: tuple[int, str] | None
    until: datetime
    able: list[str]
    called: list[str] = field(default_factory=list)
    ends: datetime | None = None
    asking: int = 0
    said: list[tuple[int, int]] = field(default_factory=list)  # who, on whose authority
    outcome: str = ""
    by: tuple[int, ...] = ()
    at: datetime | None = None
    smashed_by: int | None = None
    judged: bool | None = None
    before: int = 0  # of the same currency, given or wanted when this was asked for

    @property
    def open(self) -> bool:
        return not self.outcome or (self.smashed_by is not None and self.judged is None)


class Oracle:
    """The second opinion. `move` answers with the refusal's word, "" when there is none."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.matters: list[Matter] = []
        self.over = False
        self.deadline = DEADLINE
        self.now = START
        self.askings = 0
        if organisation.gate is not None:
            self._call_first(Matter("opening", organisation.opener, organisation.gate, None, DEADLINE, []), START)

    def dues(self) -> list[datetime]:
        """When somebody's silence will mean something."""
        return [ended for ended, _, _ in self._running()]

    def _running(self) -> list[tuple[datetime, int, Matter]]:
        """When each asking ends, and as the how many-eth of all it began."""
        return [(matter.ends, matter.asking, matter) for matter in self.matters if matter.ends is not None]

    def move(self, move: Move) -> str:
        """Time first, then the move."""
        self.now = move.at
        for ended, _, matter in sorted(self._running(), key=lambda each: each[:2]):
            if ended <= move.at and matter.ends == ended:
                self._silent(matter, ended)
        if self.over:
            return "ended"
        return self._wish(move) if move.matter else self._word(move)

    def _wish(self, move: Move) -> str:
        rule = self.organisation.rules.get(move.matter)
        if not move.reason.strip():
            return "reason_missing"
        if move.matter == "deadline_extension":
            return self._later(move, rule)
        if rule is None:
            return "no_approval_terms"
        matter = Matter(move.matter, move.who, rule, move.amount, DEADLINE, [])
        for other in self.matters:
            if other.amount and move.amount and other.amount[1] == move.amount[1] and other.outcome in {"", "approved"}:
                matter.before += other.amount[0]
        if not self._able(matter):
            return "above_every_limit"
        self._call_first(matter, move.at)
        return ""

    def _later(self, move: Move, rule: Rule | None) -> str:
        if move.until <= move.at:
            return "deadline_passed"
        if move.until == self.deadline:
            return "no_change"
        if move.until < self.deadline or rule is None:
            self.deadline = move.until
            return ""
        if any(matter.what == move.matter and not matter.outcome for matter in self.matters):
            return "approval_pending"
        self._call_first(Matter(move.matter, move.who, rule, None, move.until, []), move.at)
        return ""

    def _word(self, move: Move) -> str:
        matter = self._meant(move.number)
        if isinstance(matter, str):
            return matter
        if not move.known:
            return "authority_unknown"
        if not move.proven:
            return "unverified"
        review = matter.smashed_by is not None
        takes_back = not move.yes and not review and move.who == matter.wanted_by
        objection = "" if takes_back else self._objection(matter, move)
        if objection or not move.reason.strip():
            return objection or "reason_missing"
        if takes_back:
            self._close(matter, "withdrawn", (move.who,), move.at)
        elif review:
            matter.judged, matter.ends = move.yes, None
        elif not move.yes:
            self._close(matter, "rejected", (move.who,), move.at)
        elif move.smash:
            self._smash(matter, move)
        else:
            matter.said.append((move.who, self._lender(matter, move)))
            if len(matter.said) == matter.rule.needed:
                self._close(matter, "approved", tuple(who for who, _ in matter.said), move.at)
        return ""

    def _meant(self, number: int | None) -> Matter | str:
        if not self.matters:
            return "nothing_to_approve"
        waiting = [matter for matter in self.matters if matter.open]
        if number is not None:
            if not 1 <= number <= len(self.matters):
                return "unknown_approval"
            matter = self.matters[number - 1]
            return matter if matter.open else "already_decided"
        if len(waiting) > 1:
            return "which_approval"
        return waiting[0] if waiting else "already_decided"

    def _objection(self, matter: Matter, move: Move) -> str:
        partial = {matter.wanted_by, matter.smashed_by}
        if move.who in partial:
            return "own_request"
        review, smash = matter.smashed_by is not None, move.smash and move.yes
        keys = (frozenset() if review else matter.rule.glass) if smash else frozenset(matter.called)
        fit = [owner for owner, offices in self.organisation.powers(move.who, move.at) if offices & keys]
        if not fit:
            return "may_not_break_glass" if smash else self._too_small(matter, move)
        if set(fit) <= partial:
            return "own_request"
        if review or smash:
            return ""
        voted = any(who == move.who for who, _ in matter.said)
        return "already_voted" if voted or self._lender(matter, move) < 0 else ""

    def _too_small(self, matter: Matter, move: Move) -> str:
        too_small = set(matter.rule.chain) - set(matter.able)
        powers = self.organisation.powers(move.who, move.at)
        return "above_limit" if any(offices & too_small for _, offices in powers) else "not_an_approver"

    def _lender(self, matter: Matter, move: Move) -> int:
        """On whose authority it counts: the first that nobody has used for this; -1 when there is none."""
        barred = {matter.wanted_by, *(owner for _, owner in matter.said)}
        powers = self.organisation.powers(move.who, move.at)
        return next((o for o, offices in powers if offices & set(matter.called) and o not in barred), -1)

    def _smash(self, matter: Matter, move: Move) -> None:
        matter.smashed_by = move.who
        self._close(matter, "approved", (move.who,), move.at)
        if matter.outcome == "approved":
            matter.called = []
            self._call(matter, move.at)
        else:
            matter.smashed_by = None

    def _close(self, matter: Matter, outcome: str, by: tuple[int, ...], at: datetime) -> None:
        matter.outcome, matter.by, matter.at, matter.ends = outcome, by, at, None
        if matter.what == "opening" and outcome != "approved":
            self.over = True
            for other in self.matters:
                other.ends = None
                if not other.outcome:
                    other.outcome, other.at = "overtaken", None
        if matter.what == "deadline_extension" and outcome == "approved":
            if self.now < matter.until != self.deadline:
                self.deadline = matter.until
            else:
                matter.outcome = "overtaken"

    def _silent(self, matter: Matter, ended: datetime) -> None:
        if self._call(matter, self.now):
            return
        matter.ends = None
        if matter.outcome:
            return  # a review that nobody made
        opens = matter.what == "opening" and matter.rule.silence_opens
        self._close(matter, "approved" if opens else "expired", (), ended)

    def _able(self, matter: Matter) -> list[str]:
        matter.able = list(matter.rule.chain)
        if matter.amount is not None:
            amount, currency = matter.amount
            needed = matter.before + amount
            matter.able = [office for office in matter.able if matter.rule.caps.get((office, currency), 0) >= needed]
        return matter.able

    def _call_first(self, matter: Matter, now: datetime) -> None:
        self._able(matter)
        self.matters.append(matter)
        self._call(matter, now)

    def _call(self, matter: Matter, now: datetime) -> bool:
        fresh = [office for office in matter.able if office not in matter.called]
        called = fresh[: 1 if matter.smashed_by is not None else matter.rule.needed]
        matter.called += called
        matter.ends = now + matter.rule.lasts if called else None
        self.askings += 1
        matter.asking = self.askings
        return bool(called)


# --- making them up --------------------------------------------------------------------------------------------------


def organisations(seed: int) -> Iterator[tuple[Organisation, Random]]:
    """One after the other, each with the chance that its moves are to be drawn from."""
    number = 0
    while True:
        number += 1
        random = Random(f"{seed} {number}")  # the same every time is what is wanted
        yield _organisation(random), random


def moves(organisation: Organisation, oracle: Oracle, random: Random) -> Iterator[Move]:
    """Some moves, each drawn after the one before was judged: around expiries, and mostly by those who may."""
    now = START
    for _ in range(random.randint(6, MOVES_MAX)):
        if oracle.over and random.random() < OVER_ENOUGH:
            return
        now = _later_than(now, oracle.dues(), random)
        yield _move(organisation, oracle, now, random)


def _organisation(random: Random) -> Organisation:
    people = tuple(
        Person(
            (f"p{who}", *(f"p{who}.{alias}" for alias in range(random.choice((0, 0, 1, 2))))),
            frozenset(office for office in (*OFFICES, *GLASS) if random.random() < 0.25),
        )
        for who in range(random.randint(3, 7))
    )
    rules = {what: _rule(random, money=what == "spend") for what in MATTERS if random.random() < 0.8}
    gate = _rule(random, money=False) if random.random() < 0.5 else None
    loans = tuple(_loan(people, random) for _ in range(random.choice((0, 1, 2, 3, 5))))
    return Organisation(people, loans, rules, gate, random.randrange(len(people)))


def _rule(random: Random, *, money: bool) -> Rule:
    chain = tuple(random.sample(OFFICES, random.randint(1, 4)))
    caps = {
        (office, currency): random.choice((100, 200, 500, 1_000)) * (1 + place)
        for place, office in enumerate(chain)
        for currency in CURRENCIES
        if random.random() < 0.85
    }
    return Rule(
        chain,
        random.choice((HOUR, 2 * HOUR, 5 * HOUR)),
        min(random.choice((1, 1, 2, 2, 3)), len(chain)),
        frozenset(random.sample(GLASS, random.randint(0, 2))),
        random.random() < 0.5,
        caps if money else {},
    )


def _loan(people: tuple[Person, ...], random: Random) -> Loan:
    lender, borrower = random.sample(range(len(people)), 2)
    offices = people[lender].offices if random.random() < 0.7 else frozenset(random.sample(OFFICES, 2))
    since = START + random.choice((-HOUR, 0 * HOUR, HOUR, 2 * HOUR))
    return Loan(lender, borrower, offices, since, since + random.choice((HOUR, 3 * HOUR, 48 * HOUR)))


def _later_than(now: datetime, dues: list[datetime], random: Random) -> datetime:
    """Mostly a little later, often to the very instant at which something is due, or beside it."""
    ahead = [due + beside for due in dues for beside in (-INSTANT, 0 * INSTANT, INSTANT) if due + beside >= now]
    if ahead and random.random() < 0.3:
        return random.choice(ahead)
    return now + random.choice((0 * HOUR, 0 * HOUR, SECOND, HOUR / 4, HOUR, 6 * HOUR))


def _move(organisation: Organisation, oracle: Oracle, now: datetime, random: Random) -> Move:
    waiting = [number for number, matter in enumerate(oracle.matters, start=1) if matter.open]
    if random.random() < (0.15 if waiting else 0.6):
        return _wish(organisation, now, random)
    number = random.choice(waiting) if waiting and random.random() < 0.7 else random.choice((None, None, None, 1, 2, 9))
    meant = oracle.matters[number - 1] if number is not None and number <= len(oracle.matters) else None
    who = random.randrange(len(organisation.people))
    if meant is not None and random.random() < 0.5:  # somebody who is asked, if there is anybody
        able = [w for w in range(len(organisation.people)) if _has_any(organisation, w, now, meant.called)]
        who = random.choice(able or [who])
    return Move(
        now,
        who,
        random.choice(organisation.people[who].names),
        yes=random.random() < 0.8,
        number=number,
        smash=random.random() < 0.15,
        reason=" " if random.random() < 0.05 else "because",
        known=random.random() < 0.95,
        proven=random.random() < 0.95,
    )


def _wish(organisation: Organisation, now: datetime, random: Random) -> Move:
    who = random.randrange(len(organisation.people))
    matter = random.choice((*MATTERS, "deadline_extension"))
    amount = (random.choice((1, 200, 201, 1_000, 3_000)), random.choice(CURRENCIES)) if matter == "spend" else None
    until = random.choice((now, now + HOUR, now + 5 * HOUR, DEADLINE, DEADLINE + HOUR, DEADLINE + 2 * HOUR))
    reason = " " if random.random() < 0.05 else "because"
    name = random.choice(organisation.people[who].names)
    return Move(now, who, name, matter=matter, amount=amount, until=until, reason=reason)


def _has_any(organisation: Organisation, who: int, now: datetime, offices: list[str]) -> bool:
    return any(held & set(offices) for _, held in organisation.powers(who, now))
