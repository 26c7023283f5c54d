"""What an integration installs: the package, all of it and nothing else, and a client that needs no vendor."""

import importlib.metadata
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house import tree
from tests.house.tree import ROOT

DISTRIBUTION = "escalation-pipeline"

VENDORS_AND_SERVERS = (
    "alembic",
    "fastapi",
    "jinja2",
    "openapi_core",
    "python_http_client",
    "sendgrid",
    "slack_sdk",
    "twilio",
    "uvicorn",
    "werkzeug",
)
"""Top-level packages of the extras: an integration that steers escalations needs none of them."""


def run(*command: str | Path, cwd: Path) -> str:
    """What the command printed; its error output is the message when it fails."""
    finished = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=100, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout by the locked backend."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the installed wheel and nothing else."""
    target = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "pip", "install", "-qq", "--no-index", "--no-deps", "--target", target, wheel, cwd=target)
    return target


@pytest.fixture(scope="module")
def base_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like `site-packages` in which only the dependencies of the base install can be imported."""
    folder = tmp_path_factory.mktemp("base")
    for distribution in base_distributions():
        for top in {file.parts[0] for file in distribution.files or () if file.parts[0] not in {"..", "__pycache__"}}:
            link = folder / top
            if not link.exists():
                link.symlink_to(Path(str(distribution.locate_file(top))))
    return folder


def base_distributions() -> Iterator[importlib.metadata.Distribution]:
    """Everything that the project without extras pulls in on this machine, itself left out."""
    seen, waiting = {canonicalize_name(DISTRIBUTION)}, [DISTRIBUTION]
    while waiting:
        for line in importlib.metadata.requires(waiting.pop()) or ():
            required = Requirement(line)
            name = canonicalize_name(required.name)
            if name in seen or (required.marker and not required.marker.evaluate({"extra": ""})):
                continue
            seen.add(name)
            waiting.append(required.name)
            yield importlib.metadata.distribution(required.name)


def bare_python(code: str, *path: Path) -> str:
    """Run in an interpreter that sees the standard library and the given folders, and no environment of ours."""
    prologue = f"import sys; sys.path += {[str(folder) for folder in path]!r}\n"
    return run(sys.executable, "-I", "-S", "-c", prologue + code, cwd=path[0])


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    """Neither the application nor the tests: other libraries own those top-level names."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}

    assert tops == {"escalation", wheel.name.replace("-py3-none-any.whl", ".dist-info")}


def test_the_wheel_holds_all_of_the_package(wheel: Path) -> None:
    """Policies, templates, migrations and contracts travel with the code that reads them."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("escalation/")}

    assert packed == {name for name in tree.files() if name.startswith("escalation/")}


def test_the_base_install_has_no_vendor(base_only: Path) -> None:
    """Else the tests below would prove nothing."""
    assert (base_only / "temporalio").is_dir()
    assert [name for name in VENDORS_AND_SERVERS if (base_only / name).exists()] == []


@pytest.mark.parametrize("module", ["escalation.client", "escalation.cli"])
def test_the_base_install_is_enough(module: str, installed: Path, base_only: Path) -> None:
    """The client and the command line import in a bare interpreter, and load nothing of the extras."""
    code = f"import json, {module}\nprint(json.dumps([{module}.__file__, *sys.modules]))"

    where, *loaded = json.loads(bare_python(code, installed, base_only))

    assert Path(where).is_relative_to(installed)
    assert {name.split(".")[0] for name in loaded}.isdisjoint(VENDORS_AND_SERVERS)


def test_an_import_of_a_vendor_would_fail_there(installed: Path, base_only: Path) -> None:
    """The check above can fail: the bare interpreter does not find what this one has."""
    with pytest.raises(AssertionError, match="No module named 'twilio'"):
        bare_python("import twilio", installed, base_only)
