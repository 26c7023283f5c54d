"""The directory says who is asked, how they are reached and what they may, and why when it cannot."""

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.contacts import Contacts
from escalation.adapters.directory import LIMITS, Directory, DirectoryDown
from escalation.core.effects import FindContacts
from escalation.core.facts import Found, ReportContacts
from escalation.core.standing import Standing
from escalation.core.vocabulary import Channel
from escalation.wire.policy import freeze
from escalation.wire.yaml_reader import FaultyFileError, read
from workflows.ports import Find

CHECKOUT = Path(__file__).parents[3]
AT = datetime(2026, 12, 24, 9, 0, tzinfo=UTC)
ALL = (Channel.EMAIL, Channel.SMS, Channel.VOICE)
GOOD = """\
people:
  ana:
    name: Ana Silva
    email: ana@support.example
    phone: "+12025550101"
    roles: [incident-commander]
    aliases: [ana.silva, A. Silva]
  ben:
    name: Ben Ode
    email: ben@support.example
    phone: "+12025550102"
    channels: [sms]
  cleo:
    name: Cleo Roy
    phone: "+12025550103"
    away: [{since: "2026-12-24T00:00:00+01:00", until: "2027-01-02T00:00:00+01:00", why: vacation}]
  dan: {name: Dan Ek}
roles:
  on-call: {primary: ana, backup: ben}
  lead: {primary: cleo, backup: ana}
  night: {primary: cleo, backup: dan}
  desk: {primary: dan}
customers:
  acme: {name: Acme GmbH, email: it@acme.example}
  quiet: {name: Quiet Ltd}
"""
Write = Callable[[str], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "directory.yaml"
    file.write_text(GOOD)
    return file


@pytest.fixture
def directory(path: Path) -> Directory:
    return Directory.from_file(path)


@pytest.fixture
def write(path: Path) -> Write:
    """Replaces the file, as careful editors do: the new one is another file with another time."""

    def _write(text: str) -> None:
        new = path.with_suffix(".new")
        new.write_text(text)
        new.replace(path)

    return _write


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("on-call", Found("on-call", "ana", ALL, "ben", (Channel.SMS,))),
        ("ana", Found("ana", "ana", ALL)),
        ("ana.silva", Found("ana.silva", "ana", ALL)),
        (
            "lead",
            Found("lead", None, (), "ana", ALL, why="cleo: away until 2027-01-02T00:00:00+01:00 (vacation)"),
        ),
        (
            "night",
            Found(
                "night",
                None,
                why="cleo: away until 2027-01-02T00:00:00+01:00 (vacation);"
                " backup dan: has no address on an allowed channel",
            ),
        ),
        ("desk", Found("desk", None, why="dan: has no address on an allowed channel")),
        ("nobody", Found("nobody", None, why="nobody is known by that name")),
        ("acme", Found("acme", None, why="nobody is known by that name")),
    ],
)
def test_a_name_is_found_with_its_backup_and_usable_channels(directory: Directory, name: str, found: Found) -> None:
    """Who cannot be reached is no contact, and it says why."""
    assert directory.find(name, AT) == found


def test_somebody_away_is_reachable_before_and_after(directory: Directory) -> None:
    """From the first instant on, until the last one."""
    since, until = datetime(2026, 12, 23, 23, tzinfo=UTC), datetime(2027, 1, 1, 23, tzinfo=UTC)
    tick = timedelta(microseconds=1)

    assert [directory.find("cleo", at).contact for at in (since - tick, since, until - tick, until)] == [
        "cleo",
        None,
        None,
        "cleo",
    ]


def test_standing_collapses_names_and_gathers_roles(directory: Directory) -> None:
    """Held, primary or backup; whoever is unknown stands for themselves, without roles."""
    ana = Standing("ana", ("incident-commander", "on-call", "lead"), ("ana.silva", "A. Silva"))

    assert directory.standing("ana", AT) == directory.standing("A. Silva", AT) == ana
    assert directory.standing("mallory", AT) == Standing("mallory")
    assert directory.standing("on-call", AT) == Standing("on-call")


