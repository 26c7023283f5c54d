"""What triage says at the door, as the log keeps it, and what an opening makes of it: what the request names wins.

The words of a case stay out: the record has the answer, its reasons, and digests of what it was reckoned from
(docs/decisions/0015).
"""

from collections.abc import Sequence

from escalation.core.case_facts import UrgencyClass
from escalation.core.policy import Policy
from escalation.core.refusals import Refusal
from escalation.core.triage import Assessment, Bypass, Verdict
from escalation.core.values import dataclass
from escalation.core.vocabulary import Severity, TriageMode

FIRED_MAX = 12
"""Rules that the record names, the deciding one first; of the others it has the number."""
MISSING_MAX = 20
BECAUSE_CHARS_MAX = 300

COMMON_NAMES = {
    **{severity.value: severity for severity in Severity},
    **{f"P{number}": severity for number, severity in enumerate(Severity, start=1)},
    **dict(zip(("CRITICAL", "HIGH", "MEDIUM", "LOW"), Severity, strict=True)),
}
"""What severities are called where an agreement has no other use for the word."""


@dataclass(frozen=True, slots=True)
class FiredRule:
    """A rule that fired, and why. `held_back`: the keep-in-support checklist answers it."""

    id: str
    because: str
    source: str
    urgency: UrgencyClass
    severity: Severity | None
    route: str
    held_back: bool = False


@dataclass(frozen=True, slots=True)
class AccountNote:
    """Whether the account was known, and in one line what of it counted, or why it was not known."""

    known: bool
    told: str
    segments: tuple[str, ...] = ()  # the kinds of customer that the account is, the weightiest first
    contact: str = ""  # who speaks with this customer


@dataclass(frozen=True, slots=True)
class TriageRecord:
    """The answer of triage at an opening. `taken` names what the opening took from it, because nobody named it.

    `urgency` and `route` are None and "" when the case is kept. `facts` commits to the facts it was reckoned from.
    """

    verdict: Verdict
    decided_by: str
    because: str
    urgency: UrgencyClass | None
    severity: Severity
    timeline: Severity
    route: str
    bypass: Bypass
    score: int
    weights: str
    fired: tuple[FiredRule, ...]
    fired_more: int
    missing: tuple[str, ...]
    missing_more: int
    ignored: tuple[str, ...]  # answers to questions that these rules do not ask
    account: AccountNote
    by_hand: str  # the reason of whoever escalates whatever the rules see; ""
    rules: str
    version: str
    digest: str
    facts: str
    taken: tuple[str, ...] = ()
    segment: str = ""  # the kind of customer that the case was judged as


@dataclass(frozen=True, slots=True)
class Named:
    """What a request names by itself. `severity_name` is a word that only the agreement can read."""

    route: str = ""
    severity: Severity | None = None
    severity_name: str = ""
    segment: str = ""
    customer_contact: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an opening goes, and as what. `unread`: the name of a severity that nobody knows, "" for none at all."""

    route: str
    severity: Severity
    segment: str
    customer_contact: str
    unread: str | None
    taken: tuple[str, ...]


def recorded(
    found: Assessment,
    account: AccountNote,
    *,
    facts: str,
    by_hand: str = "",
    ignored: Sequence[str] = (),
    segment: str = "",
) -> TriageRecord:
    """The assessment as the log keeps it: bounded, without anybody's words."""
    missing = [gap.fact for gap in found.missing]
    fired = tuple(
        FiredRule(
            rule.id,
            _cut(rule.because),
            _cut(rule.source),
            rule.urgency,
            rule.severity,
            rule.route,
            rule.held_back,
        )
        for rule in found.fired[:FIRED_MAX]
    )
    return TriageRecord(
        verdict=found.verdict,
        decided_by=found.decided_by,
        because=_cut(found.because),
        urgency=found.urgency,
        severity=found.severity,
        timeline=found.timeline,
        route=found.route,
        bypass=found.bypass,
        score=found.score.points,
        weights=found.score.version,
        fired=fired,
        fired_more=len(found.fired) - len(fired),
        missing=tuple(missing[:MISSING_MAX]),
        missing_more=max(0, len(missing) - MISSING_MAX),
        ignored=tuple([_cut(name) for name in sorted(ignored)[:MISSING_MAX]]),
        account=account,
        by_hand=by_hand,
        rules=found.rules,
        version=found.version,
        digest=found.digest,
        facts=facts,
        segment=segment,
    )


def place(policy: Policy, named: Named, triage: TriageRecord | None) -> Placed:
    """What the opening takes: as the request names it, else as triage proposes it; never a segment nobody agreed on.

    Whether the agreement has such a route is judged by the opening, which refuses it then.
    """
    taken: list[str] = []
    route, severity, segment, contact = named.route, named.severity, named.segment, named.customer_contact
    unread = None
    if severity is None:
        severity = severity_called(policy, named.severity_name) if named.severity_name else None
        unread = named.severity_name if severity is None else None
    if triage is not None:
        if not route and triage.route:
            route, taken = triage.route, [*taken, "route"]
        if severity is None and not named.severity_name:
            severity, unread, taken = triage.severity, None, [*taken, "severity"]
        if not segment:
            kinds = (triage.segment, *triage.account.segments)
            segment = next((each for each in kinds if policy.segment(each) is not None), "")
            taken = [*taken, "segment"] if segment else taken
        if not contact and triage.account.contact:
            contact, taken = triage.account.contact, [*taken, "customer_contact"]
    return Placed(route, severity or Severity.SEV4, segment, contact, unread, tuple(taken))


def severity_called(policy: Policy, name: str) -> Severity | None:
    """The severity that the agreement calls so, by label or alias; else what the word means at large. Any capitals."""
    word = name.strip().casefold()
    for terms in policy.terms:
        if word in {terms.label.casefold(), *(alias.casefold() for alias in terms.aliases)}:
            return terms.severity
    return COMMON_NAMES.get(word.upper())


def severity_names(policy: Policy) -> str:
    """Every name of a severity that the agreement knows, for people."""
    return ", ".join(
        dict.fromkeys(name for terms in policy.terms for name in (terms.severity, terms.label, *terms.aliases))
    )


def refusal(policy: Policy, triage: TriageRecord | None, unread: str | None) -> tuple[Refusal, dict[str, str]] | None:
    """Why what came in at the door cannot be opened, or None. The facts name what led to it."""
    kept = triage is not None and triage.verdict is Verdict.KEEP
    if triage is not None and kept and policy.triage.mode is TriageMode.REQUIRED:
        return Refusal.KEEP_IN_SUPPORT, {
            "because": triage.because,
            "decided_by": triage.decided_by or "no rule",
            "rules": f"{triage.rules} {triage.version}",
            "next": "escalate by hand, with a reason",
        }
    if unread is not None:
        return Refusal.UNKNOWN_SEVERITY, {"severity": unread or "none", "known": severity_names(policy)}
    return None


def skips_approval(triage: TriageRecord | None) -> bool:
    """Whether nobody is asked for a yes first. Source: escalation procedures, the immediate class; routes, Security."""
    return triage is not None and (triage.urgency is UrgencyClass.IMMEDIATE or triage.bypass is Bypass.EVERY_LEVEL)


def _cut(text: str) -> str:
    return text if len(text) <= BECAUSE_CHARS_MAX else text[: BECAUSE_CHARS_MAX - 1] + "…"
