"""The file of maintenance windows: what it says, and every fault of it with its place."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalation.core.lull import WINDOWS_MAX, MaintenanceWindow
from escalation.wire.maintenance_file import LASTS_MAX, NAMED_MAX, WRITTEN_MAX, read_windows
from escalation.wire.written_words import SENTENCE_CHARS_MAX
from escalation.wire.yaml_reader import BYTES_MAX, FaultyFileError

HOUR = timedelta(hours=1)
MOVE: dict[str, Any] = {
    "since": "2026-11-28 22:00",
    "until": "2026-11-29 02:00",
    "reason": "The database moves",
    "by": "dana",
    "routes": ["l2-engineering"],
}


def written(zone: str | None = "Europe/Berlin", /, **windows: object) -> bytes:
    """A file with these windows."""
    return json.dumps({"windows": windows} | ({"zone": zone} if zone else {})).encode()


def move(**changed: object) -> dict[str, Any]:
    """The window with other fields; None leaves one out."""
    return {name: value for name, value in (MOVE | changed).items() if value is not None}


def refusal(source: bytes) -> str:
    """All that is wrong with it."""
    with pytest.raises(FaultyFileError) as faulty:
        read_windows(source)
    return str(faulty.value)


def test_a_window_is_kept_in_utc_with_all_that_it_says() -> None:
    """Times on the wall count in the file's zone; the earliest window comes first."""
    source = b"""
zone: Europe/Berlin
windows:
  rack:
    since: "2026-12-01T08:00:30-05:00"
    until: "2026-12-01 20:00"
    zone: America/New_York
    reason: The rack moves
    by: emeka
    everything: true
  db-move:
    since: "2026-11-28 22:00"
    until: "2026-11-29 02:00"
    reason: The database moves
    by: dana
    routes: [l2-engineering, l2-product]
    customers: [acme]
    segments: [gold]
"""
    assert read_windows(source) == (
        MaintenanceWindow(
            "db-move",
            datetime(2026, 11, 28, 21, tzinfo=UTC),
            datetime(2026, 11, 29, 1, tzinfo=UTC),
            "The database moves",
            "dana",
            ("l2-engineering", "l2-product"),
            ("acme",),
            ("gold",),
        ),
        MaintenanceWindow(
            "rack",
            datetime(2026, 12, 1, 13, 0, 30, tzinfo=UTC),
            datetime(2026, 12, 2, 1, tzinfo=UTC),
            "The rack moves",
            "emeka",
        ),
    )


def test_a_file_without_windows_is_good() -> None:
    """Nothing is planned."""
    assert read_windows(b"windows: {}") == ()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"since": "tomorrow"}, "windows.a.since (line 1): 'tomorrow' is no time; write such as"),
        ({"since": "2026-11-28"}, "'2026-11-28' is no time"),
        ({"since": "2026-13-28 10:00"}, "'2026-13-28 10:00' is no time"),
        ({"since": "1999-12-31 10:00"}, "'1999-12-31 10:00' is no time"),
        ({"since": 20261128}, "20261128 is no time"),
        ({"since": None}, "windows.a.since (line 1): this field is missing; add it"),
        ({"until": None}, "windows.a.until (line 1): this field is missing; add it"),
        ({"reason": None}, "windows.a.reason (line 1): this field is missing; add it"),
        ({"by": None}, "windows.a.by (line 1): this field is missing; add it"),
        ({"reason": " "}, "' ' is no sentence"),
        ({"reason": "x" * (SENTENCE_CHARS_MAX + 1)}, "is no sentence"),
        ({"reason": "two\nlines"}, "is no sentence"),
        ({"by": "Dana Scully"}, "'Dana Scully' is no name"),
        ({"routes": []}, "windows.a.routes (line 1): at least 1 is needed; add it"),
        ({"routes": "l2"}, "'l2' does not fit here; write a list"),
        ({"routes": ["l2", "l2"]}, "the same name stands here twice"),
        ({"routes": [f"r{n}" for n in range(NAMED_MAX + 1)]}, f"at most {NAMED_MAX} are allowed"),
        ({"routes": None}, "it is about nothing; name routes, customers or segments, or write `everything: true`"),
        ({"everything": True}, "it is about everything and names some of it; write one of the two"),
        ({"everything": "yes"}, "'yes' does not fit here; write true or false"),
        ({"tier": "gold"}, "there is no such field here"),
        ({"zone": "Berlin"}, "'Berlin' is no time zone of the IANA database"),
        ({"until": "2026-11-28 22:00"}, f"it must end after it begins, and within {LASTS_MAX.days} days"),
        ({"until": "2026-11-28 21:00"}, "it must end after it begins"),
        ({"until": "2026-12-05 22:01"}, f"within {LASTS_MAX.days} days"),
        ({"since": "2026-10-25 02:30", "until": "2026-10-25 04:00"}, "2026-10-25 02:30 comes twice in Europe/Berlin"),
        ({"since": "2026-03-29 02:30", "until": "2026-03-29 04:00"}, "2026-03-29 02:30 is skipped in Europe/Berlin"),
    ],
)
def test_a_faulty_window_is_refused_with_its_place(changed: dict[str, object], sentence: str) -> None:
    """What is wrong, the limit, and the next step."""
    assert sentence in refusal(written(a=move(**changed)))


