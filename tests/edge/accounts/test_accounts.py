"""Who knows accounts: a file or another system. An answer, none, or one line why not; never later than agreed."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue

import pytest
from pydantic import SecretStr
from urllib3 import request

from escalation.adapters.accounts import (
    CONNECTIONS_MAX,
    AccountsDown,
    AccountsFile,
    AccountsHttp,
    AccountsUnset,
    NoAccounts,
    accounts_of,
)
from escalation.adapters.settings import ACCOUNTS_TIMEOUT_MAX, Environment, SettingsError, read_settings
from escalation.core.account import Account, ContractTarget, Flag
from escalation.core.money import Money
from escalation.core.vocabulary import Severity
from escalation.standins.server import Standins
from escalation.wire.account_file import ACCOUNT_BYTES_MAX, read_accounts
from escalation.wire.yaml_reader import FaultyFileError

EXAMPLE = Path(__file__).parents[3] / "examples" / "accounts.yaml"
SOON, LATER = timedelta(seconds=0.4), timedelta(seconds=2)
STOPPING = threading.Event()
SLOWED: SimpleQueue[str] = SimpleQueue()  # questions that are being answered slowly
ACME = {
    "tier": "enterprise",
    "plan": "Business",
    "revenue": {"minor": 100, "currency": "EUR"},
    "critical_issues": 4,
    "flags": ["vip", "reference"],
    "renewal": "2027-03-31",
    "targets": {"SEV1": {"resolution": "2h"}},
    "contact": "tala",
}
KNOWN = Account(
    customer="acme",
    tier="enterprise",
    plan="Business",
    revenue=Money(100, "EUR"),
    critical_issues=4,
    flags=(Flag.VIP, Flag.REFERENCE),
    renewal=date(2027, 3, 31),
    targets=(ContractTarget(Severity.SEV1, timedelta(hours=2)),),
    contact="tala",
)


class Odd(BaseHTTPRequestHandler):
    """A system that answers as the path says."""

    def do_GET(self) -> None:
        answers = {
            "broken": b"{",
            "large": b" " * (ACCOUNT_BYTES_MAX + 1) + b"{}",
            "whole": b"{}" + b" " * (ACCOUNT_BYTES_MAX - 2),
            "odd": b'{"tier": "enterprise", "temper": "short"}',
            "slow": b"",
        }
        name = self.path.rpartition("/")[2]
        self.send_response(500 if name == "failing" else 302 if name == "elsewhere" else 200)
        self.end_headers()
        if name == "slow":
            SLOWED.put(name)
        for _ in range(20 if name == "slow" else 0):  # each byte in time, the whole never
            self.wfile.write(b" ")
            self.wfile.flush()
            STOPPING.wait(0.1)
        self.wfile.write(answers.get(name, b"{}"))

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


class Crowded(ThreadingHTTPServer):
    """Takes as many at once as are asked."""

    request_queue_size = 2 * CONNECTIONS_MAX


@pytest.fixture(scope="module")
def odd() -> Iterator[str]:
    """The address of that system."""
    server = Crowded(("127.0.0.1", 0), Odd)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    STOPPING.set()
    server.shutdown()
    server.server_close()


def test_the_example_can_be_read_and_knows_the_customers_of_the_directory() -> None:
    """Whoever tries it finds the customers of the other example."""
    accounts = AccountsFile(EXAMPLE)

    for customer in ("acme", "globex", "initech"):
        found = accounts.find(customer)
        assert found is not None
        assert found.customer == customer
    assert accounts.find("nobody") is None


def test_every_fact_of_an_account_can_be_written() -> None:
    """In a file, and the same as a system answers it."""
    assert read_accounts(json.dumps({"accounts": {"acme": ACME}}).encode()) == {"acme": KNOWN}
    assert read_accounts(b"accounts: {bare: {}}") == {"bare": Account("bare")}


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("accounts: {acme: {tier: VIP}}", "accounts.acme.tier (line 1): 'VIP' is no name"),
        ("accounts: {Acme: {}}", "'Acme' is no name"),
        ("accounts: {acme: {flags: [rich]}}", "'rich' is not known; write one of"),
        ("accounts: {acme: {flags: [vip, vip]}}", "twice"),
        ("accounts: {acme: {revenue: 5}}", "5 is no amount"),
        ("accounts: {acme: {critical_issues: -1}}", "-1 is too small"),
        ("accounts: {acme: {renewal: soon}}", "'soon'"),
        ("accounts: {acme: {targets: {SEV1: {resolution: 0s}}}}", "must be longer than zero"),
        ("acounts: {}", "there is no such field here"),
    ],
)
def test_a_mistake_is_a_line(source: str, fault: str) -> None:
    """What is wrong, and what to do."""
    with pytest.raises(FaultyFileError) as refused:
        read_accounts(source.encode())

    assert fault in str(refused.value)


def test_the_stand_in_answers_what_was_put_there() -> None:
    """For whoever shows a token; 404 is an answer too."""
    with Standins() as standins:
        place = f"{standins.base_url}/control/accounts/acme"
        assert request("PUT", place, json=ACME).status == 200
        accounts = AccountsHttp(standins.base_url, "secret", timedelta(seconds=2))

        assert accounts.find("acme") == KNOWN
        assert accounts.find("nobody") is None
        with pytest.raises(AccountsDown, match="the accounts answered 401"):
            AccountsHttp(standins.base_url, None, timedelta(seconds=2)).find("acme")

        assert request("PUT", place, body=b"[]").status == 400
        assert request("DELETE", place).status == 200
        assert accounts.find("acme") is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("broken", "answered what is no account"),
        ("odd", "answered what is no account"),
        ("large", f"answered more than {ACCOUNT_BYTES_MAX} bytes"),
        ("failing", "answered 500"),
        ("elsewhere", "answered 302"),
        ("slow", "did not answer within 0.4 s"),
    ],
)
def test_what_another_system_gets_wrong_is_one_line(odd: str, name: str, why: str) -> None:
    """In time, and never in its words."""
    began = time.monotonic()

    with pytest.raises(AccountsDown, match=why):
        AccountsHttp(odd, None, SOON).find(name)

    assert time.monotonic() - began < 2 * SOON.total_seconds()


def test_questions_that_find_no_answer_are_few_and_end(odd: str) -> None:
    """So many and no more at once; none outlasts its time by much, and none holds up the end of the program."""
    accounts = AccountsHttp(odd, None, LATER)
    before = SLOWED.qsize()
    with ThreadPoolExecutor(CONNECTIONS_MAX) as crowd:
        waiting = [crowd.submit(accounts.find, "slow") for _ in range(CONNECTIONS_MAX)]
        for _ in range(before + CONNECTIONS_MAX):
            SLOWED.get(timeout=2 * LATER.total_seconds())
        threads = [thread for thread in threading.enumerate() if thread.name == "accounts"]
        with pytest.raises(AccountsDown, match=f"have {CONNECTIONS_MAX} questions to answer already"):
            accounts.find("whole")
        assert {type(each.exception()) for each in waiting} == {AccountsDown}

    assert threads
    assert all(thread.daemon for thread in threads)
    for thread in threads:
        thread.join(2 * LATER.total_seconds())
    assert not any(thread.is_alive() for thread in threads)
    assert accounts.find("whole") == Account("whole")


def test_an_answer_of_the_largest_size_is_read(odd: str) -> None:
    """The bound is inclusive."""
    assert AccountsHttp(odd, None, timedelta(seconds=2)).find("whole") == Account("whole")


def test_a_system_that_is_away_is_one_line() -> None:
    """It names the kind of trouble, not the address."""
    with pytest.raises(AccountsDown, match=r"^the accounts cannot be asked \(\w+\)$"):
        AccountsHttp("http://127.0.0.1:9", None, SOON).find("acme")


def test_a_name_cannot_leave_its_place_in_the_address(odd: str) -> None:
    """Slashes are quoted, and dots are nobody."""
    accounts = AccountsHttp(odd, None, timedelta(seconds=2))

    assert accounts.find("../failing") == Account("../failing")
    assert accounts.find("..") is None


# --- Settings ---------------------------------------------------------------------------------------------------------


def test_who_is_asked_is_a_setting(tmp_path: Path) -> None:
    """A system goes by its address, a file by its name; with neither, nobody knows accounts, and says so."""
    own = tmp_path / "own.yaml"
    own.write_text("accounts: {only: {}}")

    assert accounts_of(read_settings(accounts_file=own)).find("only") == Account("only")
    system = read_settings(accounts_url="http://127.0.0.1:9/", accounts_token=SecretStr("t"))
    assert isinstance(accounts_of(system), AccountsHttp)
    nobody = accounts_of(read_settings())
    assert isinstance(nobody, NoAccounts)
    with pytest.raises(AccountsUnset, match="set ESCALATION_ACCOUNTS_FILE or ESCALATION_ACCOUNTS_URL"):
        nobody.find("acme")


def test_settings_that_cannot_work_are_refused() -> None:
    """One source of accounts, and an opening that does not wait."""
    with pytest.raises(SettingsError, match="set one of them"):
        read_settings(accounts_file=EXAMPLE, accounts_url="http://127.0.0.1")
    with pytest.raises(SettingsError, match="ESCALATION_ACCOUNTS_URL: must be http"):
        read_settings(accounts_url="ftp://accounts.example")
    with pytest.raises(SettingsError, match="accounts_timeout may be at most 3 s"):
        read_settings(accounts_timeout=ACCOUNTS_TIMEOUT_MAX + timedelta(microseconds=1))
    assert read_settings(accounts_timeout=ACCOUNTS_TIMEOUT_MAX).accounts_timeout == ACCOUNTS_TIMEOUT_MAX


@pytest.mark.parametrize(
    ("url", "why"), [("http://accounts.example", "is not private"), ("https://localhost:1", "is this machine")]
)
def test_production_asks_in_private_and_elsewhere(url: str, why: str) -> None:
    """The token and the amounts travel with the question."""
    key = SecretStr("k" * 40)
    with pytest.raises(SettingsError, match=why):
        read_settings(
            environment=Environment.PRODUCTION,
            signing_key=key,
            commitment_key=key,
            directory_file=EXAMPLE,
            accounts_url=url,
        )
