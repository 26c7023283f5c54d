"""A million callbacks that were tampered with, against the gateway's readers: none is taken, none is an error.

    python -m tests.bench.callbacks [COUNT]

The same mutants as in `tests/edge/gateway/test_mutants.py`, only more of them, on every core.
"""

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.edge.gateway.mutants import Callback, forged, originals

COUNT = 1_000_000
PART = 20_000


def found_in(start: int, end: int) -> list[Callback]:
    """The mutants with these numbers that were taken although they say something else."""
    real = originals()
    return [callback for number in range(start, end) if (callback := forged(number, real)) is not None]


def main(count: int = COUNT) -> int:
    """Print one line; 1 when anything was taken. An error in a reader ends it with a traceback."""
    began = time.monotonic()
    starts = range(0, count, PART)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = [one for part in pool.map(found_in, starts, [min(at + PART, count) for at in starts]) for one in part]
    for callback in found[:10]:
        print(f"taken: {callback}")
    print(f"{count:,} tampered callbacks in {time.monotonic() - began:.0f} s: {len(found)} taken, 0 errors")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:2])))
