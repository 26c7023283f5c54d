"""A kept entry, read back: from the text over which its digest was taken to the core's `Entry`."""

from functools import lru_cache

from pydantic import TypeAdapter, ValidationError

from escalation.core.audit import Kept
from escalation.core.entry import Entry


class UnreadableEntryError(ValueError):
    """A text that is no entry of this version. One line; it never repeats what the text holds."""


def decode(body: str) -> Entry:
    """The entry that this canonical JSON tells. Raises `UnreadableEntryError`.

    Reading is lenient where verifying is strict: `core.audit.verify` compares the text itself, byte for byte.
    """
    try:
        return _adapter().validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"][:4]) or "the whole text"
        raise UnreadableEntryError(f"this is no entry of this version: {place}: {first['msg']}") from None


def kept(body: str, digest: str) -> Kept:
    """What `core.audit.verify` asks for: the text as it is kept, what it says, and its digest."""
    return Kept(body, decode(body), digest)


def kept_in(reference: str, episode: str, body: str, digest: str) -> Kept:
    """The same, of an entry that must be of that episode; another one's was put there. Raises as `decode` does."""
    found = kept(body, digest)
    belongs = (found.entry.reference, found.entry.episode)
    if belongs != (reference, episode):
        raise UnreadableEntryError(f"it belongs to {belongs[0]!r}, episode {belongs[1]!r}, and was put here")
    return found


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Entry]:
    # Built at first use: it takes a tenth of a second that a client which reads no log need not pay.
    return TypeAdapter(Entry)
