"""`escalate send-test`: one message by the configured account, followed to its last word; nothing else is sent."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from escalation.core.vocabulary import Channel
from escalation.standins.server import Standins
from tests.edge.cli.terminal import Terminal

DIRECTORY = Path(__file__).parents[3] / "examples" / "directory.yaml"


@pytest.fixture
def standins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standins]:
    with Standins() as standins:
        standins.callbacks(gap=timedelta(0))
        monkeypatch.setenv("ESCALATION_STANDINS_URL", standins.base_url)
        monkeypatch.setenv("ESCALATION_DIRECTORY_FILE", str(DIRECTORY))
        yield standins


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
def test_one_message_is_sent_and_followed(terminal: Terminal, standins: Standins, channel: Channel) -> None:
    """Each new word of the vendor is a line; delivered is exit 0."""
    said = terminal("send-test", "amira", channel, "--within", "30m")

    (sent,) = standins.outbox()
    lines = said.out.splitlines()
    assert (said.exit, said.err) == (0, "")
    assert lines[0] == f"{channel} to amira: accepted as {sent.provider_id}"
    assert lines[-1] == "12:30:00Z delivered"
    assert len(set(lines)) == len(lines)


def test_the_example_directory_has_somebody_with_a_chat(terminal: Terminal, standins: Standins) -> None:
    """So that a newcomer sees one: dora's page stands there, which is its last word."""
    said = terminal("send-test", "dora", "chat", "--within", "30m")

    (sent,) = standins.outbox("chat")
    assert (said.exit, said.err, sent.to) == (0, "", "U0DORA")
    assert said.out.splitlines() == [f"chat to dora: accepted as {sent.provider_id}", "12:30:00Z posted"]
    (conversation,) = standins.conversations().values()
    assert [one.text for one in conversation.messages.values()] == [sent.body]


def test_whoever_has_no_chat_is_named(terminal: Terminal, standins: Standins) -> None:
    """With what to do about it; nothing is sent."""
    said = terminal("send-test", "amira", "chat")

    assert (said.exit, standins.outbox()) == (2, [])
    assert said.err.startswith(
        "escalate: 'amira' has no chat in the directory; correct the name, or add the address there"
    )


def test_a_call_that_nobody_answers_is_said_to_have_failed(terminal: Terminal, standins: Standins) -> None:
    """Exit 1."""
    standins.expect("voice", "no-answer")
    said = terminal("send-test", "amira", "voice", "--within", "30m")

    assert (said.exit, said.err) == (1, "")
    assert said.out.splitlines()[-1] == "12:30:00Z no-answer"


def test_a_message_of_which_no_last_word_comes_is_no_success(terminal: Terminal, standins: Standins) -> None:
    """`sent` is not delivered."""
    standins.expect("sms", "sent")
    said = terminal("send-test", "amira", "sms")

    assert said.exit == 1
    assert said.out.splitlines()[-1].startswith("no last word within 120 s")
    assert terminal.pauses == [timedelta(seconds=2)] * 60


def test_a_refusal_says_status_and_code(terminal: Terminal, standins: Standins) -> None:
    """So that an operator can look it up."""
    standins.fail("sms", "reject", code=21408)
    said = terminal("send-test", "amira", "sms")

    assert (said.exit, said.out) == (1, "sms to amira: refused by twilio, status 403, code 21408\n")


def test_a_lost_answer_says_that_it_may_have_been_sent(terminal: Terminal, standins: Standins) -> None:
    """Nobody sends it again by mistake."""
    standins.fail("email", "accept_then_drop")
    said = terminal("send-test", "amira", "email")

    assert said.exit == 1
    assert said.out == "email to amira: no answer (RemoteDisconnected); it may have been sent\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nobody", "sms"), "'nobody' has no sms in the directory"),
        (("amira", "pigeon"), "pigeon"),
        (("amira", "sms", "--within", "1s"), "--within"),
        (("amira", "sms", "--within", "31m"), "--within"),
    ],
)
def test_bad_input_is_one_line_and_sends_nothing(
    terminal: Terminal, standins: Standins, arguments: tuple[str, ...], told: str
) -> None:
    """Exit 2."""
    said = terminal("send-test", *arguments)

    assert (said.exit, said.err.count("\n")) == (2, 1)
    assert told in said.err
    assert standins.outbox() == []


def test_a_customer_is_not_written_to_for_a_test(terminal: Terminal, standins: Standins) -> None:
    """They would wonder."""
    said = terminal("send-test", "acme", "email")

    assert (said.exit, standins.outbox()) == (2, [])
    assert "is a customer" in said.err


def test_development_reaches_nobody_real_by_mistake(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in the environment is not enough."""
    monkeypatch.setenv("ESCALATION_SENDGRID_API_KEY", "SG.real")
    monkeypatch.setenv("ESCALATION_STANDINS_URL", "http://127.0.0.1:1")
    said = terminal("send-test", "amira", "email")

    assert (said.exit, said.err.count("\n")) == (2, 1)
    assert "https://api.sendgrid.com reaches real people" in said.err
    assert "ESCALATION_REAL_VENDORS=true" in said.err
