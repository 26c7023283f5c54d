"""Whose promise counts: the agreement it was opened under, a newer one, the receiving tier's, a customer segment's."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.commands import AdoptPolicy, Block, ChangeSeverity, HandOff, Reassign, Unblock
from escalation.core.opening import objection
from escalation.core.policy import CustomerSegment, Policy, Target, TierPromise
from escalation.core.reckoning import Reckoning, Retiming
from escalation.core.refusals import Refusal
from escalation.core.state import Miss
from escalation.core.vocabulary import Ask, ClockName, Message, Severity
from tests.core.cases import (
    DAY,
    EMAIL,
    HOUR,
    MINUTE,
    OFFICE,
    POLICY,
    START,
    TERMS,
    VOICE,
    Story,
    active,
    opening,
    policy,
    window,
)

SEV1, SEV2, SEV3, SEV4 = Severity
RESOLUTION, RESPONSE, CUSTOMER = ClockName.RESOLUTION, ClockName.RESPONSE, ClockName.CUSTOMER_UPDATE
CHECK_IN, SILENCE, ACK = ClockName.CHECK_IN, ClockName.SILENCE, ClockName.ACKNOWLEDGEMENT
CALM: dict[str, object] = {"raise_severity_on_breach": False, "reassign_on_breach": False, "breach_cycles": 1}


def promising(target: Target, mode: Retiming = Retiming.FORWARD, **changes: object) -> Policy:
    """Another version of the agreement, in which every severity resolves by that target."""
    terms = tuple(replace(t, resolution=target, silence=None, check_in=None) for t in TERMS)
    plain = replace(policy(house=CALM), terms=terms, reckoning=Reckoning(on_policy_change=mode))
    return replace(plain, version="2", digest="22" * 32, **changes)  # type: ignore[arg-type]  # names are the test's


# --- a newer agreement -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "due"),
    [(Retiming.FORWARD, 6 * HOUR), (Retiming.RETROACTIVE, 6 * HOUR), (Retiming.RESET, 8 * HOUR)],
)
def test_t13_a_newer_agreement_moves_a_deadline_only_when_it_is_adopted(mode: Retiming, due: timedelta) -> None:
    """Six hours instead of eight, after two: by a command, with a reason, in the log; in the mode that it names."""
    story = active()
    story.until(START + 2 * HOUR)
    assert story.due(RESOLUTION) == START + 8 * HOUR
    assert story.refused(AdoptPolicy("sue", promising(Target(6 * HOUR), mode), " ")) is Refusal.REASON_MISSING

    decision = story.do(AdoptPolicy("sue", promising(Target(6 * HOUR), mode), "new quarter"))

    assert story.due(RESOLUTION) == START + due
    assert [(c.before, c.after) for c in decision.sealed.entry.changes if c.field == "policy"] == [("1", "2")]


@pytest.mark.parametrize(("mode", "due"), [(Retiming.FORWARD, DAY + 2 * HOUR), (Retiming.RETROACTIVE, DAY + 3 * HOUR)])
def test_t13_a_newer_calendar_counts_what_is_left_or_everything(mode: Retiming, due: timedelta) -> None:
    """Opened at 10:00; until noon eight-hour days counted, from then on days from 11:00 to 17:00.

    Forward, two hours were used and six are left: five today and one tomorrow, until noon. Retroactively one was used
    and seven are left: until 13:00.
    """
    short = replace(OFFICE, week=((window(11, 17),),) * 5 + ((), ()))
    story = active(opening(severity=SEV3, policy=promising(Target(8 * HOUR, None, (), "office"))))
    story.until(START + 2 * HOUR)
    newer = promising(Target(8 * HOUR, None, (), "office"), mode, calendars=(short,))
    story.do(AdoptPolicy("sue", replace(newer, version="3", digest="33" * 32), "shorter days"))

    assert story.due(RESOLUTION) == START + due


@pytest.mark.parametrize("mode", Retiming)
def test_t13_turns_that_are_over_never_change(mode: Retiming) -> None:
    """What was missed stays missed at its instant, whatever a newer agreement would have allowed."""
    story = active(opening(policy=policy(house=CALM)))
    story.until(START + 8 * HOUR)
    before = story.state.tally.misses
    assert Miss(RESOLUTION, 1, START + 8 * HOUR) in before
    story.do(AdoptPolicy("sue", promising(Target(90 * DAY), mode), "new quarter"))
    story.wait(DAY)

    assert [miss for miss in story.state.tally.misses if miss.clock is RESOLUTION] == [
        miss for miss in before if miss.clock is RESOLUTION
    ]
    assert story.due(RESOLUTION) is None


def test_t13_a_limit_that_a_newer_agreement_puts_into_the_past_is_missed_once_and_says_why() -> None:
    """An hour was promised from now on, and three have passed."""
    story = active()
    story.until(START + 3 * HOUR)
    story.do(AdoptPolicy("sue", promising(Target(HOUR), Retiming.RETROACTIVE), "new quarter"))
    story.wait(DAY)

    assert [miss for miss in story.state.tally.misses if miss.clock is RESOLUTION] == [
        Miss(RESOLUTION, 1, START + HOUR, overtaken=True)
    ]


def test_t13_a_window_counts_on_by_the_newer_calendar_of_its_name() -> None:
    """The desk had an hour of two; from then on the day ends at noon, so the other one comes tomorrow."""
    story = Story(opening(route="product", ask=Ask.DECIDE))
    assert story.due(ACK) == START + 2 * HOUR
    story.until(START + HOUR)
    short = replace(OFFICE, week=((window(9, 11),),) * 5 + ((), ()))
    story.do(AdoptPolicy("sue", replace(POLICY, digest="22" * 32, calendars=(short,)), "shorter days"))

    assert story.due(ACK) == START + DAY


def test_t13_a_calendar_that_the_newer_agreement_forgot_is_kept_for_who_counts_by_it() -> None:
    """A window in office hours goes on in them."""
    story = Story(opening(route="product", ask=Ask.DECIDE))
    terms = tuple(replace(t, resolution=Target(8 * HOUR), response=None) for t in TERMS[:2])
    terms += tuple(replace(TERMS[0], severity=severity) for severity in (SEV3, SEV4))
    story.do(AdoptPolicy("sue", replace(POLICY, digest="22" * 32, calendars=(), terms=terms), "no more office"))

    assert story.due(ACK) == START + 2 * HOUR
    assert story.state.policy.calendar("office") == OFFICE


# --- the receiving tier's own promise --------------------------------------------------------------------------------


def tiered() -> Policy:
    """Product answers a P2 within three hours and resolves it within two days; of a P1 it promises an answer alone."""
    promises = (
        TierPromise(SEV2, Target(3 * HOUR), Target(2 * DAY)),
        TierPromise(SEV1, Target(30 * MINUTE)),
    )
    routes = tuple(replace(r, promises=promises) if r.name == "product" else r for r in POLICY.routes)
    return replace(POLICY, routes=routes)


@pytest.mark.parametrize(
    ("severity", "response", "resolution"),
    [
        (SEV2, 3 * HOUR, 2 * DAY),
        (SEV1, 30 * MINUTE, 2 * HOUR),  # the tier promises no resolution of its own: the severity's
    ],
)
def test_a_tier_that_promises_otherwise_is_held_to_its_own(
    severity: Severity, response: timedelta, resolution: timedelta
) -> None:
    """What it says nothing about is the severity's."""
    story = Story(opening(route="product", ask=Ask.DECIDE, severity=severity, policy=tiered()))

    assert (story.due(RESPONSE), story.due(RESOLUTION)) == (START + response, START + resolution)


