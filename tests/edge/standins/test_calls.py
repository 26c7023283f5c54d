"""Calls: who picks up, and what the script says to them and hears from them."""

from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from escalation.standins import twiml
from escalation.standins.board import AUTH_TOKEN
from escalation.standins.line import FETCHES_MAX, planned
from escalation.standins.server import Standins
from escalation.standins.twiml import LOOPS_MAX, Pause, Say, TwimlError
from tests.edge.standins.vendors import OURS, PHONE, Receiver, refusal

ASK = (
    '<Response><Gather numDigits="1" timeout="1" action="/keys?d=d-1" actionOnEmptyResult="true">'
    "<Say>SEV1. Press 4.</Say></Gather><Say>never reached</Say></Response>"
)
AGAIN = '<Response><Gather numDigits="1" timeout="1" action="/keys?d=d-1"><Say>Again.</Say></Gather></Response>'
BYE = "<Response><Say>Thank you.</Say><Hangup/><Say>never reached</Say></Response>"


def dial(twilio: Any, **fields: object) -> str:  # noqa: ANN401 - no types
    return str(twilio.calls.create(to=PHONE, from_=OURS, **fields).sid)


def heard(standins: Standins, sid: str) -> list[tuple[str, str]]:
    """Wait for the call's end; what was said and pressed in it."""
    assert standins.wait_until(lambda: sid not in standins.on_line())
    return [(line.kind, line.text) for line in standins.lines(sid) if line.kind not in {"asked", "fetched"}]


def rings(standins: Standins, sid: str) -> bool:
    return standins.wait_until(
        lambda: ((change := standins.journal.status(sid)) and change.status == "ringing") or False
    )


def test_keys_are_posted_signed_and_the_answer_is_the_next_script(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
) -> None:
    """The action is relative to the script's own address, and the signature covers its query."""
    standins.expect("voice", "completed", keys="4")
    webhooks.answers = {"/voice": ASK, "/keys": BYE}

    said = heard(standins, dial(twilio, url=f"{webhooks.base_url}/voice?d=d-1"))

    assert said == [
        ("said", "SEV1. Press 4."),
        ("pressed", "4"),
        ("said", "Thank you."),
        ("ended", "the script is over"),
    ]
    (keys,) = webhooks.at("/keys")
    assert (keys.path, keys.form["Digits"], keys.form["CallStatus"]) == ("/keys?d=d-1", "4", "in-progress")
    url = webhooks.base_url + keys.path
    assert RequestValidator(AUTH_TOKEN).validate(url, keys.form, keys.signature)


def test_silence_is_posted_only_when_the_script_asks_for_it(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
) -> None:
    """With `actionOnEmptyResult` as empty digits; without it the script goes on after the question."""
    standins.expect("voice", "completed", keys="- -")
    webhooks.answers = {"/voice": ASK, "/keys": AGAIN}

    said = heard(standins, dial(twilio, url=f"{webhooks.base_url}/voice"))

    assert [one.form["Digits"] for one in webhooks.at("/keys")] == [""]
    assert [kind for kind, _ in said] == ["said", "silence", "said", "silence", "ended"]


@pytest.mark.parametrize(
    ("attributes", "keys", "digits"),
    [
        ('numDigits="2"', "456", "45"),
        ("", "45#6", "45"),
        ('finishOnKey="*"', "4#*", "4#"),
        ('numDigits="1"', "#", ""),
        ('finishOnKey=""', "4#", "4#"),
    ],
)
def test_a_question_ends_at_its_count_or_its_finishing_key(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
    attributes: str,
    keys: str,
    digits: str,
) -> None:
    """The finishing key is not among the digits; alone it is an answer without digits."""
    standins.expect("voice", "completed", keys=keys)
    script = f'<Response><Gather {attributes} action="{webhooks.base_url}/keys"/></Response>'
    webhooks.answers = {"/keys": BYE}

    heard(standins, dial(twilio, twiml=script))

    assert [one.form["Digits"] for one in webhooks.at("/keys")] == [digits]


