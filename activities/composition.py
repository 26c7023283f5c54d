"""Which act is served on which queue, and with what: settings → adapters → acts."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from activities.admission import Admissions
from activities.authority import Authority
from activities.contacts import Contacts
from activities.notify import Notifier
from activities.policies import Policies
from activities.reconcile import Reconciler
from activities.record import Recorder
from activities.tickets import TicketWriter
from escalation.adapters.audit_store import AuditStore
from escalation.adapters.codes import Codes
from escalation.adapters.directory import Directory
from escalation.adapters.failpoints import Failpoints
from escalation.adapters.ledger import Ledger
from escalation.adapters.migrating import upgrade
from escalation.adapters.policies import PolicyShelf
from escalation.adapters.rendering import Renderer
from escalation.adapters.sendgrid import SendGrid
from escalation.adapters.settings import Settings
from escalation.adapters.store import open_store
from escalation.adapters.texts import Texts
from escalation.adapters.tickets import TicketSystem
from escalation.adapters.twilio import Twilio
from escalation.core.vocabulary import Channel
from escalation.wire.names import EMAIL_QUEUE, TASK_QUEUE, TWILIO_QUEUE
from escalation.wire.proof import Signer

# In development, when no directory is named.
DIRECTORY = Path(__file__).parents[1] / "examples" / "directory.yaml"
Acts = Mapping[str, list[Callable[..., Any]]]


def compose(settings: Settings) -> Acts:
    """Every act, by the queue it is served on. Brings both databases up to date first."""
    upgrade(settings.ledger_url, "ledger")
    upgrade(settings.audit_url, "audit")
    vendors, store = settings.vendors(), open_store(settings.ledger_url, settings.ledger_timeout)
    directory = Directory.from_file(settings.directory_file or DIRECTORY)
    settles = {channel: settings.settle.of(channel) for channel in Channel}
    shelf = PolicyShelf(settings.policy_dir, settings.kept_policy_dir or settings.data_dir / "policies", settles)
    texts, renderer = Texts(store, settings.commitment_key), Renderer()
    renderer.check()
    ledger = Ledger(store, freshness=settings.intent_freshness)
    mail, phone = SendGrid(vendors.mail), Twilio(vendors.phone)
    failpoints = Failpoints(settings.failpoint)
    notifier = Notifier(
        ledger=ledger, texts=texts, book=directory, renderer=renderer, mail=mail, phone=phone, failpoints=failpoints
    )
    reconciler = Reconciler(ledger=ledger, book=directory, mail=mail, phone=phone)
    signer = Signer(settings.signing_key.get_secret_value())
    authority = Authority(directory, signer, texts, shelf, trusted_claims=not settings.production)
    policies = Policies(shelf)
    admissions = Admissions(texts, Codes(store), settings.send_timeout)
    tickets = TicketWriter(tickets=TicketSystem(vendors.tickets), texts=texts, renderer=renderer)
    return {
        TASK_QUEUE: [
            *(policies.freeze_policy, policies.kept_policy, admissions.admit, admissions.dismiss),
            *(authority.inquire, Contacts(directory).find_contacts, Recorder(AuditStore(settings.audit_url)).record),
            tickets.write_ticket,
        ],
        EMAIL_QUEUE: [notifier.notify, reconciler.reconcile],
        TWILIO_QUEUE: [notifier.notify, reconciler.reconcile],
    }
