"""Settings: a mistake is one clear line before anything starts, and a secret is never part of it."""

from datetime import timedelta

import pytest

from escalation.adapters.hosts import SENDGRID, SLACK, TWILIO, Vendor, is_loopback, is_near, refusal
from escalation.adapters.settings import (
    CALLBACK_TOKENS_MAX,
    DEVELOPMENT_KEY,
    HTTP_TIMEOUT_MAX,
    KEY_CHARS_MIN,
    STANDIN_NUMBER,
    Settings,
    SettingsError,
    read_settings,
)
from escalation.adapters.tempo import PACE_MAX
from escalation.core.vocabulary import Channel

LOCAL = "http://127.0.0.1:9"
NUMBER = "+4930123456"
PRODUCTION: dict[str, object] = {
    "environment": "production",
    "directory_file": "people.yaml",
    "signing_key": "s" * KEY_CHARS_MIN,
    "commitment_key": "c" * KEY_CHARS_MIN,
    "sendgrid_api_key": "SG.real",
    "twilio_account_sid": "AC" + "1" * 32,
    "twilio_auth_token": "token",
    "twilio_from": NUMBER,
    "ticket_base_url": "https://tickets.example",
    "public_url": "https://esc.example",
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ESCALATION_{name.upper()}", raising=False)


def refused(**given: object) -> str:
    with pytest.raises(SettingsError) as error:
        read_settings(**given)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_development_needs_only_the_stand_ins() -> None:
    """No account, no key: everything goes to one local address, and says so."""
    vendors = read_settings(standins_url=LOCAL).vendors()

    assert (vendors.mail.host, vendors.phone.base_url, vendors.tickets.base_url) == (LOCAL, LOCAL, LOCAL)
    assert vendors.mail.standin
    assert vendors.phone.standin
    assert vendors.phone.callback is None


def test_development_without_stand_ins_says_what_to_set() -> None:
    """One line, and both ways out of it."""
    with pytest.raises(
        SettingsError, match=r"ESCALATION_SENDGRID_API_KEY is not set: .* or point ESCALATION_STANDINS_URL"
    ):
        read_settings().vendors()


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ({"sendgrid_api_key": "SG.real"}, "https://api.sendgrid.com"),
        ({"sendgrid_api_key": "SG.real", "sendgrid_base_url": "https://api.eu.sendgrid.com"}, "api.eu.sendgrid.com"),
        ({"sendgrid_base_url": "https://API.SendGrid.com."}, "https://API.SendGrid.com."),
        ({"twilio_account_sid": "AC1", "twilio_auth_token": "t", "twilio_from": NUMBER}, "https://api.twilio.com"),
        ({"twilio_base_url": "https://api.dublin.ie1.twilio.com"}, "https://api.dublin.ie1.twilio.com"),
        ({"standins_url": "https://api.twilio.com"}, "https://api.twilio.com"),
    ],
)
def test_development_reaches_real_people_only_when_that_is_said(given: dict[str, object], host: str) -> None:
    """An account that was left in the environment is not enough; the same settings with the word are fine."""
    given = {"standins_url": LOCAL, **given}
    with pytest.raises(SettingsError, match="reaches real people") as error:
        read_settings(**given).vendors()

    assert host in str(error.value)
    assert "ESCALATION_REAL_VENDORS=true" in str(error.value)
    assert not read_settings(**given, real_vendors="true").production
    read_settings(**given, real_vendors="true").vendors()


@pytest.mark.parametrize("url", ["http://standins:8025", "https://sendgrid.com.example", "http://nottwilio.com"])
def test_stand_ins_may_live_in_another_container(url: str) -> None:
    """What is no vendor's own host is nobody's mailbox."""
    assert read_settings(standins_url=url).vendors().mail.host == url


def test_calls_are_paced_at_one_a_second_unless_told_otherwise() -> None:
    """As an account may dial; the bounds of a pace are more than nothing and a thousand."""
    paces = read_settings(email_per_second="1000", phone_per_second="0.5").paces

    assert (paces.email, paces.phone, paces.voice) == (PACE_MAX, 0.5, 1.0)
    assert "ESCALATION_VOICE_PER_SECOND" in refused(voice_per_second=0)
    assert "ESCALATION_EMAIL_PER_SECOND" in refused(email_per_second=PACE_MAX + 1)


