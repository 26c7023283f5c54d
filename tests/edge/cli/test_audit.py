"""`escalate audit`: a log is told to people as it is kept, and proven against the engine's own word for its end."""

import json
from datetime import timedelta
from importlib.resources import files

import pytest

from escalation.core.canonical import canonical
from escalation.core.commands import AddNote, Command, Open
from escalation.core.decide import decide
from escalation.core.effects import Text
from escalation.core.entry import digest_of
from escalation.core.state import Escalation
from escalation.core.vocabulary import Ask, Channel, Severity
from escalation.wire.entries import decode
from escalation.wire.outcomes import Head, Unreachable
from escalation.wire.policy import freeze
from escalation.wire.yaml_reader import read
from tests.edge.cli.terminal import KNOWN, NOW, KeptEntry, Terminal

WORDS = Text("text-1", "c" * 64)
LENGTH = 4


def opening(episode: str) -> Open:
    document = read((files("escalation") / "policies" / "default.yaml").read_bytes())
    policy = freeze(document, NOW, dict.fromkeys(Channel, timedelta(minutes=1)))
    route = policy.routes[0]
    return Open(
        reference=KNOWN, episode=episode, ticket=KNOWN, by="rosa", by_machine=False, route=route.name,
        severity=Severity.SEV1, ask=Ask(route.asks[0]), title=WORDS, description=WORDS, customer="acme",
        deadline=NOW + timedelta(days=1), policy=policy,
    )  # fmt: skip


def rows(episode: str) -> list[KeptEntry]:
    """A log of `LENGTH` entries, as the store keeps it."""
    state: Escalation | None = None
    kept = []
    orders: list[Command] = [opening(episode), *(AddNote("amira", WORDS) for _ in range(LENGTH - 1))]
    for number, command in enumerate(orders):
        decision = decide(state, command, NOW + timedelta(seconds=number))
        state, sealed = decision.state, decision.sealed
        kept.append(KeptEntry(KNOWN, episode, sealed.entry.sequence, sealed.digest, sealed.body))
    return kept


@pytest.fixture
def kept(terminal: Terminal) -> Terminal:
    """A running escalation whose log is whole."""
    terminal.log.rows = rows("e1")
    head = Head("e1", LENGTH, terminal.log.rows[-1].digest, ended=False)
    terminal.client.heads = {"latest": head, "e1": head}
    return terminal


def ended(
    terminal: Terminal, sequence: int = LENGTH, digest: str | None = None, conflicts: tuple[int, ...] = ()
) -> None:
    found = terminal.log.rows[-1].digest if digest is None else digest
    terminal.client.heads["e1"] = Head("e1", sequence, found, ended=True, conflicts=conflicts)


# --- What holds -------------------------------------------------------------------------------------------------------


def test_a_whole_log_is_proven(kept: Terminal) -> None:
    """Exit 0, with the source of the engine's word: the running workflow, or its result."""
    running = kept("audit", "verify", KNOWN)
    ended(kept)
    over = kept("audit", "verify", KNOWN)

    assert (running.exit, over.exit) == (0, 0)
    assert "INC-1 episode e1: all 4 entries hold; head" in running.out
    assert "agrees with the running workflow" in running.out
    assert "agrees with the workflow's result" in over.out


def test_entries_written_while_it_is_checked_are_no_fault(kept: Terminal) -> None:
    """The head was asked for first; asked again, the engine knows them."""
    now = kept.client.heads["e1"]
    kept.client.earlier = [Head("e1", 2, kept.log.rows[1].digest, ended=False)]

    assert kept("audit", "verify", KNOWN).exit == 0
    assert kept.client.heads["e1"] == now


def test_an_entry_behind_the_head_of_a_running_one_is_found(kept: Terminal) -> None:
    """The engine, asked once more, has not decided it."""
    kept.client.heads["e1"] = Head("e1", 2, kept.log.rows[1].digest, ended=False)

    said = kept("audit", "verify", KNOWN)
    assert (said.exit, "entry 3 does not hold" in said.out) == (1, True)


