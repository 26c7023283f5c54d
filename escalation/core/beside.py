"""What stands beside an escalation: linked ones for a second party, files by reference, and who speaks outside.

The commands about them stand here too; `commands.py` has all the others and tells what they have in common.
"""

import re
from typing import Literal

from escalation.core.effects import Text
from escalation.core.standing import Standing
from escalation.core.values import dataclass
from escalation.core.vocabulary import Phase

# Linked escalations of one, ended ones included: their suffixes run from 2 to 10.
LINKS_MAX = 9
# Files of one escalation, and bytes of one file. Source: the escalation document's own limits.
ATTACHMENTS_MAX = 20
FILE_BYTES_MAX = 25 * 1024**2
# Logs, screenshots, recordings, papers and archives. Programs have no type here; a script is text like any other.
MEDIA_TYPES = (
    "application/gzip",
    "application/pdf",
    "application/zip",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/plain",
    "video/mp4",
    "video/webm",
)
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Linked:
    """Another escalation about the same ticket. `phase` is its final one, once it has ended.

    `heard` is the number of the last thing that it said of itself: an older one that comes later says nothing new.
    """

    reference: str
    episode: str
    phase: Phase | None = None
    heard: int = 0


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file by reference. `digest` is the SHA-256 of its bytes in hex and names them in the store.

    `bytes` is its size, `media_type` what its first bytes say it is. Its name is words: kept elsewhere.
    """

    digest: str
    bytes: int
    media_type: str
    name: Text


@dataclass(frozen=True, slots=True)
class ChangeContact:
    """Somebody else speaks with the customer from now on. The work stays where it is."""

    by: str
    to: str
    reason: str
    standing: Standing | None = None
    kind: Literal["change_contact"] = "change_contact"


@dataclass(frozen=True, slots=True)
class Attach:
    """Put a file beside it: the bytes are kept elsewhere, under their SHA-256 in hex. `text` is the file's name."""

    by: str
    digest: str
    bytes: int
    media_type: str
    text: Text | None = None
    standing: Standing | None = None
    kind: Literal["attach"] = "attach"


@dataclass(frozen=True, slots=True)
class Link:
    """A second party works beside this one: escalation `to`, in its `episode`, was opened for it."""

    by: str
    to: str
    episode: str
    reason: str
    standing: Standing | None = None
    kind: Literal["link"] = "link"


@dataclass(frozen=True, slots=True)
class ReportTold:
    """Whether the linked escalation heard what `TellLinked` number `number` had to say; how it `ended`, if it has."""

    number: int
    told: bool
    error: str | None = None
    ended: Phase | None = None
    kind: Literal["report_told"] = "report_told"


def untaken(digest: str, size_bytes: int, media_type: str) -> dict[str, str]:
    """Why a file of that kind is no attachment, as facts of a refusal; empty when it may be one."""
    if not _DIGEST.fullmatch(digest):
        return {"digest": digest, "wanted": "64 hexadecimal digits in small letters"}
    if not 1 <= size_bytes <= FILE_BYTES_MAX:
        return {"bytes": str(size_bytes), "limit": str(FILE_BYTES_MAX)}
    if media_type not in MEDIA_TYPES:
        return {"media_type": media_type, "allowed": ", ".join(MEDIA_TYPES)}
    return {}
