"""What a call says and hears: the words that were kept for it, a key, and what came of the key.

Nothing is acknowledged but by a key that a person presses: not by picking up, not by listening to the end, and never by
a machine. A machine hears that there is a message and nothing of it. Twilio waits 15 s for a document; a listener gives
up before, so an engine that is slow is asked again under the same key, a few times.
"""

import asyncio
import logging
import re
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from twilio.twiml.voice_response import VoiceResponse

from escalation.adapters.sending import Script, visible
from escalation.adapters.store import LedgerDown
from escalation.core.vocabulary import Message
from escalation.gateway.acting import UNSURE, Acting, Now, Pace, Wish
from escalation.gateway.callbacks import CALL, WORD_CHARS_MAX
from escalation.gateway.grammar import Act
from escalation.gateway.signed import Form, Signatures, forbidden, moved
from escalation.gateway.told import Sent
from escalation.gateway.wording import Lines, Wording, line

ANSWER_WITHIN = timedelta(seconds=4)
"""A document is there within five seconds."""
KEY_WITHIN = timedelta(seconds=8)
"""How long a key is waited for after the words."""
ROUNDS_MAX = 2
"""How often the words are said to somebody who presses nothing."""
REPEATS_MAX = 5
"""How often they are said to somebody who asks to hear them again."""
TRIES_MAX = 3
"""How often an engine that is away is asked, with a moment between."""
MOMENT_SECONDS = 2

KEYS = {"4": Act.ACKNOWLEDGE, "5": Act.RAISE}
REPEAT = "*"
FIELDS = ("AnsweredBy", "CallSid", "Digits")
"""Every field that is read."""

_MACHINES = ("machine", "fax")
_COUNT = re.compile(r"[0-9]{1,2}")
_log = logging.getLogger(__name__)


class Scripts(Protocol):
    """What calls say, and to whom. Raises `LedgerDown`."""

    def sent(self, dispatch: str) -> Sent | None: ...
    def script(self, dispatch: str, call: str) -> Script | None: ...


class Calls:
    """Answers what calls ask. `brand` is who speaks."""

    def __init__(self, acting: Acting, told: Scripts, wording: Wording, pace: Pace, brand: str, url: str) -> None:
        self._acting = acting
        self._told = told
        self._wording = wording
        self._pace = pace
        self._brand = brand
        self._url = url

    async def answer(self, dispatch: str, form: Form, turn: "Turn", now: Now) -> str:
        """The document for where the call stands."""
        clock = asyncio.get_running_loop()
        end = clock.time() + ANSWER_WITHIN.total_seconds()
        try:
            async with asyncio.timeout_at(end):
                sent = await asyncio.to_thread(self._told.sent, dispatch)
                script = await asyncio.to_thread(self._told.script, dispatch, form["CallSid"])
        except (LedgerDown, TimeoutError) as error:
            _log.warning("a call cannot be told its words: %s", type(error).__name__)
            return self._moment(self._wording.in_language("en"), "en-GB", dispatch, turn)
        if sent is None or script is None or not self._pace.allows(dispatch, now()):
            return _said(script.language if script else "en-GB", line(self._spoken(script), "voice.gone"))
        lines, speech = self._spoken(script), script.language
        if form.get("AnsweredBy", "").startswith(_MACHINES):
            return _said(speech, line(lines, "voice.machine", brand=self._brand))
        if sent.message is not Message.PAGE:
            return _said(speech, script.words, script.words, line(lines, "voice.goodbye"))
        key = turn.key or form.get("Digits", "")
        if key in KEYS:
            once = f"{form['CallSid']} {key}"
            wish = Wish(KEYS[key], sent.reference, sent.episode, sent.contact, "voice", once, now(), page=dispatch)
            came = await self._acting.do(wish, timedelta(seconds=max(end - clock.time(), 0)))
            if came.word == UNSURE:
                return self._moment(lines, speech, dispatch, turn.pressing(key))
            values = {**came.values, "ref": " ".join(sent.reference)}
            return _said(speech, line(lines, came.word, **values), line(lines, "voice.goodbye"))
        return self._asked(key, script, lines, dispatch, turn)

    def _asked(self, key: str, script: Script, lines: Lines, dispatch: str, turn: "Turn") -> str:
        """The words with the question, once more, or goodbye."""
        if key == REPEAT and turn.repeats < REPEATS_MAX:
            following = Turn(turn.rounds, turn.repeats + 1)
        elif turn.rounds < ROUNDS_MAX:
            following = Turn(turn.rounds + 1, turn.repeats)
        else:
            return _said(script.language, line(lines, "voice.silence"))
        response = VoiceResponse()
        gather = response.gather(
            input="dtmf",
            num_digits=1,
            timeout=int(KEY_WITHIN.total_seconds()),
            finish_on_key="",  # "#" is a key like any other, not the end of keys
            action_on_empty_result=True,
            action=self._address(dispatch, following),
            method="POST",
        )
        if key and key != REPEAT:
            gather.say(line(lines, "voice.unknown_key"), language=script.language)
        gather.say(_plain(script.words), language=script.language)
        gather.say(line(lines, "voice.keys"), language=script.language)
        return str(response)

    def _moment(self, lines: Lines, speech: str, dispatch: str, turn: "Turn") -> str:
        """Ask to wait and come again; after some times, say that nothing is sure."""
        if turn.tries >= TRIES_MAX:
            return _said(speech, line(lines, "voice.unsure"))
        response = VoiceResponse()
        response.say(line(lines, "voice.moment"), language=speech)
        response.pause(length=MOMENT_SECONDS)
        response.redirect(self._address(dispatch, turn.again()), method="POST")
        return str(response)

    def _address(self, dispatch: str, turn: "Turn") -> str:
        return f"{self._url}?{urlencode({'d': dispatch, **turn.fields()})}"

    def _spoken(self, script: Script | None) -> Lines:
        return self._wording.in_language(script.language if script else "en")


