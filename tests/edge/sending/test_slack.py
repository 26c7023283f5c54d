"""The chat through the real package: each row of Slack's errors, one POST whatever happens, and looking it up."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from activities.failures import SLACK_ERRORS, FailureClass, classify
from escalation.adapters.chat_account import ChatAccount, chat_of
from escalation.adapters.chat_places import ChatPlaces
from escalation.adapters.receipts import read
from escalation.adapters.sending import (
    Accepted,
    Answered,
    Broken,
    ChatMessage,
    Outgoing,
    Question,
    Seen,
    Status,
    Trail,
    Unclear,
    Unseen,
)
from escalation.adapters.settings import read_settings
from escalation.adapters.slack import BUTTONS, NoChat, Slack, SlackApi, button_value
from escalation.core.vocabulary import Channel, Failure, Outcome, Severity
from escalation.standins.server import Standins
from tests.edge.samples import NOW

USER = "U0AMIRA"
WORDS = ("Übernehmen", "Weiterreichen", "Ablehnen")
TIMEOUT = timedelta(seconds=1)
ROWS = [
    *((word, FailureClass.RATE_LIMITED) for word in ("ratelimited", "rate_limited")),
    *((word, FailureClass.AMBIGUOUS) for word in ("internal_error", "fatal_error", "service_unavailable")),
    ("request_timeout", FailureClass.AMBIGUOUS),
    *((word, FailureClass.CONFIG) for word in ("channel_not_found", "not_in_channel", "is_archived", "invalid_auth")),
    *((word, FailureClass.CONFIG) for word in ("not_authed", "account_inactive", "token_revoked", "token_expired")),
    *((word, FailureClass.CONFIG) for word in ("no_permission", "missing_scope", "org_login_required")),
    *((word, FailureClass.CONFIG) for word in ("channel_is_archived", "restricted_action", "ekm_access_denied")),
    *((word, FailureClass.CONFIG) for word in ("access_denied", "team_access_not_granted", "not_allowed_token_type")),
    ("not_configured", FailureClass.CONFIG),
    *((word, FailureClass.DEST_PERMANENT) for word in ("user_not_found", "users_not_found", "user_disabled")),
    *((word, FailureClass.DEST_PERMANENT) for word in ("user_not_visible", "cannot_dm_bot")),
    *((word, FailureClass.CONTENT) for word in ("msg_too_long", "msg_blocks_too_long", "no_text", "invalid_blocks")),
    *((word, FailureClass.CONTENT) for word in ("invalid_blocks_format", "too_many_attachments")),
    *((word, FailureClass.CONTENT) for word in ("invalid_metadata_format", "metadata_too_large")),
    ("metadata_must_be_sent_from_app", FailureClass.CONTENT),
]


@pytest.fixture(scope="module")
def standins() -> Iterator[Standins]:
    with Standins() as standins:
        standins.chat_with(burst=1000)
        yield standins


@pytest.fixture
def slack(standins: Standins, places: ChatPlaces) -> Iterator[Slack]:
    yield Slack(SlackApi(account_at(standins)), places)
    standins.clear_faults()


def account_at(standins: Standins) -> ChatAccount:
    account = chat_of(read_settings(standins_url=standins.base_url, http_timeout=TIMEOUT))
    assert account is not None
    return account


def outgoing(dispatch: str = "d1", *, text: str = "Take it", asks: bool = True, to: str = USER) -> Outgoing:
    return Outgoing(
        dispatch=dispatch,
        reference="ESC-1",
        severity=Severity.SEV1,
        channel=Channel.CHAT,
        to=to,
        name="Amira",
        content=ChatMessage(text, WORDS if asks else ()),
        at=NOW,
        lasts=timedelta(minutes=2),
        contact="amira",
        episode="1",
    )


def question(dispatch: str, *, to: str = USER) -> Question:
    return Question(dispatch, Channel.CHAT, to, NOW, NOW, lambda _: frozenset(), reference="ESC-1", episode="1")


def test_a_message_carries_text_buttons_and_our_id(standins: Standins, slack: Slack) -> None:
    """The text is what a screen reader reads; each button says which episode, whom it asked, and by which dispatch."""
    answer = slack.send(outgoing("d-new"))

    sent = standins.outbox("chat")[-1]
    room = standins.conversations()[sent.provider_id.partition(":")[0]]
    message = room.messages[sent.provider_id.partition(":")[2]]
    assert answer == Accepted(sent.provider_id)
    assert (sent.to, sent.body, sent.dispatch) == (USER, "Take it", "d-new")
    buttons = message.blocks[1]["elements"]
    assert [(one["action_id"], one["text"]["text"]) for one in buttons] == [*zip(BUTTONS, WORDS, strict=True)]
    assert {one["value"] for one in message.blocks[1]["elements"]} == {"d-new|amira|1|ESC-1"}
    assert button_value(outgoing("d-new")) == "d-new|amira|1|ESC-1"


def test_what_comes_later_stands_in_the_thread_of_the_first(standins: Standins, slack: Slack) -> None:
    """And a page is shown in the conversation besides; what asks nothing is not."""
    first = slack.send(outgoing("t1", to="U0THREAD"))
    slack.send(outgoing("t2", to="U0THREAD"))
    slack.send(outgoing("t3", asks=False, to="U0THREAD"))

    assert isinstance(first, Accepted)
    later = [dict(sent.options) for sent in standins.outbox("chat") if sent.to == "U0THREAD"][1:]
    assert {one["thread_ts"] for one in later} == {first.provider_id.partition(":")[2]}
    assert [one.get("reply_broadcast") for one in later] == ["true", None]


@pytest.mark.parametrize(("word", "expected"), ROWS)
def test_every_error_word_is_read_as_its_row_says(
    standins: Standins, slack: Slack, word: str, expected: FailureClass
) -> None:
    """Through the real client: the word itself is what people are shown."""
    standins.fail("chat", "reject", error=word)

    answer = slack.send(outgoing())

    assert answer == Answered("slack", 200, word)
    verdict = classify(answer, "d1", 1)
    assert (verdict.failure_class, verdict.code) == (expected, word)


def test_the_table_has_no_row_that_is_not_tried() -> None:
    """A row that nobody plays may say anything."""
    assert dict(ROWS) == SLACK_ERRORS


def test_an_unknown_word_is_an_operators(standins: Standins, slack: Slack) -> None:
    """Slack adds words; nobody guesses what they mean."""
    standins.fail("chat", "reject", error="brand_new_error")
    answer = slack.send(outgoing())

    assert isinstance(answer, Answered)
    verdict = classify(answer, "d1", 1)
    assert (verdict.failure_class, verdict.alarming) == (FailureClass.CONFIG, True)


def test_too_many_is_waited_for_as_long_as_slack_says(standins: Standins, slack: Slack) -> None:
    """429 with Retry-After; the body says it too."""
    standins.fail("chat", "status", status=429, reset=timedelta(seconds=7))
    answer = slack.send(outgoing())

    assert answer == Answered("slack", 429, "ratelimited", timedelta(seconds=7))
    assert isinstance(answer, Answered)
    verdict = classify(answer, "d1", 1)
    assert verdict.failure_class is FailureClass.RATE_LIMITED
    assert verdict.delay >= timedelta(seconds=7)


@pytest.mark.parametrize("status", [500, 503, 302])
def test_a_server_in_trouble_and_a_redirect_prove_nothing(standins: Standins, slack: Slack, status: int) -> None:
    """A redirect's answer looks like success, and has no "ok"."""
    standins.fail("chat", "redirect" if status == 302 else "status", status=status)
    answer = slack.send(outgoing())

    assert isinstance(answer, Answered)
    assert classify(answer, "d1", 1).failure_class is FailureClass.AMBIGUOUS


