"""Words that are no pages and did not arrive: told elsewhere, told later, or counted; never forgotten, never stale."""

from dataclasses import replace

import pytest

from escalation.core.commands import Acknowledge, Block, Cancel, DeEscalate, HandOff, Raise, Reassign, Resolve, Unblock
from escalation.core.effects import FindContacts, Notify, Reconcile
from escalation.core.facts import Found, ReportDelivery, ReportReconciliation
from escalation.core.policy import Reach, Settle
from escalation.core.post import SENT_MAX, Post, Sent
from escalation.core.state import Errand, next_due
from escalation.core.vocabulary import (
    Ask,
    Channel,
    ClockName,
    DeEscalationReason,
    Failure,
    Message,
    Outcome,
    Phase,
    Reconciled,
    Severity,
    Topic,
)
from tests.core.cases import ALL, EMAIL, HOUR, MINUTE, SMS, START, TEXT, Story, active, brief_of, opening, with_terms
from tests.core.watched import GATEWAY, WATCHED, watching

CHAT = Channel.CHAT
RETURN = DeEscalate("ann", next(iter(DeEscalationReason)), "len", "L1", TEXT)


def told(story: Story, message: Message, contact: str | None = None) -> Notify:
    """The latest of these that nobody has answered for."""
    return [n for n in story.asked(Notify) if n.message is message and contact in (None, n.contact)][-1]


def fails(story: Story, notify: Notify, failure: Failure, **more: object) -> list[tuple[str, Message, Channel]]:
    """It does not arrive; who is told what because of that."""
    report = ReportDelivery(notify.number, Outcome.FAILED, failure=failure, **more)  # type: ignore[arg-type]  # ours
    return brief_of(e for e in story.do(report).effects if isinstance(e, Notify))


def comes_back(story: Story, notify: Notify) -> list[tuple[str, Message, Channel]]:
    """A provider had taken it, and says later that nobody is there."""
    return fails(story, notify, Failure.DESTINATION, code="30005", how="receipt", standing=GATEWAY)


def looked(story: Story, notify: Notify, result: Reconciled) -> list[Notify]:
    """What looking that dispatch up leads to, at the time at which it is due."""
    while not any(one.dispatch == notify.dispatch for one in story.asked(Reconcile)):
        story.until(next_due(story.state) or story.now)
    (lookup,) = (one for one in story.asked(Reconcile) if one.dispatch == notify.dispatch)
    decision = story.do(ReportReconciliation(lookup.number, result))
    return [e for e in decision.effects if isinstance(e, Notify)]


def checked_in() -> tuple[Story, Notify]:
    """Ann has it, and is asked how it goes."""
    story = active(obedient=False)
    story.until(story.due(ClockName.CHECK_IN) or story.now)
    return story, told(story, Message.CHECK_IN)


# --- away ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [Failure.UNREACHABLE, Failure.RATE_LIMITED])
def test_what_asks_something_does_not_wait_for_a_provider(failure: Failure) -> None:
    """The owner is asked how it goes by SMS when mail is away; a notice would be owed instead."""
    story, check_in = checked_in()

    assert fails(story, check_in, failure) == [("ann", Message.CHECK_IN, SMS)]
    assert story.state.people.post.owed == ()


def test_a_decision_is_asked_for_on_the_next_channel_when_mail_is_away() -> None:
    """Silence counts: whoever cannot read the question would have said something."""
    story = active(obedient=False)
    story.do(HandOff("ann", "leadership", Ask.DECIDE, "we need a decision"))
    story.find(next(e for e in story.asked(FindContacts) if e.purpose == "approval"))
    asked = told(story, Message.APPROVAL)

    assert fails(story, asked, Failure.UNREACHABLE) == [(asked.contact, Message.APPROVAL, SMS)]
    again = told(story, Message.APPROVAL, asked.contact)
    assert again.brief.approval == asked.brief.approval