@pytest.mark.parametrize(
    ("contact", "channel", "address"),
    [
        ("ana", Channel.EMAIL, "ana@support.example"),
        ("ana", Channel.VOICE, "+12025550101"),
        ("ana.silva", Channel.SMS, "+12025550101"),
        ("ben", Channel.SMS, "+12025550102"),
        ("ben", Channel.EMAIL, None),
        ("cleo", Channel.EMAIL, None),
        ("dan", Channel.SMS, None),
        ("acme", Channel.EMAIL, "it@acme.example"),
        ("acme", Channel.SMS, None),
        ("quiet", Channel.EMAIL, None),
        ("nobody", Channel.EMAIL, None),
        ("on-call", Channel.VOICE, "+12025550101"),  # a role: its primary
    ],
)
def test_an_address_is_what_the_contact_has_and_allows(
    directory: Directory, contact: str, channel: Channel, address: str | None
) -> None:
    """Customers have mail only."""
    assert directory.address(contact, channel) == address


def test_people_and_customers_have_a_name_to_show(directory: Directory) -> None:
    """A role's is its holder's: a message is for a person."""
    names = [directory.name(contact) for contact in ("ana", "ana.silva", "acme", "on-call", "nobody")]

    assert names == ["Ana Silva", "Ana Silva", "Acme GmbH", "Ana Silva", None]


def test_a_reply_is_known_by_its_number(directory: Directory) -> None:
    """Exactly as it is written; anything else is nobody's."""
    numbers = ("+12025550102", "12025550102", "", "+12025550199")

    assert [directory.contact_of_phone(number) for number in numbers] == ["ben", None, None, None]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"+12025550102"', '"202 555 0102"', "people.ben.phone (line 11): '202 555 0102' is no telephone number"),
        ('"+12025550102"', '"+0202555010"', 'is no telephone number; write "+", country code and number'),
        ('"+12025550102"', '"+1234567890123456"', "8 to 15 digits in all, without spaces"),
        ('"+12025550102"', '"+1234567"', "is no telephone number"),
        ('"+12025550102"', '"+12025550101"', "people.ben.phone (line 11): 'ana' has this number too; a reply would"),
        ("+12025550102", "+1202555010٢", "is no telephone number"),
        ("ben@support.example", "ben at support", "people.ben.email (line 10): 'ben at support' is no mail address"),
        ("ben@support.example", '"ben@a.example\\r\\nBcc: x@a.example"', "holds the invisible character U+000D"),
        ("ben@support.example", f"ben@{'a' * 250}.example", "is no mail address"),
        (
            "Acme GmbH",
            '"Acme\\nGmbH"',
            "customers.acme.name (line 24): 'Acme\\nGmbH' is no name to show; write one line",
        ),
        (
            "Acme GmbH",
            '"Acme\\r\\nGmbH"',
            "customers.acme.name (line 24): the text holds the invisible character U+000D",
        ),
        ("Acme GmbH", "x" * 121, "is no name to show; write one line of 1 to 120 characters"),
        ("channels: [sms]", "channels: [pager]", "people.ben.channels[0] (line 12): 'pager' is not known"),
        ("primary: dan", "primary: zoe", "roles.desk.primary (line 22): no person is called 'zoe'"),
        ("backup: dan", "backup: zoe", "roles.night.backup (line 21): no person is called 'zoe'"),
        ("backup: dan", "backup: cleo", "roles.night.backup (line 21): nobody is their own backup"),
        ("  desk: {primary: dan}", "  dan: {primary: dan}", "roles.dan (line 22): a person has the same id"),
        ("  acme: {name", "  ana: {name", "customers.ana (line 24): a person or role has the same id"),
        ("[ana.silva, A. Silva]", "[ben]", "people.ana.aliases (line 7): 'ben' is somebody's already"),
        (
            "dan: {name: Dan Ek}",
            "dan: {name: Dan Ek, aliases: [ana.silva]}",
            "people.dan.aliases (line 17): 'ana.silva'",
        ),
        (
            "2027-01-02T00:00:00+01:00",
            "2026-01-02T00:00:00+01:00",
            "people.cleo.away[0].until (line 16): it ends before",
        ),
        ("2027-01-02T00:00:00+01:00", "2027-01-02T00:00:00", "is no instant; write date, time and offset"),
        ("  ben:\n", "  Ben:\n", "people.Ben (line 8): 'Ben' is no name; write 1 to 64 small letters"),
        ("people:\n", "persons:\n", "people (line 1): this field is missing; add it"),
    ],
)
def test_a_bad_file_is_refused_at_the_start(write: Write, path: Path, old: str, new: str, fault: str) -> None:
    """With path, line and what to write instead."""
    assert GOOD.count(old) == 1
    write(GOOD.replace(old, new))

    with pytest.raises(FaultyFileError) as caught:
        Directory.from_file(path)
    assert fault in str(caught.value)


