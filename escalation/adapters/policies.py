"""Where agreements lie: a folder of YAML files, those that ship with the package, and the last good copy of each."""

import errno
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

from escalation.adapters.policy_journal import Chronicle, JournalError, PolicyJournal, Publication, Wanted
from escalation.core.policy import Policy
from escalation.core.vocabulary import Channel
from escalation.wire.holidays_of import ICAL_BYTES_MAX
from escalation.wire.policy import ReadBeside, freeze
from escalation.wire.triage_terms import Ruling, ruling_of
from escalation.wire.written_words import is_name
from escalation.wire.yaml_reader import BYTES_MAX, Document, FaultyFileError, read

NAMES_SHOWN_MAX = 12
READABLE = 0o644


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
        _, policy = self.read(name, at)
        if version is not None and policy.version != version:
            raise NoSuchPolicyError(
                f"policy {name!r} is at version {policy.version!r}, not {version!r}; ask for that one"
            )
        self._keep(policy, at)
        return policy

    def read(self, name: str, at: datetime) -> tuple[Document, Policy]:
        """The same as it is written and as it is frozen; no copy is made. Raises as `newest` does."""
        source, folder = self._source(name)
        document, policy = self._frozen(source, at, folder)
        if policy.name != name:
            raise NoSuchPolicyError(f"the file of policy {name!r} calls itself {policy.name!r}; give both one name")
        return document, policy

    def ruling(self, name: str) -> Ruling:
        """What the newest agreement of that name says of triage, and its rules. Raises as `newest` does."""
        source, _ = self._source(name)
        return _ruling(source)

    def read_file(self, path: Path, at: datetime) -> tuple[Document, Policy]:
        """An agreement that lies anywhere. Raises `FaultyFileError`, and OSError when it cannot be read."""
        return self._frozen(_bytes(path), at, path.parent)

    def publish(self, path: Path, wanted: Wanted, at: datetime) -> Publication:
        """Put the agreement in that file in force, from the next opening on, and enter it in the folder's journal.

        `wanted` says what was looked at before; a file that is another one by now, or that freezes to another
        agreement in the folder (where iCal files are its own), is refused. Raises `NoSuchPolicyError` without a
        folder, `JournalError` for what the journal does not take, `FaultyFileError`, and OSError.
        """
        if self._folder is None:
            raise NoSuchPolicyError("no folder of agreements is set; name one with ESCALATION_POLICY_DIR")
        source = _bytes(path)
        _, policy = self._frozen(source, at, self._folder)
        found = (policy.name, policy.version, policy.digest)
        if found != (wanted.name, wanted.version, wanted.digest):
            raise JournalError(
                f"{str(path)!r} has changed, or names iCal files that are others in {str(self._folder)!r};"
                " put those there, and publish again"
            )
        journal = PolicyJournal(self._folder)
        with journal.locked():
            replaced = self._in_force(policy, at)
            publication = journal.enter(wanted, replaced, at)
            _write(self._folder / f"{policy.name}.yaml", source)
            return publication

    def unpublished(self, at: datetime) -> dict[str, str]:
        """Agreements in use that the journal does not know, and those that it knows and whose file is gone: by name,
        and what is so. Never raises for a bad file.
        """
        if self._folder is None or not self._folder.is_dir():
            return {}
        chronicle = PolicyJournal(self._folder).read()
        last = {each.name: each.version for each in chronicle.publications}
        found = {
            name: f"version {version} was published, and its file is gone; restore it, or publish the agreement again"
            for name, version in sorted(last.items())
            if not (self._folder / f"{name}.yaml").is_file()
        }
        for path in sorted(self._folder.glob("*.yaml")):
            if is_name(path.stem):
                found |= self._unknown_to(chronicle, path.stem, at)
        return found

    def _unknown_to(self, chronicle: Chronicle, name: str, at: datetime) -> dict[str, str]:
        entered = chronicle.of(name)
        digests = {each.digest for each in entered}
        try:
            _, policy = self.read(name, at)
        except FaultyFileError as faulty:
            return {name: f"its file is wrong, the last good copy stays in force: {faulty.faults[0]}"}
        except (NoSuchPolicyError, OSError) as error:
            return {name: f"its file cannot be used: {error}"}
        if policy.digest not in digests:
            return {name: f"version {policy.version} ({policy.digest[:12]}) is in force and was never published"}
        if entered[-1].digest != policy.digest:
            last = entered[-1].version
            return {name: f"version {policy.version} is in force, though {last} was published last; publish it again"}
        with suppress(NoSuchPolicyError):
            kept = self.kept(name)
            if kept.digest not in digests:
                return {name: f"version {kept.version} ({kept.digest[:12]}) was used and was never published"}
        return {}

    def _in_force(self, policy: Policy, at: datetime) -> str | None:
        """The version that a publication replaces. Raises `JournalError` when it is the same one with another text."""
        try:
            _, before = self.read(policy.name, at)
        except (NoSuchPolicyError, FaultyFileError):
            return None
        if before.version == policy.version and before.digest != policy.digest:
            raise JournalError(f"{policy.name} {policy.version} is in force with another text; raise the version")
        return before.version

    def _frozen(self, source: bytes, at: datetime, folder: Path) -> tuple[Document, Policy]:
        document = _document(source)
        return document, freeze(document, at, self._settles, files_below(folder))

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

    def _source(self, name: str) -> tuple[bytes, Path]:
        """The bytes of the file, and the folder that it lies in."""
        # The name becomes part of a path, so it is looked at before anything is opened.
        if not is_name(name):
            raise self._unknown(name)
        if self._folder is not None:
            with suppress(FileNotFoundError):
                return _bytes(self._folder / f"{name}.yaml"), self._folder
        try:
            return (_shipped() / f"{name}.yaml").read_bytes(), _shipped()
        except FileNotFoundError:
            raise self._unknown(name) from None

    def _unknown(self, name: str) -> NoSuchPolicyError:
        known = self.names()
        more = f" and {len(known) - NAMES_SHOWN_MAX} more" if len(known) > NAMES_SHOWN_MAX else ""
        return NoSuchPolicyError(
            f"no policy is called {name[:80]!r}; known are {', '.join(known[:NAMES_SHOWN_MAX])}{more}"
        )

    def _copy_of(self, name: str) -> Path:
        return self._kept / f"{name}.json"

    def _keep(self, policy: Policy, at: datetime) -> None:
        """Write the copy, unless the same one is there: the text and the year, which decides the zones' instants."""
        state = (policy.digest, at.year)
        with self._lock:
            if self._written.get(policy.name) != state or not self._copy_of(policy.name).exists():
                _write(self._copy_of(policy.name), _ADAPTER.dump_json(policy))
                self._written[policy.name] = state


