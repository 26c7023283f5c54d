"""What is opened in a window of maintenance tells nobody until the window ends; its customer's clocks run."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.commands import (
    Acknowledge,
    AddNote,
    Approve,
    Block,
    Cancel,
    ChangeSeverity,
    Command,
    HandOff,
    Open,
    PostUpdate,
    Raise,
    Reassign,
    Snooze,
    Unblock,
    Unsnooze,
)
from escalation.core.effects import FindContacts, ShowRoom
from escalation.core.facts import Found
from escalation.core.lull import MaintenanceWindow, about
from escalation.core.policy import Cadence, Confirmation
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import (
    Ask,
    Audience,
    ClockName,
    Handover,
    Message,
    Phase,
    Severity,
    Topic,
)
from tests.core.cases import (
    ALL,
    DAY,
    HOUR,
    MINUTE,
    POLICY,
    SMS,
    START,
    TEXT,
    Story,
    opening,
    policy,
    standing,
    with_terms,
)

SECOND = timedelta(seconds=1)
END = START + 2 * HOUR
WINDOW = MaintenanceWindow("db-move", START - HOUR, END, "the database moves", "dana", routes=("engineering",))
CUSTOMERS = {"customer-7"}


def opened(window: MaintenanceWindow = WINDOW, **changes: object) -> Open:
    """A ticket that is handed over in that window."""
    return opening(**{"maintenance": (window,), **changes})


def heard(story: Story) -> list[tuple[str, Message]]:
    """What people inside were told since the last look."""
    return [(who, message) for who, message, _ in story.take() if who not in CUSTOMERS]


# --- silent, then told -----------------------------------------------------------------------------------------------


def test_nobody_inside_hears_of_it_before_the_window_ends() -> None:
    """Not even who is on call is looked up; then the first step is paged, with its whole window."""
    story = Story(opened())
    story.until(END - SECOND)
    assert heard(story) == []
    assert [e for d in story.decisions for e in d.effects if isinstance(e, FindContacts)] == []
    story.until(END)

    assert ("ann", Message.PAGE) in heard(story)
    assert story.due(ClockName.ACKNOWLEDGEMENT) == END + 10 * MINUTE
    assert story.state.people.lull is None


def test_whoever_is_on_call_when_it_ends_is_paged() -> None:
    """The turn changed hands in the window."""
    story = Story(opened())
    story.directory["on-call"] = Found("on-call", "zoe", ALL)
    story.until(END)

    assert ("zoe", SMS) in story.pages()


@pytest.mark.parametrize("severity", [Severity.SEV2, Severity.SEV3, Severity.SEV4])
def test_the_customers_clocks_are_those_of_an_opening_without_it(severity: Severity) -> None:
    """Every promise, to the second, to the window's end; and the customer hears what they would have heard."""
    silent, plain = Story(opened(severity=severity)), Story(opening(severity=severity, policy=POLICY), obedient=False)
    promised = (ClockName.RESPONSE, ClockName.RESOLUTION, ClockName.DEADLINE, ClockName.CUSTOMER_UPDATE)
    for _ in range(110):
        silent.wait(MINUTE)
        plain.wait(MINUTE)
        assert [silent.due(name) for name in promised] == [plain.due(name) for name in promised]
        assert silent.misses() == plain.misses()
    told = [[each for each in story.take() if each[0] in CUSTOMERS] for story in (silent, plain)]
    assert told[0] == told[1]


def test_a_breach_in_it_is_counted_at_once_and_told_when_it_ends() -> None:
    """A first response in an hour that nobody could give: missed at its own instant."""
    story = Story(opened())
    story.until(START + HOUR)
    assert story.misses() == [ClockName.RESPONSE]
    assert heard(story) == []
    story.until(END)

    story.sent, sent = [], story.sent
    points = {one.contact: [point.topic for point in one.brief.points] for one in sent if one.brief.points}
    assert points == {"mia": [Topic.TARGET_MISSED], "sue": [Topic.TARGET_MISSED]}


def test_a_breach_that_makes_it_a_sev1_tells_people_at_once() -> None:
    """No window holds a SEV1 back, however it became one."""
    window = replace(WINDOW, until=START + 9 * HOUR)
    story = Story(opened(window, policy=with_terms(Severity.SEV2, customer_update=None, response=None)))
    story.until(START + 8 * HOUR - SECOND)
    assert heard(story) == []
    story.until(START + 8 * HOUR)

    assert story.severity is Severity.SEV1
    assert ("lee", SMS) in story.pages()


def test_a_breach_that_leaves_it_below_a_sev1_does_not_end_the_window() -> None:
    """A SEV3 becomes a SEV2: people are told when the window ends."""
    target = replace(POLICY.terms[2].resolution, limit=HOUR, leads=(), calendar="")
    story = Story(opened(policy=with_terms(Severity.SEV3, resolution=target), severity=Severity.SEV3))
    story.until(START + HOUR)
    assert story.severity is Severity.SEV2
    assert heard(story) == []
    story.until(END)

    assert ("lee", SMS) in story.pages()


