"""What came of the effects: dispatches accepted, failed or in doubt, lookups answered, notes written.

A fact about something that was never asked, or is settled already, changes nothing and is in the log as refused.
"""

from escalation.core.approval import reported_approver
from escalation.core.chain import page_accepted, page_failed, reported_contacts
from escalation.core.clock import Clock, Due
from escalation.core.commands import ReportContacts, ReportDelivery, ReportReconciliation, ReportTicket
from escalation.core.draft import Draft
from escalation.core.effects import FindContacts, Notify, Point, Reconcile, WriteTicket
from escalation.core.policy import Target
from escalation.core.refusals import Refusal
from escalation.core.state import Errand
from escalation.core.values import replace
from escalation.core.vocabulary import Channel, ClockName, Message, Outcome, Phase, Reconciled, Topic

# How often one dispatch is looked up, whether the provider cannot be asked (each time after twice the wait) or never
# got it (it is sent again), before it counts as failed.
LOOKUPS_MAX = 6
# A failed message of these kinds is told to somebody; a failed notice about a failure is only in the log.
OWED = (
    Message.APPROVAL,
    Message.UPDATE_WANTED,
    Message.CUSTOMER_OPENING,
    Message.CUSTOMER_UPDATE,
    Message.CUSTOMER_NO_NEWS,
    Message.CUSTOMER_REMINDER,
    Message.CUSTOMER_RESOLUTION,
)


def report_contacts(draft: Draft, command: ReportContacts) -> None:
    """Who is behind the names that were looked up."""
    errand = _errand(draft, command.number)
    if errand is None or not isinstance(errand.effect, FindContacts):
        draft.refuse(Refusal.UNKNOWN_EFFECT, number=str(command.number))
        return
    _settle(draft, errand)
    effect = errand.effect
    if draft.ended:
        return  # the closing notice has said all there is to say
    if effect.purpose == "notice" and command.failed is not None:
        # Nobody can say who is behind the names: the one contact that the policy names directly hears instead.
        fallback = draft.policy.house.fallback
        draft.notify(fallback, draft.manner.notice, Message.SITUATION, points=effect.points)
    elif effect.purpose == "notice":
        for contact, channel in _people(draft, command).items():
            draft.notify(contact, channel, Message.SITUATION, points=effect.points)
    elif draft.transfer.lookup != command.number:
        return  # about a step that is over: nothing depends on it any more
    elif effect.purpose == "approval":
        reported_approver(draft, command)
    else:
        reported_contacts(draft, command)


def report_delivery(draft: Draft, command: ReportDelivery) -> None:
    """What became of a dispatch. A receipt comes from outside: somebody must have vouched for it."""
    vouched = command.standing is not None and (command.standing.verified or command.standing.trusted_claims)
    if command.how == "receipt" and not vouched:
        draft.refuse(Refusal.UNVERIFIED, number=str(command.number))
        return
    errand = _errand(draft, command.number)
    if errand is None or not isinstance(errand.effect, Notify):
        if command.outcome is Outcome.FAILED and command.number in draft.transfer.pages:
            page_failed(draft, command.number, surely=True)  # accepted first, then a receipt says it never arrived
        else:
            draft.refuse(Refusal.UNKNOWN_EFFECT, number=str(command.number))
    elif command.outcome is Outcome.ACCEPTED:
        _accepted(draft, errand)
    elif command.outcome is Outcome.FAILED:
        _failed(draft, errand, errand.effect)
    elif not errand.ambiguous:
        _in_doubt(draft, errand, errand.effect)


def reconcile_due(draft: Draft, clock: Clock, _due: Due) -> None:
    """The provider's own list can be trusted by now: look."""
    del draft.clocks[clock.name, clock.cycle]
    errand = _errand(draft, clock.cycle)
    assert errand is not None  # whatever settles a doubt drops its clock
    effect = errand.effect
    assert isinstance(effect, Notify)  # only dispatches are ever in doubt
    number = draft.next_number()
    draft.ask(Reconcile(number, effect.dispatch, effect.contact, effect.channel, errand.since))


def report_reconciliation(draft: Draft, command: ReportReconciliation) -> None:
    """What looking up an ambiguous dispatch showed."""
    lookup = _errand(draft, command.number)
    if lookup is None or not isinstance(lookup.effect, Reconcile):
        draft.refuse(Refusal.UNKNOWN_EFFECT, number=str(command.number))
        return
    _settle(draft, lookup)
    doubted = _doubted(draft, lookup.effect.dispatch)
    if doubted is None:
        return  # a receipt has settled it meanwhile
    effect = doubted.effect
    assert isinstance(effect, Notify)  # only dispatches are ever in doubt
    if command.result is Reconciled.ADOPTED:
        _accepted(draft, doubted)
    elif command.result is Reconciled.ABSENT:
        _absent(draft, doubted, effect)
    elif doubted.lookups + 1 >= LOOKUPS_MAX:
        _failed(draft, doubted, effect)
    else:
        _replace_errand(draft, doubted, replace(doubted, lookups=doubted.lookups + 1))
        wait = draft.policy.settle(effect.channel).window * 2 ** (doubted.lookups + 1)
        draft.start_clock(ClockName.RECONCILE, Target(wait), cycle=effect.number)