def files_below(folder: Path) -> ReadBeside:
    """Reads the files that a policy in that folder names: regular ones, at most a byte more than is allowed.

    One outside the folder, also by a link, raises PermissionError.
    """

    def read_below(name: str) -> bytes:
        root = folder.resolve()
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise PermissionError(errno.EACCES, "it lies outside the policy's folder")
        if not path.is_file():  # a pipe would be waited for
            raise FileNotFoundError(errno.ENOENT, "there is no such file")
        with path.open("rb") as file:
            return file.read(ICAL_BYTES_MAX + 1)

    return read_below


_ADAPTER: TypeAdapter[Policy] = TypeAdapter(Policy)


def _shipped() -> Path:
    return Path(str(files("escalation") / "policies"))


def _stem(name: str) -> str:
    return name.removesuffix(".yaml")


@lru_cache(maxsize=32)
def _document(source: bytes) -> Document:
    return read(source)


@lru_cache(maxsize=32)
def _ruling(source: bytes) -> Ruling:
    return ruling_of(_document(source))


def _bytes(path: Path) -> bytes:
    """What is in a regular file, and one byte more than may be: a pipe would be waited for forever."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "not a regular file")
    with path.open("rb") as file:
        return file.read(BYTES_MAX + 1)


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, and on the disk before this returns: a crash leaves the copy before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), READABLE)  # a worker under another name reads it too
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