def test_keys_and_tokens_are_rotated_by_listing_both() -> None:
    """By commas; the account's own token is always among them."""
    settings = read_settings(
        twilio_account_sid="AC1",
        twilio_auth_token="now",
        twilio_callback_tokens="old, older",
        sendgrid_webhook_keys="one , two",
    )

    assert [token.get_secret_value() for token in settings.callback_tokens] == ["now", "old", "older"]
    assert settings.sendgrid_webhook_keys == ("one", "two")
    assert "older" not in repr(settings)
    assert read_settings().callback_tokens == ()


@pytest.mark.parametrize("name", ["twilio_callback_tokens", "sendgrid_webhook_keys"])
def test_only_so_many_keys_are_accepted_at_once(name: str) -> None:
    """A list that only grows is no rotation."""
    read_settings(**{name: ",".join("abcde"[:CALLBACK_TOKENS_MAX])})

    assert f"at most {CALLBACK_TOKENS_MAX}" in refused(**{name: ",".join("abcdef")})


def test_production_goes_to_the_vendors() -> None:
    """The stand-in's header and addresses stay out of it."""
    vendors = read_settings(**PRODUCTION).vendors()

    assert (vendors.mail.host, vendors.phone.base_url) == (SENDGRID.api, None)
    assert not vendors.mail.standin
    assert not vendors.phone.standin
    assert vendors.phone.callback == "https://esc.example/twilio/status"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"signing_key": DEVELOPMENT_KEY}, "signing_key must be set in production"),
        ({"commitment_key": "c" * (KEY_CHARS_MIN - 1)}, f"at least {KEY_CHARS_MIN} characters"),
        ({"directory_file": None}, "directory_file must name the people in production"),
        ({"standins_url": LOCAL}, "standins_url and failpoint are for development"),
        ({"failpoint": "after_post"}, "standins_url and failpoint are for development"),
        ({"sendgrid_base_url": LOCAL}, f"ESCALATION_SENDGRID_BASE_URL: '{LOCAL}' is this machine"),
        (
            {"sendgrid_base_url": "https://mail.example"},
            "is not SendGrid; production posts to https://api.sendgrid.com",
        ),
        ({"sendgrid_base_url": SENDGRID.api, "sendgrid_api_key": None}, "ESCALATION_SENDGRID_API_KEY is not set, and"),
        ({"twilio_base_url": LOCAL}, f"ESCALATION_TWILIO_BASE_URL: '{LOCAL}' is this machine"),
        ({"twilio_base_url": SENDGRID.api}, "is not Twilio; production posts to https://api.twilio.com"),
        (
            {"twilio_base_url": TWILIO.api, "twilio_account_sid": None, "twilio_auth_token": None},
            "set both, or neither",
        ),
        ({"twilio_from": STANDIN_NUMBER}, f"twilio_from {STANDIN_NUMBER} is Twilio's test number"),
        ({"public_url": "https://localhost."}, "public_url 'https://localhost.' is this machine"),
        ({"public_url": "http://door.example"}, "public_url 'http://door.example' is not private"),
        ({"public_url": "https://gateway:8026"}, "public_url 'https://gateway:8026' means something only here"),
        ({"public_url": "https://10.0.0.1"}, "public_url 'https://10.0.0.1' means something only here"),
        ({"ticket_base_url": "http://standins:8025"}, "ticket_base_url 'http://standins:8025' is not private"),
        ({"accounts_url": "https://127.1"}, "accounts_url 'https://127.1' is this machine"),
        (
            {"directory_url": "http://people.example", "directory_file": None},
            "directory_url 'http://people.example' is not private",
        ),
    ],
)
def test_production_refuses_conveniences(change: dict[str, object], told: str) -> None:
    """The same settings without the change are fine."""
    read_settings(**PRODUCTION)

    assert told in refused(**PRODUCTION | change)


