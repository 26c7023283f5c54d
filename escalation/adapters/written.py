"""Values as an environment writes them: durations in seconds or ISO 8601, lists by commas."""

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode


def _seconds(value: object) -> object:
    """Let "2.5" mean seconds; anything else is left for the ISO 8601 reader."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _parted(value: object) -> object:
    """Let "one, two" mean two words."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_seconds), Field(gt=timedelta(0))]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parted)]
