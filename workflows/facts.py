"""What a command is judged with: gathered by at most one look-up, before it reaches the inbox."""

from dataclasses import replace
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from escalation.core.canonical import canonical
    from escalation.core.commands import AdoptPolicy, Command, DeEscalate
    from escalation.core.standing import Standing
    from escalation.core.state import Escalation
    from escalation.core.vouching import wants_vouching
    from escalation.wire.messages import Instruction, LateFact, Start
    from escalation.wire.proof import OURS, PROOF_CHARS_MAX, claim_of
    from workflows import options, ports

NEEDS_ROLES = ("approve", "reject")
# A proof of these is looked at whenever there is one; of the others, where it matters who says it.
VOUCHED_FOR = ("approve", "reject", "acknowledge")
ASKERS = "vouched askers"  # the patch: until now nobody looked who asks
WORDS_OPTIONAL = ("resolve", "de_escalate")
# A command or fact as the log would hold it, UTF-8; what the client lets through is far smaller.
SAID_BYTES_MAX = 16 * 1024
WORDS_CHARS_MAX = 65_536


def unsound(said: Instruction | LateFact) -> str | None:
    """Why this may not come in: two things or none, too many words, or what the log could not hold (an instant without
    zone or range, a number or text beyond bounds); else None.
    """
    if isinstance(said, LateFact):
        return _unlogged(said.fact)
    if (said.command is None) is (said.adopt is None):
        return "an instruction carries exactly one of command and adopt"
    if len(said.words or "") > WORDS_CHARS_MAX:
        return f"words end at {WORDS_CHARS_MAX} characters"
    return _unlogged(said.command or said.adopt)


def _unlogged(value: object) -> str | None:
    try:
        size = len(canonical(value).encode())
    except (ArithmeticError, TypeError, ValueError) as error:
        return str(error)
    return None if size <= SAID_BYTES_MAX else f"it has {size} bytes, at most {SAID_BYTES_MAX} are taken"


async def with_facts(start: Start, instruction: Instruction, key: str, now: Escalation | None) -> Command:
    """The command with everything its rule looks at. `key` is the caller's; the words are kept under it.

    How it stands `now` says whether it matters who speaks: then that is looked up, proof or none.

    Raises `ApplicationError` only for a policy that cannot be frozen.
    """
    command, adopt = instruction.command, instruction.adopt
    claim = claim_of(start.reference, start.episode, instruction)
    if adopt is not None:
        order = _inquiry(start, adopt.by, claim, instruction.proof)
        answered = await _inquire(replace(order, freeze=adopt.policy))
        if answered.policy is None:
            raise ApplicationError(f"policy {adopt.policy!r} cannot be used", type="PolicyUnavailable")
        return AdoptPolicy(adopt.by, answered.policy, adopt.reason)
    if command is None:  # the validator lets nothing through that is empty
        raise ApplicationError("an instruction carries exactly one of command and adopt", type="Malformed")
    blank: dict[str, Any] = {name: None for name in OURS if hasattr(command, name)}
    command = replace(command, **blank)
    roles = command.kind in NEEDS_ROLES
    vouched = instruction.proof is not None and command.kind in VOUCHED_FOR
    asks = now is not None and wants_vouching(now, command) and workflow.patched(ASKERS)
    if not roles and not vouched and not asks and instruction.words is None:
        return command
    order = _inquiry(start, command.by, claim, instruction.proof)
    knows = asks and now is not None and now.case.restricted  # somebody may know of it by a role
    answered = await _inquire(replace(order, needs_roles=roles or knows, words=instruction.words, key=key))
    if command.kind in WORDS_OPTIONAL and instruction.words is not None and answered.text is None:
        # Its rule would not miss them, and they would be gone: better not done than done without.
        raise ApplicationError("the words could not be kept; nothing was done: say it again", type="WordsNotKept")
    given: dict[str, Any] = {"standing": answered.standing} if roles or vouched or asks else {}
    if answered.text is not None:
        given["findings" if isinstance(command, DeEscalate) else "text"] = answered.text
    return replace(command, **{name: value for name, value in given.items() if hasattr(command, name)})


async def standing_of(start: Start, late: LateFact) -> Standing:
    """Whether the gateway vouched for a fact."""
    asked = _inquiry(start, "gateway", claim_of(start.reference, start.episode, late), late.proof)
    return (await _inquire(asked, options.INQUIRE_OF_RECEIPT)).standing


def _inquiry(start: Start, by: str, claim: str, proof: str | None) -> ports.Inquiry:
    if proof is not None and len(proof) > PROOF_CHARS_MAX:
        proof = None  # worthless, and passed on it might be more than the engine takes
    return ports.Inquiry(start.reference, start.episode, by, workflow.now(), claim=claim, proof=proof)


async def _inquire(order: ports.Inquiry, how: options.Options = options.INQUIRE) -> ports.Answered:
    try:
        return await workflow.execute_activity(ports.inquire, order, summary=order.by, **how)
    except ActivityError:  # judged without: whatever needs authority or words is then refused
        return ports.Answered(Standing(order.by, known=False))
