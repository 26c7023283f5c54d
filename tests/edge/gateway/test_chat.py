"""Answers from the chat: signed on their bytes and fresh, done once for a known person, said to whoever pressed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import given
from hypothesis import strategies as some

from escalation.adapters.chat_account import STANDIN_SIGNING_SECRET, signing_secrets
from escalation.adapters.chat_places import ChatPlaces, Meant, Place, provider_id
from escalation.adapters.directory import Directory
from escalation.adapters.inbox import Inbox
from escalation.adapters.ledger import Claim, Ledger, Order
from escalation.adapters.migrating import upgrade
from escalation.adapters.settings import SettingsError, read_settings
from escalation.adapters.slack import ACKNOWLEDGE, DECLINE, RAISE
from escalation.adapters.store import LedgerDown, open_store
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Channel, Message, Phase
from escalation.gateway.app import create_app
from escalation.gateway.slack_signed import SlackSignatures, event_in, pressed_in, reacted_in
from escalation.gateway.told import Told
from escalation.standins.slack_people import signed
from escalation.wire.outcomes import Refused, Unreachable
from tests.edge.gateway.door import EPISODE, NOW, PUBLIC, RememberingClient, view

AMIRA, BRUNO, LOUD, STRANGER = "U0AMIRA", "U0BRUNO", "U0LOUD", "U0NOBODYS"
NOBODY_CALLED = "Ops &amp; Co &lt;!channel&gt; @\u2060here"
PAGE = Place("D0AMIRA", "1767225600.000100")
STATUS = Place("C0WARROOM", "1767225600.000300")
PEOPLE = """
people:
  amira: { name: Amira Haddad, email: amira@support.example, chat: U0AMIRA }
  bruno: { name: Bruno Costa, email: bruno@support.example, chat: U0BRUNO, language: de }
  loud: { name: "Ops & Co <!channel> @here", email: ops@support.example, chat: U0LOUD }
