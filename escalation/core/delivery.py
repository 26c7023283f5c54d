"""What came of the effects: dispatches accepted, failed or in doubt, lookups answered, notes written.

A fact about something that was never asked, or is settled already, changes nothing and is in the log as refused.
"""

from escalation.core.approval import reported_approvers
from escalation.core.beside import ReportTold
from escalation.core.catching_up import channel_works, drop, hush
from escalation.core.chain import page_arrived, page_failed, reported_contacts
from escalation.core.clock import Clock, Due
from escalation.core.contact import reached_of, reported_contact, stand_in
from escalation.core.draft import SAID_AFTERWARDS, Draft
from escalation.core.effects import FindContacts, Notify, Point, Reconcile, ShowRoom, TellLinked, WriteTicket
from escalation.core.facts import (
    BUNDLED,
    TOLD_TWICE,
    ReportContacts,
    ReportDelivery,
    ReportReconciliation,
    ReportRoom,
    ReportTicket,
)
from escalation.core.linking import found_over
from escalation.core.notices import OWED, came_back, overtaken, told_anew, told_otherwise
from escalation.core.policy import Target
from escalation.core.post import FOLLOWED, Sent, word_of
from escalation.core.receipts import await_receipt, delivered, failed, looked_up, receipt_came
from escalation.core.refusals import Refusal
from escalation.core.rungs import heard_on, tell_otherwise
from escalation.core.state import Errand
from escalation.core.values import replace
from escalation.core.vocabulary import Channel, ClockName, Message, Outcome, Phase, Reconciled, Topic

# How often one dispatch is looked up, whether the provider cannot be asked (each time after twice the wait) or never
# got it (it is sent again), before it counts as failed.
LOOKUPS_MAX = 6


def report_contacts(draft: Draft, command: ReportContacts) -> None:
    """Who is behind the names that were looked up."""
    errand = _errand(draft, command.number)
    if errand is None or not isinstance(errand.effect, FindContacts):
        draft.refuse(Refusal.UNKNOWN_EFFECT, number=str(command.number))
        return
    _settle(draft, errand)
    effect = errand.effect
    if draft.ended and SAID_AFTERWARDS.isdisjoint(point.topic for point in effect.points):
        return  # the closing notice has said all there is to say
    if effect.purpose == "notice" and command.failed is not None:
        # Nobody can say who is behind the names: the one contact that the policy names directly hears instead.
        fallback = draft.policy.house.fallback
        draft.notify(fallback, draft.manner.notice, Message.SITUATION, points=effect.points)
    elif effect.purpose == "notice":
        for contact, channel in _people(draft, command).items():
            draft.notify(contact, channel, Message.SITUATION, points=effect.points)
        stand_in(draft, command, effect)
    elif effect.purpose == "contact":
        reported_contact(draft, command, effect)
    elif effect.purpose == "approval":
        reported_approvers(draft, command)
    elif draft.transfer.lookup != command.number:
        return  # about a step that is over: nothing depends on it any more
    else:
        reported_contacts(draft, command)


def report_delivery(draft: Draft, command: ReportDelivery) -> None:
    """What became of a dispatch. A receipt comes from outside: somebody must have vouched for it."""
    vouched = command.standing is not None and (command.standing.verified or command.standing.trusted_claims)
    if command.how == "receipt" and not vouched:
        draft.refuse(Refusal.UNVERIFIED, number=str(command.number))
        return
    asked_for = command.how == "poll" and looked_up(draft, command.number)
    sent = draft.people.post.of(command.number)
    errand = _errand(draft, sent.number if sent is not None else command.number)
    if errand is None or not isinstance(errand.effect, Notify):
        taken = came_back(draft, sent, command) or receipt_came(draft, command)
        if not taken and not asked_for and command.code != TOLD_TWICE:
            draft.refuse(Refusal.UNKNOWN_EFFECT, number=str(command.number))
    elif command.outcome is Outcome.AMBIGUOUS:
        if not errand.ambiguous:
            _in_doubt(draft, errand, errand.effect)
    elif command.outcome is Outcome.FAILED:
        _failed(draft, errand, errand.effect, command)
    else:
        _accepted(draft, errand, command.provider_id, delivered_too=command.outcome is Outcome.DELIVERED)
        if command.how == BUNDLED and errand.effect.message is Message.PAGE:
            tell_otherwise(draft, errand.effect.number)


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
        _accepted(draft, doubted, command.provider_id)
    elif command.result is Reconciled.ABSENT:
        _absent(draft, doubted, effect)
    elif doubted.lookups + 1 >= LOOKUPS_MAX:
        _failed(draft, doubted, effect)
        page = draft.people.post.of(effect.number)
        if page is not None and page.message is Message.PAGE:
            _release(draft, page)  # nobody will ever know: it may have rung
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


def report_told(draft: Draft, command: ReportTold) -> None:
    """Whether a linked escalation heard. One that is over has nothing more to hear; how it ended is kept here."""
    errand = _errand(draft, command.number)
    if errand is None or not isinstance(errand.effect, TellLinked):
        draft.refuse(Refusal.UNKNOWN_EFFECT, number=str(command.number))
    else:
        _settle(draft, errand)
        found_over(draft, errand.effect.to, errand.effect.to_episode, command.ended)