def test_words_for_the_customer_are_asked_for_when_it_ends() -> None:
    """The nudge of the customer contact came due in the window."""
    hourly = Cadence(150 * MINUTE, 45 * MINUTE)
    story = Story(opened(policy=with_terms(Severity.SEV2, customer_update=hourly)))
    story.until(END - SECOND)
    assert heard(story) == []
    story.until(END)

    assert ("sue", Message.UPDATE_WANTED) in heard(story)


def test_the_severity_is_not_unconfirmed_for_want_of_anybody_who_knew() -> None:
    """The receiving team's time begins when it hears."""
    confirmation = Confirmation(10 * MINUTE, Handover.HAND_OVER)
    story = Story(opened(policy=with_terms(Severity.SEV2, confirmation=confirmation)))
    story.until(END)

    assert not story.state.grade.unconfirmed
    assert story.due(ClockName.CONFIRMATION) == END + 10 * MINUTE


def test_no_war_room_is_opened_before_it_ends() -> None:
    """A room would tell whoever is asked into it."""
    rounds = with_terms(Severity.SEV2, room=True, war_room=Cadence(3 * HOUR))
    story = Story(opened(policy=rounds))
    shown = [e for d in story.decisions for e in d.effects if isinstance(e, ShowRoom)]
    assert shown == []
    story.until(END)

    assert [e for d in story.decisions for e in d.effects if isinstance(e, ShowRoom)] != []


def test_a_yes_that_the_opening_needs_is_asked_for_and_the_chain_waits() -> None:
    """An approval is a question that somebody waits for; once it is given, the team is left alone until the end."""
    window = replace(WINDOW, routes=("leadership",))
    story = Story(opened(window, route="leadership", ask=Ask.DECIDE))
    assert ("sam", Message.APPROVAL) in heard(story)
    story.do(Approve("sam", "agreed", standing("sam", "support-lead")))
    assert (story.phase, story.pages()) == (Phase.IN_TRANSFER, [])
    story.until(END)

    assert ("ann", SMS) in story.pages()


def test_a_window_that_ends_while_a_yes_is_awaited_leaves_the_chain_to_the_yes() -> None:
    """Nobody is paged by the end of a window alone."""
    window = replace(WINDOW, routes=("leadership",), until=START + 30 * MINUTE)
    story = Story(opened(window, route="leadership", ask=Ask.DECIDE))
    story.until(START + 40 * MINUTE)
    assert (story.phase, story.state.people.lull, story.pages()) == (Phase.AWAITING_APPROVAL, None, [])
    story.do(Approve("sam", "agreed", standing("sam", "support-lead")))

    assert story.pages() == [("ann", SMS)]


# --- what is not held back -------------------------------------------------------------------------------------------


def test_a_sev1_is_paged_at_once_in_any_window() -> None:
    """The first page of a SEV1 waits for nothing."""
    story = Story(opened(severity=Severity.SEV1))
    assert ("ann", SMS) in story.pages()
    assert (story.state.people.lull, story.clock(ClockName.LULL)) == (None, None)


def test_the_log_of_what_is_held_back_says_until_when_and_why() -> None:
    """In the opening's own entry, which carries the window itself."""
    sealed = Story(opened(), sealed=True).decisions[0].sealed
    until = "until 2025-03-10T11:00:00.000000Z (maintenance db-move: the database moves)"
    assert [(c.before, c.after) for c in sealed.entry.changes if c.field == "left_alone"] == [("", until)]
    assert '"by":"dana"' in sealed.body


@pytest.mark.parametrize(
    "window",
    [
        replace(WINDOW, routes=("product",)),
        replace(WINDOW, customers=("customer-8",)),
        replace(WINDOW, segments=("gold",)),
        replace(WINDOW, since=START + SECOND),
        replace(WINDOW, until=START),
    ],
    ids=["route", "customer", "segment", "before", "after"],
)
def test_a_window_about_something_else_holds_nothing_back(window: MaintenanceWindow) -> None:
    """Another route, customer or segment, or another time: from its beginning on, and no longer at its end."""
    assert ("ann", SMS) in Story(opened(window)).pages()


@pytest.mark.parametrize(
    "window",
    [
        replace(WINDOW, routes=("product", "engineering"), customers=("customer-7",)),
        replace(WINDOW, routes=()),
        replace(WINDOW, since=START),
        replace(WINDOW, until=START + SECOND),
    ],
    ids=["one of several", "everything", "from now", "to in a second"],
)
def test_a_window_is_about_any_of_its_names_and_about_everything_without(window: MaintenanceWindow) -> None:
    """Lists together narrow it; an empty one does not."""
    assert Story(opened(window)).pages() == []


def test_a_log_tells_of_no_windows_but_those_about_it() -> None:
    """Which may be about another customer. When they are does not matter: the opening judges that."""
    later = replace(WINDOW, name="later", since=END, until=END + HOUR)
    elsewhere = replace(WINDOW, name="elsewhere", routes=(), customers=("customer-8",))

    assert about((WINDOW, elsewhere, later), "engineering", "customer-7", "") == (WINDOW, later)


