"""Which act is served on which queue, and with what: settings → adapters → acts."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from activities.admission import Admissions
from activities.authority import Authority
from activities.bundling import Bundling
from activities.contacts import Contacts
from activities.linking import Links
from activities.lists import Lists
from activities.notify import Notifier
from activities.policies import Policies
from activities.readiness import Readiness
from activities.reconcile import Reconciler
from activities.record import Recorder
from activities.rooms import WarRooms
from activities.settling import Asked
from activities.stores import Answers
from activities.tickets import TicketWriter
from activities.triaging import Triage
from escalation.adapters.accounts import accounts_of
from escalation.adapters.asking import Wishes
from escalation.adapters.audit_store import AuditStore
from escalation.adapters.bundles import Bundles
from escalation.adapters.chat_account import chat_of
from escalation.adapters.chat_places import ChatPlaces
from escalation.adapters.codes import Codes
from escalation.adapters.directory import directory_of
from escalation.adapters.directory_journal import DirectoryJournal
from escalation.adapters.failpoints import Failpoints
from escalation.adapters.inbox import Inbox
from escalation.adapters.ledger import Ledger
from escalation.adapters.maintenance import Maintenance
from escalation.adapters.methods import Methods
from escalation.adapters.migrating import upgrade
from escalation.adapters.optouts import OptOuts
from escalation.adapters.pauses import Pauses
from escalation.adapters.policies import PolicyShelf
from escalation.adapters.rendering import Renderer
from escalation.adapters.scripts import Scripts
from escalation.adapters.sendgrid import SendGrid
from escalation.adapters.settings import Settings
from escalation.adapters.slack import Slack, SlackApi
from escalation.adapters.slack_desk import Desk
from escalation.adapters.slack_rooms import Rooms
from escalation.adapters.store import open_store
from escalation.adapters.texts import Texts
from escalation.adapters.tickets import TicketSystem
from escalation.adapters.turns import Turns
from escalation.adapters.twilio import Twilio
from escalation.adapters.ways import Tokens, WaysBack
from escalation.core.vocabulary import Channel
from escalation.wire.names import CHAT_QUEUE, EMAIL_QUEUE, TASK_QUEUE, TWILIO_QUEUE, VOICE_QUEUE
from escalation.wire.proof import Signer

# In development, when no directory is named.
DIRECTORY = Path(__file__).parents[1] / "examples" / "directory.yaml"
Acts = Mapping[str, list[Callable[..., Any]]]


def compose(settings: Settings) -> Acts:
    """Every act, by the queue it is served on. Brings both databases up to date first."""
    upgrade(settings.ledger_url, "ledger")
    upgrade(settings.audit_url, "audit")
    vendors, store = settings.vendors(), open_store(settings.ledger_url, settings.ledger_timeout)
    directory = directory_of(settings, DIRECTORY)
    directory.tell_changes(DirectoryJournal(store).saw)
    settles = {channel: settings.settle.of(channel) for channel in Channel}
    shelf = PolicyShelf(settings.policy_dir, settings.kept_policy_dir or settings.data_dir / "policies", settles)
    texts, renderer = Texts(store, settings.commitment_key), Renderer(brand=settings.mail_from_name)
    renderer.check()
    ledger = Ledger(store, freshness=settings.intent_freshness, throttles=settings.limits)
    mail, phone = SendGrid(vendors.mail), Twilio(vendors.phone)
    account, places = chat_of(settings), ChatPlaces(store)
    slack = SlackApi(account) if account is not None else None
    chat = Slack(slack, places) if slack is not None else None
    asked = Asked(Desk(slack, places), directory, renderer) if slack is not None else None
    failpoints, optouts = Failpoints(settings.failpoint), OptOuts(store)
    notifier = Notifier(
        ledger=ledger,
        texts=texts,
        book=directory,
        renderer=renderer,
        mail=mail,
        phone=phone,
        failpoints=failpoints,
        pauses=Pauses(store),
        chat=chat,
        answers=Answers(
            ways_back(settings), Scripts(store) if settings.public_url else None, optouts, directory, asked
        ),
    )
    reconciler = Reconciler(ledger=ledger, inbox=Inbox(store), book=directory, mail=mail, phone=phone, chat=chat)
    bundles, lists = Bundles(store, ledger, settings.limits), Lists(directory, texts, renderer)
    bundling = Bundling(bundles, lists, notifier, reconciler, settles, failpoints)
    signer = Signer(settings.signing_key.get_secret_value())
    authority = Authority(directory, signer, texts, shelf, trusted_claims=not settings.production)
    policies = Policies(shelf)
    triage, maintenance = Triage(shelf, accounts_of(settings), texts), Maintenance(settings.maintenance_file)
    admissions = Admissions(texts, Codes(store), settings.send_timeout, triage, maintenance, authority)
    tickets = TicketWriter(tickets=TicketSystem(vendors.tickets), texts=texts, renderer=renderer)
    war_rooms = WarRooms(Rooms(slack, places) if slack is not None else None, directory, texts, renderer)
    telling: list[Callable[..., Any]] = [notifier.notify, bundling.send_bundle]
    asking: list[Callable[..., Any]] = [reconciler.reconcile, reconciler.look_up_receipt]
    return {
        TASK_QUEUE: [
            *(policies.freeze_policy, policies.kept_policy, admissions.admit, admissions.dismiss),
            *(authority.inquire, Contacts(directory, wishes=wishes_of(settings, store)).find_contacts),
            Recorder(AuditStore(settings.audit_url)).record,
            Readiness(
                *(directory, shelf, Methods(store, settings.commitment_key.get_secret_value()), mail),
                must_verify=settings.unverified == "skip",
            ).tell_readiness,
            *(tickets.write_ticket, Links(signer).tell_linked, bundling.open_bundle),
        ],
        EMAIL_QUEUE: [*telling, *asking],
        TWILIO_QUEUE: [*telling, *asking],
        VOICE_QUEUE: telling,
        CHAT_QUEUE: [*telling, *asking, war_rooms.show_room],
    }


def wishes_of(settings: Settings, store: Engine) -> Wishes:
    """What people and the house want of who is told, and where."""
    verified = Methods(store, settings.commitment_key.get_secret_value()) if settings.unverified == "skip" else None
    # Who has turned texts off is asked when one is to be sent: it fails then, and the next channel is tried at once.
    # Left out here, that channel would come at its own time, which may be long after.
    return Wishes(Turns(store), verified)


def ways_back(settings: Settings) -> WaysBack:
    """The addresses that messages carry."""
    tokens = Tokens(settings.signing_key.get_secret_value())
    return WaysBack(tokens, settings.public_url, settings.reply_domain, sms_links=settings.sms_links)


def paces(settings: Settings) -> Mapping[str, float]:
    """How many acts in a second the engine hands out of each vendor's queue, to all workers together."""
    pace = settings.paces
    return {EMAIL_QUEUE: pace.email, TWILIO_QUEUE: pace.phone, VOICE_QUEUE: pace.voice, CHAT_QUEUE: pace.chat}
