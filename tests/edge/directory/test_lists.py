"""Steps that ask everyone of a list, whoever's turn it is, or one step up the reporting line."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.contacts import Contacts, Wishes
from escalation.adapters.directory import EVERYONE_MAX, Directory
from escalation.adapters.migrating import upgrade
from escalation.adapters.store import LedgerDown, open_store
from escalation.adapters.turns import TURNS_KEPT, Turns
from escalation.core.effects import FindContacts
from escalation.core.facts import Found
from escalation.core.vocabulary import Channel
from escalation.wire.yaml_reader import FaultyFileError
from workflows.ports import Find

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MAIL = (Channel.EMAIL,)
GOOD = """\
people:
  ana: {name: Ana Silva, email: ana@support.example, reports_to: head}
  ben:
    name: Ben Ode
    email: ben@support.example
    reports_to: ana
    away: [{since: "2026-11-24T00:00:00Z", until: "2026-11-25T00:00:00Z", why: dentist}]
  cyd: {name: Cyd Roy, email: cyd@support.example, reports_to: ben}
  dan: {name: Dan Ek, reports_to: ana}
roles:
  head: {primary: ana, backup: cyd}
  desk: {primary: {schedule: rota}, backup: cyd}
  night: {primary: cyd, reports_to: head}
teams:
  platform: {name: Platform, members: [ben, cyd, dan, ana], lead: head}
  loose: {name: Loose, members: [dan]}
schedules:
  rota:
    zone: UTC
    layers:
      - {name: weeks, people: [cyd, ben], every: weekly, start: "2026-11-02", hand_over: "00:00"}
customers:
  acme: {name: Acme GmbH, contact: ben, contact_backup: head}
  globex: {name: Globex}