def test_every_episode_is_checked(kept: Terminal) -> None:
    """And one alone when it is named."""
    kept.log.rows += rows("e2")
    kept.client.heads["e2"] = Head("e2", LENGTH, kept.log.rows[-1].digest, ended=True)

    assert len(kept("audit", "verify", KNOWN).out.splitlines()) == 2
    assert len(kept("audit", "verify", KNOWN, "--episode", "e2").out.splitlines()) == 1


def test_a_verdict_in_json(kept: Terminal) -> None:
    """For whoever runs it every night."""
    (found,) = json.loads(kept("audit", "verify", KNOWN, "--json").out)

    assert (found["proven"], found["entries"], found["fault"], found["head"]["sequence"]) == (
        True,
        LENGTH,
        None,
        LENGTH,
    )


# --- What does not ----------------------------------------------------------------------------------------------------


def faulty(terminal: Terminal, sequence: int, why: str) -> None:
    said = terminal("audit", "verify", KNOWN)

    assert (said.exit, said.err) == (1, "")
    assert f"INC-1 episode e1: entry {sequence} does not hold: " in said.out
    assert why in said.out


def test_a_changed_text_is_found(kept: Terminal) -> None:
    """By its digest."""
    kept.log.damage(3, body=kept.log.rows[2].body.replace("amira", "bruno"))

    faulty(kept, 3, "its text does not have the digest that was taken when it was written")


@pytest.mark.parametrize(
    ("column", "value"), [("at", NOW - timedelta(days=1)), ("previous", "0" * 64)], ids=["at", "previous"]
)
def test_a_column_that_says_otherwise_than_the_text_is_found(kept: Terminal, column: str, value: object) -> None:
    """Whoever reads the table goes by its columns: they are held against the text that is proven."""
    kept.log.damage(3, columns={column: value})

    faulty(kept, 3, f"the store's columns say otherwise than its text: {column}")


def test_rows_that_were_numbered_anew_are_found(kept: Terminal) -> None:
    """The order of the texts alone would hold."""
    kept.log.damage(4, sequence=9)

    faulty(kept, 4, "the store's columns say otherwise than its text: sequence")


def test_an_earlier_episode_that_was_erased_altogether_is_missed(kept: Terminal) -> None:
    """The engine still has its run, so its log must be there: exit 1, and it says how many entries are gone."""
    kept.client.runs = ("e0", "e1")
    assert kept("audit", "verify", KNOWN).exit == 1
    kept.client.heads["e0"] = Head("e0", LENGTH, "a" * 64, ended=True)

    said = kept("audit", "verify", KNOWN)
    assert said.exit == 1
    assert "INC-1 episode e0: entry 1 does not hold: entries 1 to 4 are not in the store" in said.out
    assert "INC-1 episode e1: all 4 entries hold" in said.out
    assert kept("audit", "verify", KNOWN, "--episode", "e1").exit == 0


def test_a_changed_text_with_a_new_digest_is_found(kept: Terminal) -> None:
    """By the entry that follows it."""
    body = kept.log.rows[2].body.replace("amira", "bruno")
    kept.log.damage(3, body=body, digest=digest_of(body))

    faulty(kept, 4, "but the entry before is")


def test_a_rewritten_end_is_found(kept: Terminal) -> None:
    """Every link fits, but the engine remembers another head."""
    body = kept.log.rows[3].body.replace("amira", "bruno")
    kept.log.damage(4, body=body, digest=digest_of(body))

    faulty(kept, 4, "the engine has")


def test_a_text_that_is_no_entry_is_found(kept: Terminal) -> None:
    """Whatever it is, it was not decided."""
    kept.log.damage(2, body="{}")

    faulty(kept, 2, "this is no entry of this version")


def test_an_entry_of_another_escalation_is_found(kept: Terminal) -> None:
    """Put here with its own digest."""
    entry = decode(kept.log.rows[1].body)
    assert canonical(entry) == kept.log.rows[1].body
    body = kept.log.rows[1].body.replace('"INC-1"', '"INC-2"')
    kept.log.damage(2, body=body, digest=digest_of(body))

    faulty(kept, 2, "it belongs to 'INC-2'")


def test_a_missing_entry_is_found(kept: Terminal) -> None:
    """In the middle."""
    del kept.log.rows[1]

    faulty(kept, 2, "entry 2 is missing; the next one kept is 3")


