"""A gateway with a real ledger and a real directory, a client that remembers, and somebody who signs as Twilio does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine
from twilio.request_validator import RequestValidator

from escalation.adapters.codes import Codes
from escalation.adapters.ledger import Claim, Ledger, Order
from escalation.adapters.scripts import Scripts
from escalation.adapters.sending import Script
from escalation.adapters.settings import STANDIN_TWILIO_TOKEN
from escalation.core.draft import dispatch_id
from escalation.core.facts import Fact
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Audience, Channel, Message, Phase, Severity
from escalation.gateway.told import Sent
from escalation.standins import keys
from escalation.standins.letters import multipart
from escalation.wire.messages import Answer, View
from escalation.wire.outcomes import NotDone, NotFound, Refused

PUBLIC = "https://door.example/escalations"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EPISODE = "episode1"
DIRECTORY = Path(__file__).parents[3] / "examples" / "directory.yaml"
REPLIES = "replies.example"
AMIRA_MAIL = "amira@support.example"
AMIRA, BRUNO, NOBODY = "+12025550100", "+12025550101", "+12025550199"


def sid(name: str) -> str:
    """Twilio's id of that short name: two letters, and 32 digits."""
    return f"{name[:2]}{name[2:]:0>32}"


def view(ref: str, phase: Phase = Phase.IN_TRANSFER, owner: str = "rosa") -> View:
    """How an escalation stands; only what replies look at matters."""
    return View(
        reference=ref, episode=EPISODE, ticket=ref, code=42, phase=phase, status=phase.replace("_", " ").capitalize(),
        severity=Severity.SEV1, label="P1", severity_confirmed=False, route="l2-engineering", team="Engineering",
        customer="acme", owner=owner, customer_contact="rosa", asked="amira", step="first", opened_at=NOW,
        deadline=NOW + timedelta(days=1), next_due=None, clocks=(), told=(), breaches=0, hand_offs=0, reopens=0,
        touches=1, in_transfer_seconds=0, nobody_told=False, policy="default", policy_version="1", policy_stale=False,
        sequence=2, digest="d" * 64, all_asked=("amira",),
    )  # fmt: skip


@dataclass
class RememberingClient:
    """Acknowledges once for each escalation, unless told to fail, and remembers what it was asked."""

    views: dict[str, View] = field(default_factory=dict)
    acks: list[tuple[str, str, str, datetime | None, str | None]] = field(default_factory=list)
    facts: list[tuple[str, Fact]] = field(default_factory=list)
    fails: NotDone | None = None
    over: bool = False  # the step of every page
    done: list[tuple[str, ...]] = field(default_factory=list)  # everything else: verb, reference, who, words, key

    async def acknowledge(
        self, ref: str, *, by: str, via: str, occurred_at: datetime | None, key: str | None
    ) -> Answer:
        if self.fails is not None:
            raise self.fails
        if (known := (ref, by, via, occurred_at, key)) not in self.acks:
            if (await self.view(ref)).phase is not Phase.IN_TRANSFER:
                raise Refused(Refusal.NOT_IN_THIS_PHASE, {}, ref)
            self.acks.append(known)
            self.views[ref] = view(ref, Phase.ACTIVE, by)
        return Answer(ref, EPISODE, 3, Phase.ACTIVE)

    async def raise_(self, ref: str, *, by: str, reason: str, key: str | None, page: str | None = None) -> Answer:
        if self.over and page is not None:
            raise Refused(Refusal.STEP_OVER, {}, ref)
        return await self._does("raise", ref, by, reason, str(key))

    async def resolve(self, ref: str, *, by: str, text: str | None, key: str | None) -> Answer:
        return await self._does("resolve", ref, by, str(text), str(key))

    async def decline(self, ref: str, *, by: str, reason: str, key: str | None) -> Answer:
        return await self._does("decline", ref, by, reason, str(key))

    async def approve(self, ref: str, *, by: str, reason: str, approval: int | None, key: str | None) -> Answer:
        return await self._does("approve", ref, by, f"{approval} {reason}", str(key))

    async def reject(self, ref: str, *, by: str, reason: str, approval: int | None, key: str | None) -> Answer:
        return await self._does("reject", ref, by, f"{approval} {reason}", str(key))

    async def post_update(self, ref: str, *, by: str, audience: Audience, text: str, key: str | None) -> Answer:
        return await self._does(f"update {audience}", ref, by, text, str(key))

    async def note(self, ref: str, *, by: str, text: str, key: str | None) -> Answer:
        return await self._does("note", ref, by, text, str(key))

    async def _does(self, *done: str) -> Answer:
        if self.fails is not None:
            raise self.fails
        if done not in self.done:
            self.done.append(done)
        return Answer(done[1], EPISODE, 3, Phase.ACTIVE)

    async def latest_episode(self, ref: str) -> str | None:
        return self.views[ref].episode if ref in self.views else None

    async def view(self, ref: str) -> View:
        if ref not in self.views:
            raise NotFound(ref)
        return self.views[ref]

    async def report_fact(self, ref: str, fact: Fact) -> None:
        self.facts.append((ref, fact))


