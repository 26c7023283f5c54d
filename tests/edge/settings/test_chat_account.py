"""Which workspace is written to: production reaches Slack and nothing else, development nobody real by mistake."""

from datetime import timedelta

import pytest

from escalation.adapters.chat_account import STANDIN_BOT_TOKEN, chat_of
from escalation.adapters.hosts import SLACK
from escalation.adapters.settings import Settings, SettingsError, read_settings
from tests.edge.settings.test_settings import PRODUCTION

LOCAL = "http://127.0.0.1:8025"
TOKEN = "xoxb-1"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the developer has set is not there."""
    for name in ("ESCALATION_SLACK_BASE_URL", "ESCALATION_SLACK_BOT_TOKEN", "ESCALATION_STANDINS_URL"):
        monkeypatch.delenv(name, raising=False)


def production(**change: object) -> Settings:
    return read_settings(**PRODUCTION | {"slack_bot_token": TOKEN} | change)


def refused(settings: Settings) -> str:
    """The one line."""
    with pytest.raises(SettingsError) as wrong:
        chat_of(settings)
    assert "\n" not in str(wrong.value)
    return str(wrong.value)


@pytest.mark.parametrize(
    "base", [None, "https://slack.com/api", "https://acme.enterprise.slack.com/api", "https://slack-gov.com/api"]
)
def test_production_writes_to_slack(base: str | None) -> None:
    """By its own address, or the one for governments."""
    account = chat_of(production(slack_base_url=base))

    assert account is not None
    assert (account.base_url, account.standin) == (base or SLACK.api, False)
    assert account.token.get_secret_value() == TOKEN


def test_production_without_a_workspace_has_no_chat() -> None:
    """Nobody has to have one."""
    assert chat_of(production(slack_bot_token=None)) is None


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ("http://127.0.0.1:8025/slack/api", "is this machine"),
        ("http://localhost:8025/slack/api", "is this machine"),
        ("http://[::1]:8025/slack/api", "is this machine"),
        ("http://0.0.0.0:8025/slack/api", "is this machine"),
        ("https://slack.com.evil.example/api", "is not Slack"),
        ("https://notslack.com/api", "is not Slack"),
        ("https://chat.example/slack", "is not Slack"),
    ],
)
@pytest.mark.parametrize("token", [TOKEN, None])
def test_production_with_any_other_address_is_refused(base: str, told: str, token: str | None) -> None:
    """A stand-in that was left over would take every page and tell nobody."""
    line = refused(production(slack_base_url=base, slack_bot_token=token))

    assert line.startswith(f"ESCALATION_SLACK_BASE_URL: '{base}' {told}; production posts to {SLACK.api}")


def test_production_with_slacks_address_and_no_token_is_refused() -> None:
    """The stand-ins' token opens nothing there."""
    assert refused(production(slack_base_url=SLACK.api, slack_bot_token=None)).startswith("ESCALATION_SLACK_BOT_TOKEN")


def test_a_token_is_not_shown_to_the_network() -> None:
    """Slack answers by http with a redirect, after it has read the token."""
    assert "would show the account's key" in refused(production(slack_base_url="http://slack.com/api"))


@pytest.mark.parametrize(
    "given",
    [
        {"slack_bot_token": TOKEN},
        {"slack_bot_token": TOKEN, "standins_url": LOCAL},
        {"slack_base_url": SLACK.api, "standins_url": LOCAL},
        {"slack_bot_token": TOKEN, "slack_base_url": "https://acme.enterprise.slack.com/api"},
    ],
)
def test_development_reaches_nobody_real_by_mistake(given: dict[str, object]) -> None:
    """Unless somebody says that it is meant."""
    assert "reaches real people" in refused(read_settings(**given))

    account = chat_of(read_settings(**given | {"real_vendors": True}))
    assert account is not None


def test_development_writes_to_the_stand_ins() -> None:
    """With their own token; and where a real one is set beside a local address, that is a stand-in, too."""
    account = chat_of(read_settings(standins_url=LOCAL, http_timeout=timedelta(seconds=3)))
    beside = chat_of(read_settings(slack_bot_token=TOKEN, slack_base_url=f"{LOCAL}/slack/api"))

    assert account is not None
    assert (account.base_url, account.standin, account.timeout) == (f"{LOCAL}/slack/api", True, timedelta(seconds=3))
    assert account.token.get_secret_value() == STANDIN_BOT_TOKEN
    assert beside is not None
    assert beside.standin
