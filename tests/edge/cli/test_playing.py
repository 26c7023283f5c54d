"""`escalate play`: recorded incidents on an engine whose rules are the core's own, in a time that passes at once."""

import asyncio
import gzip
import io
import json
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console
from typer.testing import CliRunner

from escalation.cli import app, playing
from escalation.cli.doors import Client, Doors
from escalation.cli.playing import LIMIT_MAX, SPEED_MAX
from escalation.core.commands import Elapse, Instructable
from escalation.core.effects import Text
from escalation.core.refusals import Refusal
from escalation.core.state import next_due
from escalation.core.vocabulary import Phase
from escalation.drills.incidents import read
from escalation.drills.live import Said as Step
from escalation.drills.pure import NO_COMMITMENT, Play
from escalation.drills.script import Opening, Script
from escalation.wire.messages import Answer, View
from escalation.wire.outcomes import Ended, NotFound, Refused, Unreachable
from escalation.wire.requests import EscalationRequest
from tests.edge.cli.terminal import NOW, VIEW, RememberingClient, Said
from tests.edge.drills.samples import SAMPLE, stage
from tests.house.tree import ROOT

ROWS = [
    (0, "New", "Group 3"),
    (4, "Active", "Group 3"),
    (9, "Awaiting User Info", "Group 3"),
    (12, "Awaiting User Info", "Group 3"),
    (15, "Active", "Group 4"),
    (18, "Active", "Group 4"),
    (21, "Resolved", "Group 4"),
    (24, "Active", "Group 4"),
    (27, "Awaiting Vendor", "Group 4"),
    (30, "Active", "Group 4"),
    (33, "Resolved", "Group 4"),
    (36, "Closed", "Group 4"),
]


async def others(turns: int) -> None:
    """They get their turn so many times, before this goes on."""
    loop = asyncio.get_running_loop()
    for _ in range(turns):
        turn = asyncio.Event()
        loop.call_soon(turn.set)
        await turn.wait()


@dataclass
class Hours:
    """Time that jumps to the next instant for which everybody waits."""

    at: datetime = NOW
    wakes: list[datetime] = field(default_factory=list)
    stirred: int = 0  # how often anybody has done anything

    async def pause(self, length: timedelta) -> None:
        wake = self.at + length
        self.wakes.append(wake)
        self.stirred += 1
        while self.at < wake:
            before = self.stirred
            await others(5)
            if self.stirred == before and min(self.wakes) == wake:
                self.at = wake
                self.stirred += 1
        self.wakes.remove(wake)


