"""Errors as people meet them: one line on standard error, exit 2 for bad input, 1 for a no or a failed check.

Nobody gets a traceback: of an error that is ours the line says where the details went.
"""

import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import typer
from typer.core import TyperGroup

from escalation.wire.outcomes import NotDone, NotFound
from escalation.wire.quoting import harmless
from escalation.wire.requests import BadInput

BAD_INPUT, FAILED = 2, 1


class CheckFailed(Exception):
    """A check does not hold; everything has been said."""


@runtime_checkable
class UsageProblem(Protocol):
    """What Typer raises for a command line that it cannot read, in every version."""

    exit_code: int

    def format_message(self) -> str:
        """What is wrong."""
        ...


class OneLine(TyperGroup):
    """A command that ends with an exit code and at most a few lines, whatever happens."""

    def main(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # the signature of every version of Typer
        """Run, and exit."""
        options["standalone_mode"] = False
        try:
            code = super().main(*arguments, **options)
        except typer.Abort:
            code = 130
        except Exception as error:  # noqa: BLE001  # the last line of defence
            lines, code = spoken(error)
            for each in lines:
                sys.stderr.write(f"escalate: {harmless(each)}\n")
        sys.exit(code if isinstance(code, int) else 0)


def spoken(error: Exception) -> tuple[list[str], int]:
    """What to say about an error, and the exit code."""
    match error:
        case CheckFailed():
            return [], FAILED
        case BadInput():
            return list(error.lines), BAD_INPUT
        case NotFound():
            return [str(error)], BAD_INPUT
        case NotDone():
            return [str(error)], FAILED
        case UsageProblem():
            return [_plain(error.format_message())], BAD_INPUT
        case _:
            return _from_adapters(error)


@contextmanager
def extra(name: str) -> Iterator[None]:
    """For imports of an optional part: when it is not installed, say how to get it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("escalation"):
            raise
        raise BadInput(
            f"this needs {error.name!r}, which is not installed; pip install 'escalation-pipeline[{name}]'"
        ) from None


def _from_adapters(error: Exception) -> tuple[list[str], int]:
    from escalation.adapters.audit_store import AuditDown  # half a second that most commands save
    from escalation.adapters.settings import SettingsError
    from escalation.adapters.store import LedgerDown
    from escalation.wire.yaml_reader import FaultyFileError

    if isinstance(error, SettingsError | FaultyFileError):
        return str(error).splitlines(), BAD_INPUT
    if isinstance(error, AuditDown | LedgerDown):
        return [str(error)], FAILED
    return [f"{type(error).__name__}: a fault of this program; the details are in {_kept(error)}"], FAILED


def _kept(error: Exception) -> Path:
    with tempfile.NamedTemporaryFile("w", prefix="escalate-", suffix=".log", delete=False, encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    return Path(file.name)


def _plain(message: str) -> str:
    return " ".join(message.split())