def report_room(draft: Draft, command: ReportRoom) -> None:
    """Whether the war room shows it. One that does not is in the log; the next status is another try."""
    errand = _errand(draft, command.number)
    if errand is None or not isinstance(errand.effect, ShowRoom):
        draft.refuse(Refusal.UNKNOWN_EFFECT, number=str(command.number))
    else:
        _settle(draft, errand)


# --- inside ----------------------------------------------------------------------------------------------------------


def _people(draft: Draft, command: ReportContacts) -> dict[str, Channel]:
    """Everybody found, once, with a channel they have; the backup where the primary cannot be reached."""
    people: dict[str, Channel] = {}
    for found in command.found:
        reached = reached_of(draft, found)
        if reached is not None:
            people.setdefault(*reached)
    return people


def _accepted(draft: Draft, errand: Errand, provider_id: str | None, *, delivered_too: bool = False) -> None:
    effect = errand.effect
    assert isinstance(effect, Notify)  # callers have looked
    _settle(draft, errand)
    sent = _sent(draft, errand, effect, provider_id)
    if effect.message is Message.PAGE:
        _release(draft, sent)
        page_arrived(draft, effect.contact, errand.since)
        if not delivered_too:
            await_receipt(draft, sent)
    else:
        draft.told(effect.contact)
    if delivered_too:
        delivered(draft, sent)
    channel_works(draft, effect.channel)


def _sent(draft: Draft, errand: Errand, effect: Notify, provider_id: str | None) -> Sent:
    """What is remembered of a dispatch that was taken; of words that nobody is owed, nothing."""
    post = draft.people.post
    plain = Sent(effect.number, effect.dispatch, effect.contact, effect.channel, effect.message, errand.since)
    sent = replace(post.of(effect.number) or plain, outcome=Outcome.ACCEPTED, provider_id=provider_id)
    if effect.message in FOLLOWED:
        sent = replace(sent, points=effect.brief.points, tried=errand.tried)
    if effect.message is Message.PAGE or effect.message in (*OWED, *FOLLOWED):
        draft.people = replace(draft.people, post=post.kept(sent))
    return sent


def _release(draft: Draft, page: Sent) -> None:
    """Whoever is paged and did not hear, because the page was still on its way, what has become of it hears now.

    Not who had taken it themselves by then, and has passed it on: they know. They hear how it ends.
    """
    contact = page.contact
    if contact in (draft.people.owner, draft.people.customer_contact):
        return
    if draft.ended:
        if contact not in draft.people.told:
            draft.notify(contact, draft.manner.notice, Message.CLOSING)
    elif draft.phase in (Phase.ACTIVE, Phase.RESOLVED) and not page.answered and not _heard_since(draft, page):
        draft.notify(contact, heard_on(draft, contact), Message.ACKNOWLEDGED)


def _heard_since(draft: Draft, page: Sent) -> bool:
    """Whether they were told who has it after that page was sent."""
    asked = [word for errand in draft.errands if isinstance(word := errand.effect, Notify)]
    told = [(one.message, one.contact, one.number) for one in asked]
    told += [(one.message, one.contact, one.number) for one in draft.people.post.sent]
    return any((message, who) == (Message.ACKNOWLEDGED, page.contact) and n > page.number for message, who, n in told)


def _failed(draft: Draft, errand: Errand, effect: Notify, report: ReportDelivery | None = None) -> None:
    """A page fails over at once; other words go out on another channel, or are told of, or told later."""
    _settle(draft, errand)
    failure, code = (report.failure, report.code) if report is not None else (None, None)
    sent = draft.people.post.of(effect.number)
    if effect.message is Message.PAGE and sent is not None:
        failed(draft, sent, failure, code, replaced=errand.ambiguous)
        return
    if report is not None and report.until is not None:
        hush(draft, word_of(effect, errand.tried), report.until, report.instead)
        return
    told_otherwise(draft, word_of(effect, errand.tried), failure, code)


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
    page, chased = effect.message is Message.PAGE, draft.phase is Phase.IN_TRANSFER and draft.people.lull is None
    if page and effect.number not in draft.transfer.pages:
        return
    # While nobody is chased nobody is paged: whoever is next then is told when that is over.
    waits = page and not chased
    if waits or errand.lookups + 1 >= LOOKUPS_MAX or not draft.policy.settle(effect.channel).resend:
        _failed(draft, errand, effect)
    elif overtaken(draft, word := word_of(effect)) or _of_another(draft, effect):
        drop(draft, word)
    elif effect.message is Message.SITUATION:
        told_anew(draft, errand, effect)
    else:
        _resend(draft, errand, effect)


def _of_another(draft: Draft, effect: Notify) -> bool:
    """Whether it says who has it, and somebody else has it by now."""
    return effect.message is Message.ACKNOWLEDGED and effect.brief.owner != draft.people.owner


def _resend(draft: Draft, errand: Errand, effect: Notify) -> None:
    number = draft.next_number()
    draft.ask(replace(effect, number=number), again=errand)
    if effect.message is Message.PAGE:
        draft.people = replace(draft.people, post=draft.people.post.renumbered(effect.number, number))
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
