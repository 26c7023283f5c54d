"""The escalation agreement that teams sign: one or two pages in six sections, made from the policy that clocks follow.

One template gives Markdown; HTML is made from that Markdown. What the policy's author wrote is shown as text: nothing
in it becomes markup, a link or a script.
"""

from collections.abc import Iterator
from html import escape
from importlib.resources import files
from string import Template

from escalation.core.policy import ApprovalTerms
from escalation.core.reckoning import OURS, Reckoning
from escalation.core.vocabulary import ApprovalKind, Severity
from escalation.reports.agreed import NOTHING, Agreed, cadence, channels, target, warnings
from escalation.reports.matrix import Table, escaped, levels, markdown, matrix
from escalation.wire.amounts import money
from escalation.wire.durations import spell

SUMMARY = (
    "When support cannot solve a ticket in time, somebody else takes it over. This agreement says who, how fast, how"
    " people hear of it, and what happens when nobody answers."
)
APPROVED = {
    ApprovalKind.POLICY_EXCEPTION: "An exception from this agreement",
    ApprovalKind.DEADLINE_EXTENSION: "A later deadline",
    ApprovalKind.SEVERITY_DOWNGRADE: "To lower a SEV1 that the receiver has seen",
    ApprovalKind.DE_ESCALATE: "To return it to a lower level",
    ApprovalKind.SPEND: "To spend money",
}
REVIEW = "quarterly"
IMMEDIATE = ("the launch of a product", "a restructuring of the teams", "a new tool")
MEASURES = (
    "promises kept, of those made",
    "time in transfer until somebody accepts",
    "escalations reopened after a fix",
    "promises missed, by team and hour of the week",
)


def in_markdown(agreed: Agreed) -> str:
    """The agreement as Markdown."""
    policy = agreed.policy
    return _template("agreement.md").substitute(
        name=escaped(policy.name),
        version=escaped(policy.version),
        digest=policy.digest[:12],
        summary=escaped(" ".join(agreed.sentences("summary")) or SUMMARY),
        teams=escaped(", ".join(dict.fromkeys(route.team for route in policy.routes))),
        severities=_listed(_severities(agreed)),
        triggers=_listed(_triggers(agreed)),
        levels="".join(f"- {line}\n" for line in _model(agreed)) + ("\n" if agreed.policy.levels else ""),
        structure=markdown(_structure(agreed)),
        approvals=_listed(_approvals(agreed)) or "Nothing needs an approval.",
        promises=markdown(_promises(agreed)),
        reckoning=_listed(_calendars(agreed)),
        breach=_breach(agreed),
        communication=markdown(_told(agreed)),
        rules=_listed(_rules(agreed)),
        review=_listed(_review(agreed)),
    )


def in_html(agreed: Agreed) -> str:
    """The same as one HTML page that needs nothing beside itself."""
    from markdown_it import MarkdownIt  # noqa: PLC0415  # a tenth of a second that Markdown does not cost

    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(in_markdown(agreed))
    return _template("page.html").substitute(title=escape(f"Escalation agreement: {agreed.title}"), body=body)


def _template(name: str) -> Template:
    return Template((files("escalation") / "templates" / "agreement" / name).read_text("utf-8"))


def _listed(lines: Iterator[str]) -> str:
    """A list; each line is Markdown already."""
    return "\n".join(f"- {line}" for line in lines)


def _severities(agreed: Agreed) -> Iterator[str]:
    for terms in agreed.policy.terms:
        names = ", ".join((terms.label, *terms.aliases))
        means = "; ".join(agreed.sentences("terms", terms.severity, "definition"))
        yield f"**{terms.severity}** ({escaped(names)})" + (f": {escaped(means)}" if means else "")


def _triggers(agreed: Agreed) -> Iterator[str]:
    for route in agreed.policy.routes:
        triggers = "; ".join(agreed.sentences("routes", route.name, "triggers"))
        asks = ", ".join(ask.replace("_", " ") for ask in route.asks)
        means = escaped(triggers) if triggers else f"the sender wants {escaped(route.team)} to {asks}"
        yield f"**{escaped(route.name)}** to {escaped(route.team)}: {means}"
    for name, word in (("escalate_after", "handed over after"), ("engage_within", "engaged within")):
        lengths = [
            f"{level} {agreed.word('terms', level, name)}" for level in Severity if agreed.word("terms", level, name)
        ]
        if lengths:
            yield f"If unresolved, {word}: {escaped(', '.join(lengths))}"


def _structure(agreed: Agreed) -> Table:
    """The matrix where one is written; else the routes with the people who are asked in turn."""
    if agreed.count("matrix"):
        return matrix(agreed)
    rows = []
    for route in agreed.policy.routes:
        steps = agreed.policy.chain(route.chain).steps
        rounds = agreed.policy.chain(route.chain).repeats + 1
        asked = ", then ".join(f"{step.contact}" for step in steps)
        rows.append((route.name, route.team, asked, str(rounds), agreed.policy.house.fallback))
    return Table("Routes", ("Route", "Receiver", "Asked in turn", "Rounds", "If nobody answers"), tuple(rows))


def _model(agreed: Agreed) -> Iterator[str]:
    """The levels, the lowest first; nothing where the agreement follows no model."""
    for label, who, *more in levels(agreed).rows:
        words = (("may", more[0]), ("asked for", more[1]), ("how", more[2]))
        told = "".join(f"; {word}: {escaped(said)}" for word, said in words if said != NOTHING)
        yield f"**{escaped(label)}** {escaped(who)}{told}"


