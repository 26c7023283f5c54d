"""Calls on the outbox page: a telephone that rings, with its keypad, and what was said and pressed."""

from collections.abc import Iterable

from markupsafe import Markup

from escalation.standins.board import Board
from escalation.standins.choice import Choice, table, when
from escalation.standins.journal import Accepted, CallLine

KEYPAD = "123456789*0#"
KEY_NAMES = {"*": "star", "#": "hash"}
CALLS_MAX = 100

WORDS = {
    "said": "says",
    "played": "plays",
    "paused": "is silent for",
    "asked": "waits for keys:",
    "pressed": "keys:",
    "unheard": "keys that nobody heard:",
    "silence": "no key was pressed",
    "fetched": "asks for the next words at",
    "failed": "failed:",
    "ended": "the call ends:",
}


def articles(board: Board, choice: Choice) -> Iterable[Markup]:
    """The newest call first; one that rings stands out."""
    live = frozenset(board.on_line())
    for call in [call for call in reversed(board.outbox("voice")) if choice.takes(call)][:CALLS_MAX]:
        yield _call(board, call, on_line=call.provider_id in live)


def ringing(board: Board) -> list[str]:
    """The ids of the calls that ring now."""
    return [sid for sid in board.on_line() if _status(board, sid) == "ringing"]


def _call(board: Board, call: Accepted, *, on_line: bool) -> Markup:
    sid = call.provider_id
    status = _status(board, sid)
    change = board.journal.status(sid)
    facts: dict[str, str | Markup] = {
        "From": call.sender,
        "Status": status,
        "Accepted": when(call.accepted_at),
        "Dispatch": call.dispatch or "none",
    }
    if change and change.answered_by:
        facts["Answered by"] = change.answered_by
    loud = on_line and status == "ringing"
    return Markup(
        '<article id="call-{sid}"{loud}><h3>{title} {to}</h3>{facts}'
        '<ol class="lines" id="lines-{sid}" aria-live="polite" aria-label="What was said">{lines}</ol>{controls}'
        '<details id="script-{sid}"><summary>Script as sent</summary><pre>{script}</pre></details></article>'
    ).format(
        sid=sid,
        loud=Markup(' class="loud"') if loud else "",
        title="Ringing:" if loud else "On the line:" if on_line and status == "in-progress" else "Call to",
        to=call.to,
        facts=table(facts),
        lines=Markup().join(_line(line) for line in board.lines(sid)),
        controls=_controls(sid, status) if on_line else "",
        script=call.twiml or call.url or "",
    )


def _line(line: CallLine) -> Markup:
    spoken = Markup('<li><span class="meta">{}</span> <span class="words">{}</span></li>')
    return spoken.format(WORDS[line.kind], line.text)


def _controls(sid: str, status: str) -> Markup:
    hidden = Markup('<input type="hidden" name="sid" value="{}"/>').format(sid)
    if status == "ringing":
        acts = (("answer", "Answer"), ("decline", "Decline"), ("voicemail", "To voicemail"))
        return _acts(sid, hidden, acts)
    if status != "in-progress":
        return Markup()
    keys = Markup().join(
        Markup('<button id="key-{}-{}" name="keys" value="{}" aria-label="key {}">{}</button>').format(
            sid, index, key, KEY_NAMES.get(key, key), key
        )
        for index, key in enumerate(KEYPAD)
    )
    keypad = Markup(
        '<form method="post" action="/call" class="keypad" id="pad-{}">{}'
        '<input type="hidden" name="act" value="press"/>{}</form>'
    ).format(sid, hidden, keys)
    return keypad + _acts(sid, hidden, (("hang_up", "Hang up"),))


def _acts(sid: str, hidden: Markup, acts: Iterable[tuple[str, str]]) -> Markup:
    button = Markup('<button id="{0}-{1}" name="act" value="{0}">{2}</button>')
    buttons = Markup().join(button.format(act, sid, title) for act, title in acts)
    return Markup('<form method="post" action="/call" id="acts-{}">{}{}</form>').format(sid, hidden, buttons)


def _status(board: Board, sid: str) -> str:
    status = board.journal.status(sid)
    return status.status if status else "queued"
