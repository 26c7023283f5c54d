"""The real packages against the stand-ins: requests pass the vendors' rules, answers are read for what they are."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from activities.failures import FailureClass, classify
from escalation.adapters.chat_account import chat_of
from escalation.adapters.chat_places import Place
from escalation.adapters.rendering import Renderer, Words
from escalation.adapters.sendgrid import SendGrid, mail
from escalation.adapters.sending import (
    Accepted,
    Answered,
    Attempt,
    Broken,
    Outgoing,
    Provider,
    Question,
    Seen,
    Unclear,
    Unseen,
    mark,
)
from escalation.adapters.settings import MailAccount, PhoneAccount, Vendors, read_settings
from escalation.adapters.slack import Slack, SlackApi
from escalation.adapters.tickets import TicketSystem
from escalation.adapters.twilio import Twilio
from escalation.core.vocabulary import Channel, Message, Severity
from escalation.standins.server import Standins
from tests.edge.samples import BRIEF, NOW, TITLE

ADDRESS = {
    Channel.EMAIL: "ann@example.org",
    Channel.SMS: "+491701234567",
    Channel.VOICE: "+491701234567",
    Channel.CHAT: "U0ANN",
}
CHANNELS = list(Channel)
TIMEOUT = timedelta(seconds=1)


@pytest.fixture
def standins() -> Iterator[Standins]:
    with Standins() as standins:
        yield standins


@pytest.fixture
def vendors(standins: Standins) -> Vendors:
    return read_settings(
        standins_url=standins.base_url,
        public_url="http://127.0.0.1:1",
        http_timeout=TIMEOUT,
        intent_freshness=TIMEOUT,
        settle_sms=5,
        settle_voice=5,
        settle_email=5,
    ).vendors()


@pytest.fixture
def provider(standins: Standins, vendors: Vendors) -> Callable[[Channel], Provider]:
    mail, phone, chat = SendGrid(vendors.mail), Twilio(vendors.phone), chat_at(standins.base_url)
    return lambda channel: {Channel.EMAIL: mail, Channel.CHAT: chat}.get(channel, phone)


class NoThreads:
    """Every message stands by itself."""

    def root(self, reference: str, episode: str, address: str) -> Place | None:
        return None

    def keep_root(self, reference: str, episode: str, address: str, place: Place) -> None:
        """Forget it."""


def chat_at(url: str) -> Provider:
    """The chat as the stand-ins there play it."""
    times = {"http_timeout": TIMEOUT, "intent_freshness": TIMEOUT}
    account = chat_of(read_settings(standins_url=url, **times))
    assert account is not None
    return Slack(SlackApi(account), NoThreads())


def outgoing(channel: Channel, dispatch: str = "d-1", name: str | None = "Ann; Lee, (QA)\r\nBcc: x") -> Outgoing:
    content = Renderer().render(Message.PAGE, channel, BRIEF, Words(TITLE, None, name), dispatch, NOW)
    return Outgoing(
        dispatch=dispatch,
        reference=BRIEF.reference,
        severity=Severity.SEV1,
        channel=channel,
        to=ADDRESS[channel],
        name=name,
        content=content,
        at=NOW,
        lasts=timedelta(minutes=2),
    )


BEGUN = datetime.now(UTC)
"""Before anything of this was sent, by the wall's clock. (The vendor's log of mails goes by the sender's, `NOW`.)"""


def question(channel: Channel, dispatch: str = "d-1", *, rivals: int = 1, place: int = 0) -> Question:
    return Question(
        dispatch=dispatch,
        channel=channel,
        to=ADDRESS[channel],
        since=min(NOW, BEGUN),
        at=NOW,
        taken=lambda _: frozenset(),
        rivals=rivals,
        place=place,
    )


