"""How a message shows what stands in a file: never longer than a line, never with a character that acts."""

VALUE_CHARS_MAX = 60
# What moves a terminal's cursor, colours it, or turns the direction in which it writes. Lines and tabs are harmless.
_ACTING = (*range(0x20), *range(0x7F, 0xA0), 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_HARMLESS = {code: "\N{REPLACEMENT CHARACTER}" for code in _ACTING if chr(code) not in "\n\t"}


def shown(value: object) -> str:
    """The value as Python would write it, cut to one short line."""
    text = repr(value[: VALUE_CHARS_MAX + 1] if isinstance(value, str) else value)
    return text if len(text) <= VALUE_CHARS_MAX else text[:VALUE_CHARS_MAX] + "…"


def harmless(text: str) -> str:
    """The text for a terminal, of the same length: characters that act there are shown as replaced."""
    return text.translate(_HARMLESS)
