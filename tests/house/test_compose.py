"""The deployment on one host is what it says, and runs the commands that `make up` runs."""

import copy
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from typing import Any

import pytest
import yaml
from sqlalchemy.engine import make_url

from escalation.adapters.settings import Settings, read_settings
from escalation.wire.names import SEARCH_ATTRIBUTES, TASK_QUEUE
from examples import parts
from tests.house.tree import ROOT
from worker import GRACE

FILE = ROOT / "docker-compose.yml"
OURS = {
    "worker": parts.WORKER,
    "gateway": parts.GATEWAY,
    "standins": parts.STANDINS,
    "migrations": parts.MIGRATIONS,
}
"""Services of our image, and what `make up` starts under that name."""
VARIABLES = {
    *(f"ESCALATION_{name.upper()}" for name in Settings.model_fields),
    *("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_UI_PORT"),
    *("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB", "POSTGRES_SEEDS", "POSTGRES_PWD"),
    *("PGHOST", "PGUSER", "PGPASSWORD"),
    *("DB", "DB_PORT", "BIND_ON_IP", "NUM_HISTORY_SHARDS", "DYNAMIC_CONFIG_FILE_PATH", "LOG_LEVEL", "SQL_PASSWORD"),
    "RETENTION",
}  # fmt: skip
"""Of our settings, of the engine's SDK, and of the images that we do not build."""
SECRET = re.compile(r"PASSWORD|PWD|KEY|TOKEN|SECRET")
REQUIRED = re.compile(r"\$\{[A-Z_]+:\?[^}]+\}")
"""A variable without which nothing starts."""
USER_IN_ADDRESS = re.compile(r"://[^:/@]+:(?P<password>.*)@")
PORT = re.compile(r"127\.0\.0\.1:\$\{[A-Z_]+:-(?P<port>\d+)\}:\d+")
ATTRIBUTE = re.compile(r"--name (\w+) --type (\w+)")
RETENTION_MIN = timedelta(days=30)
SHARDS = "512"
"""Written into the database at the first start; the image's own default, 4, could never be raised."""

VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?::-(?P<default>[^}]*)|:\?[^}]*)?\}")
COMMON = {"STORES_PASSWORD": "p", "ESCALATION_SIGNING_KEY": "s" * 32, "ESCALATION_COMMITMENT_KEY": "c" * 32}
GIVEN = {
    "development": {
        "ESCALATION_STANDINS_URL": "http://standins:8025",
        "ESCALATION_PUBLIC_URL": "http://gateway:8026",
    },
    "production": {
        "ESCALATION_PUBLIC_URL": "https://door.example",
        "ESCALATION_SENDGRID_API_KEY": "SG.x.y",
        "ESCALATION_TWILIO_ACCOUNT_SID": f"AC{'0' * 32}",
        "ESCALATION_TWILIO_AUTH_TOKEN": "token",
        "ESCALATION_TWILIO_FROM": "+4930123456",
        "ESCALATION_TICKET_BASE_URL": "https://tickets.example",
    },
}
"""What the file's first lines tell people to set."""

Compose = dict[str, Any]


def parsed() -> Compose:
    found: Compose = yaml.safe_load(FILE.read_text("utf-8"))
    return found


@pytest.fixture
def compose() -> Compose:
    return parsed()


def lasting(compose: Compose) -> dict[str, Compose]:
    """The services that keep running; the others end when they have done their work."""
    return {name: one for name, one in compose["services"].items() if one["restart"] == "unless-stopped"}


# --- The rules: a file goes in, one line per fault comes out ----------------------------------------------------------


def floating_images(compose: Compose) -> Iterator[str]:
    for name, one in compose["services"].items():
        if not re.search(r":\d+\.\d+[\w.-]*$", one["image"]):
            yield f"{name}: image {one['image']} is no version"


def foreign_commands(compose: Compose) -> Iterator[str]:
    for name, command in OURS.items():
        said = tuple(compose["services"][name]["command"])
        if said[: len(command)] != command:
            yield f"{name} runs {' '.join(said)}, `make up` runs {' '.join(command)}"


def unknown_variables(compose: Compose) -> Iterator[str]:
    for name, one in compose["services"].items():
        for variable in sorted(set(one.get("environment", {})) - VARIABLES):
            yield f"{name}: {variable} is nobody's setting"


def plain_secrets(compose: Compose) -> Iterator[str]:
    for name, one in compose["services"].items():
        for variable, value in one.get("environment", {}).items():
            inside = USER_IN_ADDRESS.search(str(value))
            secret = inside["password"] if inside else value if SECRET.search(variable) else None
            if secret is not None and not REQUIRED.fullmatch(str(secret)):
                yield f"{name}: {variable} is written here; take it from the environment: ${{NAME:?why}}"


def open_ports(compose: Compose) -> Iterator[str]:
    for name, one in compose["services"].items():
        for port in one.get("ports", []):
            if not PORT.fullmatch(port):
                yield f"{name}: port {port} is not on loopback, or cannot be changed"


