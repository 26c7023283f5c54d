"""A role that a schedule fills: who is asked at which instant, why, what they may, and how they are reached."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.authority import Authority
from activities.contacts import Contacts
from escalation.adapters.directory import Directory
from escalation.adapters.directory_file import SCHEDULES_MAX
from escalation.adapters.directory_people import YEAR_IS_PLAIN
from escalation.adapters.policies import PolicyShelf
from escalation.core.effects import FindContacts, Text
from escalation.core.facts import Found, ReportContacts
from escalation.core.vocabulary import Channel
from escalation.reports.gaps import gaps
from escalation.wire.proof import Signer
from escalation.wire.yaml_reader import FaultyFileError
from workflows.ports import Find, Inquiry

CHECKOUT = Path(__file__).parents[3]
SMS = (Channel.SMS,)
TICK = timedelta(microseconds=1)
HANDOVER = datetime(2026, 3, 9, 7, tzinfo=UTC)  # 08:00 in Berlin, a Monday
AT = HANDOVER - timedelta(days=3)
STEP_MAX = timedelta(milliseconds=50)
GOOD = """\
people:
  ana: {name: Ana Silva, phone: "+12025550101", channels: [sms]}
  ben:
    name: Ben Ode
    phone: "+12025550102"
    channels: [sms]
    away: [{since: "2026-03-10T00:00:00+01:00", until: "2026-03-12T00:00:00+01:00", why: vacation}]
  cleo: {name: Cleo Roy, phone: "+12025550103", channels: [sms], aliases: [c.roy]}
  dan: {name: Dan Ek}
roles:
  l2: {primary: {schedule: week}, backup: cleo}
  alone: {primary: {schedule: week}}
  both: {primary: {schedule: week}, backup: {schedule: second}}
  reserve: {primary: cleo, backup: {schedule: second}}
schedules:
  week:
    zone: Europe/Berlin
    layers:
      - name: days
        people: [ana, ben, dan]
        every: weekly
        start: "2026-03-02"
        hand_over: "08:00"
        day: monday
    overrides:
      - {since: "2026-03-07T08:00:00+01:00", until: "2026-03-08T08:00:00+01:00", who: cleo, why: theatre}
  second:
    zone: Europe/Berlin
    layers:
      - {name: spare, people: [ben], every: daily, start: "2026-03-02", hand_over: "08:00"}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "directory.yaml"
    file.write_text(GOOD)
    return file


@pytest.fixture
def directory(path: Path) -> Directory:
    return Directory.from_file(path)


@pytest.mark.parametrize(
    ("name", "at", "found"),
    [
        ("l2", AT, Found("l2", "ana", SMS, "cleo", SMS, "on call until Sat 7 Mar 08:00 CET (week, days)")),
        ("l2", HANDOVER - TICK, Found("l2", "ana", SMS, "cleo", SMS, "on call until Mon 9 Mar 08:00 CET (week, days)")),
        ("l2", HANDOVER, Found("l2", "ben", SMS, "cleo", SMS, "on call until Tue 10 Mar 00:00 CET (week, days)")),
        (
            "l2",
            datetime(2026, 3, 11, 3, tzinfo=UTC),
            Found(
                "l2", None, (), "cleo", SMS,
                "nobody is on call until Thu 12 Mar 00:00 CET (week)"
                "; ben: away until Thu 12 Mar 00:00 CET (vacation); backup cleo is asked",
            ),
        ),
        (
            "alone",
            datetime(2026, 3, 2, tzinfo=UTC),
            Found("alone", None, why="nobody is on call until Mon 2 Mar 08:00 CET (week)"),
        ),
        (
            "l2",
            HANDOVER + timedelta(days=7),
            Found(
                "l2", None, (), "cleo", SMS,
                "dan: has no address on an allowed channel, and is on call until Mon 23 Mar 08:00 CET (week, days)"
                "; backup cleo is asked",
            ),
        ),
        (
            "l2",
            AT + timedelta(days=1, hours=2),
            Found(
                "l2", "cleo", SMS, None, (),
                "on call until Sun 8 Mar 08:00 CET (week, override: theatre); backup cleo: is the same person",
            ),
        ),
        (
            "both",
            HANDOVER,
            Found(
                "both", "ben", SMS, None, (),
                "on call until Tue 10 Mar 00:00 CET (week, days); backup ben: is the same person",
            ),
        ),
        (
            "reserve",
            HANDOVER,
            Found("reserve", "cleo", SMS, "ben", SMS, "backup on call until Tue 10 Mar 00:00 CET (second, spare)"),
        ),
    ],
)  # fmt: skip
def test_a_step_finds_whoever_is_on_call_at_its_instant(
    directory: Directory, name: str, at: datetime, found: Found
) -> None:
    """With the reason, the end of the turn in the schedule's zone, and a backup who is somebody else."""
    assert directory.find(name, at) == found


