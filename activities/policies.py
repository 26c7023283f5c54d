"""Freezing an agreement, or taking the last good copy."""

from datetime import datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from escalation.adapters.policies import NoSuchPolicyError, PolicyShelf
from escalation.core.policy import Policy
from escalation.wire.yaml_reader import FaultyFileError
from workflows.ports import Freeze

FAULTS_SHOWN_MAX = 5


class Policies:
    """Reads agreements from the shelf."""

    def __init__(self, shelf: PolicyShelf) -> None:
        self._shelf = shelf

    @activity.defn(name="freeze_policy")
    def freeze_policy(self, order: Freeze) -> Policy:
        """The agreement as it is written now. One that is wrong is not tried again; one that cannot be read is."""
        return frozen(self._shelf, order.policy, order.at, order.version)

    @activity.defn(name="kept_policy")
    def kept_policy(self, order: Freeze) -> Policy:
        """The last good copy on this machine, marked `stale`."""
        try:
            return self._shelf.kept(order.policy, order.version)
        except NoSuchPolicyError as error:
            raise ApplicationError(str(error), type="NoSuchPolicy", non_retryable=True) from None


def frozen(shelf: PolicyShelf, name: str, at: datetime, version: str | None = None) -> Policy:
    """The newest agreement of that name, or an error that says at once why another attempt is of no use."""
    try:
        return shelf.newest(name, at, version)
    except NoSuchPolicyError as error:
        raise ApplicationError(str(error), type="NoSuchPolicy", non_retryable=True) from None
    except FaultyFileError as error:
        shown = "; ".join(str(fault) for fault in error.faults[:FAULTS_SHOWN_MAX])
        more = len(error.faults) - FAULTS_SHOWN_MAX
        what = f"policy {name!r} is wrong: {shown}" + (f" (and {more} more)" if more > 0 else "")
        raise ApplicationError(what, type="FaultyPolicy", non_retryable=True) from None
