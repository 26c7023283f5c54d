"""Receipts drive who is told next: delivered, failed, late, twice, out of order, or never."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.commands import Acknowledge, Block, Raise, Unblock
from escalation.core.effects import FindContacts, LookUpReceipt, Notify, Reconcile
from escalation.core.facts import ReportDelivery, ReportReconciliation
from escalation.core.post import SENT_MAX
from escalation.core.refusals import Refusal
from escalation.core.state import next_due
from escalation.core.vocabulary import ClockName, Failure, Message, Outcome, Phase, Reconciled, Severity, Topic
from tests.core.cases import EMAIL, MINUTE, POLICY, SMS, START, VOICE, Story, opening
from tests.core.watched import GATEWAY, SECOND, WATCHED, last_page, points, receipt, watching

# --- silence ---------------------------------------------------------------------------------------------------------


def test_a_page_without_a_receipt_is_looked_up_half_way_and_made_up_for_at_the_end() -> None:
    """Not a moment before; the next channel waits for no answer of the lookup."""
    story = watching()
    story.wait(30 * SECOND)
    (lookup,) = story.asked(LookUpReceipt)
    page = last_page(story, "ann", SMS)
    assert (lookup.of, lookup.dispatch, lookup.contact, lookup.channel) == (page.number, page.dispatch, "ann", SMS)
    assert (lookup.since, story.take()) == (START, [])

    story.wait(30 * SECOND - SECOND)
    assert story.pages() == []
    story.wait(SECOND)

    assert story.pages() == [("ann", VOICE)]
    assert len(story.asked(LookUpReceipt)) == 2


def test_a_lookup_names_what_the_provider_called_the_message() -> None:
    """Without it, a provider finds it only by its contact and its time."""
    story = Story(opening(policy=WATCHED), obedient=False)
    story.find()
    story.do(ReportDelivery(last_page(story, "ann", SMS).number, Outcome.ACCEPTED, provider_id="SM1"))
    story.wait(30 * SECOND)

    assert [lookup.provider_id for lookup in story.asked(LookUpReceipt)] == ["SM1"]


def test_silence_goes_to_the_next_channel_then_the_backup_then_the_next_step_at_once() -> None:
    """Every page is accepted, none is heard of again: nobody waits for the window of ten minutes."""
    story = Story(opening(policy=WATCHED), obedient=False)
    told = []
    story.find()
    while (due := next_due(story.state)) is not None and due <= START + 10 * MINUTE:
        for page in story.asked(Notify):
            story.accept(page)
        told += [(story.now - START, *who) for who in story.pages()]
        if any(lookup.purpose == "step" for lookup in story.asked(FindContacts)):
            break
        story.until(next_due(story.state) or due)

    assert told == [
        (timedelta(0), "ann", SMS),
        (MINUTE, "ann", VOICE),
        (MINUTE + 45 * SECOND, "bob", SMS),
        (2 * MINUTE + 45 * SECOND, "bob", VOICE),
    ]
    assert story.now == START + 3 * MINUTE + 30 * SECOND
    assert story.state.transfer.step == 1


@pytest.mark.parametrize("how", ["receipt", "poll"])
def test_delivered_ends_the_waiting_and_acknowledges_nothing(how: str) -> None:
    """The call comes when the plan says so, and the window runs."""
    story = watching()
    story.wait(30 * SECOND)
    story.do(receipt(story, Outcome.DELIVERED, how=how))
    story.wait(90 * SECOND - SECOND)
    assert (story.pages(), story.clock(ClockName.RECEIPT)) == ([], None)
    story.wait(SECOND)

    assert story.pages() == [("ann", VOICE)]
    assert (story.phase, story.owner) == (Phase.IN_TRANSFER, "sue")


def test_a_lookup_without_news_changes_nothing_but_that_it_was_answered() -> None:
    """The clock goes on; an answer that nobody asked for is refused."""
    story = watching()
    story.wait(30 * SECOND)
    before = story.state.clocks
    story.do(receipt(story, Outcome.ACCEPTED, how="poll"))

    assert (story.asked(LookUpReceipt), story.state.clocks) == ([], before)
    assert story.refused(receipt(story, Outcome.ACCEPTED, how="poll")) is Refusal.UNKNOWN_EFFECT


def test_a_lookup_may_find_that_it_failed() -> None:
    """As if a receipt had said so."""
    story = watching()
    story.wait(30 * SECOND)
    story.do(receipt(story, Outcome.FAILED, failure=Failure.DESTINATION, how="poll"))

    assert story.pages() == [("ann", VOICE)]


def test_where_the_agreement_waits_for_no_receipts_silence_is_nothing() -> None:
    """No clock, no lookup; the plan alone decides."""
    story = watching(POLICY)
    story.wait(2 * MINUTE - SECOND)

    assert (story.pages(), story.asked(LookUpReceipt), story.clock(ClockName.RECEIPT)) == ([], [], None)


def test_a_failure_after_silence_is_not_made_up_for_twice() -> None:
    """Ann has been called already: the backup keeps his place."""
    story = watching()
    story.wait(MINUTE)
    story.accept()
    assert story.pages() == [("ann", VOICE)]
    story.do(receipt(story, Outcome.FAILED))

    assert story.pages() == []


def test_delivered_after_silence_stands_again() -> None:
    """Her call then fails: the SMS has come, so the backup in reserve is left alone."""
    reserve = replace(POLICY.chains[0].steps[0], backup_after=None)
    chain = replace(POLICY.chains[0], steps=(reserve, *POLICY.chains[0].steps[1:]))
    story = watching(replace(WATCHED, chains=(chain, *POLICY.chains[1:])))
    story.wait(MINUTE)
    story.do(receipt(story, Outcome.DELIVERED))
    story.take()
    story.fail()

    assert (story.pages(), story.state.transfer.heard) == ([], True)


def test_somebody_who_acknowledges_ends_every_waiting() -> None:
    """Receipts of pages tell nobody any more; they are still remembered."""
    story = watching()
    story.do(Acknowledge("ann"))
    story.take()
    story.do(receipt(story, Outcome.FAILED, failure=Failure.DESTINATION))
    story.wait(5 * MINUTE)

    assert (story.pages(), story.owner) == ([], "ann")
    assert ("ann", SMS) in story.state.people.post.dead
    assert not [clock for clock in story.state.clocks if clock.name in (ClockName.RECEIPT, ClockName.RETRY)]


def test_while_we_wait_for_the_customer_silence_waits_too() -> None:
    """The rest of the time counts when it goes on."""
    story = watching()
    story.wait(20 * SECOND)
    story.do(Block("sue", "logs"))
    story.wait(60 * MINUTE)
    assert story.pages() == []
    story.do(Unblock("sue", "they came"))
    story.wait(40 * SECOND - SECOND)
    assert story.pages() == []
    story.wait(SECOND)

    assert story.pages() == [("ann", VOICE)]


def test_a_page_that_is_accepted_while_we_wait_is_watched_when_it_goes_on() -> None:
    """Its clock stands still from the beginning."""
    story = Story(opening(policy=WATCHED), obedient=False)
    story.find()
    story.do(Block("sue", "logs"))
    story.accept()
    story.wait(60 * MINUTE)
    story.do(Unblock("sue", "they came"))
    story.take()
    story.wait(MINUTE)

    assert story.pages() == [("ann", VOICE)]


def test_after_an_outage_only_the_step_of_now_is_told() -> None:
    """Silence, the next rung and the window were due meanwhile: nobody is paged for a step that is over."""
    story = watching()
    story.outage(60 * MINUTE)
    story.until(story.now)
    story.find()

    assert story.pages() == [("lee", SMS)]
    assert story.asked(LookUpReceipt) != []


def test_a_receipt_for_a_step_that_is_over_pages_nobody() -> None:
    """Lee is asked by now; a delivery still says that ann has been told."""
    story = watching()
    story.do(Raise("sue", "faster"))
    story.find()
    story.take()
    story.do(receipt(story, Outcome.FAILED))

    assert story.pages() == []
    assert not [clock for clock in story.state.clocks if clock.name is ClockName.RECEIPT]


# --- order -----------------------------------------------------------------------------------------------------------


def test_failed_after_delivered_changes_nothing() -> None:
    """It came; what a provider says later is in the log, as refused."""
    story = watching()
    story.do(receipt(story, Outcome.DELIVERED))

    assert story.refused(receipt(story, Outcome.FAILED)) is Refusal.UNKNOWN_EFFECT


def test_a_mail_that_is_sent_back_after_it_was_delivered_has_failed() -> None:
    """A server may take it and return it later: the next of the step is told at once, and that address is left out."""
    story = Story(opening(policy=WATCHED, severity=Severity.SEV3), obedient=False)
    story.find()
    story.accept()
    assert story.pages() == [("ann", EMAIL)]
    story.do(receipt(story, Outcome.DELIVERED, of=("ann", EMAIL)))
    story.do(receipt(story, Outcome.FAILED, of=("ann", EMAIL), failure=Failure.DESTINATION))

    assert story.pages() == [("bob", EMAIL)]
    assert story.state.people.post.dead == (("ann", EMAIL),)
    assert story.refused(receipt(story, Outcome.FAILED, of=("ann", EMAIL))) is Refusal.UNKNOWN_EFFECT


@pytest.mark.parametrize("outcome", [Outcome.DELIVERED, Outcome.FAILED, Outcome.ACCEPTED, Outcome.AMBIGUOUS])
def test_a_receipt_that_comes_twice_counts_once(outcome: Outcome) -> None:
    """Accepted says nothing new to begin with; doubt is no receipt."""
    story = watching()
    again = receipt(story, outcome)
    if outcome in (Outcome.DELIVERED, Outcome.FAILED):
        story.do(again)

    assert story.refused(again) is Refusal.UNKNOWN_EFFECT


def test_delivered_after_failed_is_taken_as_delivered() -> None:
    """The page stands again, the number works, and nobody is called back."""
    story = watching()
    story.do(receipt(story, Outcome.FAILED, failure=Failure.DESTINATION))
    stood = story.state.transfer.heard
    story.do(receipt(story, Outcome.DELIVERED))

    assert (stood, story.state.transfer.heard) == (False, True)
    assert story.state.people.post.dead == ()
    assert last_page(story, "ann", SMS).number in story.state.transfer.pages


def test_delivered_before_the_provider_has_answered_counts_at_once() -> None:
    """A receipt overtakes the answer: the answer then says nothing new."""
    story = Story(opening(policy=WATCHED), obedient=False)
    story.find()
    story.do(receipt(story, Outcome.DELIVERED))

    assert (story.state.transfer.heard, story.clock(ClockName.RECEIPT)) == (True, None)
    assert story.refused(receipt(story, Outcome.ACCEPTED, how="sent")) is Refusal.UNKNOWN_EFFECT


def test_a_receipt_that_nobody_vouches_for_is_refused() -> None:
    """Anybody could have sent it."""
    story = watching()

    assert story.refused(replace(receipt(story, Outcome.FAILED), standing=None)) is Refusal.UNVERIFIED


def test_a_receipt_for_the_number_of_an_earlier_try_counts() -> None:
    """Sent again under its name: a provider's receipt may still carry the number of the first time."""
    story = Story(opening(policy=WATCHED), obedient=False)
    story.find()
    first = receipt(story, Outcome.DELIVERED)
    story.doubt()
    story.wait(2 * MINUTE)
    again = absent(story)
    story.accept(again)
    story.do(first)

    assert not [c for c in story.state.clocks if c.cycle == again.number and c.name is ClockName.RECEIPT]


