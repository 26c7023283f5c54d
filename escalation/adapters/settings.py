"""What differs between one installation and another: read once from the environment, checked before anything starts.

Every name has the prefix `ESCALATION_`. Durations are seconds ("2.5") or ISO 8601 ("PT2M"). Secrets never print.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from escalation.core.vocabulary import Channel

HTTP_TIMEOUT_MAX = timedelta(seconds=10)
"""Four socket operations of one send must fit into `send_timeout` with a margin."""

DEVELOPMENT_KEY = "development-only-key-that-production-refuses"
KEY_CHARS_MIN = 32
STANDIN_SENDGRID_KEY = "SG.standin.standin"
STANDIN_TWILIO_SID = "AC5ca1a710000000000000000000000000"
STANDIN_TWILIO_TOKEN = "standins-auth-token"  # noqa: S105  # opens nothing but the stand-ins

SENDGRID = "https://api.sendgrid.com"


class SettingsError(ValueError):
    """The environment asks for something that cannot work. The message is one line and names the variable."""


class Environment(StrEnum):
    """Production refuses whatever is only convenient."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def _seconds(value: object) -> object:
    """Let "2.5" mean seconds; anything else is left for the ISO 8601 reader."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


Duration = Annotated[timedelta, BeforeValidator(_seconds), Field(gt=timedelta(0))]


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


@dataclass(frozen=True, slots=True)
class SettleWindows:
    """How long after an ambiguous send the provider's own list can be trusted."""

    sms: timedelta
    voice: timedelta
    email: timedelta

    def of(self, channel: Channel) -> timedelta:
        """The window of one channel."""
        return {Channel.SMS: self.sms, Channel.VOICE: self.voice, Channel.EMAIL: self.email}[channel]


class Settings(BaseSettings):
    """One installation. Build it with `read_settings`, which turns every mistake into one clear line."""

    model_config = SettingsConfigDict(env_prefix="ESCALATION_", extra="ignore", hide_input_in_errors=True)

    environment: Environment = Environment.DEVELOPMENT
    data_dir: Path = Path("var")
    audit_url: str = ""  # empty: a SQLite file in `data_dir`
    ledger_url: str = ""  # likewise
    directory_file: Path | None = None
    policy_dir: Path | None = None  # None: the policies that ship with the package
    kept_policy_dir: Path | None = None  # None: `data_dir`/policies

    signing_key: SecretStr = SecretStr(DEVELOPMENT_KEY)
    commitment_key: SecretStr = SecretStr(DEVELOPMENT_KEY)

    sendgrid_api_key: SecretStr | None = None
    sendgrid_base_url: str | None = None
    mail_from: str = "escalations@support.example"
    mail_from_name: str = "Support escalations"
    mail_reply_domain: str = "support.example"

    twilio_account_sid: str | None = None
    twilio_auth_token: SecretStr | None = None
    twilio_base_url: str | None = None
    twilio_region: str | None = None
    twilio_edge: str | None = None
    twilio_from: str = "+15005550006"
    twilio_messaging_service: str | None = None

    ticket_base_url: str | None = None
    standins_url: str | None = None
    public_url: str | None = None  # where vendors reach the gateway; None: no callbacks are asked for

    http_timeout: Duration = timedelta(seconds=10)
    send_timeout: Duration = timedelta(seconds=45)  # start-to-close of a send: four of the above and a margin
    intent_freshness: Duration = timedelta(seconds=5)
    ledger_timeout: Duration = timedelta(seconds=2)
    settle_sms: Duration = timedelta(seconds=60)
    settle_voice: Duration = timedelta(seconds=60)
    settle_email: Duration = timedelta(seconds=120)
    # How long the engine waits for a worker that remembers a workflow before it asks any other one.
    sticky_timeout: Duration = timedelta(seconds=10)
    failpoint: str | None = Field(default=None, repr=False)

    @field_validator("sendgrid_base_url", "twilio_base_url", "ticket_base_url", "standins_url", "public_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is None or value == "":
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must be http(s)://host[:port][/path] without query or fragment")
        return value.rstrip("/")

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
        self._refuse_impatience()
        if self.production:
            self._refuse_conveniences()
        return self

    def _refuse_impatience(self) -> None:
        http, send = self.http_timeout.total_seconds(), self.send_timeout.total_seconds()
        if self.http_timeout > HTTP_TIMEOUT_MAX:
            raise ValueError(f"http_timeout is {http:g} s; it may be at most {HTTP_TIMEOUT_MAX.total_seconds():g} s")
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
        if self.directory_file is None:
            raise ValueError("directory_file must name the people in production; the example is for development")
        if self.standins_url is not None or self.failpoint is not None:
            raise ValueError("standins_url and failpoint are for development; unset them in production")
        for name in ("sendgrid_base_url", "twilio_base_url", "ticket_base_url", "public_url"):
            if (url := getattr(self, name)) is not None and is_loopback(url):
                raise ValueError(f"{name} {url!r} is this machine; production needs the vendor's own address")

    @property
    def production(self) -> bool:
        """Whether real people are told."""
        return self.environment is Environment.PRODUCTION

    @property
    def settle(self) -> SettleWindows:
        """The settle windows by channel."""
        return SettleWindows(sms=self.settle_sms, voice=self.settle_voice, email=self.settle_email)

    @property
    def settle_floor(self) -> timedelta:
        """The shortest settle window that is safe: until then a claimed send may still reach its provider."""
        return self.intent_freshness + self.http_timeout

    def vendors(self) -> Vendors:
        """The accounts to send with; `SettingsError` when one is neither configured nor stood in for."""
        return Vendors(mail=self._mail(), phone=self._phone(), tickets=self._tickets())

    def _mail(self) -> MailAccount:
        real = self.sendgrid_api_key is not None
        host = self.sendgrid_base_url or (SENDGRID if real else self._standin("sendgrid_api_key"))
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
        return PhoneAccount(
            sid=self.twilio_account_sid or STANDIN_TWILIO_SID,
            token=self.twilio_auth_token or SecretStr(STANDIN_TWILIO_TOKEN),
            base_url=base,
            region=self.twilio_region,
            edge=self.twilio_edge,
            sender=self.twilio_from,
            messaging_service=self.twilio_messaging_service,
            callback=f"{self.public_url}/twilio/status" if self.public_url else None,
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


def is_loopback(url: str) -> bool:
    """Whether the address is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback or ip_address(host).is_unspecified
    except ValueError:
        return False


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