def test_a_turn_far_ahead_is_said_with_its_year(path: Path) -> None:
    """And one that is near without it."""
    path.write_text(GOOD.replace('start: "2026-03-02"\n', 'start: "2099-03-02"\n'))
    directory = Directory.from_file(path)
    far = datetime(2099, 3, 2, 7, tzinfo=UTC)

    assert directory.find("alone", AT).why == "nobody is on call until Sat 7 Mar 08:00 CET (week)"
    assert (
        directory.find("alone", AT + timedelta(days=3)).why == "nobody is on call until Mon 2 Mar 2099 08:00 CET (week)"
    )
    said = [directory.find("alone", far - YEAR_IS_PLAIN - late).why for late in (timedelta(0), TICK)]
    assert ["2099" in each for each in said] == [False, True]


TWO_LISTS = """\
people:
  ana: {{name: Ana Silva, phone: "+12025550101"}}
  ben: {{name: Ben Ode, phone: "+12025550102"}}
  cleo: {{name: Cleo Roy, phone: "+12025550103"}}
roles:
  l2: {{primary: {{schedule: first}}, backup: {{schedule: second}}}}
schedules:
  first: {{zone: {zone}, layers: [{{name: a, people: [ana, ben], every: {every}, start: "2026-01-05", hand_over: "{at}"}}]}}
  second: {{zone: Asia/Kathmandu, layers: [{{name: b, people: [ben, cleo, ana], every: 9 hours, start: "2026-01-05", hand_over: "02:30"}}]}}
"""  # noqa: E501  # a line for each schedule


@pytest.mark.parametrize("zone", ["Australia/Lord_Howe", "Pacific/Chatham", "America/St_Johns", "Asia/Kathmandu"])
@pytest.mark.parametrize(("every", "hand_over"), [("12 hours", "02:15"), ("daily", "00:00"), ("weekly", "02:30")])
def test_nobody_is_primary_and_backup_at_once(tmp_path: Path, zone: str, every: str, hand_over: str) -> None:
    """At every change of a year, and just before it: one person is asked as one, and somebody is always asked."""
    file = tmp_path / "two.yaml"
    file.write_text(TWO_LISTS.format(zone=zone, every=every, at=hand_over))
    directory = Directory.from_file(file)
    since = datetime(2026, 1, 6, tzinfo=UTC)
    changes = directory.changes("l2", since, since + timedelta(days=365))
    found = [directory.find("l2", at) for change in changes for at in (change, change - TICK)]

    assert len(changes) > 365
    assert all(each.contact is not None and each.contact != each.backup for each in found)
    assert {each.backup for each in found} == {"ana", "ben", "cleo", None}


def test_the_activity_goes_by_the_instant_of_its_order(directory: Directory) -> None:
    """Workflow time decides, before and at a hand-over; whatever the clock on this machine says."""
    effect = FindContacts(number=7, purpose="step", names=("l2",))
    found = [Contacts(directory).find_contacts(Find(effect, at)) for at in (HANDOVER - TICK, HANDOVER)]

    assert found == [ReportContacts(7, (directory.find("l2", at),)) for at in (HANDOVER - TICK, HANDOVER)]
    assert [each.found[0].contact for each in found] == ["ana", "ben"]


