"""Pages in the chat that ask nothing any more: below them stands who has it, and their buttons are gone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from temporalio import activity

from escalation.adapters.rendering import Renderer, Words
from escalation.adapters.sending import AddressBook, Broken
from escalation.adapters.slack import Json, read_failure
from escalation.adapters.slack_desk import Desk, Methods
from escalation.core.effects import Notify
from escalation.core.values import replace
from escalation.core.vocabulary import Message

SETTLES = frozenset({Message.ACKNOWLEDGED, Message.CLOSING, Message.RETURNED})
"""Whoever is told one of these, on whatever channel, is asked nothing any more."""
PATIENCE = timedelta(seconds=20)
"""No call begins after so long, however many pages there are: this is a courtesy beside a message."""


class Asked:
    """Settles what stands in the chat. Safe to use from many threads and more than once."""

    def __init__(
        self, desk: Desk, book: AddressBook, renderer: Renderer, clock: Callable[[], float] = monotonic
    ) -> None:
        self._desk = desk
        self._book = book
        self._renderer = renderer
        self._clock = clock

    def settle(self, effect: Notify, at: datetime, patience: timedelta = PATIENCE) -> None:
        """Take the buttons from the pages of whoever is told, and of the owner, who is not told by a message.

        What cannot be done holds up no message: who presses such a button reads who has it. So it ends with the first
        call that the chat does not answer, and when `patience` is at an end.
        """
        brief = effect.brief
        if effect.message not in SETTLES or brief.restricted:
            return
        chat = _Patience(self._desk.api, self._clock, self._clock() + min(patience, PATIENCE).total_seconds())
        desk = replace(self._desk, api=chat)
        try:
            owner = self._book.name(brief.owner, at)
            for contact in dict.fromkeys((effect.contact, brief.owner)):
                words = Words(title=None, text=None, name=owner, reader=self._book.reader(contact, at))
                said = self._renderer.settled(brief, words, at)
                desk.close(brief.reference, brief.episode, contact, said, at)
        except Exception as error:  # noqa: BLE001  # whatever a directory or a template raises
            activity.logger.warning("the pages of %s keep their buttons: %s", brief.reference, type(error).__name__)


class _Patience:
    """The chat's methods, until one of them is not answered or the time is up: then each raises at once."""

    def __init__(self, api: Methods, clock: Callable[[], float], until: float) -> None:
        self._api = api
        self._clock = clock
        self._until = until

    def call(self, method: str, at: datetime, **body: object) -> Json:
        """What the method answers."""
        if self._clock() >= self._until:
            raise TimeoutError
        try:
            return self._api.call(method, at, **body)
        except Exception as error:
            if isinstance(read_failure(error), Broken):
                self._until = self._clock()
            raise