def judged(attempt: Attempt) -> FailureClass:
    assert isinstance(attempt, Answered | Broken)
    return classify(attempt, "d-1", 1).failure_class


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_is_sent_is_accepted_with_the_dispatch_inside(
    standins: Standins, provider: Callable[[Channel], Provider], channel: Channel
) -> None:
    """Contract, hand-written rules, our id, and the instant that stand-ins are told."""
    accepted = provider(channel).send(outgoing(channel))

    assert standins.refused() == []
    (kept,) = standins.outbox()
    assert accepted == Accepted(kept.provider_id)
    assert (kept.dispatch, kept.to, kept.escalation_at) == ("d-1", ADDRESS[channel], NOW.isoformat())


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    ("fault", "expected", "kept"),
    [
        ({"kind": "accept_then_drop"}, FailureClass.AMBIGUOUS, 1),
        ({"kind": "accept_then_hang", "delay": timedelta(seconds=3)}, FailureClass.AMBIGUOUS, 1),
        ({"kind": "drop_before_accept"}, FailureClass.AMBIGUOUS, 0),
        ({"kind": "error_after_accept", "status": 500}, FailureClass.AMBIGUOUS, 1),
        ({"kind": "status", "status": 503}, FailureClass.AMBIGUOUS, 0),
        ({"kind": "status", "status": 302}, FailureClass.AMBIGUOUS, 0),
        ({"kind": "status", "status": 429}, FailureClass.RATE_LIMITED, 0),
        ({"kind": "status", "status": 401}, FailureClass.CONFIG, 0),
    ],
    ids=lambda value: str(value.get("status", value["kind"])) if isinstance(value, dict) else "",
)
def test_every_failure_is_read_for_what_it_is(
    standins: Standins,
    provider: Callable[[Channel], Provider],
    channel: Channel,
    fault: dict[str, object],
    expected: FailureClass,
    kept: int,
) -> None:
    """Accepted or not, the caller is told no more than is certain."""
    standins.fail(channel.value, **fault)  # type: ignore[arg-type]  # the rows above are its arguments

    assert judged(provider(channel).send(outgoing(channel))) is expected
    assert len(standins.outbox()) == kept


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_dead_vendor_is_a_safe_retry(
    standins: Standins, provider: Callable[[Channel], Provider], channel: Channel
) -> None:
    """Nobody listens: nothing was written."""
    talker = provider(channel)
    standins.stop()
    try:
        assert judged(talker.send(outgoing(channel))) is FailureClass.SAFE_RETRY
        assert isinstance(talker.look(question(channel)), Unclear)
    finally:
        standins.stop = lambda: None  # type: ignore[method-assign]  # it may be called once; the fixture calls it too


def test_a_pause_that_sendgrid_asks_for_is_measured_by_its_own_clock(
    standins: Standins, provider: Callable[[Channel], Provider]
) -> None:
    """Reset instant less the answer's date."""
    standins.fail("email", "status", status=429, reset=timedelta(seconds=30))
    answer = provider(Channel.EMAIL).send(outgoing(Channel.EMAIL))

    assert isinstance(answer, Answered)
    assert answer.wait is not None
    assert timedelta(seconds=28) <= answer.wait <= timedelta(seconds=31)


@pytest.mark.parametrize(
    ("to", "expected"), [("+15005550001", FailureClass.DEST_PERMANENT), ("+15005550003", FailureClass.CONFIG)]
)
def test_a_refused_number_is_read_by_its_code(
    provider: Callable[[Channel], Provider], to: str, expected: FailureClass
) -> None:
    """Twilio's test numbers: invalid, and a country that is not allowed."""
    refused = replace(outgoing(Channel.SMS), to=to)

    assert judged(provider(Channel.SMS).send(refused)) is expected


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_ambiguous_send_is_found_by_looking(
    standins: Standins, provider: Callable[[Channel], Provider], channel: Channel
) -> None:
    """Taken on, answer lost: it is adopted under the id that the vendor gave it."""
    standins.fail(channel.value, "accept_then_drop")
    provider(channel).send(outgoing(channel))

    assert provider(channel).look(question(channel)) == Seen(standins.outbox()[0].provider_id)


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_was_never_taken_on_is_not_found(
    standins: Standins, provider: Callable[[Channel], Provider], channel: Channel
) -> None:
    """An empty list is proof, once the settle window has passed."""
    standins.fail(channel.value, "drop_before_accept")
    provider(channel).send(outgoing(channel))

    assert provider(channel).look(question(channel)) == Unseen()


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_look_up_that_fails_proves_nothing(
    standins: Standins, provider: Callable[[Channel], Provider], channel: Channel
) -> None:
    """Neither found nor absent."""
    standins.fail(channel.value, "status", status=503, on="lookup")

    assert isinstance(provider(channel).look(question(channel)), Unclear)


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
def test_only_an_exact_mark_is_adopted(provider: Callable[[Channel], Provider], channel: Channel) -> None:
    """Another dispatch to the same person at the same time is not ours."""
    provider(channel).send(outgoing(channel, "d-2"))

    assert provider(channel).look(question(channel, "d-1")) == Unseen()