def test_of_several_windows_the_one_that_ends_last_counts() -> None:
    """People are told once nothing holds it back any more."""
    later = replace(WINDOW, name="rack", until=END + HOUR)
    story = Story(opening(maintenance=(later, WINDOW, replace(WINDOW, routes=("product",), until=END + DAY))))

    assert story.due(ClockName.LULL) == END + HOUR


# --- what ends it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "paged"),
    [
        (Raise("sue", "it cannot wait"), "lee"),
        (Reassign("sue", "zoe", "she knows"), "zoe"),
        (HandOff("sue", "product", Ask.DECIDE, "theirs"), "pam"),
        (ChangeSeverity("sue", Severity.SEV1, "all of them"), "ann"),
        (Unsnooze("sue", "it cannot wait"), "ann"),
    ],
    ids=lambda each: getattr(each, "kind", None),
)
def test_whoever_will_not_wait_has_people_told_at_once(command: Command, paged: str) -> None:
    """An act of a person goes before the window: the step that it leads to is paged, and looked up once."""
    story = Story(opened())
    story.wait(MINUTE)
    decision = story.do(command)

    assert story.state.people.lull is None
    assert len([e for e in decision.effects if isinstance(e, FindContacts) and e.purpose == "step"]) == 1
    assert paged in {who for who, _ in story.pages()}


def test_a_worse_severity_by_hand_ends_it_even_below_a_sev1() -> None:
    """Whoever makes it worse has looked at it."""
    story = Story(opened(severity=Severity.SEV3))
    story.do(ChangeSeverity("sue", Severity.SEV2, "more of them"))

    assert ("ann", SMS) in story.pages()


def test_whoever_takes_it_is_its_owner_as_ever() -> None:
    """Nobody is paged any more, and the check-ins begin."""
    story = Story(opened())
    story.do(Acknowledge("ann"))
    assert (story.phase, story.owner, story.pages()) == (Phase.ACTIVE, "ann", [])
    assert story.due(ClockName.CHECK_IN) is not None


def test_what_was_blocked_in_it_begins_with_its_first_step_when_it_goes_on() -> None:
    """Nobody had been looked up: no step is passed over as if it had reached nobody."""
    story = Story(opened())
    story.do(Block("sue", "logs"))
    assert (story.phase, story.state.people.lull, story.pages()) == (Phase.BLOCKED, None, [])
    story.wait(HOUR)
    story.do(Unblock("sue", "they came"))

    assert story.pages() == [("ann", SMS)]
    assert story.due(ClockName.ACKNOWLEDGEMENT) == story.now + 10 * MINUTE


def test_words_do_not_end_it() -> None:
    """Notes, updates and a milder severity change nothing about who is told."""
    story = Story(opened())
    for command in (
        AddNote("sue", TEXT),
        PostUpdate("sue", Audience.INTERNAL, TEXT),
        PostUpdate("sue", Audience.CUSTOMER, TEXT),
        ChangeSeverity("sue", Severity.SEV3, "milder"),
    ):
        story.do(command)

    assert story.state.people.lull is not None
    assert heard(story) == []


def test_an_end_in_it_is_told_to_those_who_know_of_it() -> None:
    """Cancelled by its sender: nobody else ever hears of it, at the window's end neither."""
    story = Story(opened())
    story.do(Cancel("sue", "by mistake"))
    assert heard(story) == [("sue", Message.CLOSING)]
    story.until(END + DAY)

    assert (heard(story), story.state.settled) == ([], True)


def test_a_snooze_in_it_is_no_change() -> None:
    """Nobody is told anyway; at its end a snooze is a snooze again."""
    story = Story(opened())
    assert story.refused(Snooze("sue", START + 3 * HOUR, "later")) is Refusal.NO_CHANGE
    story.until(END)
    assert story.do(Snooze("sue", END + HOUR, "later")).sealed.entry.refusal is None


def test_break_glass_ends_it() -> None:
    """At once means at once."""
    glass = replace(POLICY.routes[3].approval, break_glass=("duty",))  # type: ignore[type-var]  # the route has terms
    routes = tuple(replace(r, approval=glass) if r.name == "leadership" else r for r in POLICY.routes)
    window = replace(WINDOW, routes=())
    story = Story(opened(window, route="leadership", ask=Ask.DECIDE, policy=policy(routes=routes)))
    story.take()
    story.do(Approve("dot", "now", standing("dot", "duty"), break_glass=True))

    assert ("ann", SMS) in story.pages()


def test_an_answer_in_time_takes_back_a_breach_that_waits_to_be_told() -> None:
    """Taken before the response was due, as the gateway vouches: nobody hears that it was missed."""
    story = Story(opened())
    story.until(START + HOUR + 5 * MINUTE)
    assert story.misses() == [ClockName.RESPONSE]
    story.do(Acknowledge("ann", occurred_at=START + 50 * MINUTE, standing=standing("ann")))

    assert story.misses() == []
    assert [one for one in story.sent if one.message is Message.SITUATION] == []
