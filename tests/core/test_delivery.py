"""What came of a dispatch: accepted, failed or in doubt; looked up, sent again under its name, or given up."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.commands import Acknowledge, Block, Cancel, Command, PostUpdate, Unblock
from escalation.core.delivery import LOOKUPS_MAX
from escalation.core.draft import dispatch_id
from escalation.core.effects import FindContacts, Notify, Reconcile, WriteTicket, text_id
from escalation.core.facts import TOLD_TWICE, Found, ReportContacts, ReportDelivery, ReportReconciliation, ReportTicket
from escalation.core.notices import OWED
from escalation.core.refusals import Refusal
from escalation.core.state import Errand
from escalation.core.vocabulary import (
    Audience,
    Channel,
    ClockName,
    Message,
    Outcome,
    Phase,
    Reconciled,
    Severity,
    Topic,
)
from tests.core.cases import ALL, EMAIL, HOUR, MINUTE, SMS, START, TEXT, VOICE, Story, active, opening, standing

SECOND = timedelta(seconds=1)
ADOPTED, ABSENT, UNKNOWN = Reconciled


def paging(**how: object) -> Story:
    """Ann's first SMS is on its way; nothing has been answered but who she is."""
    story = Story(obedient=False, **how)  # type: ignore[arg-type]  # as in the builder
    story.find()
    story.take()
    return story


def looked_up(story: Story, result: Reconciled) -> None:
    """The provider is asked as soon as its list can be trusted, and answers at once."""
    due = next(clock.due for clock in story.state.clocks if clock.name is ClockName.RECONCILE)
    assert due is not None
    story.until(due)
    story.do(ReportReconciliation(story.asked(Reconcile)[-1].number, result))


def errand_of(story: Story, contact: str, message: Message) -> Errand:
    return next(
        errand
        for errand in story.state.errands
        if isinstance(errand.effect, Notify) and (errand.effect.contact, errand.effect.message) == (contact, message)
    )


def in_doubt(story: Story, message: Message) -> Notify:
    """That message is sent and nobody knows whether it was accepted."""
    effect = next(e for e in story.asked(Notify) if e.message is message)
    story.doubt(effect)
    return effect


def receipt(effect: Notify, outcome: Outcome, **changes: object) -> ReportDelivery:
    """What a verified gateway heard from the provider later."""
    return ReportDelivery(effect.number, outcome, how="receipt", standing=standing("provider", **changes))


# --- answers ---------------------------------------------------------------------------------------------------------


def test_whoever_a_provider_took_a_message_for_counts_as_told() -> None:
    """Not before; the customer is nobody inside."""
    story = paging()
    assert "ann" not in story.state.people.told
    for effect in story.asked(Notify):
        story.accept(effect)

    assert story.state.people.told == ("ann",)
    assert story.asked(Notify) == []


def test_a_page_that_failed_is_followed_by_the_next_channel_at_once() -> None:
    """The plan goes on from there: the backup at its time."""
    story = paging()
    story.wait(30 * SECOND)
    story.fail()

    assert story.pages() == [("ann", VOICE)]
    assert story.due(ClockName.TELL) == START + 5 * MINUTE


def test_when_every_page_of_a_step_failed_the_next_step_starts_at_once() -> None:
    """Four rungs, four failures, no waiting."""
    story = paging()
    for _ in range(4):
        story.fail()
    story.find()

    assert story.pages() == [("ann", VOICE), ("bob", SMS), ("bob", VOICE), ("lee", SMS)]
    assert story.now == START


def test_one_page_that_may_arrive_keeps_the_step() -> None:
    """Three failed; the first was taken, so its window is waited for."""
    story = paging()
    first = story.asked(Notify)[-1]
    story.wait(8 * MINUTE)
    later = [e for e in story.asked(Notify) if e.message is Message.PAGE][1:]
    story.accept(first)
    story.take()
    for effect in later:
        story.fail(effect)

    assert (story.pages(), story.state.transfer.step) == ([], 0)


