"""Beyond the limit a message waits, is told with others within the window, and is never lost or told twice."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from escalation.adapters import gsm
from escalation.adapters.bundles import SPACED
from escalation.adapters.ledger import State
from escalation.adapters.rendering import SCRIPT_CHARS_MAX
from escalation.adapters.sending import ChatMessage, Letter, Reader, Script, ShortMessage
from escalation.adapters.throttles import GATHERED
from escalation.core.effects import Notify
from escalation.core.vocabulary import Channel, Failure, Message, Outcome, Severity
from tests.edge.samples import NOW
from tests.edge.sending.fakes import Vendor
from tests.edge.storms.desk import Desk, told

Make = Callable[..., Desk]
PAGE = Message.PAGE
QUARTER = timedelta(minutes=15)


def bodies(vendor: Vendor) -> list[str]:
    """What went out as texts."""
    return [sent.content.body for sent in vendor.sent if isinstance(sent.content, ShortMessage)]


def flood(desk: Desk, numbers: range, **options: object) -> list[Notify]:
    """Say something about each of these at once; what of it waits."""
    effects = [told(number, **options) for number in numbers]  # type: ignore[arg-type]  # of `told`
    return [effect for effect in effects if desk.waits(effect)]


def test_what_is_beyond_the_limit_waits_and_the_log_hears_why(desk: Make) -> None:
    """Three of four by themselves; the fact names the limit. A repeated act finds it waiting and posts nothing."""
    one = desk(vendor := Vendor())
    effects = [told(number) for number in range(10, 14)]
    reports = [one.say(effect) for effect in effects]

    assert [report.how for report in reports] == ["sent"] * 3 + ["bundled"]
    assert (reports[3].outcome, reports[3].code) == (Outcome.ACCEPTED, "sms 4/15m")
    assert one.say(effects[3], attempt=2) == reports[3]
    assert (len(vendor.sent), one.row(effects[3]).state) == (3, State.BUNDLED)


def test_what_waits_is_told_in_one_message(desk: Make) -> None:
    """Gathered for a while, the gravest first, with what a reply may say; each row is sent with it."""
    one = desk(vendor := Vendor())
    flood(one, range(10, 13))
    waiting = [
        told(20, message=PAGE), told(21, message=PAGE, severity=Severity.SEV3), told(22, message=PAGE),
        told(23, severity=Severity.SEV1),
    ]  # fmt: skip
    assert all(one.waits(effect) for effect in waiting)

    assert one.play(NOW, until=NOW + GATHERED - timedelta(seconds=1)) == NOW
    assert len(vendor.sent) == 3
    one.play(NOW)

    body = bodies(vendor)[3]
    assert body.startswith("Support escalations: 4 escalations ask for you. P1 23; P2 22 20; P3 21.\nReply ack all or")
    assert [one.row(effect).how for effect in waiting] == ["bundle"] * 4
    assert {one.row(effect).state for effect in waiting} == {State.SENT}
    assert one.say(waiting[0], attempt=2).outcome is Outcome.ACCEPTED
    assert len(vendor.sent) == 4


def test_one_alone_is_told_in_its_own_words(desk: Make) -> None:
    """A list of one would say less. It goes out under its own name, as if it had never waited."""
    one = desk(vendor := Vendor())
    flood(one, range(10, 13))
    page = told(20, message=PAGE)
    assert one.waits(page)
    one.play(NOW)
    row = one.row(page)
    assert (row.state, row.how, row.provider_id, row.ordered_at) == (State.SENT, "sent", "SM4", NOW + GATHERED)
    assert vendor.sent[3].dispatch == page.dispatch

    assert "ESC-20: Checkout answers 502" in bodies(vendor)[3]
    assert "Reply ack 20" in bodies(vendor)[3]


def test_a_sev1s_first_page_always_goes_out(desk: Make) -> None:
    """However many there were, on whatever channel, and it takes nobody's place; its second one waits."""
    one = desk(vendor := Vendor())
    flood(one, range(10, 20))
    firsts = [told(number, severity=Severity.SEV1, message=PAGE) for number in range(30, 50)]

    assert [one.say(effect).how for effect in firsts] == ["sent"] * 20
    assert one.waits(told(30, severity=Severity.SEV1, message=PAGE, effect=9))
    one.play(NOW)
    assert len(vendor.sent) == 3 + 20 + 1


