"""Quiet hours, and addresses that nobody has shown to read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.contacts import Contacts, Wishes
from escalation.adapters.directory import Directory
from escalation.adapters.directory_file import WrittenQuiet
from escalation.adapters.methods import CODE_DIGITS, CODE_LASTS, TRIES_MAX, Methods
from escalation.adapters.migrating import upgrade
from escalation.adapters.store import LedgerDown, open_store
from escalation.core.effects import FindContacts
from escalation.core.facts import Found
from escalation.core.vocabulary import Channel, Severity
from escalation.wire.yaml_reader import FaultyFileError
from workflows.ports import Find

NIGHT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 03:00 in Berlin
ALL = (Channel.EMAIL, Channel.SMS, Channel.VOICE)
GOOD = """\
people:
  ana:
    name: Ana Silva
    email: ana@support.example
    phone: "+12025550101"
    zone: Europe/Berlin
    quiet: [{hours: "22:00-07:00", through: [SEV1, SEV2]}]
  ben:
    name: Ben Ode
    phone: "+12025550102"
    zone: Europe/Berlin
    quiet: [{hours: "22:00-07:00", days: [sunday]}]
roles:
  l2: {primary: ana, backup: ben}
  night-desk: {primary: ben, backup: ana}
"""


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    file = tmp_path / "directory.yaml"
    file.write_text(GOOD)
    return Directory.from_file(file)


@pytest.fixture
def methods(tmp_path: Path) -> Methods:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    upgrade(url, "ledger")
    return Methods(open_store(url, timedelta(seconds=5)), "a key of a test")


def asked(
    contacts: Contacts, name: str, severity: Severity | None, at: datetime = NIGHT, purpose: str = "step"
) -> Found:
    """Who is behind a name, as a step or a notice of that severity finds them."""
    effect = FindContacts(7, purpose, (name,))  # type: ignore[arg-type]  # a literal of the cases
    return contacts.find_contacts(Find(effect, at, severity)).found[0]


def test_in_quiet_hours_nobody_is_rung_for_what_can_wait(directory: Directory) -> None:
    """SEV3 goes by mail, and the log says until when; SEV1 and what the person lets through ring."""
    contacts = Contacts(directory)
    quiet = asked(contacts, "ana", Severity.SEV3)
    assert quiet.channels == (Channel.EMAIL,)
    assert quiet.why == "ana: is quiet until 07:00 CET on sms, voice"
    assert asked(contacts, "ana", Severity.SEV2).channels == ALL
    assert asked(contacts, "ana", Severity.SEV1).channels == ALL
    assert asked(contacts, "ana", None).channels == (Channel.EMAIL,)


@pytest.mark.parametrize(
    ("local", "quiet"),
    [("22:00", True), ("21:59", False), ("06:59", True), ("07:00", False), ("12:00", False)],
)
def test_quiet_hours_begin_and_end_by_the_persons_own_clock(directory: Directory, local: str, *, quiet: bool) -> None:
    """To the minute, past midnight too."""
    at = datetime.fromisoformat(f"2026-11-24T{local}:00+01:00")
    assert (directory.quiet_until("ana", Severity.SEV3, at) is not None) is quiet


@pytest.mark.parametrize(
    ("at", "quiet"),
    [
        ("2026-11-22T23:00:00+01:00", True),  # Sunday
        ("2026-11-23T06:00:00+01:00", True),  # it began on Sunday
        ("2026-11-23T23:00:00+01:00", False),
    ],
)
def test_quiet_hours_of_some_days_belong_to_the_day_they_begin_on(
    directory: Directory, at: str, *, quiet: bool
) -> None:
    """The night from Sunday to Monday is Sunday's."""
    assert (directory.quiet_until("ben", Severity.SEV3, datetime.fromisoformat(at)) is not None) is quiet


@pytest.mark.parametrize("at", ["2026-03-29T06:59:00+02:00", "2026-10-25T06:59:00+01:00"])
def test_a_clock_change_in_the_night_does_not_move_the_end(directory: Directory, at: str) -> None:
    """07:00 on the wall ends it, in the short night and in the long one."""
    last = datetime.fromisoformat(at)
    until = directory.quiet_until("ana", Severity.SEV3, last)
    assert until is not None
    assert until - last == timedelta(minutes=1)
    assert directory.quiet_until("ana", Severity.SEV3, last + timedelta(minutes=1)) is None


def test_an_hour_that_comes_twice_is_quiet_once(directory: Directory, tmp_path: Path) -> None:
    """The end has passed when the wall shows it for the first time."""
    file = tmp_path / "short.yaml"
    file.write_text(GOOD.replace("22:00-07:00", "22:00-02:30"))
    short = Directory.from_file(file)
    first, again = (datetime(2026, 10, 25, hour, 10, tzinfo=UTC) for hour in (0, 1))  # both are 02:10 in Berlin
    until = short.quiet_until("ana", Severity.SEV3, first)
    assert until is not None
    assert until.astimezone(UTC) == first + timedelta(minutes=20)
    assert short.quiet_until("ana", Severity.SEV3, again) is None