def test_a_role_is_held_while_on_call(directory: Directory) -> None:
    """To the very instant; the backup holds it always, and whoever stands in holds it instead."""
    roles = [directory.standing("ana", at).roles for at in (HANDOVER - TICK, HANDOVER)]
    instead = AT + timedelta(days=1, hours=2)

    assert roles == [("l2", "alone", "both"), ()]
    assert directory.standing("cleo", AT).roles == ("l2", "reserve")
    assert directory.standing("c.roy", instead).roles == ("l2", "reserve", "alone", "both")
    assert directory.standing("ana", instead).roles == ()


class NoTexts:
    """Nothing is said in these tests."""

    def keep(self, reference: str, episode: str, key: str, words: str) -> Text:
        raise NotImplementedError

    def commitment(self, words: str) -> str:
        raise NotImplementedError


def test_authority_is_looked_up_for_the_instant_of_the_command(directory: Directory, tmp_path: Path) -> None:
    """Who went off call may no longer approve in the role's name."""
    signer, shelf = Signer("a key of the tests, long enough to be one"), PolicyShelf(None, tmp_path, {})
    authority = Authority(directory, signer, NoTexts(), shelf, trusted_claims=True)
    asked = (Inquiry("ESC-1", "e1", "ana", at, needs_roles=True) for at in (HANDOVER - TICK, HANDOVER))

    assert [authority.inquire(each).standing.roles for each in asked] == [("l2", "alone", "both"), ()]


def test_a_role_is_reached_through_its_holder_of_that_instant(directory: Directory) -> None:
    """Without an instant, only through those who always hold it: nobody is guessed."""
    before, after = (directory.address("l2", Channel.SMS, at) for at in (HANDOVER - TICK, HANDOVER))

    assert (before, after) == ("+12025550101", "+12025550102")
    assert (directory.name("l2", HANDOVER), directory.name("l2"), directory.name("alone")) == (
        "Ben Ode",
        "Cleo Roy",
        None,
    )
    assert (directory.address("l2", Channel.SMS), directory.address("alone", Channel.SMS)) == ("+12025550103", None)


def test_a_schedule_is_found_by_its_id_and_by_the_role_that_it_fills(directory: Directory) -> None:
    """A role's first one, and none for a role that people hold themselves."""
    named = [directory.schedule(name, AT) for name in ("week", "l2", "both", "reserve", "cleo", "nobody")]

    assert [each.name if each is not None else None for each in named] == ["week", "week", "week", "second", None, None]
    assert (directory.roles(), directory.schedules()) == (("l2", "alone", "both", "reserve"), ("week", "second"))


def test_the_answer_changes_only_at_the_instants_that_are_named(directory: Directory) -> None:
    """Turns of either schedule, and absences of those who hold the role themselves."""
    until = HANDOVER + timedelta(days=5)

    assert [f"{at:%d %H}" for at in directory.changes("l2", AT, until)] == [
        "06 07", "07 07", "08 07", "09 07", "09 23", "11 23",
    ]  # fmt: skip
    assert [f"{at:%d %H}" for at in directory.changes("reserve", AT, until)] == ["06 07", "09 23", "11 23"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("{schedule: second}}\nsch", "{schedule: third}}\nsch",
         "roles.reserve.backup (line 14): no schedule is called 'third'; add it, or name one that is there"),
        ("alone: {primary: {schedule: week}}", "alone: {primary: {schedule: week, zone: UTC}}",
         "roles.alone.primary (line 12): {'schedule': 'week', 'zone': 'UTC'} is nobody; write a person's id, or"),
        ("backup: {schedule: second}}\n  res", "backup: {schedule: week}}\n  res",
         "roles.both.backup (line 13): nobody is their own backup"),
        ("people: [ana, ben, dan]", "people: [ana, ben, zoe]",
         "schedules.week.layers[0].people[2] (line 20): no person is called 'zoe'"),
        ("  second:\n", "  cleo:\n", "schedules.cleo (line 27): a person, role or customer has the same id"),
        ("day: monday", "day: sunday", "schedules.week.layers[0].start (line 22): 2026-03-02 is a monday, and"),
        ("Europe/Berlin\n    layers:\n      - {", "Europe/Bonn\n    layers:\n      - {",
         "schedules.second.zone (line 28): 'Europe/Bonn' is no time zone of the IANA database"),
        ("who: cleo, why", "who: cleo, reason", "schedules.week.overrides[0].why (line 26): this field is missing"),
    ],
)  # fmt: skip
def test_a_wrong_schedule_is_refused_with_path_and_line(path: Path, old: str, new: str, fault: str) -> None:
    """Like everything else in the file, before anybody is asked."""
    assert GOOD.count(old) == 1
    path.write_text(GOOD.replace(old, new))

    with pytest.raises(FaultyFileError) as caught:
        Directory.from_file(path)
    assert fault in str(caught.value)


