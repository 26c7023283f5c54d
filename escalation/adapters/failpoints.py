"""Named points at which a process can be told to die, for tests that kill it where it hurts. Development only."""

import os
import signal
from typing import Literal, get_args

SendPoint = Literal["before_intent", "after_intent", "after_post", "after_record"]
ReceiptPoint = Literal["before_receipt", "after_receipt", "after_telling"]
"""In the gateway: nothing is kept yet; kept, and the workflow has not heard; it has heard, and that is not noted."""
BundlePoint = Literal["after_waiting", "after_bundle_intent", "after_bundle_sent"]
"""Of what is told with others: it waits; a message is to tell it; that one has ended, and nothing is marked yet."""
Point = SendPoint | ReceiptPoint | BundlePoint
SEND_POINTS: tuple[SendPoint, ...] = get_args(SendPoint)
RECEIPT_POINTS: tuple[ReceiptPoint, ...] = get_args(ReceiptPoint)
BUNDLE_POINTS: tuple[BundlePoint, ...] = get_args(BundlePoint)
POINTS: tuple[Point, ...] = (*SEND_POINTS, *RECEIPT_POINTS)
"""Those that every dispatch and every receipt passes."""


class Failpoints:
    """Kills this process with SIGKILL when it reaches the point it was built with; None never does."""

    def __init__(self, point: str | None = None) -> None:
        known = (*POINTS, *BUNDLE_POINTS)
        if point is not None and point not in known:
            raise ValueError(f"failpoint {point!r} is unknown; choose one of {', '.join(known)}")
        self._point = point

    def reach(self, point: Point) -> None:
        """Die here if told to: nothing is flushed, closed or rolled back."""
        if point == self._point:
            os.kill(os.getpid(), signal.SIGKILL)
