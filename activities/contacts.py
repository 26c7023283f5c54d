"""Finding out who is asked now."""

from temporalio import activity

from escalation.adapters.directory import Directory
from escalation.core.commands import ReportContacts
from workflows.ports import Find


class Contacts:
    """Asks the directory."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    @activity.defn(name="find_contacts")
    def find_contacts(self, order: Find) -> ReportContacts:
        """Everybody that the effect names, as of `order.at`. Only a directory that cannot be asked raises."""
        found = tuple(self._directory.find(name, order.at) for name in order.effect.names)
        return ReportContacts(number=order.effect.number, found=found)
