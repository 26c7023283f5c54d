"""The windows that a worker knows: read when it starts, and again whenever the file has changed."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.admission import Admissions
from escalation.adapters.maintenance import Maintenance
from escalation.core.effects import Text
from workflows.ports import Admission

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def lay(path: Path, *names: str, since: datetime = NOW, length: timedelta = HOUR) -> None:
    """A file with windows of these names."""
    lines = [
        f'  {name}: {{since: "{since:%Y-%m-%dT%H:%M:%S}Z", until: "{since + length:%Y-%m-%dT%H:%M:%S}Z",'
        " reason: It moves, by: dana, everything: true}"
        for name in names
    ]
    path.write_text("windows:\n" + "\n".join(lines) if names else "windows: {}")


def in_force(windows: Maintenance, at: datetime = NOW) -> list[str]:
    return [window.name for window in windows.in_force(at)]


def test_a_window_is_in_force_from_its_beginning_and_not_at_its_end(tmp_path: Path) -> None:
    """To the second."""
    lay(file := tmp_path / "maintenance.yaml", "move")
    windows, second = Maintenance(file), timedelta(seconds=1)

    found = [in_force(windows, at) for at in (NOW - second, NOW, NOW + HOUR - second, NOW + HOUR)]
    assert found == [[], ["move"], ["move"], []]


def test_without_a_file_there_is_no_maintenance() -> None:
    """As an installation is, unless somebody names one."""
    assert Maintenance(None).in_force(NOW) == ()


def test_a_change_of_the_file_counts_from_the_next_opening_on(tmp_path: Path) -> None:
    """No worker is started anew for it."""
    lay(file := tmp_path / "maintenance.yaml", "move")
    windows = Maintenance(file)
    lay(file, "move", "rack")
    assert in_force(windows) == ["move", "rack"]
    lay(file)
    assert in_force(windows) == []


def test_a_slip_of_the_keyboard_wakes_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What was read last stays in force, one line in the log says what is wrong; the mended file counts again."""
    lay(file := tmp_path / "maintenance.yaml", "move")
    windows = Maintenance(file)
    file.write_text("windows: {move: {since: now}}")
    with caplog.at_level(logging.ERROR):
        assert [in_force(windows) for _ in range(3)] == [["move"]] * 3
    assert [record.message.count("\n") for record in caplog.records] == [0]
    assert "is left as it was read last: windows.move.since (line 1): 'now' is no time" in caplog.text
    file.unlink()
    assert in_force(windows) == ["move"]
    assert "No such file" in caplog.text
    lay(file, "rack")
    assert in_force(windows) == ["rack"]


def test_a_worker_does_not_start_with_a_faulty_file(tmp_path: Path) -> None:
    """One line: which file, the first fault, and what tells the rest."""
    (file := tmp_path / "maintenance.yaml").write_text("windows: {a: {}, b: {}}")
    with pytest.raises(ValueError, match=r"yaml: windows.a.since \(line 1\): .* escalate maintenance check"):
        Maintenance(file)
    with pytest.raises(FileNotFoundError):
        Maintenance(tmp_path / "nowhere.yaml")


class Kept:
    """Keeps words and allots a code."""

    def keep(self, reference: str, episode: str, key: str, words: str) -> Text:
        return Text(f"{reference} {episode} {key}", words)

    def allot(self, reference: str, episode: str) -> int:
        return len(reference + episode)

    def release(self, reference: str, episode: str) -> None:
        """Nothing is kept."""


def test_an_opening_learns_of_the_windows_in_force_at_its_instant(tmp_path: Path) -> None:
    """By the workflow's own time, whatever they are about: which one counts is the core's to say."""
    lay(file := tmp_path / "maintenance.yaml", "move", "rack")
    kept, order = Kept(), Admission("ESC-1", "one", NOW, {"title": "Down"})
    admissions = Admissions(kept, kept, HOUR, windows=Maintenance(file))

    assert [window.name for window in admissions.admit(order).maintenance] == ["move", "rack"]
    assert admissions.admit(replace(order, at=NOW + HOUR)).maintenance == ()
    assert Admissions(kept, kept, HOUR).admit(order).maintenance == ()
