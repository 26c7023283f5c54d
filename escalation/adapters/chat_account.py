"""Which Slack workspace messages go to: the account with its secrets, or none."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr

from escalation.adapters.hosts import is_loopback, is_slacks, is_vendors
from escalation.adapters.settings import CALLBACK_TOKENS_MAX, Settings, SettingsError

SLACK = "https://slack.com/api"
STANDIN_PATH = "/slack/api"
STANDIN_BOT_TOKEN = "xoxb-standin"  # noqa: S105  # opens nothing but the stand-ins
STANDIN_SIGNING_SECRET = "standins-signing-secret"  # noqa: S105  # likewise


@dataclass(frozen=True, slots=True)
class ChatAccount:
    """How chat messages leave. `base_url` ends without a slash; `bridge` is the call that a war room names."""

    token: SecretStr
    base_url: str
    bridge: str | None
    standin: bool
    timeout: timedelta


def chat_of(settings: Settings) -> ChatAccount | None:
    """The account; None where there is no chat.

    `SettingsError` for a real one in development that is not meant, and in production for any but Slack's own.
    """
    real, base = settings.slack_bot_token is not None, settings.slack_base_url
    if base is None:
        if not real and settings.standins_url is None:
            return None
        base = SLACK if real else f"{settings.standins_url}{STANDIN_PATH}"
    if settings.production and not is_slacks(base):
        where = "this machine" if is_loopback(base) else "not Slack"
        raise SettingsError(f"ESCALATION_SLACK_BASE_URL: {base!r} is {where}; production posts to {SLACK}: unset it")
    if settings.production and not real:
        raise SettingsError(
            f"ESCALATION_SLACK_BOT_TOKEN is not set, and ESCALATION_SLACK_BASE_URL is {base!r}; set both, or neither"
        )
    if real and urlsplit(base).scheme != "https" and not is_loopback(base):
        raise SettingsError(f"ESCALATION_SLACK_BASE_URL: {base!r} would show the token to everybody; write https://…")
    if is_vendors(base) and not settings.production and not settings.real_vendors:
        raise SettingsError(
            f"{base} reaches real people, and ESCALATION_ENVIRONMENT is development: unset ESCALATION_SLACK_BOT_TOKEN"
            " to use the stand-ins, or say ESCALATION_REAL_VENDORS=true"
        )
    return ChatAccount(
        token=settings.slack_bot_token or SecretStr(STANDIN_BOT_TOKEN),
        base_url=base,
        bridge=settings.bridge_url,
        standin=not real or is_loopback(base),
        timeout=settings.http_timeout,
    )


def signing_secrets(settings: Settings) -> tuple[str, ...]:
    """Every secret that Slack's requests may be signed with; none: nothing that claims to be Slack's is believed.

    Two stand there, by commas, while one takes the place of the other. Raises `SettingsError` for too many.
    """
    if settings.slack_signing_secret is None:
        return () if settings.production or settings.slack_bot_token is not None else (STANDIN_SIGNING_SECRET,)
    found = tuple(part.strip() for part in settings.slack_signing_secret.get_secret_value().split(",") if part.strip())
    if not 0 < len(found) <= CALLBACK_TOKENS_MAX:
        raise SettingsError(f"ESCALATION_SLACK_SIGNING_SECRET: write 1 to {CALLBACK_TOKENS_MAX} secrets, by commas")
    return found