def test_a_hand_off_re_times_what_the_tier_promises_and_nothing_of_the_customers() -> None:
    """From Engineering to Product after half an hour, and back: the time that was counted stays counted."""
    story = Story(opening(policy=tiered()))
    story.until(START + HOUR / 2)
    customer, deadline = story.due(CUSTOMER), story.due(ClockName.DEADLINE)
    story.do(HandOff("ann", "product", Ask.DECIDE, "a design question"))
    assert (story.due(RESPONSE), story.due(RESOLUTION)) == (START + 3 * HOUR, START + 2 * DAY)
    assert (story.due(CUSTOMER), story.due(ClockName.DEADLINE)) == (customer, deadline)
    story.do(HandOff("ann", "engineering", Ask.FIX, "not a question after all"))

    assert (story.due(RESPONSE), story.due(RESOLUTION)) == (START + HOUR, START + 8 * HOUR)
    story.do(Reassign("ann", "kim", "knows it"))
    assert (story.due(RESPONSE), story.due(RESOLUTION)) == (START + HOUR, START + 8 * HOUR)


# --- the customer's segment ------------------------------------------------------------------------------------------

VIP = CustomerSegment("vip", weight=1, customer_contact="vera", silence=20 * MINUTE)
WITH_VIPS = replace(POLICY, segments=(VIP, CustomerSegment("plain")))


