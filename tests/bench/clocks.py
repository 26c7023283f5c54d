"""`python -m tests.bench.clocks`: the core's clocks against a walk of instants, as many made-up cases as asked for.

The same comparison as `tests/core/test_brute_force.py`, with other seeds. A seed and the number of its case are all
that is needed to meet a disagreement again.
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import islice
from time import perf_counter

from tests.core.brute_force import cases
from tests.core.compared import difference

CASES = 100_000
# Of the tests' own seeds there are a few; this one is none of them.
SEED = 20_261_121
PROGRESS_EACH = 5_000
DIFFERENCES_MAX = 5  # shown; after that there is no use in going on


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and say how many agreed, and how fast. Exit 1 when one did not."""
    asked = _parser().parse_args(arguments)
    print(f"seed {asked.seed}, {asked.cases:,} cases", flush=True)
    begun, different, number = perf_counter(), 0, 0
    for number, case in enumerate(islice(cases(asked.seed), asked.cases), start=1):
        found = difference(case)
        if found is not None:
            different += 1
            print(f"case {number} of seed {asked.seed}: {found}", flush=True)
            if different == DIFFERENCES_MAX:
                break
        if not number % asked.each:
            print(f"{number:>9,} tried, {number / (perf_counter() - begun):,.0f} per second", flush=True)
    rate = number / (perf_counter() - begun)
    print(f"{number - different:,} of {number:,} agree, {different} differ; {rate:,.0f} per second; seed {asked.seed}")
    return 1 if different else 0


def _positive(written: str) -> int:
    number = int(written)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{written!r} is too few; write 1 or more")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.clocks", description=__doc__)
    parser.add_argument("--cases", type=_positive, default=CASES, help="how many to compare (default %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="from which they are made up (default %(default)s)")
    parser.add_argument("--each", type=_positive, default=PROGRESS_EACH, help="progress line (default %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
