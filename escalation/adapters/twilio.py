"""SMS and calls through the `twilio` package's synchronous client: timeouts set by hand, nothing retried.

Facts of twilio 9.13 that this module works around: no default timeout; a base URL has no option and does not survive
region or edge; these two are also read from the environment; responses' headers are not on the exception; its INFO
log prints telephone numbers.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ConnectTimeout, InvalidURL, SSLError
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NameResolutionError, NewConnectionError
from urllib3.exceptions import SSLError as UrllibSSLError

from escalation.adapters.hosts import is_loopback
from escalation.adapters.sending import (
    AT_HEADER,
    CLOCK_SKEW,
    Accepted,
    Answered,
    Attempt,
    Broken,
    News,
    Outgoing,
    Question,
    Script,
    Seen,
    ShortMessage,
    Sighting,
    Status,
    Trail,
    Unclear,
    Unseen,
    mark,
    marked,
    visible,
)
from escalation.adapters.settings import PhoneAccount
from escalation.core.vocabulary import Channel

LIST_MAX = 200
"""How many of the newest messages or calls to one number are searched; more than that proves nothing."""
PAGE_SIZE = 100
RING_SECONDS = 25
"""How long a telephone rings: short of most voicemail."""
DETECTION_SECONDS = 6
"""How long a call listens whether a machine speaks: whoever says "hello" hears nothing until then, or a little less."""
TWIML_CHARS_MAX = 4000
VALIDITY_MIN, VALIDITY_MAX = timedelta(seconds=1), timedelta(hours=10)
SPEECH_LANGUAGE = "en-GB"
CALL_EVENTS = ["initiated", "ringing", "answered", "completed"]

_NOT_POSTED = (NewConnectionError, NameResolutionError, ConnectTimeoutError, UrllibSSLError)


class Twilio:
    """A `Provider` for SMS and calls."""

    def __init__(self, account: PhoneAccount) -> None:
        self._account = account
        self._line = _Line(account)
        self._client = Client(
            username=account.sid,
            password=account.token.get_secret_value(),
            region=account.region,
            edge=account.edge,
            http_client=self._line,
            environment={"ESCALATION": "no TWILIO_ variable of the machine is read"},
        )
        logging.getLogger("twilio.http_client").setLevel(logging.WARNING)

    def send(self, outgoing: Outgoing) -> Attempt:
        """POST the message or the call once. Accepted only with its id."""
        match outgoing.content:
            case ShortMessage(body):
                return self._create(outgoing, self._client.messages.create, **self._message(outgoing, body))
            case Script() as script:
                return self._create(outgoing, self._client.calls.create, **self.call_fields(outgoing, script))
            case _:
                raise TypeError(f"a telephone carries no {type(outgoing.content).__name__}")

    def look(self, question: Question) -> Sighting:
        """Search the newest messages or calls to that number."""
        try:
            with self._line.at(question.at):
                if question.channel is Channel.SMS:
                    return self._look_for_message(question)
                return self._look_for_call(question)
        except Exception as error:  # noqa: BLE001  # a look-up that fails in any way proves nothing
            failure = read_failure(error)
            return Unclear(f"http_{failure.status}" if isinstance(failure, Answered) else failure.why)

    def follow(self, trail: Trail) -> News:
        """Fetch the message or the call."""
        try:
            with self._line.at(trail.at):
                if trail.channel is Channel.SMS:
                    message = self._client.messages(trail.provider_id).fetch()
                    return Status(str(message.status), _word(message.error_code))
                call = self._client.calls(trail.provider_id).fetch()
                return Status(str(call.status), answered_by=_word(call.answered_by))
        except Exception as error:  # noqa: BLE001  # whatever went wrong, nothing is known
            failure = read_failure(error)
            return Unclear(f"http_{failure.status}" if isinstance(failure, Answered) else failure.why)

    def _create(self, outgoing: Outgoing, create: Any, **fields: Any) -> Attempt:  # noqa: ANN401  # untyped package
        try:
            with self._line.at(outgoing.at):
                created = create(to=outgoing.to, **fields)
        except Exception as error:  # noqa: BLE001  # whatever happened, it is an answer: unknown means ambiguous
            return read_failure(error)
        return Accepted(str(created.sid)) if created.sid else Broken("twilio", posted=True, why="no_sid")

    def _message(self, outgoing: Outgoing, body: str) -> dict[str, object]:
        lasts = min(max(outgoing.lasts, VALIDITY_MIN), VALIDITY_MAX)
        fields: dict[str, object] = {"body": body, "validity_period": int(lasts.total_seconds())}
        if self._account.messaging_service:
            fields["messaging_service_sid"] = self._account.messaging_service
        else:
            fields["from_"] = self._account.sender
        if self._account.callback and outgoing.calls_back:
            fields["status_callback"] = self._callback(outgoing)
        return fields

    def call_fields(self, outgoing: Outgoing, script: Script) -> dict[str, object]:
        """The call asks us what to say, once it is known whether a person picked up; else it is told beforehand."""
        fields: dict[str, object] = {"from_": self._account.sender, "timeout": RING_SECONDS}
        if self._account.script and script.kept and outgoing.calls_back:
            fields["url"] = f"{self._account.script}?d={quote(outgoing.dispatch, safe='')}"
            fields |= {"machine_detection": "Enable", "machine_detection_timeout": DETECTION_SECONDS}
        else:
            fields["twiml"] = twiml(script.words, script.language)
        if self._account.callback and outgoing.calls_back:
            fields["status_callback"] = self._callback(outgoing)
            fields["status_callback_event"] = CALL_EVENTS
        return fields

    def _callback(self, outgoing: Outgoing) -> str:
        return f"{self._account.callback}?d={quote(outgoing.dispatch, safe='')}"

    def _look_for_message(self, question: Question) -> Sighting:
        """Only our mark in the body counts. A blank body (redaction) might be ours, so it proves nothing."""
        newest = self._client.messages.list(to=question.to, limit=LIST_MAX, page_size=PAGE_SIZE)
        blank: list[str] = []
        for message in newest:
            body = message.body or ""
            if mark(question.dispatch) in marked(body):
                return Seen(str(message.sid))
            if not body and _in_time(message, question):
                blank.append(str(message.sid))
        if set(blank) - question.taken(blank):
            return Unclear("blank_body")
        return Unseen() if _complete(newest, question) else Unclear("too_many")

    def _look_for_call(self, question: Question) -> Sighting:
        """A call carries no mark, so it is found by exclusion, and adopted only when that is as good as exact.

        Candidates are calls from our number to this one since the dispatch was decided, less those whose ids belong
        to another dispatch. None: it was never accepted. At least as many as there are open intents to this number:
        all of them were accepted, and each takes the one of its rank in time. Fewer: which intent has which call
        cannot be told, and adopting a wrong one would lose a page for good, so nothing is adopted. This holds as long
        as only we call from our number; with a public URL the status callback names the dispatch long before this.
        """
        newest = self._client.calls.list(
            to=question.to, from_=self._account.sender, limit=LIST_MAX, page_size=PAGE_SIZE
        )
        if not _complete(newest, question):
            return Unclear("too_many")
        ours = [call for call in newest if _in_time(call, question)]
        taken = question.taken(str(call.sid) for call in ours)
        open_calls = sorted((_created(call, question.at), str(call.sid)) for call in ours if str(call.sid) not in taken)
        if not open_calls:
            return Unseen()
        if len(open_calls) < question.rivals:
            return Unclear("rivals")
        return Seen(open_calls[question.place][1])


class _Line(TwilioHttpClient):  # type: ignore[misc]  # the package is untyped
    """Twilio's own transport, led to another address when one is configured, and telling stand-ins the instant."""

    def __init__(self, account: PhoneAccount) -> None:
        super().__init__(timeout=account.timeout.total_seconds())
        self._base = urlsplit(account.base_url) if account.base_url else None
        self._tells_instant = account.standin
        self._calling = threading.local()
        if account.base_url and is_loopback(account.base_url):
            self.session.trust_env = False  # a proxy of the machine cannot reach the machine itself

    @contextmanager
    def at(self, instant: datetime) -> Iterator[None]:
        """The instant that this thread works for until the end of the block."""
        self._calling.at = instant
        try:
            yield
        finally:
            self._calling.at = None

    def request(  # the signature of the package
        self,
        method: str,
        url: str,
        params: Any = None,  # noqa: ANN401
        data: Any = None,  # noqa: ANN401
        headers: dict[str, str] | None = None,
        auth: Any = None,  # noqa: ANN401
        timeout: float | None = None,
        allow_redirects: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:  # noqa: ANN401
        """As the package's, last of all put on our address."""
        if self._base is not None:
            asked = urlsplit(url)
            url = urlunsplit((self._base.scheme, self._base.netloc, self._base.path + asked.path, asked.query, ""))
        instant: datetime | None = getattr(self._calling, "at", None)
        if self._tells_instant and instant is not None:
            headers = {**(headers or {}), AT_HEADER: instant.astimezone(UTC).isoformat()}
        return super().request(method, url, params, data, headers, auth, timeout, allow_redirects)


def twiml(words: str, language: str = SPEECH_LANGUAGE) -> str:
    """What the call does: say it in that language, pause, say it again.

    Characters that XML forbids are gone; the rest is escaped.
    """
    spoken = " ".join(visible(words).split())
    while True:
        response = VoiceResponse()
        response.say(spoken, language=language)
        response.pause(length=1)
        response.say(spoken, language=language)
        if len(xml := str(response)) <= TWIML_CHARS_MAX:
            return xml
        spoken = spoken[: len(spoken) * 3 // 4].rstrip()


def read_failure(error: Exception) -> Answered | Broken:
    """What an exception of this package means, without its text, which may hold numbers and words of the message."""
    if isinstance(error, TwilioRestException | TwilioServiceException):
        code = None if error.code in {None, error.status} else str(error.code)
        return Answered("twilio", int(error.status), code)
    why = type(error).__name__
    if isinstance(error, ConnectTimeout | SSLError | InvalidURL):
        return Broken("twilio", posted=False, why=why)
    if isinstance(error, RequestsConnectionError) and error.args and isinstance(error.args[0], MaxRetryError):
        reason = error.args[0].reason
        return Broken("twilio", posted=not isinstance(reason, _NOT_POSTED), why=type(reason).__name__)
    return Broken("twilio", posted=True, why=why)


def _word(value: object) -> str | None:
    return None if value is None else str(value)


def _created(resource: Any, otherwise: datetime) -> datetime:  # noqa: ANN401  # untyped package
    created = resource.date_created
    if not isinstance(created, datetime):
        return otherwise
    return created if created.tzinfo else created.replace(tzinfo=UTC)


def _in_time(resource: Any, question: Question) -> bool:  # noqa: ANN401  # untyped package
    return _created(resource, question.at) >= question.since - CLOCK_SKEW


def _complete(newest: list[Any], question: Question) -> bool:
    """Whether a list, newest first, reaches back to before the dispatch was decided."""
    return len(newest) < LIST_MAX or not _in_time(newest[-1], question)