def test_production_reaches_a_vendors_other_regions() -> None:
    """Its own hosts are those of its domain."""
    bases = {"sendgrid_base_url": "https://api.eu.sendgrid.com", "twilio_base_url": "https://api.dublin.ie1.twilio.com"}
    vendors = read_settings(**PRODUCTION | bases).vendors()

    assert (vendors.mail.host, vendors.phone.host) == (bases["sendgrid_base_url"], bases["twilio_base_url"])


@pytest.mark.parametrize("vendor", [SENDGRID, TWILIO, SLACK], ids=lambda vendor: vendor.name)
@pytest.mark.parametrize(
    ("base", "told"),
    [
        ("http://standins:8025", "is not"),
        ("http://127.1:8025", "is this machine"),
        ("http://localhost.:8025", "is this machine"),
        ("http://[::ffff:127.0.0.1]:8025", "is this machine"),
        ("https://vendor.example", "is not"),
    ],
)
def test_the_guard_is_the_same_for_every_vendor(vendor: Vendor, base: str, told: str) -> None:
    """A stand-in that was left over would take every message and tell nobody; a key goes nowhere in the open."""
    said = refusal(vendor, base, has_key=True, production=True, meant=True)
    assert said is not None
    assert said.startswith(f"{vendor.base_setting}: '{base}' {told}")

    own = vendor.api
    assert refusal(vendor, own, has_key=True, production=True) is None
    assert f"{vendor.key_setting} is not set" in str(refusal(vendor, own, has_key=False, production=True))
    assert "would show" in str(refusal(vendor, own.replace("https", "http"), has_key=True, production=True))
    assert "would show" in str(refusal(vendor, "http://standins:8025", has_key=True, production=False, meant=True))
    assert "reaches real people" in str(refusal(vendor, own, has_key=True, production=False))
    assert refusal(vendor, own, has_key=True, production=False, meant=True) is None
    assert refusal(vendor, "http://standins:8025", has_key=False, production=False) is None
    assert refusal(vendor, LOCAL, has_key=True, production=False) is None


@pytest.mark.parametrize(
    "given", [PRODUCTION, {"twilio_account_sid": "AC1", "twilio_auth_token": "t", "real_vendors": True}]
)
def test_real_calls_need_a_number_to_come_from(given: dict[str, object]) -> None:
    """A messaging service sends texts only; the stand-ins' number calls nobody."""
    texts = given | {"standins_url": None if given is PRODUCTION else LOCAL, "twilio_messaging_service": "MG1"}
    with pytest.raises(
        SettingsError, match=r"^ESCALATION_TWILIO_FROM is not set: set the number that calls come from$"
    ):
        read_settings(**texts | {"twilio_from": ""}).vendors()

    assert read_settings(**texts | {"twilio_from": NUMBER}).vendors().phone.sender == NUMBER
    assert read_settings(standins_url=LOCAL).vendors().phone.sender == STANDIN_NUMBER


