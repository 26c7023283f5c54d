"""The weekly letter: a schedule of the engine starts one small workflow, which looks and writes."""

from temporalio.client import ScheduleActionStartWorkflow

from escalation.cli.digesting import HOUR, installed, removed, told_now
from escalation.wire.names import READINESS_SCHEDULE, READINESS_WORKFLOW
from escalation.wire.readiness import ReadinessOrder
from tests.scenarios.dialogue import Story


async def test_a_letter_says_what_is_not_ready(story: Story) -> None:
    """To whoever holds the role, by mail alone; the numbers come back."""
    told = await told_now(story.world.client, ReadinessOrder("primary"))
    assert told.told == ("primary",)
    await story.mailbox("primary").gets("On-call readiness")
    story.over = True


async def test_the_schedule_is_made_once_changed_and_removed(story: Story) -> None:
    """Installing it again changes whom it tells; removing it twice is no error."""
    client = story.world.client
    await installed(client, ReadinessOrder("primary"), "Europe/Berlin")
    await installed(client, ReadinessOrder("backup"), "UTC")
    found = (await client.get_schedule_handle(READINESS_SCHEDULE).describe()).schedule
    assert isinstance(found.action, ScheduleActionStartWorkflow)
    assert found.action.workflow == READINESS_WORKFLOW
    assert found.spec.time_zone_name == "UTC"
    assert [each.start for calendar in found.spec.calendars for each in calendar.hour] == [HOUR]
    await removed(client)
    await removed(client)
    story.over = True
