"""A play asks the same people as the work does: lists, turns, the reporting line, whoever decides, quiet hours."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.contacts import Contacts, Wishes
from escalation.adapters.directory import Directory
from escalation.adapters.migrating import upgrade
from escalation.adapters.store import open_store
from escalation.adapters.turns import Turns
from escalation.core.effects import FindContacts
from escalation.core.facts import Found, ReportContacts
from escalation.core.vocabulary import Message, Severity
from escalation.drills.cast import cast_of
from escalation.drills.proof import Differs, prove
from escalation.drills.pure import Play, Played, Stage, rehearse
from escalation.drills.rounds import Rounds
from escalation.drills.summary import summarised
from tests.edge.drills.samples import NOW, log_of, script, stage
from tests.house.tree import ROOT
from workflows.ports import Find

NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PEOPLE = """\
people:
  ana: {name: Ana Silva, email: ana@support.example, phone: "+12025550101", reports_to: head}
  ben: {name: Ben Ode, phone: "+12025550102", quiet: [{hours: "22:00-07:00", through: [SEV1]}]}
  cyd: {name: Cyd Roy, email: cyd@support.example, reports_to: ben}
  dan: {name: Dan Ek, email: dan@support.example, phone: "+12025550104"}
  eva: {name: Eva Lund, email: eva@support.example, phone: "+12025550105"}
roles:
  head: {primary: dan, backup: eva}
  desk: {primary: {schedule: rota}, backup: eva}
teams:
  platform: {name: Platform, members: [ana, ben, cyd], lead: head}
schedules:
  rota: {zone: UTC, layers: [{name: weeks, people: [cyd, ana], every: weekly, start: "2026-11-02", hand_over: "00:00"}]}
customers:
  acme: {name: Acme GmbH, email: acme@customer.example, contact: ana, contact_backup: head}
delegations:
  - {from: dan, to: eva, roles: all, since: "2026-11-01T00:00:00Z", until: "2026-11-30T00:00:00Z", reason: on leave}
"""
NAMES = (
    "ana", "desk", "head", "everyone:platform", "everyone:rota", "round-robin:platform", "manager-of:cyd",
    "manager-of:manager-of:cyd", "manager-of:desk", "manager-of:everyone:platform", "contact-of:acme", "nobody",
)  # fmt: skip


@pytest.fixture
def people(tmp_path: Path) -> Directory:
    file = tmp_path / "directory.yaml"
    file.write_text(PEOPLE)
    return Directory.from_file(file)


@pytest.fixture
def turns(tmp_path: Path) -> Turns:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    upgrade(url, "ledger")
    return Turns(open_store(url, timedelta(seconds=5)))


def asking(play: Play, effect: FindContacts, at: datetime, severity: Severity) -> tuple[Found, ...]:
    """What the world of a play answers, in which an escalation of that severity asks."""
    fact = play.answered(effect, at, severity)
    assert isinstance(fact, ReportContacts)
    return fact.found


@pytest.mark.parametrize("at", [NOW, NIGHT], ids=["day", "night"])
@pytest.mark.parametrize("severity", [Severity.SEV1, Severity.SEV3])
@pytest.mark.parametrize("purpose", ["step", "notice", "contact", "approval"])
def test_a_play_finds_whom_the_work_finds(
    people: Directory, turns: Turns, at: datetime, severity: Severity, purpose: str
) -> None:
    """Name by name, with channels, backup and reason; by day and by night."""
    effect = FindContacts(99, purpose, NAMES)  # type: ignore[arg-type]  # a literal of the cases
    work = Contacts(people, Wishes(turns=turns)).find_contacts(Find(effect, at, severity)).found
    play = Play(script((5, "Active", "Group 3")), replace(stage(), company=people))

    assert asking(play, effect, at, severity) == work


@given(asked=st.lists(st.tuples(st.integers(0, 6), st.permutations("abc"), st.integers(1, 3)), max_size=12))
def test_turns_of_a_play_go_round_as_those_of_the_store(
    tmp_path_factory: pytest.TempPathFactory, asked: Sequence[tuple[int, Sequence[str], int]]
) -> None:
    """Whoever is there, and however often the same is asked again."""
    url = f"sqlite:///{tmp_path_factory.mktemp('turns') / 'ledger.db'}"
    upgrade(url, "ledger")
    store = open_store(url, timedelta(seconds=5))
    kept, counted = Turns(store), Rounds()
    for key, people, count in asked:
        assert counted.take("list", str(key), people[:count]) == kept.take("list", str(key), people[:count])
    store.dispose()


def asks(name: str) -> Stage:
    """The stage, where the first step of every chain asks for that name."""
    policy = stage().policy
    chains = tuple(
        replace(chain, steps=(replace(chain.steps[0], contact=name, also=()), *chain.steps[1:]))
        for chain in policy.chains
    )
    return replace(stage(), policy=replace(policy, chains=chains))


def paged(played: Played) -> set[str]:
    """Who was paged in the first minute."""
    first = played.script.opening.at + timedelta(minutes=1)
    told = summarised((sealed.entry for sealed in played.log), played.state).told
    return {each.contact for each in told if each.message is Message.PAGE and each.at < first}


def test_everyone_is_paged_in_a_play_and_one_of_those_who_take_turns() -> None:
    """All of the team at once; of a list the first, and the others of it later or never."""
    quiet = script((60, "Active", "Group 3"), priority=1)

    assert paged(rehearse(quiet, asks("everyone:engineering"), fires_max=1)) == {"dora", "emeka", "sven"}
    assert len(paged(rehearse(quiet, asks("round-robin:engineering"), fires_max=1))) == 1


def test_whoever_a_chain_would_ask_is_in_the_cast() -> None:
    """All of a list, and the manager of whoever opens."""
    for name, people in (("everyone:engineering", {"dora", "emeka", "sven"}), ("manager-of:dora", {"freya"})):
        there = asks(name)
        cast = cast_of(there.policy, there.company, ("acme",), NOW)
        assert people <= set(cast.people["l2-to-engineering"])


class Ahead(Rounds):
    """A store in which two turns of every list were given to others before."""

    def take(self, listed: str, key: str, there: Sequence[str]) -> tuple[int, tuple[str, ...]]:
        for number in range(2):
            super().take(listed, f"another {number}", there)
        return super().take(listed, key, there)


def test_a_log_may_have_other_turns_but_nobody_from_outside(tmp_path: Path) -> None:
    """What the store counted is taken from the log; somebody who was not there is a fault."""
    told, alone = script((60, "Active", "Group 3"), priority=1), asks("round-robin:engineering")
    played = rehearse(told, replace(alone, turns=Ahead), fires_max=1)
    here = rehearse(told, alone, fires_max=1)

    assert paged(played) != paged(here)
    assert prove(played.script, alone, log_of(played)).entries == len(played.log)
    fewer = tmp_path / "directory.yaml"
    fewer.write_text((ROOT / "examples" / "directory.yaml").read_text().replace("emeka, sven]", "emeka, hugo]"))
    with pytest.raises(Differs, match="the core alone expects"):
        prove(played.script, replace(alone, company=Directory.from_file(fewer)), log_of(played))