@pytest.mark.parametrize("kind", ["accept_then_drop", "accept_then_hang", "truncated", "error_after_accept"])
def test_what_may_have_been_taken_is_posted_once_and_found(standins: Standins, slack: Slack, kind: str) -> None:
    """The package alone would post again after a dropped connection."""
    to = f"U0{kind.replace('_', '').upper()}"[:18]
    standins.fail("chat", kind, to=to, delay=timedelta(seconds=1.5))  # type: ignore[arg-type]  # one of the literals
    answer = slack.send(outgoing(f"once-{kind}", to=to))

    assert isinstance(answer, Answered | Broken)
    assert classify(answer, "d1", 1).failure_class is FailureClass.AMBIGUOUS
    (sent,) = [one for one in standins.outbox("chat") if one.to == to]
    assert slack.look(question(f"once-{kind}", to=to)) == Seen(sent.provider_id)
    assert slack.look(question("another", to=to)) == Unseen()


def test_a_reply_in_a_thread_is_found_too(standins: Standins, slack: Slack) -> None:
    """It is in no history of the conversation."""
    slack.send(outgoing("r1", to="U0REPLY"))
    answer = slack.send(outgoing("r2", asks=False, to="U0REPLY"))

    assert isinstance(answer, Accepted)
    assert slack.look(question("r2", to="U0REPLY")) == Seen(answer.provider_id)
    standins.fail("chat", "status", on="lookup", status=500)
    assert slack.look(question("r2", to="U0REPLY")) == Unclear("http_500")


