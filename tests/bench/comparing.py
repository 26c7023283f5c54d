"""The core against something that works it out in another way: as many made-up cases as asked for, from a seed.

A seed and the number of its case are all that is needed to meet a disagreement again.
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Generic, TypeVar

DIFFERENCES_MAX = 5  # shown; after that there is no use in going on
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Comparison(Generic[C]):
    """What is compared, and by how many. `noun` is what one case is called; `difference` says None where both agree."""

    prog: str
    about: str | None
    noun: str
    count: int
    seed: int
    each: int  # cases between two lines of progress
    cases: Callable[[int], Iterable[C]]
    difference: Callable[[C], str | None]
    met: Callable[[], str] = lambda: ""  # what there was among them, for people
    counted: str = ""  # what the last line calls them, with a blank before it

    def run(self, arguments: Sequence[str] | None) -> int:
        """Compare and say how many agreed, how fast, and what was met. 1 when one did not."""
        asked = self._parser().parse_args(arguments)
        print(f"seed {asked.seed}, {asked.count:,} {self.noun}s", flush=True)
        begun, different, number = perf_counter(), 0, 0
        for number, case in enumerate(islice(self.cases(asked.seed), asked.count), start=1):
            found = self.difference(case)
            if found is not None:
                different += 1
                print(f"{self.noun} {number} of seed {asked.seed}: {found}", flush=True)
                if different == DIFFERENCES_MAX:
                    break
            if not number % asked.each:
                print(f"{number:>9,} tried, {number / (perf_counter() - begun):,.0f} per second", flush=True)
        rate = number / (perf_counter() - begun)
        if met := self.met():
            print(met)
        agreed = f"{number - different:,} of {number:,}{self.counted} agree, {different} differ"
        print(f"{agreed}; {rate:,.0f} per second; seed {asked.seed}")
        return 1 if different else 0

    def _parser(self) -> argparse.ArgumentParser:
        many = "how many to compare (default %(default)s)"
        made, line = "from which they are made up (default %(default)s)", "progress line (default %(default)s)"
        parser = argparse.ArgumentParser(prog=self.prog, description=self.about)
        parser.add_argument(f"--{self.noun}s", dest="count", type=_positive, default=self.count, help=many)
        parser.add_argument("--seed", type=int, default=self.seed, help=made)
        parser.add_argument("--each", type=_positive, default=self.each, help=line)
        return parser


def _positive(written: str) -> int:
    number = int(written)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{written!r} is too few; write 1 or more")
    return number