def test_a_call_rings_until_somebody_picks_up_and_listens_for_keys(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
) -> None:
    """A person, live: a key pressed while nobody listens is lost, and says so."""
    standins.expect("voice", "rings")
    webhooks.answers = {"/voice": ASK, "/keys": BYE}
    sid = dial(twilio, url=f"{webhooks.base_url}/voice")
    assert rings(standins, sid)

    with pytest.raises(ValueError, match="does not listen for keys just now"):
        standins.call(sid, "press", "4")
    standins.call(sid, "answer")
    assert standins.wait_until(lambda: bool(webhooks.at("/voice")))
    assert standins.wait_until(lambda: any(line.kind == "said" for line in standins.lines(sid)))
    standins.call(sid, "press", "4")

    assert ("pressed", "4") in heard(standins, sid)
    assert [one.form["Digits"] for one in webhooks.at("/keys")] == ["4"]
    with pytest.raises(ValueError, match=r"no call .* is on the line"):
        standins.call(sid, "answer")


@pytest.mark.parametrize(("act", "status"), [("decline", "busy"), ("voicemail", "completed"), ("answer", "completed")])
def test_a_person_may_decline_or_leave_it_to_the_voicemail(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    act: Any,  # noqa: ANN401
    status: str,
) -> None:
    """And may hang up in the middle of a word."""
    standins.expect("voice", "rings")
    sid = dial(twilio, twiml=f"<Response><Say>{'word ' * 200}</Say></Response>")
    assert rings(standins, sid)

    standins.call(sid, act)
    if act == "answer":
        standins.call(sid, "hang_up")

    said = heard(standins, sid)
    assert twilio.calls(sid).fetch().status == status
    assert (("ended", "hung up") in said) == (act == "answer")


def test_nobody_picks_up_within_the_calls_own_time(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """`Timeout` seconds of ringing."""
    standins.expect("voice", "rings")

    sid = dial(twilio, twiml=BYE, timeout=1)

    assert heard(standins, sid) == []
    assert twilio.calls(sid).fetch().status == "no-answer"


def test_machine_detection_tells_the_script_and_the_end(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
) -> None:
    """Synchronous: the script is fetched with what picked up. A voicemail presses nothing."""
    standins.expect("voice", "machine", keys="4")
    webhooks.answers = {"/voice": ASK, "/keys": BYE}

    sid = dial(
        twilio,
        url=f"{webhooks.base_url}/voice",
        machine_detection="DetectMessageEnd",
        status_callback=f"{webhooks.base_url}/status",
    )

    (ended,) = webhooks.wait_at("/status")
    assert (ended.form["CallStatus"], ended.form["AnsweredBy"]) == ("completed", "machine_end_beep")
    assert webhooks.at("/voice")[0].form["AnsweredBy"] == "machine_end_beep"
    assert ("silence", "") in heard(standins, sid)
    assert twilio.calls(sid).fetch().answered_by == "machine_end_beep"


@pytest.mark.parametrize("answered_by", ["human", "unknown", "machine_start"])
def test_asynchronous_detection_is_posted_on_its_own(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
    answered_by: str,
) -> None:
    """The script does not wait for it and is not told; and detection may be wrong."""
    standins.expect("voice", "completed", answered_by=answered_by)
    webhooks.answers = {"/voice": BYE}
    there = f"{webhooks.base_url}/machine"

    dial(
        twilio,
        url=f"{webhooks.base_url}/voice",
        machine_detection="Enable",
        async_amd="true",
        async_amd_status_callback=there,
    )

    (told,) = webhooks.wait_at("/machine")
    assert (told.form["AnsweredBy"], told.form["MachineDetectionDuration"]) == (answered_by, "1000")
    assert RequestValidator(AUTH_TOKEN).validate(there, told.form, told.signature)
    assert "AnsweredBy" not in webhooks.wait_at("/voice")[0].form


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("nothing", 11200),
        ("<Response>", 12100),
        ("<Reply/>", 12100),
        ("<Response><Dial>+1</Dial></Response>", 12200),
        ("<Response><Gather/></Response>", None),
    ],
)
def test_a_script_that_cannot_be_played_is_an_application_error(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
    script: str,
    code: int | None,
) -> None:
    """The person hears Twilio's apology, the call ends, and why can be read."""
    standins.expect("voice", "completed")
    webhooks.answers = {} if script == "nothing" else {"/voice": script}
    webhooks.status = 500

    said = heard(standins, dial(twilio, url=f"{webhooks.base_url}/voice"))

    failures = [text for kind, text in said if kind == "failed"]
    assert [text.split(":")[0] for text in failures] == ([str(code)] if code else [])
    assert (code is not None) == any("application error" in text for _, text in said)


