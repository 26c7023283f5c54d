"""The stand-in's chat: Slack's answers and errors, its listings, and people who press and react, signed."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier

from escalation.standins import outgoing
from escalation.standins.remote import RemoteStandins
from escalation.standins.server import Standins
from escalation.standins.slack_people import SIGNING_SECRET
from tests.edge.standins.vendors import Receiver

USER = "U0AMIRA"
BUTTON: dict[str, Any] = {
    "type": "button",
    "action_id": "take",
    "text": {"type": "plain_text", "text": "Take"},
    "value": "v",
}
BLOCKS: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Hello*"}},
    {"type": "actions", "elements": [BUTTON]},
]


@pytest.fixture
def slack(standins: Standins) -> Iterator[WebClient]:
    yield WebClient("xoxb-standin", base_url=f"{standins.base_url}/slack/api/", retry_handlers=[], timeout=5)
    standins.clear_faults()


def error(call: Any, **body: Any) -> str:  # noqa: ANN401  # untyped methods of the package
    with pytest.raises(SlackApiError) as raised:
        call(**body)
    return str(raised.value.response["error"])


def test_it_says_who_we_are_and_believes_only_the_token(standins: Standins, slack: WebClient) -> None:
    """As a real workspace does, with status 200."""
    assert slack.auth_test()["user_id"] == "U0ESCALATE"
    stranger = WebClient("xoxb-another", base_url=f"{standins.base_url}/slack/api/", retry_handlers=[])
    assert error(stranger.auth_test) == "invalid_auth"
    assert error(slack.api_call, api_method="no.such") == "unknown_method"


def test_a_message_is_posted_to_a_person_and_listed_with_its_metadata(standins: Standins, slack: WebClient) -> None:
    """A user's id opens the conversation with them; the metadata comes only when it is asked for."""
    metadata = {"event_type": "e", "event_payload": {"dispatch_id": "d1"}}
    posted = slack.chat_postMessage(channel=USER, text="Hello", blocks=BLOCKS, metadata=metadata)
    conversation = slack.conversations_open(users=USER)["channel"]["id"]

    assert posted["channel"] == conversation
    (sent,) = standins.outbox("chat")
    assert (sent.provider_id, sent.to, sent.body, sent.dispatch) == (
        f"{conversation}:{posted['ts']}", USER, "Hello", "d1",
    )  # fmt: skip
    plain = slack.conversations_history(channel=conversation)["messages"][0]
    full = slack.conversations_history(channel=conversation, include_all_metadata=True)["messages"][0]
    assert "metadata" not in plain
    assert full["metadata"] == metadata


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"channel": USER, "text": ""}, "no_text"),
        ({"channel": "U0NOBODY", "text": "x"}, "user_not_found"),
        ({"channel": "C0NONE", "text": "x"}, "channel_not_found"),
        ({"channel": USER, "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": USER, "text": "x", "blocks": [{"type": "poem"}]}, "invalid_blocks"),
        ({"channel": USER, "text": "x", "blocks": [BLOCKS[0]] * 51}, "invalid_blocks"),
        ({"channel": USER, "text": "x", "metadata": {"event_type": "e"}}, "invalid_metadata_format"),
        ({"channel": USER, "text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
    ],
)
def test_what_slack_does_not_take_is_refused_in_its_words(
    standins: Standins, slack: WebClient, body: dict[str, Any], word: str
) -> None:
    """And remembered as refused."""
    assert error(slack.api_call, api_method="chat.postMessage", json=body) == word
    assert standins.outbox("chat") == []
    assert standins.refused()[-1].reason.endswith(word)


@pytest.mark.parametrize(
    ("method", "needed"),
    [
        ("conversations.history", ["channel"]),
        ("conversations.replies", ["channel", "ts"]),
        ("pins.list", ["channel"]),
        ("users.lookupByEmail", ["email"]),
    ],
)
def test_what_reads_understands_no_json(standins: Standins, slack: WebClient, method: str, needed: list[str]) -> None:
    """As Slack: arguments that come as JSON are missing, and the same ones as a form are there."""
    standins.chat_with(users={"amira@support.example": USER})
    posted = slack.chat_postMessage(channel=USER, text="x")
    known = {"channel": posted["channel"], "ts": posted["ts"], "email": "amira@support.example"}
    body = {name: known[name] for name in needed}
    with pytest.raises(SlackApiError) as raised:
        slack.api_call(method, json=body)

    assert raised.value.response["error"] == "invalid_arguments"
    told = raised.value.response["response_metadata"]["messages"]
    assert told == [f"[ERROR] missing required field: {name}" for name in needed]
    assert slack.api_call(method, params=body)["ok"]


