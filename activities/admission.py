"""Letting an escalation in, and letting its short code go."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from temporalio import activity

from escalation.adapters.store import LedgerDown
from escalation.core.effects import Text
from escalation.core.intake import TriageRecord
from escalation.core.lull import MaintenanceWindow
from escalation.core.standing import Standing
from workflows.ports import Admission, Admitted, Dismissal, Inquiry, Intake

_log = logging.getLogger(__name__)


class Texts(Protocol):
    """The content store, as far as it is needed here."""

    def keep(self, reference: str, episode: str, key: str, words: str) -> Text:
        """Keep words under a key; the first words under it stay."""
        ...


class Codes(Protocol):
    """The short codes of open escalations."""

    def allot(self, reference: str, episode: str) -> int:
        """The code of this escalation, the same one each time."""
        ...

    def release(self, reference: str, episode: str) -> None:
        """Free the code."""
        ...


class Door(Protocol):
    """Triage, as far as it is needed here."""

    def judge(self, intake: Intake, words: Mapping[str, str], reference: str, at: datetime) -> TriageRecord | None:
        """What triage says; None when it is off or cannot say."""
        ...


class Windows(Protocol):
    """The windows of maintenance, as far as they are needed here."""

    def in_force(self, at: datetime) -> tuple[MaintenanceWindow, ...]:
        """Those in which that instant lies."""
        ...


class Register(Protocol):
    """Who somebody is, as far as it is needed here."""

    def standing_of(self, inquiry: Inquiry) -> Standing:
        """What the directory says of them, and whether their proof holds."""
        ...


class Admissions:
    """Keeps opening words, allots and frees codes."""

    def __init__(
        self,
        texts: Texts,
        codes: Codes,
        send_timeout: timedelta,
        door: Door | None = None,
        windows: Windows | None = None,
        register: Register | None = None,
    ) -> None:
        """Without a `door`, triage has no say; without `windows`, there is no maintenance; without a `register`,
        nobody looks who opens it.
        """
        self._texts = texts
        self._codes = codes
        self._send_timeout = send_timeout
        self._door = door
        self._windows = windows
        self._register = register

    @activity.defn(name="admit")
    def admit(self, order: Admission) -> Admitted:
        """Keep the words and allot a code. Without its words nothing can be told, so that is tried again; a store
        that can keep words but allot no code opens the escalation without replies by SMS. Triage never raises.
        """
        texts = {
            key: self._texts.keep(order.reference, order.episode, key, words) for key, words in order.words.items()
        }
        # Asked last: whatever holds this up, the words are kept by then.
        code, triage = self._code(order), self._triage(order)
        windows = self._windows.in_force(order.at) if self._windows is not None else ()
        return Admitted(
            code=code,
            texts=texts,
            send_timeout=self._send_timeout,
            triage=triage,
            maintenance=windows,
            opener=self._opener(order),
        )

    @activity.defn(name="dismiss")
    def dismiss(self, order: Dismissal) -> None:
        """Free the code; nothing happens when there is none."""
        self._codes.release(order.reference, order.episode)

    def _triage(self, order: Admission) -> TriageRecord | None:
        if order.intake is None or self._door is None:
            return None
        return self._door.judge(order.intake, order.words, order.reference, order.at)

    def _opener(self, order: Admission) -> Standing | None:
        if self._register is None or not order.by:
            return None
        return self._register.standing_of(
            Inquiry(order.reference, order.episode, order.by, order.at, claim=order.claim, proof=order.proof)
        )

    def _code(self, order: Admission) -> int | None:
        try:
            return self._codes.allot(order.reference, order.episode)
        except LedgerDown as error:
            _log.warning("%s opens without a short code: %s", order.reference, error)
            return None
