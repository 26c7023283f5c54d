"""`make up` keeps everything open, whatever ends it, and `make down` leaves nothing running."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from escalation.adapters.audit_store import AuditStore
from escalation.client import EscalationClient
from escalation.core.vocabulary import Phase
from escalation.standins import outgoing
from escalation.standins.engine import free_port
from escalation.wire.entries import kept
from escalation.wire.payloads import DATA_CONVERTER
from examples.parts import LOOPBACK, Part, Ports, SiteError
from examples.residents import RESIDENTS
from examples.up import HTTP_OK, Site, alone
from tests.house.tree import ROOT

RUN_MAX = timedelta(seconds=100)
ASK_MAX = timedelta(seconds=5)
FOREIGN = {"ESCALATION_SENDGRID_API_KEY": "SG.an-account-that-must-not-be-used", "TEMPORAL_ADDRESS": "127.0.0.1:9"}
"""What this machine may be configured for; `make up` must not reach it."""


def run(site: Site, *options: str) -> subprocess.CompletedProcess[str]:
    """As a person would, with a configured account in the environment."""
    environment = {**os.environ, **FOREIGN, "PYTHONPATH": str(ROOT), "ESCALATION_DATA_DIR": str(site.folder)}
    return subprocess.run(
        [sys.executable, ROOT / "examples" / "up.py", *options],
        env=environment, cwd=ROOT / "docs", capture_output=True, text=True, check=False,
        timeout=RUN_MAX.total_seconds(),
    )  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site of its own, on free ports; whatever a test leaves running is ended."""
    found = Site(tmp_path / "var", Ports(free_port(), free_port(), free_port(), free_port()))
    yield found
    for part in found.parts():
        replace(part, stop_max=timedelta(0)).stop()


def ports_of(site: Site) -> list[str]:
    ports = site.ports
    named = {"engine": ports.engine, "pages": ports.pages, "outbox": ports.outbox, "gateway": ports.gateway}
    return [word for name, port in named.items() for word in (f"--{name}", str(port))]


async def phases(site: Site) -> dict[str, Phase]:
    """Where the escalations stand, by the client that integrations use."""
    client = EscalationClient(await Client.connect(site.address, data_converter=DATA_CONVERTER))
    views = await asyncio.gather(*(client.view(resident.number) for resident in RESIDENTS))
    return {view.reference: view.phase for view in views}


def said_by_people(site: Site) -> Counter[tuple[str, str]]:
    """How often each command of a person is in the log, by reference."""
    with closing(AuditStore(f"sqlite:///{site.folder / 'audit.db'}")) as store:
        entries = [
            (resident.number, kept(entry.body, entry.digest).entry)
            for resident in RESIDENTS
            for entry in store.entries(resident.number)
        ]
    people = ("open", "acknowledge", "post_update", "block", "resolve")
    return Counter((number, entry.command.kind) for number, entry in entries if entry.command.kind in people)


def answers(url: str) -> bool:
    return outgoing.send("GET", url, None, {}, ASK_MAX).status == HTTP_OK


@pytest.mark.engine
@pytest.mark.timeout(240)  # twice up, on a machine that may be busy with other tests
async def test_everything_stays_open_through_a_kill_of_everything(site: Site) -> None:
    """Up, up again, all of it killed at once, up, down: nothing lost, nothing opened or said twice, nothing left."""
    site.folder.mkdir()
    for left in ("engine.db.new", "engine.db.new-wal"):
        (site.folder / left).write_text("what a kill in the middle of a first start has left")
    first = await asyncio.to_thread(run, site, *ports_of(site))
    assert (first.returncode, first.stderr) == (0, ""), first.stderr
    assert f"everything listens on {LOOPBACK} only" in first.stdout
    for url in (site.pages, site.outbox, f"{site.gateway}/health"):
        assert url.removesuffix("/health") in first.stdout
        assert await asyncio.to_thread(answers, url)
    before, said = await phases(site), said_by_people(site)
    assert len(set(before.values())) == len(RESIDENTS) == len(before)

    pids = [part.pid() for part in site.parts()]
    assert None not in pids
    for pid in pids:
        os.kill(pid or 0, signal.SIGKILL)

    second = await asyncio.to_thread(run, site)
    assert (second.returncode, second.stderr) == (0, ""), second.stderr
    assert await phases(site) == before
    assert said_by_people(site) == said
    assert set(said.values()) == {1}

    third = await asyncio.to_thread(run, site)
    assert third.stdout.startswith("it is up already\n")

    last = await asyncio.to_thread(run, site, "--down")
    assert (last.returncode, last.stderr) == (0, "")
    assert [part.pid() for part in site.parts()] == [None] * len(pids)
    for port in (site.ports.engine, site.ports.pages, site.ports.outbox, site.ports.gateway):
        socket.create_server((LOOPBACK, port)).close()
    assert (await asyncio.to_thread(run, site, "--down")).stdout == "nothing is up\n"


