"""Calls: what is said, which key does what, and that nothing but a person's key acknowledges."""

import re

import pytest

from escalation.adapters.scripts import Scripts
from escalation.adapters.sending import Script
from escalation.core.vocabulary import Channel, Message, Phase
from escalation.gateway.acting import ACTS_MAX
from escalation.gateway.voice import KEY_WITHIN, REPEATS_MAX, ROUNDS_MAX, TRIES_MAX, Turn
from escalation.standins.twiml import Gather, Hangup, Pause, Redirect, Say, Verb, read
from escalation.wire.outcomes import Ended, Unreachable
from tests.edge.gateway.door import NOW, PUBLIC, Door, sid, view


@pytest.fixture
def dispatch(door: Door) -> str:
    """A call to Amira about an open escalation."""
    door.client.views["ESC-1"] = view("ESC-1")
    return door.paged()


def verbs(document: str) -> tuple[Verb, ...]:
    return read(document)


def said(document: str) -> str:
    """All words of a document."""
    return " ".join(re.findall(r"<Say[^>]*>([^<]*)</Say>", document))


def asked(document: str) -> Gather:
    """The question of a document that asks for a key and nothing else."""
    (question,) = verbs(document)
    assert isinstance(question, Gather)
    return question


def query_of(address: str | None) -> str:
    """The part of the address behind the dispatch."""
    assert address is not None
    assert address.startswith(f"{PUBLIC}/twilio/voice?d=")
    return "&" + address.partition("&")[2]


def test_a_person_hears_the_words_and_is_asked_for_one_key(door: Door, dispatch: str) -> None:
    """Silence is answered too, so that the words come again; there are eight seconds for a key."""
    question = asked(door.call({}, dispatch))

    assert [type(heard) for heard in question.prompt] == [Say, Say]
    assert "SEV1" in said(door.call({}, dispatch))
    assert (question.digits_max, question.timeout, question.on_empty, question.finish_on) == (1, KEY_WITHIN, True, "")
    assert door.client.acks == []


def test_a_four_acknowledges_once(door: Door, dispatch: str) -> None:
    """By the person who was called, when the gateway heard it; a document that is fetched twice changes nothing."""
    for _ in range(2):
        document = door.call({"Digits": "4"}, dispatch, "&n=1")
        assert "is yours" in said(document)
        assert verbs(document)[-1] == Hangup()

    assert door.client.acks == [("ESC-1", "amira", "voice", NOW, f"{sid('CA1')} 4")]


def test_a_five_raises(door: Door, dispatch: str) -> None:
    """The next person is asked at once."""
    assert "raised" in said(door.call({"Digits": "5"}, dispatch, "&n=1"))
    assert door.client.done == [("raise", "ESC-1", "amira", "raised by voice", f"{sid('CA1')} 5")]


def test_a_star_repeats_a_few_times(door: Door, dispatch: str) -> None:
    """Then it counts as any other round: nobody can hold the line for ever."""
    question = asked(door.call({}, dispatch))
    for _ in range(REPEATS_MAX):
        question = asked(door.call({"Digits": "*"}, dispatch, query_of(question.action)))
    question = asked(door.call({"Digits": "*"}, dispatch, query_of(question.action)))

    assert verbs(door.call({"Digits": "*"}, dispatch, query_of(question.action)))[-1] == Hangup()


@pytest.mark.parametrize("key", ["", "7", "#"])
def test_silence_and_other_keys_take_nothing(door: Door, dispatch: str, key: str) -> None:
    """The words come twice, then goodbye, and it is said that nothing is taken."""
    query = ""
    for _ in range(ROUNDS_MAX):
        query = query_of(asked(door.call({"Digits": key}, dispatch, query)).action)

    document = door.call({"Digits": key}, dispatch, query)
    assert "nothing is taken" in said(document)
    assert verbs(document)[-1] == Hangup()
    assert (door.client.acks, door.client.done) == ([], [])


@pytest.mark.parametrize("heard", ["machine_start", "machine_end_beep", "fax"])
def test_a_machine_hears_no_detail_and_cannot_acknowledge(door: Door, dispatch: str, heard: str) -> None:
    """Not even when a tone of it sounds like a key."""
    document = door.call({"AnsweredBy": heard, "Digits": "4"}, dispatch, "&n=1")

    assert "message for you" in said(document)
    assert not {word for word in ("SEV1", "ESC-1", "escalation needs") if word in document}
    assert door.client.acks == []


def test_an_unknown_voice_is_taken_for_a_persons(door: Door, dispatch: str) -> None:
    """Better told twice than not at all."""
    assert asked(door.call({"AnsweredBy": "unknown"}, dispatch)).digits_max == 1


def test_a_second_call_of_the_same_dispatch_is_put_down(door: Door, dispatch: str) -> None:
    """Should the vendor dial twice, the first that is picked up counts."""
    door.call({}, dispatch)

    document = door.call({"CallSid": sid("CA2")}, dispatch)
    assert verbs(document)[-1] == Hangup()
    assert "SEV1" not in document


