"""Steps that ask a list, whoever's turn it is, or up the reporting line; and people who sleep."""

from typing import Any

from escalation.core.facts import ReportContacts, ReportDelivery
from escalation.core.vocabulary import Channel, Failure, Phase
from tests.scenarios.company import Change
from tests.scenarios.dialogue import Story, until

ALWAYS_QUIET = [{"hours": "00:00-24:00", "through": ["SEV1"]}]


def person(name: str, **fields: Any) -> Change:  # noqa: ANN401  # of the directory
    """That person has these fields as well; None takes one away."""

    def change(written: dict[str, Any]) -> None:
        entry = {**written["people"][name], **fields}
        written["people"][name] = {key: value for key, value in entry.items() if value is not None}

    return change


def team(name: str, *members: str, lead: str | None = None) -> Change:
    """There is a team of these."""

    def change(written: dict[str, Any]) -> None:
        led = {} if lead is None else {"lead": lead}
        written.setdefault("teams", {})[name] = {"name": name.title(), "members": list(members), **led}

    return change


def cares_for_acme(contact: str, backup: str) -> Change:
    """Acme has people of its own."""

    def change(written: dict[str, Any]) -> None:
        written["customers"]["acme"] |= {"contact": contact, "contact_backup": backup}

    return change


async def test_everyone_of_a_team_is_paged_at_once_and_the_first_answer_takes_it(changing: Story) -> None:
    """Whoever cannot be reached is left out; the others hear who has it."""
    changing.world.staffed(team("platform", "primary", "silent", "second", "third"))
    changing.agrees(contacts=("everyone:platform", "senior-on-call", "lead-on-call"))
    await changing.opens()
    await changing.phone("primary").gets_sms("SEV1")
    await changing.phone("third").gets_sms("SEV1")
    await changing.phone("second").gets_sms("SEV1")
    everybody = {"primary", "second", "third"}

    async def known() -> bool:
        return set((await changing.view()).told) == everybody

    await until(known, lambda: f"not all of {everybody} are known to be told")
    await changing.phone("second").replies("ack {code}")

    await changing.stands(phase=Phase.ACTIVE, owner="second")
    for other in ("primary", "third"):
        await changing.phone(other).gets_sms("Taken by Sue Second")
    log = await changing.is_called_off("primary", "second", "third")
    found = [each for entry in log if isinstance(entry.command, ReportContacts) for each in entry.command.found]
    assert {each.why for each in found if each.name == "everyone:platform"} == {"one of platform"}


async def test_two_escalations_ask_two_people_of_a_round(changing: Story) -> None:
    """Whoever was asked by the first is not the one whom the second asks; the log says whose turn it was."""
    changing.world.staffed(team("round", "primary", "second", "third"))
    changing.agrees(contacts=("round-robin:round", "senior-on-call", "lead-on-call"))
    await changing.opens()
    await changing.phone("primary").gets_sms("SEV1")
    first = await changing.is_called_off("primary")

    await changing.opens(key="second")
    await changing.phone("second").gets_sms("SEV1")
    again = await changing.is_called_off("second")

    why = [
        each.why
        for log in (first, again)
        for entry in log
        if isinstance(entry.command, ReportContacts)
        for each in entry.command.found
        if each.name == "round-robin:round"
    ]
    assert why == ["turn 1 of round", "turn 2 of round"]


async def test_whoever_is_next_in_the_round_is_the_backup(changing: Story) -> None:
    """The one whose turn it is hears nothing in time: the next one is told, not the next step."""
    changing.world.staffed(team("pair", "primary", "second"))
    changing.agrees(contacts=("round-robin:pair", "senior-on-call", "lead-on-call"), backup_after="2s")
    await changing.opens()

    await changing.phone("primary").gets_sms("SEV1")
    await changing.phone("second").gets_sms("SEV1").replies("ack {code}")

    await changing.stands(phase=Phase.ACTIVE, owner="second", step="first")
    await changing.phone("primary").gets_sms("Taken by Sue Second")
    await changing.is_called_off("primary", "second")