def test_channels_are_listed_page_after_page(slack: WebClient) -> None:
    """At most 999 at once, and 100 when nothing is said: also to whoever says it as JSON."""
    names = [f"room-{number}" for number in range(101)]
    for name in names:
        slack.conversations_create(name=name)

    first = slack.conversations_list()
    rest = slack.conversations_list(cursor=first["response_metadata"]["next_cursor"])
    assert [one["name"] for page in (first, rest) for one in page["channels"]] == names
    assert len(slack.conversations_list(limit=999)["channels"]) == 101
    assert len(slack.api_call("conversations.list", json={"limit": 999})["channels"]) == 100
    assert error(slack.conversations_list, limit=1000) == "invalid_limit"
    assert error(slack.conversations_list, cursor="next") == "invalid_cursor"


def test_a_thread_is_apart_from_the_history_unless_it_is_broadcast(slack: WebClient) -> None:
    """Its replies come oldest first, the history newest first, both in pages."""
    root = slack.chat_postMessage(channel=USER, text="one")
    place = {"channel": root["channel"], "ts": root["ts"]}
    slack.chat_postMessage(channel=root["channel"], text="two", thread_ts=root["ts"])
    slack.chat_postMessage(channel=root["channel"], text="three", thread_ts=root["ts"], reply_broadcast=True)

    assert [m["text"] for m in slack.conversations_replies(**place)["messages"]] == ["one", "two", "three"]
    assert [m["text"] for m in slack.conversations_history(channel=root["channel"])["messages"]] == ["three", "one"]
    page = slack.conversations_replies(**place, limit=2)
    assert page["has_more"]
    rest = slack.conversations_replies(**place, limit=2, cursor=page["response_metadata"]["next_cursor"])
    assert [m["text"] for m in rest["messages"]] == ["three"]
    assert error(slack.conversations_replies, channel=root["channel"], ts="1.000000") == "thread_not_found"


def test_a_conversation_takes_a_burst_and_then_one_a_second(standins: Standins, slack: WebClient) -> None:
    """The rest is told to wait, and other conversations are not."""
    standins.chat_with(burst=2)
    for _ in range(2):
        slack.chat_postMessage(channel=USER, text="x")
    with pytest.raises(SlackApiError) as raised:
        slack.chat_postMessage(channel=USER, text="x")

    assert (raised.value.response.status_code, raised.value.response["error"]) == (429, "ratelimited")
    assert raised.value.response.headers["Retry-After"] == "1"
    slack.chat_postMessage(channel="U0BRUNO", text="x")


def test_a_room_is_made_once_and_kept(standins: Standins, slack: WebClient) -> None:
    """Name, topic, members, a pinned message that is changed in place, and a reaction of ours."""
    room = slack.conversations_create(name="warroom-sev1")["channel"]["id"]
    assert error(slack.conversations_create, name="warroom-sev1") == "name_taken"
    assert error(slack.conversations_create, name="War Room") == "invalid_name_specials"
    slack.conversations_setTopic(channel=room, topic="ESC-1")
    slack.conversations_invite(channel=room, users=[USER])
    assert error(slack.conversations_invite, channel=room, users=[USER]) == "already_in_channel"
    ts = slack.chat_postMessage(channel=room, text="first")["ts"]
    slack.pins_add(channel=room, timestamp=ts)
    assert error(slack.pins_add, channel=room, timestamp=ts) == "already_pinned"
    slack.chat_update(channel=room, ts=ts, text="second")
    assert error(slack.chat_update, channel=room, ts="1.000000", text="x") == "message_not_found"
    slack.reactions_add(channel=room, timestamp=ts, name="eyes")
    slack.chat_postEphemeral(channel=room, user=USER, text="only you")

    here = standins.conversations()[room]
    assert (here.name, here.topic, here.members) == ("warroom-sev1", "ESC-1", ["U0ESCALATE", USER])
    assert (here.messages[ts].text, here.messages[ts].pinned, here.messages[ts].edited) == ("second", True, True)
    assert here.messages[ts].reactions == [("eyes", "U0ESCALATE")]
    assert here.asides == [(USER, "only you")]
    assert slack.pins_list(channel=room)["items"][0]["message"]["text"] == "second"
    assert [one["name"] for one in slack.conversations_list()["channels"]] == ["warroom-sev1"]


