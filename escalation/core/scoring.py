"""The impact of a case as a whole number from 0 to 100, with its parts. Weights are versioned policy, not code.

Each dimension is worth the best of its gauges that holds, in points from 0 to 100; the score is the weighted sum,
rounded down once. What nobody measured counts nothing, and `at_most` says what the score could be with it.
Source: internal escalation agreement, "Impact Score"; escalation document and routes, six dimensions.
"""

from dataclasses import dataclass
from enum import StrEnum

from escalation.core.case_facts import Reading
from escalation.core.conditions import Condition, Known, all_of

POINTS_MAX = 100
WEIGHTS_SUM = 100


class Dimension(StrEnum):
    """What an impact has."""

    BREADTH = "breadth"
    DEPTH = "depth"
    DURATION = "duration"
    REVENUE = "revenue"
    REPUTATION = "reputation"
    CONTRACTUAL = "contractual"


@dataclass(frozen=True, slots=True)
class Gauge:
    """So many points when all of this holds."""

    points: int
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Weight:
    """How much a dimension counts, and how it is gauged: most points first (the reader of the file sorts them)."""

    dimension: Dimension
    weight: int
    gauges: tuple[Gauge, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One dimension of a score. `points` None: nobody measured it. `wants`: facts that could make it `at_most`."""

    dimension: Dimension
    weight: int
    points: int | None
    at_most: int
    because: str
    wants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100; `at_most` if all that is unknown were at its worst. Both are reckoned with the weights of `version`."""

    points: int
    at_most: int
    version: str
    parts: tuple[Part, ...]


def score(weights: tuple[Weight, ...], version: str, reading: Reading) -> Score:
    """The impact of the case. Weights sum up to 100 (the reader of the file sees to it)."""
    parts = tuple(_part(weight, reading) for weight in weights)
    points = sum(part.weight * (part.points or 0) for part in parts)
    at_most = sum(part.weight * part.at_most for part in parts)
    return Score(points // WEIGHTS_SUM, at_most // WEIGHTS_SUM, version, parts)


def _part(weight: Weight, reading: Reading) -> Part:
    """The best gauge that holds. Facts that are wanted are those that a better gauge asks for."""
    best, because, judged = 0, "nothing of it", False
    unknown: list[tuple[int, str]] = []
    for gauge in weight.gauges:
        answer = all_of(gauge.when, reading)
        if answer.known is Known.UNKNOWN:
            unknown.append((gauge.points, answer.wants))
            continue
        judged = True
        if answer.known is Known.YES:
            best, because = gauge.points, answer.evidence
            break
    return Part(
        weight.dimension,
        weight.weight,
        best if judged else None,
        max([best, *(points for points, _ in unknown)]),
        because if judged else "not measured",
        tuple(dict.fromkeys(wanted for _, wanted in unknown)),
    )
