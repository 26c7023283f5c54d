"""Pages in the chat that ask nothing any more: below them stands who has it, and their buttons are gone."""

from datetime import datetime
from typing import Protocol

from temporalio import activity

from escalation.adapters.rendering import Renderer, Words
from escalation.adapters.sending import AddressBook
from escalation.core.effects import Notify
from escalation.core.vocabulary import Message

SETTLES = frozenset({Message.ACKNOWLEDGED, Message.CLOSING, Message.RETURNED})
"""Whoever is told one of these, on whatever channel, is asked nothing any more."""


class Desk(Protocol):
    """Where pages in the chat are settled. It never raises, and what is settled stays as it is."""

    def close(self, reference: str, episode: str, contact: str, said: str, at: datetime) -> None: ...


class Asked:
    """Settles what stands in the chat. Safe to use from many threads and more than once."""

    def __init__(self, desk: Desk, book: AddressBook, renderer: Renderer) -> None:
        self._desk = desk
        self._book = book
        self._renderer = renderer

    def settle(self, effect: Notify, at: datetime) -> None:
        """Take the buttons from the pages of whoever is told, and of the owner, who is not told by a message.

        What cannot be done holds up no message: who presses such a button reads who has it.
        """
        brief = effect.brief
        if effect.message not in SETTLES or brief.restricted:
            return
        try:
            owner = self._book.name(brief.owner, at)
            for contact in dict.fromkeys((effect.contact, brief.owner)):
                words = Words(title=None, text=None, name=owner, reader=self._book.reader(contact, at))
                said = self._renderer.settled(brief, words, at)
                self._desk.close(brief.reference, brief.episode, contact, said, at)
        except Exception as error:  # noqa: BLE001  # whatever a directory or a template raises
            activity.logger.warning("the pages of %s keep their buttons: %s", brief.reference, type(error).__name__)
