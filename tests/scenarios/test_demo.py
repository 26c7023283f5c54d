"""The demo is what it says: it runs to the end as a process, and each of its checks can fail."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from escalation.adapters.ledger import Row, State
from escalation.core.audit import Kept
from escalation.core.commands import Acknowledge, Confirm, Resolve
from escalation.core.effects import Notify
from escalation.core.vocabulary import Phase
from escalation.standins.journal import Accepted, Posted, Refused
from escalation.standins.tickets import Ticket
from escalation.wire.messages import Ending
from examples.checks import CHECKS, TIME_MAX, Check, Evidence, judged
from examples.incidents import incident, incidents
from tests.core.cases import START, Story
from tests.house.tree import ROOT

RUN_MAX = timedelta(seconds=110)
"""Setting up, the demo's own bound, and taking down."""
SECRET = "SG.an-account-that-must-not-be-used"
NOWHERE = "http://127.0.0.1:9"
DEMO = ROOT / "examples" / "demo.py"


def surroundings(**more: str) -> dict[str, str]:
    """The environment of a machine with a proxy and a configured account."""
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), NOWHERE)
    foreign = {"ESCALATION_SENDGRID_API_KEY": SECRET, "TEMPORAL_ADDRESS": "127.0.0.1:9"}
    without = {name: value for name, value in os.environ.items() if name.upper() != "NO_PROXY"}
    return {**without, **proxies, **foreign, "PYTHONPATH": str(ROOT), **more}


def demo(*options: str) -> subprocess.CompletedProcess[str]:
    """Run it as a person would, from another folder."""
    return subprocess.run(
        [sys.executable, DEMO, *options],
        env=surroundings(),
        cwd=ROOT / "docs",
        capture_output=True,
        text=True,
        timeout=RUN_MAX.total_seconds(),
        check=False,
    )


@pytest.mark.engine
def test_the_demo_runs_to_its_end_and_every_check_holds() -> None:
    """Exit 0, a plain story, no escape codes in a pipe, three lines on what to try next; proxies do not matter."""
    ran = demo()

    assert (ran.returncode, ran.stderr) == (0, "")
    assert [name for name in CHECKS if f"holds {name}: " not in ran.stdout] == []
    assert "\x1b" not in ran.stdout
    assert "Bruno Costa replies “ack" in ran.stdout
    assert len(ran.stdout.rstrip().partition("\nNext:\n")[2].splitlines()) == 3


@pytest.mark.engine
def test_a_message_past_the_ledger_is_caught() -> None:
    """Exit 1 and one line that names the check; as JSON, for machines."""
    ran = demo("--fault", "--json")
    told = json.loads(ran.stdout)

    assert ran.returncode == 1
    assert not told["holds"]
    assert [check["name"] for check in told["checks"] if not check["holds"]] == ["nothing else sent", "ledger agrees"]
    assert ran.stderr.splitlines()[-1].startswith("demo: check 'nothing else sent' failed: a message by sms to +1202")


