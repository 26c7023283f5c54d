"""What people get wrong: one clear line, a refusal in the log where the rules say no, and nothing half-done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalation.client import BadInput, NotFound, Refused
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Ask, Audience, Phase
from tests.scenarios.dialogue import Story


@pytest.mark.parametrize(
    ("given", "refusal", "told"),
    [
        ({"route": "to-nowhere"}, Refusal.UNKNOWN_ROUTE, "to-engineering, to-product"),
        ({"ask": Ask.DECIDE}, Refusal.ASK_NOT_FOR_ROUTE, "investigate, fix"),
        ({"deadline": datetime(2020, 1, 1, tzinfo=UTC)}, Refusal.DEADLINE_PASSED, "2020-01-01"),
    ],
    ids=["unknown route", "ask of another route", "deadline passed"],
)
async def test_an_opening_against_the_agreement_is_refused_and_recorded(
    story: Story, given: dict[str, Any], refusal: Refusal, told: str
) -> None:
    """Nobody is told anything; the line names what there is."""
    with pytest.raises(Refused, match=told) as refused:
        await story.opens(**given)

    assert refused.value.reason is refusal
    assert (await story.was_refused(refusal)).facts == refused.value.facts


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"severity": "SEV9"}, "severity 'SEV9' is unknown; write one of SEV1, SEV2, SEV3, SEV4"),
        ({"deadline": datetime(2030, 1, 1)}, "deadline 2030-01-01T00:00:00 has no time zone"),  # noqa: DTZ001  # the mistake
        ({"description": "x" * 3_000_000}, "description has 3000000 bytes, at most 65536 are allowed"),
        ({"ticket": "../../etc"}, "ticket '../../etc' is no reference"),
        ({"customer": "acme\r\nBcc: all@example.org"}, "write one line without control characters"),
    ],
    ids=["severity", "deadline", "description", "reference", "customer"],
)
async def test_a_malformed_request_is_never_sent(story: Story, given: dict[str, Any], line: str) -> None:
    """The mistake, the limit and the next step, before the engine hears of anything."""
    with pytest.raises(BadInput) as wrong:
        story.request(**given)

    assert line in str(wrong.value)
    assert "\n" not in str(wrong.value)
    story.over = True


async def test_a_request_without_a_deadline_is_never_sent(story: Story) -> None:
    """Somebody must say until when it is wanted."""
    request = story.request().model_dump(exclude={"deadline"})

    with pytest.raises(BadInput, match="deadline is missing; give one with a time zone"):
        type(story.request()).model_validate(request)
    story.over = True


async def test_an_unknown_reference_is_not_found(story: Story) -> None:
    """Whatever is asked of it."""
    for asked in (story.world.desk.view("NO-SUCH"), story.world.desk.acknowledge("NO-SUCH", by="primary")):
        with pytest.raises(NotFound, match="NO-SUCH: no such escalation"):
            await asked
    story.over = True


async def test_a_command_that_the_phase_forbids_is_refused_and_recorded(story: Story) -> None:
    """It changes nothing but the log."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    with pytest.raises(Refused, match="phase in_transfer") as refused:
        await story.world.desk.confirm(story.reference, by="agent")

    assert refused.value.reason is Refusal.NOT_IN_THIS_PHASE
    log = await story.is_called_off("primary")
    assert [entry.refusal for entry in log if entry.command.kind == "confirm"] == [Refusal.NOT_IN_THIS_PHASE]


async def test_nothing_about_a_restricted_case_reaches_the_customer(story: Story) -> None:
    """Not the opening, not an update, not the end."""
    desk, ref = story.world.desk, story.reference
    await story.opens(restricted=True)
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")
    await desk.post_update(ref, by="primary", audience=Audience.CUSTOMER, text="The key leaked.")
    await desk.resolve(ref, by="primary", text="Rotated.")
    await desk.confirm(ref, by="agent")

    for person in ("primary", "agent"):
        await story.mailbox(person).gets("It is resolved and closed")
    await story.ends(Phase.CLOSED)


async def test_a_broken_agreement_is_replaced_by_its_last_good_copy(story: Story) -> None:
    """The next escalation opens under the copy, and says so."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await story.is_called_off("primary")
    story.world.agree(story.policy, "name: [")

    next_one = Story(story.world)
    next_one.policy = story.policy
    await next_one.opens()
    await next_one.phone("primary").gets_sms("SEV1")

    assert (await next_one.view()).policy_stale
    await next_one.is_called_off("primary")


@pytest.mark.parametrize(
    ("text", "line"), [(None, "no policy is called"), ("name: [", "is wrong")], ids=["unknown", "malformed"]
)
async def test_an_agreement_that_cannot_be_had_opens_nothing(story: Story, text: str | None, line: str) -> None:
    """A typed error that names the agreement; the same key may try again once it is there."""
    story.policy = f"{story.policy}-other"
    if text is not None:
        story.world.agree(story.policy, text)

    with pytest.raises(BadInput, match=f"policy '{story.policy}' cannot be used") as wrong:
        await story.opens()
    assert line in str(wrong.value)

    story.agrees()
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await story.is_called_off("primary")


async def test_a_deadline_that_passes_is_a_breach_of_its_own(story: Story) -> None:
    """The request's own deadline runs on whatever the targets say."""
    await story.opens(deadline=datetime.now(UTC) + timedelta(seconds=3))
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")

    for person in ("boss", "primary", "executive"):
        await story.mailbox(person).gets("The deadline target was missed")
    await story.phone("second").gets_sms("SEV1")

    await story.is_called_off("primary", "second", "boss", "executive")
