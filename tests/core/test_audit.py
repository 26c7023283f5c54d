"""Proving a log: every kind of tampering is found, and the first bad entry is named."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.audit import Kept, fold, verify
from escalation.core.canonical import canonical
from escalation.core.commands import Acknowledge, AddNote, Cancel, Elapse, Resolve
from escalation.core.decide import decide
from escalation.core.entry import Entry, digest_of
from escalation.core.opening import GENESIS
from escalation.core.vocabulary import ClockName, Phase
from tests.core.cases import HOUR, START, TEXT, Story, opening

Log = list[Kept]


def told() -> tuple[Story, Log]:
    """A life with a page, a lapse, a refusal, a breach and an end."""
    story = Story(sealed=True)
    story.wait(12 * HOUR / 60)
    story.do(Resolve("ann", TEXT))
    story.do(Acknowledge("bob"))
    story.do(Cancel("sue", "opened twice"))
    return story, [Kept(d.sealed.body, d.sealed.entry, d.sealed.digest) for d in story.decisions]


STORY, LOG = told()
MIDDLE = len(LOG) // 2


def rewritten(log: Log, index: int, **changes: object) -> Log:
    """An entry forged with all its might: its text, its digest and every link after it are right again."""
    forged, head = list(log[:index]), log[index - 1].digest if index else GENESIS
    for offset, kept in enumerate(log[index:]):
        entry = replace(kept.entry, previous=head, **(changes if offset == 0 else {}))  # type: ignore[arg-type]
        body = canonical(entry)
        head = digest_of(body)
        forged.append(Kept(body, entry, head))
    return forged


def test_an_honest_log_holds_and_leads_to_the_state() -> None:
    """The fold of the log through the rules is the state itself; the head is the one that the state carries."""
    verdict = verify(LOG)

    assert (verdict.holds, verdict.fault, verdict.sequence) == (True, None, None)
    assert (verdict.entries, verdict.head, verdict.state) == (len(LOG), STORY.state.head.digest, STORY.state)
    assert fold(kept.entry for kept in LOG) == STORY.state


def test_a_log_cut_off_at_its_end_is_short_and_not_wrong() -> None:
    """So it has to be compared with another witness: head and count say where it stops."""
    verdict = verify(LOG[:-1])

    assert verdict.holds
    assert verdict.head != STORY.state.head.digest
    assert verdict.entries == STORY.state.head.sequence - 1


def test_no_entries_prove_nothing() -> None:
    """No state, the digest before the first."""
    verdict = verify([])

    assert (verdict.entries, verdict.head, verdict.state, verdict.holds) == (0, GENESIS, None, True)
    assert fold([]) is None


def flipped(log: Log) -> Log:
    body = log[MIDDLE].body.replace('"sequence":', '"sequenc3":')
    return [*log[:MIDDLE], replace(log[MIDDLE], body=body), *log[MIDDLE + 1 :]]


def retold(log: Log) -> Log:
    """What it says is not what its text says."""
    entry = replace(log[MIDDLE].entry, command=AddNote("mallory", TEXT))
    return [*log[:MIDDLE], replace(log[MIDDLE], entry=entry), *log[MIDDLE + 1 :]]


def inserted(log: Log) -> Log:
    return [*log[: MIDDLE + 1], log[MIDDLE], *log[MIDDLE + 1 :]]


def swapped(log: Log) -> Log:
    return [*log[:MIDDLE], log[MIDDLE + 1], log[MIDDLE], *log[MIDDLE + 2 :]]


def relinked(log: Log) -> Log:
    """A digest that is right for its text, and a link that leads nowhere."""
    entry = replace(log[MIDDLE].entry, previous="ff" * 32)
    body = canonical(entry)
    return [*log[:MIDDLE], Kept(body, entry, digest_of(body)), *log[MIDDLE + 1 :]]


@pytest.mark.parametrize(
    ("tamper", "sequence", "fault"),
    [
        (flipped, MIDDLE + 1, "does not have the digest"),
        (retold, MIDDLE + 1, "made again, the decision differs"),
        (lambda log: [*log[:MIDDLE], *log[MIDDLE + 1 :]], MIDDLE + 1, f"entry {MIDDLE + 1} is missing"),
        (lambda log: log[1:], 1, "entry 1 is missing"),
        (inserted, MIDDLE + 2, f"entry {MIDDLE + 2} is missing; the next one kept is {MIDDLE + 1}"),
        (swapped, MIDDLE + 1, f"entry {MIDDLE + 1} is missing"),
        (relinked, MIDDLE + 1, "it follows ffffffffffff, but the entry before is"),
        (lambda log: rewritten(log, MIDDLE, at=log[MIDDLE].entry.at + timedelta(days=3)), MIDDLE + 1, "differs: "),
        (lambda log: rewritten(log, 0, effects=()), 1, "differs: effects"),
        (
            lambda log: rewritten(log, MIDDLE, core="0"),
            MIDDLE + 1,
            "it was decided by core '0'",
        ),
        (
            lambda log: rewritten(log, MIDDLE, command=opening()),
            MIDDLE + 1,
            "cannot be made: ValueError 'ESC-1'",
        ),
        (lambda log: rewritten(log, 0, command=Elapse()), 1, "cannot be made: ValueError 'elapse' cannot come before"),
        (
            lambda log: rewritten(log, 0, command=opening(policy=replace(opening().policy, chains=()))),
            1,
            "cannot be made: StopIteration",
        ),
    ],
    ids=[
        "flipped byte",
        "retold",
        "missing",
        "beginning missing",
        "inserted",
        "swapped",
        "relinked",
        "another instant",
        "effects hidden",
        "another core",
        "opened twice",
        "never opened",
        "agreement without chains",
    ],
)
def test_tampering_is_found_and_its_first_entry_named(tamper: Callable[[Log], Log], sequence: int, fault: str) -> None:
    """Even when digests and links were made right again, the decision cannot be."""
    verdict = verify(tamper(LOG))

    assert (verdict.holds, verdict.sequence, verdict.entries) == (False, sequence, sequence - 1)
    assert verdict.fault is not None
    assert fault in verdict.fault


def test_a_text_that_is_not_canonical_is_a_fault() -> None:
    """The same content with a space in it, and the right digest."""
    body = LOG[-1].body.replace('","', '", "')
    verdict = verify([*LOG[:-1], Kept(body, LOG[-1].entry, digest_of(body))])

    assert (verdict.sequence, verdict.fault) == (
        len(LOG),
        "made again, the decision differs: its text is not canonical",
    )


def test_the_log_of_a_refused_opening_verifies() -> None:
    """One entry, no state; nothing can follow it."""
    sealed = decide(None, opening(route="nowhere"), START).sealed
    log = [Kept(sealed.body, sealed.entry, sealed.digest)]

    assert (verify(log).holds, verify(log).state) == (True, None)


def test_without_sealing_the_state_is_the_same_but_for_the_head() -> None:
    """Rehearsals need no digests."""
    bare = Story(sealed=False)
    full = Story(sealed=True)

    assert bare.decisions[0].sealed.body == ""
    assert replace(bare.state, head=full.state.head) == full.state
    assert bare.state.head.digest == GENESIS


def test_every_entry_says_what_was_due_when_and_what_is_due_next() -> None:
    """Served late or in time: the entry carries both instants."""
    story = Story()
    story.outage(15 * HOUR / 60)
    entry: Entry = story.do(Elapse()).sealed.entry

    assert [(fired.clock, fired.at - START) for fired in entry.fired] == [
        ("tell", timedelta(minutes=2)),
        ("acknowledgement", timedelta(minutes=10)),
    ]
    assert entry.at == START + timedelta(minutes=15)
    assert {note.name: note.due for note in entry.clocks}[ClockName.ACKNOWLEDGEMENT] == entry.at + timedelta(minutes=20)
    assert story.phase is Phase.IN_TRANSFER
    assert ("step", "1.1", "1.2") in [(c.field, c.before, c.after) for c in entry.changes]