def test_a_receipt_that_says_never_arrived_counts_as_a_failure() -> None:
    """Accepted first, undelivered later: the next channel at once; when it was the only one, the next step."""
    story = Story(obedient=False, directory={"on-call": Found("on-call", "ann", (SMS,))})
    story.find()
    page = story.asked(Notify)[-1]
    story.accept(page)
    story.do(receipt(page, Outcome.FAILED))
    story.find()

    assert story.pages()[-1] == ("lee", SMS)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [({}, None), ({"verified": False, "trusted_claims": True}, None), ({"verified": False}, Refusal.UNVERIFIED)],
)
def test_a_receipt_needs_somebody_to_vouch_for_it(changes: dict[str, object], refusal: Refusal | None) -> None:
    """It comes from outside: a verified gateway, or development, where claims are believed."""
    story = paging()
    report = receipt(story.asked(Notify)[-1], Outcome.ACCEPTED, **changes)

    if refusal is None:
        assert story.do(report).sealed.entry.refusal is None
        assert "ann" in story.state.people.told
    else:
        assert story.refused(report) is refusal
        assert story.refused(replace(report, standing=None)) is refusal


def test_a_receipt_about_an_earlier_step_changes_nothing() -> None:
    """Nor does one about a page that was answered by a person."""
    story = paging()
    page = story.asked(Notify)[-1]
    story.accept(page)
    story.do(Acknowledge("ann"))
    story.take()
    story.do(receipt(page, Outcome.FAILED))

    assert (story.take(), story.phase) == ([], Phase.ACTIVE)


@pytest.mark.parametrize("message", [Message.CUSTOMER_OPENING, Message.CUSTOMER_UPDATE, Message.CLOSING])
def test_words_that_were_owed_to_somebody_are_reported_when_they_fail(message: Message) -> None:
    """To the customer contact and the managers; a failed closing notice is only in the log."""
    story = Story(obedient=False)
    story.do(PostUpdate("sue", Audience.CUSTOMER, TEXT))
    if message is Message.CLOSING:
        story.do(Cancel("sue", "opened twice"))
    decision = story.fail(next(e for e in story.asked(Notify) if e.message is message))

    lookups = [e for e in decision.effects if isinstance(e, FindContacts)]
    assert (len(lookups) == 1) is (message in OWED)
    assert all(e.names == ("sue", "managers") and e.points[0].about == message for e in lookups)


def test_an_owed_message_that_fails_after_the_end_is_only_in_the_log() -> None:
    """There is nobody left to chase."""
    story = Story(obedient=False)
    story.do(Cancel("sue", "opened twice"))
    opening_words = next(e for e in story.asked(Notify) if e.message is Message.CUSTOMER_OPENING)

    assert story.fail(opening_words).effects == ()


def test_a_ticket_that_was_not_written_is_told_to_the_customer_contact() -> None:
    """Written is fine and silent."""
    story = Story(obedient=False)
    ticket = story.asked(WriteTicket)[0]
    decision = story.do(ReportTicket(ticket.number, written=False, error="423 locked"))

    assert [e.names for e in decision.effects if isinstance(e, FindContacts)] == [("sue",)]
    assert story.refused(ReportTicket(ticket.number, written=True)) is Refusal.UNKNOWN_EFFECT


@pytest.mark.parametrize("number", [0, 3, 999], ids=["never", "settled", "not yet"])
@pytest.mark.parametrize("kind", ["contacts", "delivery", "reconciliation", "ticket"])
def test_a_fact_about_nothing_is_refused(kind: str, number: int) -> None:
    """Never asked, or settled: in the log, and nothing changes."""
    story = active()
    facts: dict[str, Command] = {
        "contacts": ReportContacts(number),
        "delivery": ReportDelivery(number, Outcome.ACCEPTED),
        "reconciliation": ReportReconciliation(number, ADOPTED),
        "ticket": ReportTicket(number, written=True),
    }

    assert story.refused(facts[kind]) is Refusal.UNKNOWN_EFFECT


