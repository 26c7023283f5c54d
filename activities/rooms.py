"""The act of showing how it stands in the war room."""

from dataclasses import replace
from datetime import datetime
from typing import Protocol

from temporalio import activity

from activities.attempts import again, attempt, is_last
from activities.failures import FailureClass, classify
from activities.stores import WordStore
from escalation.adapters.ledger import LedgerDown
from escalation.adapters.phrasing import TemplateFault
from escalation.adapters.rendering import Renderer, RoomWords, Words
from escalation.adapters.sending import AddressBook, Answered, Reader
from escalation.adapters.slack import read_failure
from escalation.adapters.slack_rooms import NoRoomError, Showing
from escalation.core.effects import ShowRoom
from escalation.core.facts import ReportRoom
from escalation.core.state import TERMINAL
from escalation.core.vocabulary import Channel
from workflows import ports

RETRIED = frozenset({FailureClass.SAFE_RETRY, FailureClass.RATE_LIMITED, FailureClass.AMBIGUOUS})
"""Worth another attempt: each step looks first at what is there."""


class Rooms(Protocol):
    """Rooms in the chat. Raises what the vendor's package raises, `LedgerDown` and `NoRoomError`."""

    @property
    def bridge(self) -> str | None: ...
    def show(self, showing: Showing, at: datetime) -> str: ...


class WarRooms:
    """The deed behind `workflows.ports.show_room`. Safe to run in many threads. `rooms` None: there is no chat."""

    def __init__(self, rooms: Rooms | None, book: AddressBook, texts: WordStore, renderer: Renderer) -> None:
        self._rooms = rooms
        self._book = book
        self._texts = texts
        self._renderer = renderer

    @activity.defn(name="show_room", no_thread_cancel_exception=True)
    def show_room(self, order: ports.Showing) -> ReportRoom:
        """See `workflows.ports.show_room`. On the last attempt it answers what is wrong instead of raising."""
        effect = order.effect
        if self._rooms is None:
            return ReportRoom(effect.number, shown=False, error="no_chat")
        if effect.brief.restricted:  # the rules ask for none; whoever reads along has not been asked
            return ReportRoom(effect.number, shown=False, error="restricted")
        try:
            showing = self._showing(self._rooms, order)
            if not showing.people:  # a room that nobody is in tells nobody anything
                return ReportRoom(effect.number, shown=False, error="nobody_has_chat")
            return ReportRoom(effect.number, shown=True, room=self._rooms.show(showing, order.at))
        except LedgerDown:
            return self._not_shown(effect, "ledger_down", FailureClass.SAFE_RETRY)
        except TemplateFault as fault:
            activity.logger.error("war room %s: %s", effect.key, fault)  # one line, no traceback
            return ReportRoom(effect.number, shown=False, error="content: template")
        except NoRoomError as full:
            return ReportRoom(effect.number, shown=False, error=f"every room {full} is taken")
        except Exception as error:  # noqa: BLE001  # whatever it is, the work goes on without the room
            answered = read_failure(error)
            verdict = classify(answered, effect.key, attempt())
            if isinstance(answered, Answered) and verdict.failure_class is FailureClass.RATE_LIMITED and not is_last():
                raise again(verdict.failure_class.value, verdict.code, verdict.delay) from None
            return self._not_shown(effect, verdict.code, verdict.failure_class)

    def _not_shown(self, effect: ShowRoom, code: str, why: FailureClass) -> ReportRoom:
        activity.logger.warning("war room %s: %s (%s)", effect.key, why, code)
        if why in RETRIED and not is_last():
            raise again(why.value, code) from None
        return ReportRoom(effect.number, shown=False, error=f"{why}: {code}")

    def _showing(self, rooms: Rooms, order: ports.Showing) -> Showing:
        effect, at = order.effect, order.at
        brief = effect.brief
        over = brief.phase in TERMINAL
        told = RoomWords(
            commander=self._called(effect.commander, at),
            scribe=self._called(effect.scribe, at),
            bridge=rooms.bridge or "",
            until=effect.until,
            over=over,
        )
        words = Words(title=self._texts.read(brief.title.id), text=None, name=None, reader=self._reader(effect, at))
        users = (self._user(person, at) for person in effect.people)
        return Showing(
            reference=brief.reference,
            episode=brief.episode,
            base=f"warroom-{brief.severity.lower()}-{at:%m-%d-%Y}",
            number=effect.number,
            key=effect.key,
            text=self._renderer.room(brief, words, told, at),
            topic=self._renderer.topic(brief, words, told, at),
            people=[user for user in users if user is not None],
        )

    def _reader(self, effect: ShowRoom, at: datetime) -> Reader:
        """The language and the zone that everybody in the room has; where they differ, English and UTC."""
        readers = {replace(self._book.reader(person, at), roles=frozenset()) for person in effect.people}
        return readers.pop() if len(readers) == 1 else Reader()

    def _called(self, person: str, at: datetime) -> str:
        return self._book.name(person, at) or person

    def _user(self, person: str, at: datetime) -> str | None:
        return self._book.address(person, Channel.CHAT, at)