"""
# The example of Slack's page "Verifying requests from Slack".
VECTOR_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
VECTOR_TIMESTAMP = "1531420618"
VECTOR_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
VECTOR_SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


@dataclass
class RememberingDesk:
    """Looks up where it really stands, and remembers what it was asked to say."""

    places: ChatPlaces | None = None
    whispers: list[tuple[str, str]] = field(default_factory=list)
    settled: list[tuple[Place, str]] = field(default_factory=list)
    closed: list[tuple[str, str, str]] = field(default_factory=list)
    down: bool = False

    def about(self, place: Place) -> Meant | None:
        if self.down:
            raise LedgerDown("away")
        return self.places.about(place) if self.places is not None else None

    def whisper(self, place: Place, user: str, text: str, at: datetime) -> None:
        self.whispers.append((user, text))

    def settle(self, place: Place, text: str, at: datetime) -> None:
        self.settled.append((place, text))

    def close(self, reference: str, episode: str, contact: str, said: str, at: datetime) -> None:
        self.closed.append((reference, contact, said))


@dataclass
class ChatDoor:
    http: TestClient
    client: RememberingClient
    desk: RememberingDesk

    def post(self, path: str, body: bytes, *, secret: str = STANDIN_SIGNING_SECRET, at: datetime = NOW) -> Response:
        return self.http.post(path, content=body, headers=dict(signed(secret, str(int(at.timestamp())), body)))

    def press(
        self, action: str, user: str = AMIRA, *, action_ts: str = "1767225700.000200", **over: object
    ) -> Response:
        return self.post("/slack/actions", interaction(action, user, action_ts=action_ts, **over))

    def react(self, emoji: str, user: str = AMIRA, place: Place = PAGE) -> Response:
        return self.post("/slack/events", reaction(emoji, user, place))


def interaction(action: str, user: str, *, action_ts: str = "1767225700.000200", **over: object) -> bytes:
    payload = {
        "type": "block_actions",
        "user": {"id": user},
        "container": {"channel_id": PAGE.conversation, "message_ts": PAGE.ts},
        "message": {"text": "P1 ESC-1: take it"},
        "actions": [{"action_id": action, "action_ts": action_ts, "value": f"d1|amira|{EPISODE}|ESC-1"}],
        **over,
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def reaction(emoji: str, user: str, place: Place = PAGE) -> bytes:
    item = {"type": "message", "channel": place.conversation, "ts": place.ts}
    event = {"type": "reaction_added", "user": user, "reaction": emoji, "item": item}
    return json.dumps({"type": "event_callback", "event_id": "Ev1", "event": event}).encode()


def stands(places: ChatPlaces, ledger: Ledger) -> None:
    """A page to Amira and a war room with a pinned status, both about ESC-1."""
    claim = ledger.claim(Order("d1", "ESC-1", "amira", Channel.CHAT, Message.PAGE, NOW, EPISODE, 1))
    assert isinstance(claim, Claim)
    ledger.sent(claim, provider_id(PAGE))
    room = places.reserve("ESC-1", EPISODE, "warroom-sev1-03-01-2026")
    assert room is not None
    places.keep_room(replace(room, conversation=STATUS.conversation, pinned=STATUS.ts))


@pytest.fixture
def door(tmp_path: Path) -> Iterator[ChatDoor]:
    people = tmp_path / "people.yaml"
    people.write_text(PEOPLE)
    settings = read_settings(data_dir=tmp_path, public_url=PUBLIC)
    upgrade(settings.ledger_url)
    store = open_store(settings.ledger_url, timedelta(seconds=2))
    places = ChatPlaces(store)
    stands(places, Ledger(store))
    client, desk = RememberingClient(views={"ESC-1": view("ESC-1")}), RememberingDesk(places)
    app = create_app(
        settings,
        inbox=Inbox(store),
        told=Told(store),
        directory=Directory.from_file(people),
        client=client,
        desk=desk,
        now=lambda: NOW,
    )
    with TestClient(app) as http:
        yield ChatDoor(http, client, desk)
    store.dispose()


def test_slacks_own_example_is_believed_and_only_in_its_time() -> None:
    """Five minutes to either side; a byte more or less, or another secret, is nobody's."""
    made = datetime.fromtimestamp(int(VECTOR_TIMESTAMP), UTC)

    def believed(at: datetime, body: bytes = VECTOR_BODY, secrets: tuple[str, ...] = (VECTOR_SECRET,)) -> bool:
        return SlackSignatures(secrets, lambda: at).signed(body, VECTOR_SIGNATURE, VECTOR_TIMESTAMP)

    assert believed(made)
    assert believed(made, secrets=("new-secret", VECTOR_SECRET))
    assert believed(made + timedelta(minutes=5))
    assert believed(made - timedelta(minutes=5))
    assert not believed(made + timedelta(minutes=5, seconds=1))
    assert not believed(made - timedelta(minutes=5, seconds=1))
    assert not believed(made, body=VECTOR_BODY + b"&")
    assert not believed(made, secrets=("new-secret",))
    assert not believed(made, secrets=())


@given(
    some.binary(max_size=200),
    some.one_of(some.none(), some.text(max_size=80)),
    some.one_of(some.none(), some.text(max_size=14), some.just("٣٣٣٣٣٣٣٣٣٣"), some.just("-531420618")),
)
def test_no_signature_and_no_timestamp_is_an_uncaught_error(
    body: bytes, signature: str | None, timestamp: str | None
) -> None:
    """Slack's own helper raises for a timestamp that is no number."""
    assert not SlackSignatures((VECTOR_SECRET,), lambda: NOW).signed(body, signature, timestamp)


@given(some.binary(max_size=300))
def test_whatever_is_in_a_body_is_read_or_not_read(body: bytes) -> None:
    """Signed nonsense is nonsense."""
    assert pressed_in(body) is None
    said = event_in(body)
    assert said is None or reacted_in(said) is None


