"""The core and the oracle of `organisations.py`, move by move: where they disagree, and what must hold in any case."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from escalation.core.commands import Approve, Command, ExtendDeadline, Reject, RequestApproval
from escalation.core.decide import decide
from escalation.core.money import Money
from escalation.core.policy import ApprovalTerms, Chain, Policy, Route, SpendLimit, Target, Terms
from escalation.core.standing import Delegated, Standing
from escalation.core.state import Approval, Escalation
from escalation.core.vocabulary import ApprovalKind, Ask, Channel, Decided
from tests.core.cases import POLICY, STEPS, opening
from tests.core.organisations import DEADLINE, START, Matter, Move, Oracle, Organisation, Rule, moves

# So long that nothing but approvals ever becomes due.
NEVER = timedelta(days=3650)
KINDS = {
    "opening": ApprovalKind.ESCALATE_TO_LEADERSHIP,
    "spend": ApprovalKind.SPEND,
    "policy_exception": ApprovalKind.POLICY_EXCEPTION,
    "deadline_extension": ApprovalKind.DEADLINE_EXTENSION,
}
QUIET = replace(
    POLICY,
    terms=tuple(
        Terms(terms.severity, terms.label, terms.reach, Channel.EMAIL, Target(NEVER), None, None, None, None)
        for terms in POLICY.terms
    ),
    chains=(Chain("only", (replace(STEPS[0], window=NEVER, backup_after=None),)),),
    house=replace(POLICY.house, customer_floor=None),
)


def compared(organisation: Organisation, random: Random, tally: Counter[str] | None = None) -> str | None:
    """One organisation's life, in both: the first disagreement in words, or None. `tally` counts what was met."""
    oracle, counts = Oracle(organisation), Counter[str]() if tally is None else tally
    state = decide(None, _opening(organisation), START, sealed=False, noted=False).state
    assert state is not None
    counts["organisations"] += 1
    for number, move in enumerate(moves(organisation, oracle, random), start=1):
        before, wanted = state.approvals, oracle.move(move)
        decision = decide(state, _command(organisation, move), move.at, sealed=False, noted=False)
        assert decision.state is not None
        state = decision.state
        refusal = decision.sealed.entry.refusal or ""
        counts[refusal or ("asked" if move.matter else "heard")] += 1
        if refusal != wanted:
            return f"move {number} {move}: the core says {refusal or 'yes'}, the oracle {wanted or 'yes'}"
        found = _stand(organisation, oracle, state) or broken(organisation, before, state, move.at)
        if found is not None:
            return f"move {number} {move}: {found}"
    for approval in state.approvals:
        counts[f"{approval.word.partition(',')[0]}"] += 1
    return None


def broken(organisation: Organisation, before: tuple[Approval, ...], state: Escalation, now: datetime) -> str | None:
    """What must never be, whoever is right: a yes of one's own, a decision made twice, a decision after the expiry."""
    known = {approval.number: approval for approval in before}
    for approval in state.approvals:
        earlier = known.get(approval.number)
        people = {_who(organisation, name) for name in approval.decided_by}
        if approval.decided is Decided.APPROVED and _who(organisation, approval.asked_by) in people:
            return f"approval {approval.number} was approved by who asked for it"
        if earlier is None or approval == earlier:
            continue
        decision = (earlier.decided, earlier.decided_by, earlier.decided_at)
        if earlier.decided is not None and decision != (approval.decided, approval.decided_by, approval.decided_at):
            return f"approval {approval.number} was decided twice"
        late = earlier.decided is None and len(earlier.asked) == len(approval.asked) and approval.decided_by
        clock = next((clock for clock in state.clocks if clock.cycle == earlier.asking and clock.due), None)
        if late and clock is not None and clock.due is not None and clock.due <= now:
            return f"approval {approval.number} was decided after it had expired"
    return None


# --- one to the other ------------------------------------------------------------------------------------------------


def _who(organisation: Organisation, name: str) -> int:
    return next(who for who, person in enumerate(organisation.people) if name in person.names)


def _stand(organisation: Organisation, oracle: Oracle, state: Escalation) -> str | None:
    """Where the two stand differently now."""
    if state.case.deadline != oracle.deadline:
        return f"the deadline is {state.case.deadline}, the oracle has {oracle.deadline}"
    if len(state.approvals) != len(oracle.matters):
        return f"{len(state.approvals)} approvals, the oracle has {len(oracle.matters)}"
    for approval, matter in zip(state.approvals, oracle.matters, strict=True):
        ours, theirs = _told(organisation, state, approval), _expected(matter)
        if ours != theirs:
            return f"approval {approval.number} is {ours}, the oracle has {theirs}"
    return None


def _told(organisation: Organisation, state: Escalation, approval: Approval) -> tuple[object, ...]:
    clock = next((c for c in state.clocks if c.name == "approval" and c.cycle == approval.asking), None)
    return (
        approval.kind,
        approval.decided or "",
        tuple(_who(organisation, name) for name in approval.decided_by),
        approval.decided_at if approval.decided_by or approval.decided is Decided.EXPIRED else None,
        approval.asked,
        approval.glass,
        approval.reviewed,
        clock.due if clock is not None else None,
    )


def _expected(matter: Matter) -> tuple[object, ...]:
    return (
        KINDS[matter.what],
        matter.outcome,
        matter.by,
        matter.at if matter.by or matter.outcome == "expired" else None,
        tuple(matter.called),
        matter.smashed_by is not None,
        matter.judged,
        matter.ends,
    )


def _opening(organisation: Organisation) -> Command:
    policy = _policy(organisation)
    by = organisation.people[organisation.opener].names[-1]
    return opening(policy=policy, route="only", ask=Ask.DECIDE, by=by, deadline=DEADLINE)


def _policy(organisation: Organisation) -> Policy:
    gate = _terms("opening", organisation.gate) if organisation.gate is not None else None
    approvals = tuple(_terms(what, rule) for what, rule in organisation.rules.items())
    return replace(QUIET, routes=(Route("only", "Team", "only", (Ask.DECIDE,), gate),), approvals=approvals)


def _terms(what: str, rule: Rule) -> ApprovalTerms:
    limits = tuple(SpendLimit(office, Money(cap, currency)) for (office, currency), cap in rule.caps.items())
    silence = "open" if rule.silence_opens else "reject"
    return ApprovalTerms(rule.chain, rule.lasts, silence, rule.needed, limits, tuple(sorted(rule.glass)), KINDS[what])


def _command(organisation: Organisation, move: Move) -> Command:
    if move.matter == "deadline_extension":
        return ExtendDeadline(move.name, move.until, move.reason)
    if move.matter:
        amount = Money(*move.amount) if move.amount is not None else None
        return RequestApproval(move.name, KINDS[move.matter], move.reason, amount)
    standing = _standing(organisation, move)
    if move.yes:
        return Approve(move.name, move.reason, standing, move.number, break_glass=move.smash)
    return Reject(move.name, move.reason, standing, move.number)


def _standing(organisation: Organisation, move: Move) -> Standing:
    """What a directory would say: the person and all names, whatever name was used."""
    (_, own), *loans = organisation.powers(move.who, move.at)
    name, *aliases = organisation.people[move.who].names
    delegated = tuple(
        Delegated(organisation.people[lender].names[0], organisation.people[lender].names, tuple(sorted(offices)))
        for lender, offices in loans
    )
    return Standing(
        name, tuple(sorted(own)), tuple(aliases), known=move.known, verified=move.proven, delegated=delegated
    )