@dataclass
class CoreEngine(RememberingClient):
    """Escalations by the core's rules, with answers that are remembered by key."""

    hours: Hours = field(default_factory=Hours)
    plays: dict[str, Play] = field(default_factory=dict)
    opened_as: dict[str, str] = field(default_factory=dict)
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    keys: list[tuple[str, str, str]] = field(default_factory=list)  # reference, key, kind: what was decided
    breaks_after: int | None = None
    breaks_with: Exception | None = None  # None: somebody presses Ctrl-C
    busy: int = 0
    busiest: int = 0

    async def start(self, request: EscalationRequest) -> Answer:
        self.started.append(request)
        ref = request.reference
        if self.opened_as.get(ref, request.episode) != request.episode and not self.plays[ref].state.ended:
            raise Refused(Refusal.ALREADY_OPEN, {}, ref)
        assert request.severity is not None  # a recorded incident has one
        opening = Opening(
            self.hours.at, request.by, request.route, request.severity, request.customer, request.title,
            request.description, request.deadline,
        )  # fmt: skip
        play = Play(Script(ref, timedelta(0), opening, ()), replace(stage(), episode=lambda _: request.episode))
        play.take(play.opening(), self.hours.at)
        play.settle(self.hours.at)
        self.plays[ref], self.opened_as[ref] = play, request.episode
        return Answer(ref, request.episode, 1, play.state.phase)

    async def send(
        self, ref: str, command: Instructable, key: str | None = None, *, words: str | None = None
    ) -> Answer:
        assert key is not None
        self.busy, self.hours.stirred = self.busy + 1, self.hours.stirred + 1
        self.busiest = max(self.busy, self.busiest)
        await others(1)
        self.busy, self.hours.stirred = self.busy - 1, self.hours.stirred + 1
        if (ref, key) not in self.answers:
            if self.breaks_after is not None and len(self.keys) >= self.breaks_after:
                self.breaks_after = None
                if self.breaks_with is not None:
                    raise self.breaks_with
                signal.raise_signal(signal.SIGINT)
                await asyncio.get_running_loop().create_future()
            self.answers[ref, key] = self._decided(ref, command, key, words)
        answer = self.answers[ref, key]
        if answer.refusal is not None:
            raise Refused(answer.refusal, answer.facts, ref)
        return answer

    def _decided(self, ref: str, command: Instructable, key: str, words: str | None) -> Answer:
        play = self.passed(ref)
        if play.state.ended:
            raise Ended(ref, None)
        given: dict[str, Any] = {} if words is None else {"text": Text(f"{ref} {key}", NO_COMMITMENT)}
        entry = play.take(replace(command, **given), self.hours.at).sealed.entry
        play.settle(self.hours.at)
        self.keys.append((ref, key, command.kind))
        return Answer(ref, self.opened_as[ref], entry.sequence, play.state.phase, entry.refusal, entry.facts)

    def passed(self, ref: str) -> Play:
        """That escalation, with its time come to now."""
        play = self.plays[ref]
        while (due := next_due(play.state)) is not None and due <= self.hours.at:
            play.take(Elapse(), due)
            play.settle(due)
        return play

    async def view(self, ref: str) -> View:
        if ref not in self.plays:
            raise NotFound(ref)
        state = self.passed(ref).state
        return replace(
            VIEW, reference=ref, episode=self.opened_as[ref], phase=state.phase, severity=state.grade.level,
            opened_at=state.case.opened_at, sequence=len(self.plays[ref].log),
        )  # fmt: skip


@dataclass
class Shell:
    """`shell("--speed 10")` plays the file that lies there."""

    file: Path
    hours: Hours = field(default_factory=Hours)

    def __post_init__(self) -> None:
        self.engine = CoreEngine(hours=self.hours)

    def __call__(self, *options: str, engine: Callable[[], Client] | None = None) -> Said:
        async def connect() -> Client:
            return engine() if engine is not None else self.engine

        self.hours.wakes.clear()
        outside = Doors(connect, now=lambda: self.hours.at, zone=ZoneInfo("UTC"), pause=self.hours.pause)
        ran = CliRunner().invoke(app, ["play", str(self.file), *options], obj=outside)
        return Said(ran.exit_code, ran.stdout, ran.stderr)

    def lines(self, *options: str) -> list[dict[str, Any]]:
        said = self(*options, "--json")
        assert (said.exit, said.err) == (0, "")
        return [json.loads(line) for line in said.out.splitlines()]


