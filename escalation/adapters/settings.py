"""What differs between one installation and another: read once from the environment, checked before anything starts.

Every name has the prefix `ESCALATION_`. Durations are seconds ("2.5") or ISO 8601 ("PT2M"). Secrets never print.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from escalation.adapters.hosts import SENDGRID, TWILIO, is_loopback, is_near, is_private, refusal
from escalation.adapters.tempo import Pace, Paces, SettleWindows
from escalation.adapters.throttles import DEFAULT, Throttles, read_throttles
from escalation.adapters.written import Duration, Words
from escalation.core.vocabulary import Channel

HTTP_TIMEOUT_MAX = timedelta(seconds=10)
"""Four socket operations of one send must fit into `send_timeout` with a margin."""
ACCOUNTS_TIMEOUT_MAX = timedelta(seconds=3)
"""An opening asks once, within the five seconds that its admission has."""
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
DOMAIN = re.compile(r"(?=.{1,200}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}")
CALLBACK_TOKENS_MAX = 5
"""Accepted at once; a rotation needs two."""

DEVELOPMENT_KEY = "development-only-key-that-production-refuses"
KEY_CHARS_MIN = 32
STANDIN_SENDGRID_KEY = "SG.standin.standin"
STANDIN_TWILIO_SID = "AC5ca1a710000000000000000000000000"
STANDIN_NUMBER = "+15005550006"
"""Twilio's own for tests: it calls nobody."""
STANDIN_TWILIO_TOKEN = "standins-auth-token"  # noqa: S105  # opens nothing but the stand-ins
STANDIN_SENDGRID_WEBHOOK_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMApLvInWcm+yV8DeleAnielsmP0NNfH6kzkc4gl5kq9y"
    "qsfg0JtGRH8d2yX/HjxvW7HuranYBqWqVKKRwIEnoA=="
)


class SettingsError(ValueError):
    """The environment asks for something that cannot work. The message is one line and names the variable."""


class Environment(StrEnum):
    """Production refuses whatever is only convenient."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class MailAccount:
    """How email leaves. `standin` is True when it goes to the local stand-in."""

    key: SecretStr
    host: str
    sender: str
    sender_name: str
    root_domain: str  # of the message id under which one escalation's mails form a thread
    standin: bool
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class PhoneAccount:
    """How SMS and calls leave. `base_url` None is the vendor itself; `callback` None asks for no status callbacks."""

    sid: str
    token: SecretStr
    base_url: str | None
    region: str | None
    edge: str | None
    sender: str
    messaging_service: str | None
    callback: str | None
    standin: bool
    timeout: timedelta
    script: str | None = None  # where a call asks what to say; None: it is told beforehand, and hears no keys

    @property
    def host(self) -> str:
        """The address that requests go to, without a path of ours; the vendor's own unless another is configured."""
        return self.base_url or TWILIO.api


@dataclass(frozen=True, slots=True)
class TicketAccount:
    """Where tickets live."""

    base_url: str
    standin: bool
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class Vendors:
    """The three parties that a worker talks to."""

    mail: MailAccount
    phone: PhoneAccount
    tickets: TicketAccount


