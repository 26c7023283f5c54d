"""The telling: decisions, messages and clocks as lines for people. Colour on a terminal, plain text in a pipe."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from textwrap import wrap

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from escalation.core.commands import Acknowledge, Open
from escalation.core.entry import Entry, Fired
from escalation.core.facts import ReportContacts, ReportDelivery, ReportReconciliation
from escalation.core.vocabulary import ClockName, Edge, Outcome, Reconciled
from escalation.standins.journal import Accepted
from examples.checks import Check
from examples.incidents import Incident

WIDTH_IN_A_PIPE = 110
INDENT = 20
TEXT_CHARS_MIN = 40
MAIL_CHARS_MAX = 160
CALL_CHARS_MAX = 150
COLOURS = {
    "rules": "bold cyan", "clock": "magenta", "text": "green", "call": "green", "mail": "green",
    "person": "bold yellow", "provider": "bold red", "2016": "blue",
}  # fmt: skip

MEANINGS = {
    ClockName.TELL: "then the next channel is tried, or the backup",
    ClockName.ACKNOWLEDGEMENT: "somebody must have taken it, or the next step is asked",
    ClockName.RESPONSE: "a first answer is owed",
    ClockName.RESOLUTION: "the target is near: managers hear of it in time",
    ClockName.DEADLINE: "the request's own hard deadline is near",
    ClockName.CUSTOMER_UPDATE: "whoever speaks with the customer is asked for words",
    ClockName.CHECK_IN: "the owner is asked for progress",
    ClockName.SILENCE: "the owner must have done something",
}
SAID = {
    "post_update": "an update for the customer is on its way",
    "resolve": "a fix is declared: Resolved; the customer is asked, and may reopen it",
    "confirm": "the customer agrees: Closed; everybody who was told hears of it",
}


class Story:
    """Prints one escalation as it happens. `called` turns the id, number or address of somebody into a name."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.called: Callable[[str], str] = str
        self._began: datetime | None = None

    def heading(self, text: str) -> None:
        """A new scene."""
        self._console.print()
        self._console.print(Rule(Text(text, style="bold"), align="left", style="dim"))

    def say(self, text: str) -> None:
        """A line of its own."""
        self._console.print(text, highlight=False, markup=False)

    def line(self, kind: str, text: str, at: datetime | None = None) -> None:
        """One thing that happened; `at` is shown as seconds since the opening."""
        since = "" if at is None or self._began is None else f"{(at - self._began).total_seconds():+.1f} s"
        first, *more = wrap(text, max(self._console.width - INDENT, TEXT_CHARS_MIN)) or [""]
        head = Text.assemble((f"{since:>8}  ", "dim"), (f"{kind:<9} ", COLOURS.get(kind, "")), first)
        self._console.print(head, soft_wrap=True)
        for line in more:
            self._console.print(Text(" " * INDENT + line), soft_wrap=True)

    def incident(self, incident: Incident) -> None:
        """What really happened."""
        about = " / ".join(part for part in (incident.category, incident.subcategory) if part)
        where = f"by {(incident.contact_type or 'nobody knows what').lower()} from {incident.location or 'somewhere'}"
        self.line("2016", f"{incident.id}, priority {incident.priority}: {about}, reported {where}")
        self.line("2016", f"{incident.opened_at:%d %b %H:%M}  opened")
        group = None
        for event in incident.events:
            moved = f", moved to {event.group}" if group not in (None, event.group) else f", {event.group}"
            self.line("2016", f"{event.at:%d %b %H:%M}  {event.state}{moved}")
            group = event.group
        taken = "somebody worked on it" if incident.taken else "nobody is on record as having taken it"
        self.line(
            "2016", f"{incident.lasted} to the resolution, {len(incident.moves)} moves between groups, and {taken}."
        )

    def decision(self, entry: Entry) -> None:
        """One entry of the log, if it is of interest."""
        if isinstance(entry.command, Open):
            self._began = entry.at
        for fired in entry.fired:
            if (text := self._fired(fired)) is not None:
                self.line("clock", text, entry.at)
        for kind, text in self._said(entry):
            self.line(kind, text, entry.at)
        if isinstance(entry.command, Open):
            self._clocks(entry)

    def message(self, send: Accepted) -> None:
        """What somebody's telephone or mailbox got."""
        to = self.called(send.to)
        if send.channel == "sms":
            self.line("text", f"to {to}: {_one_line(send.body)}", send.accepted_at)
        elif send.channel == "voice":
            spoken = re.search(r"<Say[^>]*>(.*?)</Say>", send.twiml or "")
            # Where the words are fetched when somebody picks up, there are none yet.
            said = f"“{_cut(unescape(spoken[1]), CALL_CHARS_MAX)}”" if spoken else "it rings"
            self.line("call", f"to {to}: {said}", send.accepted_at)
        else:
            words = _one_line((send.body or "").partition("\n")[2])  # without the greeting
            self.line("mail", f"to {to}: {_cut(words, MAIL_CHARS_MAX)}", send.accepted_at)

    def checks(self, checks: list[Check]) -> None:
        """The verdicts."""
        for check in checks:
            mark = Text("holds ", style="green") if check.holds else Text("FAILS ", style="bold red")
            self._console.print(mark.append(f"{check.name}: {check.found}", style="default"))

    # --- inside ------------------------------------------------------------------------------------------------------

    def _said(self, entry: Entry) -> Iterator[tuple[str, str]]:
        command = entry.command
        match command:
            case Open():
                yield "rules", f"opened by {self.called(command.by)}, who owns it until somebody takes it: In Transfer"
            case Acknowledge():
                yield (
                    "rules",
                    f"{self.called(command.by)} takes it: Active. The chain stops, those who were asked hear of it",
                )
            case ReportContacts(found=found) if found and found[0].contact:
                backup = f", backup {self.called(found[0].backup)}" if found[0].backup else ""
                yield "rules", f"{found[0].name} is {self.called(found[0].contact)} now{backup}"
            case ReportDelivery(outcome=Outcome.FAILED):
                yield "rules", "the provider says that nobody picked up: the next one is told at once"
            case ReportDelivery(outcome=Outcome.AMBIGUOUS):
                yield "rules", "no answer to that send: it may or may not be on its way. Nothing is sent again blindly"
            case ReportReconciliation(result=Reconciled.ADOPTED):
                yield "rules", "looked up: the provider has it. It counts as sent, and nobody is told twice"
            case _ if command.kind == "hand_off":
                moved = next((change for change in entry.changes if change.field == "route"), None)
                yield (
                    "rules",
                    f"handed off from {moved.before} to {moved.after}: In Transfer" if moved else "handed off",
                )
            case _:
                if command.kind in SAID:
                    yield "rules", SAID[command.kind]

    def _fired(self, fired: Fired) -> str | None:
        match fired.clock, fired.edge:
            case ClockName.TELL, _:
                return "no answer so far: the next channel, or the backup"
            case ClockName.RECONCILE, _:
                return "by now the provider's own list can be trusted: look the message up"
            case ClockName.RECEIPT, Edge.LIMIT:
                return "nobody says that the message arrived: the next channel at once, whatever the provider will say"
            case ClockName.RECEIPT, _:
                return "no receipt so far: ask the provider"
            case ClockName.ACKNOWLEDGEMENT, Edge.LIMIT:
                return "nobody took it in time: the next step is asked"
            case clock, edge:
                return f"{clock.replace('_', ' ')}: {'its time is up' if edge is Edge.LIMIT else 'due soon'}"

    def _clocks(self, entry: Entry) -> None:
        """Every clock that runs: when it acts next, here and in UTC, and what that instant means."""
        row = " " * INDENT + "{:<16}{:<12}{:<10}{}"
        self._console.print(
            Text(row.format("clock", f"here ({entry.at.astimezone():%Z})", "UTC", "by then"), style="dim")
        )
        for note in sorted(entry.clocks, key=lambda note: note.due or entry.at):
            if note.due is not None:
                here, there = f"{note.due.astimezone():%H:%M:%S}", f"{note.due.astimezone(UTC):%H:%M:%S}"
                told = row.format(note.name.replace("_", " "), here, there, MEANINGS.get(note.name, ""))
                self._console.print(Text(told), soft_wrap=True)


def terminal(*, to_stderr: bool = False) -> Console:
    """A console that is plain and wide enough in a pipe."""
    console = Console(stderr=to_stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=to_stderr, highlight=False, width=WIDTH_IN_A_PIPE)


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _cut(text: str, chars_max: int) -> str:
    return text if len(text) <= chars_max else f"{text[:chars_max].rsplit(' ', 1)[0]} …"
