"""What somebody typed into a mail that has only an HTML part.

Read here and not by Python's `html.parser`: 64 KB of "<a " keep that busy for minutes. Here every step goes forward.
"""

import re
from collections.abc import Iterator
from html import unescape

_NAME = re.compile(r"/?([a-z][a-z0-9]*)", re.IGNORECASE)
_UNSEEN = frozenset({"head", "script", "style", "template", "title"})
_LINES = frozenset({"br", "div", "h1", "h2", "h3", "h4", "li", "ol", "p", "pre", "table", "td", "tr", "ul"})
_ENDS = frozenset({"blockquote", "hr"})
_QUOTED = re.compile(
    r"gmail_quote|yahoo_quoted|protonmail_quote|moz-cite-prefix|divRplyFwdMsg|appendonsend", re.IGNORECASE
)
"""How mail programs mark what they quote."""


def typed(html: str) -> str:
    """Its words, line by line, up to what is quoted; nothing of scripts, styles, comments and the head. Never raises.

    What is not closed ends it.
    """
    return "\n".join(line.strip() for line in "".join(_pieces(html)).split("\n") if line.strip())


def _pieces(html: str) -> Iterator[str]:
    lowered = html.lower()
    if len(lowered) != len(html):  # a letter whose small form is two: places would not be the same
        html = lowered
    place = 0
    while (start := html.find("<", place)) >= 0:
        yield _words(html[place:start])
        comment = html.startswith("<!--", start)
        end = html.find("-->" if comment else ">", start)
        if end < 0:
            return
        place = end + (3 if comment else 1)
        name = _NAME.match(html, start + 1)
        tag = name[1].lower() if name else ""
        if tag in _ENDS or (tag and _QUOTED.search(html, start, end)):
            return
        if tag in _UNSEEN and html[start + 1] != "/":
            place = lowered.find(f"</{tag}", place)
            if place < 0:
                return
        elif tag in _LINES:
            yield "\n"
    yield _words(html[place:])


def _words(text: str) -> str:
    """In HTML a line end is a blank like any other."""
    return re.sub(r"\s+", " ", unescape(text))