def of_a_vip(severity: Severity = SEV2, **how: object) -> Story:
    return active(opening(segment="vip", severity=severity, policy=WITH_VIPS), **how)


def test_a_weighty_customers_p2_runs_on_the_clocks_of_a_p1() -> None:
    """Response, resolution, turns and silence of the worse severity; the severity itself stays what it is."""
    story = of_a_vip()
    began = story.now

    assert story.severity is SEV2
    assert story.due(RESOLUTION) == START + 2 * HOUR
    assert story.due(CUSTOMER) == START + HOUR
    assert story.due(CHECK_IN) == began + 15 * MINUTE
    assert story.due(SILENCE) == began + 20 * MINUTE  # the segment's own
    assert story.state.people.customer_contact == "vera"


def test_a_weighty_customers_p4_is_told_as_a_p4() -> None:
    """On the clocks of a P3, by the channels and under the name of a P4."""
    story = Story(opening(segment="vip", severity=SEV4, policy=WITH_VIPS))
    page = next(sent for sent in story.sent if sent.message is Message.PAGE)

    assert story.due(RESOLUTION) == START + 3 * DAY
    assert (page.channel, page.brief.severity, page.brief.label) == (EMAIL, SEV4, "P4")


def test_a_p2_of_anybody_else_is_paged_alike() -> None:
    """A P1 and a P2 page by the same channels here; what a P3's VIP gets is the P3's e-mail, on a P2's clock."""
    story = Story(opening(segment="vip", severity=SEV3, policy=WITH_VIPS))
    story.wait(9 * MINUTE)

    assert VOICE not in {sent.channel for sent in story.sent if sent.message is Message.PAGE}
    assert story.due(RESOLUTION) == START + 8 * HOUR


def test_the_weight_moves_with_the_severity_and_ends_at_the_worst() -> None:
    """Raised to P1 it cannot run faster than a P1; lowered to P3 it runs as a P2."""
    story = of_a_vip()
    story.do(ChangeSeverity("ann", SEV1, "it spreads"))
    assert story.due(RESOLUTION) == START + 2 * HOUR
    story.do(ChangeSeverity("ann", SEV3, "workaround"))

    assert story.due(RESOLUTION) == START + 8 * HOUR


def test_a_segment_that_says_nothing_changes_nothing() -> None:
    """Weight nought, no contact, no shorter silence: as without one."""
    plain = active(opening(segment="plain", policy=WITH_VIPS))
    none = active(opening(policy=WITH_VIPS))

    assert [(clock.name, clock.dues) for clock in plain.state.clocks] == [
        (clock.name, clock.dues) for clock in none.state.clocks
    ]
    assert plain.state.people == none.state.people


def test_a_segment_that_the_agreement_does_not_know_is_refused() -> None:
    """With the names that it does know."""
    known, unknown = (opening(segment=name, policy=WITH_VIPS) for name in ("vip", "gold"))

    assert objection(known, START) is None
    assert objection(unknown, START) == (Refusal.UNKNOWN_SEGMENT, {"segment": "gold", "known": "vip, plain"})


def test_waiting_and_the_weight_go_together() -> None:
    """Half an hour of two was counted; an hour was waited."""
    story = of_a_vip()
    story.until(START + 30 * MINUTE - MINUTE)
    story.do(Block("ann", "logs"))
    story.wait(HOUR)
    story.do(Unblock("ann", "they came"))

    assert story.due(RESOLUTION) == START + 3 * HOUR