def test_every_fault_is_said_at_once(path: Path) -> None:
    """Of roles, schedules and people together, in the order of the file."""
    path.write_text(GOOD.replace("[ana, ben, dan]", "[ana, ben, zoe]").replace("backup: cleo", "backup: eve"))

    with pytest.raises(FaultyFileError) as caught:
        Directory.from_file(path)
    assert [fault.path for fault in caught.value.faults] == ["roles.l2.backup", "schedules.week.layers[0].people[2]"]


def test_a_directory_has_at_most_so_many_schedules(path: Path) -> None:
    """One more is refused; the limit is among the bounds of the file."""
    layer = '{name: d, people: [ana], every: daily, start: "2026-03-02", hand_over: "08:00"}'
    few = "".join(f"  s{n}: {{zone: UTC, layers: [{layer}]}}\n" for n in range(SCHEDULES_MAX - 2))
    path.write_text(GOOD + few)
    assert len(Directory.from_file(path).schedules()) == SCHEDULES_MAX
    path.write_text(GOOD + few + f"  one-more: {{zone: UTC, layers: [{layer}]}}\n")
    with pytest.raises(FaultyFileError, match=f"{SCHEDULES_MAX + 1} schedules, at most {SCHEDULES_MAX} are allowed"):
        Directory.from_file(path)


def test_a_new_turn_list_is_in_force_at_the_next_question(directory: Directory, path: Path) -> None:
    """What was frozen of the old file is forgotten with it."""
    assert directory.find("alone", AT).contact == "ana"
    path.write_text(GOOD.replace("people: [ana, ben, dan]", "people: [cleo, ana]"))

    assert directory.find("alone", AT).contact == "cleo"


def test_the_how_to_shows_a_schedule_that_is_read(path: Path) -> None:
    """Its people come from the example."""
    page = (CHECKOUT / "docs" / "how-to" / "write-a-schedule.md").read_text("utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    people = (CHECKOUT / "examples" / "directory.yaml").read_text("utf-8").partition("\nroles:\n")[0]
    path.write_text(f"{people}\n{example}")
    found = Directory.from_file(path)

    sunday, monday = HANDOVER - timedelta(days=1), HANDOVER + timedelta(hours=1)
    assert [found.find("l2-on-call", at).contact for at in (sunday, monday)] == ["chen", "bruno"]


def test_the_example_has_somebody_on_call_at_every_instant() -> None:
    """For a year on, holidays and clock changes included."""
    directory = Directory.from_file(CHECKOUT / "examples" / "directory.yaml")

    assert [gap for role in directory.roles() for gap in gaps(directory, role, AT, AT + timedelta(days=365))] == []


def test_finding_who_is_on_call_takes_no_time(directory: Directory) -> None:
    """The median of many questions, frozen or not, is far below what a step may take."""
    taken = []
    for number in range(101):
        begun = time.perf_counter()
        directory.find("both", AT + timedelta(hours=number))
        taken.append(time.perf_counter() - begun)

    assert timedelta(seconds=sorted(taken)[50]) < STEP_MAX
