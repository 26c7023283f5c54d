"""The windows of maintenance of this deployment, from a file that may change while the workers run."""

import logging
import threading
from datetime import datetime
from pathlib import Path

from escalation.core.lull import MaintenanceWindow
from escalation.wire.maintenance_file import read_windows
from escalation.wire.yaml_reader import BYTES_MAX, FaultyFileError

_log = logging.getLogger(__name__)

Stamp = tuple[int, int, int]


class Maintenance:
    """A file of windows, read anew whenever it has changed; without one there is no maintenance.

    What cannot be read is logged once, and the windows that were read last stay in force: a slip of the keyboard wakes
    nobody in the middle of a maintenance. Safe to call from many threads.
    """

    def __init__(self, path: Path | None) -> None:
        """Raises ValueError with the first fault, and OSError when the file cannot be read."""
        self._path = path
        self._lock = threading.Lock()
        self._windows: tuple[MaintenanceWindow, ...] = ()
        self._seen: Stamp | None = None
        if path is not None:
            try:
                self._seen, self._windows = _stamp(path), windows_in(path)
            except FaultyFileError as faulty:
                first = str(faulty.faults[0])
                raise ValueError(f"{path}: {first}; escalate maintenance check says the rest") from None

    def in_force(self, at: datetime) -> tuple[MaintenanceWindow, ...]:
        """The windows in which that instant lies, whatever they are about."""
        with self._lock:
            self._look()
            return tuple(window for window in self._windows if window.since <= at < window.until)

    def _look(self) -> None:
        if self._path is None:
            return
        try:
            stamp = _stamp(self._path)
        except OSError:
            stamp = None
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._windows = windows_in(self._path)
        except (FaultyFileError, OSError) as error:
            _log.error("%s is left as it was read last: %s", self._path, _first(error))


def windows_in(path: Path) -> tuple[MaintenanceWindow, ...]:
    """Every window of that file. Raises `FaultyFileError` with every fault, and OSError."""
    with path.open("rb") as file:
        return read_windows(file.read(BYTES_MAX + 1))


def _first(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _stamp(path: Path) -> Stamp:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino
