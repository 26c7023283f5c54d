"""`escalate oncall digest`: the weekly letter about who is not there, by a schedule of the engine."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from escalation.cli.doors import run
from escalation.cli.failing import CheckFailed
from escalation.cli.speaking import say
from escalation.wire import requests
from escalation.wire.names import READINESS_SCHEDULE, READINESS_WORKFLOW, TASK_QUEUE
from escalation.wire.readiness import DAYS_AHEAD, ReadinessOrder, ReadinessTold
from escalation.wire.requests import BadInput

if TYPE_CHECKING:
    from temporalio.client import Client

WITHIN = timedelta(minutes=10)
DAYS_MAX = 366
HOUR = 8
"""Mondays, in the zone that is asked for."""


def digest(
    to: Annotated[str, typer.Option(help="The role that is written to.", metavar="ROLE")] = "duty-manager",
    install: Annotated[bool, typer.Option("--install", help=f"Every Monday at {HOUR:02}:00.")] = False,
    now: Annotated[bool, typer.Option("--now", help="One letter at once.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="No more letters.")] = False,
    zone: Annotated[str, typer.Option(help="Whose Monday morning it is.", metavar="ZONE")] = "UTC",
    days: Annotated[int, typer.Option(help="How far ahead is looked.", min=1, max=DAYS_MAX)] = DAYS_AHEAD,
) -> None:
    """Let whoever holds a role hear every week who cannot be reached, and when nobody is on call."""
    from escalation.wire.zones import zone as zone_of

    if install + now + remove != 1:
        raise BadInput("say one of --install, --now and --remove")
    try:
        zone_of(zone)
    except ValueError as wrong:
        raise BadInput(f"--zone: {wrong}") from None
    order = ReadinessOrder(requests.name("--to", to), days)
    run(_done(order, zone, install=install, now=now))


async def _done(order: ReadinessOrder, zone: str, *, install: bool, now: bool) -> None:
    client = await _connected()
    if install:
        await installed(client, order, zone)
        say(f"{READINESS_SCHEDULE}: {order.to} hears every Monday at {HOUR:02}:00 ({zone})")
    elif now:
        told = await told_now(client, order)
        say(f"{told.errors} errors, {told.warnings} warnings; told: {', '.join(told.told) or 'nobody'}")
        if not told.told:
            raise CheckFailed
    else:
        await removed(client)
        say(f"{READINESS_SCHEDULE}: removed")


async def installed(client: "Client", order: ReadinessOrder, zone: str) -> None:
    """Make the schedule, or change the one that is there. A letter that is late by more than a day is left out."""
    from temporalio.client import (
        Schedule,
        ScheduleActionStartWorkflow,
        ScheduleAlreadyRunningError,
        ScheduleCalendarSpec,
        ScheduleOverlapPolicy,
        SchedulePolicy,
        ScheduleRange,
        ScheduleSpec,
        ScheduleUpdate,
    )

    monday, eight = ScheduleRange(1), ScheduleRange(HOUR)
    wanted = Schedule(
        action=ScheduleActionStartWorkflow(
            READINESS_WORKFLOW, order, id="readiness", task_queue=TASK_QUEUE, execution_timeout=WITHIN
        ),
        spec=ScheduleSpec(calendars=[ScheduleCalendarSpec(hour=(eight,), day_of_week=(monday,))], time_zone_name=zone),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(days=1)),
    )
    try:
        await client.create_schedule(READINESS_SCHEDULE, wanted)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(READINESS_SCHEDULE).update(lambda _: ScheduleUpdate(schedule=wanted))


async def told_now(client: "Client", order: ReadinessOrder) -> ReadinessTold:
    """One letter at once."""
    told: ReadinessTold = await client.execute_workflow(
        READINESS_WORKFLOW, order, id="readiness-now", task_queue=TASK_QUEUE, execution_timeout=WITHIN,
        result_type=ReadinessTold,
    )  # fmt: skip
    return told


async def removed(client: "Client") -> None:
    """Whether it is there or not."""
    from temporalio.service import RPCError, RPCStatusCode

    try:
        await client.get_schedule_handle(READINESS_SCHEDULE).delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def _connected() -> "Client":
    from temporalio.client import Client
    from temporalio.envconfig import ClientConfig

    from escalation.wire.payloads import DATA_CONVERTER

    try:
        return await Client.connect(**ClientConfig.load_client_connect_config(), data_converter=DATA_CONVERTER)
    except RuntimeError:
        raise BadInput("the engine does not answer; correct TEMPORAL_ADDRESS, or start it") from None
