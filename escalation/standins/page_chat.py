"""The chat on the outbox page: each conversation with its messages, their buttons, and emoji to put on them."""

from collections.abc import Iterable

from markupsafe import Markup

from escalation.standins.board import Board
from escalation.standins.choice import Choice
from escalation.standins.workspace import BOT, ChatMessage, Conversation, actions

LINES_MAX = 200
EMOJI = (
    ("+1", "👍", "acknowledged"),
    ("hammer_and_wrench", "🛠️", "investigating"),
    ("white_check_mark", "✅", "resolved"),
)


def articles(board: Board, choice: Choice) -> Iterable[Markup]:
    """One article for each conversation, the one that was written to last first."""
    for room in sorted(board.conversations().values(), key=lambda one: max(one.messages, default=""), reverse=True):
        messages = [one for one in room.messages.values() if choice.mentions(one.text)]
        if not messages or not choice.is_with(*_people(room), room.id):
            continue
        lines = Markup().join(_line(board, room, one) for one in sorted(messages, key=lambda one: one.ts)[-LINES_MAX:])
        asides = Markup().join(
            Markup('<li class="vendors"><span class="meta">Only {} sees this</span><pre>{}</pre></li>').format(*aside)
            for aside in room.asides
        )
        topic = Markup('<p class="meta">{}</p>').format(room.topic) if room.topic else ""
        article = Markup('<article id="chat-{0}"><h3>{1}</h3>{2}<ol class="thread">{3}{4}</ol></article>')
        yield article.format(room.id, f"#{room.name}" if room.name else _people(room)[0], topic, lines, asides)


def _people(room: Conversation) -> list[str]:
    """Who reads along."""
    members = [user for user in room.members if user != BOT]
    return members if room.name is not None else [f"U{room.id[1:]}"]


def _line(board: Board, room: Conversation, message: ChatMessage) -> Markup:
    state = [word for word, is_so in (("pinned", message.pinned), ("edited", message.edited)) if is_so]
    state += ["in the thread"] if message.thread else []
    state += [f":{name}: by {user}" for name, user in message.reactions]
    line = Markup('<li id="chat-{0}-{1}" class="ours"><span class="meta">{2}</span><pre>{3}</pre>{4}</li>')
    return line.format(room.id, message.ts, ", ".join((message.ts, *state)), message.text, _form(board, room, message))


def _form(board: Board, room: Conversation, message: ChatMessage) -> Markup:
    people = _people(room)
    if board.people.url is None or not people:
        return Markup()
    button = Markup('<button name="{}" value="{}">{}</button> ')
    emoji = Markup('<button name="react" value="{}" aria-label="React with {}">{}</button> ')
    whose = Markup().join(Markup("<option>{}</option>").format(user) for user in people)
    return Markup(
        '<form method="post" action="/chat"><input type="hidden" name="message" value="{}:{}"/>'
        '<label>As <select name="user">{}</select></label> {}{}</form>'
    ).format(
        room.id,
        message.ts,
        whose,
        Markup().join(button.format("press", one["action_id"], one["text"]["text"]) for one in actions(message)),
        Markup().join(emoji.format(name, meaning, shown) for name, shown, meaning in EMOJI),
    )
