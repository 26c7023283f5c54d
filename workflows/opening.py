"""What an opening waits for: the agreement, the words and a short code. Each wait is bounded, with a way on."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from escalation.core.commands import Open
    from escalation.core.effects import Text, text_id
    from escalation.core.policy import Policy
    from escalation.wire.messages import Start
    from workflows import options, ports


async def freeze(name: str) -> Policy:
    """The newest good version of an agreement, or the copy kept of the last good one.

    When there is neither, it raises what is wrong with the newest one: that is what somebody can mend.
    """
    order = ports.Freeze(name, workflow.now())
    try:
        return await workflow.execute_activity(ports.freeze_policy, order, summary=name, **options.FREEZE)
    except ActivityError as wrong:
        try:
            return await workflow.execute_activity(ports.kept_policy, order, summary=f"{name}, kept", **options.KEPT)
        except ActivityError:
            raise wrong from wrong.cause


async def admit(start: Start) -> ports.Admitted:
    """Keep the words and allot a short code.

    When the store is away, the words get the ids under which they will be found later, without a commitment.
    """
    try:
        return await workflow.execute_activity(ports.admit, admission(start), **options.ADMIT)
    except ActivityError:
        words = admission(start).words
        return ports.Admitted(None, {key: Text(text_id(start.reference, start.episode, key), "") for key in words})


def admission(start: Start) -> ports.Admission:
    """The order to keep what an escalation starts with."""
    words = {"title": start.title, "description": start.description}
    return ports.Admission(start.reference, start.episode, workflow.now(), words)


def handed_over(start: Start, policy: Policy, admitted: ports.Admitted) -> Open:
    """The first command: what was handed over, under the agreement that was frozen for it."""
    return Open(
        reference=start.reference,
        episode=start.episode,
        ticket=start.ticket,
        by=start.by,
        by_machine=start.by_machine,
        route=start.route,
        severity=start.severity,
        ask=start.ask,
        title=admitted.texts["title"],
        description=admitted.texts["description"],
        customer=start.customer,
        deadline=start.deadline,
        policy=policy,
        code=admitted.code,
        restricted=start.restricted,
        segment=start.segment,
    )
