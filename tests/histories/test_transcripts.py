"""What a replay does not see: durations, recipients, timeouts and answers are those of the record, and of the rules."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from temporalio.client import WorkflowHistory

from escalation.wire.messages import Start
from tests.histories import against_core, transcript
from tests.histories.against_core import NEAR
from tests.histories.guards import ADVICE
from tests.histories.issued import Issued, in_history, today
from tests.histories.recorded import FOLDER, kept, name_of, read

GOLDENS = kept()
MAIN_LINE = FOLDER / "main_line.json.gz"


def start_of(history: WorkflowHistory) -> Start:
    """What a run began with."""
    given = history.events[0].workflow_execution_started_event_attributes.input.payloads[0]
    return TypeAdapter(Start).validate_json(given.data)


def judged(history: WorkflowHistory, change: Callable[[Issued], Issued] | None = None) -> list[str]:
    """What the rules say to a history of which each command may be changed."""
    issued = in_history(history)
    return against_core.faults(map(change, issued) if change else issued, start_of(history))


@pytest.mark.parametrize("golden", GOLDENS, ids=name_of)
async def test_todays_code_issues_what_the_transcript_tells(golden: Path) -> None:
    """The same text, to the last timeout; another one is another treatment of escalations that run."""
    assert await transcript.faults(name_of(golden)) == [], ADVICE["transcripts"]


@pytest.mark.parametrize("golden", GOLDENS, ids=name_of)
def test_the_rules_ask_for_what_was_issued(golden: Path) -> None:
    """The history's own log, decided again: the same bytes, and every dispatch, timer and attribute follows from it."""
    assert judged(read(golden)) == []


def test_every_transcript_is_of_a_history() -> None:
    """None is left over from a history that is gone."""
    assert sorted(FOLDER.glob("*.transcript.txt")) == sorted(transcript.path_of(golden) for golden in GOLDENS)


@pytest.mark.parametrize("golden", GOLDENS, ids=name_of)
async def test_a_history_and_todays_code_are_read_alike(golden: Path) -> None:
    """Two sources, one form: the same commands in the same wakes, or a transcript would compare nothing."""
    history = read(golden)

    assert [(each.at, each.kind) for each in await today(history)] == [
        (each.at, each.kind) for each in in_history(history)
    ]


async def test_a_transcript_tells_every_kind_of_command() -> None:
    """Acts, timers, attributes, answers and the result."""
    told = await transcript.of(read(MAIN_LINE))
    kinds = {line.split("  ")[2] for line in told.splitlines()[1:]}

    assert {"notify", "record", "start timer", "cancel timer", "attributes", "answer", "end"} <= kinds


async def test_a_history_without_a_transcript_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It would not be guarded."""
    monkeypatch.setattr(transcript, "FOLDER", tmp_path)

    assert len(await transcript.faults("main_line")) > 1


def _later(each: Issued, by: timedelta) -> Issued:
    return replace(each, terms={**each.terms, "for": each.terms["for"] + by}) if each.kind == "start timer" else each


def _effect(each: Issued, **given: object) -> Issued:
    if each.kind != "notify":
        return each
    order: dict[str, Any] = each.input[0]
    return replace(each, input=[{**order, "effect": {**order["effect"], **given}}])


def _works_for(each: Issued, by: timedelta) -> Issued:
    if each.kind != "notify":
        return each
    order: dict[str, Any] = each.input[0]
    return replace(each, input=[{**order, "at": (datetime.fromisoformat(order["at"]) + by).isoformat()}])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda each: _later(each, NEAR * 2), "a timer runs for"),
        (lambda each: _effect(each, contact="somebody"), "contact='somebody'"),
        (lambda each: _effect(each, channel="voice"), "but the rules ask for"),
        (lambda each: _effect(each, message="closing"), "but the rules ask for"),
        (lambda each: _effect(each, number=4000), "was never asked for"),
        (lambda each: _works_for(each, NEAR), "but was decided at"),
        (lambda each: replace(each, input={}) if each.kind == "attributes" else each, "the attributes shown are"),
        (lambda each: replace(each, summary="next due never") if each.kind == "start timer" else each, "a timer says"),
    ],
    ids=["timer", "recipient", "channel", "message", "number", "instant", "attributes", "summary"],
)
def test_a_command_that_no_rule_asked_for_is_noticed(change: Callable[[Issued], Issued], said: str) -> None:
    """Each kind of difference by itself, in an honest history."""
    found = judged(read(MAIN_LINE), change)

    assert any(said in fault for fault in found), found


def test_a_timer_may_differ_by_a_millisecond() -> None:
    """The engine's clock is finer than ours."""
    assert judged(read(MAIN_LINE), lambda each: _later(each, NEAR)) == []
