"""`escalate oncall`: who is asked, who is next, a calendar and the gaps, from a directory file alone."""

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from escalation.cli.oncall import AWAY_MAX, DAYS_MAX, NAMES_SHOWN, TURNS_SHOWN, WEEKS_MAX
from tests.edge.cli.terminal import NOW, Said, Terminal

# NOW is Sunday, 1 March 2026, 13:30 in Berlin, where the viewer is; Kathmandu is 4 h 45 min ahead.
DIRECTORY = """\
people:
  ana: {name: Ana Silva, email: ana@support.example}
  ben:
    name: Ben Ode
    email: ben@support.example
    away: [{since: "2026-03-10T00:00:00+01:00", until: "2026-03-12T00:00:00+01:00", why: vacation}]
  cleo: {name: Cleo Roy, email: cleo@support.example}
  dan: {name: Dan Ek}
teams:
  two: {name: Two, members: [ana, dan, cleo], lead: lead}
roles:
  l2: {primary: {schedule: week}, backup: cleo}
  alone: {primary: {schedule: week}}
  lead: {primary: cleo, backup: ben}
schedules:
  week:
    zone: Asia/Kathmandu
    layers:
      - {name: days, people: [ana, ben], every: weekly, start: "2026-02-02", hand_over: "08:00", day: monday}
    overrides:
      - {since: "2026-03-04T08:00:00+01:00", until: "2026-03-05T08:00:00+01:00", who: cleo, why: theatre}
  whole:
    zone: UTC
    layers:
      - {name: one, people: [ana], every: weekly, start: "2026-02-02", hand_over: "08:00"}
"""


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The worker's own, as the settings name it."""
    path = tmp_path / "directory.yaml"
    path.write_text(DIRECTORY)
    monkeypatch.setenv("ESCALATION_DIRECTORY_FILE", str(path))
    return path


def oncall(terminal: Terminal, *arguments: str) -> Said:
    return terminal("oncall", *arguments)


def answers(terminal: Terminal, *arguments: str) -> Any:  # noqa: ANN401  # what JSON knows
    said = oncall(terminal, *arguments, "--json")
    return json.loads(said.out)


def test_every_role_has_a_line(terminal: Terminal) -> None:
    """Who would be asked, and until when where a schedule says so: here and in UTC."""
    said = oncall(terminal, "who")

    assert (said.exit, said.err) == (0, "")
    assert said.out.splitlines() == [
        "l2     ben, backup cleo, until 2026-03-02 03:15 CET (02:15Z)",
        "alone  ben, until 2026-03-02 03:15 CET (02:15Z)",
        "lead   cleo, backup ben",
    ]


def test_one_role_has_a_page_with_the_reason(terminal: Terminal) -> None:
    """The one that the log will have, as of any instant."""
    assert oncall(terminal, "who", "l2", "--at", "2026-03-11T12:00Z").out.splitlines() == [
        "l2: backup cleo",
        "at         2026-03-11 13:00 CET (12:00Z)",
        "schedule   week",
        "until      2026-03-12 00:00 CET (2026-03-11 23:00Z)",
        (
            "why        nobody is on call until Thu 12 Mar 04:45 +0545 (week); ben: away until Thu 12 Mar 04:45 +0545"
            " (vacation); backup cleo is asked"
        ),
    ]
    assert "why        the role is always theirs" in oncall(terminal, "who", "lead").out
    assert "until      no change is in sight" in oncall(terminal, "who", "whole").out


def test_who_answers_in_json(terminal: Terminal) -> None:
    """Of roles and of schedules."""
    assert answers(terminal, "who", "week", "--at", "2026-03-11T12:00Z") == {
        "at": "2026-03-11T12:00:00Z",
        "answers": [
            {
                "name": "week", "contact": None, "backup": None, "schedule": "week", "until": "2026-03-11T23:00:00Z",
                "why": "ben: away until 2026-03-11T23:00:00+00:00 (vacation)",
            }
        ],
    }  # fmt: skip
    assert [each["contact"] for each in answers(terminal, "who")["answers"]] == ["ben", "ben", "cleo"]


def test_nobody_is_said_with_the_reason(terminal: Terminal) -> None:
    """In the line of the role as well."""
    said = oncall(terminal, "who", "--at", "2026-03-11T12:00Z")

    assert "alone  nobody, until 2026-03-12 00:00 CET (2026-03-11 23:00Z) (nobody is on call until" in said.out


