"""People are left alone for a while, and told when that is over: windows of maintenance, and snoozes."""

from datetime import UTC, datetime, timedelta

import pytest

from escalation.client import Refused
from escalation.core.effects import Notify
from escalation.core.entry import Entry
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Channel, Message, Phase, Severity
from escalation.wire.listing import FIRST, Filter
from tests.scenarios.dialogue import Story, until

A_WHILE = timedelta(seconds=10)
"""Longer than an opening takes on a busy machine, shorter than a line waits for what it expects."""


def pages(log: list[Entry]) -> list[tuple[datetime, str, Channel]]:
    """When who was paged, and how."""
    sent = [(entry.at, effect) for entry in log for effect in entry.effects if isinstance(effect, Notify)]
    return [(at, page.contact, page.channel) for at, page in sent if page.message is Message.PAGE]


async def is_listed(story: Story, left_alone_until: datetime | None) -> None:
    """Wait until the list of many shows it so."""

    async def listed() -> bool:
        found = await story.world.desk.list_(Filter(prefix=story.reference), FIRST)
        return [row.left_alone_until for row in found.rows] == [left_alone_until]

    await until(listed, lambda: f"{story.reference} is not listed as left alone until {left_alone_until}")


async def test_what_is_opened_in_a_maintenance_is_silent_until_it_ends_and_told_then(story: Story) -> None:
    """The customer hears at once, their clocks run; the team is looked up and paged at the window's end."""
    end = story.maintains(A_WHILE, customers=["acme"])
    await story.opens(severity="SEV2")
    view = await story.stands(left_alone_until=end, left_alone_by="dana")
    assert view.left_alone_why == f"maintenance {story.policy}: the database moves"
    assert {clock.name for clock in view.clocks if clock.state == "running"} >= {"deadline", "resolution", "lull"}
    await story.log_reads("opened by agent", "left_alone", "the database moves")
    await is_listed(story, end)

    await story.phone("primary").gets_sms("SEV2").replies("ack {code}")
    await story.stands(phase=Phase.ACTIVE, owner="primary", left_alone_until=None)
    await is_listed(story, None)
    log = await story.is_called_off("primary")

    assert [(who, channel) for _, who, channel in pages(log)] == [("primary", Channel.SMS)]
    assert pages(log)[0][0] >= end


async def test_a_sev1_is_paged_at_once_in_any_maintenance(story: Story) -> None:
    """Its first page waits for nothing, and the log says that there was a window."""
    story.maintains(timedelta(hours=1), routes=None, everything=True)
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")
    await story.log_reads("opened by agent", f"maintenance {story.policy} holds back no SEV1")

    await story.is_called_off("primary")


async def test_a_raise_by_hand_goes_before_the_maintenance(story: Story) -> None:
    """Whoever will not wait has the next step told at once; what was open before is told as ever."""
    story.maintains(timedelta(hours=1))
    await story.opens(severity="SEV2")
    await story.world.desk.raise_(story.reference, by="agent", reason="it cannot wait")

    await story.phone("second").gets_sms("SEV2").replies("ack {code}")
    await story.stands(owner="second", left_alone_until=None)
    await story.is_called_off("second")


async def test_what_was_open_before_the_maintenance_goes_on_as_ever(story: Story) -> None:
    """Only what is opened in a window is silent."""
    await story.opens(severity="SEV2")
    story.maintains(timedelta(hours=1))
    await story.phone("primary").gets_sms("SEV2")
    await story.stands(told=("primary",))
    await story.world.desk.raise_(story.reference, by="agent", reason="nobody answers")
    await story.phone("second").gets_sms("SEV2")

    await story.is_called_off("primary", "second")


async def test_a_snooze_puts_off_the_call_and_no_promise_to_the_customer(story: Story) -> None:
    """Texted, then snoozed: the call that was due a second later comes after the snooze, at its own distance."""
    story.agrees(voice_after="2s")
    await story.opens(severity="SEV2")
    await story.phone("primary").gets_sms("SEV2")
    before = await story.stands(told=("primary",))
    end = datetime.now(UTC).replace(microsecond=0) + A_WHILE
    await story.world.desk.snooze(story.reference, by="primary", until=end, reason="on a train")
    view = await story.stands(left_alone_until=end, left_alone_why="snooze: on a train")
    due = {clock.name: clock.limit_at for clock in before.clocks}
    for clock in view.clocks:
        assert clock.name not in {"response", "resolution", "customer_update"} or clock.limit_at == due[clock.name]

    await story.phone("primary").is_called(story.reference)
    await story.log_reads("snoozed by primary", "on a train")
    log = await story.is_called_off("primary")
    (texted, *_), (called, *_) = pages(log)
    assert texted < end <= called


async def test_whoever_wakes_it_has_people_told_at_once(story: Story) -> None:
    """Unsnoozed, it goes on where it stood; a SEV1 on its way is never snoozed."""
    story.agrees(voice_after="1s")
    desk, ref = story.world.desk, story.reference
    await story.opens(severity="SEV2")
    await story.phone("primary").gets_sms("SEV2")
    await story.stands(told=("primary",))
    await desk.snooze(ref, by="primary", until=datetime.now(UTC) + timedelta(hours=1), reason="on a train")
    await desk.unsnooze(ref, by="agent", reason="they call")
    await story.log_reads("woken by agent")
    await desk.change_severity(ref, by="agent", severity=Severity.SEV1, reason="all of them")
    with pytest.raises(Refused) as no:
        await desk.snooze(ref, by="primary", until=datetime.now(UTC) + timedelta(hours=1), reason="still there")
    assert no.value.reason is Refusal.SEV1_WAITS

    await story.phone("primary").is_called(story.reference)
    await story.is_called_off("primary")
