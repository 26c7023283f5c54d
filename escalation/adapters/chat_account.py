"""Which Slack workspace messages go to: the account with its secrets, or none."""

from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr

from escalation.adapters.hosts import SLACK, is_loopback, refusal
from escalation.adapters.settings import CALLBACK_TOKENS_MAX, Settings, SettingsError

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
        base = SLACK.api if real else f"{settings.standins_url}{STANDIN_PATH}"
    why = refusal(SLACK, base, has_key=real, production=settings.production, meant=settings.real_vendors)
    if why is not None:
        raise SettingsError(why)
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
