"""The war room of an escalation: shown at its start, at each status that is due, and whenever it reads otherwise."""

from escalation.core.draft import Draft
from escalation.core.effects import ShowRoom
from escalation.core.state import Escalation
from escalation.core.values import replace
from escalation.core.vocabulary import Channel, ClockName, LullKind

# People who are asked in and take turns as the scribe; a room of more is an audience.
PEOPLE_MAX = 20


def keep_shown(draft: Draft, before: Escalation) -> None:
    """Show how it stands after a decision, where the agreement opens a room, if anything in it reads otherwise now.

    A room that is no longer wanted, because it is over or less severe, is shown so once. A restricted escalation has
    none.
    """
    post, wanted = draft.people.post, _wanted(draft)
    due = any(clock.name is ClockName.WAR_ROOM for clock, _ in draft.fired)
    if (wanted and (due or not post.room)) or (post.room and _reads_otherwise(draft, before)):
        _show(draft)
        draft.people = replace(draft.people, post=replace(draft.people.post, room=wanted))


def _wanted(draft: Draft) -> bool:
    terms = draft.terms
    lull = draft.people.lull
    silent = draft.ended or (lull is not None and lull.kind is LullKind.MAINTENANCE)
    return terms.room and terms.war_room is not None and draft.allows(Channel.CHAT) and not silent


def _reads_otherwise(draft: Draft, before: Escalation) -> bool:
    """Another owner, phase or severity; or somebody was asked who is to be let in."""
    then = (before.phase, before.people.owner, before.grade.level)
    asked = not set(draft.transfer.asked) <= set(before.transfer.asked)
    return asked or then != (draft.phase, draft.people.owner, draft.grade.level)


def _show(draft: Draft) -> None:
    """The owner is in command; the others take turns at keeping the timeline, one for each status that was due."""
    people, clock = draft.people, draft.clock(ClockName.WAR_ROOM)
    names = tuple(dict.fromkeys((people.owner, people.customer_contact, *draft.transfer.asked, *people.told)))
    names = tuple(name for name in names if name != draft.case.customer)[:PEOPLE_MAX]
    scribes = names[1:] or names
    turn = clock.cycle if clock is not None else 0
    number = draft.next_number()
    draft.ask(
        ShowRoom(
            number=number,
            key=f"{draft.case.reference}.{draft.case.episode}.{number}",
            brief=draft.brief(),
            commander=people.owner,
            scribe=scribes[turn % len(scribes)],
            people=names,
            round=turn,
            until=clock.due if clock is not None else None,
        )
    )
