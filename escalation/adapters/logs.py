"""What our processes say to whoever operates them: one line for each event, on standard error.

On a terminal it is for eyes, in colour; in a pipe each line is a JSON object with `timestamp` (UTC), `level`, `logger`
and `event`, and of an act also its `workflow_id`, `activity_type` and `attempt`. A traceback is part of its line there.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

KNOWN = ("workflow_id", "workflow_type", "activity_type", "attempt")
"""What is told of the act or the workflow that says something; the rest is in the engine."""
CONTEXTS = ("temporal_activity", "temporal_workflow")
"""Under these the engine's SDK adds it to a record, and once more as text at the end of the message."""


def set_up(stream: TextIO | None = None) -> None:
    """Let everything that is logged in this process, warnings and worse, come out so. Once, before anything is done."""
    stream = stream or sys.stderr
    # A traceback of Rich's would show the values of variables, which may be people's words.
    eyes = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    program = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    tracebacks = structlog.processors.format_exc_info
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(allow=CONTEXTS),
                _context,
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *([eyes] if stream.isatty() else [tracebacks, program]),
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _context(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    said = str(event.pop("event"))
    for name in CONTEXTS:
        details = event.pop(name, None)
        if isinstance(details, dict):
            said = said.removesuffix(f" ({details})")
            event.update((key, details[key]) for key in KNOWN if key in details)
    event["event"] = said
    return event
