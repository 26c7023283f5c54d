"""Who speaks with the customer: kept while the work moves, asked through a backup, changed by one command alone."""

from escalation.core.beside import ChangeContact
from escalation.core.draft import Draft
from escalation.core.effects import FindContacts, Point
from escalation.core.facts import Found, ReportContacts
from escalation.core.linking import tell_links
from escalation.core.refusals import Refusal
from escalation.core.values import replace
from escalation.core.vocabulary import Channel, Message, Topic


def change_contact(draft: Draft, command: ChangeContact) -> None:
    """Somebody else speaks with the customer; both hear of it, and so do the escalations beside this one.

    Beside another escalation only that one speaks, so it is changed there.
    """
    before, first = draft.people.customer_contact, draft.case.linked_to
    if not command.reason.strip() or not command.to.strip():
        draft.refuse(Refusal.REASON_MISSING, to=command.to)
    elif first is not None:
        draft.refuse(Refusal.FIRST_SPEAKS, first=first.reference)
    elif command.to == draft.case.customer:
        draft.refuse(Refusal.CUSTOMER_CANNOT_OWN, to=command.to)
    elif command.to == before:
        draft.refuse(Refusal.NO_CHANGE, customer_contact=before)
    else:
        draft.people = replace(draft.people, customer_contact=command.to)
        draft.notice(Point(Topic.CONTACT_CHANGED, command.to), before, command.to)
        tell_links(draft, draft.case.links)


def ask_contact(draft: Draft) -> None:
    """Ask for words to the customer. Who can be reached is looked up now, as for a step of the chain."""
    draft.find("contact", (draft.people.customer_contact,))


def reported_contact(draft: Draft, command: ReportContacts, effect: FindContacts) -> None:
    """Ask the customer contact, or the backup when the directory says that the contact cannot be reached.

    When neither can, the managers hear that nobody was asked. A directory that cannot be asked changes nobody.
    """
    asked, backup = effect.names[0], _backup_of(draft)
    if command.failed is not None:
        draft.notify(asked, draft.manner.notice, Message.UPDATE_WANTED)
    elif (reached := reached_of(draft, command.found[0] if command.found else Found(asked, None))) is not None:
        draft.notify(*reached, Message.UPDATE_WANTED)
    elif asked != backup:
        draft.find("contact", (backup,))
    else:
        draft.notice(Point(Topic.MESSAGE_FAILED, Message.UPDATE_WANTED), draft.policy.house.managers)


def stand_in(draft: Draft, command: ReportContacts, effect: FindContacts) -> None:
    """A notice that the customer contact cannot get goes to the backup, unless that one was asked along."""
    contact, backup = draft.people.customer_contact, _backup_of(draft)
    missed = any(found.name == contact and reached_of(draft, found) is None for found in command.found)
    if missed and backup not in effect.names:
        draft.find("notice", (backup,), effect.points)


def reached_of(draft: Draft, found: Found) -> tuple[str, Channel] | None:
    """Who hears instead of a name, and on which channel they have; the backup where the primary cannot be reached."""
    primary = found.channels or not found.backup
    contact, channels = (found.contact, found.channels) if primary else (found.backup, found.backup_channels)
    if contact is None:
        return None
    notice = draft.manner.notice
    return contact, notice if notice in channels or not channels else channels[0]


def _backup_of(draft: Draft) -> str:
    """The segment's, the agreement's, or else whoever speaks with the customer when a machine opens."""
    house, segment = draft.policy.house, draft.segment
    own = segment.customer_contact_backup if segment is not None else None
    return own or house.customer_contact_backup or house.customer_contact
