"""Whether everybody is there: who cannot be reached, when nobody is on call, and who is the only one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from escalation.adapters.directory import Directory
from escalation.adapters.policies import PolicyShelf
from escalation.core.vocabulary import Channel
from escalation.reports.agreed import Agreed
from escalation.reports.readiness import GAPS_SHOWN, Finding, of_on_call, of_people
from escalation.reports.remarks import Level
from tests.edge.reports.agreements import SETTLES

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SOON = AT + timedelta(days=90)
GOOD = """\
people:
  ana: {name: Ana Silva, email: ana@support.example, phone: "+12025550101"}
  ben: {name: Ben Ode, email: ben@support.example, phone: "+12025550102"}
  cyd: {name: Cyd Roy, email: cyd@support.example}
  dan: {name: Dan Ek}
  eve: {name: Eve Ito}
roles:
  l2: {primary: {schedule: rota}, backup: ana}
  lead: {primary: ana}
  void: {primary: dan, backup: ben}
schedules:
  rota:
    zone: UTC
    layers:
      - {name: weeks, people: [cyd], every: weekly, start: "2026-11-02", hand_over: "00:00"}
teams:
  crew: {name: Crew, members: [dan]}
"""


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    file = tmp_path / "directory.yaml"
    file.write_text(GOOD)
    return Directory.from_file(file)


def said(found: tuple[Finding, ...]) -> list[tuple[str, str, str]]:
    return [(each.level.value, each.name, each.subject) for each in found]


def test_whoever_is_needed_and_cannot_be_reached_is_an_error(directory: Directory) -> None:
    """Somebody who holds nothing and has nothing is a warning; who is on call must be woken."""
    assert said(of_people(directory, AT, None, must_verify=False)) == [
        ("error", "empty_team", "crew"),
        ("error", "unreachable", "dan"),
        ("warning", "cannot_be_woken", "cyd"),
        ("warning", "unreachable", "eve"),
    ]


@pytest.mark.parametrize(("must_verify", "level"), [(False, Level.WARNING), (True, Level.ERROR)])
def test_whoever_has_not_shown_that_they_read_is_named(
    directory: Directory, *, must_verify: bool, level: Level
) -> None:
    """It is an error where the house tells nobody before; one verified address is enough for that."""

    def verified(contact: str, channel: Channel, address: str) -> bool:
        return (contact, channel, address) == ("ana", Channel.SMS, "+12025550101")

    found = of_people(directory, AT, verified, must_verify=must_verify)
    strange = {each.subject: each.level for each in found if each.name == "unverified"}
    assert strange == {"ana": Level.WARNING, "ben": level, "cyd": level}


def test_gaps_and_people_who_stand_alone_are_found(directory: Directory) -> None:
    """Roles without a backup, schedules of one person, and times at which only the backup is there."""
    assert said(of_on_call(directory, [], AT, SOON)) == [
        ("warning", "no_backup", "lead"),
        ("warning", "single_person", "rota"),
        ("warning", "backup_only", "void"),
    ]


def test_many_gaps_of_a_role_are_counted(tmp_path: Path) -> None:
    """A digest is read to its end."""
    file = tmp_path / "nights.yaml"
    nights = GOOD.replace(
        'hand_over: "00:00"}', 'hand_over: "00:00", windows: [{days: [weekdays], hours: "08:00-18:00"}]}'
    )
    file.write_text(nights.replace(", backup: ana}", "}"))
    found = [each for each in of_on_call(Directory.from_file(file), [], AT, SOON) if each.subject == "l2"]
    assert [each.name for each in found] == ["nobody"] * (GAPS_SHOWN + 1) + ["no_backup"]
    assert "62 more such gaps until 2027-02-21" in found[GAPS_SHOWN].what


def test_the_shipped_example_is_ready(tmp_path: Path) -> None:
    """Everybody whom the default agreement asks is there, and nobody alone."""
    directory = Directory.from_file(Path(__file__).parents[3] / "examples" / "directory.yaml")
    document, policy = PolicyShelf(None, tmp_path, SETTLES).read("default", AT)
    assert of_on_call(directory, [Agreed(policy, document)], AT, SOON) == ()


def test_steps_that_reach_one_person_only_are_an_error(directory: Directory, tmp_path: Path) -> None:
    """As are steps that tell nobody: each with its place in the agreement."""
    document, policy = PolicyShelf(None, tmp_path, SETTLES).read("default", AT)
    found = of_on_call(directory, [Agreed(policy, document)], AT, SOON)
    unreachable = [each for each in found if each.subject.startswith("default chains.")]
    assert {(each.level, each.name) for each in unreachable} >= {(Level.ERROR, "unreachable_contact")}