def test_whatever_a_step_may_ask_is_answered(terminal: Terminal) -> None:
    """Each of a list on a line of their own; one person with the reason."""
    assert oncall(terminal, "who", "everyone:two").out.splitlines() == [
        "everyone:two  ana",
        "everyone:two  cleo",
    ]
    assert oncall(terminal, "who", "manager-of:everyone:two").out.splitlines()[0] == (
        "manager-of:everyone:two: cleo, backup ben"
    )
    (first,) = answers(terminal, "who", "round-robin:two")["answers"]
    assert (first["contact"], first["backup"]) == ("ana", "cleo")
    assert oncall(terminal, "who", "manager-of:dan").out.splitlines()[0] == "manager-of:dan: nobody"


def test_a_schedule_that_has_not_begun_is_nobodys_turn(terminal: Terminal, directory: Path) -> None:
    """It does not say that it is always somebody's."""
    directory.write_text(
        DIRECTORY.replace('people: [ana], every: weekly, start: "2026', 'people: [ana], every: weekly, start: "2099')
    )

    assert oncall(terminal, "who", "whole").out.splitlines()[-1].split(maxsplit=1) == ["why", "it is nobody's turn"]


def test_next_names_the_following_hand_overs(terminal: Terminal) -> None:
    """Of a role or of its schedule; a vacation is a hand-over to nobody."""
    said = oncall(terminal, "next", "l2")

    assert said.out == oncall(terminal, "next", "week").out
    assert said.out.splitlines() == [
        "week: ben, by days",
        "  2026-03-02 03:15 CET (02:15Z), in 13h45m: ana",
        "  2026-03-04 08:00 CET (07:00Z), in 2 days: cleo",
        "  2026-03-05 08:00 CET (07:00Z), in 3 days: ana",
        "  2026-03-09 03:15 CET (02:15Z), in 7 days: ben",
        "  2026-03-10 00:00 CET (2026-03-09 23:00Z), in 8 days: nobody",
    ]
    assert [turn["person"] for turn in answers(terminal, "next", "week")["turns"]] == [
        "ben", "ana", "cleo", "ana", "ben", None,
    ]  # fmt: skip
    assert len(answers(terminal, "next", "week")["turns"]) == TURNS_SHOWN + 1


def test_a_schedule_without_a_hand_over_says_so(terminal: Terminal) -> None:
    """One person has it for as long as one can see."""
    assert oncall(terminal, "next", "whole").out.splitlines() == ["whole: ana, by one", "no hand-over within 400 days"]


def test_a_calendar_shows_whole_weeks_of_the_viewer(terminal: Terminal) -> None:
    """Who has it as a day begins, each hand-over at its time here, and below what is not as usual."""
    said = oncall(terminal, "show", "l2", "--weeks", "3")

    assert said.out.startswith("week, kept in Asia/Kathmandu, shown in CET\n")
    for part in ("23 Feb", "03:15 ana", "08:00 cleo", "nobody", "15 Mar"):
        assert part in said.out
    assert "16 Mar" not in said.out
    assert "\x1b" not in said.out  # colours are for terminals
    assert said.out.splitlines()[-2:] == [
        "2026-03-04 08:00 CET (07:00Z) to 2026-03-05 08:00 CET (07:00Z): cleo (override: theatre)",
        (
            "2026-03-10 00:00 CET (2026-03-09 23:00Z) to 2026-03-12 00:00 CET (2026-03-11 23:00Z): nobody"
            " (ben is away (vacation))"
        ),
    ]


def test_a_calendar_in_json_is_its_turns(terminal: Terminal) -> None:
    """From Monday of this week, touching, to the end of the last one; over a change of the clocks as well."""
    turns = answers(terminal, "show", "week", "--weeks", "6")["turns"]

    assert (turns[0]["start"], turns[-1]["end"]) == ("2026-02-22T23:00:00Z", "2026-04-05T22:00:00Z")
    assert all(before["end"] == after["start"] for before, after in pairwise(turns))
    assert turns[6] == {
        "start": "2026-03-09T23:00:00Z", "end": "2026-03-11T23:00:00Z", "person": None, "by": "",
        "skipped": [{"person": "ben", "until": "2026-03-11T23:00:00Z", "why": "vacation"}],
    }  # fmt: skip


def test_a_day_with_many_hand_overs_is_cut_short(terminal: Terminal, directory: Path) -> None:
    """A cell has a largest height."""
    hourly = '{name: h, people: [ana, ben, cleo], every: "1 hour", start: "2026-02-02", hand_over: "00:00"}'
    directory.write_text(f"{DIRECTORY}  hours: {{zone: UTC, layers: [{hourly}]}}\n")

    assert "16 more" in oncall(terminal, "show", "hours", "--weeks", "1").out


