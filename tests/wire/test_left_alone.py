"""How it reads that people are left alone: in the log, in the view, and in an agreement."""

from datetime import timedelta

import pytest

from escalation.core.commands import Snooze, Unsnooze
from escalation.core.lull import MaintenanceWindow
from escalation.core.policy import SNOOZE_MAX
from escalation.core.vocabulary import Severity
from escalation.wire.telling import tell
from escalation.wire.views import page_of, view_of
from escalation.wire.yaml_reader import FaultyFileError
from tests.core.cases import HOUR, START, Story, active, opening
from tests.wire.test_beside import agreed

WINDOW = MaintenanceWindow("db-move", START - HOUR, START + HOUR, "the database moves", "dana", ("engineering",))


def last(story: Story) -> str:
    return tell(story.decisions[-1].sealed.entry)


def test_the_log_tells_of_a_snooze_and_of_its_end() -> None:
    """Who, until when, and why."""
    story = active()
    story.do(Snooze("ann", START + HOUR, "on a train"))
    until = "until 2025-03-10T10:00:00.000000Z (snooze: on a train)"
    assert f"snoozed by ann: left_alone – → {until}" in last(story)
    story.do(Unsnooze("bob", "it burns"))
    assert f"woken by bob: left_alone {until} → " in last(story)


def test_the_log_tells_of_a_maintenance_and_that_it_holds_back_no_sev1() -> None:
    """The first line says why nobody is asked, or why everybody is all the same."""
    silent, loud = (
        Story(opening(maintenance=(WINDOW,), severity=severity)) for severity in (Severity.SEV2, Severity.SEV1)
    )
    first = [tell(story.decisions[0].sealed.entry) for story in (silent, loud)]
    assert "opened by sue: phase" in first[0]
    assert "left_alone – → until 2025-03-10T10:00:00.000000Z (maintenance db-move: the database moves)" in first[0]
    assert "opened by sue (maintenance db-move holds back no SEV1): phase" in first[1]
    elsewhere = Story(opening(maintenance=(WINDOW,), severity=Severity.SEV1, route="circling"))
    assert "opened by sue: phase" in tell(elsewhere.decisions[0].sealed.entry)


def test_the_view_has_it_and_the_engines_page_shows_it() -> None:
    """Until when, by whom, and why; nothing where people are told as ever."""
    story = Story(opening(maintenance=(WINDOW,)))
    view = view_of(story.state)
    assert (view.left_alone_until, view.left_alone_by) == (START + HOUR, "dana")
    assert view.left_alone_why == "maintenance db-move: the database moves"
    shown = "**Left alone** until 2025-03-10T10:00:00+00:00 by `dana`, maintenance db-move: the database moves"
    assert shown in page_of(view)
    story.do(Unsnooze("sue"))
    view = view_of(story.state)
    assert (view.left_alone_until, view.left_alone_by, view.left_alone_why) == (None, "", "")
    assert "Left alone" not in page_of(view)


@pytest.mark.parametrize(("line", "longest"), [("", SNOOZE_MAX), ('snooze_max: "8h"', timedelta(hours=8))])
def test_an_agreement_says_how_long_a_snooze_may_last(line: str, longest: timedelta) -> None:
    """A day, unless it says otherwise."""
    assert agreed(line).house.snooze_max == longest


@pytest.mark.parametrize("written", ['"0s"', "8", "none", '"soon"'])
def test_a_longest_snooze_that_is_no_length_is_refused(written: str) -> None:
    """One line, with its place."""
    with pytest.raises(FaultyFileError, match=r"house.snooze_max \(line [0-9]+\): "):
        agreed(f"snooze_max: {written}")