def absent(story: Story) -> Notify:
    """The lookup shows that the provider never got it; answers what is sent again."""
    story.do(ReportReconciliation(story.asked(Reconcile)[0].number, Reconciled.ABSENT))
    return last_page(story, "ann", SMS)


# --- words that are owed ---------------------------------------------------------------------------------------------


def owed_mail(story: Story) -> Notify:
    """The customer's opening mail, which the provider has taken."""
    mail = next(e for e in story.asked(Notify) if e.message is Message.CUSTOMER_OPENING)
    story.accept(mail)
    return mail


@pytest.mark.parametrize("active", [True, False], ids=["active", "in transfer"])
def test_a_mail_to_the_customer_that_bounces_is_told_whatever_the_phase(*, active: bool) -> None:
    """A provider took it, and later says that it never arrived."""
    story = Story(opening(policy=WATCHED), obedient=False)
    mail = owed_mail(story)
    if active:
        story.do(Acknowledge("ann"))
    bounced = ReportDelivery(mail.number, Outcome.FAILED, failure=Failure.DESTINATION, how="receipt", standing=GATEWAY)

    assert points(story.do(bounced)) == [(Topic.MESSAGE_FAILED, Message.CUSTOMER_OPENING)]
    assert story.refused(bounced) is Refusal.UNKNOWN_EFFECT


def test_a_mail_to_the_customer_that_came_is_settled() -> None:
    """A bounce after it says nothing."""
    story = Story(opening(policy=WATCHED), obedient=False)
    mail = owed_mail(story)
    came = ReportDelivery(mail.number, Outcome.DELIVERED, how="receipt", standing=GATEWAY)
    story.do(came)

    assert story.refused(replace(came, outcome=Outcome.FAILED)) is Refusal.UNKNOWN_EFFECT


def test_the_post_room_forgets_the_oldest_dispatch_first() -> None:
    """At its bound, and one beyond it."""
    story = watching()
    post, page = story.state.people.post, story.state.people.post.sent[0]
    for number in range(1000, 1000 + SENT_MAX - 1):
        post = post.kept(replace(page, number=number))
    assert post.of(page.number) is not None
    post = post.kept(replace(page, number=5000))

    assert (post.of(page.number), len(post.sent)) == (None, SENT_MAX)