def test_a_taken_port_is_one_line_and_nothing_is_started(site: Site) -> None:
    """It names the port, who needs it, and how to take another one."""
    with socket.create_server((LOOPBACK, site.ports.gateway)):
        ran = run(site, *ports_of(site))

    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert f"gateway: port {site.ports.gateway} of {LOOPBACK} cannot be had" in ran.stderr
    assert 'make up PORTS="--gateway ' in ran.stderr
    assert [part.pid() for part in site.parts()] == [None] * 4


def test_a_port_given_twice_is_one_line(site: Site) -> None:
    """Before anything is tried."""
    ran = run(replace(site, ports=replace(site.ports, pages=site.ports.engine)), "--pages", str(Ports().engine))

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == f"up: port {Ports().engine} is given twice; each part needs its own\n"


def test_two_at_once_do_not_get_in_each_others_way(tmp_path: Path) -> None:
    """The second one says so and ends."""
    with (
        alone(tmp_path),
        pytest.raises(SiteError, match="another 'make up' or 'make down' is at work"),
        alone(tmp_path),
    ):
        pass


def test_the_ports_of_last_time_are_kept(tmp_path: Path) -> None:
    """A file that is no good counts as none."""
    file, ports = tmp_path / "ports.json", Ports(1, 2, 3, 4)
    assert Ports.kept(file) == Ports()
    ports.keep(file)
    assert Ports.kept(file) == ports
    for bad in ("", "[]", '{"engine": "x"}', '{"console": 1}'):
        file.write_text(bad)
        assert Ports.kept(file) == Ports()


def test_the_environment_reaches_no_vendor_and_no_other_engine(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys, policies and people of this machine are used, accounts are not."""
    for name, value in {**FOREIGN, "ESCALATION_POLICY_DIR": "mine", "ESCALATION_ENVIRONMENT": "production"}.items():
        monkeypatch.setenv(name, value)
    found = site.environment()

    assert {"ESCALATION_SENDGRID_API_KEY", "ESCALATION_ENVIRONMENT"} & set(found) == set()
    assert (found["TEMPORAL_ADDRESS"], found["ESCALATION_POLICY_DIR"]) == (site.address, "mine")


def sleeper(folder: Path, *, deaf: bool = False) -> Part:
    """A part that says its process id, in its log and to whoever listens, and then waits for a signal."""
    os.mkfifo(folder / "ready")
    script = (
        "import os, signal, sys\n"
        + ("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if deaf else "")
        + "print(os.getpid(), flush=True)\n"
        "open(sys.argv[1], 'w').write(str(os.getpid()))\n"
        "signal.pause()"
    )
    return Part("sleeper", (sys.executable, "-c", script, str(folder / "ready")), {}, folder, timedelta(seconds=1))


def started(part: Part) -> int:
    """Its process id, once it says so itself."""
    part.start(os.environ)
    return int((part.folder / "ready").read_text())


def test_a_part_that_will_not_end_is_killed(tmp_path: Path) -> None:
    """And said to have been; one that has ended is simply gone, whoever has its number now."""
    part = sleeper(tmp_path, deaf=True)
    started(part)

    assert not part.stop()
    assert part.pid() is None
    assert part.stop()


def test_a_part_is_started_once(tmp_path: Path) -> None:
    """A second start finds the first one; the log of the time before is kept beside the new one."""
    part = sleeper(tmp_path)
    first = started(part)
    part.start(os.environ)
    assert part.pid() == first
    assert part.last_words() == str(first)
    assert part.stop()

    assert started(part) == part.pid() != first
    assert part.log.with_name("sleeper.log.old").read_text() == f"{first}\n"
    assert part.stop()
