"""`escalate`: the command line. It reads what people type, asks the client, and says what came of it in one line."""

from escalation.cli.app import app

__all__ = ["app"]