@pytest.mark.parametrize("kind", ["contacts", "delivery", "reconciliation", "ticket"])
def test_a_fact_of_another_kind_than_was_asked_is_refused(kind: str) -> None:
    """A ticket's number answered by a delivery, and so on."""
    story = Story(obedient=False)
    lookup, ticket = story.asked(FindContacts)[0].number, story.asked(WriteTicket)[0].number
    facts: dict[str, Command] = {
        "contacts": ReportContacts(ticket),
        "delivery": ReportDelivery(ticket, Outcome.ACCEPTED),
        "reconciliation": ReportReconciliation(lookup, ADOPTED),
        "ticket": ReportTicket(lookup, written=True),
    }

    assert story.refused(facts[kind]) is Refusal.UNKNOWN_EFFECT


@pytest.mark.parametrize(
    ("primary", "expected"),
    [
        (Found("managers", "mia", ALL, "max", ALL), "mia"),
        (Found("managers", "mia", (), "max", ALL), "max"),
        (Found("managers", "mia"), "mia"),  # better a bounced mail than nobody
        (Found("managers", None, (), "max", ALL), "max"),
        (Found("managers", None), None),
    ],
)
def test_a_notice_goes_to_whoever_can_read_it(primary: Found, expected: str | None) -> None:
    """The backup where the primary cannot be reached."""
    story = Story(directory={"managers": primary})
    story.until(START + HOUR)

    told = [contact for contact, message, _ in story.take() if message is Message.SITUATION]
    assert set(told) - {"sue"} == ({expected} if expected else set())


def test_whoever_is_behind_several_names_hears_once() -> None:
    """Managers and executive are the same person today."""
    story = active(opening(severity=Severity.SEV1), directory={"executive": Found("executive", "mia", ALL)})
    story.until(START + 2 * HOUR - SECOND)
    story.take()
    story.until(START + 2 * HOUR)

    situations = [s for s in story.sent if s.message is Message.SITUATION and s.contact == "mia"]
    assert len(situations) == 1
    assert Topic.TARGET_MISSED in {point.topic for point in situations[0].brief.points}


# --- doubt -----------------------------------------------------------------------------------------------------------


def test_a_page_in_doubt_is_followed_by_the_next_channel_at_once_and_looked_up_later() -> None:
    """After the channel's settle window; the lookup names the dispatch and the instant it was decided."""
    story = paging()
    story.wait(45 * SECOND)
    doubted = in_doubt(story, Message.PAGE)
    assert story.pages() == [("ann", VOICE)]
    assert next(c.due for c in story.state.clocks if c.name is ClockName.RECONCILE) == story.now + 2 * MINUTE
    story.wait(2 * MINUTE)

    lookup = story.asked(Reconcile)[0]
    assert (lookup.dispatch, lookup.contact, lookup.channel) == (doubted.dispatch, "ann", SMS)
    assert lookup.since == START


def test_doubting_twice_is_doubting_once() -> None:
    """A second such answer neither pages anybody nor moves the lookup."""
    story = paging()
    doubted = in_doubt(story, Message.PAGE)
    story.take()
    story.wait(MINUTE)
    before = story.state.clocks
    story.doubt(doubted)

    assert (story.take(), story.state.clocks) == ([], before)


def test_an_adopted_dispatch_counts_as_accepted() -> None:
    """The provider had it: told, and nothing is sent again."""
    story = paging()
    in_doubt(story, Message.PAGE)
    story.take()
    looked_up(story, ADOPTED)

    assert "ann" in story.state.people.told
    assert ("ann", SMS) not in story.pages()


def test_an_absent_dispatch_is_sent_again_under_its_name() -> None:
    """Another number, the same dispatch: the ledger knows it, and nobody is told twice."""
    story = paging()
    doubted = in_doubt(story, Message.PAGE)
    story.take()
    looked_up(story, ABSENT)

    again = next(sent for sent in story.sent if sent.channel is SMS)
    assert (again.dispatch, again.contact) == (doubted.dispatch, "ann")
    assert again.number != doubted.number
    story.accept(again)
    assert "ann" in story.state.people.told
    assert story.state.transfer.heard