def written(reference: str, rows: list[tuple[int, str, str]], minute: int = 0) -> str:
    """An incident as a line, opened so many minutes after ten."""
    start = datetime(2016, 3, 1, 10, 0) + timedelta(minutes=minute)  # noqa: DTZ001  # recorded times have no zone
    events = [
        {"at": (start + timedelta(minutes=after)).isoformat(), "state": state, "group": group, "priority": 3}
        for after, state, group in rows
    ]
    opened = start.isoformat()
    return json.dumps({"id": reference, "opened_at": opened, "priority_at_open": 3, "events": events}) + "\n"


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """A run in the background ignores SIGINT, and so would the verb."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """With two incidents, the later one first in the file."""
    monkeypatch.setenv("ESCALATION_DIRECTORY_FILE", str(ROOT / "examples" / "directory.yaml"))
    file = tmp_path / "recorded incidents.jsonl"
    file.write_text(written("inc-2", ROWS, minute=30) + written("INC-1", ROWS))
    return Shell(file)


def kinds(engine: CoreEngine, ref: str) -> list[str]:
    return [kind for reference, _, kind in engine.keys if reference == ref]


def test_the_first_opens_now_and_the_rest_follow_scaled(shell: Shell) -> None:
    """The earliest incident first, whatever the order of the file; half an hour takes half a minute at 60."""
    lines = shell.lines()
    opened = {ref: play.state.case.opened_at - NOW for ref, play in shell.engine.plays.items()}

    assert opened == {"INC-1": timedelta(0), "INC-2": timedelta(seconds=30)}
    assert kinds(shell.engine, "INC-1") == kinds(shell.engine, "INC-2")
    assert kinds(shell.engine, "INC-1")[:6] == [
        "acknowledge", "block", "post_update", "hand_off", "acknowledge", "resolve",
    ]  # fmt: skip
    assert kinds(shell.engine, "INC-1")[6:] == [
        "reopen", "post_update", "block", "unblock", "post_update", "resolve", "confirm",
    ]  # fmt: skip
    assert timedelta(seconds=66) < shell.hours.at - NOW < timedelta(seconds=68)
    assert lines[-1] == {
        "stopped": False, "opened": 2, "found": 0, "said": 26, "before": 0, "refused": 0, "ended": 2,
        "again": f"escalate play '{shell.file}' --speed 60",
    }  # fmt: skip


def test_as_recorded_is_as_slow_as_it_was(shell: Shell) -> None:
    """Speed 1; no pause is so long that a machine that slept would be late by more than a minute."""
    shell("--speed", "1")

    assert timedelta(minutes=66) < shell.hours.at - NOW < timedelta(minutes=68)


def test_ctrl_c_is_a_good_end_that_says_how_to_go_on(shell: Shell) -> None:
    """Exit 0, the numbers, and a command line to type."""
    shell.engine.breaks_after = 5
    said = shell("--limit", "2", "--key", "monday")

    assert (said.exit, said.err, "\x1b" in said.out) == (0, "", False)
    assert said.out.splitlines()[0] == "INC-1 row 0 of 12: open"
    assert re.search(r"^opened +said +refused +closed *\n1 +5 +0 +0 *$", said.out, re.MULTILINE)
    assert said.out.endswith(f"goes on with: escalate play '{shell.file}' --speed 60 --limit 2 --key monday\n")


@pytest.mark.parametrize("stop", range(26))
def test_wherever_it_stops_it_goes_on_without_saying_anything_twice(shell: Shell, stop: int) -> None:
    """As if it had never stopped: the same is said under the same keys, by the same instants."""
    whole = Shell(shell.file)
    whole()
    shell.engine.breaks_after = stop
    shell()
    decided = len(shell.engine.keys)
    last = shell.lines()[-1]

    assert decided == stop
    assert sorted(shell.engine.keys) == sorted(whole.engine.keys)
    assert len(set(shell.engine.keys)) == len(shell.engine.keys)
    assert (last["said"] + decided, last["ended"]) == (26, 2)
    assert last["opened"] + last["found"] == 2
    assert shell.hours.at == whole.hours.at


def test_what_came_due_meanwhile_is_said_at_once(shell: Shell) -> None:
    """The play goes on from its own start, not from the second run's."""
    shell.engine.breaks_after = 3
    shell()
    shell.hours.at += timedelta(minutes=10)
    again = shell.hours.at
    last = shell.lines()[-1]

    assert (last["ended"], shell.hours.at) == (2, again)


