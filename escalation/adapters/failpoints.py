"""Named points at which a process can be told to die, for tests that kill it where it hurts. Development only."""

import os
import signal
from typing import Literal, get_args

Point = Literal["before_intent", "after_intent", "after_post", "after_record"]
POINTS: tuple[Point, ...] = get_args(Point)


class Failpoints:
    """Kills this process with SIGKILL when it reaches the point it was built with; None never does."""

    def __init__(self, point: str | None = None) -> None:
        if point is not None and point not in POINTS:
            raise ValueError(f"failpoint {point!r} is unknown; choose one of {', '.join(POINTS)}")
        self._point = point

    def reach(self, point: Point) -> None:
        """Die here if told to: nothing is flushed, closed or rolled back."""
        if point == self._point:
            os.kill(os.getpid(), signal.SIGKILL)
