"""What providers do to messages, and that nobody is told twice or not at all because of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from escalation.core.entry import Entry
from escalation.core.facts import ReportDelivery
from escalation.core.vocabulary import Outcome, Phase
from tests.scenarios.dialogue import Story
from tests.scenarios.world import HTTP

WROTE_STOP = 21610


def outcomes(log: list[Entry], how: str) -> list[Outcome]:
    """What became of dispatches that way, in the order of the log."""
    commands = (entry.command for entry in log)
    return [command.outcome for command in commands if isinstance(command, ReportDelivery) and command.how == how]


@contextmanager
def writing_locked(url: str) -> Iterator[None]:
    """Another process holds the database's only write lock."""
    connection = sqlite3.connect(make_url(url).database or "", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@contextmanager
def table_away(url: str, table: str) -> Iterator[None]:
    """The store answers, and only with errors."""
    database = Path(make_url(url).database or "")
    with sqlite3.connect(database) as connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
    try:
        yield
    finally:
        with sqlite3.connect(database) as connection:
            connection.execute(f"ALTER TABLE {table}_away RENAME TO {table}")


@pytest.mark.parametrize("code", [WROTE_STOP, 21211], ids=["wrote STOP", "is no number"])
async def test_a_number_that_takes_no_sms_is_called_at_once(story: Story, code: int) -> None:
    """Voice comes twenty minutes later otherwise."""
    story.world.standins.fail("sms", "reject", code=code, to=story.number_of("primary"))
    await story.opens()

    await story.phone("primary").is_called(story.reference)

    await story.log_reads(
        f"failed {'opted_out' if code == WROTE_STOP else 'destination'}", str(code), "page to primary by voice"
    )
    await story.is_called_off("primary")


async def test_an_sms_that_was_taken_but_never_answered_for_is_adopted_and_not_repeated(story: Story) -> None:
    """The connection broke after the provider took it: voice at once, and the look-up finds the SMS."""
    story.world.standins.callbacks(enabled=False)
    story.world.standins.fail("sms", "accept_then_drop", to=story.number_of("primary"))
    await story.opens()

    await story.phone("primary").gets_sms("SEV1").is_called(story.reference)

    await story.log_reads("lookup", "adopted")
    await story.is_called_off("primary")


async def test_a_receipt_settles_a_doubt_before_the_look_up(story: Story) -> None:
    """The status callback names the dispatch, so nobody has to look."""
    story.world.standins.fail("sms", "accept_then_drop", to=story.number_of("primary"))
    await story.opens()

    await story.phone("primary").gets_sms("SEV1").is_called(story.reference)

    await story.log_reads("accepted (receipt)")
    log = await story.is_called_off("primary")
    assert not [entry for entry in log if entry.command.kind == "report_reconciliation"]


async def test_an_sms_that_never_arrived_at_the_provider_is_sent_again_once(story: Story) -> None:
    """Voice at once; the look-up finds nothing, and the same dispatch goes out again."""
    story.world.standins.fail("sms", "drop_before_accept", to=story.number_of("primary"))
    await story.opens()

    await story.phone("primary").is_called(story.reference)
    await story.log_reads("lookup", "absent")
    await story.phone("primary").gets_sms("SEV1")

    await story.is_called_off("primary")


async def test_a_provider_that_hangs_is_not_waited_for(story: Story) -> None:
    """It took the SMS and stays silent longer than our socket timeout: the next channel goes out meanwhile."""
    standins = story.world.standins
    standins.callbacks(enabled=False)
    standins.fail("sms", "accept_then_hang", to=story.number_of("primary"), delay=HTTP * 2)
    await story.opens()

    await story.phone("primary").gets_sms("SEV1").is_called(story.reference)

    await story.log_reads("ambiguous", "page to primary by voice")
    await story.log_reads("lookup", "adopted")
    await story.is_called_off("primary")


async def test_a_receipt_that_overtakes_a_hanging_answer_counts(story: Story) -> None:
    """The callback says that it was taken, so nobody is called when the socket gives up."""
    story.world.standins.fail("sms", "accept_then_hang", to=story.number_of("primary"), delay=HTTP * 2)
    await story.opens()

    await story.phone("primary").gets_sms("SEV1")
    await story.log_reads("accepted (receipt)")
    await story.log_reads("dispatch 4 ambiguous", "refused")

    await story.is_called_off("primary")


async def test_a_rate_limit_is_waited_out(story: Story) -> None:
    """One SMS, a second later; no other channel is needed. A customer's mail waits as well."""
    story.world.standins.fail("sms", "status", status=429, to=story.number_of("primary"))
    story.world.standins.fail("email", "status", status=429)
    await story.opens()

    await story.phone("primary").gets_sms("SEV1")

    log = await story.is_called_off("primary")
    assert outcomes(log, "sent").count(Outcome.FAILED) == 0


async def test_an_sms_that_the_carrier_could_not_deliver_is_followed_by_a_call(story: Story) -> None:
    """Taken by the provider, `undelivered` later: the receipt, which comes three times, counts once.

    The call's own receipt may come before its answer was kept; that one says "accepted".
    """
    story.world.standins.callbacks(copies=3)
    story.world.standins.expect("sms", "undelivered", to=story.number_of("primary"), error_code=30003)
    await story.opens()

    await story.phone("primary").gets_sms("SEV1").is_called(story.reference)

    log = await story.is_called_off("primary")
    assert outcomes(log, "receipt").count(Outcome.FAILED) == 1


async def test_a_page_goes_out_unledgered_while_the_ledger_is_locked(story: Story) -> None:
    """A page is flagged and not held back; what was told is told once."""
    story.agrees(voice_after="2s")
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await story.log_reads("dispatch 4 accepted")

    with writing_locked(story.world.settings.ledger_url):
        await story.phone("primary").is_called(story.reference)
        await story.log_reads("accepted (unledgered)")

    await story.is_called_off("primary", unledgered=1)


async def test_a_dead_audit_store_delays_nobody_and_loses_nothing(story: Story) -> None:
    """Pages and acknowledgements go on; every entry is written once the store is back."""
    desk, ref = story.world.desk, story.reference
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await story.stands(told=("primary",))
    with table_away(story.world.settings.audit_url, "entries"):
        await desk.decline(ref, by="primary", reason="in an aeroplane")
        await story.phone("second").gets_sms("SEV1").replies("ack {code}")
        await story.stands(phase=Phase.ACTIVE, owner="second")
        await story.phone("primary").gets_sms("Taken by Sue Second")
        await desk.resolve(ref, by="second")
        await story.mailbox("acme").gets("We believe")

    await desk.confirm(ref, by="agent")
    for person in ("primary", "second", "agent"):
        await story.mailbox(person).gets("It is resolved and closed")
    await story.mailbox("acme").gets("It is solved and closed")
    await story.ends(Phase.CLOSED)


async def test_a_ticket_system_that_fails_is_tried_again(story: Story) -> None:
    """A write is applied once for each key, so even a doubtful one is repeated."""
    story.world.standins.fail("ticket", "accept_then_drop")
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    await story.ticket().reads("In Transfer")

    await story.is_called_off("primary")


async def test_a_customers_message_that_fails_is_told_to_those_who_can_speak(story: Story) -> None:
    """The mail provider refuses it for good: the contact and the managers hear of it."""
    story.world.standins.fail("email", "reject", code=401, to="customer@acme.example")
    await story.opens(customer_hears=False)
    await story.phone("primary").gets_sms("SEV1")

    await story.mailbox("agent").gets("could not be sent (customer opening)")
    await story.mailbox("boss").gets("could not be sent (customer opening)")

    await story.is_called_off("primary", "boss")
