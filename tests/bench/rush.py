"""`python -m tests.bench.rush`: how long one step of 1,300 recipients takes, by SMS and by email.

Everything but the ledger and the engine is as in production: the project's own senders on the vendors' own clients,
over real HTTP, to stand-ins in a process of their own that keep what they accept on disk and post a signed callback for
every status and event. The time runs until the last send is accepted, and, beside it, until the last callback is in.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from pydantic import SecretStr

from escalation.adapters.sendgrid import SendGrid
from escalation.adapters.sending import Accepted, Attempt, Letter, Outgoing, Provider, ShortMessage
from escalation.adapters.settings import MailAccount, PhoneAccount
from escalation.adapters.twilio import Twilio
from escalation.core.vocabulary import Channel, Severity
from escalation.standins.board import ACCOUNT_SID, AUTH_TOKEN
from escalation.standins.engine import free_port
from escalation.standins.remote import RemoteStandins
from tests.edge.standins.vendors import OURS, Receiver, receiver

RECIPIENTS = 1_300
AIM = timedelta(seconds=60)
THREADS = 16
"""As many sends at once for each provider as a worker hands over."""

TIMEOUT = timedelta(seconds=30)
PATIENCE = timedelta(minutes=5)
LASTS = timedelta(minutes=2)
POLL = timedelta(milliseconds=200)


@dataclass(frozen=True, slots=True)
class Lap:
    """What one rush took: seconds until the last acceptance, and until the last callback."""

    sends: int
    accepted: int
    accepted_seconds: float
    callbacks: int
    callbacks_seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print. Exit 1 when a send was not accepted, or when it took longer than the aim."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rush", description=__doc__)
    parser.add_argument("--recipients", type=int, default=RECIPIENTS)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    with TemporaryDirectory() as folder, receiver() as back, playing(Path(folder), back) as standins:
        lap = rush(standins, back, asked.recipients)
    print(json.dumps(asdict(lap)) if asked.json else told(lap))
    return 0 if lap.accepted == lap.sends and lap.accepted_seconds <= AIM.total_seconds() else 1


def told(lap: Lap) -> str:
    """The figures in a sentence each."""
    rate = lap.sends / lap.accepted_seconds
    return (
        f"{lap.accepted} of {lap.sends} sends accepted in {lap.accepted_seconds:.1f} s ({rate:.0f}/s; aim: "
        f"{AIM.total_seconds():.0f} s) on {os.cpu_count()} cores\n"
        f"{lap.callbacks} callbacks received, the last after {lap.callbacks_seconds:.1f} s"
    )


def rush(standins: RemoteStandins, back: Receiver, recipients: int) -> Lap:
    """Hand everything over at once, from two pools of threads."""
    phone, mail = providers(standins.base_url, f"{back.base_url}/twilio/status")
    texts = [outgoing(number, Channel.SMS) for number in range(recipients)]
    letters = [outgoing(number, Channel.EMAIL) for number in range(recipients)]
    wanted = 2 * recipients  # `sent` and `delivered` for each SMS; a mail's events come in batches, and are extra
    began = perf_counter()
    with ThreadPoolExecutor(THREADS) as by_phone, ThreadPoolExecutor(THREADS) as by_mail:
        attempts: list[Iterator[Attempt]] = [by_phone.map(phone.send, texts), by_mail.map(mail.send, letters)]
        accepted = sum(isinstance(attempt, Accepted) for some in attempts for attempt in some)
    handed_over = perf_counter() - began
    back.wait_for(wanted, PATIENCE.total_seconds())
    return Lap(2 * recipients, accepted, handed_over, len(back.got), perf_counter() - began)


def providers(base_url: str, callback: str) -> tuple[Provider, Provider]:
    """The project's own senders, pointed at the stand-ins."""
    phone = PhoneAccount(
        ACCOUNT_SID, SecretStr(AUTH_TOKEN), base_url, None, None, OURS, None, callback, standin=True, timeout=TIMEOUT
    )
    mail = MailAccount(
        SecretStr("SG.x"), base_url, "support@example.com", "Support", "example.com", standin=True, timeout=TIMEOUT
    )
    return Twilio(phone), SendGrid(mail)


def outgoing(number: int, channel: Channel) -> Outgoing:
    """One message of the step, of the size that real ones have."""
    words = f"SEV1 ESC-{number}: Checkout is down in eu-west. You are asked to take it. Reply ack {number % 100}"
    letter = Letter(f"[ESC-{number}] Checkout is down", words * 10, f"<html><body><p>{words * 20}</p></body></html>")
    texting = channel is Channel.SMS
    to = f"+1415{number:07d}" if texting else f"person.{number}@example.com"
    content = ShortMessage(words) if texting else letter
    at = datetime.now(UTC)
    return Outgoing(f"{channel.value}-{number}", f"ESC-{number}", Severity.SEV1, channel, to, None, content, at, LASTS)


@contextmanager
def playing(folder: Path, back: Receiver) -> Iterator[RemoteStandins]:
    """Stand-ins in a process of their own, with a store on disk."""
    port = free_port()
    command = (sys.executable, "-m", "escalation.standins", "--port", str(port), "--store", str(folder / "store.db"))
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        standins = RemoteStandins(f"http://127.0.0.1:{port}")
        if not standins.wait_until(lambda: _answers(standins), timedelta(seconds=30)):
            raise RuntimeError(f"the stand-ins did not start on port {port}")
        standins.callbacks(gap=timedelta(0))
        standins.deliver(events_url=f"{back.base_url}/events")
        yield standins
    finally:
        child.terminate()
        child.wait()


def _answers(standins: RemoteStandins) -> bool:
    try:
        standins.outbox()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    raise SystemExit(main())