def returned() -> Story:
    """Ann gave the ticket back to Len; everybody else has been told, and mail and SMS to him find nobody there."""
    story = Story(opening())
    story.do(Acknowledge("ann"))
    story.obedient = False
    story.do(RETURN)
    for channel in (EMAIL, SMS):
        again = [("len", Message.RETURNED, SMS)] if channel is EMAIL else []
        assert fails(story, told(story, Message.RETURNED), Failure.UNREACHABLE) == again
    for errand in story.state.errands:
        story.answer(errand.effect)
    assert not story.state.settled
    return story


def test_whoever_gets_a_ticket_back_hears_of_it_when_the_provider_is_back() -> None:
    """With the findings; only then is it over."""
    story = returned()
    story.take()

    story.until(story.due(ClockName.CATCH_UP) or story.now)

    (again,) = story.asked(Notify)
    assert (again.contact, again.message, again.text) == ("len", Message.RETURNED, TEXT)
    story.accept(again)
    assert story.state.settled
    assert story.state.tally.skipped == 0


def test_a_ticket_comes_back_to_somebody_without_a_telephone_when_mail_is_back() -> None:
    """That there is no other channel does not mean that mail will never work."""
    story = Story(opening())
    story.do(Acknowledge("ann"))
    story.obedient = False
    story.do(RETURN)
    fails(story, told(story, Message.RETURNED), Failure.UNREACHABLE)
    assert fails(story, told(story, Message.RETURNED), Failure.NO_ADDRESS) == []

    assert [(one.contact, one.message) for one in story.state.people.post.owed] == [("len", Message.RETURNED)]


def test_a_ticket_that_comes_back_at_night_is_told_later() -> None:
    """Where nothing rings it has been tried."""
    story = Story(opening())
    story.do(Acknowledge("ann"))
    story.obedient = False
    story.do(RETURN)
    fails(story, told(story, Message.RETURNED), Failure.UNREACHABLE)
    fails(story, told(story, Message.RETURNED), Failure.QUIET, until=story.now + 8 * HOUR, instead=EMAIL)

    assert [(one.contact, one.message) for one in story.state.people.post.owed] == [("len", Message.RETURNED)]


def test_a_ticket_that_comes_back_is_given_up_after_a_few_tries() -> None:
    """It is counted as skipped, and then it is settled."""
    story = returned()
    while not story.state.settled:
        story.until(story.due(ClockName.CATCH_UP) or story.now)
        for notify in story.asked(Notify):
            fails(story, notify, Failure.UNREACHABLE)

    assert story.state.tally.skipped == 1
    assert story.now - START < 3 * HOUR


# --- taken on, and sent back ------------------------------------------------------------------------------------------


def test_a_notice_that_comes_back_is_told_elsewhere_with_all_that_it_said() -> None:
    """And the address is not used again."""
    story = Story(opening(policy=WATCHED))
    story.do(Acknowledge("ann"))
    story.obedient = False
    story.until(story.due(ClockName.RESOLUTION) or story.now)
    story.find(next(e for e in story.asked(FindContacts) if e.purpose == "notice"))
    breach = next(n for n in story.asked(Notify) if n.contact == "mia")
    assert breach.brief.points
    story.accept(breach)

    assert comes_back(story, breach) == [("mia", Message.SITUATION, SMS)]
    assert told(story, Message.SITUATION, "mia").brief.points == breach.brief.points
    assert ("mia", EMAIL) in story.state.people.post.dead


def test_a_check_in_that_comes_back_is_asked_elsewhere_until_it_is_over() -> None:
    """Afterwards the closing notice stands for it."""
    for ended in (False, True):
        story, check_in = checked_in()
        story.accept(check_in)
        if ended:
            story.do(Cancel("sam", "a mistake"))
        assert comes_back(story, check_in) == ([] if ended else [("ann", Message.CHECK_IN, SMS)])


