"""What must hold after a campaign, by four witnesses: the log, the engine, the ledger, and what vendors accepted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer

from escalation.adapters.audit_store import AuditStore
from escalation.adapters.ledger import Ledger, Row, State
from escalation.adapters.store import open_store
from escalation.core.audit import Kept, verify
from escalation.core.commands import Command
from escalation.core.effects import Notify, Reconcile, WriteTicket
from escalation.core.facts import ReportDelivery, ReportReconciliation, ReportTicket
from escalation.core.status import status_of
from escalation.core.vocabulary import Outcome, Phase, Reconciled
from escalation.standins.journal import Accepted, TicketWrite, read
from escalation.standins.tickets import fold
from escalation.wire.entries import kept
from escalation.wire.messages import Ending
from escalation.wire.payloads import DATA_CONVERTER
from workflows.escalation import EscalationWorkflow

TIMEOUT = timedelta(seconds=5)
RUNS_MAX = 50
# What was due while no worker lived is served when one does, and the engine holds back a task that died with several
# workers; longer than this, and it was forgotten until something else woke the escalation.
LATENESS_MAX = timedelta(minutes=5)
# The SDK's word for a task that took its worker more than two seconds: on a busy machine, as good as timed out. One
# that never gets on keeps its escalation from ending, which is a fault of its own.
SLOW = "[TMPRL1101]"


@dataclass
class Findings:
    """What was looked at, and every fault."""

    faults: list[str] = field(default_factory=list)
    escalations: int = 0
    entries: int = 0
    sends: int = 0
    in_doubt: int = 0
    failed: int = 0
    dropped: int = 0
    runs: int = 0
    events: int = 0
    task_timeouts: int = 0
    latest: timedelta = timedelta(0)


@dataclass
class Dispatches:
    """What one log says of its dispatches and notes."""

    expected: dict[str, int] = field(default_factory=dict)  # dispatch -> how often a provider must have taken it
    written: set[str] = field(default_factory=set)  # keys of ticket notes
    doubts: int = 0
    failed: int = 0
    dropped: int = 0


def told(log: Iterable[Kept]) -> Dispatches:
    """Read one log. Whatever is neither accepted nor failed nor dropped must have been accepted, and was forgotten."""
    found = Dispatches()
    names: dict[int, str] = {}
    keys: dict[int, str] = {}
    fates: dict[str, str] = {}
    for each in log:
        entry = each.entry
        if entry.refusal is None:
            _heard(found, entry.command, names, keys, fates)
        for effect in entry.effects:
            match effect:
                case Notify():
                    names[effect.number] = effect.dispatch
                    fates[effect.dispatch] = "asked"
                case Reconcile():
                    names[effect.number] = effect.dispatch
                case WriteTicket():
                    keys[effect.number] = effect.key
                case _:
                    pass
    for dispatch, fate in fates.items():
        gone = fate in {Outcome.FAILED.value, Reconciled.ABSENT.value}
        found.expected[dispatch] = 0 if gone else 1
        found.failed += fate == Outcome.FAILED.value
        found.dropped += fate == Reconciled.ABSENT.value
    return found


def _heard(
    found: Dispatches, command: Command, names: dict[int, str], keys: dict[int, str], fates: dict[str, str]
) -> None:
    match command:
        case ReportDelivery():
            # What a receipt says has failed had been accepted: a call that nobody picked up is a call.
            undelivered = command.outcome is Outcome.FAILED and command.provider_id is not None
            fates[names[command.number]] = (Outcome.ACCEPTED if undelivered else command.outcome).value
            found.doubts += command.outcome is Outcome.AMBIGUOUS
        case ReportReconciliation() if command.result is not Reconciled.UNKNOWN:
            fates[names[command.number]] = command.result.value
        case ReportTicket() if command.written:
            found.written.add(keys[command.number])
        case _:
            pass


class Oracle:
    """Compares the witnesses once everything is quiet."""

    def __init__(self, client: Client, audit_url: str, ledger_url: str, accepted: Path) -> None:
        self._client = client
        self._audit = AuditStore(audit_url)
        self._ledger = Ledger(open_store(ledger_url, TIMEOUT))
        seen = read(accepted)
        self._sends: dict[str, list[str]] = defaultdict(list)
        for entry in seen:
            if isinstance(entry, Accepted) and entry.part == 0:
                self._sends[entry.dispatch or f"unnamed {entry.provider_id}"].append(entry.provider_id)
        self._writes = [entry for entry in seen if isinstance(entry, TicketWrite)]

    async def examine(self, endings: Mapping[str, Ending]) -> Findings:
        """Everything about the escalations that ended so."""
        findings = Findings(escalations=len(endings))
        known: set[str] = set()
        for reference, ending in endings.items():
            log = self._log(reference, ending.episode)
            findings.faults += self._log_faults(reference, ending, log, findings)
            dispatches = told(log)
            known |= dispatches.expected.keys()
            findings.faults += self._send_faults(reference, dispatches)
            findings.in_doubt += dispatches.doubts
            findings.failed += dispatches.failed
            findings.dropped += dispatches.dropped
            findings.faults += await self._history_faults(reference, findings)
        for reference in self._audit.references():
            if reference not in endings:  # a fault of its own; but what it sent is in its log
                known |= told(self._log(reference, None)).expected.keys()
        findings.sends = sum(len(ids) for ids in self._sends.values())
        findings.faults += [f"accepted, and in no log: {name}" for name in self._sends if name not in known]
        findings.faults += self._ticket_faults(endings)
        return findings

    def _log(self, reference: str, episode: str | None) -> list[Kept]:
        return [kept(entry.body, entry.digest) for entry in self._audit.entries(reference, episode)]

    def _log_faults(self, ref: str, ending: Ending, log: list[Kept], findings: Findings) -> Iterator[str]:
        verdict = verify(log)
        findings.entries += len(log)
        if not verdict.holds:
            yield f"{ref}: entry {verdict.sequence}: {verdict.fault}"
        if (verdict.entries, verdict.head) != (ending.sequence, ending.digest):
            yield f"{ref}: the log ends at {verdict.entries}, the engine says {ending.sequence}; or digests differ"
        if ending.conflicts:
            yield f"{ref}: conflicts {ending.conflicts}"
        if verdict.state is None or not verdict.state.settled or verdict.state.phase is not ending.phase:
            yield f"{ref}: the fold of the log is not settled as {ending.phase}"
        if ending.phase is not Phase.CLOSED:
            yield f"{ref}: ended as {ending.phase}"
        if gaps := self._audit.gaps(ref, ending.episode):
            yield f"{ref}: entries are missing: {gaps}"
        for each in log:
            for fired in each.entry.fired:
                late = each.entry.at - fired.at
                findings.latest = max(findings.latest, late)
                if not timedelta(0) <= late <= LATENESS_MAX:
                    yield f"{ref}: entry {each.entry.sequence} serves {fired.clock} {late} after it was due"

    def _send_faults(self, ref: str, dispatches: Dispatches) -> Iterator[str]:
        rows = {row.dispatch: row for row in self._ledger.rows(ref)}
        for dispatch, expected in dispatches.expected.items():
            ids = self._sends.get(dispatch, [])
            if len(ids) != expected:
                yield f"{ref}: dispatch {dispatch} was accepted {len(ids)} times, the log says {expected}"
            if fault := _row_fault(rows.get(dispatch), ids, expected):
                yield f"{ref}: dispatch {dispatch}: {fault}"
        for dispatch in rows.keys() - dispatches.expected.keys():
            yield f"{ref}: the ledger knows dispatch {dispatch}, the log does not"
        counts = Counter(write.key for write in self._writes)
        for key in dispatches.written:
            for part in ("status", "note"):
                if counts[f"{key}/{part}"] != 1:
                    yield f"{ref}: ticket write {key}/{part} was applied {counts[f'{key}/{part}']} times"

    def _ticket_faults(self, endings: Mapping[str, Ending]) -> Iterator[str]:
        tickets = fold(self._writes)
        for reference, ending in endings.items():
            ticket = tickets.get(reference)
            shown = None if ticket is None else ticket.status
            if ending.phase is not None and shown != status_of(ending.phase, escalated=False):
                yield f"{reference}: it ended as {ending.phase}, but the ticket reads {shown!r}"

    async def _history_faults(self, reference: str, findings: Findings) -> list[str]:
        faults = []
        for history in await _runs(self._client, reference):
            findings.runs += 1
            findings.events += len(history.events)
            faults += [f"{reference}: {fault}" for fault in _task_faults(history, findings)]
            replayer = Replayer(workflows=[EscalationWorkflow], data_converter=DATA_CONVERTER)
            replayed = await replayer.replay_workflow(history, raise_on_replay_failure=False)
            if replayed.replay_failure is not None:
                faults.append(f"{reference}: run {history.run_id} does not replay: {replayed.replay_failure}")
        return faults


def _row_fault(row: Row | None, ids: list[str], expected: int) -> str | None:
    if row is None:
        return "it is not in the ledger" if ids else None
    if expected and (row.state is not State.SENT or [row.provider_id] != ids):
        return f"the ledger says {row.state} {row.provider_id}, the vendor {ids}"
    return None if row.second_provider_id is None else "the ledger knows of a second acceptance"


def _task_faults(history: WorkflowHistory, findings: Findings) -> Iterator[str]:
    for event in history.events:
        if event.HasField("workflow_task_timed_out_event_attributes"):
            findings.task_timeouts += 1
        if event.HasField("workflow_task_failed_event_attributes"):
            failed = event.workflow_task_failed_event_attributes
            if SLOW in failed.failure.message:
                findings.task_timeouts += 1
                continue
            if failed.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND:
                continue  # something came in while the run was about to end: the engine asks once more, with that
            cause = WorkflowTaskFailedCause.Name(failed.cause)
            yield f"workflow task failed at event {event.event_id}: {cause} {failed.failure.message}"


async def _runs(client: Client, reference: str) -> list[WorkflowHistory]:
    """Every run of the latest episode, the last one first."""
    histories: list[WorkflowHistory] = []
    run: str | None = None
    while len(histories) < RUNS_MAX:
        history = await client.get_workflow_handle(reference, run_id=run).fetch_history()
        histories.append(history)
        run = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
        if not run:
            break
    return histories
