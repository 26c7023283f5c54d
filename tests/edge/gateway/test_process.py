"""The door as a process: what it needs before it opens, and one line when it cannot."""

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

from escalation.adapters.settings import SettingsError, read_settings
from escalation.gateway.__main__ import DIRECTORY, main, settled
from escalation.standins.engine import Engine, free_port

DOOR_ROOT = Path(__file__).parents[3]


def test_a_development_machine_may_leave_out_its_address() -> None:
    """Vendors' stand-ins call this machine; people come from the example."""
    found = settled(read_settings(), 9000)

    assert (found.public_url, found.directory_file) == ("http://127.0.0.1:9000", DIRECTORY)


def test_production_must_say_its_address(tmp_path: Path) -> None:
    """A guessed one would verify nothing."""
    settings = read_settings(
        environment="production", signing_key="s" * 32, commitment_key="c" * 32, directory_file=tmp_path / "people.yaml"
    )

    with pytest.raises(SettingsError, match="ESCALATION_PUBLIC_URL is not set"):
        settled(settings, 9000)


def test_a_taken_port_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, with the port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code = main(["--port", str(port)])

    said = capsys.readouterr().err
    assert (code, said.count("\n")) == (2, 1)
    assert f"127.0.0.1:{port}: Address already in use; choose another address or port" in said


def test_a_wrong_setting_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 2, with the variable."""
    monkeypatch.setenv("ESCALATION_PUBLIC_URL", "ftp://door.example")

    assert main(["--port", str(free_port())]) == 2
    assert capsys.readouterr().err.startswith("gateway: ESCALATION_PUBLIC_URL: ")


def test_an_engine_that_is_away_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 1: nothing is wrong with what was typed."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")

    assert main(["--port", str(free_port())]) == 1
    assert capsys.readouterr().err.startswith("gateway: no engine at 127.0.0.1:")


@pytest.mark.engine
@pytest.mark.xdist_group("engine")
async def test_a_terminated_door_exits_with_0(tmp_path: Path) -> None:
    """Whoever runs it can tell a stop from a crash; by then it has answered."""
    port = free_port()
    async with Engine() as engine:
        door = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "escalation.gateway", "--port", str(port)),
            env={**os.environ, "TEMPORAL_ADDRESS": engine.address, "ESCALATION_DATA_DIR": str(tmp_path)},
            cwd=DOOR_ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        assert door.stdout is not None
        said = (await door.stdout.readline()).decode()
        door.terminate()
        code = await door.wait()

    assert said == f"gateway on http://127.0.0.1:{port}, as http://127.0.0.1:{port}\n"
    assert code == 0