def test_an_absent_dispatch_is_given_up_where_a_person_decides() -> None:
    """Voice is not resent: the call counts as failed, and as the SMS arrived, nobody else is told for it."""
    story = paging()
    story.accept()
    story.wait(2 * MINUTE)
    in_doubt(story, Message.PAGE)  # the call
    assert story.pages() == [("ann", VOICE), ("bob", SMS)]
    looked_up(story, ABSENT)

    assert story.pages() == []


def test_an_absent_page_that_would_come_too_late_is_not_sent_again() -> None:
    """Ann has answered the other channel meanwhile."""
    story = paging()
    in_doubt(story, Message.PAGE)
    story.do(Acknowledge("ann"))
    story.take()
    looked_up(story, ABSENT)

    assert story.take() == []
    assert [e for e in story.state.errands if e.ambiguous] == []


def test_an_absent_page_of_an_earlier_step_is_not_sent_again() -> None:
    """The lead is being asked by now."""
    story = paging()
    story.wait(9 * MINUTE)
    in_doubt(story, Message.PAGE)
    story.wait(90 * SECOND)
    story.take()
    looked_up(story, ABSENT)

    assert ("ann", SMS) not in story.pages()


def test_words_to_the_customer_are_sent_again_even_after_the_end() -> None:
    """They are owed whatever the phase."""
    story = Story(obedient=False)
    story.do(Cancel("sue", "opened twice"))
    doubted = in_doubt(story, Message.CUSTOMER_CLOSING)
    story.take()
    looked_up(story, ABSENT)

    assert [(sent.dispatch, sent.message) for sent in story.sent] == [(doubted.dispatch, Message.CUSTOMER_CLOSING)]


def test_a_provider_that_cannot_be_asked_is_asked_again_ever_later_and_a_bounded_number_of_times() -> None:
    """Each wait is twice the one before; in the end the message counts as failed, and that is told."""
    story = Story(obedient=False)
    in_doubt(story, Message.CUSTOMER_OPENING)
    instants = []
    for _ in range(LOOKUPS_MAX):
        looked_up(story, UNKNOWN)
        instants.append(story.now)

    waits = [later - earlier for earlier, later in zip([START, *instants], instants, strict=False)]
    assert waits == [10 * MINUTE * 2**n for n in range(LOOKUPS_MAX)]
    assert not [clock for clock in story.state.clocks if clock.name is ClockName.RECONCILE]
    failed = [e for e in story.asked(FindContacts) if e.points and e.points[0].topic is Topic.MESSAGE_FAILED]
    assert [e.points[0].about for e in failed] == [Message.CUSTOMER_OPENING]


def test_a_dispatch_that_is_never_there_is_sent_again_a_bounded_number_of_times() -> None:
    """And all lookups ask for what was sent since the first time."""
    story = Story(obedient=False)
    for _ in range(LOOKUPS_MAX - 1):
        in_doubt(story, Message.CUSTOMER_OPENING)
        looked_up(story, ABSENT)
        assert errand_of(story, "customer-7", Message.CUSTOMER_OPENING).since == START
    in_doubt(story, Message.CUSTOMER_OPENING)
    looked_up(story, ABSENT)

    assert Message.CUSTOMER_OPENING not in [e.message for e in story.asked(Notify)]


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.FAILED])
def test_a_receipt_settles_the_doubt_before_the_lookup(outcome: Outcome) -> None:
    """Nothing is looked up any more; a failure that was made up for is not made up for twice."""
    story = paging()
    doubted = in_doubt(story, Message.PAGE)
    story.take()
    story.do(receipt(doubted, outcome))

    assert (story.pages(), story.clock(ClockName.RECONCILE)) == ([], None)


