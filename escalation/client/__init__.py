"""The typed client: start escalations, steer them, look at them. It knows the engine and the wire, no workflow.

Every method is safe to repeat. A command is sent under the caller's `key` (else a random one) and, when the connection
or a worker fails, again under the same key until it is answered or `Patience` is spent. What people type is checked
first: `BadInput` means that nothing was sent. Other outcomes are the exceptions below.
"""

from escalation.client.door import ADDRESS, GATEWAY, RUNS_MAX, EscalationClient
from escalation.wire.asking import Patience
from escalation.wire.outcomes import Ended, Head, NotDone, NotFound, Refused, Unreachable
from escalation.wire.requests import BadInput, EscalationRequest
from escalation.wire.second import SecondParty

__all__ = [
    "ADDRESS", "GATEWAY", "RUNS_MAX", "BadInput", "Ended", "EscalationClient", "EscalationRequest", "Head", "NotDone",
    "NotFound", "Patience", "Refused", "SecondParty", "Unreachable",
]  # fmt: skip
