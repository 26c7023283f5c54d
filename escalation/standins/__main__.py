"""`python -m escalation.standins`: the stand-ins as a process of their own."""

import argparse
import signal
import sqlite3
import sys
import threading
from collections.abc import Sequence

from escalation.standins.board import ACCOUNT_SID, AUTH_TOKEN
from escalation.standins.server import HOST, Standins

PORT = 8025


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT (exit 0); exit 2 with one line when the port or the store cannot be had."""
    asked = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        phones, given = asked.phones, {name: value for name, value in vars(asked).items() if name != "phones"}
        standins = Standins(**given)
    except (OSError, sqlite3.Error) as error:
        sys.stderr.write(f"standins: port {asked.port}, store {asked.store}: {error}; choose another one\n")
        return 2
    if phones == "ring":
        standins.expect("voice", "rings")
    with standins:
        sys.stdout.write(f"stand-ins on {standins.base_url} (outbox page), store {asked.store or 'in memory'}\n")
        sys.stdout.flush()
        stop.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m escalation.standins", description=__doc__)
    parser.add_argument("--host", default=HOST, help="address to listen on (default %(default)s: this machine only)")
    parser.add_argument("--port", type=int, default=PORT, help="TCP port; 0: a free one (default %(default)s)")
    parser.add_argument("--store", help="SQLite file that remembers what was accepted (default: memory only)")
    parser.add_argument("--inbound-url", help="where an inbound SMS is posted")
    parser.add_argument("--events-url", help="where SendGrid's signed events are posted")
    parser.add_argument("--parse-url", help="where a mail that somebody answered is posted")
    parser.add_argument("--slack-url", help="where what people do in the chat is posted, as URL/actions and URL/events")
    rings = "whether a call rings on the page (default %(default)s)"
    parser.add_argument("--phones", choices=("away", "ring"), default="away", help=rings)
    parser.add_argument("--public-url", help="the public base URL that webhooks are signed for")
    parser.add_argument("--deliver-to", help="the base URL that is connected to in place of --public-url")
    parser.add_argument("--account-sid", default=ACCOUNT_SID, help="Twilio account (default %(default)s)")
    parser.add_argument("--auth-token", default=AUTH_TOKEN, help="Twilio token, also the key of signatures")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
