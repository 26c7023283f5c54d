"""What is known of customers' accounts: from a file, or from another system over HTTP. One question, one bounded try.

Nothing here is needed to open an escalation: whoever asks goes on without an answer, and says so.
"""

import threading
import time
from concurrent.futures import Future
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import HTTPError

from escalation.adapters.settings import Settings
from escalation.core.account import Account
from escalation.wire.account_file import ACCOUNT_BYTES_MAX, ACCOUNTS_BYTES_MAX, read_account, read_accounts

CONNECTIONS_MAX = 20
"""Questions that are on their way at once; one more is not asked."""


class AccountsDown(Exception):
    """Nothing can be said about the account now. One line: why."""


class AccountsUnset(AccountsDown):
    """Nobody was named who knows accounts: that is how this installation is meant, and no trouble."""


class Accounts(Protocol):
    """The port: who knows accounts. Safe to call from many threads."""

    def find(self, customer: str) -> Account | None:
        """The account of that customer; None when there is none. Raises `AccountsDown`."""
        ...


class NoAccounts:
    """Where nobody said who knows accounts."""

    def find(self, customer: str) -> Account | None:
        """Always raises, naming the settings that would help."""
        raise AccountsUnset(
            f"nobody knows the account of {customer!r}; set ESCALATION_ACCOUNTS_FILE or ESCALATION_ACCOUNTS_URL"
        )


class AccountsFile:
    """A file of accounts, read when this is made."""

    def __init__(self, path: Path) -> None:
        """Raises `FaultyFileError` with every fault, and OSError when the file cannot be read."""
        with path.open("rb") as file:
            self._accounts = read_accounts(file.read(ACCOUNTS_BYTES_MAX + 1))

    def find(self, customer: str) -> Account | None:
        """The account of that customer, by its id in the directory."""
        return self._accounts.get(customer)


class AccountsHttp:
    """Another system, asked as `GET BASE/accounts/CUSTOMER`: 200 with the account as JSON, 404 for none.

    One attempt, over within `timeout` whatever the other side does; at most `ACCOUNT_BYTES_MAX` are read. An answer
    that nobody waits for any more holds nothing up, not even the end of the program.
    """

    def __init__(self, base_url: str, token: str | None, timeout: timedelta) -> None:
        self._base_url = base_url
        self._token = token
        self._seconds = timeout.total_seconds()
        limit = Timeout(connect=self._seconds, read=self._seconds)
        self._pool = PoolManager(maxsize=CONNECTIONS_MAX, retries=False, timeout=limit)
        self._room = threading.BoundedSemaphore(CONNECTIONS_MAX)

    def find(self, customer: str) -> Account | None:
        """The account of that customer. `AccountsDown` says what was wrong, never what the other side wrote."""
        if not customer.strip("."):
            return None  # a path of dots leads elsewhere, however it is quoted
        if not self._room.acquire(blocking=False):
            raise AccountsDown(f"the accounts have {CONNECTIONS_MAX} questions to answer already")
        # A socket's timeout begins anew with every byte, so the whole has a bound of its own: whoever waits for it.
        answer = Future[Account | None]()
        threading.Thread(target=self._answer, args=(customer, answer), name="accounts", daemon=True).start()
        try:
            return answer.result(self._seconds)
        except TimeoutError:
            raise AccountsDown(f"the accounts did not answer within {self._seconds:g} s") from None

    def _answer(self, customer: str, answer: Future[Account | None]) -> None:
        try:
            answer.set_result(self._ask(customer))
        except Exception as error:  # noqa: BLE001  # whoever asked shall hear of it, in their thread
            answer.set_exception(error)
        finally:
            self._room.release()

    def _ask(self, customer: str) -> Account | None:
        over = time.monotonic() + self._seconds
        headers = {"Accept": "application/json"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        place = f"{self._base_url}/accounts/{quote(customer, safe='')}"
        try:
            answer = self._pool.request("GET", place, headers=headers, redirect=False, preload_content=False)
            try:
                return self._account(customer, answer, over)
            finally:
                answer.close()
        except (HTTPError, OSError) as error:
            raise AccountsDown(f"the accounts cannot be asked ({type(error).__name__})") from None

    def _account(self, customer: str, answer: BaseHTTPResponse, over: float) -> Account | None:
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status != HTTPStatus.OK:
            raise AccountsDown(f"the accounts answered {answer.status}")
        body = b""
        while len(body) <= ACCOUNT_BYTES_MAX and time.monotonic() < over:
            piece = answer.read1(ACCOUNT_BYTES_MAX + 1 - len(body), decode_content=False)
            if not piece:
                break
            body += piece
        if len(body) > ACCOUNT_BYTES_MAX:
            raise AccountsDown(f"the accounts answered more than {ACCOUNT_BYTES_MAX} bytes")
        try:
            return read_account(customer, body)
        except ValueError:  # what it wrote may be anything, and belongs into no log
            raise AccountsDown("the accounts answered what is no account") from None


def accounts_of(settings: Settings) -> Accounts:
    """Whoever knows accounts in this installation. A file is read now, and refused as `AccountsFile` says."""
    if settings.accounts_url is not None:
        token = settings.accounts_token.get_secret_value() if settings.accounts_token is not None else None
        return AccountsHttp(settings.accounts_url, token, settings.accounts_timeout)
    if settings.accounts_file is not None:
        return AccountsFile(settings.accounts_file)
    return NoAccounts()
