"""A policy reads files below its own folder, and nothing else of the machine."""

import os
from pathlib import Path

import pytest

from escalation.adapters.policies import files_below
from escalation.wire.holidays_of import ICAL_BYTES_MAX


def test_a_file_below_the_folder_is_read(tmp_path: Path) -> None:
    """Also through a link that stays inside, as mounted configuration has them."""
    (tmp_path / "days").mkdir()
    (tmp_path / "days" / "de.ics").write_bytes(b"x")
    (tmp_path / "link.ics").symlink_to("days/de.ics")

    assert (files_below(tmp_path)("days/de.ics"), files_below(tmp_path)("link.ics")) == (b"x", b"x")


@pytest.mark.parametrize("path", ["../outside.ics", "link.ics", "/etc/hostname"])
def test_a_file_outside_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    """However the path leaves it."""
    folder = tmp_path / "policies"
    folder.mkdir()
    (tmp_path / "outside.ics").write_bytes(b"x")
    (folder / "link.ics").symlink_to(tmp_path / "outside.ics")

    with pytest.raises(PermissionError, match="it lies outside the policy's folder"):
        files_below(folder)(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Only regular files are opened."""
    os.mkfifo(tmp_path / "pipe.ics")

    with pytest.raises(FileNotFoundError, match="there is no such file"):
        files_below(tmp_path)("pipe.ics")


def test_no_more_is_read_than_is_judged(tmp_path: Path) -> None:
    """One byte over the bound is enough to refuse it."""
    (tmp_path / "large.ics").write_bytes(b"x" * (ICAL_BYTES_MAX + 2))

    assert len(files_below(tmp_path)("large.ics")) == ICAL_BYTES_MAX + 1