@given(
    zone=st.sampled_from(
        ["Europe/Berlin", "Australia/Lord_Howe", "Pacific/Chatham", "America/St_Johns", "Asia/Kathmandu"]
    ),
    minutes=st.integers(0, 365 * 24 * 60),
    hours=st.sampled_from(["22:00-07:00", "00:00-24:00", "01:45-02:15", "23:30-02:30", "02:00-03:00", "12:00-06:00"]),
)
def test_quiet_hours_always_end_later(zone: str, minutes: int, hours: str) -> None:
    """In every night of the year: whoever waits for the end of them gets on."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    until = WrittenQuiet.model_validate({"hours": hours}).until(at, ZoneInfo(zone))
    assert until is None or at < until.astimezone(UTC) <= at + timedelta(days=1, hours=1)


def test_words_to_a_customer_are_asked_of_whoever_is_awake(directory: Directory) -> None:
    """The contact is quiet and has a telephone only: the backup is asked; a notice stays theirs, and waits there."""
    sunday = datetime.fromisoformat("2026-11-22T23:00:00+01:00")
    contacts = Contacts(directory)
    found = asked(contacts, "night-desk", Severity.SEV3, sunday, "contact")
    assert (found.contact, found.channels, found.backup, found.backup_channels) == ("ben", (), "ana", (Channel.EMAIL,))


def test_a_page_goes_to_the_backup_when_only_quiet_channels_are_left(directory: Directory) -> None:
    """No time is spent on somebody who sleeps; a notice, which has nowhere else to go, waits where it is sent."""
    sunday = datetime.fromisoformat("2026-11-22T23:00:00+01:00")
    contacts = Contacts(directory)
    assert asked(contacts, "ben", Severity.SEV3, sunday).channels == ()
    assert asked(contacts, "ben", Severity.SEV3, sunday, "notice").channels == (Channel.SMS, Channel.VOICE)


def test_a_verified_address_is_told_where_the_house_asks_for_that(directory: Directory, methods: Methods) -> None:
    """Until the code came back nothing is sent there; nobody else's is touched."""
    contacts = Contacts(directory, wishes=Wishes(verified=methods))
    noon = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert asked(contacts, "ana", Severity.SEV1, noon).channels == ()
    code = methods.new_code("ana", Channel.SMS, "+12025550101", noon)
    assert methods.confirm("ana", Channel.SMS, "+12025550101", code, noon)
    found = asked(contacts, "ana", Severity.SEV1, noon)
    assert found.channels == (Channel.SMS,)
    assert found.why == "ana: has not verified email, voice"


def test_a_store_that_is_down_silences_nobody(directory: Directory) -> None:
    """Better somebody who may not read it than nobody."""

    class Down:
        def verified(self, contact: str, channel: Channel, address: str) -> bool:
            raise LedgerDown("down")

    contacts = Contacts(directory, wishes=Wishes(verified=Down()))
    assert asked(contacts, "ana", Severity.SEV1).channels == ALL


def test_a_code_is_of_one_address_and_for_a_while(methods: Methods) -> None:
    """A late one, another person's, another address and a used one are worth nothing."""
    code = methods.new_code("ana", Channel.EMAIL, "ana@support.example", NIGHT)
    assert len(code) == CODE_DIGITS
    assert code.isdigit()
    late = NIGHT + CODE_LASTS
    assert not methods.confirm("ana", Channel.EMAIL, "ana@support.example", code, late)
    assert not methods.confirm("ben", Channel.EMAIL, "ana@support.example", code, NIGHT)
    assert not methods.confirm("ana", Channel.EMAIL, "eve@support.example", code, NIGHT)
    assert methods.confirm("ana", Channel.EMAIL, "ana@support.example", code, late - timedelta(seconds=1))
    assert not methods.confirm("ana", Channel.EMAIL, "ana@support.example", code, NIGHT)
    assert methods.verified("ana", Channel.EMAIL, "ana@support.example")
    assert not methods.verified("ana", Channel.EMAIL, "new@support.example")
    methods.new_code("ana", Channel.EMAIL, "new@support.example", NIGHT)
    assert not methods.verified("ana", Channel.EMAIL, "ana@support.example")


def test_a_code_cannot_be_guessed(methods: Methods) -> None:
    """After so many wrong ones the right one is wrong as well."""
    code = methods.new_code("ana", Channel.SMS, "+12025550101", NIGHT)
    wrong = f"{(int(code) + 1) % 10**CODE_DIGITS:0{CODE_DIGITS}}"
    for _ in range(TRIES_MAX):
        assert not methods.confirm("ana", Channel.SMS, "+12025550101", wrong, NIGHT)
    assert not methods.confirm("ana", Channel.SMS, "+12025550101", code, NIGHT)
    again = methods.new_code("ana", Channel.SMS, "+12025550101", NIGHT)
    assert methods.confirm("ana", Channel.SMS, "+12025550101", again, NIGHT)


@pytest.mark.parametrize("wrong", ['hours: "22:00"', 'hours: "22:00-07:00", days: [someday]', "hours: 22"])
def test_quiet_hours_that_cannot_be_read_are_refused(tmp_path: Path, wrong: str) -> None:
    """In a line that names the field."""
    file = tmp_path / "wrong.yaml"
    file.write_text(GOOD.replace('hours: "22:00-07:00", days: [sunday]', wrong))
    with pytest.raises(FaultyFileError, match=r"people\.ben\.quiet"):
        Directory.from_file(file)