def test_gaps_are_found_and_fail_when_nobody_is_left(terminal: Terminal) -> None:
    """A backup who stands in is said, and is no failure."""
    said = oncall(terminal, "gaps")

    since_until = "2026-03-10 00:00 CET (2026-03-09 23:00Z) to 2026-03-12 00:00 CET (2026-03-11 23:00Z)"
    assert said.exit == 1
    assert [line.partition(" (nobody is")[0] for line in said.out.splitlines()] == [
        f"alone: nobody from {since_until}",
        f"l2: backup cleo from {since_until}",
    ]
    found = answers(terminal, "gaps")
    assert [(gap["role"], gap["backup"]) for gap in found["gaps"]] == [("alone", None), ("l2", "cleo")]
    assert (found["since"], found["until"]) == ("2026-03-01T12:30:00Z", "2026-05-30T12:30:00Z")


def test_no_gap_is_said_too(terminal: Terminal) -> None:
    """Within the days that were asked for."""
    assert oncall(terminal, "gaps", "--days", "8") == Said(
        0, "every role has somebody at every instant of the next 8 days\n", ""
    )


def test_a_role_that_nobody_can_answer_is_one_gap(terminal: Terminal, directory: Path) -> None:
    """From now to the end, however often it changes who is meant."""
    directory.write_text(DIRECTORY.replace("roles:\n", "roles:\n  desk: {primary: dan}\n"))
    (gap,) = (each for each in answers(terminal, "gaps")["gaps"] if each["role"] == "desk")

    assert datetime.fromisoformat(gap["start"]) == NOW
    assert gap["why"] == "dan: has no address on an allowed channel"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("who", "nobody"), "no role or schedule is called 'nobody'; known are l2, alone, lead, week, whole"),
        (("who", "manager-of:owner"), "depends on the escalation; write an id in place of owner or customer"),
        (("who", "everyone:"), "what follows everyone: is missing"),
        (("next", "lead"), "no schedule fills the role 'lead'; known are week, whole"),
        (("who", "--at", "noon"), "--at 'noon' is no instant; write for example 2026-03-01T17:00+01:00"),
        (("who", "--at", "2096-01-01T00:00Z"), f"is too far away; ask for an instant within {AWAY_MAX.days} days"),
        (("show", "week", "--weeks", "0"), "Invalid value for '--weeks'"),
        (("show", "week", "--weeks", str(WEEKS_MAX + 1)), "Invalid value for '--weeks'"),
        (("gaps", "--days", str(DAYS_MAX + 1)), "Invalid value for '--days'"),
        (("who", "--directory", "/nowhere.yaml"), "directory '/nowhere.yaml' cannot be read (No such file or"),
    ],
)
def test_bad_input_is_one_line(terminal: Terminal, arguments: tuple[str, ...], line: str) -> None:
    """What, the limit, the next step."""
    said = oncall(terminal, *arguments)

    assert (said.exit, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert line in said.err


@pytest.mark.parametrize("arguments", [("show", "week", "--weeks", str(WEEKS_MAX)), ("gaps", "--days", str(DAYS_MAX))])
def test_the_largest_stretches_are_answered(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    """At the bound, not one below."""
    assert oncall(terminal, *arguments).err == ""


def test_a_file_without_schedules_and_with_many_roles_is_answered_in_a_line(
    terminal: Terminal, directory: Path
) -> None:
    """The names that are known are shown up to a number."""
    roles = "".join(f"  r{number}: {{primary: ana}}\n" for number in range(NAMES_SHOWN + 2))
    directory.write_text(f"people:\n  ana: {{name: Ana Silva}}\nroles:\n{roles}")

    assert oncall(terminal, "who", "x").err.endswith(f"r{NAMES_SHOWN - 1} and 2 more\n")
    assert "the directory has none" in oncall(terminal, "next", "r0").err


def test_a_directory_without_anybody_says_so(terminal: Terminal, directory: Path) -> None:
    """Instead of nothing, or of praise for it."""
    directory.write_text("people: {}\n")

    for verb in ("who", "gaps"):
        assert "the directory has no roles" in oncall(terminal, verb).out
    assert terminal("directory", "check").out == "the directory has no people\n"


def test_a_wrong_file_says_every_fault(terminal: Terminal, directory: Path) -> None:
    """Each on one line, with path and line."""
    directory.write_text(DIRECTORY.replace("[ana, ben]", "[ana, zoe]").replace("backup: ben", "backup: eve"))

    assert [line.split(":")[1].strip() for line in oncall(terminal, "who").err.splitlines()] == [
        "roles.lead.backup (line 14)",
        "schedules.week.layers[0].people[1] (line 19)",
    ]
