"""What lists and filters see: the search attributes of a state."""

from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from escalation.core.state import Escalation, next_due
    from escalation.wire import names
    from escalation.wire.views import missed

Attributes = dict[SearchAttributeKey[Any], Any]


def attributes_of(state: Escalation) -> Attributes:
    """Every attribute with its value. Ids only: search attributes are never encrypted."""
    route = state.policy.route_of(state.transfer.route)
    return {
        names.PHASE: state.phase.value,
        names.SEVERITY: state.grade.level.value,
        names.ROUTE: route.name,
        names.TEAM: route.team,
        names.CUSTOMER: state.case.customer,
        names.OWNER: state.people.owner,
        names.EPISODE: state.case.episode,
        names.NEXT_DUE: next_due(state),
        names.BREACHED: missed(state),
        names.LEFT_ALONE: state.people.lull.until if state.people.lull is not None else None,
    }


def change(key: SearchAttributeKey[Any], value: Any) -> SearchAttributeUpdate[Any]:  # noqa: ANN401  # of the key's type
    """Set it, or take it away when there is no value."""
    return key.value_unset() if value is None else key.value_set(value)