def test_a_change_is_seen_at_the_next_question(directory: Directory, write: Write) -> None:
    """Nobody restarts a worker because somebody has a new telephone."""
    write(GOOD.replace("+12025550102", "+12025550199"))

    assert directory.address("ben", Channel.SMS) == "+12025550199"
    assert directory.contact_of_phone("+12025550102") is None


def test_a_change_in_place_is_seen_too(directory: Directory, path: Path) -> None:
    """By its time alone, when the size stays the same."""
    path.write_text(GOOD.replace("+12025550102", "+12025550199"))
    os.utime(path, ns=(0, 1))

    assert directory.address("ben", Channel.SMS) == "+12025550199"


def test_the_last_good_one_stays_in_force_and_the_log_says_so_once(
    directory: Directory, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    """One line for each broken file, however often it is asked; the next good one is taken again."""
    write(GOOD.replace("+12025550101", "none").replace("+12025550102", "none"))
    with caplog.at_level(logging.ERROR):
        answers = [directory.address("ben", Channel.SMS) for _ in range(3)]
    write(GOOD.replace("+12025550102", "+12025550199"))

    assert answers == ["+12025550102"] * 3
    (line,) = [record.getMessage() for record in caplog.records]
    assert "is wrong, the last good one stays in force: people.ana.phone (line 5): 'none' is no telephone" in line
    assert line.endswith("(and 1 more)")
    assert directory.address("ben", Channel.SMS) == "+12025550199"


def test_a_file_that_is_gone_cannot_be_asked(directory: Directory, path: Path, write: Write) -> None:
    """And can again when it is back."""
    path.unlink()
    with pytest.raises(DirectoryDown, match=r"directory '.*directory\.yaml' cannot be read \(No such file"):
        directory.find("on-call", AT)
    with pytest.raises(DirectoryDown, match="cannot be read"):
        Directory.from_file(path)
    write(GOOD)

    assert directory.find("on-call", AT).contact == "ana"


def test_a_directory_has_a_largest_size(path: Path) -> None:
    """One byte more is refused before it is read."""
    padding = LIMITS.size_bytes - len(GOOD.encode())
    path.write_text(GOOD + "#" * padding)
    assert Directory.from_file(path).name("ana") == "Ana Silva"
    path.write_text(GOOD + "#" * (padding + 1))
    with pytest.raises(FaultyFileError, match=f"at most {LIMITS.size_bytes} are read"):
        Directory.from_file(path)


def test_the_activity_reports_every_name_of_its_effect(directory: Directory) -> None:
    """In order, under the effect's number."""
    effect = FindContacts(number=7, purpose="step", names=("on-call", "nobody"))

    assert Contacts(directory).find_contacts(Find(effect, AT)) == ReportContacts(
        number=7, found=(directory.find("on-call", AT), directory.find("nobody", AT))
    )


@pytest.mark.parametrize("name", ["default", "demo"])
def test_the_example_knows_everybody_whom_a_shipped_policy_asks(name: str) -> None:
    """Each with a backup, so that the example shows the whole chain."""
    directory = Directory.from_file(CHECKOUT / "examples" / "directory.yaml")
    source = (CHECKOUT / "escalation" / "policies" / f"{name}.yaml").read_bytes()
    policy = freeze(read(source), AT, {channel: timedelta(minutes=1) for channel in Channel})
    asked = {step.contact for chain in policy.chains for step in chain.steps}
    asked |= {approver for route in policy.routes if route.approval for approver in route.approval.approvers}
    house = policy.house
    asked |= {house.managers, house.executive, house.fallback, house.customer_contact}

    found = [directory.find(contact, AT) for contact in sorted(asked)]
    assert [each.name for each in found if {*ALL} - {*each.channels} or {*ALL} - {*each.backup_channels}] == []