class Settings(BaseSettings):
    """One installation. Build it with `read_settings`, which turns every mistake into one clear line."""

    model_config = SettingsConfigDict(
        env_prefix="ESCALATION_", extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    environment: Environment = Environment.DEVELOPMENT
    data_dir: Path = Path("var")
    audit_url: str = ""  # empty: a SQLite file in `data_dir`
    ledger_url: str = ""  # likewise
    directory_file: Path | None = None
    directory_url: str | None = None  # asked instead of a file: GET answers the same document
    directory_token: SecretStr | None = None  # its bearer token
    unverified: Literal["page", "skip"] = "page"  # whether somebody is told where they have not shown that they read
    maintenance_file: Path | None = None  # when what is opened tells nobody; None: never
    policy_dir: Path | None = None  # None: the policies that ship with the package
    kept_policy_dir: Path | None = None  # None: `data_dir`/policies
    attachment_dir: Path | None = None  # None: `data_dir`/attachments
    attachments_kept_days: int = 365  # after the end of whoever used them last; then `escalate prune` may delete them

    signing_key: SecretStr = SecretStr(DEVELOPMENT_KEY)
    commitment_key: SecretStr = SecretStr(DEVELOPMENT_KEY)

    sendgrid_api_key: SecretStr | None = None
    sendgrid_base_url: str | None = None
    sendgrid_webhook_keys: Words = ()  # public keys of the signed event webhook, base64; all of them are accepted
    mail_from: str = "escalations@support.example"
    mail_from_name: str = "Support escalations"
    mail_reply_domain: str = "support.example"
    reply_domain: str | None = None  # whose mail SendGrid hands to the gateway; None: mails are not answered by mail
    sms_links: bool = True  # whether a text may carry the address of its page where there is room for it

    twilio_account_sid: str | None = None
    twilio_auth_token: SecretStr | None = None
    twilio_callback_tokens: SecretStr | None = None  # more tokens that callbacks may be signed with, by commas
    twilio_base_url: str | None = None
    twilio_region: str | None = None
    twilio_edge: str | None = None
    twilio_from: str = ""  # calls come from it, and texts without a messaging service; empty: the stand-ins' own
    twilio_messaging_service: str | None = None

    slack_bot_token: SecretStr | None = None  # None: no chat, or the stand-in's
    slack_signing_secret: SecretStr | None = None  # what Slack's requests to us are signed with; two by commas
    slack_base_url: str | None = None
    bridge_url: str | None = None  # the call that a war room names

    accounts_file: Path | None = None  # None, and no address either: triage goes without accounts
    accounts_url: str | None = None  # a system that is asked instead of a file: GET …/accounts/CUSTOMER
    accounts_token: SecretStr | None = None  # its bearer token
    accounts_timeout: Duration = timedelta(seconds=2)

    ticket_base_url: str | None = None
    standins_url: str | None = None
    public_url: str | None = None  # where vendors reach the gateway; None: no callbacks are asked for
    real_vendors: bool = False  # development may reach real people only when this says so

    email_per_second: Pace = 50.0
    phone_per_second: Pace = 50.0
    voice_per_second: Pace = 1.0  # what a Twilio account may dial unless it has been raised
    chat_per_second: Pace = 1.0  # what Slack takes for one conversation

    throttles: str = DEFAULT  # what one person gets: "sms=10/15m voice=6/15m notices=20/15m"; "off" for no limit

    http_timeout: Duration = timedelta(seconds=10)
    send_timeout: Duration = timedelta(seconds=45)  # start-to-close of a send: four of the above and a margin
    intent_freshness: Duration = timedelta(seconds=5)
    ledger_timeout: Duration = timedelta(seconds=2)
    settle_sms: Duration = timedelta(seconds=60)
    settle_voice: Duration = timedelta(seconds=60)
    settle_email: Duration = timedelta(seconds=120)
    settle_chat: Duration = timedelta(seconds=60)
    # How long the engine waits for a worker that remembers a workflow before it asks any other one.
    sticky_timeout: Duration = timedelta(seconds=10)
    failpoint: str | None = Field(default=None, repr=False)

    @field_validator(
        "sendgrid_base_url", "twilio_base_url", "ticket_base_url", "standins_url", "public_url", "accounts_url",
        "directory_url", "slack_base_url",
    )  # fmt: skip
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is None or value == "":
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must be http(s)://host[:port][/path] without query or fragment")
        return value.rstrip("/")

    @field_validator("throttles")
    @classmethod
    def _is_limits(cls, value: str) -> str:
        read_throttles(value)
        return value

    @field_validator("twilio_from")
    @classmethod
    def _is_a_number(cls, value: str) -> str:
        if value and not NUMBER.fullmatch(value):
            raise ValueError("must be a number such as +4930123456; what calls come from")
        return value

    @field_validator("reply_domain")
    @classmethod
    def _is_a_domain(cls, value: str | None) -> str | None:
        if value and not DOMAIN.fullmatch(value):
            raise ValueError("must be a domain such as reply.example.com")
        return value.lower() if value else None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self.audit_url = self.audit_url or f"sqlite:///{self.data_dir / 'audit.db'}"
        self.ledger_url = self.ledger_url or f"sqlite:///{self.data_dir / 'ledger.db'}"
        for name in ("audit_url", "ledger_url"):
            try:
                make_url(getattr(self, name))
            except ArgumentError:  # its text may hold a password
                raise ValueError(
                    f"{name} is no database address; write sqlite:///FILE or postgresql+psycopg://…"
                ) from None
        self.kept_policy_dir = self.kept_policy_dir or self.data_dir / "policies"
        if (self.twilio_region is None) != (self.twilio_edge is None):
            raise ValueError("twilio_region and twilio_edge belong together (since 2026-04-28); set both or neither")
        if (self.twilio_account_sid is None) != (self.twilio_auth_token is None):
            raise ValueError("twilio_account_sid and twilio_auth_token belong together; set both or neither")
        if max(len(self.callback_tokens), len(self.sendgrid_webhook_keys)) > CALLBACK_TOKENS_MAX:
            raise ValueError(f"at most {CALLBACK_TOKENS_MAX} callback tokens or webhook keys are accepted at once")
        for name, what in (("accounts", "knows accounts"), ("directory", "people are")):
            if getattr(self, f"{name}_file") is not None and getattr(self, f"{name}_url") is not None:
                raise ValueError(f"{name}_file and {name}_url both say who {what}; set one of them")
        self._refuse_impatience()
        if self.production:
            self._refuse_conveniences()
        elif not (self.real_vendors and self.twilio_account_sid):
            self.twilio_from = self.twilio_from or STANDIN_NUMBER
        return self

    def _refuse_impatience(self) -> None:
        http, send = self.http_timeout.total_seconds(), self.send_timeout.total_seconds()
        if self.http_timeout > HTTP_TIMEOUT_MAX:
            raise ValueError(f"http_timeout is {http:g} s; it may be at most {HTTP_TIMEOUT_MAX.total_seconds():g} s")
        if self.accounts_timeout > ACCOUNTS_TIMEOUT_MAX:
            raise ValueError(f"accounts_timeout may be at most {ACCOUNTS_TIMEOUT_MAX.total_seconds():g} s")
        if self.send_timeout <= self.http_timeout:
            raise ValueError(f"send_timeout is {send:g} s; it must be longer than http_timeout ({http:g} s)")
        for channel in Channel:
            if (window := self.settle.of(channel)) < self.settle_floor:
                raise ValueError(
                    f"settle_{channel} is {window.total_seconds():g} s; it must be at least intent_freshness +"
                    f" http_timeout = {self.settle_floor.total_seconds():g} s, or a send may still be on its way"
                )

    def _refuse_conveniences(self) -> None:
        for name in ("signing_key", "commitment_key"):
            key: SecretStr = getattr(self, name)
            if len(key.get_secret_value()) < KEY_CHARS_MIN or key.get_secret_value() == DEVELOPMENT_KEY:
                raise ValueError(f"{name} must be set in production, with at least {KEY_CHARS_MIN} characters")
        if self.directory_file is None and self.directory_url is None:
            raise ValueError("directory_file must name the people in production; the example is for development")
        if self.standins_url is not None or self.failpoint is not None:
            raise ValueError("standins_url and failpoint are for development; unset them in production")
        if self.twilio_from == STANDIN_NUMBER:
            raise ValueError(f"twilio_from {STANDIN_NUMBER} is Twilio's test number; set one of the account's own")
        self._refuse_other_hosts(self.sendgrid_base_url, self.twilio_base_url)
        for name in ("ticket_base_url", "public_url", "accounts_url", "directory_url"):
            url: str | None = getattr(self, name)
            if url is not None and is_loopback(url):
                raise ValueError(f"{name} {url!r} is this machine; production needs an address that others know")
            if url is not None and not is_private(url):
                raise ValueError(f"{name} {url!r} is not private; production needs https://…")
        if self.public_url is not None and is_near(self.public_url):
            raise ValueError(f"public_url {self.public_url!r} means something only here; vendors cannot reach it")

    def _refuse_other_hosts(self, mail: str | None, phone: str | None) -> None:
        bases = ((SENDGRID, mail, self.sendgrid_api_key), (TWILIO, phone, self.twilio_account_sid))
        for vendor, base, key in bases:
            where = {"production": self.production, "meant": self.real_vendors}
            if base is not None and (why := refusal(vendor, base, has_key=key is not None, **where)) is not None:
                raise SettingsError(why)

    @property
    def production(self) -> bool:
        """Whether real people are told."""
        return self.environment is Environment.PRODUCTION

    @property
    def settle(self) -> SettleWindows:
        """The settle windows by channel."""
        return SettleWindows(self.settle_sms, self.settle_voice, self.settle_email, self.settle_chat)

    @property
    def settle_floor(self) -> timedelta:
        """The shortest settle window that is safe: until then a claimed send may still reach its provider."""
        return self.intent_freshness + self.http_timeout

    @property
    def paces(self) -> Paces:
        """How fast each vendor's queue is served."""
        return Paces(self.email_per_second, self.phone_per_second, self.voice_per_second, self.chat_per_second)

    @property
    def limits(self) -> Throttles:
        """How much one person gets before the rest is told in one message."""
        return read_throttles(self.throttles)

    @property
    def callback_tokens(self) -> tuple[SecretStr, ...]:
        """Every token that a Twilio callback may be signed with, the account's own first."""
        own = () if self.twilio_auth_token is None else (self.twilio_auth_token,)
        more = self.twilio_callback_tokens.get_secret_value().split(",") if self.twilio_callback_tokens else []
        return (*own, *(SecretStr(token.strip()) for token in more if token.strip()))

    def vendors(self) -> Vendors:
        """The accounts to send with; `SettingsError` when one is neither configured nor stood in for, or is real in
        development without `real_vendors`.
        """
        vendors = Vendors(mail=self._mail(), phone=self._phone(), tickets=self._tickets())
        if not self.production:
            self._refuse_other_hosts(vendors.mail.host, vendors.phone.host)
        return vendors

    def _mail(self) -> MailAccount:
        real = self.sendgrid_api_key is not None
        host = self.sendgrid_base_url or (SENDGRID.api if real else self._standin("sendgrid_api_key"))
        return MailAccount(
            key=self.sendgrid_api_key or SecretStr(STANDIN_SENDGRID_KEY),
            host=host,
            sender=self.mail_from,
            sender_name=self.mail_from_name,
            root_domain=self.mail_reply_domain,
            standin=not real or is_loopback(host),
            timeout=self.http_timeout,
        )

    def _phone(self) -> PhoneAccount:
        real = self.twilio_account_sid is not None
        base = self.twilio_base_url or (None if real else self._standin("twilio_account_sid"))
        if not self.twilio_from:
            raise SettingsError("ESCALATION_TWILIO_FROM is not set: set the number that calls come from")
        return PhoneAccount(
            sid=self.twilio_account_sid or STANDIN_TWILIO_SID,
            token=self.twilio_auth_token or SecretStr(STANDIN_TWILIO_TOKEN),
            base_url=base,
            region=self.twilio_region,
            edge=self.twilio_edge,
            sender=self.twilio_from,
            messaging_service=self.twilio_messaging_service,
            callback=f"{self.public_url}/twilio/status" if self.public_url else None,
            script=f"{self.public_url}/twilio/voice" if self.public_url else None,
            standin=not real or (base is not None and is_loopback(base)),
            timeout=self.http_timeout,
        )

    def _tickets(self) -> TicketAccount:
        base = self.ticket_base_url or self._standin("ticket_base_url")
        return TicketAccount(base_url=base, standin=is_loopback(base), timeout=self.http_timeout)

    def _standin(self, missing: str) -> str:
        if self.standins_url is None:
            raise SettingsError(
                f"ESCALATION_{missing.upper()} is not set: set it"
                + ("" if self.production else ", or point ESCALATION_STANDINS_URL at the local stand-ins")
            )
        return self.standins_url


def read_settings(**given: Any) -> Settings:  # noqa: ANN401  # the fields of `Settings`, checked by pydantic
    """The settings of this process; what is `given` wins over the environment. Raises `SettingsError`, one line."""
    try:
        return Settings(**given)
    except ValidationError as wrong:
        lines = [_line(error["loc"], error["msg"]) for error in wrong.errors(include_input=False, include_url=False)]
        raise SettingsError("; ".join(lines)) from None


def _line(place: tuple[int | str, ...], message: str) -> str:
    name = "_".join(str(part) for part in place)
    message = message.removeprefix("Value error, ")
    return f"ESCALATION_{name.upper()}: {message}" if name else message