"""


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    file = tmp_path / "directory.yaml"
    file.write_text(GOOD)
    return Directory.from_file(file)


@pytest.fixture
def turns(tmp_path: Path) -> Turns:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    upgrade(url, "ledger")
    return Turns(open_store(url, timedelta(seconds=5)))


def found(contacts: Contacts, name: str, at: datetime = AT, number: int = 7) -> tuple[Found, ...]:
    """What a step that asks for that name gets."""
    return contacts.find_contacts(Find(FindContacts(number, "step", (name,)), at)).found


def test_everyone_of_a_team_is_asked_at_once(directory: Directory) -> None:
    """Each who can be reached is an addressee of their own; whoever cannot is left out."""
    assert found(Contacts(directory), "everyone:platform") == (
        Found("everyone:platform", "ben", MAIL, why="one of platform"),
        Found("everyone:platform", "cyd", MAIL, why="one of platform"),
        Found("everyone:platform", "ana", MAIL, why="one of platform"),
    )


def test_everyone_of_a_schedule_is_whoever_takes_turns_in_it(directory: Directory) -> None:
    """In the order of the file, whoever is on call now."""
    asked = found(Contacts(directory), "everyone:rota")
    assert [each.contact for each in asked] == ["cyd", "ben"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("everyone:loose", "dan: has no address on an allowed channel"),
        ("round-robin:loose", "dan: has no address on an allowed channel"),
        ("everyone:nobody", "no team or schedule is called nobody"),
        ("manager-of:head", "ana reports to nobody"),
        ("contact-of:globex", "globex has no contact of its own"),
        ("contact-of:nobody", "nobody has no contact of its own"),
    ],
)
def test_a_list_that_reaches_nobody_says_why(directory: Directory, name: str, why: str) -> None:
    """The step that asks for it is over at once, and the log tells."""
    if name == "manager-of:head":
        name = "manager-of:manager-of:manager-of:manager-of:manager-of:manager-of:dora"
        why = "nobody is behind dora, so nobody is their manager"
    assert found(Contacts(directory), name) == (Found(name, None, why=why),)


def test_turns_go_round_and_the_next_one_is_the_backup(directory: Directory, turns: Turns) -> None:
    """Three can be reached: each is asked every third time, and the log says which turn it was."""
    contacts = Contacts(directory, wishes=Wishes(turns=turns))
    asked = [found(contacts, "round-robin:platform", number=number)[0] for number in range(6)]
    assert [each.contact for each in asked] == ["ben", "cyd", "ana"] * 2
    assert [each.backup for each in asked] == ["cyd", "ana", "ben"] * 2
    assert asked[4].why.startswith("turn 5 of platform")


def test_the_same_asking_gets_the_same_turn(directory: Directory, turns: Turns) -> None:
    """However often an act is tried again, it takes one turn; so a replay tells the same story."""
    contacts = Contacts(directory, wishes=Wishes(turns=turns))
    first = found(contacts, "round-robin:platform", number=1)
    found(contacts, "round-robin:platform", number=2)
    assert found(contacts, "round-robin:platform", number=1) == first


def test_whoever_was_away_has_waited_longest_and_is_next(directory: Directory, turns: Turns) -> None:
    """Nobody loses a turn for good, and nobody is asked twice before the others."""
    contacts = Contacts(directory, wishes=Wishes(turns=turns))
    away, back = datetime(2026, 11, 24, 9, 0, tzinfo=UTC), datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    asked = [found(contacts, "round-robin:platform", away, number)[0].contact for number in range(3)]
    later = [found(contacts, "round-robin:platform", back, number)[0].contact for number in range(3, 6)]
    assert (asked, later) == (["cyd", "ana", "cyd"], ["ben", "ana", "cyd"])


def test_turns_that_cannot_be_counted_hold_up_no_page(directory: Directory) -> None:
    """The first one of the list is asked, and the log says that it was not their turn."""

    class Down:
        def take(self, listed: str, key: str, there: Sequence[str]) -> tuple[int, tuple[str, ...]]:
            raise LedgerDown("down")

    asked = found(Contacts(directory, wishes=Wishes(turns=Down())), "round-robin:platform")[0]
    assert (asked.contact, asked.backup) == ("ben", "cyd")
    assert asked.why.startswith("the first of platform, because the turns cannot be counted now")


def test_old_turns_are_forgotten(turns: Turns) -> None:
    """The store does not grow with the years; whoever was not asked for so long goes first."""
    turns.take("list", "first", ["dan"])
    for number in range(TURNS_KEPT):
        turns.take("list", f"key {number}", ["ana"])
    assert turns.take("list", "last", ["ana", "dan"])[1] == ("dan", "ana")


@pytest.mark.parametrize(
    ("name", "contact", "backup"),
    [
        ("manager-of:cyd", "ben", None),
        ("manager-of:manager-of:cyd", "ana", None),
        ("manager-of:ben", "ana", None),
        ("manager-of:ana", "ana", "cyd"),  # a role: she holds it herself, and its backup comes along
        ("manager-of:night", "ana", "cyd"),
        ("manager-of:desk", "ana", None),  # ben is on call
        ("manager-of:rota", "ana", None),
        ("manager-of:everyone:platform", "ana", "cyd"),
        ("contact-of:acme", "ben", "ana"),
    ],
)
def test_the_reporting_line_is_climbed_live(directory: Directory, name: str, contact: str, backup: str | None) -> None:
    """From a person, a role's own manager or its holder of that instant, a list's lead; a role brings its backup."""
    asked = directory.find(name, AT)
    assert (asked.contact, asked.backup) == (contact, backup)


def test_a_customers_contact_may_speak_for_them(directory: Directory) -> None:
    """Whoever the directory has for that customer holds the name that the agreement asks for."""
    assert "contact-of:acme" in directory.standing("ben", AT).roles
    assert directory.address("contact-of:acme", Channel.EMAIL, AT) == "ben@support.example"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("reports_to: head}", "reports_to: cyd}", "reports to"),
        ("reports_to: ben}", "reports_to: eve}", "no person or role is called 'eve'"),
        ("lead: head", "lead: eve", "no person or role is called 'eve'"),
        ("members: [dan]", "members: [eve]", "no person is called so"),
        ("members: [dan]", "members: [dan, dan]", "the same person stands here twice"),
        ("loose:", "ana:", "has the same id"),
        ("contact_backup: head", "contact_backup: ben", "nobody is their own backup"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Circles, strangers, and lists that say the same twice."""
    file = tmp_path / "wrong.yaml"
    assert old in GOOD
    file.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(FaultyFileError, match=said):
        Directory.from_file(file)


def test_no_more_than_a_bounded_number_is_asked_at_once(tmp_path: Path) -> None:
    """A step is no mass mailing."""
    names = [f"p{number}" for number in range(EVERYONE_MAX + 1)]
    people = "".join(f"  {name}: {{name: {name}, email: {name}@support.example}}\n" for name in names)
    file = tmp_path / "many.yaml"
    file.write_text(f"people:\n{people}teams:\n  all-of-us: {{name: All, members: [{', '.join(names)}]}}\n")
    assert len(Directory.from_file(file).members("all-of-us", AT)) == EVERYONE_MAX
