"""How somebody reads: their language, their clock and their roles, as the directory says at that instant."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from escalation.adapters.directory import Directory
from escalation.adapters.directory_file import written_in
from escalation.adapters.sending import Reader
from escalation.wire.yaml_reader import FaultyFileError, read

AT = datetime(2026, 12, 24, 9, 0, tzinfo=UTC)
GOOD = """\
people:
  ana: {name: Ana Silva, email: ana@support.example, language: de-AT, zone: Europe/Vienna, aliases: [ana.silva]}
  ben: {name: Ben Ode, email: ben@support.example, roles: [incident-commander]}
roles:
  executive: {primary: ana, backup: ben}
customers:
  acme: {name: Acme GmbH, email: it@acme.example, language: de, zone: Europe/Berlin}
  quiet: {name: Quiet Ltd}
"""


@pytest.mark.parametrize(
    ("contact", "reader"),
    [
        ("ana", Reader("de-AT", "Europe/Vienna", frozenset({"executive"}))),
        ("ana.silva", Reader("de-AT", "Europe/Vienna", frozenset({"executive"}))),
        ("executive", Reader("de-AT", "Europe/Vienna", frozenset({"executive"}))),
        ("ben", Reader(roles=frozenset({"executive", "incident-commander"}))),
        ("acme", Reader("de", "Europe/Berlin")),
        ("quiet", Reader()),
        ("nobody", Reader()),
    ],
)
def test_everybody_reads_in_a_language_and_a_zone(tmp_path: Path, contact: str, reader: Reader) -> None:
    """English and UTC where nothing is written; a role reads as its holder; a customer holds no role."""
    path = tmp_path / "directory.yaml"
    path.write_text(GOOD, "utf-8")

    assert Directory.from_file(path).reader(contact, AT) == reader


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("language: de-AT", "language: German", "'German' is no language; write its code, such as en, de or de-AT"),
        ("language: de,", "language: ../de,", "is no language"),
        ("zone: Europe/Vienna", "zone: Vienna", "is no time zone of the IANA database"),
    ],
)
def test_a_wrong_language_or_zone_is_one_clear_line(was: str, becomes: str, told: str) -> None:
    """With the next step; a language is a code, so that it names no other folder."""
    with pytest.raises(FaultyFileError, match=told):
        written_in(read(GOOD.replace(was, becomes).encode()))
