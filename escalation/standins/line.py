"""One call from the moment it rings: the person's side of it, and the script played to them.

A person either follows a plan (keys known beforehand, so that nothing waits) or is at the outbox page or a test, and
then everything takes its time: words are spoken, questions wait for keys, and whoever is silent is not waited for long.
"""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Literal
from urllib.parse import urljoin

from escalation.standins import twiml
from escalation.standins.journal import Accepted, CallLine, Journal, LineKind
from escalation.standins.twiml import Gather, Hangup, Pause, Play, Redirect, Say, TwimlError
from escalation.standins.webhooks import GOOD, Webhooks

FETCHES_MAX = 50
"""How many documents one call may fetch; a script that sends itself round in circles ends here."""
CALL_MAX = timedelta(minutes=10)
SIGNS_PER_SECOND = 14
"""How fast words are spoken to a person who listens."""
FETCH_FAILURE = 11200
PLAYED = timedelta(seconds=1)
"""How long a recording is taken to be; it is never fetched."""
APOLOGY = "We are sorry, an application error has occurred. Goodbye."

Picked = Literal["answered", "declined", "voicemail"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the person does: the keys pressed at each question in turn (empty: none), without delay; None is live."""

    keys: tuple[str, ...] | None


class HungUpError(Exception):
    """The person put the phone down, or the stand-ins stop."""


class Person:
    """The one at the telephone, told from other threads what to do. Safe to use from many of them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._picked: Picked | None = None
        self._keys: deque[str] = deque()
        self._gone = False
        self.asked = False

    def pick(self, how: Picked) -> bool:
        """Whether this was the first choice."""
        with self._changed:
            first = self._picked is None
            self._picked = self._picked or how
            self._changed.notify_all()
            return first

    def press(self, keys: str) -> bool:
        """Whether anybody listens to the keys now; those that nobody listens to are lost, as on a real line."""
        with self._changed:
            if self.asked:
                self._keys.extend(keys)
                self._changed.notify_all()
            return self.asked

    def hang_up(self) -> None:
        with self._changed:
            self._gone = True
            self._changed.notify_all()

    def picks(self, within: timedelta) -> Picked | None:
        """What they chose within that time."""
        with self._changed:
            self._changed.wait_for(lambda: self._picked or self._gone, within.total_seconds())
            return self._picked

    def listens(self, length: timedelta, *, until_key: bool) -> None:
        """Let time pass, up to the first key when that counts; raises `HungUpError` when they are gone."""
        with self._changed:
            self._changed.wait_for(lambda: self._gone or (until_key and self._keys), length.total_seconds())
            if self._gone:
                raise HungUpError

    def ask(self, *, listening: bool) -> None:
        """Open or close the ear for keys; what was pressed before is forgotten."""
        with self._changed:
            self.asked = listening
            self._keys.clear()

    def key(self, within: timedelta) -> str | None:
        """The next key, or None after that much silence; raises `HungUpError` when they are gone."""
        with self._changed:
            self._changed.wait_for(lambda: self._gone or self._keys, within.total_seconds())
            if self._gone:
                raise HungUpError
            return self._keys.popleft() if self._keys else None


class Line:
    """Plays a call's script to its person and writes down what is heard and pressed."""

    def __init__(
        self, send: Accepted, person: Person, plan: Plan, journal: Journal, webhooks: Webhooks, about: Mapping[str, str]
    ) -> None:
        self._send = send
        self._person = person
        self._plan = deque(plan.keys) if plan.keys is not None else None
        self._journal = journal
        self._webhooks = webhooks
        self._about = about
        self._fetched = 0
        self._end = monotonic() + CALL_MAX.total_seconds()

    def play(self) -> None:
        """Obey the script to its end. What goes wrong is said and written, as Twilio does, and ends the call."""
        try:
            if self._send.twiml is not None:
                self._obey(twiml.read(self._send.twiml), None)
            elif self._send.url is not None:
                options = dict(self._send.options)
                self._follow(self._send.url, options.get("Method", "POST"), options.get("FallbackUrl"))
            self._write("ended", "the script is over")
        except HungUpError:
            self._write("ended", "hung up")
        except TwimlError as error:
            self._write("failed", str(error))
            self._write("said", APOLOGY)

    def _follow(self, url: str, method: str, fallback: str | None = None, **extra: str) -> None:
        try:
            verbs = self._fetch(url, method, extra)
        except TwimlError as error:
            if fallback is None:
                raise
            self._write("failed", str(error))
            url = fallback
            verbs = self._fetch(url, method, {"ErrorCode": str(error.code), "ErrorUrl": url})
        self._obey(verbs, url)

    def _fetch(self, url: str, method: str, extra: Mapping[str, str]) -> tuple[twiml.Verb, ...]:
        self._fetched += 1
        if self._fetched > FETCHES_MAX or monotonic() > self._end:
            raise TwimlError(FETCH_FAILURE, f"the call fetched {FETCHES_MAX} documents or took over {CALL_MAX}")
        form = {**self._about, "CallStatus": "in-progress", **extra}
        posted, body = self._webhooks.ask("script", self._send.provider_id, url, form, method)
        if posted.answered not in GOOD:
            raise TwimlError(FETCH_FAILURE, f"{url} answered {posted.answered or posted.failure}")
        self._write("fetched", url)
        return twiml.read(body.decode(errors="replace")) if body.strip() else ()

    def _obey(self, verbs: tuple[twiml.Verb, ...], here: str | None) -> None:
        for verb in verbs:
            match verb:
                case Gather():
                    digits = self._gather(verb)
                    if digits is not None or verb.on_empty:
                        return self._answered(verb, digits or "", here)
                case Redirect(url, method):
                    return self._follow(_address(url, here), method)
                case Hangup():
                    return None
                case _:
                    self._hear(verb, until_key=False)
        return None

    def _answered(self, asked: Gather, digits: str, here: str | None) -> None:
        if asked.action is None and here is None:
            raise TwimlError(FETCH_FAILURE, "a <Gather> of an inline script needs an action: there is no own address")
        self._follow(_address(asked.action or "", here), asked.method, Digits=digits, msg="Gather End")

    def _gather(self, asked: Gather) -> str | None:
        """The keys, or None when there were none in time."""
        self._person.ask(listening=self._plan is None)
        try:
            for heard in asked.prompt:
                self._hear(heard, until_key=True)
            self._write("asked", f"{asked.digits_max} keys at most, {asked.timeout.total_seconds():.0f} s of silence")
            digits, ended = self._keys(asked)
        finally:
            self._person.ask(listening=False)
        self._write("pressed" if digits or ended else "silence", digits + (asked.finish_on if ended else ""))
        return digits if digits or ended else None

    def _keys(self, asked: Gather) -> tuple[str, bool]:
        """The keys before the finishing one, and whether that one was pressed."""
        if self._plan is not None:
            planned = self._plan.popleft() if self._plan else ""
            digits, finished, _ = planned.partition(asked.finish_on) if asked.finish_on else (planned, "", "")
            return digits[: asked.digits_max], bool(finished) and len(digits) < asked.digits_max
        digits = ""
        while len(digits) < asked.digits_max:
            key = self._person.key(asked.timeout)
            if key is None or key == asked.finish_on:
                return digits, key is not None
            digits += key
        return digits, False

    def _hear(self, heard: Say | Play | Pause, *, until_key: bool) -> None:
        lasts = self._begun(heard)
        left = timedelta(seconds=max(self._end - monotonic(), 0))
        self._person.listens(min(lasts, left) if self._plan is None else timedelta(0), until_key=until_key)

    def _begun(self, heard: Say | Play | Pause) -> timedelta:
        """Write down what is heard from now on, and say how long that takes."""
        match heard:
            case Say(words):
                self._write("said", words)
                return timedelta(seconds=len(words) / SIGNS_PER_SECOND)
            case Play(url):
                self._write("played", url)
                return PLAYED
            case Pause(length):
                self._write("paused", f"{length.total_seconds():.0f} s")
                return length

    def _write(self, kind: LineKind, text: str) -> None:
        self._journal.append(CallLine(self._send.provider_id, kind, text, datetime.now(UTC)))


def _address(url: str, here: str | None) -> str:
    return urljoin(here, url) if here else url


def planned(keys: str) -> Plan:
    """A plan from words such as `4` or `- 12#`: the keys at each question in turn, `-` for none."""
    groups = tuple("" if group == "-" else group for group in keys.split())
    if any(group and not twiml.KEYS.fullmatch(group) for group in groups) or len(keys) > twiml.DIGITS_MAX:
        known = f"0-9, * and #, in groups, at most {twiml.DIGITS_MAX} in all"
        raise ValueError(f"keys {keys[:80]!r} cannot be pressed; there are {known}, and - for none")
    return Plan(groups)
