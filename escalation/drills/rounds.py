"""Whose turn it is in a list, counted in memory as `escalation.adapters.turns` counts in the store."""

from collections.abc import Sequence


class Rounds:
    """The turns of one play. Nobody was asked before it began."""

    def __init__(self) -> None:
        self._turns: dict[str, dict[str, tuple[int, str]]] = {}  # of each list: key → number and person

    def take(self, listed: str, key: str, there: Sequence[str]) -> tuple[int, tuple[str, ...]]:
        """The number of this turn, and everybody who is there, whoever has waited longest first.

        Who was never asked goes before all others, in the order given. The same `key` gets the same number.
        """
        turns = self._turns.setdefault(listed, {})
        number, person = turns.get(key, (len(turns) + 1, None))
        last = {who: at for at, who in turns.values() if at < number}
        order = sorted(there, key=lambda each: last.get(each, 0))
        turns.setdefault(key, (number, order[0]))
        return number, tuple(sorted(order, key=lambda each: each != person))
