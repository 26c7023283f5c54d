"""The page of a message: looking changes nothing, a button does, and nobody else can press it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from escalation.adapters.texts import Texts
from escalation.adapters.ways import LASTS, Purpose, Tokens
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import ApprovalKind, Channel, Message, Phase
from escalation.gateway.acting import ACTS_MAX
from escalation.gateway.pages import FORM_BYTES_MAX
from escalation.wire.messages import ApprovalView
from escalation.wire.outcomes import Refused, Unreachable
from tests.edge.gateway.door import EPISODE, NOW, Door, view

KEY = "development-only-key-that-production-refuses"
TOKENS = Tokens(KEY)


@pytest.fixture
def page(door: Door) -> str:
    """The address of Amira's page of an open escalation."""
    door.client.views["ESC-1"] = view("ESC-1")
    return address(door.paged(channel=Channel.EMAIL))


def address(dispatch: str) -> str:
    return f"/a/{TOKENS.made(Purpose.PAGE, dispatch)}"


def nonce(text: str) -> str:
    found = re.search(r'name="n" value="([0-9a-f]{16})"', text)
    assert found is not None
    return found[1]


def press(door: Door, page: str, button: str, **more: str) -> str:
    """Look, press, and what it says then."""
    answered = door.http.post(page, data={"do": button, "n": nonce(door.http.get(page).text), **more})
    assert answered.status_code == 200
    return answered.text


def test_looking_changes_nothing(door: Door, page: str) -> None:
    """Mail scanners open every address, some of them often."""
    shown = [door.http.get(page) for _ in range(3)]

    assert [each.status_code for each in shown] == [200] * 3
    assert (door.http.head(page).status_code, door.http.head(page).content) == (200, b"")
    assert door.http.head(f"{page}x").status_code == 404
    assert (door.client.acks, door.client.done) == ([], [])


def test_the_page_says_what_it_is_about(door: Door, page: str) -> None:
    """What, how bad, who is asked, and as whom one answers; markup in a title is text."""
    Texts(door.store, SecretStr("k")).keep("ESC-1", EPISODE, "title", "Payments <b>fail</b>")

    shown = door.http.get(page).text

    for words in ("Payments &lt;b&gt;fail", "P1 (SEV1)", "Engineering", "Amira Haddad", "You are asked", "Acknowledge"):
        assert words in shown


def test_a_restricted_escalation_tells_no_title(door: Door, page: str) -> None:
    """The address may be seen by others."""
    Texts(door.store, SecretStr("k")).keep("ESC-1", EPISODE, "title", "A secret")
    door.client.views["ESC-1"] = replace(view("ESC-1"), restricted=True)

    assert "A secret" not in door.http.get(page).text


def test_nothing_of_it_can_be_loaded_framed_or_told(door: Door, page: str) -> None:
    """No script, no other site, no cache, no search engine."""
    headers = door.http.get(page).headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert [headers[name] for name in ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")] == [
        "no-store", "no-referrer", "noindex, nofollow",
    ]  # fmt: skip


def test_the_page_can_be_used_by_everybody(door: Door, page: str) -> None:
    """A language, one heading, a label for the field, buttons with words."""
    shown = door.http.get(page).text

    assert '<html lang="en">' in shown
    assert shown.count("<h1>") == 1
    assert '<label for="why">' in shown
    assert len(re.findall(r"<button[^>]*>[^<]{5,}</button>", shown)) == 3
    assert "<script" not in shown
    assert "http" not in shown


def test_a_button_acknowledges_once_for_each_showing(door: Door, page: str) -> None:
    """A double click has one key; the page that is opened again another one."""
    form = {"do": "ack", "n": nonce(door.http.get(page).text)}
    said = [door.http.post(page, data=form).text for _ in range(2)]

    assert all("ESC-1 is yours" in each for each in said)
    ((ref, by, via, at, _),) = door.client.acks
    assert (ref, by, via, at) == ("ESC-1", "amira", "page", NOW)


def test_raising_and_declining_carry_their_reason(door: Door, page: str) -> None:
    """On one line, whatever was typed."""
    press(door, page, "raise")
    press(door, page, "decline", why=" in an\r\naeroplane ")

    assert [done[:4] for done in door.client.done] == [
        ("raise", "ESC-1", "amira", "raised by page"),
        ("decline", "ESC-1", "amira", "in an aeroplane"),
    ]


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (Refusal.REASON_MISSING, "please give a reason"),
        (Refusal.NOT_ASKED, "not the one who is asked"),
        (Refusal.STEP_OVER, "not the one who is asked"),
        (Refusal.TOP_OF_CHAIN, "nobody above"),
        (Refusal.NEED_TO_KNOW, "refused, need to know"),
    ],
)
def test_a_no_is_said_in_words(door: Door, page: str, refusal: Refusal, words: str) -> None:
    """The rules decide, the page tells."""
    form = {"do": "decline", "n": nonce(door.http.get(page).text)}
    door.client.fails = Refused(refusal, {}, "ESC-1")

    assert words in door.http.post(page, data=form).text