@pytest.mark.parametrize("path", ["/slack/actions", "/slack/events"])
def test_what_slack_did_not_sign_is_forbidden_and_does_nothing(door: ChatDoor, path: str) -> None:
    """Wrong secret, too old, unsigned: 403, no reason; and too long is 413."""
    body = interaction(ACKNOWLEDGE, AMIRA)

    assert door.post(path, body, secret="somebody-elses").status_code == 403
    assert door.post(path, body, at=NOW - timedelta(minutes=6)).status_code == 403
    assert door.http.post(path, content=body).status_code == 403
    assert door.post(path, b"x" * (128 * 1024 + 1)).status_code == 413
    assert door.client.acks == []


def test_acknowledge_is_done_once_and_the_page_says_who_has_it(door: ChatDoor) -> None:
    """The same press again, as after a lost answer, has the same key."""
    assert door.press(ACKNOWLEDGE).status_code == 200
    assert door.press(ACKNOWLEDGE).status_code == 200

    ((ref, by, via, at, key),) = door.client.acks
    assert (ref, by, via, at) == ("ESC-1", "amira", "chat", NOW)
    assert key == f"chat {PAGE.conversation}:{PAGE.ts} 1767225700.000200 {AMIRA}"
    assert door.desk.settled[0] == (PAGE, "P1 ESC-1: take it\n\nESC-1: already taken by Amira Haddad")


def test_whoever_comes_second_reads_who_was_first(door: ChatDoor) -> None:
    """In their own language, on the page."""
    door.press(ACKNOWLEDGE)
    door.press(ACKNOWLEDGE, BRUNO)

    assert len(door.client.acks) == 1
    assert "Amira Haddad" in door.desk.settled[1][1]


def test_a_name_in_an_answer_calls_nobody(door: ChatDoor) -> None:
    """Whatever the directory holds; the page itself is escaped already, and stays as it is."""
    message = {"text": "P1 ESC-1: Ops &amp; Co"}
    door.press(ACKNOWLEDGE, LOUD, message=message)
    assert door.desk.settled == [(PAGE, f"{message['text']}\n\nESC-1: already taken by {NOBODY_CALLED}")]

    door.client.views["ESC-1"] = view("ESC-1", Phase.ACTIVE, "loud")
    door.react("+1", AMIRA)
    assert door.desk.whispers[-1] == (AMIRA, f"ESC-1: already taken by {NOBODY_CALLED}")


def test_a_stranger_acknowledges_nothing_and_reads_how_to_become_known(door: ChatDoor) -> None:
    """Only they see it."""
    assert door.press(ACKNOWLEDGE, STRANGER).status_code == 200
    assert door.react("+1", STRANGER).status_code == 200

    assert door.client.acks == []
    assert [user for user, _ in door.desk.whispers] == [STRANGER] * 2
    assert STRANGER in door.desk.whispers[0][1]


def test_raise_has_one_key_for_each_page_and_decline_says_why(door: ChatDoor) -> None:
    """Two who press Raise on one page raise once; the rules refuse it once its step is over."""
    door.press(RAISE)
    door.press(RAISE, action_ts="1767225900.000300")
    door.press(DECLINE)

    assert [(done[0], done[2], done[3]) for done in door.client.done] == [
        ("raise", "amira", "raised in the chat"),
        ("decline", "amira", "declined in the chat"),
    ]
    assert door.client.done[0][4] == "chat raise d1"


def test_a_refusal_and_an_engine_that_is_away_leave_the_page_as_it_is(door: ChatDoor) -> None:
    """Whoever pressed reads it, and may press again."""
    door.client.fails = Refused(Refusal.STEP_OVER, {}, "ESC-1")
    door.press(RAISE)
    door.client.fails = Unreachable("away")
    door.press(ACKNOWLEDGE)

    assert door.desk.settled == []
    assert [text for _, text in door.desk.whispers] == [
        "ESC-1: you are not the one who is asked now",
        "ESC-1: not confirmed yet, please reply again in a minute.",
    ]


def test_a_page_of_an_earlier_episode_does_nothing(door: ChatDoor) -> None:
    """The reference may be open again, about something else."""
    actions = [{"action_id": ACKNOWLEDGE, "action_ts": "1.000000", "value": "d1|amira|another|ESC-1"}]
    door.press(ACKNOWLEDGE, actions=actions)

    assert door.client.acks == []
    assert "is over" in door.desk.settled[0][1]


