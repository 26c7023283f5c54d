"""What becomes of an accepted call: it rings, is picked up or not, and plays its script to whoever did."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from escalation.standins.journal import Accepted, CallLine, Journal, StatusChange
from escalation.standins.line import Line, Person, Plan, planned
from escalation.standins.outcomes import Outcome
from escalation.standins.webhooks import Webhooks

CALLS_MAX = 100
"""Calls that are on the line at once; more wait their turn, as in the vendor's queue."""
RING_DEFAULT = timedelta(seconds=60)
VOICE_EVENTS = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
"""The `StatusCallbackEvent` that asks for a status; every way a call ends is asked for as `completed`."""


class Calls:
    """Every call of the stand-ins, each on a thread of its own while it lasts."""

    def __init__(self, journal: Journal, webhooks: Webhooks, account_sid: str, pause: Callable[[], object]) -> None:
        self._journal = journal
        self._webhooks = webhooks
        self._account_sid = account_sid
        self._pause = pause
        self._pool = ThreadPoolExecutor(CALLS_MAX, thread_name_prefix="standins-call")
        self._lock = threading.Lock()
        self._people: dict[str, Person] = {}
        self._closed = False

    def begin(self, send: Accepted, outcome: Outcome) -> None:
        """Start the life of an accepted call."""
        person = Person()
        with self._lock:
            if self._closed:
                return
            self._people[send.provider_id] = person
            self._pool.submit(self._live, _Call(self, send, outcome, person))

    def on_line(self) -> tuple[str, ...]:
        """The ids of the calls that are not over."""
        with self._lock:
            return tuple(self._people)

    def answer(self, sid: str) -> None:
        """Pick up a call that rings. Raises `ValueError` when it does not, as all of these do."""
        self._pick(sid, "answered")

    def decline(self, sid: str) -> None:
        """Reject a call that rings: it is busy."""
        self._pick(sid, "declined")

    def voicemail(self, sid: str) -> None:
        """Let the voicemail pick up a call that rings: the script is spoken to it, and no key is ever pressed."""
        self._pick(sid, "voicemail")

    def press(self, sid: str, keys: str) -> None:
        """Press keys in a call that asks for some; raises `ValueError` when it does not ask just now."""
        planned(keys)
        if not keys.strip() or not self._person(sid).press("".join(keys.split()).replace("-", "")):
            self._journal.append(CallLine(sid, "unheard", keys, datetime.now(UTC)))
            raise ValueError(f"the call {sid!r} does not listen for keys just now; wait for its question")

    def hang_up(self, sid: str) -> None:
        """Put the phone down."""
        self._person(sid).hang_up()

    def close(self) -> None:
        """Hang up everywhere and wait for the calls to end."""
        with self._lock:
            self._closed = True
            people = list(self._people.values())
        for person in people:
            person.hang_up()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _pick(self, sid: str, how: str) -> None:
        status = self._journal.status(sid)
        rings = status is not None and status.status == "ringing"
        person = self._person(sid)
        if not rings or not person.pick(how):  # type: ignore[arg-type]  # one of the three words above
            raise ValueError(f"the call {sid!r} does not ring; it is {status.status if status else 'queued'}")

    def _person(self, sid: str) -> Person:
        with self._lock:
            person = self._people.get(sid)
        if person is None:
            raise ValueError(f"no call {sid!r} is on the line; GET /outbox.json lists those that are")
        return person

    def _live(self, call: "_Call") -> None:
        try:
            call.run(self._journal, self._webhooks, self._pause)
        finally:
            with self._lock:
                self._people.pop(call.send.provider_id, None)

    @property
    def account_sid(self) -> str:
        return self._account_sid


class _Call:
    """One call's way from dialling to its end."""

    def __init__(self, calls: Calls, send: Accepted, outcome: Outcome, person: Person) -> None:
        self.send = send
        self._outcome = outcome
        self._person = person
        self._sequence = 0
        self._options = dict(send.options)
        self._answered_by: str | None = None
        self._about = {
            "AccountSid": calls.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": send.provider_id,
            "Called": send.to,
            "Caller": send.sender,
            "Direction": "outbound-api",
            "From": send.sender,
            "To": send.to,
        }

    def run(self, journal: Journal, webhooks: Webhooks, pause: Callable[[], object]) -> None:
        """Go through the stages; the threads of other calls are not in the way."""
        self._journal, self._webhooks = journal, webhooks
        ends = self._outcome.ends
        if ends == "silent":
            return None
        pause()
        self._enter("initiated")
        pause()
        if ends == "failed":
            return self._enter("failed")
        self._enter("ringing")
        if ends == "rings":
            ring = self._options.get("Timeout", "")
            within = timedelta(seconds=int(ring)) if ring.isdigit() else RING_DEFAULT
            picked = self._person.picks(within)
            ends = {"answered": "completed", "declined": "busy", "voicemail": "machine", None: "no-answer"}[picked]
        else:
            pause()
        if ends in {"no-answer", "busy", "canceled"}:
            return self._enter(ends)
        return self._speak(machine=ends == "machine")

    def _speak(self, *, machine: bool) -> None:
        outcome = self._outcome
        began = datetime.now(UTC)
        self._detect(machine=machine)
        self._enter("in-progress")
        if self._options.get("AsyncAmd") == "true" and self._answered_by:
            self._tell_machine()
        live = outcome.ends == "rings" and not machine
        plan = Plan(None) if live else planned("" if machine else outcome.keys)
        about = {**self._about, **self._detected()}
        if self._options.get("AsyncAmd") == "true":
            about.pop("AnsweredBy", None)
        Line(self.send, self._person, plan, self._journal, self._webhooks, about).play()
        self._enter("completed", max(round((datetime.now(UTC) - began).total_seconds()), 1))

    def _detect(self, *, machine: bool) -> None:
        asked = self._options.get("MachineDetection")
        if asked is None:
            return
        heard = self._outcome.answered_by or ("machine_start" if machine else "human")
        ends = asked == "DetectMessageEnd" and heard == "machine_start"
        self._answered_by = "machine_end_beep" if ends else heard

    def _detected(self) -> dict[str, str]:
        return {"AnsweredBy": self._answered_by} if self._answered_by else {}

    def _tell_machine(self) -> None:
        url = self._options.get("AsyncAmdStatusCallback")
        if url is None:
            return
        sid = self.send.provider_id
        form = {**self._detected(), "AccountSid": self._about["AccountSid"], "CallSid": sid}
        form["MachineDetectionDuration"] = "1000"
        said = (self.send.dispatch or self.send.to, "machine")
        self._webhooks.report(sid, said, lambda: self._webhooks.post("machine", sid, url, form), last=True)

    def _enter(self, status: str, seconds: int = 0) -> None:
        send, now, index = self.send, datetime.now(UTC), self._sequence
        self._sequence += 1
        if status != "initiated":  # a call that is being dialled still shows as queued
            self._journal.append(StatusChange(send.provider_id, status, None, now, self._answered_by, seconds))
        if not send.callback:
            return
        if VOICE_EVENTS.get(status, "completed") not in (send.callback_events or ("completed",)):
            return
        form = {
            **self._about,
            "CallStatus": status,
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(index),
            "Timestamp": format_datetime(now),
        }
        if status not in VOICE_EVENTS:
            form |= {"CallDuration": str(seconds), "Duration": str(-(-seconds // 60)), **self._detected()}
        url, sid, last = send.callback, send.provider_id, status not in VOICE_EVENTS
        said = (send.dispatch or send.to, status)
        self._webhooks.report(sid, said, lambda: self._webhooks.post("status", sid, url, form), last=last)
