"""Who decides in somebody's place: for a period, with what the delegator holds at that instant, and no further."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.contacts import Contacts
from escalation.adapters.directory import Directory
from escalation.adapters.directory_file import DELEGATION_MAX, DELEGATIONS_MAX, ROLES_MAX
from escalation.core.effects import FindContacts
from escalation.core.facts import Found
from escalation.core.standing import Delegated
from escalation.core.vocabulary import Channel
from escalation.wire.yaml_reader import FaultyFileError
from workflows.ports import Find

SINCE, UNTIL = datetime(2026, 12, 20, 23, tzinfo=UTC), datetime(2027, 1, 3, 23, tzinfo=UTC)
DURING, TICK = SINCE + timedelta(days=3), timedelta(microseconds=1)
MAIL = (Channel.EMAIL,)
GOOD = """\
people:
  maya: {name: Maya Stone, email: maya@support.example, aliases: [m.stone], roles: [budget-holder]}
  noor: {name: Noor Aziz, email: noor@support.example}
  quinn: {name: Quinn Reyes, email: quinn@support.example}
  rosa: {name: Rosa Marin, email: rosa@support.example}
  silent: {name: Nobody Reachable}
roles:
  support-manager: {primary: maya, backup: noor}
  duty-manager: {primary: quinn}
  on-bridge: {primary: {schedule: bridge}}
schedules:
  bridge:
    zone: UTC
    layers: [{name: days, people: [maya, rosa], every: daily, start: "2026-12-20", hand_over: "00:00"}]
delegations:
  - from: maya
    to: quinn
    roles: [support-manager]
    since: "2026-12-21T00:00:00+01:00"
    until: "2027-01-04T00:00:00+01:00"
    reason: winter holidays
"""
MORE = """\
  - {from: %s, to: %s, roles: %s, since: "2026-12-20T00:00:00Z", until: "2027-01-09T00:00:00Z", reason: away}
"""
Told = Callable[..., Directory]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """The directory of the file, with more delegations or other words."""

    def read(*more: tuple[str, str, str], old: str = "", new: str = "") -> Directory:
        assert not old or GOOD.count(old) == 1
        path = tmp_path / "directory.yaml"
        path.write_text((GOOD.replace(old, new) if old else GOOD) + "".join(MORE % each for each in more))
        return Directory.from_file(path)

    return read


def test_a_delegation_holds_from_its_first_instant_until_its_last(told: Told) -> None:
    """The last one excluded; the delegator's other names come along, and quinn's own roles stay as they are."""
    held = Delegated("maya", ("maya", "m.stone"), ("support-manager",))
    standings = [told().standing("quinn", at) for at in (SINCE - TICK, SINCE, UNTIL - TICK, UNTIL)]

    assert [each.delegated for each in standings] == [(), (held,), (held,), ()]
    assert {each.roles for each in standings} == {("duty-manager",)}


def test_roles_stay_with_whoever_holds_them(told: Told) -> None:
    """The delegator may still decide."""
    assert told().standing("maya", DURING).roles == ("budget-holder", "support-manager")


def test_nothing_is_passed_on(told: Told) -> None:
    """Quinn delegates everything to rosa: that is what quinn holds, not what quinn was lent."""
    directory = told(("quinn", "rosa", "all"))

    assert directory.standing("rosa", DURING).delegated == (Delegated("quinn", ("quinn",), ("duty-manager",)),)


def test_only_what_the_delegator_holds_is_delegated(told: Told) -> None:
    """A role that is taken from maya is gone for quinn at the next question; the file stays good."""
    directory = told(old="primary: maya, backup: noor", new="primary: noor")

    assert directory.standing("quinn", DURING).delegated == ()


def test_a_role_that_a_schedule_fills_is_delegated_while_the_delegator_is_on_call(told: Told) -> None:
    """On rosa's days maya has nothing to lend."""
    directory, noon = told(("maya", "noor", "[on-bridge]")), datetime(2026, 12, 20, 12, tzinfo=UTC)
    lent = [directory.standing("noor", noon + timedelta(days=days)).delegated for days in (0, 1)]

    assert lent == [(Delegated("maya", ("maya", "m.stone"), ("on-bridge",)),), ()]


def test_several_delegations_of_one_person_are_one_authority(told: Told) -> None:
    """Two lines from maya are one voice of maya's; noor's is another."""
    directory = told(("maya", "quinn", "[budget-holder, support-manager]"), ("noor", "quinn", "all"))

    assert directory.standing("m.stone", DURING).delegated == ()
    assert directory.standing("quinn", DURING).delegated == (
        Delegated("maya", ("maya", "m.stone"), ("budget-holder", "support-manager")),
        Delegated("noor", ("noor",), ("support-manager",)),
    )


