"""The ledger: nobody is told twice, nobody is forgotten, whatever dies in between."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import OperationalError

from escalation.adapters.inbox import Inbox
from escalation.adapters.ledger import (
    AlreadyFailed,
    AlreadySent,
    Claim,
    Ledger,
    LedgerDown,
    Order,
    State,
    Unfinished,
)
from escalation.adapters.migrating import upgrade
from escalation.adapters.receipts import Receipt
from escalation.adapters.store import metadata, open_store
from escalation.core.vocabulary import Channel, Failure, Message
from tests.edge.ledger.conftest import Uptime
from tests.edge.samples import NOW


def order(dispatch: str = "d-1", contact: str = "primary", channel: Channel = Channel.SMS) -> Order:
    return Order(dispatch, "ESC-1", contact, channel, Message.PAGE, NOW, "1", 1)


def claimed(ledger: Ledger, dispatch: str = "d-1") -> Claim:
    claim = ledger.claim(order(dispatch))
    assert isinstance(claim, Claim)
    return claim


def state(ledger: Ledger, dispatch: str = "d-1") -> State:
    row = ledger.get(dispatch)
    assert row is not None
    return row.state


def test_a_claim_is_durable_before_anything_is_posted(ledger: Ledger, url: str) -> None:
    """Another process sees the intent as soon as `claim` returns."""
    claim = claimed(ledger)
    other = Ledger(open_store(url, timedelta(seconds=1)))

    assert other.claim(order()) == Unfinished(claim.fence)
    assert state(other) is State.INTENT


def test_a_sent_dispatch_is_never_claimed_again(ledger: Ledger) -> None:
    """A retry is answered with what the earlier attempt achieved."""
    ledger.sent(claimed(ledger), "SM1")

    assert ledger.claim(order()) == AlreadySent("SM1", "sent")


def test_a_failed_dispatch_stays_failed(ledger: Ledger) -> None:
    """Another try is another dispatch."""
    ledger.failed(claimed(ledger), Failure.DESTINATION, "21211")

    assert ledger.claim(order()) == AlreadyFailed(Failure.DESTINATION, "21211")


def test_a_released_dispatch_may_be_claimed_with_a_higher_fence(ledger: Ledger) -> None:
    """Surely not sent: it is as if nothing had happened, but the old claim is void."""
    first = claimed(ledger)
    assert ledger.release(first)
    second = claimed(ledger)

    assert second.fence > first.fence
    assert not ledger.failed(first, Failure.CONTENT, None)
    assert not ledger.release(first)
    assert state(ledger) is State.INTENT


def test_an_absent_dispatch_may_be_claimed_again(ledger: Ledger) -> None:
    """Looked up after the settle window and not there; the fence that was looked up is the one that is freed."""
    first = claimed(ledger)

    assert not ledger.absent("d-1", first.fence + 1)
    assert ledger.absent("d-1", first.fence)
    assert isinstance(ledger.claim(order()), Claim)


def test_an_acceptance_counts_even_when_the_claim_was_lost(ledger: Ledger) -> None:
    """A thread that was thought dead got a yes: the next attempt must see it."""
    zombie = claimed(ledger)
    ledger.absent("d-1", zombie.fence)

    assert not ledger.sent(zombie, "SM1")
    assert ledger.claim(order()) == AlreadySent("SM1", "sent")


def test_a_second_acceptance_is_flagged(ledger: Ledger) -> None:
    """Both ids are kept; the first one stays."""
    zombie = claimed(ledger)
    ledger.absent("d-1", zombie.fence)
    again = claimed(ledger)

    assert not ledger.sent(again, "SM1")
    assert ledger.sent(zombie, "SM2")
    row = ledger.get("d-1")
    assert row is not None
    assert (row.provider_id, row.second_provider_id) == ("SM1", "SM2")


def test_an_intent_grows_stale_after_its_freshness(ledger: Ledger, uptime: Uptime) -> None:
    """A worker that was paused between claim and call must not post late; the limit itself is too late."""
    claim = claimed(ledger)

    uptime.now += 4.999
    assert ledger.fresh(claim)
    uptime.now += 0.001
    assert not ledger.fresh(claim)


def test_only_one_of_many_claims_wins(ledger: Ledger) -> None:
    """Attempts that race for one dispatch: one may post, the others know."""
    with ThreadPoolExecutor(8) as threads:
        claims = list(threads.map(lambda _: ledger.claim(order()), range(24)))

    assert sum(isinstance(claim, Claim) for claim in claims) == 1
    assert sum(isinstance(claim, Unfinished) for claim in claims) == 23


def test_a_look_up_adopts_only_the_intent_it_looked_for(ledger: Ledger) -> None:
    """The fence protects an attempt that began meanwhile."""
    claim = claimed(ledger)

    assert not ledger.adopt("d-1", claim.fence + 1, "SM1")
    assert ledger.adopt("d-1", claim.fence, "SM1")
    assert ledger.claim(order()) == AlreadySent("SM1", "lookup")


def test_one_provider_id_is_never_adopted_twice(ledger: Ledger) -> None:
    """Two ambiguous calls to one person cannot both claim the one that was made."""
    first, second = claimed(ledger, "d-1"), claimed(ledger, "d-2")

    assert ledger.adopt("d-1", first.fence, "CA1")
    assert not ledger.adopt("d-2", second.fence, "CA1")
    assert state(ledger, "d-2") is State.INTENT


def test_an_id_that_a_vendor_gave_twice_loses_no_acceptance(ledger: Ledger) -> None:
    """The dispatch counts as sent; the id stays where it was first."""
    ledger.sent(claimed(ledger, "d-1"), "SM1")
    ledger.sent(claimed(ledger, "d-2"), "SM1")

    assert ledger.claim(order("d-2")) == AlreadySent(None, "sent")


def test_a_receipt_may_come_before_the_record(ledger: Ledger, engine: Engine) -> None:
    """The callback overtakes our own commit: nothing is flagged."""
    claim = claimed(ledger)
    Inbox(engine).receive(Receipt("k1", "d-1", "queued", NOW, provider_id="SM1"))

    assert not ledger.sent(claim, "SM1")
    assert state(ledger) is State.SENT


def test_what_went_out_unledgered_is_recorded_afterwards(ledger: Ledger) -> None:
    """Once the store is back, the row says how."""
    ledger.unledgered(order(), "SM1")

    assert ledger.claim(order()) == AlreadySent("SM1", "unledgered")


def test_what_went_out_unledgered_settles_the_intent_whose_commit_nobody_heard_of(ledger: Ledger) -> None:
    """The claim was written, its answer came too late, and the page went out without: no open row is left behind."""
    claimed(ledger)
    ledger.unledgered(order(), "SM1")

    assert ledger.claim(order()) == AlreadySent("SM1", "unledgered")


def test_unfinished_rows_are_listed_oldest_first_by_channel(engine: Engine) -> None:
    """By the instant of the intent; what is settled is not among them."""
    instants = iter(NOW + timedelta(seconds=second) for second in (2, 1, 3))
    ledger = Ledger(engine, wall=lambda: next(instants))
    for dispatch in ("late", "early", "sent"):
        claim = ledger.claim(order(dispatch, channel=Channel.VOICE))
        if dispatch == "sent" and isinstance(claim, Claim):
            ledger.sent(claim, "CA1")

    assert [row.dispatch for row in ledger.unfinished(Channel.VOICE)] == ["early", "late"]
    assert ledger.unfinished(Channel.SMS) == ()


def test_rows_and_taken_ids_tell_what_belongs_to_whom(ledger: Ledger) -> None:
    """For comparing with a vendor's own list."""
    ledger.sent(claimed(ledger), "SM1")
    claimed(ledger, "d-2")

    assert [row.dispatch for row in ledger.rows("ESC-1")] == ["d-1", "d-2"]
    assert ledger.rows("ESC-2") == ()
    assert len(ledger.rows()) == 2
    assert ledger.taken(["SM1", "SM9"]) == {"SM1"}