def test_a_call_is_found_by_exclusion(standins: Standins, provider: Callable[[Channel], Provider]) -> None:
    """As many calls as open intents: each takes its own. Fewer: nobody takes any. Others' calls do not count."""
    phone = provider(Channel.VOICE)
    phone.send(outgoing(Channel.VOICE, "d-1"))
    assert phone.look(question(Channel.VOICE, "d-2", rivals=2, place=1)) == Unclear("rivals")
    phone.send(outgoing(Channel.VOICE, "d-2"))
    first, second = (call.provider_id for call in standins.outbox())

    assert {phone.look(question(Channel.VOICE, rivals=2, place=place)) for place in (0, 1)} == {
        Seen(first),
        Seen(second),
    }
    others = replace(question(Channel.VOICE), taken=lambda _: frozenset({first, second}))
    assert phone.look(others) == Unseen()


def test_a_mail_is_one_clean_thread(standins: Standins, vendors: Vendors) -> None:
    """Clean names, a stable root for the thread, no tracking, marked as made by a machine."""
    made = outgoing(Channel.EMAIL)
    body = mail(made, made.content, vendors.mail)  # type: ignore[arg-type]  # an email's content is a Letter

    assert body["personalizations"] == [
        {
            "to": [{"email": ADDRESS[Channel.EMAIL], "name": "Ann Lee (QA) Bcc: x"}],
            "custom_args": {"esc_dispatch": "d-1"},
        }
    ]
    headers = body["headers"]
    assert isinstance(headers, dict)
    assert headers["References"] == headers["In-Reply-To"] == "<ESC-4711.root@support.example>"
    assert headers["Auto-Submitted"] == "auto-generated"


def test_an_sms_carries_its_mark_and_its_validity(standins: Standins, provider: Callable[[Channel], Provider]) -> None:
    """By the mark it is found again; by the validity nothing old is shown after somebody else was told."""
    provider(Channel.SMS).send(outgoing(Channel.SMS))
    (kept,) = standins.outbox()

    assert f"(Ref {mark('d-1')})" in (kept.body or "")
    assert kept.callback == "http://127.0.0.1:1/twilio/status?d=d-1"


def test_a_real_vendor_is_not_told_our_instant_and_keeps_its_region() -> None:
    """The header is for stand-ins; region and edge make the host, and nothing is read from the machine."""
    account = PhoneAccount(
        sid="AC1",
        token=SecretStr("t"),
        base_url=None,
        region="ie1",
        edge="dublin",
        sender="+491",
        messaging_service=None,
        callback=None,
        standin=False,
        timeout=TIMEOUT,
    )
    host = Twilio(account)._client.get_hostname("https://api.twilio.com/x")  # noqa: SLF001  # the package's own answer

    assert host == "https://api.dublin.ie1.twilio.com/x"


def test_a_mail_account_shows_no_key() -> None:
    account = MailAccount(SecretStr("SG.s3cret"), "http://127.0.0.1", "a@b.example", "A", "b.example", True, TIMEOUT)  # noqa: FBT003

    assert "s3cret" not in repr(account)


def test_a_ticket_gets_its_status_and_its_note_once(standins: Standins, vendors: Vendors) -> None:
    """Twice the same key: the second write changes nothing."""
    tickets = TicketSystem(vendors.tickets)
    for _ in range(2):
        assert isinstance(tickets.write("T 4711 ü", "In Transfer", "Handed over.", "ESC-4711/e1/3", NOW), Accepted)
    (ticket,) = standins.tickets().values()

    assert (ticket.ticket, ticket.status, [note.text for note in ticket.notes]) == (
        "T 4711 ü",
        "In Transfer",
        ["Handed over."],
    )


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("status", 503, FailureClass.AMBIGUOUS),
        ("status", 404, FailureClass.CONFIG),
        ("accept_then_drop", 500, FailureClass.AMBIGUOUS),
    ],
)
def test_a_ticket_system_that_fails_is_read_for_what_it_is(
    standins: Standins, vendors: Vendors, kind: str, status: int, expected: FailureClass
) -> None:
    """Ambiguous is harmless here: the key makes a second write the same write."""
    standins.fail("ticket", kind, status=status)  # type: ignore[arg-type]  # one of its kinds

    assert judged(TicketSystem(vendors.tickets).write("T-1", "Active", "x", "k", NOW)) is expected