def unnamed_volumes(compose: Compose) -> Iterator[str]:
    for name, one in compose["services"].items():
        for volume in one.get("volumes", []):
            source = volume.partition(":/")[0]
            if source not in compose["volumes"] and not volume.endswith(":ro"):
                yield f"{name}: {volume} would be forgotten with its container"


def careless_lives(compose: Compose) -> Iterator[str]:
    for name, one in compose["services"].items():
        if name in lasting(compose):
            yield from (
                f"{name} has no {needed}" for needed in ("healthcheck", "stop_grace_period") if needed not in one
            )
        elif not one["restart"].startswith("on-failure:"):
            yield f"{name} ends by itself; its restarts need a bound"
        for needed, how in one.get("depends_on", {}).items():
            wanted = "service_healthy" if needed in lasting(compose) else "service_completed_successfully"
            if how["condition"] != wanted:
                yield f"{name} waits for {needed} until {how['condition']}, which says too little"


def powerful_containers(compose: Compose) -> Iterator[str]:
    for name in OURS:
        one = compose["services"][name]
        if (one.get("read_only"), one.get("cap_drop")) != (True, ["ALL"]) or "no-new-privileges:true" not in one.get(
            "security_opt", []
        ):
            yield f"{name} may do more than it needs"


def attribute_differences(compose: Compose) -> Iterator[str]:
    wanted = {(key.name, key.indexed_value_type.name.title()) for key in SEARCH_ATTRIBUTES}
    registered = set(ATTRIBUTE.findall(" ".join(compose["services"]["engine-names"]["command"])))
    yield from (
        f"{name} {kind} is only in one of names.py and engine-names" for name, kind in sorted(wanted ^ registered)
    )


def hasty_ends(compose: Compose) -> Iterator[str]:
    if seconds(compose["services"]["worker"]["stop_grace_period"]) <= GRACE:
        yield "the worker is killed before its sends have come to their end"


def small_beginnings(compose: Compose) -> Iterator[str]:
    if compose["services"]["engine"]["environment"]["NUM_HISTORY_SHARDS"] != SHARDS:
        yield "the number of shards cannot be changed later"
    hours = re.fullmatch(r"\$\{RETENTION:-(\d+)h\}", compose["services"]["engine-names"]["environment"]["RETENTION"])
    if hours is None or timedelta(hours=int(hours[1])) < RETENTION_MIN:
        yield "the engine forgets what proves the audit log too early"


RULES: tuple[Callable[[Compose], Iterator[str]], ...] = (
    floating_images, foreign_commands, unknown_variables, plain_secrets, open_ports, unnamed_volumes, careless_lives,
    powerful_containers, attribute_differences, hasty_ends, small_beginnings,
)  # fmt: skip


def seconds(written: str) -> timedelta:
    return timedelta(seconds=int(written.removesuffix("s")))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_deployment_keeps_the_rule(rule: Callable[[Compose], Iterator[str]], compose: Compose) -> None:
    """No fault."""
    assert list(rule(compose)) == []


