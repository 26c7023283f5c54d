"""Every way to say no. A refusal is recorded and answered; it changes nothing but the length of the log."""

from enum import StrEnum


class Refusal(StrEnum):
    """Why a command was refused."""

    NOT_IN_THIS_PHASE = "not_in_this_phase"
    ENDED = "ended"  # the escalation is closed; a new start opens the next episode
    ALREADY_OPEN = "already_open"  # another episode of the same ticket runs
    STILL_CLOSING = "still_closing"  # the last episode has ended and is settling its messages
    UNKNOWN_ROUTE = "unknown_route"
    UNKNOWN_SEVERITY = "unknown_severity"  # the agreement calls none so; or none was named, and triage could not say
    KEEP_IN_SUPPORT = "keep_in_support"  # triage says that support can solve it; by hand it may go on, with a reason
    UNKNOWN_LEVEL = "unknown_level"  # the model of the agreement has no level that is called so
    UNKNOWN_SEGMENT = "unknown_segment"  # the agreement knows no customers of that kind
    ASK_NOT_FOR_ROUTE = "ask_not_for_route"
    DEADLINE_PASSED = "deadline_passed"
    ALREADY_PAST = "already_past"  # it should last until an instant that has passed
    TOO_LONG = "too_long"  # it should last longer than the agreement lets it
    SEV1_WAITS = "sev1_waits"  # nobody has taken this SEV1 yet: it is not put off
    NOT_LULLED = "not_lulled"  # people are told as ever: there is nothing to end
    OWN_REQUEST = "own_request"  # nobody approves what they asked for, under any alias or by proxy
    NOT_AN_APPROVER = "not_an_approver"
    AUTHORITY_UNKNOWN = "authority_unknown"  # the directory could not be asked
    UNVERIFIED = "unverified"  # nobody vouched for who is speaking
    REASON_MISSING = "reason_missing"
    TEXT_MISSING = "text_missing"
    NOT_ASKED = "not_asked"  # only somebody who was asked can decline
    STEP_OVER = "step_over"  # an answer to a page of an earlier step, which others have been asked after
    CUSTOMER_CANNOT_OWN = "customer_cannot_own"  # the customer hears from us; they are not asked and own nothing
    NO_CHANGE = "no_change"
    TOP_OF_CHAIN = "top_of_chain"
    CALENDAR_TOO_NARROW = "calendar_too_narrow"  # the other policy's calendar opens too little for a clock that goes on
    FIRST_SPEAKS = "first_speaks"  # beside another: only that one speaks with the customer
    LINKED_ITSELF = "linked_itself"  # it stands beside another one; link to that
    NOT_LINKED = "not_linked"  # a fact about an escalation that is not linked with this one
    NEED_TO_KNOW = "need_to_know"  # a restricted case, and somebody who has not heard of it
    TOO_MANY = "too_many"
    NO_ATTACHMENT = "no_attachment"  # too large, empty, or of a kind that is not taken
    UNKNOWN_EFFECT = "unknown_effect"  # a fact about something that was never asked, or is settled
    NOTHING_TO_APPROVE = "nothing_to_approve"
    UNKNOWN_APPROVAL = "unknown_approval"  # no approval of that number is remembered
    WHICH_APPROVAL = "which_approval"  # several are open, or it was asked after this was said: name one by its number
    ALREADY_DECIDED = "already_decided"
    ALREADY_VOTED = "already_voted"  # one person, one vote, and one vote on one authority
    ABOVE_LIMIT = "above_limit"  # the amount is more than this approver may decide
    ABOVE_EVERY_LIMIT = "above_every_limit"  # nobody who may decide may decide that much
    MAY_NOT_BREAK_GLASS = "may_not_break_glass"
    APPROVAL_PENDING = "approval_pending"  # the same is asked for already
    TOO_MANY_APPROVALS = "too_many_approvals"
    NO_APPROVAL_TERMS = "no_approval_terms"  # the agreement does not say who could agree to that
    ASK_BY_DOING = "ask_by_doing"  # say what shall be done: that asks for the approval it needs
    AMOUNT_MISSING = "amount_missing"
    AMOUNT_UNWANTED = "amount_unwanted"  # only money has an amount
    EARLIER_KEY = "earlier_key"  # this idempotency key belongs to an episode that has ended
