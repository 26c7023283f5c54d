"""Proofs: a token by which the gateway or the command line vouches for who speaks, and for when it happened.

Anybody who may write to the engine can send a signal with any name in it; only who holds the key can prove one.
A proof is bound to one person, one escalation, one kind of command and one instant, and it ages.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import itsdangerous

from escalation.wire.messages import Instruction, LateFact

SALT = "escalation.proof.1"
PROOF_CHARS_MAX = 512
# How far the clocks of signer and verifier may differ.
CLOCK_SKEW = timedelta(minutes=1)


def claim_of(reference: str, episode: str, said: Instruction | LateFact) -> str:
    """The exact text that a proof signs: which episode, which kind of command, and when it is said to have happened.

    A late fact is bound to the effect's number as well.
    """
    if isinstance(said, LateFact):
        parts = [reference, episode, said.fact.kind, str(said.fact.number)]
    elif said.command is None:
        parts = [reference, episode, "adopt_policy", ""]
    else:
        occurred: datetime | None = getattr(said.command, "occurred_at", None)
        parts = [reference, episode, said.command.kind, occurred.astimezone(UTC).isoformat() if occurred else ""]
    return json.dumps(parts)  # a list, so that no part can run into the next


class Signer:
    """Makes and checks proofs. Of several keys the last one signs and all verify, so that a key can be replaced."""

    def __init__(self, keys: str | Sequence[str]) -> None:
        secrets = [keys] if isinstance(keys, str) else list(keys)
        if not secrets or not all(secrets):
            raise ValueError("a signer needs at least one key, and none may be empty")
        self._signer = itsdangerous.Signer(secrets, salt=SALT, key_derivation="hmac", digest_method=hashlib.sha256)

    def sign(self, by: str, claim: str, at: datetime) -> str:
        """A proof that `by` said `claim`, made at `at` (aware)."""
        return self._signer.sign(f"{int(at.timestamp())}.{_digest(by, claim)}").decode()

    def verify(self, proof: str | None, by: str, claim: str, at: datetime, max_age: timedelta) -> bool:
        """Whether `proof` vouches for `by` and `claim`, and at `at` is at most `max_age` old. Never raises."""
        if not proof or len(proof) > PROOF_CHARS_MAX or not proof.isascii():
            return False
        try:
            signed = self._signer.unsign(proof).decode()
        except itsdangerous.BadData:
            return False
        # Whatever carries a good signature was made by `sign`, so it has this form.
        made, _, digest = signed.partition(".")
        age = at - datetime.fromtimestamp(int(made), UTC)
        return digest == _digest(by, claim) and -CLOCK_SKEW <= age <= max_age


def _digest(by: str, claim: str) -> str:
    return hashlib.sha256(json.dumps([by, claim]).encode()).hexdigest()
