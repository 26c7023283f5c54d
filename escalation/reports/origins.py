"""Where the target of a clock comes from: the place in the agreement, in words."""

from escalation.core.clock import Clock
from escalation.core.draft import Draft
from escalation.core.policy import Target, Terms
from escalation.core.state import Escalation
from escalation.core.vocabulary import ClockName

_HOUSE = {
    ClockName.BLOCKED_REMINDER: "the house's reminder while it waits",
    ClockName.BLOCKED_LIMIT: "the house's limit of waiting",
    ClockName.REOPEN_WINDOW: "the house's reopen window",
    ClockName.TELL: "the telling plan of the step",
    ClockName.RECONCILE: "when the channel's provider can be asked about an ambiguous dispatch",
    ClockName.RECEIPT: "how long the channel's receipts may take",
    ClockName.RETRY: "when whoever was busy is tried once more",
    ClockName.CATCH_UP: "when what could not be told is tried again",
    ClockName.QUIET: "when somebody's quiet hours end",
    ClockName.LULL: "the end of a snooze, or of a window of maintenance",
}


def origin(clock: Clock, state: Escalation) -> str:
    """Of a target that has just been set, with the policy that says so."""
    return f"{_place(clock, state)}; policy {state.policy.name} {state.policy.version}"


def _place(clock: Clock, state: Escalation) -> str:
    terms = Draft(state, state.case.opened_at).terms
    graded = _graded(state, terms)
    customer = state.policy.segment(state.case.segment) if state.case.segment else None
    places = {
        ClockName.DEADLINE: "the request's hard deadline",
        ClockName.APPROVAL: f"approval terms of route {state.transfer.route}",
        ClockName.CONFIRMATION: f"severity confirmation of {graded}",
        ClockName.SILENCE: f"silence allowed by {graded}",
        **_HOUSE,
    }
    if clock.name in (ClockName.RESPONSE, ClockName.RESOLUTION):
        return _promised(clock, state, terms)
    if clock.name is ClockName.ACKNOWLEDGEMENT:
        return _window(state)
    if clock.name is ClockName.CUSTOMER_UPDATE and not _by_cadence(clock.target, terms):
        return "the customer floor: the longest a customer goes without a word"
    if clock.name is ClockName.SILENCE and customer is not None and customer.silence is not None:
        return f"silence allowed by customer segment {customer.name}"
    word = "check-in" if clock.name is ClockName.CHECK_IN else clock.name.replace("_", " ")
    return places.get(clock.name, f"{word} cadence of {graded}")


def _promised(clock: Clock, state: Escalation, terms: Terms) -> str:
    route = state.policy.route_of(state.transfer.route)
    own = route.promise(terms.severity)
    if own is not None and getattr(own, clock.name.value) is not None:
        return f"tier promise of route {route.name} for {_graded(state, terms)}"
    return f"{clock.name} target of {_graded(state, terms)}"


def _graded(state: Escalation, terms: Terms) -> str:
    label = f" ({terms.label})" if terms.label != terms.severity else ""
    if terms.severity is state.grade.level:
        return f"{terms.severity}{label}"
    return f"{terms.severity}{label}, by the weight of customer segment {state.case.segment}"


def _window(state: Escalation) -> str:
    chain = state.policy.chain(state.policy.route_of(state.transfer.route).chain)
    if state.transfer.step >= len(chain.steps):
        return "the house's window of the fallback contact"
    return f"window of step {chain.steps[state.transfer.step].name} of chain {chain.name}"


def _by_cadence(target: Target, terms: Terms) -> bool:
    cadence = terms.customer_update
    if cadence is None or (target.calendar, target.limit_days) != (cadence.calendar, cadence.every_days):
        return False
    return cadence.every_days is not None or target.limit == cadence.every