def test_a_sev1s_first_page_that_failed_was_none(desk: Make) -> None:
    """Where the first did not go out, the next channel's is the first."""
    one = desk(Vendor(), "sms=1/15m voice=1/15m")
    one.book.addresses.pop(("primary", Channel.SMS))
    assert one.say(told(10, severity=Severity.SEV1, message=PAGE)).failure is Failure.NO_ADDRESS
    assert not one.waits(told(9, channel=Channel.VOICE))

    page = told(10, severity=Severity.SEV1, message=PAGE, channel=Channel.VOICE, effect=8)
    assert one.say(page).how == "sent"


@pytest.mark.parametrize("message", [Message.APPROVAL, Message.RETURNED, Message.CUSTOMER_OPENING])
def test_what_cannot_be_told_in_a_line_is_never_held_back(desk: Make, message: Message) -> None:
    """A decision that is wanted, a ticket that comes back, and whatever a customer gets."""
    one = desk(Vendor(), "email=1/15m")
    contact = "customer" if message is Message.CUSTOMER_OPENING else "primary"
    found = flood(one, range(10, 15), message=message, channel=Channel.EMAIL, contact=contact)

    assert found == []


def test_the_window_goes_on_and_lets_the_next_one_through(desk: Make) -> None:
    """Exactly a window after the first one; before that nothing."""
    one = desk()
    flood(one, range(10, 13))

    assert one.waits(told(20), NOW + QUARTER - timedelta(microseconds=1))
    assert not one.waits(told(21), NOW + QUARTER)


def test_a_full_window_is_waited_for(desk: Make) -> None:
    """The list of what came later goes out when the first message is as old as the window."""
    one = desk(vendor := Vendor(), "sms=2/15m")
    flood(one, range(10, 13), message=PAGE)
    one.play(NOW)
    late = NOW + timedelta(minutes=5)
    assert all(one.waits(told(number, message=PAGE), late) for number in (20, 21))

    assert one.play(late) == NOW + QUARTER
    assert "P2 21 20" in bodies(vendor)[-1]


def test_what_does_not_fit_follows_in_the_next_message(desk: Make) -> None:
    """A text names as many as two segments carry, and says how many follow."""
    one = desk(vendor := Vendor(), "sms=12/15m")
    waiting = flood(one, range(1000, 1100), message=PAGE)
    one.play(NOW)

    lists = bodies(vendor)[-3:]
    assert [("more follow" in body) for body in lists] == [True, True, False]
    named = " ".join(lists)
    assert all(str(effect.brief.code) in named for effect in waiting)
    assert len(vendor.sent) == 12


def test_notices_become_a_digest_before_the_channel_is_full(desk: Make) -> None:
    """Beyond their own limit, on mail too; pages go on. Digests keep a distance from each other."""
    one = desk(vendor := Vendor(), "email=40/15m notices=3/15m")
    waiting = flood(one, range(10, 18), channel=Channel.EMAIL)
    assert len(waiting) == 5
    assert not one.waits(told(30, message=PAGE, channel=Channel.EMAIL))
    ended = one.play(NOW, channel=Channel.EMAIL)

    letter = vendor.sent[-1].content
    assert isinstance(letter, Letter)
    assert letter.subject == "Please note: 5 escalations"
    assert all(f"P2 ESC-{number} ({number}): Checkout" in letter.text for number in range(13, 18))
    assert "resolution target missed" in letter.text
    more = [told(number, channel=Channel.EMAIL) for number in (40, 41)]
    assert all(one.waits(effect, ended) for effect in more)
    assert one.play(ended, channel=Channel.EMAIL) == ended + SPACED