@pytest.mark.parametrize("failure", [Failure.DESTINATION_BUSY, Failure.RATE_LIMITED, Failure.DESTINATION])
def test_what_comes_back_is_told_on_each_channel_once(failure: Failure) -> None:
    """Whatever came of it; then it is counted."""
    story = watching()
    story.do(Acknowledge("bob"))
    for channel, following in ((SMS, [("ann", Message.ACKNOWLEDGED, EMAIL)]), (EMAIL, [])):
        notice = told(story, Message.ACKNOWLEDGED, "ann")
        assert notice.channel is channel
        story.accept(notice)
        assert fails(story, notice, failure, code="x", how="receipt", standing=GATEWAY) == following

    assert story.state.tally.skipped == 1
    assert story.state.people.post.owed == ()


def test_what_others_have_by_now_is_not_told_again() -> None:
    """A check-in for whoever had it before, and who took it, for whoever has it now."""
    story, check_in = checked_in()
    story.accept(check_in)
    story.do(Raise("mia", "faster"))
    assert comes_back(story, check_in) == []

    story = watching()
    story.do(Acknowledge("bob"))
    notice = told(story, Message.ACKNOWLEDGED, "ann")
    story.accept(notice)
    story.do(Reassign("mia", "ann", "she knows it"))
    story.do(Acknowledge("ann"))
    assert comes_back(story, notice) == []
    assert story.state.tally.skipped == 1


@pytest.mark.parametrize("failure", [Failure.UNREACHABLE, Failure.CONFIGURATION])
def test_quiet_hours_and_a_vendor_that_is_away_do_not_play_ball(failure: Failure) -> None:
    """Mail fails, the telephone is quiet, and mail has been tried."""
    story, check_in = checked_in()
    assert fails(story, check_in, failure) == [("ann", Message.CHECK_IN, SMS)]
    night = story.now + 8 * HOUR

    again = told(story, Message.CHECK_IN)
    assert fails(story, again, Failure.QUIET, until=night, instead=EMAIL) == []
    assert story.state.tally.skipped == 1


def test_notices_are_forgotten_first() -> None:
    """What was told while a step is asked must not make the rules forget whom they asked, and what is owed."""
    plain = Sent(1, "d-1", "ann", SMS, Message.PAGE, START)
    post = Post((plain, replace(plain, number=0, message=Message.CUSTOMER_UPDATE)))
    for number in range(2, SENT_MAX + 10):
        post = post.kept(replace(plain, number=number, message=Message.SITUATION))
    assert post.of(1) == plain
    assert post.of(0) is not None
    assert len(post.sent) == SENT_MAX
    for number in range(1000, 1000 + SENT_MAX):
        post = post.kept(replace(plain, number=number))
    assert post.of(1) is None
    assert post.sent[0].number == 1000


# --- in doubt ---------------------------------------------------------------------------------------------------------


def goes_on(story: Story, doubted: list[Notify] | None, *, looks: Reconciled) -> None:
    """Everything is answered, but Mia's notices, where these are `doubted`; looking anything up shows that."""
    while rest := [e.effect for e in story.state.errands if not e.ambiguous]:
        for effect in rest:
            if isinstance(effect, Reconcile):
                story.do(ReportReconciliation(effect.number, looks))
            elif isinstance(effect, Notify) and effect.contact == "mia" and doubted is not None:
                story.doubt(effect)
                doubted.append(effect)
            else:
                story.answer(effect)


def in_doubt(count: int = 3) -> tuple[Story, list[Notify]]:
    """Nobody knows whether a provider took these notices to Mia; the first of them are warnings."""
    story, doubted = Story(opening()), list[Notify]()
    story.do(Acknowledge("ann"))
    story.obedient = False
    while len(doubted) < count:
        story.until(next_due(story.state) or story.now)
        goes_on(story, doubted, looks=Reconciled.UNKNOWN)
    story.take()
    return story, doubted


def absent(story: Story) -> list[Notify]:
    """The provider is back, and was never told any of them; what is sent to Mia because of that."""
    sent: list[Notify] = []
    while any(errand.ambiguous for errand in story.state.errands):
        story.until(next_due(story.state) or story.now)
        for effect in story.asked(Reconcile):
            decision = story.do(ReportReconciliation(effect.number, Reconciled.ABSENT))
            sent += [e for e in decision.effects if isinstance(e, Notify) and e.contact == "mia"]
    return sent