def report_ticket(draft: Draft, command: ReportTicket) -> None:
    """Whether the ticket took the note; if not, the customer contact hears that the ticket is behind."""
    errand = _errand(draft, command.number)
    if errand is None or not isinstance(errand.effect, WriteTicket):
        draft.refuse(Refusal.UNKNOWN_EFFECT, number=str(command.number))
        return
    _settle(draft, errand)
    draft.write_held()
    if not command.written:
        draft.notice(Point(Topic.MESSAGE_FAILED, "ticket"), draft.people.customer_contact)


# --- inside ----------------------------------------------------------------------------------------------------------


def _people(draft: Draft, command: ReportContacts) -> dict[str, Channel]:
    """Everybody found, once, with a channel they have; the backup where the primary cannot be reached."""
    people: dict[str, Channel] = {}
    for found in command.found:
        primary = found.channels or not found.backup
        contact, channels = (found.contact, found.channels) if primary else (found.backup, found.backup_channels)
        if contact is not None:
            notice = draft.manner.notice
            people.setdefault(contact, notice if notice in channels or not channels else channels[0])
    return people


def _accepted(draft: Draft, errand: Errand) -> None:
    effect = errand.effect
    assert isinstance(effect, Notify)  # callers have looked
    _settle(draft, errand)
    if effect.message is Message.PAGE:
        _release(draft, effect.contact)
        page_accepted(draft, effect)
    else:
        draft.told(effect.contact)


def _release(draft: Draft, contact: str) -> None:
    """Whoever is paged and did not hear, because the page was still on its way, what has become of it hears now."""
    if contact in (*draft.people.told, draft.people.owner, draft.people.customer_contact):
        return
    if draft.ended:
        draft.notify(contact, draft.manner.notice, Message.CLOSING)
    elif draft.phase is Phase.ACTIVE:
        draft.notify(contact, draft.manner.notice, Message.ACKNOWLEDGED)


def _failed(draft: Draft, errand: Errand, effect: Notify) -> None:
    """A page fails over at once; other owed words are reported to those who can still say them."""
    _settle(draft, errand)
    if effect.message is Message.PAGE:
        page_failed(draft, effect.number, surely=True, replaced=errand.ambiguous)
    elif effect.message in OWED and not draft.ended:
        point = Point(Topic.MESSAGE_FAILED, effect.message)
        draft.notice(point, draft.people.customer_contact, draft.policy.house.managers)


def _in_doubt(draft: Draft, errand: Errand, effect: Notify) -> None:
    """Nobody knows whether it was accepted: the next channel is tried at once, the doubt is settled later."""
    _replace_errand(draft, errand, replace(errand, ambiguous=True))
    window = draft.policy.settle(effect.channel).window
    draft.start_clock(ClockName.RECONCILE, Target(window), cycle=effect.number)
    if effect.message is Message.PAGE:
        page_failed(draft, effect.number, surely=False)


def _absent(draft: Draft, errand: Errand, effect: Notify) -> None:
    """The provider never got it: send the same dispatch again, unless it would come too late to be of use."""
    _settle(draft, errand)
    wanted = effect.message is not Message.PAGE or (
        draft.phase is Phase.IN_TRANSFER and effect.number in draft.transfer.pages
    )
    if not wanted:
        return
    if errand.lookups + 1 >= LOOKUPS_MAX or not draft.policy.settle(effect.channel).resend:
        _failed(draft, errand, effect)
        return
    number = draft.next_number()
    draft.ask(replace(effect, number=number), again=errand)
    if effect.message is Message.PAGE:
        pages = tuple(number if n == effect.number else n for n in draft.transfer.pages)
        draft.transfer = replace(draft.transfer, pages=pages)


def _errand(draft: Draft, number: int) -> Errand | None:
    return next((errand for errand in draft.errands if errand.effect.number == number and not errand.held), None)


def _doubted(draft: Draft, dispatch: str) -> Errand | None:
    return next(
        (e for e in draft.errands if e.ambiguous and isinstance(e.effect, Notify) and e.effect.dispatch == dispatch),
        None,
    )


def _settle(draft: Draft, errand: Errand) -> None:
    draft.errands = tuple(e for e in draft.errands if e.effect.number != errand.effect.number)
    draft.clocks.pop((ClockName.RECONCILE, errand.effect.number), None)


def _replace_errand(draft: Draft, old: Errand, new: Errand) -> None:
    draft.errands = tuple(new if errand is old else errand for errand in draft.errands)