def test_a_list_has_one_line_for_each_escalation(desk: Make) -> None:
    """The last word on it: what somebody took meanwhile, or what is over, asks nobody any more."""
    one = desk(vendor := Vendor(), "email=1/15m")
    flood(one, range(10, 11), channel=Channel.EMAIL)
    for effect in (
        told(20, message=PAGE, channel=Channel.EMAIL, effect=1),
        told(20, message=Message.ACKNOWLEDGED, channel=Channel.EMAIL, effect=2),
        told(21, message=PAGE, channel=Channel.EMAIL, effect=1),
        told(21, message=Message.SITUATION, channel=Channel.EMAIL, effect=2),
        told(22, message=Message.CLOSING, channel=Channel.EMAIL, effect=3, restricted=True),
    ):
        assert one.waits(effect)
    one.play(NOW, channel=Channel.EMAIL)

    letter = vendor.sent[-1].content
    assert isinstance(letter, Letter)
    lines = [line for line in letter.text.splitlines() if line.startswith("- ")]
    assert len(lines) == 3
    assert any(line.endswith("Ann has taken it.") and "ESC-20" in line for line in lines)
    assert any("ESC-21" in line and "You are asked to fix it" in line and "target missed" in line for line in lines)
    assert any("ESC-22 (22): Restricted. It is over." in line for line in lines)


def test_each_channel_carries_a_list(desk: Make) -> None:
    """A chat gets lines, a call says the codes; both know their limits."""
    one = desk(vendor := Vendor(), "voice=1/15m")
    flood(one, range(10, 14), message=PAGE, channel=Channel.VOICE)
    one.play(NOW, channel=Channel.VOICE)
    script = vendor.sent[-1].content

    assert "3 escalations ask for you. P2 13 12 11. To take all of them" in getattr(script, "words", "")
    assert not isinstance(script, ChatMessage)


def test_what_has_no_address_there_fails_at_once(desk: Make) -> None:
    """It would wait for nothing: the next channel is tried now."""
    one = desk()
    flood(one, range(10, 13))
    one.book.addresses.pop(("primary", Channel.SMS))
    report = one.say(effect := told(20, message=PAGE))

    assert (report.outcome, report.failure) == (Outcome.FAILED, Failure.NO_ADDRESS)
    assert one.row(effect).state is State.FAILED
    assert one.bundles.all_waiting() == ()


def test_without_limits_nothing_waits(desk: Make) -> None:
    """Whoever does not want them turns them off."""
    assert flood(desk(Vendor(), "off"), range(10, 60)) == []


@pytest.mark.parametrize(
    ("message", "lead", "last"),
    [(PAGE, "Eskalationen brauchen Sie.", "Antwort: ack all oder z. B. ack"),
     (Message.SITUATION, "Eskalationen brauchen Aufmerksamkeit.", "Aufruf: escalate list")],
)  # fmt: skip
def test_a_list_is_in_the_readers_language_and_in_the_texts_alphabet(
    desk: Make, message: Message, lead: str, last: str
) -> None:
    """Two segments of the GSM alphabet at most, whoever reads it; the mail and the call in the same language."""
    one = desk(vendor := Vendor(), "sms=4/15m email=2/15m voice=2/15m")
    one.book.readers["primary"] = Reader(language="de", zone="Europe/Berlin")
    for channel in (Channel.SMS, Channel.EMAIL, Channel.VOICE):
        flood(one, range(1000, 1070), message=message, channel=channel)
        one.play(NOW, channel=channel, until=NOW + timedelta(minutes=1))

    body = next(body for body in bodies(vendor) if lead in body)
    assert last in body
    assert "weitere folgen" in body
    assert gsm.septets(body) is not None
    assert gsm.segments(body) <= gsm.SEPTETS_MAX // gsm.SEPTETS_EACH
    letter = next(sent.content for sent in reversed(vendor.sent) if isinstance(sent.content, Letter))
    script = next(sent.content for sent in reversed(vendor.sent) if isinstance(sent.content, Script))
    assert "die schwersten zuerst" in letter.text
    assert '<html lang="de">' in letter.html
    assert len(script.words) <= SCRIPT_CHARS_MAX
    assert script.language.startswith("de")
