"""`python -m tests.bench.approvals`: the core's approvals against an oracle, in as many organisations as asked for.

The same comparison as `tests/core/test_approval_organisations.py`, with another seed. A seed and the number of its
organisation are all that is needed to meet a disagreement again.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from time import perf_counter

from tests.core.approvals_compared import compared
from tests.core.organisations import organisations

ORGANISATIONS = 100_000
# Of the tests' own seeds there are a few; this one is none of them.
SEED = 20_261_122
PROGRESS_EACH = 5_000
DIFFERENCES_MAX = 5  # shown; after that there is no use in going on


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and say how many agreed, how fast, and what was met. Exit 1 when one did not."""
    asked = _parser().parse_args(arguments)
    print(f"seed {asked.seed}, {asked.organisations:,} organisations", flush=True)
    begun, different, number, tally = perf_counter(), 0, 0, Counter[str]()
    for number, life in enumerate(islice(organisations(asked.seed), asked.organisations), start=1):
        found = compared(*life, tally)
        if found is not None:
            different += 1
            print(f"organisation {number} of seed {asked.seed}: {found}", flush=True)
            if different == DIFFERENCES_MAX:
                break
        if not number % asked.each:
            print(f"{number:>9,} tried, {number / (perf_counter() - begun):,.0f} per second", flush=True)
    rate = number / (perf_counter() - begun)
    print(", ".join(f"{word} {count:,}" for word, count in tally.most_common()))
    agreed = f"{number - different:,} of {number:,} organisations agree, {different} differ"
    print(f"{agreed}; {rate:,.0f} per second; seed {asked.seed}")
    return 1 if different else 0


def _positive(written: str) -> int:
    number = int(written)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{written!r} is too few; write 1 or more")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.approvals", description=__doc__)
    parser.add_argument(
        "--organisations", type=_positive, default=ORGANISATIONS, help="how many to compare (default %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=SEED, help="from which they are made up (default %(default)s)")
    parser.add_argument("--each", type=_positive, default=PROGRESS_EACH, help="progress line (default %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