def test_an_earlier_one_that_was_never_opened_does_not_move_the_start(shell: Shell) -> None:
    """It is told from the first that was; other people's escalations of the same name are left alone."""
    shell.file.write_text(written("INC-1", ROWS, minute=30))
    shell("--key", "theirs", "--limit", "1")
    shell.engine.plays["INC-1"].now = replace(shell.engine.plays["INC-1"].state, phase=Phase.ACTIVE)
    shell.engine.keys.clear()
    shell.file.write_text(written("INC-1", ROWS) + written("INC-2", ROWS, minute=30))
    shell.engine.breaks_after = 2
    begin = shell.hours.at
    shell()
    last = shell.lines()[-1]

    assert shell.engine.plays["INC-2"].state.case.opened_at == begin + timedelta(seconds=30)
    assert {ref for ref, _, _ in shell.engine.keys} == {"INC-2"}
    assert (last["found"], last["refused"], last["ended"]) == (1, 1, 1)


def test_played_to_the_end_it_is_played_anew_under_another_name(shell: Shell) -> None:
    """The same name says nothing more; another opens another episode and says everything again."""
    shell()
    same = shell()
    anew = shell.lines("--key", "again")[-1]

    assert same.out.splitlines()[-1] == "all of it had been played; another --key plays it anew"
    assert (anew["opened"], anew["said"], anew["ended"]) == (2, 26, 2)


def test_a_refusal_is_passed_over(shell: Shell) -> None:
    """It is told and counted, and the play goes on by what it says about the phase."""
    refused = CoreEngine._decided  # noqa: SLF001  # the fake's own

    class Blocked(CoreEngine):
        def _decided(self, ref: str, command: Instructable, key: str, words: str | None) -> Answer:
            if key == "play-1.4":
                return Answer(ref, "e", 2, None, Refusal.NOT_IN_THIS_PHASE, {"phase": Phase.BLOCKED})
            return refused(self, ref, command, key, words)

    shell.engine = Blocked(hours=shell.hours)
    said = shell("--limit", "1")

    assert "INC-2 row 2 of 12: acknowledge (refused, not in this phase)" in said.out
    assert re.search(r"^1 +\d+ +\d+ +1 *$", said.out, re.MULTILINE)


def test_only_so_many_questions_are_under_way(shell: Shell) -> None:
    """Many incidents at one instant; the engine is asked a few things at a time."""
    shell.file.write_text("".join(written(f"INC-{number}", ROWS[:2]) for number in range(40)))
    last = shell.lines()[-1]

    assert (last["opened"], last["said"]) == (40, 40)
    assert 1 < shell.engine.busiest <= playing.AT_ONCE


def test_no_engine_is_one_line_and_exit_1(shell: Shell) -> None:
    """Nothing was said, so there are no numbers."""

    def nowhere() -> Client:
        raise Unreachable("no engine at localhost:7233 (refused): start it or set TEMPORAL_ADDRESS")

    said = shell(engine=nowhere)

    assert (said.exit, said.out) == (1, "")
    assert said.err == "escalate: no engine at localhost:7233 (refused): start it or set TEMPORAL_ADDRESS\n"