class Turn:
    """Where a call stands. It travels in the addresses that Twilio signs, so nobody else can set it."""

    __slots__ = ("key", "repeats", "rounds", "tries")

    def __init__(self, rounds: int = 0, repeats: int = 0, tries: int = 0, key: str = "") -> None:
        self.rounds, self.repeats, self.tries, self.key = rounds, repeats, tries, key

    @classmethod
    def read(cls, given: "dict[str, str]") -> "Turn":
        """As it came back; whatever is no turn is the first one."""
        rounds, repeats, tries = (
            int(given[name]) if _COUNT.fullmatch(given.get(name, "")) else 0 for name in ("n", "r", "t")
        )
        key = given.get("k", "")
        return cls(rounds, repeats, tries, key if key in KEYS else "")

    def fields(self) -> dict[str, str]:
        """As it goes into an address."""
        key = {"k": self.key} if self.key else {}
        return {"n": str(self.rounds), "r": str(self.repeats), "t": str(self.tries), **key}

    def again(self) -> "Turn":
        """The same, one try later."""
        return Turn(self.rounds, self.repeats, self.tries + 1, self.key)

    def pressing(self, key: str) -> "Turn":
        """The same, with a key that was pressed and is not done yet."""
        return Turn(self.rounds, self.repeats, self.tries, key)


def routes(calls: Calls, signatures: Signatures, now: Now) -> APIRouter:
    """The door for calls."""
    router = APIRouter()

    @router.post("/twilio/voice")
    async def receive_call(request: Request) -> Response:
        """What the call says next."""
        form = await signatures.form(request)
        dispatch = request.query_params.get("d", "")
        if not 0 < len(dispatch) <= WORD_CHARS_MAX or not dispatch.isprintable():
            raise forbidden()
        if not CALL.fullmatch(form.get("CallSid", "")) or moved(form, FIELDS):
            raise forbidden()
        answer = await calls.answer(dispatch, form, Turn.read(dict(request.query_params)), now)
        return Response(answer, media_type="application/xml")

    return router


def _said(speech: str, *words: str) -> str:
    """Say it, with a breath between, and put the phone down."""
    response = VoiceResponse()
    for number, each in enumerate(words):
        if number:
            response.pause(length=1)
        response.say(_plain(each), language=speech)
    response.hangup()
    return str(response)


def _plain(words: str) -> str:
    """One line without what XML forbids."""
    return " ".join(visible(words).split())
