"""Agreements are found by name; the last good one stays at hand, whatever becomes of its file."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

import escalation
from activities.policies import FAULTS_SHOWN_MAX, Policies
from escalation.adapters.policies import NAMES_SHOWN_MAX, NoSuchPolicyError, PolicyShelf
from escalation.core.vocabulary import Channel
from escalation.wire.yaml_reader import BYTES_MAX, FaultyFileError
from workflows.ports import Freeze

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SETTLES = {channel: timedelta(seconds=60) for channel in Channel}
SHIPPED = tuple(sorted(path.stem for path in (Path(escalation.__file__).parent / "policies").glob("*.yaml")))
DEMO = (Path(escalation.__file__).parent / "policies" / "demo.yaml").read_text()
SHIPPED = tuple(sorted(path.stem for path in (Path(escalation.__file__).parent / "policies").glob("*.yaml")))
Write = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "policies"
    made.mkdir()
    return made


@pytest.fixture
def shelf(folder: Path, tmp_path: Path) -> PolicyShelf:
    return PolicyShelf(folder, tmp_path / "kept", SETTLES)


@pytest.fixture
def write(folder: Path) -> Write:
    def _write(text: str = DEMO, *, name: str = "demo", version: str = "1") -> Path:
        path = folder / f"{name}.yaml"
        path.write_text(text.replace("name: demo", f"name: {name}").replace('version: "1"', f'version: "{version}"'))
        return path

    return _write


def test_shipped_agreements_are_found_without_a_folder(tmp_path: Path) -> None:
    """The package brings them along."""
    shelf = PolicyShelf(None, tmp_path / "kept", SETTLES)

    assert {"default", "demo"} < set(SHIPPED)
    assert shelf.names() == SHIPPED
    assert [shelf.newest(name, AT).name for name in ("default", "demo")] == ["default", "demo"]


def test_a_file_in_the_folder_goes_before_the_shipped_one(shelf: PolicyShelf, write: Write) -> None:
    """As soon as it is there, and until it is gone."""
    path = write(version="own")
    assert shelf.newest("demo", AT).version == "own"
    path.unlink()
    assert shelf.newest("demo", AT).version == "1"


def test_names_are_those_that_can_be_asked_for(shelf: PolicyShelf, write: Write) -> None:
    """Shipped ones and those of the folder, each once."""
    write()
    write(name="acme")
    write(name="Not A Name")

    assert shelf.names() == tuple(sorted(("acme", *SHIPPED)))


def test_the_last_good_copy_is_what_was_frozen_marked_stale(shelf: PolicyShelf, write: Write) -> None:
    """The same value in every other field, also in another process of this machine."""
    write(version="3")
    frozen = shelf.newest("demo", AT)

    assert shelf.kept("demo") == replace(frozen, stale=True)
    assert shelf.kept("demo", "3").version == "3"


def test_a_bad_file_never_replaces_the_good_copy(shelf: PolicyShelf, write: Write, tmp_path: Path) -> None:
    """Whether it is no YAML, no policy, too large, or another one's."""
    write(version="good")
    shelf.newest("demo", AT)
    for bad in ("a: [", "name: demo", "x" * (BYTES_MAX + 1), DEMO.replace("chain: l2", "chain: gone")):
        write(bad)
        with pytest.raises(FaultyFileError):
            shelf.newest("demo", AT)
    write(DEMO.replace("name: demo", "name: other"))
    with pytest.raises(NoSuchPolicyError, match="the file of policy 'demo' calls itself 'other'"):
        shelf.newest("demo", AT)

    assert shelf.kept("demo").version == "good"
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["demo.json"]


def test_a_new_version_replaces_the_copy(shelf: PolicyShelf, write: Write, tmp_path: Path) -> None:
    """And a copy that somebody removed is written again."""
    for version in ("1", "2", "2"):
        write(version=version)
        shelf.newest("demo", AT)
        assert shelf.kept("demo").version == version
        (tmp_path / "kept" / "demo.json").unlink()


@pytest.mark.parametrize("name", ["gone", "../default", "/etc/passwd", "", "Default", "default.yaml/..", "x" * 300])
def test_a_name_that_is_none_is_refused_with_those_there_are(shelf: PolicyShelf, name: str) -> None:
    """Nothing outside the two folders is ever opened."""
    with pytest.raises(NoSuchPolicyError, match="known are default, demo"):
        shelf.newest(name, AT)
    with pytest.raises(NoSuchPolicyError):
        shelf.kept(name)


def test_only_so_many_names_are_told(shelf: PolicyShelf, write: Write) -> None:
    """However many there are and however long what was asked for: it stays one line that can be read."""
    for number in range(100):
        write(name=f"a{number:02}")
    with pytest.raises(NoSuchPolicyError) as caught:
        shelf.newest("x" * 300, AT)

    shown = ", ".join(f"a{number:02}" for number in range(NAMES_SHOWN_MAX))
    assert str(caught.value).endswith(f"known are {shown} and {88 + len(SHIPPED)} more")
    assert len(str(caught.value)) < 250


def test_another_version_than_asked_for_is_refused(shelf: PolicyShelf, write: Write) -> None:
    """From the file and from the copy alike."""
    write(version="2")
    shelf.newest("demo", AT)

    with pytest.raises(NoSuchPolicyError, match="is at version '2', not '1'"):
        shelf.newest("demo", AT, "1")
    with pytest.raises(NoSuchPolicyError, match="is version '2', not '1'"):
        shelf.kept("demo", "1")


def test_a_copy_of_another_version_of_the_program_is_refused(shelf: PolicyShelf, tmp_path: Path) -> None:
    """One line, not a traceback of a parser."""
    shelf.newest("demo", AT)
    (tmp_path / "kept" / "demo.json").write_text('{"name": "demo"}')

    with pytest.raises(NoSuchPolicyError, match="cannot be read by this version"):
        shelf.kept("demo")


def test_the_activities_say_why_another_attempt_is_of_no_use(shelf: PolicyShelf, write: Write) -> None:
    """A wrong file, an unknown name, no copy: the workflow goes on at once."""
    deeds = Policies(shelf)
    with pytest.raises(ApplicationError, match="no good copy of policy 'demo' is kept on this machine") as no_copy:
        deeds.kept_policy(Freeze("demo", AT))
    assert deeds.freeze_policy(Freeze("demo", AT)) == replace(deeds.kept_policy(Freeze("demo", AT)), stale=False)
    with pytest.raises(ApplicationError, match="no policy is called 'gone'") as unknown:
        deeds.freeze_policy(Freeze("gone", AT))
    write("\n".join(f"k{number}: NO" for number in range(FAULTS_SHOWN_MAX + 2)))
    with pytest.raises(
        ApplicationError, match=r"policy 'demo' is wrong: k0 \(line 1\): `NO` .* \(and 2 more\)$"
    ) as wrong:
        deeds.freeze_policy(Freeze("demo", AT))

    assert [caught.value.non_retryable for caught in (no_copy, unknown, wrong)] == [True] * 3


def test_a_file_that_cannot_be_read_is_tried_again(folder: Path, shelf: PolicyShelf) -> None:
    """A folder in its place: an operator may be at work, so the error is not final."""
    (folder / "demo.yaml").mkdir()

    with pytest.raises(OSError, match="Is a directory"):
        Policies(shelf).freeze_policy(Freeze("demo", AT))
