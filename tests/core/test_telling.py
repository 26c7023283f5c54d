"""What an entry says of changes and clocks, and what a rehearsal leaves out."""

from dataclasses import replace

import pytest

from escalation.core.commands import Acknowledge, Resolve
from escalation.core.decide import decide
from tests.core.cases import START, opening


@pytest.mark.parametrize("sealed", [True, False])
def test_an_entry_says_what_changed_and_what_is_due_unless_nobody_reads_it(*, sealed: bool) -> None:
    """Leaving it out changes nothing else; a sealed entry always says it, or its bytes would not be one log's."""
    state = decide(None, opening(), START).state
    told = decide(state, Acknowledge("dora"), START, sealed=sealed)
    untold = decide(state, Acknowledge("dora"), START, sealed=sealed, noted=False)

    assert ("phase", "in_transfer", "active") in [(c.field, c.before, c.after) for c in told.sealed.entry.changes]
    assert told.sealed.entry.clocks
    assert (untold.state, untold.effects, untold.sealed.digest) == (told.state, told.effects, told.sealed.digest)
    expected = told.sealed.entry if sealed else replace(told.sealed.entry, changes=(), clocks=())
    assert untold.sealed.entry == expected


def test_messages_of_one_moment_share_their_brief() -> None:
    """It is the same object, so it is written once; when a fact has changed, it is another one."""
    opened = decide(None, opening(), START)
    closed = decide(opened.state, Resolve("dora"), START)
    first, last = ([getattr(e, "brief", None) for e in one.effects if hasattr(e, "brief")] for one in (opened, closed))

    assert len({id(brief) for brief in first}) == 1
    assert last[-1] != first[-1]
