"""Timeouts and retries of every act, each with its reason. Nothing here waits for ever but the audit log."""

import hashlib
from datetime import timedelta
from typing import Any

from temporalio.common import Priority, RetryPolicy

from escalation.core.effects import (
    Effect,
    FindContacts,
    LookUpReceipt,
    Notify,
    Reconcile,
    ShowRoom,
    TellLinked,
    WriteTicket,
)
from escalation.core.vocabulary import Channel, Severity
from escalation.wire.names import CHAT_QUEUE, EMAIL_QUEUE, TWILIO_QUEUE, VOICE_QUEUE

Options = dict[str, Any]  # keyword arguments of `workflow.execute_activity`

# Attempts that a send has before its act must answer instead of raise; the act counts them too. A page is answered
# for after a few seconds, so that another channel is tried; anything else outlives a rate limit's 1, 2, 4 … 60 s.
SEND_ATTEMPTS = 3
NOTICE_ATTEMPTS = 8
LOOKUP_ATTEMPTS = 5
TICKET_ATTEMPTS = 8

# How long a newer policy is waited for before the last good copy opens the escalation.
FREEZE_PATIENCE = timedelta(seconds=30)
# How long the stores are waited for at an opening before it goes on without a short code.
ADMIT_PATIENCE = timedelta(seconds=10)
# How long a command waits for the directory before it is judged without.
INQUIRY_PATIENCE = timedelta(seconds=15)
# A receipt comes once and nobody waits for its answer: longer, but less than a run that makes way waits for it.
RECEIPT_PATIENCE = timedelta(seconds=45)

QUEUES = {Channel.EMAIL: EMAIL_QUEUE, Channel.SMS: TWILIO_QUEUE, Channel.VOICE: VOICE_QUEUE, Channel.CHAT: CHAT_QUEUE}
# Calls have a queue for themselves, because an account dials about one in a second. To ask about one costs no dialling.
LOOKUP_QUEUES = {**QUEUES, Channel.VOICE: TWILIO_QUEUE}
Turn = tuple[Severity, str]
"""By what an act waits for its turn: the severity and the customer of its escalation."""
# The engine takes 64 bytes to tell customers apart by, and needs not know who they are.
TURN_CHARS = 16
_PRIORITY = {severity: rank for rank, severity in enumerate(Severity, start=1)}

FREEZE: Options = {
    "start_to_close_timeout": timedelta(seconds=5),  # a file is read in milliseconds; a lost worker is noticed in five
    "schedule_to_close_timeout": FREEZE_PATIENCE,
    "retry_policy": RetryPolicy(maximum_interval=timedelta(seconds=5)),
}
KEPT: Options = {
    "start_to_close_timeout": timedelta(seconds=5),
    "schedule_to_close_timeout": FREEZE_PATIENCE,
    "retry_policy": RetryPolicy(maximum_interval=timedelta(seconds=5)),
}
ADMIT: Options = {
    "start_to_close_timeout": timedelta(seconds=5),
    "schedule_to_close_timeout": ADMIT_PATIENCE,
    "retry_policy": RetryPolicy(maximum_interval=timedelta(seconds=2)),
}
# Words that came while the store was away are kept as soon as it is back: they are nowhere else but in the history.
ADMIT_LATER: Options = {
    "start_to_close_timeout": timedelta(seconds=5),
    "retry_policy": RetryPolicy(maximum_interval=timedelta(minutes=1)),
}
INQUIRE: Options = {
    "start_to_close_timeout": timedelta(seconds=5),
    "schedule_to_close_timeout": INQUIRY_PATIENCE,
    "retry_policy": RetryPolicy(maximum_interval=timedelta(seconds=2)),
}
INQUIRE_OF_RECEIPT: Options = {**INQUIRE, "schedule_to_close_timeout": RECEIPT_PATIENCE}
# The log loses nothing: its writes are tried until the store takes them. They hold nothing back meanwhile.
RECORD: Options = {
    "start_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(maximum_interval=timedelta(seconds=30), non_retryable_error_types=["AuditConflict"]),
}
# What waits is in the ledger already; should nobody have been found to see to it, the dispatch counts as in doubt.
OPEN_BUNDLE: Options = {
    "start_to_close_timeout": timedelta(seconds=5),
    "schedule_to_close_timeout": timedelta(minutes=1),
    "retry_policy": RetryPolicy(maximum_interval=timedelta(seconds=5)),
}
# Longer than any socket may take. What surely was not sent is tried until it is: nothing that waits is lost.
SEND_BUNDLE: Options = {
    "start_to_close_timeout": timedelta(minutes=2),
    "retry_policy": RetryPolicy(maximum_interval=timedelta(minutes=1)),
}
DISMISS: Options = {
    "start_to_close_timeout": timedelta(seconds=5),
    "schedule_to_close_timeout": timedelta(minutes=1),  # a code that stays taken costs nobody anything
    "retry_policy": RetryPolicy(maximum_interval=timedelta(seconds=10)),
}


def of(effect: Effect, turn: Turn, send_timeout: timedelta) -> Options:
    """The options of an effect's activity: of what waits in a queue the worse goes first, and customers take turns."""
    chosen, (severity, customer) = _of(effect, send_timeout), turn
    whose = hashlib.sha256(customer.encode()).hexdigest()[:TURN_CHARS]
    chosen["priority"] = Priority(priority_key=_PRIORITY[severity], fairness_key=whose)
    return chosen


def _of(effect: Effect, send_timeout: timedelta) -> Options:
    match effect:
        case Notify():
            return {
                "task_queue": QUEUES[effect.channel],
                "start_to_close_timeout": send_timeout,
                # Attempts after the first send nothing blindly: an unfinished intent answers "ambiguous".
                "retry_policy": RetryPolicy(
                    maximum_attempts=SEND_ATTEMPTS if effect.urgent else NOTICE_ATTEMPTS,
                    maximum_interval=timedelta(seconds=60),
                ),
            }
        case Reconcile() | LookUpReceipt():
            return {
                "task_queue": LOOKUP_QUEUES[effect.channel],
                "start_to_close_timeout": send_timeout,
                "retry_policy": RetryPolicy(maximum_attempts=LOOKUP_ATTEMPTS, maximum_interval=timedelta(seconds=60)),
            }
        case FindContacts():
            return {
                "start_to_close_timeout": timedelta(seconds=5),
                "schedule_to_close_timeout": timedelta(seconds=30),  # then the next step is asked instead
                "retry_policy": RetryPolicy(maximum_interval=timedelta(seconds=5)),
            }
        case WriteTicket():
            return {
                "start_to_close_timeout": timedelta(seconds=30),
                "retry_policy": RetryPolicy(maximum_attempts=TICKET_ATTEMPTS, maximum_interval=timedelta(minutes=5)),
            }
        case TellLinked():
            return {
                "start_to_close_timeout": timedelta(seconds=10),  # one signal to the engine
                "schedule_to_close_timeout": timedelta(minutes=10),  # what it says can also be looked up there
                "retry_policy": RetryPolicy(maximum_interval=timedelta(minutes=1)),
            }
        case ShowRoom():
            return {
                "task_queue": CHAT_QUEUE,
                "start_to_close_timeout": send_timeout,
                # A status that is not shown by the next one is worth nothing.
                "schedule_to_close_timeout": timedelta(minutes=10),
                "retry_policy": RetryPolicy(maximum_attempts=NOTICE_ATTEMPTS, maximum_interval=timedelta(seconds=60)),
            }