def test_whoever_decides_in_somebodys_place_is_asked(told: Told) -> None:
    """For a yes, not for a page; the holder is the backup. Before and after, the holder is asked."""
    directory = told()
    contacts = Contacts(directory)
    asked = contacts.find_contacts(Find(FindContacts(1, "approval", ("support-manager",)), DURING))
    paged = contacts.find_contacts(Find(FindContacts(2, "step", ("support-manager",)), DURING))

    (found,) = asked.found
    assert (found.contact, found.channels, found.backup, found.backup_channels) == ("quinn", MAIL, "maya", MAIL)
    assert found.why == "quinn decides for maya until 2027-01-04T00:00:00+01:00"
    assert paged.found == (directory.find("support-manager", DURING),)
    assert directory.find_approver("support-manager", UNTIL) == Found("support-manager", "maya", MAIL, "noor", MAIL)


@pytest.mark.parametrize(
    ("more", "old", "new", "contact", "backup"),
    [
        (("maya", "noor", "all"), "to: quinn", "to: noor", "noor", "maya"),  # who is the role's backup anyway
        (("maya", "rosa", "all"), "to: quinn", "to: silent", "rosa", "maya"),  # the first one cannot be reached
        (("maya", "silent", "all"), "to: quinn", "to: silent", "maya", "noor"),
        (("maya", "rosa", "[budget-holder]"), "[support-manager]", "[duty-manager]", "maya", "noor"),
    ],
)
def test_a_delegate_who_cannot_be_asked_is_passed_over(
    told: Told, more: tuple[str, str, str], old: str, new: str, contact: str, backup: str
) -> None:
    """Nobody waits for an answer from somebody without an address, or about another role."""
    found = told(more, old=old, new=new).find_approver("support-manager", DURING)

    assert (found.contact, found.backup) == (contact, backup)


def test_a_person_asked_by_name_is_asked_in_person(told: Told) -> None:
    """Roles are delegated, not people; a name that nobody has is nobody still."""
    directory = told()

    for name in ("maya", "nobody"):
        assert directory.find_approver(name, DURING) == directory.find(name, DURING)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("from: maya", "from: zoe", "delegations[0].from (line 16): no person is called 'zoe'"),
        ("from: maya", "from: support-manager", "no person is called 'support-manager'; add them, or name somebody"),
        ("to: quinn", "to: zoe", "delegations[0].to (line 17): no person is called 'zoe'"),
        ("to: quinn", "to: maya", "delegations[0].to (line 17): nobody decides in their own place; name somebody else"),
        ("[support-manager]", "[manager]", "no role is called 'manager'; correct it, or write all"),
        ("[support-manager]", "[]", "[] is no choice of roles; write all, or a list of 1 to 50"),
        ("[support-manager]", "some", "'some' is no choice of roles"),
        ("[support-manager]", f"[{', '.join(['on-bridge'] * (ROLES_MAX + 1))}]", "is no choice of roles"),
        ('"2027-01-04T00:00:00+01:00"', '"2026-12-21T00:00:00+01:00"', "it ends before it begins"),
        ('"2027-01-04T00:00:00+01:00"', '"2027-12-22T00:00:01+01:00"', "at most 366 days are allowed; end it earlier"),
        ('"2027-01-04T00:00:00+01:00"', '"2027-01-04T00:00:00"', "is no instant; write date, time and offset"),
        ("    reason: winter holidays\n", "", "delegations[0].reason (line 16): this field is missing; add it"),
        ("    roles: [support-manager]\n", "", "delegations[0].roles (line 16): this field is missing; add it"),
    ],
)
def test_a_wrong_delegation_is_refused_at_the_start(told: Told, old: str, new: str, fault: str) -> None:
    """With path, line and what to write instead."""
    with pytest.raises(FaultyFileError) as caught:
        told(old=old, new=new)
    assert fault in str(caught.value)


def test_delegations_have_a_longest_period_and_a_largest_number(told: Told) -> None:
    """Both are taken at their edge."""
    longest = datetime(2026, 12, 21, tzinfo=UTC) + DELEGATION_MAX
    lines = [("maya", "rosa", "all")] * (DELEGATIONS_MAX - 1)
    ends = ('"2027-01-04T00:00:00+01:00"', f'"{longest:%Y-%m-%dT00:00:00}+01:00"')

    assert told(*lines, old=ends[0], new=ends[1]).standing("rosa", DURING).delegated
    with pytest.raises(FaultyFileError, match=f"at most {DELEGATIONS_MAX} are allowed"):
        told(*lines, ("maya", "rosa", "all"))
