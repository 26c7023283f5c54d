"""`python -m tests.bench.clocks`: the core's clocks against a walk of instants, as many made-up cases as asked for.

The same comparison as `tests/core/test_brute_force.py`, with other seeds.
"""

import sys
from collections.abc import Sequence

from tests.bench.comparing import Comparison
from tests.core.brute_force import cases
from tests.core.compared import difference

CASES = 100_000
# Of the tests' own seeds there are a few; this one is none of them.
SEED = 20_261_121
PROGRESS_EACH = 5_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit 1 when one case was worked out in two ways."""
    return Comparison(
        prog="python -m tests.bench.clocks",
        about=__doc__,
        noun="case",
        count=CASES,
        seed=SEED,
        each=PROGRESS_EACH,
        cases=cases,
        difference=difference,
    ).run(arguments)


if __name__ == "__main__":
    sys.exit(main())