async def test_a_chain_climbs_the_reporting_line_of_whoever_owns_it(changing: Story) -> None:
    """The opener's manager, then theirs: looked up as each step begins, and a change in between counts."""
    line = (person("agent", reports_to="second"), person("second", reports_to="third"))
    changing.world.staffed(*line)
    changing.agrees(
        contacts=("manager-of:owner", "manager-of:manager-of:owner", "on-call"), windows=("4s", "30m", "30m")
    )
    await changing.opens()
    await changing.phone("second").gets_sms("SEV1")

    changing.world.staffed(line[0], person("second", reports_to="planner"))
    await changing.phone("planner").gets_sms("SEV1").replies("ack {code}")

    await changing.stands(phase=Phase.ACTIVE, owner="planner", step="second")
    await changing.phone("second").gets_sms("Taken by Pat Planner")
    await changing.is_called_off("second", "planner")


async def test_the_customers_own_contact_is_asked_and_their_backup(changing: Story) -> None:
    """Whom the directory has for that customer; the contact cannot be reached, so the backup is, at once."""
    changing.world.staffed(cares_for_acme("silent", "planner"))
    changing.agrees(contacts=("contact-of:customer", "senior-on-call", "lead-on-call"))
    await changing.opens()

    await changing.phone("planner").gets_sms("SEV1").replies("ack {code}")

    await changing.stands(phase=Phase.ACTIVE, owner="planner")
    await changing.is_called_off("planner")


async def test_a_line_that_ends_costs_no_time(changing: Story) -> None:
    """The opener reports to nobody, the team has nobody who can be reached: the third step is asked at once."""
    changing.world.staffed(team("empty", "silent"))
    changing.agrees(contacts=("manager-of:owner", "everyone:empty", "lead-on-call"))
    await changing.opens()

    await changing.phone("third").gets_sms("SEV1").replies("ack {code}")

    await changing.stands(phase=Phase.ACTIVE, owner="third", step="third")
    await changing.is_called_off("third")


async def test_whoever_sleeps_is_passed_over_for_what_can_wait_and_rung_for_the_worst(changing: Story) -> None:
    """A SEV2 goes to the backup by telephone, a SEV1 to the one on call; the log says until when they are quiet."""
    changing.world.staffed(person("primary", quiet=ALWAYS_QUIET, email=None))
    await changing.opens(severity="SEV2")
    await changing.phone("backup").gets_sms("SEV2").replies("ack {code}")
    await changing.stands(phase=Phase.ACTIVE, owner="backup")
    log = await changing.is_called_off("backup")
    found = next(entry.command.found[0] for entry in log if isinstance(entry.command, ReportContacts))
    assert "primary: is quiet until" in found.why

    changing.world.staffed(person("primary", quiet=ALWAYS_QUIET))
    await changing.opens(key="second", severity="SEV1")
    await changing.phone("primary").gets_sms("SEV1")
    await changing.is_called_off("primary")


async def test_a_notice_does_not_ring_in_quiet_hours(changing: Story) -> None:
    """Whoever has a telephone only hears in the morning, and the log says when; whoever has mail reads it there."""
    changing.world.staffed(person("boss", email=None, quiet=ALWAYS_QUIET), person("agent", quiet=ALWAYS_QUIET))
    nobody = "unreachable-on-call"
    changing.agrees(terms={"notice": "sms"}, contacts=(nobody, nobody, nobody), house={"fallback": "nobody-on-duty"})
    await changing.opens(severity="SEV2")

    await changing.log_reads("failed quiet until 00:00")
    log = await changing.is_called_off()  # the agent's last word came by mail

    answers = [entry.command for entry in log if isinstance(entry.command, ReportDelivery)]
    held = [each for each in answers if each.failure is Failure.QUIET]
    assert {each.instead for each in held} == {None, Channel.EMAIL}