@pytest.mark.engine
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes where Linux lists them")
def test_an_interrupted_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a scene, twice: exit 130, one line, no process and no file of it is left."""
    environment = surroundings(TMPDIR=str(tmp_path), PYTHONUNBUFFERED="1")
    with subprocess.Popen(
        [sys.executable, DEMO], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert any(line.startswith("2 of 6") for line in running.stdout)
        began = processes_of(tmp_path)
        running.send_signal(signal.SIGINT)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=RUN_MAX.total_seconds())

    assert len(began) == 3, "the demo, its engine and its gateway"
    assert (running.returncode, errors) == (130, "demo: interrupted; everything that it started has ended\n")
    assert processes_of(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def processes_of(folder: Path) -> list[str]:
    """Every process that was started with that folder for its temporary files."""
    found = []
    for running in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"TMPDIR={folder}\0".encode() in (running / "environ").read_bytes():
                found.append(running.name)
    return found


# --- the checks ------------------------------------------------------------------------------------------------------


@pytest.fixture
def evidence() -> Evidence:
    """A short life, told to its end, and a world that agrees with it."""
    life = Story(sealed=True)
    for command in (Acknowledge("ann"), Resolve("ann"), Confirm("ann")):
        life.do(command)
    log = tuple(Kept(d.sealed.body, d.sealed.entry, d.sealed.digest) for d in life.decisions)
    sends = [effect for kept in log for effect in kept.entry.effects if isinstance(effect, Notify)]
    case = life.state.case
    return Evidence(
        log=log,
        gaps=(),
        ending=Ending(case.reference, case.episode, life.phase, len(log), log[-1].digest),
        rows=tuple(row(send) for send in sends),
        outbox=tuple(accepted(send) for send in sends),
        refused=(),
        posted=(Posted("inbound", "SM1", "https://x.example/", (), 200, None, START),),
        forged=403,
        ticket=Ticket(case.ticket, "Closed", ()),
        dropped=sends[0].dispatch,
        took=TIME_MAX,
    )


def row(send: Notify) -> Row:
    return Row(
        dispatch=send.dispatch, reference=send.brief.reference, contact=send.contact, channel=send.channel,
        message=send.message, state=State.SENT, fence=1, ordered_at=START, episode=send.brief.episode,
        number=send.number, intent_at=START,
        provider_id=f"id of {send.dispatch}", second_provider_id=None, how="lookup", failure=None, code=None,
        receipt=None,
    )  # fmt: skip


def accepted(send: Notify) -> Accepted:
    return Accepted(send.channel.value, f"id of {send.dispatch}", "to", "from", START, dispatch=send.dispatch)


def failing(evidence: Evidence) -> list[str]:
    return [check.name for check in judged(evidence) if not check.holds]


def found(evidence: Evidence, name: str) -> Check:
    return next(check for check in judged(evidence) if check.name == name)


def test_every_check_holds_when_log_ledger_and_outbox_agree(evidence: Evidence) -> None:
    """The setup from which each failure below departs by one fact. The bound on time is met at its edge."""
    assert failing(evidence) == []
    assert [check.name for check in judged(evidence)] == list(CHECKS)


def test_another_end_is_noticed(evidence: Evidence) -> None:
    """By the escalation itself or by its ticket."""
    assert failing(replace(evidence, ending=replace(evidence.ending, phase=Phase.CANCELLED))) == ["closed"]
    assert failing(replace(evidence, ticket=None)) == ["closed"]


def test_a_changed_entry_is_noticed(evidence: Evidence) -> None:
    """A text that does not have its digest; the fault names the first such entry."""
    forged = replace(evidence.log[1], body=evidence.log[1].body.replace("ann", "bob") + " ")
    check = found(replace(evidence, log=(evidence.log[0], forged, *evidence.log[2:])), "log verifies")

    assert not check.holds
    assert check.found.startswith("entry 2: its text does not have the digest")


def test_a_missing_last_entry_is_noticed_by_the_engines_head(evidence: Evidence) -> None:
    """A log that was cut short verifies by itself; the engine knows better."""
    assert failing(replace(evidence, log=evidence.log[:-1])) == ["engine agrees"]


def test_a_gap_and_a_conflict_are_noticed(evidence: Evidence) -> None:
    """What the store reports as missing, and what the workflow heard of."""
    assert failing(replace(evidence, gaps=(range(3, 4),))) == ["log verifies"]
    assert failing(replace(evidence, ending=replace(evidence.ending, conflicts=(3,)))) == ["log verifies"]


def test_a_message_that_was_not_sent_or_sent_twice_is_noticed(evidence: Evidence) -> None:
    """Exactly once, by the provider's own count."""
    first, *rest = evidence.outbox

    assert failing(replace(evidence, outbox=tuple(rest))) == ["sent once", "ledger agrees"]
    assert "sent once" in failing(replace(evidence, outbox=(first, replace(first, provider_id="second"), *rest)))


def test_a_message_that_the_log_never_decided_is_noticed(evidence: Evidence) -> None:
    """With an unknown dispatch or with none at all."""
    for dispatch in ("by-hand", None):
        stray = replace(evidence.outbox[0], dispatch=dispatch, provider_id="stray")
        assert failing(replace(evidence, outbox=(*evidence.outbox, stray))) == ["nothing else sent", "ledger agrees"]


def test_a_ledger_with_an_open_intent_is_noticed(evidence: Evidence) -> None:
    """A dispatch nobody has settled."""
    open_ = replace(evidence.rows[-1], state=State.INTENT, provider_id=None)

    assert failing(replace(evidence, rows=(*evidence.rows[:-1], open_))) == ["ledger agrees"]


def test_a_lost_answer_that_was_settled_otherwise_is_noticed(evidence: Evidence) -> None:
    """It must have been looked up; a message that was simply accepted shows that nothing was dropped."""
    assert failing(replace(evidence, rows=(replace(evidence.rows[0], how="sent"), *evidence.rows[1:]))) == [
        "lost answer adopted"
    ]
    assert failing(replace(evidence, dropped=None)) == ["lost answer adopted"]


def test_an_open_door_is_noticed(evidence: Evidence) -> None:
    """A forged request that is taken, a signed one that is not, and silence."""
    assert failing(replace(evidence, forged=200)) == ["signatures checked"]
    assert failing(replace(evidence, posted=(replace(evidence.posted[0], answered=403),))) == ["signatures checked"]
    assert failing(replace(evidence, posted=())) == ["signatures checked"]


def test_a_request_that_breaks_a_contract_is_noticed(evidence: Evidence) -> None:
    """What the vendor would have refused."""
    refused = Refused("sms", "/2010-04-01", None, 400, "21211: Invalid 'To' Phone Number", START)

    assert failing(replace(evidence, refused=(refused,))) == ["contracts kept"]


def test_a_slow_run_is_noticed(evidence: Evidence) -> None:
    """Just past the bound."""
    assert failing(replace(evidence, took=TIME_MAX + timedelta(microseconds=1))) == ["in time"]


# --- the sample ------------------------------------------------------------------------------------------------------


def test_the_sample_is_readable_and_in_order() -> None:
    """Enough incidents to play, each with events, no number twice; one that is not there is refused."""
    sample = list(incidents())

    assert len(sample) == len({one.id for one in sample}) >= 20
    assert all(one.events for one in sample)
    assert all(first.id < second.id for first, second in pairwise(sample))
    with pytest.raises(LookupError, match="incident 'INC0' is not in the sample; take one of INC0000261, "):
        incident("INC0")


def test_the_played_incident_is_a_p1_that_was_passed_around() -> None:
    """What the demo says about it is what was logged."""
    played = incident("INC0034380")

    assert (played.priority, len(played.moves), played.taken) == (1, 2, False)
    assert played.lasted == timedelta(minutes=81)