def test_an_unknown_dispatch_is_told_nothing(door: Door) -> None:
    """A signature alone opens no words."""
    assert verbs(door.call({}, "0" * 20))[-1] == Hangup()


def test_an_engine_that_is_away_is_asked_again_under_the_same_key(door: Door, dispatch: str) -> None:
    """One moment, then the same again; in the end it is said that nothing is sure."""
    door.client.fails = Unreachable("no answer")
    query = "&n=1"
    for number in range(TRIES_MAX):
        form = {"Digits": "4"} if number == 0 else {}
        document = door.call(form, dispatch, query)
        heard = verbs(document)
        assert [type(each) for each in heard] == [Say, Pause, Redirect]
        assert isinstance(heard[-1], Redirect)
        query = query_of(heard[-1].url)

    assert "not confirmed" in said(door.call({}, dispatch, query))
    door.client.fails = None
    assert "is yours" in said(door.call({}, dispatch, query))
    assert [key for *_, key in door.client.acks] == [f"{sid('CA1')} 4"]


def test_a_store_that_is_away_is_waited_for(door: Door, dispatch: str) -> None:
    """The words are there; only we cannot read them now."""
    with door.store.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE scripts RENAME TO away")
    heard = verbs(door.call({}, dispatch))
    with door.store.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO scripts")

    assert isinstance(heard[-1], Redirect)
    assert asked(door.call({}, dispatch, query_of(heard[-1].url))).digits_max == 1


def test_what_is_over_is_said(door: Door, dispatch: str) -> None:
    """Another episode of the ticket is none of this call's."""
    door.client.fails = Ended("ESC-1", None)

    assert "over" in said(door.call({"Digits": "4"}, dispatch, "&n=1"))


def test_who_comes_second_hears_who_has_it(door: Door, dispatch: str) -> None:
    """By name."""
    door.client.views["ESC-1"] = view("ESC-1", Phase.ACTIVE, "bruno")

    assert "already taken by Bruno" in said(door.call({"Digits": "4"}, dispatch, "&n=1"))


def test_a_message_that_asks_nothing_is_said_twice(door: Door) -> None:
    """No keys are asked for where none would do anything."""
    dispatch = door.paged(message=Message.SITUATION, words="The target is close.")

    document = door.call({"Digits": "4"}, dispatch)
    assert said(document).count("The target is close.") == 2
    assert door.client.acks == []


def test_words_cannot_break_the_document(door: Door) -> None:
    """Control characters are gone, markup is escaped."""
    dispatch = door.paged(words="Tom & <Gather> \x00\x0b\u202e fails")

    assert "Tom &amp; &lt;Gather&gt; fails" in door.call({}, dispatch)


@pytest.mark.parametrize(
    "form",
    [{"CallSid": sid("SM1")}, {"CallSid": sid("CA1") + "Called0"}, {"CallSid": ""}, {}],
    ids=["a message", "one and a field", "an empty one", "none"],
)
def test_what_is_no_call_is_refused(door: Door, dispatch: str, form: dict[str, str]) -> None:
    """Signed or not."""
    assert door.post(f"/twilio/voice?d={dispatch}", {"From": "+12025550100", **form}).status_code == 403


def test_a_moved_boundary_hides_no_machine(door: Door, dispatch: str) -> None:
    """Moved by one place, "AnsweredBy=machine" bears the same signature."""
    answered = door.post(f"/twilio/voice?d={dispatch}", {"CallSid": sid("CA1"), "AnsweredBymachine_start": ""})

    assert answered.status_code == 403


@pytest.mark.parametrize("address", ["/twilio/voice", "/twilio/voice?d=", f"/twilio/voice?d={'x' * 201}"])
def test_a_call_without_a_dispatch_is_refused(door: Door, address: str) -> None:
    """We asked for none such."""
    assert door.post(address, {"CallSid": sid("CA1")}).status_code == 403


def test_an_unsigned_call_is_refused(door: Door, dispatch: str) -> None:
    """Anybody could press a key then."""
    answered = door.http.post(f"/twilio/voice?d={dispatch}", content="CallSid=CA1&Digits=4")

    assert (answered.status_code, door.client.acks) == (403, [])


def test_a_call_is_bounded(door: Door, dispatch: str) -> None:
    """A script that goes round in circles ends."""
    for _ in range(ACTS_MAX):
        assert asked(door.call({}, dispatch)).digits_max == 1

    assert verbs(door.call({}, dispatch))[-1] == Hangup()


def test_a_turn_that_nobody_wrote_is_the_first_one() -> None:
    """Counts of more than two digits, other keys, words."""
    read_back = Turn.read({"n": "999", "r": "-1", "t": "x", "k": "9"})

    assert read_back.fields() == Turn().fields()


def test_a_call_in_another_language_is_asked_in_it(door: Door) -> None:
    """The keys are explained in the language of the words."""
    claim = door.claimed("ESC-1", "amira", 3, Channel.VOICE)
    door.ledger.sent(claim, "CA9")
    Scripts(door.store).keep(claim.dispatch, Script("Eine Eskalation braucht Sie.", "de-DE"))

    assert "drücken Sie die 4" in door.call({}, claim.dispatch)