@dataclass
class Answers:
    """Writes no mail, and remembers what it would have written: to whom, about what, which words."""

    written: list[tuple[str, str, str]] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)

    def write(self, to: str, sent: Sent, words: str, language: str, at: datetime) -> None:
        assert at.tzinfo is not None
        self.written.append((to, sent.reference, words))
        self.languages.append(language)


@dataclass
class Clock:
    """Stands still until it is moved."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass
class Door:
    """What a test speaks with."""

    http: TestClient
    client: RememberingClient
    ledger: Ledger
    store: Engine
    answers: Answers = field(default_factory=Answers)
    clock: Clock = field(default_factory=Clock)

    def post(
        self,
        path: str,
        form: Mapping[str, str],
        *,
        signed_for: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Post as Twilio does; `signed_for` is another address than the one that is called."""
        signature = RequestValidator(STANDIN_TWILIO_TOKEN).compute_signature(signed_for or PUBLIC + path, dict(form))
        return self.http.post(
            path,
            content=urlencode(form),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Twilio-Signature": signature,
                **(headers or {}),
            },
        )

    def sms(self, body: str, sender: str = AMIRA, message_id: str = "SM1") -> str | None:
        """The line that comes back, without its TwiML; None for an empty answer."""
        answered = self.post("/twilio/sms", {"MessageSid": sid(message_id), "From": sender, "Body": body})
        if answered.status_code == 204:
            return None
        assert answered.status_code == 200
        return answered.text.split("<Message>")[1].split("</Message>")[0]

    def call(self, form: Mapping[str, str], dispatch: str, query: str = "") -> str:
        """What the call says next, as it is written."""
        asked = f"/twilio/voice?d={dispatch}{query}"
        answered = self.post(asked, {"CallSid": sid("CA1"), "AnsweredBy": "human", **form})
        assert answered.status_code == 200
        return answered.text

    def paged(
        self, ref: str = "ESC-1", contact: str = "amira", channel: Channel = Channel.VOICE, *, number: int = 9,
        message: Message = Message.PAGE, words: str = "A SEV1 escalation needs you.",
    ) -> str:  # fmt: skip
        """A message that was sent to somebody on that channel; its dispatch."""
        claim = self.claimed(ref, contact, number, channel, message)
        self.ledger.sent(claim, f"ID-{ref}-{contact}-{number}-{channel}")
        if channel is Channel.VOICE:
            Scripts(self.store).keep(claim.dispatch, Script(words, "en-GB"))
        return claim.dispatch

    def mail(
        self, text: str | None, to: str, sender: str = AMIRA_MAIL, headers: str = "Message-ID: <1@support.example>",
        **fields: str,
    ) -> Response:  # fmt: skip
        """Post a mail as SendGrid does, signed; without a `text` there is no such part."""
        boundary = "xYzZY"
        posted = {
            "headers": headers, "to": to, "from": f"Somebody <{sender}>", "SPF": "pass",
            "envelope": json.dumps({"to": [to], "from": sender}), "charsets": "{}",
            **({} if text is None else {"text": text}), **fields,
        }  # fmt: skip
        body = multipart(posted, boundary)
        timestamp = str(int(self.clock.now().timestamp()))
        signed = {"Content-Type": f"multipart/form-data; boundary={boundary}", **keys.signed(body, timestamp, 1)}
        return self.http.post("/sendgrid/inbound", content=body, headers=signed)

    def opened(self, ref: str, *told: str, code: int, message: Message = Message.PAGE) -> None:
        """An escalation that these contacts were told about; codes are allotted in order, from 10."""
        assert Codes(self.store).allot(ref, EPISODE) == code
        self.client.views[ref] = view(ref)
        for number, contact in enumerate(told, start=1):
            claim = self.claimed(ref, contact, number, message=message)
            self.ledger.sent(claim, f"SM{ref}{number}")

    def claimed(
        self, ref: str, contact: str = "amira", number: int = 1, channel: Channel = Channel.SMS,
        message: Message = Message.PAGE,
    ) -> Claim:  # fmt: skip
        """An open intent."""
        name = dispatch_id(ref, EPISODE, number, contact, channel)
        claim = self.ledger.claim(Order(name, ref, contact, channel, message, NOW, EPISODE, number))
        assert isinstance(claim, Claim)
        return claim
