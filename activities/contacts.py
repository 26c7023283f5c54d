"""Finding out who is asked now."""

from temporalio import activity

from escalation.adapters.asking import NO_WISHES, Asking, People, Wishes
from escalation.core.facts import ReportContacts
from workflows.ports import Find

__all__ = ["Contacts", "Wishes"]


class Contacts:
    """Asks the directory, and leaves out what people do not want."""

    def __init__(self, directory: People, wishes: Wishes = NO_WISHES) -> None:
        self._asking = Asking(directory, wishes)

    @activity.defn(name="find_contacts")
    def find_contacts(self, order: Find) -> ReportContacts:
        """Everybody that the effect names, as of `order.at`. Only a directory that cannot be asked raises."""
        whose = (activity.info().workflow_id or "") if activity.in_activity() else ""
        found = self._asking.behind(order.effect, order.at, order.severity, whose)
        return ReportContacts(number=order.effect.number, found=found)
