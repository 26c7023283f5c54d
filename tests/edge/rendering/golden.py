"""The messages as they go out, one file for each: read them like a receiver would.

`python -m tests.edge.rendering.golden` writes them anew after a template has changed; the difference is then reviewed.
"""

from dataclasses import replace
from pathlib import Path

from escalation.adapters.rendering import PEOPLE, Renderer, Words, variants
from escalation.adapters.sending import Letter, Script, ShortMessage
from escalation.core.vocabulary import Channel, Message, Phase
from tests.edge.samples import BRIEF, NOW, TITLE, WORDS

FOLDER = Path(__file__).parent / "messages"
TAKES_TEXT = {
    Message.CUSTOMER_UPDATE,
    Message.CUSTOMER_REMINDER,
    Message.CUSTOMER_RESOLUTION,
    Message.SITUATION,
    Message.RETURNED,
    Message.TICKET_STATUS,
}
ENDED = {Message.CLOSING, Message.RETURNED, Message.CUSTOMER_CLOSING}


def everything(message: Message, renderer: Renderer) -> str:
    """All variants of a message in one text."""
    brief = replace(BRIEF, phase=Phase.CLOSED) if message in ENDED else BRIEF
    words = Words(title=TITLE, text=WORDS if message in TAKES_TEXT else None, name="Zoë Müller")
    if message is Message.TICKET_STATUS:
        return f"--- ticket\n{renderer.note(brief, words, NOW)}\n"
    parts = []
    for channel in Channel if variants(message) == PEOPLE else (Channel.EMAIL,):
        match renderer.render(message, channel, brief, words, "d-1", NOW):
            case Letter(subject, text, html):
                parts += [f"--- subject\n{subject}", f"--- text\n{text}", f"--- html\n{html}"]
            case ShortMessage(body):
                parts.append(f"--- sms\n{body}")
            case Script(spoken):
                parts.append(f"--- voice\n{spoken}")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in Message:
        (FOLDER / f"{each}.txt").write_text(everything(each, Renderer()), "utf-8")
