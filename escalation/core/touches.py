"""How many hands it goes through: who and which team had it, and when that is too many."""

from escalation.core.draft import NAMES_MAX, Draft
from escalation.core.effects import Point
from escalation.core.policy import Route
from escalation.core.values import replace
from escalation.core.vocabulary import Topic


def taken_by(draft: Draft, person: str) -> None:
    """A new owner. One who never had it is a touch; one who had it before somebody else did is a ping-pong.

    A way back to a team that had it was counted when it began. Source: touches alarm at three or more people.
    """
    people, tally = draft.people, draft.tally
    came_back = person in people.owners and person != people.owner and not draft.transfer.returned
    if came_back:
        draft.tally = replace(tally, ping_pongs=tally.ping_pongs + 1)
    if person in people.owners:
        draft.people = replace(people, owner=person)
        return
    draft.people = replace(people, owner=person, owners=(*people.owners, person)[-NAMES_MAX:])
    draft.tally = replace(tally, touches=tally.touches + 1)
    alarm = draft.policy.house.touches_alarm
    if alarm is not None and draft.tally.touches % alarm == 0:
        draft.notice(Point(Topic.TOUCHES, str(draft.tally.touches)), draft.policy.house.managers)


def taken_from(draft: Draft, by: str | None) -> None:
    """It leaves the hands of whoever had taken it: they hear who takes it next, as those do who are paged.

    Not where they pass it on `by` themselves. The sender had not taken it: to hand it over was their own act.
    """
    owner, transfer = draft.people.owner, draft.transfer
    if transfer.since is None and owner != by and owner in draft.people.owners:
        draft.transfer = replace(transfer, paged=(owner,))


def handed_to(draft: Draft, route: Route) -> None:
    """Sideways to another route's team: a hand-off, and a ping-pong where that team had it before."""
    tally, here = draft.tally, draft.route.team
    returned = route.team != here and route.team in draft.people.teams
    draft.tally = replace(tally, hand_offs=tally.hand_offs + 1, ping_pongs=tally.ping_pongs + returned)
    draft.transfer = replace(draft.transfer, returned=draft.transfer.returned or returned)
    if here not in draft.people.teams:
        draft.people = replace(draft.people, teams=(*draft.people.teams, here)[-NAMES_MAX:])
