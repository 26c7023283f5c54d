"""The ways back to us that a message carries: the address of its page, and the address that its mail is replied to.

A token names one dispatch, and with it one person, one escalation and one episode; that and how old it is stand in the
ledger. It is good for one purpose only: what opens a page answers no mail. Its letters survive a mail server that turns
capitals into small ones, and with the rest of the local part it keeps to that part's 64 characters (RFC 5321).
"""

import base64
import binascii
import hashlib
import hmac
import re
from datetime import timedelta
from enum import StrEnum

LASTS = timedelta(days=3)
"""How long after its message a token is good."""
DISPATCH_BYTES = 10
PROOF_BYTES = 16
TOKEN_CHARS = 42
SALT = "escalation.way.1"
REPLY = "reply+"

_DISPATCH = re.compile(rf"[0-9a-f]{{{2 * DISPATCH_BYTES}}}")
_TOKEN = re.compile(rf"[a-z2-7]{{{TOKEN_CHARS}}}")


class Purpose(StrEnum):
    """What a token opens."""

    PAGE = "page"
    MAIL = "mail"


class Tokens:
    """Makes and reads tokens. `key` is the key that proofs are signed with; tokens have one of their own from it."""

    def __init__(self, key: str) -> None:
        self._key = hmac.new(key.encode(), SALT.encode(), hashlib.sha256).digest()

    def made(self, purpose: Purpose, dispatch: str) -> str | None:
        """The token; None for what no escalation has decided (a test message), which nobody can answer."""
        if not _DISPATCH.fullmatch(dispatch):
            return None
        return base64.b32encode(bytes.fromhex(dispatch) + self._proof(purpose, dispatch)).decode().rstrip("=").lower()

    def dispatch(self, purpose: Purpose, token: str) -> str | None:
        """The dispatch of a token that we made for that purpose; None for any other text. Never raises."""
        plain = token.lower()
        if not plain.isascii() or not _TOKEN.fullmatch(plain):
            return None
        try:
            read = base64.b32decode(plain.upper() + "=" * (-TOKEN_CHARS % 8))
        except binascii.Error:
            return None
        dispatch = read[:DISPATCH_BYTES].hex()
        # Compared as text too: the last letter has bits to spare, and one token must not be written in two ways.
        good = hmac.compare_digest(read[DISPATCH_BYTES:], self._proof(purpose, dispatch))
        return dispatch if good and self.made(purpose, dispatch) == plain else None

    def _proof(self, purpose: Purpose, dispatch: str) -> bytes:
        return hmac.new(self._key, f"{purpose}\n{dispatch}".encode(), hashlib.sha256).digest()[:PROOF_BYTES]


class WaysBack:
    """The addresses of one installation. `public_url` None: there are no pages; `reply_domain` None: no replies.

    `sms_links` says whether a text may carry the address of its page where there is room.
    """

    def __init__(
        self,
        tokens: Tokens | None = None,
        public_url: str | None = None,
        reply_domain: str | None = None,
        *,
        sms_links: bool = True,
    ) -> None:
        self._tokens = tokens
        self.sms_links = sms_links
        self._public_url = public_url
        self._reply_domain = reply_domain

    def page(self, dispatch: str) -> str | None:
        """Where whoever got that message can answer it with a button."""
        token = self._tokens.made(Purpose.PAGE, dispatch) if self._tokens and self._public_url else None
        return f"{self._public_url}/a/{token}" if token else None

    def reply_to(self, dispatch: str) -> str | None:
        """Where a mail is replied to so that we read it."""
        token = self._tokens.made(Purpose.MAIL, dispatch) if self._tokens and self._reply_domain else None
        return f"{REPLY}{token}@{self._reply_domain}" if token else None