def test_a_time_on_the_wall_needs_a_zone() -> None:
    """Nothing is guessed; an offset is as good, and a repeated hour is told apart by it."""
    assert "windows.a.since (line 1): 2026-11-28 22:00 has no zone; add one" in refusal(written(None, a=move()))
    twice = move(since="2026-10-25T02:30+01:00", until="2026-10-25T02:45+01:00")
    assert read_windows(written(None, a=twice))[0].since == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_window_that_is_as_long_as_it_may_be_is_good() -> None:
    """To the minute, over a change of the clocks as well: time that passes is what counts."""
    found = read_windows(written(a=move(until="2026-12-05 22:00")))
    assert found[0].until - found[0].since == LASTS_MAX
    autumn = move(since="2026-10-24 12:00", until="2026-10-31 12:00")
    assert "it must end after it begins" in refusal(written(a=autumn))


def test_every_fault_is_told_at_once() -> None:
    """Of several windows, in the order of the file."""
    told = refusal(written(a=move(until="2026-03-29 02:30"), b=move(routes=None), c=move(until="2026-11-28 20:00")))
    assert [line.partition(":")[0] for line in told.splitlines()] == [
        "windows.a.until (line 1)", "windows.b (line 1)", "windows.c (line 1)",
    ]  # fmt: skip


def test_a_log_keeps_the_windows_of_one_opening_so_only_so_many_may_be_in_force() -> None:
    """Twenty at an instant; one more is refused, one after the other is not."""
    together = {f"w{n}": move() for n in range(WINDOWS_MAX)}
    assert len(read_windows(written(**together))) == WINDOWS_MAX
    later = move(since="2026-11-29 02:00", until="2026-11-29 03:00")
    assert len(read_windows(written(**together, later=later))) == WINDOWS_MAX + 1
    assert f"at most {WINDOWS_MAX} may; join some" in refusal(written(**together, more=move()))


def test_a_file_of_too_many_windows_is_refused() -> None:
    """Those that are over can be taken out."""
    start = datetime(2026, 1, 1, tzinfo=UTC)

    def many(count: int) -> bytes:
        windows = {
            f"w{n}": move(
                since=(start + n * timedelta(hours=1)).isoformat(),
                until=(start + (n + 1) * timedelta(hours=1)).isoformat(),
            )
            for n in range(count)
        }
        return written(**windows)

    assert len(read_windows(many(WRITTEN_MAX))) == WRITTEN_MAX
    assert f"at most {WRITTEN_MAX} are allowed" in refusal(many(WRITTEN_MAX + 1))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (b"", "the file must hold `key: value` lines at its top level"),
        (b"- windows", "the file must hold `key: value` lines at its top level"),
        (b"zone: Europe/Berlin", "windows (line 1): this field is missing; add it"),
        (b"windows: []", "does not fit here; write `key: value` lines"),
        (b"windows: {a: {}}", "windows.a.since (line 1): this field is missing"),
        (b"windows: {A b: {}}", "is no name"),
        (b"windows: {a: *x}", "line 1"),
        (b"windows:\n  a:\n    since: 2026-11-28 22:00:00", "windows.a.since (line 3)"),
        (b"windows: {a: {}, a: {}}", "the key is already on line 1; keep one of them"),
        (b"windows: {}\nwindow: {}", "there is no such field here"),
        (b"\xff\xfe", "UTF-8"),
        (b"#" * (BYTES_MAX + 1), "bytes"),
        (b"windows: " + b"[" * 50, "line 1"),
    ],
)
def test_a_poisoned_file_is_refused_by_a_sentence(source: bytes, sentence: str) -> None:
    """Never a traceback, and nothing read that is not on the page."""
    assert sentence in refusal(source)