def test_slack_is_told_that_we_are_here(door: ChatDoor) -> None:
    """Its question when the address is entered."""
    answered = door.post("/slack/events", json.dumps({"type": "url_verification", "challenge": "3eZbrw1a"}).encode())

    assert (answered.status_code, answered.json()) == (200, {"challenge": "3eZbrw1a"})


def test_thumbs_up_by_somebody_who_was_asked_takes_it(door: ChatDoor) -> None:
    """With any skin; by anybody else it does not."""
    door.react("+1", BRUNO)
    assert door.client.acks == []
    assert door.desk.whispers[0][0] == BRUNO

    door.react("+1::skin-tone-4")

    assert [(ref, by, via) for ref, by, via, _, _ in door.client.acks] == [("ESC-1", "amira", "chat")]


def test_tools_are_a_note_and_one_each(door: ChatDoor) -> None:
    """Put, taken away and put again it is one line of the timeline."""
    for _ in range(2):
        door.react("hammer_and_wrench", BRUNO)

    assert [(done[0], done[2]) for done in door.client.done] == [("note", "bruno")]


def test_a_check_mark_resolves_only_by_the_owner(door: ChatDoor) -> None:
    """Anybody else's is a note, and they hear who can."""
    door.client.views["ESC-1"] = view("ESC-1", Phase.ACTIVE, "amira")
    door.react("white_check_mark", BRUNO)
    door.react("white_check_mark", AMIRA)

    assert [(done[0], done[2]) for done in door.client.done] == [("note", "bruno"), ("resolve", "amira")]
    assert door.desk.whispers[0][0] == BRUNO


@pytest.mark.parametrize(
    ("emoji", "place"),
    [
        ("tada", PAGE),
        ("+1", Place("C0OTHER", "1.000000")),
        ("+1", replace(PAGE, conversation="C0OTHER")),
        ("+1", replace(PAGE, ts="1767225600.000101")),
        ("+1", replace(STATUS, ts="1767225600.000301")),
        ("hammer_and_wrench", replace(STATUS, ts="1767225600.000301")),
    ],
)
def test_other_emoji_and_other_messages_mean_nothing(door: ChatDoor, emoji: str, place: Place) -> None:
    """People talk, in a war room too."""
    assert door.react(emoji, place=place).status_code == 200

    assert (door.client.acks, door.client.done, door.desk.whispers) == ([], [], [])


def test_only_the_pinned_status_of_a_room_can_be_solved(door: ChatDoor) -> None:
    """An owner who ticks off what a colleague wrote, "the second database is back", has solved nothing."""
    door.client.views["ESC-1"] = view("ESC-1", Phase.ACTIVE, "amira")
    door.react("white_check_mark", place=replace(STATUS, ts="1767225600.000301"))
    assert door.client.done == []

    door.react("white_check_mark", place=STATUS)
    assert [(done[0], done[2]) for done in door.client.done] == [("resolve", "amira")]


def test_a_ledger_that_is_away_makes_slack_bring_it_again(door: ChatDoor) -> None:
    """Nothing is swallowed."""
    door.desk.down = True

    assert door.react("+1").status_code == 503


def test_secrets_rotate_and_production_has_no_default(tmp_path: Path) -> None:
    """Two by commas while one takes the place of the other."""
    both = read_settings(data_dir=tmp_path, slack_signing_secret="new, old")

    assert signing_secrets(both) == ("new", "old")
    assert signing_secrets(read_settings(data_dir=tmp_path)) == (STANDIN_SIGNING_SECRET,)
    assert signing_secrets(read_settings(data_dir=tmp_path, slack_bot_token="xoxb-1")) == ()
    with pytest.raises(SettingsError, match="1 to 5 secrets"):
        signing_secrets(read_settings(data_dir=tmp_path, slack_signing_secret="a,b,c,d,e,f"))