def test_several_notices_that_never_left_become_one() -> None:
    """Nobody is told three times at once what they could not be told for hours."""
    story, doubted = in_doubt()

    (one,) = absent(story)

    assert one.dispatch in {notify.dispatch for notify in doubted}
    assert set(one.brief.points) == {point for notify in doubted for point in notify.brief.points}
    assert story.state.people.post.owed == ()


def test_a_doubt_that_has_just_begun_is_left_its_time() -> None:
    """What it is about may be on its way: looked up too soon it would be sent twice."""
    story, (old,) = in_doubt(1)
    young = replace(old, number=story.state.head.effects, dispatch="d-young")
    errand = Errand(young, story.now, ambiguous=True)
    story.suppose(awaited=replace(story.state.awaited, errands=(*story.state.errands, errand)))

    assert [notify.dispatch for notify in looked(story, old, Reconciled.ABSENT)] == [old.dispatch]


def test_a_warning_that_never_left_is_not_told_of_what_has_happened() -> None:
    """It is counted."""
    silent = with_terms(Severity.SEV2, check_in=None, customer_update=None, silence=None)
    story = active(opening(policy=silent), obedient=False)
    warnings: list[Notify] = []
    while not warnings:
        story.until(next_due(story.state) or story.now)
        for lookup in story.asked(FindContacts):
            story.find(lookup)
        near = [n for n in story.asked(Notify) if Topic.TARGET_NEAR in [point.topic for point in n.brief.points]]
        warnings = [notify for notify in near if notify.contact == "mia"]
        for notify in story.asked(Notify):
            story.doubt(notify) if notify in warnings else story.accept(notify)
    (warning,) = warnings
    over = max(point.due for point in warning.brief.points if point.due is not None)
    while story.now <= over:
        story.until(next_due(story.state) or story.now)
        goes_on(story, None, looks=Reconciled.UNKNOWN)
    skipped = story.state.tally.skipped

    sent = looked(story, warning, Reconciled.ABSENT)

    assert sent == []
    assert story.state.tally.skipped == skipped + 1


def test_a_notice_that_never_left_says_nothing_any_more_once_it_is_over() -> None:
    """The closing notice has said it; the log says how much was skipped."""
    story, doubted = in_doubt(1)
    story.do(Cancel("sam", "a mistake"))

    assert absent(story) == []
    assert story.state.tally.skipped >= len(doubted[0].brief.points)


def test_a_notice_in_doubt_for_good_is_counted() -> None:
    """Nobody can look it up: it may have been told, and may not."""
    story, doubted = in_doubt(1)
    (notify,) = doubted
    while any(errand.effect is notify for errand in story.state.errands):
        story.until(next_due(story.state) or story.now)
        goes_on(story, [], looks=Reconciled.UNKNOWN)

    assert story.state.tally.skipped >= len(notify.brief.points)


def test_a_check_in_that_never_left_is_not_asked_once_it_is_over() -> None:
    """Before, it is sent again."""
    for ended in (False, True):
        story, check_in = checked_in()
        story.doubt(check_in)
        if ended:
            story.do(Cancel("sam", "a mistake"))
        sent = looked(story, check_in, Reconciled.ABSENT)
        assert [notify.dispatch for notify in sent] == ([] if ended else [check_in.dispatch])


def test_who_took_it_is_not_told_once_somebody_else_has_it() -> None:
    """Bob took it, and Lee has it by the time at which the notice about Bob turns out never to have left."""
    for again in (False, True):
        story = watching()
        story.do(Acknowledge("bob"))
        notice = told(story, Message.ACKNOWLEDGED, "ann")
        story.doubt(notice)
        if again:
            story.do(Reassign("mia", "lee", "she knows it"))
            story.do(Acknowledge("lee"))
        sent = looked(story, notice, Reconciled.ABSENT)
        assert [one.dispatch for one in sent] == ([] if again else [notice.dispatch])


# --- who took it ------------------------------------------------------------------------------------------------------


