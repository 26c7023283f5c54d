"""What a verb is fed with: a file that is named, or standard input."""

import sys
from pathlib import Path

from escalation.wire.requests import BadInput

STDIN = "-"


def fed(file: Path | str, bytes_max: int) -> bytes:
    """What is in a file, or in standard input, and at most one byte more than the bound, so that too much is seen."""
    if str(file) == STDIN:
        return sys.stdin.buffer.read(bytes_max + 1)
    try:
        with Path(file).open("rb") as opened:
            return opened.read(bytes_max + 1)
    except OSError as error:
        raise BadInput(f"{str(file)!r} cannot be read ({error.strerror}); name a file that can") from None