BAD: dict[str, tuple[Callable[[Compose], Iterator[str]], tuple[str, ...], object]] = {
    "latest": (floating_images, ("engine", "image"), "temporalio/server:latest"),
    "no tag": (floating_images, ("stores", "image"), "postgres"),
    "another command": (foreign_commands, ("worker", "command"), ["python", "worker.py.old"]),
    "mistyped setting": (unknown_variables, ("worker", "environment", "ESCALATION_AUDIT_ULR"), "x"),
    "password": (plain_secrets, ("stores", "environment", "POSTGRES_PASSWORD"), "temporal"),
    "password with a default": (plain_secrets, ("stores", "environment", "POSTGRES_PASSWORD"), "${STORES_PASSWORD:-x}"),
    "password in an address": (plain_secrets, ("worker", "environment", "ESCALATION_AUDIT_URL"), "postgresql://a:b@c/d"),
    "every interface": (open_ports, ("engine", "ports"), ["7233:7233"]),
    "anonymous volume": (unnamed_volumes, ("stores", "volumes"), ["/var/lib/postgresql/data"]),
    "no healthcheck": (careless_lives, ("worker",), {"restart": "unless-stopped", "stop_grace_period": "75s"}),
    "endless restarts": (careless_lives, ("migrations", "restart"), "always"),
    "not waited for": (careless_lives, ("worker", "depends_on", "migrations", "condition"), "service_started"),
    "writable": (powerful_containers, ("gateway", "read_only"), False),
    "attribute": (attribute_differences, ("engine-names", "command"), ["--name EscPhase --type Text"]),
    "impatience": (hasty_ends, ("worker", "stop_grace_period"), f"{GRACE.total_seconds():.0f}s"),
    "shards": (small_beginnings, ("engine", "environment", "NUM_HISTORY_SHARDS"), "4"),
    "retention": (small_beginnings, ("engine-names", "environment", "RETENTION"), "${RETENTION:-719h}"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_each_rule_finds_its_bad_sample(name: str, compose: Compose) -> None:
    """One change to the file, at least one fault."""
    rule, path, value = BAD[name]
    changed: Compose = copy.deepcopy(compose)
    place = changed["services"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    assert list(rule(changed))


def test_the_file_keeps_the_compose_specification() -> None:
    """By its JSON schema, as a maintained package ships it; offline."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert checked.returncode == 0, checked.stdout


def test_compose_itself_takes_the_file() -> None:
    """Where the client is installed: with what it asks for, and not without."""
    if not _has_compose():
        pytest.skip("docker compose is not installed here; the schema has been checked")
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", FILE.read_text("utf-8")))
    given = dict.fromkeys(asked, "x") | {"PEOPLE": str(ROOT / "examples" / "directory.yaml")}

    assert _configured(given).returncode == 0, _configured(given).stderr
    for name in sorted(asked):
        refused = _configured({other: value for other, value in given.items() if other != name})
        assert refused.returncode != 0
        assert name in refused.stderr


def _has_compose() -> bool:
    docker = shutil.which("docker")
    asking = [docker or "", "compose", "version"]
    return docker is not None and subprocess.run(asking, capture_output=True, check=False).returncode == 0


def _configured(given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["docker", "compose", "--file", str(FILE), "--env-file", "/dev/null", "config", "--quiet"]
    environment = {"PATH": str(os.environ["PATH"]), "HOME": str(ROOT), **given}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("service", ["gateway", "standins"])
def test_every_option_of_a_command_exists(service: str, compose: Compose) -> None:
    """The module's own help names it."""
    python, dash_m, module, *options = compose["services"][service]["command"]
    assert (python, dash_m) == ("python", "-m")
    assert find_spec(module) is not None
    said = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    for option in options:
        if option.startswith("--"):
            assert f"{option.partition('=')[0]} " in said.stdout


def test_the_other_commands_exist(compose: Compose) -> None:
    """The worker's file is in the image; `escalate` is the package's script."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert (ROOT / compose["services"]["worker"]["command"][1]).is_file()
    assert "COPY worker.py" in (ROOT / "Dockerfile").read_text("utf-8")
    assert compose["services"]["migrations"]["command"][0] in project["scripts"]
    assert compose["services"]["worker"]["image"].endswith(f":{project['version']}")


def test_the_ports_are_those_of_make_up(compose: Compose) -> None:
    """What people have learned there holds here."""
    names = {"engine": "engine", "engine-pages": "pages", "gateway": "gateway", "standins": "outbox"}
    found = {}
    for service, name in names.items():
        (published,) = compose["services"][service]["ports"]
        shown = PORT.fullmatch(published)
        assert shown is not None
        found[name] = int(shown["port"])

    assert parts.Ports(**found) == parts.Ports()


def test_the_stand_ins_start_only_when_asked_for(compose: Compose) -> None:
    """Nobody in production is told by a stand-in."""
    profiles = {name: one.get("profiles", []) for name, one in compose["services"].items()}

    assert {name for name, named in profiles.items() if named} == {"standins"}
    assert profiles["standins"] == ["development"]
    assert compose["services"]["worker"]["depends_on"]["standins"]["required"] is False


def test_every_setting_can_be_made() -> None:
    """But for what the file settles itself by where it mounts things."""
    handed_on = {name.removeprefix("ESCALATION_").lower() for name in parsed()["x-settings"]}
    mounted = {"directory_url", "directory_token", "accounts_file", "maintenance_file"}  # files come by `volumes`
    kept = {"attachment_dir", "kept_policy_dir"}  # in the data directory, which is a volume

    assert set(Settings.model_fields) - handed_on == mounted | kept | {"failpoint"}


@pytest.mark.parametrize("environment", ["development", "production"])
@pytest.mark.parametrize("service", ["worker", "gateway", "migrations"])
def test_what_the_file_asks_for_is_enough(
    service: str, environment: str, compose: Compose, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what its first lines name, the settings fit together and every vendor is known."""
    given = {"ESCALATION_ENVIRONMENT": environment, **COMMON, **GIVEN[environment]}
    for name, written in compose["services"][service]["environment"].items():
        value = given.get(name) if written is None else VARIABLE.sub(partial(_filled, given), written)
        monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)

    settings = read_settings()
    standins = [account.standin for account in (settings.vendors().mail, settings.vendors().phone)]
    assert standins == [environment == "development"] * 2
    assert all(make_url(url).get_dialect().driver == "psycopg" for url in (settings.ledger_url, settings.audit_url))


def _filled(given: dict[str, str], found: re.Match[str]) -> str:
    return given.get(found["name"], found["default"] or "")


def test_the_worker_is_healthy_when_its_own_queue_is_asked(compose: Compose) -> None:
    """The queue that workflows run on."""
    assert f"--task-queue {TASK_QUEUE} " in compose["services"]["worker"]["healthcheck"]["test"][1]


def test_the_image_runs_as_nobody_special() -> None:
    """The last user that the file names is not root, and owns the folder of what is kept."""
    text = (ROOT / "Dockerfile").read_text("utf-8")

    assert re.findall(r"^USER (\w+)$", text, re.MULTILINE)[-1:] == ["escalation"]
    assert "install --directory --owner escalation --mode 700 /var/lib/escalation" in text