def test_a_variable_without_a_value_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty token would sign for everybody."""
    for name in ("SENDGRID_API_KEY", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"):
        monkeypatch.setenv(f"ESCALATION_{name}", "")
    settings = read_settings(standins_url=LOCAL)

    assert settings.callback_tokens == ()
    assert settings.vendors().mail.standin
    assert settings.vendors().phone.sender == STANDIN_NUMBER


def test_production_without_an_account_does_not_offer_stand_ins() -> None:
    """The way out is an account."""
    with pytest.raises(SettingsError, match=r"ESCALATION_TICKET_BASE_URL is not set: set it$"):
        read_settings(**PRODUCTION | {"ticket_base_url": None}).vendors()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"twilio_region": "ie1"}, "twilio_region and twilio_edge belong together"),
        ({"twilio_edge": "dublin"}, "twilio_region and twilio_edge belong together"),
        ({"twilio_account_sid": "AC1"}, "twilio_account_sid and twilio_auth_token belong together"),
        ({"standins_url": "127.0.0.1:9"}, "ESCALATION_STANDINS_URL: must be http(s)://host"),
        ({"public_url": "https://a.example/?x=1"}, "without query"),
        ({"twilio_from": "Support"}, "ESCALATION_TWILIO_FROM: must be a number such as +4930123456"),
        ({"http_timeout": "soon"}, "ESCALATION_HTTP_TIMEOUT"),
        ({"http_timeout": 0}, "ESCALATION_HTTP_TIMEOUT"),
        ({"http_timeout": "10.1"}, "http_timeout is 10.1 s; it may be at most 10 s"),
        ({"send_timeout": 10}, "send_timeout is 10 s; it must be longer than http_timeout (10 s)"),
        ({"settle_sms": 14.9}, "settle_sms is 14.9 s; it must be at least intent_freshness + http_timeout = 15 s"),
        ({"environment": "staging"}, "ESCALATION_ENVIRONMENT"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_variable(given: dict[str, object], told: str) -> None:
    """What, the limit, and what goes with it."""
    assert told in refused(**given)


def test_region_and_edge_together_are_fine() -> None:
    """The bound itself is allowed, too."""
    settings = read_settings(twilio_region="ie1", twilio_edge="dublin", http_timeout=HTTP_TIMEOUT_MAX, settle_sms=15)

    assert settings.settle.of(Channel.SMS) == settings.settle_floor == timedelta(seconds=15)


def test_durations_are_seconds_or_iso(monkeypatch: pytest.MonkeyPatch) -> None:
    """As people write them into an environment."""
    monkeypatch.setenv("ESCALATION_HTTP_TIMEOUT", "2.5")
    monkeypatch.setenv("ESCALATION_SETTLE_EMAIL", "PT3M")
    settings = read_settings()

    assert (settings.http_timeout, settings.settle_email) == (timedelta(seconds=2.5), timedelta(minutes=3))


def test_no_secret_is_ever_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in a representation, not in the accounts, not in a refusal."""
    monkeypatch.setenv("ESCALATION_SENDGRID_API_KEY", "SG.s3cret")
    monkeypatch.setenv("ESCALATION_SIGNING_KEY", "s3cret")
    settings = read_settings(standins_url=LOCAL, real_vendors=True)

    assert "s3cret" not in repr(settings) + str(settings.vendors())
    assert "s3cret" not in refused(environment="production")


def test_files_lie_in_the_data_folder_unless_told_otherwise() -> None:
    """One folder to keep and to delete."""
    settings = read_settings(data_dir="elsewhere", audit_url="postgresql://db/audit")

    assert settings.ledger_url == "sqlite:///elsewhere/ledger.db"
    assert settings.audit_url == "postgresql://db/audit"


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:1", True),
        ("http://127.8.9.1", True),
        ("http://0.0.0.0:1", True),
        ("http://[::1]:1", True),
        ("http://127.1", True),
        ("http://2130706433", True),
        ("http://0x7f.1", True),
        ("http://[::ffff:127.0.0.1]", True),
        ("http://[::ffff:10.0.0.1]", False),
        ("http://LOCALHOST.", True),
        ("http://standins.localhost", True),
        ("https://api.twilio.com", False),
        ("http://10.0.0.1", False),
    ],
)
def test_this_machine_is_known_by_all_its_names(url: str, local: bool) -> None:  # noqa: FBT001
    assert is_loopback(url) is local


@pytest.mark.parametrize(
    ("url", "near"),
    [
        (LOCAL, True),
        ("https://gateway", True),
        ("https://gateway.", True),
        ("https://192.168.1.1", True),
        ("https://[fd00::1]", True),
        ("https://[fe80::1]", True),
        ("https://door.example", False),
        ("https://8.8.8.8", False),
        ("https://[2001:4860:4860::8888]", False),
    ],
)
def test_what_means_something_only_here_is_known(url: str, near: bool) -> None:  # noqa: FBT001
    """This machine, its network, and names without a domain."""
    assert is_near(url) is near


@pytest.mark.parametrize("name", ["audit_url", "ledger_url"])
def test_a_database_address_that_is_none_is_refused_without_being_shown(name: str) -> None:
    """It may hold a password."""
    told = refused(**{name: "s3cret@nowhere"})

    assert f"{name} is no database address" in told
    assert "s3cret" not in told
