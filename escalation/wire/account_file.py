"""Accounts as people and other systems write them: a file of many, or the answer of a system about one.

Both are read as strictly as an agreement; what an account leaves out is unknown.
"""

import json
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from escalation.core.account import Account, ContractTarget, Flag
from escalation.core.vocabulary import Severity
from escalation.wire.document_fields import Amount
from escalation.wire.faults import faults_of
from escalation.wire.triage_file import Count
from escalation.wire.written_words import Day, Duration, Label, Name, Written, distinct, name_of
from escalation.wire.yaml_reader import Document, FaultyFileError, Limits, read

ACCOUNTS_MAX = 5000
ACCOUNTS_BYTES_MAX = 2 * 1024**2
"""Of the file."""
ACCOUNT_BYTES_MAX = 16 * 1024
"""Of a system's answer about one account."""
_LIMITS = Limits(ACCOUNTS_BYTES_MAX, depth=8, nodes=200_000)

Id = Annotated[str, AfterValidator(name_of)]


class WrittenPromise(Written):
    """What the contract promises for a severity."""

    resolution: Duration


class WrittenAccount(Written):
    """One account. `revenue` is that of a year; `critical_issues` are those it had so far."""

    tier: Name | None = None
    plan: Label | None = None
    revenue: Amount | None = None
    critical_issues: Count | None = None
    flags: Annotated[tuple[Flag, ...], distinct("flag")] = ()
    renewal: Day | None = None
    targets: dict[Severity, WrittenPromise] = Field(default_factory=dict)
    contact: Name | None = None


class WrittenAccounts(Written):
    accounts: Annotated[dict[Id, WrittenAccount], Field(max_length=ACCOUNTS_MAX)]


def read_accounts(source: bytes) -> dict[str, Account]:
    """The accounts that a YAML file writes, by customer. Raises `FaultyFileError` with a line for each fault."""
    document = read(source, _LIMITS)
    try:
        written = WrittenAccounts.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        raise FaultyFileError(faults_of(error, document)) from None
    return {customer: _account(customer, account) for customer, account in written.accounts.items()}


def read_account(customer: str, body: bytes) -> Account:
    """The account in a system's answer: a JSON object with the fields of the file. Raises ValueError, one line."""
    try:
        return _account(customer, WrittenAccount.model_validate_json(body))
    except ValidationError as error:
        raise ValueError("; ".join(str(fault) for fault in faults_of(error, Document({}, "", {})))) from None


def _account(customer: str, written: WrittenAccount) -> Account:
    return Account(
        customer=customer,
        tier=written.tier or "",
        plan=written.plan or "",
        revenue=written.revenue.value if written.revenue is not None else None,
        critical_issues=written.critical_issues,
        flags=written.flags,
        renewal=written.renewal,
        targets=tuple(ContractTarget(severity, promise.resolution) for severity, promise in written.targets.items()),
        contact=written.contact or "",
    )