def test_a_second_page_on_its_way_is_followed_by_who_took_it_that_time() -> None:
    """Ann had heard that Bob took it. She is paged anew, and Lee takes it before a provider has answered."""
    story = watching()
    story.do(Acknowledge("bob"))
    story.accept(told(story, Message.ACKNOWLEDGED, "ann"))
    story.do(Reassign("mia", "ann", "look again"))
    story.find(contact="ann", backup=None)
    page = told(story, Message.PAGE, "ann")
    story.do(Acknowledge("lee"))

    sent = [e for e in story.accept(page).effects if isinstance(e, Notify)]

    assert [(one.contact, one.message) for one in sent] == [("ann", Message.ACKNOWLEDGED)]


def test_a_second_page_on_its_way_when_it_is_over_is_followed_by_nothing() -> None:
    """Ann had been told, so she hears how it ended like everybody."""
    story = watching()
    story.wait(2 * MINUTE)
    page = told(story, Message.PAGE, "ann")
    story.do(Cancel("sam", "a mistake"))

    assert story.accept(page).effects == ()


def test_a_page_on_its_way_when_it_is_resolved_is_followed_by_who_has_it() -> None:
    """They would hear of the end only, days later."""
    story = Story(opening(), obedient=False)
    story.find()
    page = told(story, Message.PAGE)
    story.do(Resolve("zoe", TEXT))

    sent = [e for e in story.accept(page).effects if isinstance(e, Notify)]

    assert [(one.contact, one.message) for one in sent] == [("ann", Message.ACKNOWLEDGED)]


def test_a_call_that_is_in_doubt_for_good_is_followed_by_who_took_it() -> None:
    """It may have rung."""
    story = Story(opening(), obedient=False)
    story.find()
    page = told(story, Message.PAGE)
    story.doubt(page)
    story.do(Acknowledge("lee"))
    sent: list[Notify] = []
    while story.clock(ClockName.RECONCILE) is not None:
        sent += looked(story, page, Reconciled.UNKNOWN)

    assert ("ann", Message.ACKNOWLEDGED) in [(one.contact, one.message) for one in sent]


@pytest.mark.parametrize("failure", [Failure.CONFIGURATION, Failure.DESTINATION])
def test_who_is_paged_in_the_chat_hears_by_mail_where_that_fails(failure: Failure) -> None:
    """The severity's notices go by mail: that is the channel after the chat."""
    terms = tuple(replace(one, reach=(Reach(CHAT), Reach(SMS, 2 * MINUTE))) for one in WATCHED.terms)
    policy = replace(WATCHED, terms=terms, settles=(*WATCHED.settles, Settle(CHAT, MINUTE, resend=True)))
    chatty = {"on-call": Found("on-call", "ann", (*ALL, CHAT), "bob", ALL)}
    story = Story(opening(policy=policy), obedient=False, directory=chatty)
    story.find()
    story.accept()
    story.do(Acknowledge("zoe"))
    notice = told(story, Message.ACKNOWLEDGED, "ann")
    assert notice.channel is CHAT

    assert ("ann", Message.ACKNOWLEDGED, EMAIL) in fails(story, notice, failure, code="x")


def test_a_page_that_never_left_while_nobody_is_chased_leaves_the_step_without_one() -> None:
    """Back from waiting, whoever is next is asked at once; the only page of the step had never been sent."""
    chains = tuple(
        replace(chain, steps=tuple(replace(step, backup_after=None) for step in chain.steps))
        for chain in WATCHED.chains
    )
    story = Story(
        opening(policy=replace(WATCHED, chains=chains)),
        obedient=False,
        directory={"on-call": Found("on-call", "ann", (SMS,))},
    )
    story.find()
    page = told(story, Message.PAGE)
    story.doubt(page)
    story.do(Block("sue", waiting_for="the customer"))
    looked(story, page, Reconciled.ABSENT)
    assert story.phase is Phase.BLOCKED

    story.do(Unblock("sue", "they answered"))

    story.find()
    assert ("lee", SMS) in story.pages()