def _approvals(agreed: Agreed) -> Iterator[str]:
    for route in agreed.policy.routes:
        if route.approval is not None:
            otherwise = "it starts all the same" if route.approval.on_expiry == "open" else "it is rejected"
            yield f"{escaped(route.name)} needs {_yes(route.approval)}, {otherwise}"
    for terms in agreed.policy.approvals:
        yield f"{APPROVED[terms.kind]} needs {_yes(terms)}, it is rejected{_limits(terms)}"


def _limits(terms: ApprovalTerms) -> str:
    """Who may decide how much, in brackets; nothing where no money is spent."""
    found: dict[str, list[str]] = {}
    for each in terms.limits:
        found.setdefault(each.role, []).append(money(each.limit))
    listed = "; ".join(f"{role} decides up to {' or '.join(limits)}" for role, limits in found.items())
    return f" ({escaped(listed)})" if listed else ""


def _yes(terms: ApprovalTerms) -> str:
    """Whose yes it is, and until when; what silence means follows."""
    several = f"each of {terms.quorum} among " if terms.quorum > 1 else ""
    who = (", " if several else ", then ").join(terms.approvers)
    glass = f"; {', '.join(terms.break_glass)} may break the glass" if terms.break_glass else ""
    return f"a yes of {several}{escaped(who + glass)}; without an answer within {spell(terms.expiry)}"


def _promises(agreed: Agreed) -> Table:
    rows = [
        (
            f"{terms.severity} ({terms.label})",
            target(terms.response),
            target(terms.resolution),
            cadence(terms.check_in),
            warnings(terms.resolution),
        )
        for terms in agreed.policy.terms
    ]
    rows += [
        (f"{tier.severity} on {route.name}", target(tier.response), target(tier.resolution), "as above", "as above")
        for route in agreed.policy.routes
        for tier in route.promises
    ]
    return Table("", ("Severity", "First response", "Resolution", "Check-in", "Warned"), tuple(rows))


def _calendars(agreed: Agreed) -> Iterator[str]:
    yield "Times run round the clock unless hours are named; a goal is what is aimed for, the limit what is promised."
    for calendar in agreed.policy.calendars:
        special = f", {len(calendar.exceptions)} special days" if calendar.exceptions else ""
        yield f"{escaped(calendar.name)} hours follow {escaped(calendar.zone)}{special}"
    running = ", ".join(name.replace("_", " ") for name in agreed.policy.house.runs_while_blocked) or "nothing"
    yield f"While it waits for the customer or a third party, clocks stand still; what runs on: {running}"
    odd = [name for name in Reckoning.__dataclass_fields__ if _differs(agreed.policy.reckoning, name)]
    for name in odd:
        choice = str(getattr(agreed.policy.reckoning, name)).replace("_", " ")
        yield f"{name.replace('_', ' ').capitalize()}: {choice}"


def _differs(reckoning: Reckoning, name: str) -> bool:
    return bool(getattr(reckoning, name) != getattr(OURS, name))


def _breach(agreed: Agreed) -> str:
    house = agreed.policy.house
    parts = [f"{escaped(house.managers)} hears at once"]
    if house.reassign_on_breach:
        parts.append("the next step is asked")
    if house.raise_severity_on_breach:
        parts.append("the severity rises by one")
    if house.mark_on_breach:
        parts.append("the ticket is marked “Escalation”")
    parts.append(f"for a SEV1 {escaped(house.executive)} hears as well")
    return ", ".join(parts)


def _told(agreed: Agreed) -> Table:
    rows = [
        (
            f"{terms.severity} ({terms.label})",
            channels(terms),
            cadence(terms.customer_update),
            cadence(terms.stakeholder_update),
            cadence(terms.war_room),
        )
        for terms in agreed.policy.terms
    ]
    return Table("", ("Severity", "Paged by", "Customer", "Stakeholders", "War room"), tuple(rows))


def _rules(agreed: Agreed) -> Iterator[str]:
    house = agreed.policy.house
    yield f"One primary customer contact: {escaped(house.customer_contact)} when a program opened it, else the sender"
    for segment in agreed.policy.segments:
        parts = []
        if segment.weight:
            parts.append(f"its clocks run {segment.weight} up")
        if segment.customer_contact is not None:
            parts.append(f"{escaped(segment.customer_contact)} speaks with them")
        if segment.silence is not None:
            parts.append(f"an owner may be silent for {spell(segment.silence)}")
        yield f"Customers of {escaped(segment.name)}: {'; '.join(parts) or 'as everybody'}"
    if house.customer_floor is not None:
        yield f"No customer goes longer than {spell(house.customer_floor)} without a word, even without news"
    if house.stakeholders:
        yield f"Stakeholders are {escaped(', '.join(house.stakeholders))}"
    yield f"If a chain reaches nobody, {escaped(house.fallback)} is told"
    yield f"A resolved escalation can be reopened for {spell(house.reopen_window)}"


def _review(agreed: Agreed) -> Iterator[str]:
    yield f"Reviewed {escaped(agreed.word('review', 'cadence') or REVIEW)} by everybody it binds"
    yield f"At once upon {escaped('; '.join(agreed.sentences('review', 'immediate_on') or IMMEDIATE))}"
    yield f"Measured: {escaped('; '.join(agreed.sentences('review', 'measures') or MEASURES))}"