def test_a_receipt_between_lookup_and_answer_wins() -> None:
    """The answer then finds nothing in doubt."""
    story = paging()
    doubted = in_doubt(story, Message.PAGE)
    story.wait(2 * MINUTE)
    story.accept(doubted)
    story.take()
    story.do(ReportReconciliation(story.asked(Reconcile)[0].number, ABSENT))

    assert story.take() == []


def test_a_page_still_on_its_way_when_somebody_took_it_is_followed_by_word_of_that() -> None:
    """Bob's phone rings after ann has acknowledged: he hears that it is taken."""
    story = Story(obedient=False)
    story.find()
    story.wait(6 * MINUTE)
    story.do(Acknowledge("ann"))
    story.take()
    story.accept(next(e for e in story.asked(Notify) if e.contact == "bob"))

    assert story.take() == [("bob", Message.ACKNOWLEDGED, SMS)]


def test_a_page_still_on_its_way_when_it_ended_is_followed_by_word_of_that() -> None:
    """The same, after a cancellation; the owner was told with everybody."""
    story = paging()
    story.do(Cancel("sue", "opened twice"))
    story.take()
    story.accept(next(e for e in story.asked(Notify) if e.message is Message.PAGE))

    assert story.take() == [("ann", Message.CLOSING, EMAIL)]


def test_where_words_are_kept_is_known_before_they_are() -> None:
    """The same for the same key, another for any other reference, episode or key."""
    places = [text_id(*key) for key in (("R", "1", "k"), ("R", "1", "l"), ("R", "2", "k"), ("S", "1", "k"))]

    assert len(set(places)) == 4
    assert places[0] == text_id("R", "1", "k")


def test_the_name_of_a_dispatch_depends_on_nothing_but_the_decision() -> None:
    """The same for the same decision, another for any other number, contact, channel or episode."""
    names = {
        dispatch_id("ESC-1", "1", number, contact, channel)
        for number in (1, 2)
        for contact in ("ann", "bob")
        for channel in Channel
    } | {dispatch_id("ESC-1", "2", 1, "ann", SMS), dispatch_id("ESC-2", "1", 1, "ann", SMS)}

    assert len(names) == 18
    assert dispatch_id("ESC-1", "1", 1, "ann", SMS) == dispatch_id("ESC-1", "1", 1, "ann", SMS)


def test_the_ticket_is_written_one_status_at_a_time() -> None:
    """A retry of an older write would undo a newer one: the next waits until the one before has answered."""
    story = Story(obedient=False)
    story.do(Block("sue", "the customer's logs"))
    story.do(Unblock("sue", "they came"))
    first, second, third = story.asked(WriteTicket)

    assert [errand.asked for errand in story.state.errands if isinstance(errand.effect, WriteTicket)] == [
        True,
        False,
        False,
    ]
    assert story.do(ReportTicket(first.number, written=True)).effects == (second,)
    assert story.do(ReportTicket(second.number, written=False)).effects[0] == third
    assert [first.status, second.status, third.status] == ["In Transfer", "Blocked", "In Transfer"]


@pytest.mark.parametrize("ended", [False, True])
def test_that_somebody_was_told_twice_is_in_the_log_and_changes_nothing_else(*, ended: bool) -> None:
    """The provider holds a second copy: nobody can take it back. Another acceptance of what is settled is refused."""
    story = paging(sealed=True)
    page = next(e for e in story.asked(Notify) if e.message is Message.PAGE)
    story.accept(page)
    if ended:
        story.do(Cancel("sue", "a mistake"))
    before = story.state
    vouched = standing("gateway")
    told = ReportDelivery(page.number, Outcome.ACCEPTED, "SM2", code=TOLD_TWICE, how="receipt", standing=vouched)
    entry = story.do(told).sealed.entry

    assert (entry.refusal, entry.effects, entry.changes) == (None, (), ())
    assert isinstance(entry.command, ReportDelivery)
    assert (entry.command.code, entry.command.provider_id) == (TOLD_TWICE, "SM2")
    assert replace(story.state, head=before.head) == before
    assert story.do(replace(told, code=None)).sealed.entry.refusal is Refusal.UNKNOWN_EFFECT
