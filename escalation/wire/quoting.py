"""How a message shows what stands in a file: never longer than a line, never with a character that acts."""

VALUE_CHARS_MAX = 60


def shown(value: object) -> str:
    """The value as Python would write it, cut to one short line."""
    text = repr(value[: VALUE_CHARS_MAX + 1] if isinstance(value, str) else value)
    return text if len(text) <= VALUE_CHARS_MAX else text[:VALUE_CHARS_MAX] + "…"
