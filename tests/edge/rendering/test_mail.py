"""Mail as it is handed over: one thread, marked as automatic, untracked, and nothing smuggled into a header."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from escalation.adapters.rendering import Renderer
from escalation.adapters.sendgrid import NAME_CHARS_MAX, SUBJECT_CHARS_MAX, mail
from escalation.adapters.sending import Letter, Outgoing, Reader
from escalation.adapters.settings import MailAccount
from escalation.core.vocabulary import Channel, Message, Severity
from tests.edge.rendering.golden import channels, words_of
from tests.edge.samples import BRIEF, NOW

RENDERER = Renderer()
ROOT = "<ESC-4711.root@reply.example>"
RESERVED = {
    *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"),
    *("to", "from", "subject", "reply-to", "cc", "bcc"),
}
"""Headers that SendGrid refuses to be told."""


def account(sender_name: str = "Support escalations") -> MailAccount:
    return MailAccount(
        key=SecretStr("SG.x"),
        host="http://127.0.0.1:1",
        sender="support@reply.example",
        sender_name=sender_name,
        root_domain="reply.example",
        timeout=timedelta(seconds=1),
        standin=True,
    )


def body(letter: Letter, name: str | None = "Ann", reference: str = BRIEF.reference, **sender: str) -> dict[str, Any]:
    outgoing = Outgoing(
        dispatch="d-1",
        reference=reference,
        severity=Severity.SEV1,
        channel=Channel.EMAIL,
        to="ann@example.org",
        name=name,
        content=letter,
        at=NOW,
        lasts=timedelta(minutes=2),
    )
    return dict(mail(outgoing, letter, account(**sender)))


def letter(message: Message, reader: Reader | None = None) -> Letter:
    words = words_of(message, reader or Reader())
    made = RENDERER.render(message, Channel.EMAIL, BRIEF, words, "d-1", NOW)
    assert isinstance(made, Letter)
    return made


def test_all_mail_of_an_escalation_hangs_on_one_root_with_one_beginning_of_its_subject() -> None:
    """Also the first: nobody has sent the root. Where the subject differs, it differs behind the reference."""
    made = [body(letter(message)) for message in Message if channels(message)]

    assert {(each["headers"]["In-Reply-To"], each["headers"]["References"]) for each in made} == {(ROOT, ROOT)}
    assert all(each["subject"].startswith("[ESC-4711] ") for each in made)
    assert len({each["subject"] for each in made}) == 2  # one for us, one for customers


def test_mail_says_that_it_is_automatic_and_is_not_tracked() -> None:
    """No holiday notice answers it; no link in it is rewritten, no reading of it is reported."""
    made = body(letter(Message.PAGE))

    assert made["headers"]["Auto-Submitted"] == "auto-generated"
    assert made["headers"]["X-Auto-Response-Suppress"] == "All"
    assert made["tracking_settings"] == {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": False},
    }
    assert not {header.lower() for header in made["headers"]} & RESERVED


def test_mail_is_plain_first_then_a_page_for_one_person_under_categories_without_anybodys_name() -> None:
    """What is counted by category is kind and severity."""
    made = body(letter(Message.CUSTOMER_OPENING))

    assert [part["type"] for part in made["content"]] == ["text/plain", "text/html"]
    assert made["categories"] == ["escalation", "SEV1"]
    (person,) = made["personalizations"]
    assert len(person["to"]) == 1
    assert set(person["custom_args"].values()) == {"d-1"}
    assert len(json.dumps(person["custom_args"])) < 10_000


@pytest.mark.parametrize(("roles", "urgent"), [(frozenset[str](), False), (frozenset({"executive"}), True)])
def test_urgent_mail_is_marked_for_the_program_too(roles: frozenset[str], urgent: bool) -> None:  # noqa: FBT001
    """Not by the subject alone."""
    headers = body(letter(Message.PAGE, Reader(roles=roles)))["headers"]

    assert (headers.get("Importance"), headers.get("X-Priority")) == (("high", "1") if urgent else (None, None))


@given(st.text(st.characters(codec=None), max_size=200))
def test_no_word_of_anybodys_makes_a_header(word: str) -> None:
    """Subject, names and the thread's root: one line each, within the limits, without marks that turn or hide."""
    hostile = f"{word}\r\nBcc: all@victim.example;,\u202e{word * 3}"
    made = body(Letter(hostile, "text", "html"), name=hostile, reference=hostile, sender_name=f"Zoë {hostile}")
    to, sender = made["personalizations"][0]["to"][0], made["from"]

    for value in (made["subject"], to["name"], sender["name"], *made["headers"].values()):
        assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", value)
        value.encode()
    assert len(made["subject"]) <= SUBJECT_CHARS_MAX
    assert max(len(to["name"]), len(sender["name"])) <= NAME_CHARS_MAX
    assert not set(";,") & set(to["name"])
    assert sender["name"].isascii()
    assert sender["name"].startswith("Zoe ")
    assert re.fullmatch(r"<[A-Za-z0-9.-]+\.root@reply\.example>", made["headers"]["References"])