def test_a_page_of_an_approval_has_its_decisions(door: Door) -> None:
    """Each open one by its number, with a reason."""
    open_one = ApprovalView(
        number=3, kind=ApprovalKind.SPEND, word="waits", asked_by="rosa", asked_at=NOW, reason="spare", about="",
        asked=("support-managers",), votes=(), quorum=1, due=None,
    )  # fmt: skip
    door.client.views["ESC-1"] = replace(view("ESC-1"), approvals=(open_one,))
    page = address(door.paged(channel=Channel.EMAIL, message=Message.APPROVAL))

    assert "Approve number 3: spend, asked by rosa" in door.http.get(page).text
    assert "your decision is recorded" in press(door, page, "approve 3", why="cheap")
    assert [done[:4] for done in door.client.done] == [("approve", "ESC-1", "amira", "3 cheap")]


def test_what_is_over_has_no_buttons(door: Door, page: str) -> None:
    """Closed, or the next episode of the same ticket."""
    for over in (view("ESC-1", Phase.CLOSED), replace(view("ESC-1"), episode="another")):
        door.client.views["ESC-1"] = over
        shown = door.http.get(page)
        assert "is over" in shown.text
        assert "<button" not in shown.text


def test_a_button_of_an_earlier_episode_does_nothing(door: Door, page: str) -> None:
    """It was shown before, and pressed after."""
    form = {"do": "ack", "n": nonce(door.http.get(page).text)}
    door.client.views["ESC-1"] = replace(view("ESC-1"), episode="another")

    assert "is over" in door.http.post(page, data=form).text
    assert door.client.acks == []


def test_an_address_ages(door: Door, page: str) -> None:
    """At the limit it is good; then it says so, and does nothing."""
    door.clock.at = NOW + LASTS
    form = {"do": "ack", "n": nonce(door.http.get(page).text)}
    door.clock.at += timedelta(microseconds=1)

    assert [door.http.get(page).status_code, door.http.post(page, data=form).status_code] == [410, 410]
    assert door.client.acks == []


def test_any_other_address_is_not_there(door: Door, page: str) -> None:
    """Another purpose, another key, a letter more, less or changed, an unknown dispatch: all the same nothing."""
    token = page.removeprefix("/a/")
    dispatch = door.paged(channel=Channel.EMAIL, number=7)
    others = [
        token[:-1], f"{token}a", ("b" if token[0] == "a" else "a") + token[1:], "x",
        str(TOKENS.made(Purpose.MAIL, dispatch)), str(Tokens("other").made(Purpose.PAGE, dispatch)),
        str(TOKENS.made(Purpose.PAGE, "0" * 20)),
    ]  # fmt: skip
    for other in others:
        answers = [door.http.get(f"/a/{other}"), door.http.post(f"/a/{other}", data={"do": "ack", "n": "0" * 16})]
        assert [(each.status_code, each.content) for each in answers] == [(404, b"")] * 2
    assert door.client.acks == []


@pytest.mark.parametrize(
    "form",
    [
        {"do": "ack"},
        {"do": "ack", "n": "x"},
        {"do": "close", "n": "0" * 16},
        {"do": "approve 0", "n": "0" * 16},
        {"n": "0" * 16},
        {f"field{number}": "x" for number in range(11)},
        {"do": "\udcff".encode("utf-8", "surrogatepass").decode("latin-1"), "n": "0" * 16},
    ],
)
def test_a_form_that_the_page_has_not_made_does_nothing(door: Door, page: str, form: dict[str, str]) -> None:
    """No button, no showing, too many fields."""
    assert door.http.post(page, data=form).status_code == 400
    assert (door.client.acks, door.client.done) == ([], [])


def test_a_form_is_bounded(door: Door, page: str) -> None:
    """Whoever knows an address still cannot fill our memory."""
    assert door.http.post(page, content=b"x" * (FORM_BYTES_MAX + 1)).status_code == 413


def test_a_page_is_bounded(door: Door, page: str) -> None:
    """A program that presses on and on is told to stop, and so is one that looks on and on."""
    for number in range(ACTS_MAX):
        assert door.http.get(page).status_code == 200
        assert door.http.post(page, data={"do": "ack", "n": f"{number:016x}"}).status_code == 200

    assert door.http.get(page).status_code == 429
    assert door.http.post(page, data={"do": "ack", "n": "f" * 16}).status_code == 429


def test_whoever_looks_all_the_time_takes_nobodys_button_away(door: Door, page: str) -> None:
    """A mail scanner or a monitor may reload it for ever."""
    shown = door.http.get(page).text
    for _ in range(ACTS_MAX):
        door.http.get(page)

    assert door.http.get(page).status_code == 429
    assert door.http.post(page, data={"do": "ack", "n": nonce(shown)}).status_code == 200
    assert len(door.client.acks) == 1


def test_an_address_that_has_aged_is_gone_for_whoever_tries_it(door: Door, page: str) -> None:
    """As for whoever looks."""
    door.clock.at = NOW + LASTS + timedelta(seconds=1)

    assert (door.http.head(page).status_code, door.http.get(page).status_code) == (410, 410)


def test_an_engine_that_is_away_is_said(door: Door, page: str) -> None:
    """Nobody must think that they have it."""
    form = {"do": "ack", "n": nonce(door.http.get(page).text)}
    door.client.fails = Unreachable("no answer")

    assert "not confirmed" in door.http.post(page, data=form).text
