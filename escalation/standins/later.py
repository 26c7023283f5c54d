"""Acts that are due a little later, on a few threads of their own, and never more than a bound."""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic

WORKERS = 8
WAITING_MAX = 10_000
LOG = logging.getLogger(__name__)


class Later:
    """Runs each act once its delay is over; acts still waiting at `close` never run."""

    def __init__(self, workers: int = WORKERS, waiting_max: int = WAITING_MAX) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="standins-callback")
        self._waiting_max = waiting_max
        self._order = itertools.count()
        self._heap: list[tuple[float, int, Callable[[], object]]] = []
        self._open = 0
        self._closed = False
        self._changed = threading.Condition()
        self._clock = threading.Thread(target=self._tick, name="standins-clock", daemon=True)
        self._clock.start()

    def after(self, delay: timedelta, act: Callable[[], object]) -> bool:
        """Whether `act` was taken; it is not when the bound is reached or this is closed."""
        with self._changed:
            if self._closed or self._open >= self._waiting_max:
                return False
            self._open += 1
            heapq.heappush(self._heap, (monotonic() + delay.total_seconds(), next(self._order), act))
            self._changed.notify()
            return True

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._clock.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _tick(self) -> None:
        with self._changed:
            while not self._closed:
                left = self._heap[0][0] - monotonic() if self._heap else None
                if left is None or left > 0:
                    self._changed.wait(left)
                else:
                    self._pool.submit(self._run, heapq.heappop(self._heap)[2])

    def _run(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception:
            LOG.exception("an act of the stand-ins failed")
        finally:
            with self._changed:
                self._open -= 1
