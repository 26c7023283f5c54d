"""What the shell asks of the engine: no timer, no attribute and no act more than the decisions need."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from temporalio.api.history.v1 import HistoryEvent
from temporalio.converter import DataConverter

from activities.composition import compose
from escalation.wire import names
from escalation.wire.names import CHAT_QUEUE, EMAIL_QUEUE, TASK_QUEUE, TWILIO_QUEUE, VOICE_QUEUE
from tests.scenarios.agreements import FAR
from tests.scenarios.dialogue import Story
from tests.scenarios.world import World
from workflows import ports

PLAIN = DataConverter.default.payload_converter


def kinds(events: Iterable[HistoryEvent]) -> Counter[str]:
    """How many events there are of each kind."""
    return Counter(str(event.WhichOneof("attributes")).removesuffix("_event_attributes") for event in events)


def attributes(event: HistoryEvent) -> dict[str, Any]:
    """The search attributes that an event sets."""
    upsert = event.upsert_workflow_search_attributes_event_attributes
    return {key: PLAIN.from_payload(found) for key, found in upsert.search_attributes.indexed_fields.items()}


async def test_search_attributes_are_written_when_they_change_and_together(story: Story) -> None:
    """No call without a change, none with more than what changed, at most one for each decision."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")
    for number in range(3):
        await story.world.desk.note(story.reference, by="agent", text=f"note {number}")
    log = await story.is_called_off("primary")

    (history,) = await story.histories()
    known: dict[str, Any] = {}
    for event in history.events:
        for key, value in attributes(event).items():
            assert key not in known or known[key] != value, f"{key} was {value!r} already"
            known[key] = value
    changing = [entry for entry in log if entry.changes or entry.sequence == 1]
    assert kinds(history.events)["upsert_workflow_search_attributes"] <= len(changing) + 1  # the last due is gone
    assert (known["EscPhase"], known["EscSeverity"], known["EscOwner"]) == ("cancelled", "SEV1", "primary")


async def test_a_search_finds_what_is_open(story: Story) -> None:
    """By phase, team and owner; every attribute is registered."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")
    await story.stands(owner="primary")

    found = (await story.handle().describe()).typed_search_attributes

    shown = {pair.key.name: pair.value for pair in found if pair.key in names.SEARCH_ATTRIBUTES}
    due = (await story.view()).next_due
    assert due is not None
    assert shown.pop("EscNextDue") == due
    assert shown == {
        "EscPhase": "active",
        "EscSeverity": "SEV1",
        "EscRoute": "to-engineering",
        "EscTeam": "Engineering",
        "EscCustomer": "acme",
        "EscOwner": "primary",
        "EscEpisode": story.request().episode,
        "EscBreached": False,
    }
    await story.is_called_off("primary")


async def test_a_later_due_starts_no_timer(story: Story) -> None:
    """Each note of the owner moves the watch for silence; the armed timer is left to fire."""
    story.agrees(terms={"silence": FAR})
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")
    await story.stands(owner="primary")
    before = kinds((await story.handle().fetch_history()).events)

    dues = []
    for number in range(3):
        await story.world.desk.note(story.reference, by="primary", text=f"note {number}")
        dues.append((await story.view()).next_due)

    after = kinds((await story.handle().fetch_history()).events)
    assert dues == sorted(dues)  # type: ignore[type-var]  # all are instants
    assert len(set(dues)) == len(dues)
    assert (after["timer_started"], after["timer_canceled"]) == (before["timer_started"], before["timer_canceled"])
    await story.is_called_off("primary")


async def test_no_timer_is_left_when_nothing_is_due(story: Story) -> None:
    """Ended: the timer that ran is cancelled, and no other is started."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    log = await story.is_called_off("primary")

    (history,) = await story.histories()
    seen = kinds(history.events)
    assert not log[-1].clocks
    assert seen["timer_started"] == seen["timer_canceled"] + seen["timer_fired"]


async def test_a_timer_says_what_it_waits_for_and_an_act_what_it_does(story: Story) -> None:
    """For whoever looks at the engine's own pages; no summary names an address."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await story.is_called_off("primary")

    (history,) = await story.histories()
    told = [event for event in history.events if event.user_metadata.HasField("summary")]
    summaries = [PLAIN.from_payload(event.user_metadata.summary, str) for event in told]

    assert any(summary.startswith("next due 2") for summary in summaries)
    assert "4: page to primary by sms" in summaries
    assert not [summary for summary in summaries if "@" in summary or "+1" in summary]


def test_every_act_that_the_workflow_names_is_served(world: World) -> None:
    """Each port by the deed of the same name; sends and look-ups on their vendor's queue, and calls on their own."""
    promised = {
        name
        for name, port in vars(ports).items()
        if callable(port) and hasattr(port, "__temporal_activity_definition") and port.__module__ == ports.__name__
    }

    served = {queue: {deed.__name__ for deed in deeds} for queue, deeds in compose(world.settings).items()}

    sends = {"notify", "reconcile", "look_up_receipt", "send_bundle"}
    calls = {"notify", "send_bundle"}
    chat = {*sends, "show_room"}
    assert served == {
        TASK_QUEUE: promised - chat,
        EMAIL_QUEUE: sends,
        TWILIO_QUEUE: sends,
        VOICE_QUEUE: calls,
        CHAT_QUEUE: chat,
    }