def test_nobody_at_the_address_is_safe_to_try_again(places: ChatPlaces) -> None:
    """A connection that was refused has posted nothing."""
    account = chat_of(read_settings(standins_url="http://127.0.0.1:1", http_timeout=TIMEOUT))
    assert account is not None
    assert slack_broken(Slack(SlackApi(account), places)) == (False, "URLError")


def slack_broken(slack: Slack) -> tuple[bool, str]:
    answer = slack.send(outgoing())
    assert isinstance(answer, Broken)
    return answer.posted, answer.why


def test_a_message_that_stands_there_is_delivered_and_one_that_was_taken_away_is_not(
    standins: Standins, slack: Slack
) -> None:
    """It is asked for: the chat sends no receipts."""
    answer = slack.send(outgoing("f1", to="U0FOLLOW"))
    assert isinstance(answer, Accepted)
    trail = Trail(answer.provider_id, Channel.CHAT, "U0FOLLOW", NOW, NOW)

    assert slack.follow(trail) == Status("posted")
    standins.chat(answer.provider_id, "U0FOLLOW", delete=True)
    assert slack.follow(trail) == Status("deleted")
    assert slack.follow(Trail("nonsense", Channel.CHAT, USER, NOW, NOW)) == Unclear("no_place")
    assert read(Channel.CHAT, "posted", None).outcome is Outcome.DELIVERED
    assert read(Channel.CHAT, "deleted", None).failure is Failure.DESTINATION_BUSY


def test_without_a_workspace_an_operator_hears(places: ChatPlaces) -> None:  # as everywhere here
    """Somebody has a chat address in the directory, and nobody said which workspace."""
    nobody = NoChat()

    assert nobody.send(outgoing()) == Answered("slack", 200, "not_configured")
    assert nobody.look(question("d1")) == Unclear("not_configured")
    assert nobody.follow(Trail("D1:1", Channel.CHAT, USER, NOW, NOW)) == Unclear("not_configured")
    assert chat_of(read_settings()) is None


def test_the_first_root_stays(places: ChatPlaces, slack: Slack, standins: Standins) -> None:
    """Two messages that were first at once have one thread from then on."""
    answer = slack.send(outgoing("root", to="U0ROOT"))
    assert isinstance(answer, Accepted)
    kept = places.root("ESC-1", "1", "U0ROOT")
    assert kept is not None
    places.keep_root("ESC-1", "1", "U0ROOT", type(kept)("D9", "1.000000"))

    assert places.root("ESC-1", "1", "U0ROOT") == kept
    assert f"{kept.conversation}:{kept.ts}" == answer.provider_id
    assert len([one for one in standins.outbox("chat") if one.to == "U0ROOT"]) == 1
