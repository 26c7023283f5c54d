"""Proofs: a token by which the gateway or the command line vouches for who speaks, and for when it happened.

Anybody who may write to the engine can send a signal with any name in it; only who holds the key can prove one.
A proof is bound to one person, one episode of one escalation and all that is said, and it ages.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import itsdangerous

from escalation.core.canonical import canonical
from escalation.core.case_facts import CaseFacts
from escalation.wire.messages import Instruction, LateFact, Start

SALT = "escalation.proof.1"
PROOF_CHARS_MAX = 512
# How far the clocks of signer and verifier may differ.
CLOCK_SKEW = timedelta(minutes=1)
# Only our side says who somebody is and where words are kept; whatever a caller puts there is dropped, and not signed.
OURS = ("standing", "text", "findings")


def claim_of(reference: str, episode: str, said: Instruction | LateFact) -> str:
    """The exact text that a proof signs: which episode, which kind of command or fact, and a digest of all it says.

    So a proof of one yes is worth nothing for another number, for break-glass, or for any other instant or outcome.
    The words beside a command are not part of it. Raises as `canonical` does.
    """
    value: Any = said.fact if isinstance(said, LateFact) else said.command or said.adopt
    kind = value.kind if hasattr(value, "kind") else "adopt_policy"
    theirs = replace(value, **{name: None for name in OURS if hasattr(value, name)})
    # A list, so that no part can run into the next.
    return json.dumps([reference, episode, kind, hashlib.sha256(canonical(theirs).encode()).hexdigest()])


def opening_claim(start: Start) -> str:
    """The text that the proof of an opening signs: all that is asked for. Title and story, as words, are no part of it.

    Raises as `canonical` does.
    """
    theirs = replace(start, title="", description="", case=None, carried=None, proof=None)
    signed = json.dumps([canonical(theirs), _case(start.case)])
    return json.dumps([start.reference, start.episode, "open", hashlib.sha256(signed.encode()).hexdigest()])


def _case(case: CaseFacts | None) -> list[list[Any]]:
    """What is known of a case, the same text on both sides of the wire; no log holds these facts, so they have none."""
    found = [] if case is None else [(each.name, getattr(case, each.name)) for each in fields(case)]
    return [[name, sorted(value) if isinstance(value, frozenset) else str(value)] for name, value in found]


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
        return self.vouched_at(proof, by, claim, at, max_age) is not None

    def vouched_at(self, proof: str | None, by: str, claim: str, at: datetime, max_age: timedelta) -> datetime | None:
        """When the proof was made (UTC, whole seconds), if it vouches as in `verify`. Never raises."""
        if not proof or len(proof) > PROOF_CHARS_MAX or not proof.isascii():
            return None
        try:
            signed = self._signer.unsign(proof).decode()
        except itsdangerous.BadData:
            return None
        # Whatever carries a good signature was made by `sign`, so it has this form.
        seconds, _, digest = signed.partition(".")
        made = datetime.fromtimestamp(int(seconds), UTC)
        holds = digest == _digest(by, claim) and -CLOCK_SKEW <= at - made <= max_age
        return made if holds else None


def _digest(by: str, claim: str) -> str:
    return hashlib.sha256(json.dumps([by, claim]).encode()).hexdigest()