def test_a_missing_end_is_found_when_it_has_ended(kept: Terminal) -> None:
    """At once: nothing is on its way any more."""
    ended(kept)
    del kept.log.rows[3]

    faulty(kept, 4, "entries 4 to 4 are not in the store")


def test_a_missing_end_of_a_running_escalation_is_found(kept: Terminal) -> None:
    """Once it has been waited for."""
    del kept.log.rows[3]

    faulty(kept, 4, "entries 4 to 4 are not in the store")


def test_entries_after_the_end_are_found(kept: Terminal) -> None:
    """Somebody added them."""
    ended(kept, 3, kept.log.rows[2].digest)

    faulty(kept, 4, "the log goes on after its end")


def test_a_conflict_that_the_workflow_met_is_said(kept: Terminal) -> None:
    """It carried on, and told in its result."""
    ended(kept, conflicts=(2,))

    faulty(kept, 2, "the store was found to keep another entry than was decided")


def test_a_log_that_the_store_has_lost_is_found(kept: Terminal) -> None:
    """The engine still knows that there was one."""
    ended(kept)
    kept.log.rows = []

    faulty(kept, 1, "entries 1 to 4 are not in the store")


# --- What cannot be said ----------------------------------------------------------------------------------------------


def test_a_record_gone_by_retention_is_said_and_not_passed(kept: Terminal) -> None:
    """Every entry holds, yet the last ones could be missing: exit 1."""
    kept.client.heads = {}

    said = kept("audit", "verify", KNOWN)

    assert said.exit == 1
    assert "4 entries hold, but nothing vouches for the end: INC-1: no such escalation" in said.out
    assert "gone by retention" in said.out


def test_a_result_without_a_digest_proves_nothing(kept: Terminal) -> None:
    """Such as that of a start that was refused."""
    ended(kept, digest="")

    said = kept("audit", "verify", KNOWN)

    assert (said.exit, "the engine's result names no digest" in said.out) == (1, True)


def test_an_engine_that_is_away_is_one_line(kept: Terminal) -> None:
    """Nothing was checked."""

    class Away(type(kept.client)):  # type: ignore[misc]  # the fake of this room
        async def head(self, ref: str, episode: str | None = None) -> Head:
            raise Unreachable(f"{ref}: no answer within 15 s")

    kept.client = Away()

    said = kept("audit", "verify", KNOWN)

    assert (said.exit, said.err) == (1, "escalate: INC-1: no answer within 15 s\n")


def test_an_entry_that_is_on_its_way_is_waited_for(kept: Terminal) -> None:
    """The store is asked again."""
    late = kept.log.rows.pop()
    kept.log.arriving = [late]

    assert kept("audit", "verify", KNOWN).exit == 0


@pytest.mark.parametrize("verb", ["show", "verify"])
def test_an_unknown_reference_is_bad_input(terminal: Terminal, verb: str) -> None:
    """Neither the store nor the engine knows it."""
    said = terminal("audit", verb, "nobody-9")

    assert said.exit == 2
    assert said.err.startswith("escalate: NOBODY-9: the audit log has no entries; correct the reference")


# --- Showing ----------------------------------------------------------------------------------------------------------


def test_a_log_is_told_entry_by_entry(kept: Terminal) -> None:
    """Under its episode, each with the start of its digest."""
    lines = kept("audit", "show", KNOWN).out.splitlines()

    assert lines[0] == "INC-1 episode e1"
    assert "#1 opened by rosa" in lines[1]
    assert lines[1].split()[0] == kept.log.rows[0].digest[:8]
    assert len(lines) == LENGTH + 1


def test_a_damaged_log_is_still_told(kept: Terminal) -> None:
    """Showing is not proving."""
    kept.log.damage(2, body="{}")

    said = kept("audit", "show", KNOWN)

    assert said.exit == 0
    assert "#2 this is no entry of this version" in said.out


def test_a_log_in_json_has_what_the_store_has(kept: Terminal) -> None:
    """The entry as an object; a text that is none, as it is."""
    kept.log.damage(2, body="damaged")

    found = json.loads(kept("audit", "show", KNOWN, "--json").out)

    assert [each["sequence"] for each in found] == [1, 2, 3, 4]
    assert found[0]["entry"]["command"]["by"] == "rosa"
    assert found[1]["entry"] == "damaged"