def test_a_mail_address_is_a_user_when_the_workspace_knows_it(standins: Standins, slack: WebClient) -> None:
    """Otherwise there is none."""
    standins.chat_with(users={"amira@support.example": USER})

    assert slack.users_lookupByEmail(email="amira@support.example")["user"]["id"] == USER
    assert error(slack.users_lookupByEmail, email="nobody@support.example") == "users_not_found"


def test_a_listing_may_lag_behind(standins: Standins, slack: WebClient) -> None:
    """What was just posted is not shown yet."""
    standins.lag("chat", timedelta(minutes=5))
    posted = slack.chat_postMessage(channel=USER, text="x")

    assert slack.conversations_history(channel=posted["channel"])["messages"] == []


def test_a_button_and_an_emoji_are_posted_signed(standins: Standins, slack: WebClient, webhooks: Receiver) -> None:
    """Slack's own verifier agrees; the button brings its message along."""
    standins.chat_with(slack_url=f"{webhooks.base_url}/slack")
    posted = slack.chat_postMessage(channel=USER, text="Hello", blocks=BLOCKS)
    message = f"{posted['channel']}:{posted['ts']}"

    standins.chat(message, USER, press="Take")
    standins.chat(message, USER, react="+1")

    button, emoji = webhooks.got
    verifier = SignatureVerifier(SIGNING_SECRET)
    for one in (button, emoji):
        headers = {name.lower(): value for name, value in one.headers.items()}
        assert verifier.is_valid_request(one.body, headers)
    payload = json.loads(parse_qs(button.body.decode())["payload"][0])
    assert (payload["user"]["id"], payload["actions"][0]["value"]) == (USER, "v")
    assert payload["container"] == {"type": "message", "message_ts": posted["ts"], "channel_id": posted["channel"]}
    event = json.loads(emoji.body)["event"]
    assert (event["reaction"], event["user"], event["item"]["ts"]) == ("+1", USER, posted["ts"])


def test_what_is_not_there_is_not_pressed(standins: Standins, slack: WebClient) -> None:
    """One line says what is missing."""
    posted = slack.chat_postMessage(channel=USER, text="Hello", blocks=BLOCKS)
    message = f"{posted['channel']}:{posted['ts']}"

    with pytest.raises(ValueError, match="without a Slack URL"):
        standins.chat(message, USER, press="Take")
    with pytest.raises(ValueError, match="no button 'Leave'"):
        standins.chat(message, USER, press="Leave")
    with pytest.raises(ValueError, match="no message 'D1:1'"):
        standins.chat("D1:1", USER, react="+1")
    with pytest.raises(ValueError, match="say what is done"):
        standins.chat(message, USER)


def test_the_control_api_does_the_same(standins: Standins, slack: WebClient, webhooks: Receiver) -> None:
    """For programs in another process."""
    remote = RemoteStandins(standins.base_url)
    remote.chat_with(slack_url=f"{webhooks.base_url}/slack", burst=3)
    posted = slack.chat_postMessage(channel=USER, text="Hello", blocks=BLOCKS)
    message = f"{posted['channel']}:{posted['ts']}"

    pressed = remote.chat(message, USER, press="take")
    assert pressed is not None
    assert pressed.answered == 204
    assert remote.chat(message, USER, delete=True) is None
    assert standins.conversations()[posted["channel"]].messages == {}
    remote.fail("chat", "reject", error="is_archived")
    assert error(slack.chat_postMessage, channel=USER, text="x") == "is_archived"
    with pytest.raises(ValueError, match="needs an error"):
        remote.fail("chat", "reject")


def test_the_page_shows_the_chat_with_buttons_that_work(
    standins: Standins, slack: WebClient, webhooks: Receiver
) -> None:
    """Whatever was written is shown as text."""
    standins.chat_with(slack_url=f"{webhooks.base_url}/slack")
    slack.chat_postMessage(channel=USER, text="<b>ESC-1</b> & more", blocks=BLOCKS)
    page = outgoing.send("GET", f"{standins.base_url}/", None, {}, timedelta(seconds=5)).body.decode()

    assert "&lt;b&gt;ESC-1&lt;/b&gt; &amp; more" in page
    assert 'value="take">Take</button>' in page
    assert 'aria-label="React with acknowledged"' in page
