"""One line back by mail, to whoever replied by mail: what came of it."""

import html
import logging
from datetime import datetime, timedelta

from escalation.adapters.sending import Accepted, Letter, Outgoing, Provider
from escalation.adapters.ways import WaysBack
from escalation.core.vocabulary import Channel, Severity
from escalation.gateway.told import Sent

LASTS = timedelta(hours=4)
DISPATCH = "answer"
"""What stands in the place of a dispatch: nobody waits for what becomes of an answer."""

_log = logging.getLogger(__name__)


class MailAnswers:
    """Writes through the account that everything else is written with. An answer that fails is not written again."""

    def __init__(self, provider: Provider, brand: str, ways: WaysBack) -> None:
        self._provider = provider
        self._brand = brand
        self._ways = ways

    def write(self, to: str, sent: Sent, words: str, language: str, at: datetime) -> None:
        """Write it, into the thread of the escalation; whoever replies to it, as a line may ask them to, replies to the
        message that they answered. Never raises for what a vendor does.
        """
        letter = Letter(
            subject=f"[{sent.reference}] {words}",
            text=f"{words}\n\n{self._brand}",
            html=f'<!DOCTYPE html>\n<html lang="{html.escape(language)}"><head><meta charset="utf-8">'
            f"<title>{html.escape(sent.reference)}</title></head><body><p>{html.escape(words)}</p><p>{html.escape(self._brand)}</p></body></html>",
        )
        answer = self._provider.send(
            Outgoing(
                dispatch=DISPATCH,
                reference=sent.reference,
                severity=Severity.SEV4,  # it asks for nothing
                channel=Channel.EMAIL,
                to=to,
                name=None,
                content=letter,
                at=at,
                lasts=LASTS,
                reply_to=self._ways.reply_to(sent.dispatch),
            )
        )
        if not isinstance(answer, Accepted):
            _log.warning("%s: an answer by mail was not taken: %s", sent.reference, type(answer).__name__)