def test_a_fallback_is_asked_when_the_script_cannot_be_had(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
) -> None:
    """With the code of the error."""
    standins.expect("voice", "completed")
    webhooks.answers, webhooks.status = {"/else": BYE}, 500

    said = heard(standins, dial(twilio, url=f"{webhooks.base_url}/voice", fallback_url=f"{webhooks.base_url}/else"))

    assert ("said", "Thank you.") in said
    assert webhooks.at("/else")[0].form["ErrorCode"] == "11200"


def test_a_script_that_goes_round_in_circles_ends(standins: Standins, twilio: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """At the bound on documents."""
    standins.expect("voice", "completed")
    webhooks.answers = {"/voice": '<Response><Redirect method="GET">/voice</Redirect></Response>'}

    said = heard(standins, dial(twilio, url=f"{webhooks.base_url}/voice"))

    assert len(webhooks.at("/voice")) == FETCHES_MAX
    assert f"fetched {FETCHES_MAX} documents" in said[0][1]


def test_verbs_are_read_with_their_loops() -> None:
    """For ever is cut to the bound; speech markup is read without its tags."""
    read = twiml.read('<Response><Say loop="0">a <emphasis>b</emphasis></Say><Pause length="2"/></Response>')

    assert read[:-1] == (Say("a b"),) * LOOPS_MAX
    assert isinstance(read[-1], Pause)


@pytest.mark.parametrize(
    "bad",
    [
        "<!DOCTYPE x><Response/>",
        "<Response>" + "<Say>x</Say>" * (twiml.VERBS_MAX + 1) + "</Response>",
        "<Response><Say>" + "x" * twiml.DOCUMENT_BYTES_MAX + "</Say></Response>",
        '<Response><Gather input="speech"/></Response>',
        '<Response><Gather numDigits="two"/></Response>',
        '<Response><Gather finishOnKey="12"/></Response>',
        "<Response><Gather><Hangup/></Gather></Response>",
        '<Response><Redirect method="PUT">/x</Redirect></Response>',
    ],
)
def test_what_cannot_be_obeyed_is_refused_with_twilios_code(bad: str) -> None:
    """In one line."""
    with pytest.raises(TwimlError, match=r"^12[12]00: [^\n]+$"):
        twiml.read(bad)


@pytest.mark.parametrize("keys", ["a", "1 2 x", "1" * 65])
def test_keys_that_no_telephone_has_are_refused(standins: Standins, keys: str) -> None:
    """Before any call is made."""
    with pytest.raises(ValueError, match="cannot be pressed"):
        standins.expect("voice", "completed", keys=keys)
    assert planned("- 12#").keys == ("", "12#")


def test_detection_modes_are_judged(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """As the Calls resource documents them."""
    assert refusal(lambda: dial(twilio, twiml=BYE, machine_detection="Maybe")) == (400, 20001)
    assert refusal(lambda: dial(twilio, twiml=BYE, async_amd="perhaps")) == (400, 20001)
