"""Every way to say no. A refusal is recorded and answered; it changes nothing but the length of the log."""

from enum import StrEnum


class Refusal(StrEnum):
    """Why a command was refused."""

    NOT_IN_THIS_PHASE = "not_in_this_phase"
    ENDED = "ended"  # the escalation is closed; a new start opens the next episode
    ALREADY_OPEN = "already_open"  # another episode of the same ticket runs
    STILL_CLOSING = "still_closing"  # the last episode has ended and is settling its messages
    UNKNOWN_ROUTE = "unknown_route"
    UNKNOWN_SEGMENT = "unknown_segment"  # the agreement knows no customers of that kind
    ASK_NOT_FOR_ROUTE = "ask_not_for_route"
    DEADLINE_PASSED = "deadline_passed"
    OWN_REQUEST = "own_request"  # nobody approves what they asked for, under any alias
    NOT_AN_APPROVER = "not_an_approver"
    AUTHORITY_UNKNOWN = "authority_unknown"  # the directory could not be asked
    UNVERIFIED = "unverified"  # nobody vouched for who is speaking
    REASON_MISSING = "reason_missing"
    TEXT_MISSING = "text_missing"
    NOT_ASKED = "not_asked"  # only somebody who was asked can decline
    CUSTOMER_CANNOT_OWN = "customer_cannot_own"  # the customer hears from us; they are not asked and own nothing
    APPROVAL_NEEDED = "approval_needed"  # that route starts with a yes: open an escalation there
    NO_CHANGE = "no_change"
    TOP_OF_CHAIN = "top_of_chain"
    APPROVAL_DIFFERS = "approval_differs"  # the other policy asks for an approval where this one asks for none
    CALENDAR_TOO_NARROW = "calendar_too_narrow"  # the other policy's calendar opens too little for a clock that goes on
    UNKNOWN_EFFECT = "unknown_effect"  # a fact about something that was never asked, or is settled
    EARLIER_KEY = "earlier_key"  # this idempotency key belongs to an episode that has ended
