"""A page of HTML taken apart by a strict reader: whatever is not plainly an element of ours or a word fails."""

import re
from dataclasses import dataclass
from html import unescape

VOID = frozenset({"meta", "br", "img"})
_PART = re.compile(r'<!DOCTYPE html>|<(/?)([a-z][a-z0-9]*)((?: [a-z-]+="[^"<>]*")*)>|([^<>]+)')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')


@dataclass(frozen=True)
class Page:
    """Its elements in order with their attributes, and its words in order."""

    elements: tuple[tuple[str, dict[str, str]], ...]
    words: tuple[str, ...]

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every element of that kind."""
        return [attributes for name, attributes in self.elements if name == tag]


def read(page: str) -> Page:
    """Raises AssertionError where an element is not closed, is closed twice, or is no element."""
    elements, words, opened, place = list[tuple[str, dict[str, str]]](), list[str](), list[str](), 0
    while place < len(page):
        part = _PART.match(page, place)
        assert part is not None, f"neither element nor word: {page[place : place + 40]!r}"
        place = part.end()
        closes, tag, attributes, text = part.groups()
        if text is not None:
            words += unescape(text).split()
        elif closes:
            assert opened.pop() == tag
        elif tag is not None:
            elements.append((tag, {name: unescape(value) for name, value in _ATTRIBUTE.findall(attributes)}))
            opened += [] if tag in VOID else [tag]
    assert opened == []
    return Page(tuple(elements), tuple(words))
