"""The escalation matrix and what goes with it, as tables: one value, shown in a terminal, as Markdown, or as JSON.

Columns of the matrix: who has it, after how long, to whom, and what is done with it; those of the tiers: who plays
which part. An agreement that writes no matrix gets one row for each of its routes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from escalation.core.policy import Policy, Route
from escalation.core.vocabulary import Severity
from escalation.reports.agreed import NOTHING, Agreed, cadence, channels, target, warnings
from escalation.wire.durations import spell

_SPECIAL = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>|#~!&"} | {"\n": " ", "\r": " "})


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under named columns; `severities` says of which severity a row is, or "" of none."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    severities: tuple[str, ...] = ()

    def severity(self, place: int) -> str:
        """The severity of a row, for its colour."""
        return self.severities[place] if place < len(self.severities) else ""


def tables(agreed: Agreed) -> tuple[Table, ...]:
    """Everything that `escalate policy show` shows, in order."""
    model = (levels(agreed),) if agreed.policy.levels else ()
    return (matrix(agreed), *model, tiers(agreed), promises(agreed), routes(agreed))


def matrix(agreed: Agreed) -> Table:
    """Who hands what to whom, after how long, and what is done with it."""
    count, weights = agreed.count("matrix"), _weights(agreed.policy)
    if count:
        rows = [_written_row(agreed, place) for place in range(count)]
        marks = tuple(agreed.word("matrix", place, "severity") for place in range(count))
    else:
        rows = [_row_of(agreed, route) for route in agreed.policy.routes]
        marks = ()
    columns = (
        "Issue Type", "Severity", "Current Owner", "Escalation Time", "Next Engineering Contact", "Actions",
        "Segment Weight",
    )  # fmt: skip
    return Table("Escalation matrix", columns, tuple((*row, weights) for row in rows), marks)


def levels(agreed: Agreed) -> Table:
    """The model of levels, the lowest first: who is there, what they may decide, and when and how they are asked."""
    rows = []
    for level in agreed.policy.levels:
        path = ("levels", level.name)
        cells = (
            level.label,
            agreed.word(*path, "who"),
            "; ".join(agreed.sentences(*path, "authority")),
            "; ".join(agreed.sentences(*path, "when")),
            agreed.word(*path, "how"),
        )
        rows.append(tuple(cell or NOTHING for cell in cells))
    return Table("Levels", ("Level", "Who", "May decide", "When", "How"), tuple(rows))


def tiers(agreed: Agreed) -> Table:
    """Who plays which part at each severity."""
    rows = []
    for terms in agreed.policy.terms:
        level = terms.severity
        sla = f"response {target(terms.response)}; resolution {target(terms.resolution)}"
        parts = [agreed.word("responsibilities", level, part) for part in ("support", "success", "engineering")]
        told = agreed.word("responsibilities", level, "notification") or f"{channels(terms)}; notices by {terms.notice}"
        authority = agreed.word("responsibilities", level, "authority")
        trigger = "; ".join(agreed.sentences("terms", level, "definition"))
        cells = (_called(agreed, level), trigger, *parts, sla, told, authority)
        rows.append((level.value, *(cell or NOTHING for cell in cells)))
    columns = (
        "Tier", "Type", "Trigger", "Support", "Customer Success", "Engineering", "SLA", "Notification", "Authority",
    )  # fmt: skip
    return Table("Tiers and roles", columns, tuple(rows), tuple(Severity))


def promises(agreed: Agreed) -> Table:
    """What each severity promises, on which clocks, and how people are reached."""
    rows = []
    for terms in agreed.policy.terms:
        extra = {
            name: agreed.word("terms", terms.severity, name) or NOTHING for name in ("escalate_after", "engage_within")
        }
        rows.append((
            f"{terms.severity} ({terms.label})",
            target(terms.response),
            target(terms.resolution),
            cadence(terms.check_in),
            cadence(terms.customer_update),
            cadence(terms.stakeholder_update),
            cadence(terms.war_room),
            warnings(terms.resolution),
            channels(terms),
            spell(terms.silence) if terms.silence is not None else NOTHING,
            extra["escalate_after"],
            extra["engage_within"],
        ))  # fmt: skip
    columns = (
        "Severity", "First response", "Resolution", "Check-in", "Customer update", "Stakeholders", "War room",
        "Warnings", "Channels", "Owner silent", "Escalate after", "Engage within",
    )  # fmt: skip
    return Table("Promises", columns, tuple(rows), tuple(Severity))


def routes(agreed: Agreed) -> Table:
    """Every route: who sends, who receives, who is asked one after the other, and what may be asked."""
    rows = []
    for route in agreed.policy.routes:
        steps = agreed.policy.chain(route.chain).steps
        asked = " → ".join(
            f"{step.contact} ({_window(agreed, route.chain, place)})" for place, step in enumerate(steps)
        )
        approval = ", ".join(route.approval.approvers) if route.approval is not None else NOTHING
        sender = ", ".join(agreed.sentences("routes", route.name, "from")) or NOTHING
        asks = ", ".join(ask.replace("_", " ") for ask in route.asks)
        rows.append((route.name, sender, route.team, asked, asks, approval))
    return Table("Routes", ("Route", "From", "Team", "Asked in turn", "May be asked to", "Approval by"), tuple(rows))


def markdown(table: Table) -> str:
    """A table as Markdown; whatever a cell says, it stays text and stays in its cell."""
    lines = [_line(table.columns), _line(("---",) * len(table.columns))]
    return "\n".join([*lines, *(_line(tuple(escaped(cell) for cell in row)) for row in table.rows)])


def escaped(text: str) -> str:
    """Text as Markdown that shows exactly this text, on one line."""
    return text.translate(_SPECIAL)


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _window(agreed: Agreed, chain: str, place: int) -> str:
    return agreed.word("chains", chain, "steps", place, "window") or NOTHING


def _written_row(agreed: Agreed, place: int) -> tuple[str, ...]:
    route = agreed.policy.route(agreed.word("matrix", place, "route"))
    first = agreed.policy.chain(route.chain).steps[0].contact if route is not None else ""
    cells = (
        agreed.word("matrix", place, "issue"),
        agreed.word("matrix", place, "severity"),
        ", ".join(agreed.sentences("matrix", place, "from")),
        agreed.word("matrix", place, "after"),
        agreed.word("matrix", place, "contact") or first,
        "; ".join(agreed.sentences("matrix", place, "actions")),
    )
    return tuple(cell or NOTHING for cell in cells)


def _row_of(agreed: Agreed, route: Route) -> tuple[str, ...]:
    triggers = "; ".join(agreed.sentences("routes", route.name, "triggers")) or route.name
    sender = ", ".join(agreed.sentences("routes", route.name, "from")) or NOTHING
    first = agreed.policy.chain(route.chain).steps[0].contact
    actions = "; ".join(ask.replace("_", " ") for ask in route.asks)
    return triggers, "all", sender, "at once", f"{route.team}: {first}", actions


def _weights(policy: Policy) -> str:
    weighty = (f"{segment.name} +{segment.weight}" for segment in policy.segments if segment.weight)
    return ", ".join(weighty) or NOTHING


def _called(agreed: Agreed, level: Severity) -> str:
    return ", ".join(_names(agreed, level))


def _names(agreed: Agreed, level: Severity) -> Iterator[str]:
    terms = agreed.policy.terms_of(level)
    yield terms.label
    yield from terms.aliases
