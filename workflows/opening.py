"""What an opening waits for: the agreement, the words and a short code. Each wait is bounded, with a way on."""

from dataclasses import replace

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from escalation.core.beside import Attachment
    from escalation.core.case_facts import CaseFacts
    from escalation.core.commands import Open
    from escalation.core.effects import Text, text_id
    from escalation.core.intake import Named, place
    from escalation.core.lull import about
    from escalation.core.policy import Policy
    from escalation.wire.messages import HandedFile, Start
    from escalation.wire.proof import opening_claim
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
    """Keep the words, allot a short code, and ask triage.

    When the store is away, the words get the ids under which they will be found later, without a commitment; triage
    has no say then, nobody is left alone for a maintenance, and who opens it is whoever they say they are.
    """
    try:
        order = replace(admission(start), intake=intake(start), by=start.by, claim=_claim(start), proof=start.proof)
        return await workflow.execute_activity(ports.admit, order, **options.ADMIT)
    except ActivityError:
        words = admission(start).words
        return ports.Admitted(None, {key: Text(text_id(start.reference, start.episode, key), "") for key in words})


def admission(start: Start) -> ports.Admission:
    """The order to keep what an escalation starts with."""
    names = {f"attachment {each.digest}": each.name for each in start.attachments}
    words = {"title": start.title, "description": start.description, **names}
    return ports.Admission(start.reference, start.episode, workflow.now(), words)


def _claim(start: Start) -> str:
    """What the opener's proof must have signed; "" for what nobody could have signed."""
    try:
        return opening_claim(start)
    except (ArithmeticError, TypeError, ValueError):
        return ""


def intake(start: Start) -> ports.Intake | None:
    """What triage is asked; nothing where a second party is only brought in: the first escalation has its answer."""
    if start.linked_to is not None:
        return None
    case = replace(start.case or CaseFacts(), segment=start.segment or (start.case.segment if start.case else ""))
    return ports.Intake(start.policy, start.customer, start.by, case, start.triage, start.by_hand)


def handed_over(start: Start, policy: Policy, admitted: ports.Admitted) -> Open:
    """The first command: what was handed over, under the agreement that was frozen for it.

    What the request does not name is taken from triage, and marked so.
    """
    named = Named(start.route, start.severity, start.severity_name, start.segment, start.customer_contact)
    placed = place(policy, named, admitted.triage)
    return Open(
        reference=start.reference,
        episode=start.episode,
        ticket=start.ticket,
        by=start.by,
        by_machine=start.by_machine,
        route=placed.route,
        severity=placed.severity,
        ask=start.ask,
        title=admitted.texts["title"],
        description=admitted.texts["description"],
        customer=start.customer,
        deadline=start.deadline,
        policy=policy,
        code=admitted.code,
        restricted=start.restricted,
        segment=placed.segment,
        linked_to=start.linked_to,
        customer_contact=placed.customer_contact,
        attachments=tuple([_attached(each, admitted) for each in start.attachments]),
        triage=replace(admitted.triage, taken=placed.taken) if admitted.triage is not None else None,
        unread=placed.unread,
        maintenance=about(admitted.maintenance, placed.route, start.customer, placed.segment),
        standing=admitted.opener if _asks(policy, placed.route) else None,
    )


def _asks(policy: Policy, name: str) -> bool:
    """Whether that route starts with somebody's yes: only then the log says who was asked about."""
    route = policy.route(name)
    return route is not None and route.approval is not None


def _attached(file: HandedFile, admitted: ports.Admitted) -> Attachment:
    return Attachment(file.digest, file.bytes, file.media_type, admitted.texts[f"attachment {file.digest}"])