@pytest.mark.parametrize(
    "act",
    [
        lambda ledger: ledger.claim(order()),
        lambda ledger: ledger.sent(Claim("d-0", 1, 0.0), "SM1"),
    ],
    ids=["claim", "sent"],
)
def test_a_locked_store_is_reported_within_its_timeout(
    ledger: Ledger, url: str, act: Callable[[Ledger], object]
) -> None:
    """Somebody else holds the file: the caller hears it in the agreed time and decides, without words of the row."""
    ledger.claim(order("d-0"))
    holder = sqlite3.connect(url.removeprefix("sqlite:///"))
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(LedgerDown) as down:
            act(ledger)
    finally:
        holder.close()
    assert "primary" not in str(down.value)


def test_a_store_that_is_not_there_is_down(tmp_path: Path) -> None:
    """A missing folder, an unreachable server: the same answer."""
    with pytest.raises(LedgerDown):
        Ledger(open_store(f"sqlite:///{tmp_path / 'no' / 'such.db'}", timedelta(seconds=0.2))).get("d-1")


def test_an_error_of_the_store_tells_no_values(engine: Engine) -> None:
    """They may be people's words, and the text of an error is logged."""
    with engine.connect() as connection, pytest.raises(OperationalError) as error:
        connection.execute(text("SELECT :words FROM no_such_table"), {"words": "her words"})
    assert "her words" not in str(error.value)


def test_every_commit_is_synced_to_disk(engine: Engine) -> None:
    """A claim that a power cut takes back would be sent twice."""
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2


def test_many_processes_may_migrate_at_once(url: str) -> None:
    """One works, the others wait for it and find nothing to do."""
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: upgrade(url), range(6)))
    engine = open_store(url, timedelta(seconds=1))

    assert set(inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    engine.dispose()


def test_a_migration_waits_for_whoever_writes_to_the_file(url: str, tmp_path: Path) -> None:
    """A gateway that starts before the worker opens the same file: the worker waits its turn instead of giving up."""
    file = tmp_path / "var" / "ledger.db"
    file.parent.mkdir()
    with closing(sqlite3.connect(file, isolation_level=None)) as gateway, ThreadPoolExecutor(1) as threads:
        gateway.execute("PRAGMA journal_mode=WAL")
        gateway.execute("BEGIN IMMEDIATE")
        migrating = threads.submit(upgrade, url)
        with suppress(TimeoutError):
            migrating.result(0.3)  # it waits, or has given up
        gateway.execute("CREATE TABLE of_somebody_else (x)")
        gateway.execute("COMMIT")

        assert migrating.result() is None  # nothing was raised


def test_the_migrations_make_the_tables_that_the_code_expects(engine: Engine) -> None:
    """Column by column and index by index."""
    found = inspect(engine)
    for table in metadata.sorted_tables:
        columns = {
            column["name"]: (str(column["type"]), column["nullable"]) for column in found.get_columns(table.name)
        }
        expected = {
            column.name: (column.type.compile(engine.dialect), bool(column.nullable)) for column in table.columns
        }
        assert columns == expected
        assert {index["name"] for index in found.get_indexes(table.name)} == {index.name for index in table.indexes}
