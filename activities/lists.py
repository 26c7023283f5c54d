"""What a message says that tells several: one line for each escalation, as many as its channel carries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.attempts import unanswered
from activities.stores import WordStore
from escalation.adapters.bundles import Entry, together
from escalation.adapters.gsm import longest
from escalation.adapters.rendering import Line, Renderer, Words
from escalation.adapters.sending import AddressBook, Content
from escalation.adapters.store import LedgerDown
from escalation.core.values import replace
from escalation.core.vocabulary import Channel, Message

DECISIVE = (Message.PAGE, Message.ACKNOWLEDGED, Message.CLOSING)
"""The last of these says whether somebody is still asked."""
TITLED = frozenset({Channel.EMAIL, Channel.CHAT})
"""Where there is room for titles."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What was looked up for a list: who reads it, what owners are called, and the titles by their id."""

    words: Words
    named: Mapping[str, str]
    titles: Mapping[str, str | None]


class Lists:
    """Writes them, in the reader's language."""

    def __init__(self, book: AddressBook, texts: WordStore, renderer: Renderer) -> None:
        self._book = book
        self._texts = texts
        self._renderer = renderer

    def room(self, entries: Sequence[Entry], at: datetime) -> int:
        """How many of them one message of that channel can name, at least one: the others follow in another."""
        known = self._known(entries, at)

        def fits(count: int) -> bool:
            return self._renderer.list_fits(self._content(entries[:count], len(entries) - count, known, at))

        return max(1, longest(len(entries), fits))

    def content(self, entries: Sequence[Entry], more: int, at: datetime) -> Content:
        """What the channel carries; `more` follow in another message. Raises when the directory cannot be asked."""
        return self._content(entries, more, self._known(entries, at), at)

    def _known(self, entries: Sequence[Entry], at: datetime) -> _Known:
        """All that is looked up for a list, each thing once."""
        effect = entries[0].effect
        try:
            name, reader = self._book.name(effect.contact, at), self._book.reader(effect.contact, at)
            owners = {entry.effect.brief.owner for entry in entries}
            named = {owner: self._book.name(owner, at) or owner for owner in owners if owner}
        except Exception as error:  # noqa: BLE001  # whatever a directory raises, it could not be asked
            raise unanswered("DirectoryDown", type(error).__name__) from None
        titles = {entry.effect.brief.title.id for entry in entries} if effect.channel in TITLED else set()
        words = Words(title=None, text=None, name=name, reader=reader)
        return _Known(words, named, {title: self._title(title) for title in titles})

    def _content(self, entries: Sequence[Entry], more: int, known: _Known, at: datetime) -> Content:
        lines = tuple(
            replace(line, brief=replace(line.brief, owner=known.named.get(line.brief.owner, line.brief.owner)))
            for line in _lines(entries, known.titles)
        )
        channel, dispatch = entries[0].effect.channel, together(entries).dispatch
        return self._renderer.listed(channel, lines, more, known.words, dispatch, at)

    def _title(self, title: str) -> str | None:
        try:
            return self._texts.read(title)
        except LedgerDown:
            return None


def _lines(entries: Sequence[Entry], titles: Mapping[str, str | None]) -> tuple[Line, ...]:
    """One line for each escalation, as the last word on it says: what is over or taken is asked of nobody."""
    found: dict[tuple[str, str], Line] = {}
    for entry in entries:
        effect, key = entry.effect, (entry.effect.brief.reference, entry.effect.brief.episode)
        known = found.get(key)
        newest = known is None or effect.number > known.number
        line = Line(effect.brief, effect.message, effect.number, titles.get(effect.brief.title.id))
        if known is None:
            found[key] = line
            continue
        later, earlier = (line, known) if newest else (known, line)
        points = tuple(dict.fromkeys((*earlier.brief.points, *later.brief.points)))
        said = earlier.message if later.message not in DECISIVE and earlier.message in DECISIVE else later.message
        found[key] = replace(later, message=said, brief=replace(later.brief, points=points))
    return tuple(found.values())
