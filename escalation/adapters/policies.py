"""Where agreements lie: a folder of YAML files, those that ship with the package, and the last good copy of each."""

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from tempfile import NamedTemporaryFile

from pydantic import TypeAdapter, ValidationError

from escalation.core.policy import Policy
from escalation.core.vocabulary import Channel
from escalation.wire.policy import freeze
from escalation.wire.policy_file import is_name
from escalation.wire.yaml_reader import BYTES_MAX, Document, read


class NoSuchPolicyError(LookupError):
    """No agreement of that name, or not in that version. One line that names those there are."""


class PolicyShelf:
    """Finds agreements by name. A file in `folder` goes before the shipped one of the same name."""

    def __init__(self, folder: Path | None, kept: Path, settles: Mapping[Channel, timedelta]) -> None:
        """`kept` takes the last good copies; `settles` are the windows for channels that a file leaves out."""
        self._folder = folder
        self._kept = kept
        self._settles = dict(settles)
        self._lock = threading.Lock()
        self._written: dict[str, tuple[str, int]] = {}

    def names(self) -> tuple[str, ...]:
        """Every agreement that can be asked for, in order."""
        found = {_stem(entry.name) for entry in _shipped().iterdir() if entry.name.endswith(".yaml")}
        if self._folder is not None and self._folder.is_dir():
            found |= {path.stem for path in self._folder.glob("*.yaml") if is_name(path.stem)}
        return tuple(sorted(found))

    def newest(self, name: str, at: datetime, version: str | None = None) -> Policy:
        """The agreement as its file says now, frozen for escalations opened at `at`; a good one is kept.

        Raises `FaultyFileError` for a file that is wrong, `NoSuchPolicyError`, and OSError when it cannot be read.
        """
        policy = freeze(_document(self._source(name)), at, self._settles)
        if policy.name != name:
            raise NoSuchPolicyError(f"the file of policy {name!r} calls itself {policy.name!r}; give both one name")
        if version is not None and policy.version != version:
            raise NoSuchPolicyError(
                f"policy {name!r} is at version {policy.version!r}, not {version!r}; ask for that one"
            )
        self._keep(policy, at)
        return policy

    def kept(self, name: str, version: str | None = None) -> Policy:
        """The last good copy on this machine, marked `stale`. Raises `NoSuchPolicyError` when there is none."""
        if not is_name(name):
            raise self._unknown(name)
        try:
            policy = _ADAPTER.validate_json(self._copy_of(name).read_bytes())
        except FileNotFoundError:
            raise NoSuchPolicyError(f"no good copy of policy {name!r} is kept on this machine") from None
        except ValidationError:
            raise NoSuchPolicyError(f"the kept copy of policy {name!r} cannot be read by this version") from None
        if version is not None and policy.version != version:
            raise NoSuchPolicyError(f"the kept copy of policy {name!r} is version {policy.version!r}, not {version!r}")
        return replace(policy, stale=True)

    def _source(self, name: str) -> bytes:
        # The name becomes part of a path, so it is looked at before anything is opened.
        if not is_name(name):
            raise self._unknown(name)
        if self._folder is not None:
            with suppress(FileNotFoundError), (self._folder / f"{name}.yaml").open("rb") as file:
                return file.read(BYTES_MAX + 1)
        try:
            return (_shipped() / f"{name}.yaml").read_bytes()
        except FileNotFoundError:
            raise self._unknown(name) from None

    def _unknown(self, name: str) -> NoSuchPolicyError:
        return NoSuchPolicyError(f"no policy is called {name[:80]!r}; known are {', '.join(self.names())}")

    def _copy_of(self, name: str) -> Path:
        return self._kept / f"{name}.json"

    def _keep(self, policy: Policy, at: datetime) -> None:
        """Write the copy, unless the same one is there: the text and the year, which decides the zones' instants."""
        state = (policy.digest, at.year)
        with self._lock:
            if self._written.get(policy.name) != state or not self._copy_of(policy.name).exists():
                _write(self._copy_of(policy.name), _ADAPTER.dump_json(policy))
                self._written[policy.name] = state


_ADAPTER: TypeAdapter[Policy] = TypeAdapter(Policy)


def _shipped() -> Path:
    return Path(str(files("escalation") / "policies"))


def _stem(name: str) -> str:
    return name.removesuffix(".yaml")


@lru_cache(maxsize=32)
def _document(source: bytes) -> Document:
    return read(source)


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, and on the disk before this returns: a crash leaves the copy before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
