"""Files beside an escalation: which are taken, and who may read them."""

from collections.abc import Collection, Iterable

from escalation.core.beside import ATTACHMENTS_MAX, Attach, Attachment, untaken
from escalation.core.draft import Draft
from escalation.core.refusals import Refusal
from escalation.core.standing import Standing
from escalation.core.values import replace
from escalation.core.vouching import names_of
from escalation.core.watch import heard_from_owner


def attach(draft: Draft, command: Attach) -> None:
    """Keep the reference. The owner's own file shows that the owner is at work."""
    found, kept = untaken(command.digest, command.bytes, command.media_type), draft.case.attachments
    if command.text is None:
        draft.refuse(Refusal.TEXT_MISSING)
    elif found:
        draft.refuse(Refusal.NO_ATTACHMENT, **found)
    elif any(known.digest == command.digest for known in kept):
        draft.refuse(Refusal.NO_CHANGE, digest=command.digest)
    elif len(kept) >= ATTACHMENTS_MAX:
        draft.refuse(Refusal.TOO_MANY, attachments=str(len(kept)), limit=str(ATTACHMENTS_MAX))
    else:
        attachment = Attachment(command.digest, command.bytes, command.media_type, command.text)
        draft.case = replace(draft.case, attachments=(*kept, attachment))
        heard_from_owner(draft, command.by)


def objection_to(attachments: Collection[Attachment]) -> tuple[Refusal, dict[str, str]] | None:
    """Why an escalation cannot be opened with these files, or None."""
    if len(attachments) > ATTACHMENTS_MAX:
        return Refusal.TOO_MANY, {"attachments": str(len(attachments)), "limit": str(ATTACHMENTS_MAX)}
    for each in attachments:
        if found := untaken(each.digest, each.bytes, each.media_type):
            return Refusal.NO_ATTACHMENT, found
    return None


def unreadable(standing: Standing, knowing: Iterable[str], *, restricted: bool) -> Refusal | None:
    """Why somebody may not read what belongs to a case, or None.

    `knowing` are those who have heard of it or act in it. Restricted: only they, by any of their names or roles.
    """
    if not restricted:
        return None
    if not standing.known:
        return Refusal.AUTHORITY_UNKNOWN
    return Refusal.NEED_TO_KNOW if set(names_of(standing.person, standing)).isdisjoint(knowing) else None