def test_an_engine_that_goes_away_ends_it_with_the_numbers(shell: Shell) -> None:
    """Exit 1, why, and how to go on; which then says the rest."""
    shell.engine.breaks_after, shell.engine.breaks_with = 5, Unreachable("INC-1: no answer within 30 s")
    said = shell()

    assert (said.exit, said.err) == (1, "escalate: INC-1: no answer within 30 s\n")
    assert "it goes on with: escalate play" in said.out
    assert shell.lines()[-1]["said"] == 21


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "there is no incident in it; write one JSON object a line"),
        ("{}\n", "line 1 is no incident: 'events' is missing; correct it or leave it out"),
        (written("INC-1", []) + "[]\n", "line 2 is no incident"),
        (written("INC-1", []) + written("inc-1", []), "incident 'inc-1' is there twice; leave one out"),
        (written("a b", []), "incident 'a b': ticket 'a b' is no reference"),
        (written("INC-1", [(1, f"Awaiting {'x' * 2000}", "Group 1")]), "incident 'INC-1': waiting for has 2000"),
        (written("INC-1", [(1, "x\ny", "Group 1")]), "incident 'INC-1': state 'x\\ny' holds"),
    ],
)
def test_a_bad_file_is_one_clear_line(shell: Shell, text: str, why: str) -> None:
    """Exit 2 with file and place, before anything is sent."""
    shell.file.write_text(text)
    said = shell()

    assert (said.exit, said.out, shell.engine.started) == (2, "", [])
    assert said.err.startswith(f"escalate: {shell.file}: ")
    assert (why in said.err, said.err.count("\n")) == (True, 1)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\n", gzip.compress(written("INC-1", ROWS).encode(), mtime=0)[:60]], ids=["binary", "torn"]
)
def test_a_file_that_is_no_text_is_one_clear_line(shell: Shell, content: bytes) -> None:
    """Of whatever kind; a broken archive as well."""
    shell.file = shell.file.with_suffix(".gz" if content.startswith(b"\x1f") else ".jsonl")
    shell.file.write_bytes(content)
    said = shell()

    assert (said.exit, said.err.count("\n")) == (2, 1)
    assert "convert it" in said.err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--speed", "0.5"), "--speed is 0.5; give 1 (as recorded) to 100000"),
        (("--speed", "100001"), "--speed is 100001"),
        (("--speed", "nan"), "--speed is nan"),
        (("--limit", "0"), f"--limit is 0; give 1 to {LIMIT_MAX}"),
        (("--limit", f"{LIMIT_MAX + 1}"), f"--limit is {LIMIT_MAX + 1}"),
        (("--policy", "nobodys"), "no policy is called 'nobodys'; known are default, demo"),
        (("--key", ""), "--key is missing"),
    ],
)
def test_a_bad_option_is_one_clear_line(shell: Shell, options: tuple[str, ...], why: str) -> None:
    """What, the limit, the next step; exit 2."""
    said = shell(*options)

    assert (said.exit, said.out, said.err.count("\n")) == (2, "", 1)
    assert why in said.err


def test_the_bounds_themselves_are_allowed(shell: Shell) -> None:
    """The fastest play, and the largest limit."""
    assert shell("--speed", f"{SPEED_MAX:g}", "--limit", str(LIMIT_MAX)).exit == 0


def test_more_incidents_than_one_play_takes_are_refused(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless a limit says which; the bound is made small here."""
    monkeypatch.setattr(playing, "LIMIT_MAX", 1)
    said = shell()

    assert said.exit == 2
    assert "more than 1 incidents; play some of them with --limit" in said.err
    assert shell.lines("--limit", "1")[-1]["opened"] == 1


def test_a_directory_that_is_not_there_is_one_clear_line(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the setting."""
    monkeypatch.setenv("ESCALATION_DIRECTORY_FILE", "nowhere.yaml")
    said = shell()

    assert (said.exit, said.err.count("\n")) == (2, 1)
    assert "ESCALATION_DIRECTORY_FILE" in said.err


def test_a_terminal_has_one_bar_that_goes_away() -> None:
    """Rows of all; the last thing said beside it."""
    shown = io.StringIO()
    with playing.bar(Console(file=shown, force_terminal=True, width=120), incidents=2, rows=24) as draw:
        draw(Step("INC-1", 0, 12, "open"))
        draw(Step("INC-1", 3, 12, "block"))

    assert "2 incidents; Ctrl-C ends" in shown.getvalue()
    assert "3/24" in re.sub(r"\x1b\[[0-9;]*m", "", shown.getvalue())
    assert "INC-1 row 3 of 12: block" in shown.getvalue()


def test_the_sample_plays_as_a_file(shell: Shell) -> None:
    """All incidents of the examples, months in minutes, each opened once."""
    shell.file = SAMPLE
    last = shell.lines("--speed", "100000", "--limit", "5")[-1]

    assert last["opened"] == min(5, len(list(read(SAMPLE))))
    assert last["said"] > 0
