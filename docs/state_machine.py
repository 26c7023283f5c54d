"""Writes `state-machine.md` from the core's own tables: `python docs/state_machine.py`. A test says when it is due."""
# ruff: noqa: INP001  # a script, run by path

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from escalation.core.clock import EDGE_RANK, RANK
from escalation.core.decide import FACT_RULES, ON_DUE
from escalation.core.state import ON_TIME, OPEN_PHASES, SAME, TERMINAL, TRANSITIONS
from escalation.core.vocabulary import Phase

PAGE = Path(__file__).with_name("state-machine.md")
HEAD = """\
<!-- Made by docs/state_machine.py from the tables in escalation/core; do not edit. -->
# The life of an escalation

The tables `TRANSITIONS` and `ON_TIME` in [`core/state.py`](../escalation/core/state.py) are the truth; the essay above
them explains them. A command that is not in the table for a phase is refused, and the refusal is an entry of the log.
Moves made by time are in *italics* below and marked ⏱ in the picture. Commands that leave the phase as it is, and
`cancel`, which ends every open phase, are not in the picture.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_picture(), *_moves(), *_clocks()]) + "\n"


def _picture() -> Iterator[str]:
    arrows: dict[tuple[Phase, Phase], list[str]] = defaultdict(list)
    for (phase, command), targets in TRANSITIONS.items():
        for target in targets:
            if target not in (SAME, phase) and command != "cancel":
                arrows[phase, target].append(command)
    for (phase, clock), targets in ON_TIME.items():
        for target in targets:
            if target not in (SAME, phase):
                arrows[phase, target].append(f"⏱ {clock.value}")
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    [*] --> {Phase.AWAITING_APPROVAL.value}: the route wants a yes first"
    yield f"    [*] --> {Phase.IN_TRANSFER.value}"
    for (phase, target), why in arrows.items():
        yield f"    {phase.value} --> {target.value}: {', '.join(why)}"
    for phase in TERMINAL:
        yield f"    {phase.value} --> [*]"
    yield "```"
    yield ""


def _moves() -> Iterator[str]:
    yield "## What may happen in each phase"
    yield ""
    yield "| phase | leads to | stays |"
    yield "|---|---|---|"
    for phase in OPEN_PHASES:
        moves, stays = [], []
        for name, targets in _of(phase):
            away = " or ".join(f"`{target.value}`" for target in targets if target not in (SAME, phase))
            if away:
                moves.append(f"{name} → {away}")
            if SAME in targets or phase in targets:
                stays.append(name)
        yield f"| `{phase.value}` | {'<br>'.join(moves)} | {', '.join(stays)} |"
    ends = ", ".join(f"`{phase.value}`" for phase in TERMINAL)
    facts = ", ".join(f"`{kind}`" for kind in FACT_RULES)
    yield ""
    yield f"The ends are {ends}: every command is refused there as `ended`."
    yield "What comes back from the world, and the passing of time, is judged in every phase, in the ends too:"
    yield f"{facts}."
    yield ""


def _of(phase: Phase) -> Iterator[tuple[str, tuple[Phase | None, ...]]]:
    for (where, command), targets in TRANSITIONS.items():
        if where is phase:
            yield f"`{command}`", targets
    for (where, clock), targets in ON_TIME.items():
        if where is phase:
            yield f"*{clock.value}*", targets


def _clocks() -> Iterator[str]:
    yield "## What fires by itself"
    yield ""
    yield "Simultaneous ones fire in this order."
    yield ""
    yield "| clock | edges |"
    yield "|---|---|"
    edges: dict[str, list[str]] = defaultdict(list)
    for clock, edge in sorted(ON_DUE, key=lambda key: (RANK[key[0]], EDGE_RANK[key[1]])):
        edges[clock.value].append(edge.value)
    for name, found in edges.items():
        yield f"| `{name}` | {', '.join(found)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
