"""The parts as processes that outlive whoever started them: each holds a lock for as long as it lives.

So "is it running?" has one answer, also after a kill or a restart of the machine, and a process id that somebody else
has by now is never taken for ours.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Self

CHECKOUT = Path(__file__).parents[1]
LOOPBACK = "127.0.0.1"
LOOK_EVERY = timedelta(milliseconds=50)
KILL_MAX = timedelta(seconds=5)
"""How long a killed process may take to be gone."""

# What runs, in the words that `docker-compose.yml` uses as well.
STANDINS = ("python", "-m", "escalation.standins")
WORKER = ("python", "worker.py")
GATEWAY = ("python", "-m", "escalation.gateway")
MIGRATIONS = ("escalate", "db", "upgrade")


class SiteError(RuntimeError):
    """It cannot be brought up, or down. One line: what, why, the next step."""


def runnable(command: Sequence[str]) -> tuple[str, ...]:
    """The command under this interpreter, whatever the shell would find under these names."""
    programs = {
        "python": (sys.executable,),
        "escalate": (sys.executable, "-c", "from escalation.cli import app; app()"),
    }
    return (*programs[command[0]], *command[1:])


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports of 127.0.0.1. Those of the last time are kept, so that links and callbacks stay good."""

    engine: int = 7233
    pages: int = 8233
    outbox: int = 8025
    gateway: int = 8026

    @classmethod
    def kept(cls, file: Path) -> Self:
        """Those of the last time; the usual ones when there was none, or when its file is no good."""
        try:
            return cls(**{name: int(port) for name, port in json.loads(file.read_text("utf-8")).items()})
        except (OSError, ValueError, TypeError, AttributeError):
            return cls()

    def keep(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self)), "utf-8")

    def refuse_same(self) -> None:
        """Raise `SiteError` when two parts would share a port."""
        given = [getattr(self, field.name) for field in fields(self)]
        for port in given:
            if given.count(port) > 1:
                raise SiteError(f"port {port} is given twice; each part needs its own")


@dataclass(frozen=True, slots=True)
class Part:
    """One process. `ports` are those it listens on, by the option that names them; `folder` is the data directory."""

    name: str
    command: tuple[str, ...]
    ports: Mapping[str, int]
    folder: Path
    stop_max: timedelta

    @property
    def log(self) -> Path:
        """What it says; the log of the time before is beside it, as `.old`."""
        return self.folder / "log" / f"{self.name}.log"

    @property
    def _file(self) -> Path:
        return self.folder / "run" / f"{self.name}.pid"

    def pid(self) -> int | None:
        """Its process id while it lives, else None."""
        try:
            file = os.open(self._file, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(os.pread(file, 20, 0) or 0) or _unknown(self.name)
        finally:
            os.close(file)
        return None

    def refuse_taken_ports(self) -> None:
        """Raise `SiteError` when somebody else listens where this part will."""
        for option, port in self.ports.items():
            try:
                socket.create_server((LOOPBACK, port)).close()
            except (OSError, OverflowError) as error:
                why = os.strerror(error.errno or 0) if isinstance(error, OSError) else "no port"
                raise SiteError(
                    f"{self.name}: port {port} of {LOOPBACK} cannot be had ({why}); end what listens there,"
                    f' or take another one: make up PORTS="--{option} {min(port + 1000, 65000)}"'
                ) from None

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it, detached, unless it runs. It may not answer yet."""
        self.log.parent.mkdir(exist_ok=True)
        self._file.parent.mkdir(exist_ok=True)
        file = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.ftruncate(file, 0)
                os.pwrite(file, f"{self._spawn(file, environment)}\n".encode(), 0)
        finally:
            os.close(file)

    def _spawn(self, lock: int, environment: Mapping[str, str]) -> int:
        with suppress(FileNotFoundError):
            self.log.replace(self.log.with_name(f"{self.log.name}.old"))
        with self.log.open("wb") as lines:
            # The child inherits the lock, and the system lets go of it when the child ends, however that happens.
            child = subprocess.Popen(  # noqa: S603  # our own commands
                self.command, cwd=CHECKOUT, env=dict(environment), stdin=subprocess.DEVNULL, stdout=lines,
                stderr=subprocess.STDOUT, start_new_session=True, pass_fds=(lock,),
            )  # fmt: skip
        child.returncode = 0  # nobody waits for it here, and its object need not complain about that
        return child.pid

    def stop(self) -> bool:
        """End it: politely, then for good. False when it had to be killed. Raises `SiteError` when it stays."""
        for number, patience in ((signal.SIGTERM, self.stop_max), (signal.SIGKILL, KILL_MAX)):
            pid = self.pid()
            if pid is None:
                return True
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            if self._gone(patience):
                return number is signal.SIGTERM
        raise SiteError(f"{self.name} (process {self.pid()}) does not end; end it by hand, then: make down")

    def _gone(self, patience: timedelta) -> bool:
        until = time.monotonic() + patience.total_seconds()
        while self.pid() is not None:
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_EVERY.total_seconds())
        return True

    def last_words(self) -> str:
        """The last line that it said."""
        lines = self.log.read_text("utf-8", "replace").split("\n") if self.log.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def _unknown(name: str) -> int:
    raise SiteError(f"{name} runs, but its process id was never written down; end it by hand, then: make down")
