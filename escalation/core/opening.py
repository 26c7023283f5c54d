"""The first decision: what is handed over, under which agreement, and who hears at once."""

from datetime import datetime

from escalation.core import intake, whom
from escalation.core.approval import await_opening
from escalation.core.attaching import objection_to
from escalation.core.cadence import start_customer_updates
from escalation.core.chain import begin_transfer
from escalation.core.commands import Open
from escalation.core.draft import Draft
from escalation.core.leaving_alone import enter
from escalation.core.refusals import Refusal
from escalation.core.rounds import start_rounds
from escalation.core.state import Awaited, Case, Escalation, Grade, Head, People, Tally, Transfer
from escalation.core.targets import start_targets
from escalation.core.vocabulary import Message, Phase
from escalation.core.vouching import believed

GENESIS = "0" * 64  # the digest before the first entry


def objection(command: Open, now: datetime) -> tuple[Refusal, dict[str, str]] | None:
    """Why this cannot be opened at all, or None."""
    at_the_door = intake.refusal(command.policy, command.triage, command.unread)
    if at_the_door is not None:
        return at_the_door
    route = command.policy.route(command.route)
    if route is None:
        known = ", ".join(known.name for known in command.policy.routes)
        return Refusal.UNKNOWN_ROUTE, {"route": command.route or "none", "known": known}
    if command.ask not in route.asks:
        return Refusal.ASK_NOT_FOR_ROUTE, {"ask": command.ask, "allowed": ", ".join(route.asks)}
    if command.segment and command.policy.segment(command.segment) is None:
        known = ", ".join(known.name for known in command.policy.segments)
        return Refusal.UNKNOWN_SEGMENT, {"segment": command.segment, "known": known or "none"}
    if command.deadline <= now:
        return Refusal.DEADLINE_PASSED, {"deadline": command.deadline.isoformat(), "now": now.isoformat()}
    if command.customer_contact and command.customer_contact == command.customer:
        return Refusal.CUSTOMER_CANNOT_OWN, {"customer_contact": command.customer_contact}
    waits = route.approval is not None and not intake.skips_approval(command.triage)
    if waits and command.standing is not None and not believed(command.standing):
        return Refusal.UNVERIFIED, {"by": command.by}
    return objection_to(command.attachments)


def blank(command: Open, now: datetime) -> Escalation:
    """An escalation about which nothing has been decided yet."""
    house = command.policy.house
    segment = command.policy.segment(command.segment) if command.segment else None
    sender = house.customer_contact if command.by_machine else command.by
    dedicated = segment.customer_contact if segment is not None else None
    if dedicated is not None:
        dedicated = whom.placed(dedicated, sender, command.customer)
    case = Case(
        command.reference,
        command.episode,
        command.ticket,
        command.code,
        now,
        command.by,
        command.customer,
        command.title,
        command.description,
        command.deadline,
        command.restricted,
        command.segment,
        command.linked_to,
        (),
        command.attachments,
    )
    return Escalation(
        case=case,
        policy=command.policy,
        phase=Phase.IN_TRANSFER,
        grade=Grade(command.severity, command.severity),
        people=People(owner=sender, customer_contact=command.customer_contact or dedicated or sender),
        transfer=Transfer(command.route, command.ask),
        clocks=(),
        awaited=Awaited(),
        tally=Tally(),
        head=Head(0, GENESIS, 0),
    )


def open_(draft: Draft, command: Open) -> None:
    """Targets and the customer's turn run from here; the chain begins, or an approver is asked first.

    What triage finds immediate waits for nobody's yes.
    """
    start_targets(draft)
    start_customer_updates(draft)
    start_rounds(draft)
    enter(draft, command)
    if draft.route.approval is not None and not intake.skips_approval(command.triage):
        await_opening(draft, draft.route.approval, command.standing)
    else:
        begin_transfer(draft)
    draft.tell_customer(Message.CUSTOMER_OPENING)
