"""Who is behind a command, may they, and where do its words go?"""

from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from temporalio import activity

from activities.policies import frozen
from escalation.adapters.directory import Directory, DirectoryDown
from escalation.adapters.policies import PolicyShelf
from escalation.core.effects import Text
from escalation.core.standing import Standing
from escalation.wire.proof import Signer
from workflows.ports import Answered, Inquiry

# A signal may wait in the engine while no worker runs: as long as an approval link lives at most.
PROOF_AGE_MAX = timedelta(hours=24)


class Texts(Protocol):
    """The content store, as far as it is needed here."""

    def keep(self, reference: str, episode: str, key: str, words: str) -> Text:
        """Keep words under a key; the first words under it stay."""
        ...

    def commitment(self, words: str) -> str:
        """A keyed digest of the words."""
        ...


class Authority:
    """Looks up standing, checks proofs, keeps words. `trusted_claims` is for development; what it lets by is marked."""

    def __init__(
        self, directory: Directory, signer: Signer, texts: Texts, shelf: PolicyShelf, *, trusted_claims: bool
    ) -> None:
        self._directory = directory
        self._signer = signer
        self._texts = texts
        self._shelf = shelf
        self._trusted_claims = trusted_claims

    @activity.defn(name="inquire")
    def inquire(self, inquiry: Inquiry) -> Answered:
        """The facts a command is judged with. Refusing is the rules' business: this raises only for a policy that
        cannot be frozen or a content store that is down.
        """
        return Answered(
            standing=self.standing_of(inquiry),
            text=self._kept(inquiry),
            policy=frozen(self._shelf, inquiry.freeze, inquiry.at) if inquiry.freeze is not None else None,
        )

    def standing_of(self, inquiry: Inquiry) -> Standing:
        """What the directory says of them, and whether their proof holds. Never raises for a directory that is away."""
        try:
            looked_up = self._directory.standing(inquiry.by, inquiry.at)
        except DirectoryDown:
            looked_up = Standing(person=inquiry.by, known=False)
        if not inquiry.needs_roles:
            # Roles that no rule asks for would only make the log say more about people than it must.
            looked_up = replace(looked_up, roles=(), delegated=())
        vouched = self._signer.vouched_at(inquiry.proof, inquiry.by, inquiry.claim, inquiry.at, PROOF_AGE_MAX)
        return replace(looked_up, verified=vouched is not None, trusted_claims=self._trusted_claims, vouched_at=vouched)

    def _kept(self, inquiry: Inquiry) -> Text | None:
        if inquiry.words is None:
            return None
        # "said" keeps a caller's key apart from the opening's own, "title" and "description". Without a key, two
        # commands may arrive at one instant; only the same words may share their place then.
        key = inquiry.key or f"{inquiry.at.isoformat()} {self._texts.commitment(inquiry.words)}"
        return self._texts.keep(inquiry.reference, inquiry.episode, f"said {key}", inquiry.words)
