"""The door to what is kept beside the engine: files, the words that name them, and who somebody is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from escalation.core.standing import Standing

# In development, from a checkout, when no directory is named.
DIRECTORY = Path("examples/directory.yaml")


class File(Protocol):
    """A file in the store."""

    @property
    def digest(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def media_type(self) -> str: ...


class Files(Protocol):
    """The attachment store, as far as the command line needs it. Errors are one line each."""

    def keep(self, content: bytes) -> File: ...
    def read(self, digest: str) -> bytes: ...
    def kept(self) -> dict[str, datetime]: ...
    def remove(self, digest: str, before: datetime) -> int: ...


@dataclass(frozen=True)
class Keeping:
    """`standing` answers who somebody is, with `known` False when nobody can say; `words` None for what is gone."""

    files: Files
    standing: Callable[[str, datetime], Standing]
    words: Callable[[str], str | None]


def kept_here() -> Keeping:
    """What the settings name."""
    from escalation.adapters.attachments import AttachmentFolder  # what is not needed is not loaded
    from escalation.adapters.directory import Directory, DirectoryDown
    from escalation.adapters.settings import read_settings
    from escalation.adapters.store import LedgerDown, open_store
    from escalation.adapters.texts import Texts

    settings = read_settings()

    def standing(by: str, at: datetime) -> Standing:
        try:
            return Directory.from_file(settings.directory_file or DIRECTORY).standing(by, at)
        except DirectoryDown:
            return Standing(by, known=False)

    def words(text: str) -> str | None:
        store = open_store(settings.ledger_url, settings.ledger_timeout)
        try:
            return Texts(store, settings.commitment_key).read(text)
        except LedgerDown:
            return None
        finally:
            store.dispose()

    folder = settings.attachment_dir or settings.data_dir / "attachments"
    return Keeping(AttachmentFolder(folder), standing, words)
