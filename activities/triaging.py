"""Triage at the door: whose account it is, what is known of the case, and what the agreement's rules make of it.

It informs the opening and never holds it up: what cannot be learned is left out, said in the record, and logged.
"""

import logging
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Protocol

from escalation.adapters.accounts import Accounts, AccountsDown, AccountsUnset
from escalation.adapters.policies import NoSuchPolicyError, PolicyShelf
from escalation.core.account import Account, segment_among, told, with_account
from escalation.core.canonical import canonical
from escalation.core.case_facts import CaseFacts, Manual
from escalation.core.intake import AccountNote, TriageRecord, recorded
from escalation.core.triage import triage
from escalation.core.vocabulary import TriageMode
from escalation.wire.triage_terms import Ruling
from escalation.wire.yaml_reader import FaultyFileError
from workflows.ports import Intake

_log = logging.getLogger(__name__)


class Commitments(Protocol):
    """The content store, as far as it is needed here."""

    def commitment(self, words: str) -> str:
        """A keyed digest of the words."""
        ...


class Triage:
    """Looks up the account and judges the case by the rules of its agreement."""

    def __init__(self, shelf: PolicyShelf, accounts: Accounts, texts: Commitments) -> None:
        self._shelf = shelf
        self._accounts = accounts
        self._texts = texts

    def judge(self, intake: Intake, words: Mapping[str, str], reference: str, at: datetime) -> TriageRecord | None:
        """What triage says at `at`; None when the agreement leaves it out and nobody asked, or has no rules to read.

        The text is that of the case, else the title and the description.
        """
        try:
            ruling = self._shelf.ruling(intake.policy)
        except (NoSuchPolicyError, FaultyFileError, OSError) as error:
            # The opening has the last good copy of the agreement, perhaps; triage has no copy of its rules.
            _log.warning("%s opens without triage: %s", reference, str(error).partition("\n")[0])
            return None
        if ruling.terms.mode is TriageMode.OFF and not (intake.wanted or intake.by_hand):
            return None
        try:
            return self._judged(intake, words, reference, ruling, at)
        except (ArithmeticError, TypeError, ValueError) as error:
            # The client lets no such facts through; without it, they may be anything, and support goes on.
            _log.warning("%s opens without triage: its facts cannot be judged: %s", reference, error)
            return None

    def _judged(
        self, intake: Intake, words: Mapping[str, str], reference: str, ruling: Ruling, at: datetime
    ) -> TriageRecord:
        account, note = self._account(intake.customer, reference)
        case = _facts(intake, words, account, ruling)
        asked = case.yes | case.no
        # Keyed, because the words of a case are few enough to be guessed (docs/decisions/0008).
        facts = self._texts.commitment(
            canonical({field.name: _plain(getattr(case, field.name)) for field in fields(case)})
        )
        return recorded(
            triage(case, ruling.rules, at),
            note,
            facts=facts,
            by_hand=case.manual.reason if case.manual is not None else "",
            ignored=tuple(asked - ruling.questions),
            segment=case.segment,
        )

    def _account(self, customer: str, reference: str) -> tuple[Account | None, AccountNote]:
        try:
            account = self._accounts.find(customer)
        except AccountsDown as error:
            level = logging.DEBUG if isinstance(error, AccountsUnset) else logging.WARNING
            _log.log(level, "%s is triaged without account facts: %s", reference, error)
            return None, AccountNote(known=False, told=str(error))
        if account is None:
            _log.info("%s is triaged without account facts: %r is unknown", reference, customer)
            return None, AccountNote(known=False, told=f"no account is kept for {customer!r}")
        return account, AccountNote(known=True, told=told(account), segments=account.segments, contact=account.contact)


def _facts(intake: Intake, words: Mapping[str, str], account: Account | None, ruling: Ruling) -> CaseFacts:
    """All that is known: of the case, then of the account, then whose hand it is."""
    case, known = intake.case, frozenset(ruling.rules.timelines)
    more = dict(with_account(case, account)) if account is not None else {}
    if not case.text:
        more["text"] = "\n".join(filter(None, (words.get("title"), words.get("description"))))
    if intake.by_hand:
        more["manual"] = Manual(intake.by, intake.by_hand)
    elif case.manual is not None:
        more["manual"] = replace(case.manual, by=intake.by)  # nobody escalates by another's hand
    more["segment"] = segment_among(known, case.segment, account)
    return replace(case, **more)  # type: ignore[arg-type]  # by field, each of its own type


def _plain(value: object) -> object:
    """A value as the canonical form knows it: sets have no order there."""
    return tuple(sorted(value)) if isinstance(value, frozenset) else value
