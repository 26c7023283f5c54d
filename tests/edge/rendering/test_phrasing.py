"""Instants, waits and references as people write and hear them, in each language."""

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from escalation.adapters.phrasing import NAMED, Phrases, TemplateFault

ROOT = Path(str(files("escalation") / "templates"))
ENGLISH = Phrases.read(ROOT / "_layout" / "language.toml")
GERMAN = Phrases.read(ROOT / "de" / "_layout" / "language.toml")
AT = datetime(2026, 3, 8, 23, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "english", "german"),
    [
        ("UTC", "Sun 8 Mar 2026, 23:05 UTC", "So., 8. März 2026, 23:05 Uhr UTC"),
        ("Etc/UTC", "Sun 8 Mar 2026, 23:05 UTC", "So., 8. März 2026, 23:05 Uhr UTC"),
        (
            "Europe/Berlin",
            "Mon 9 Mar 2026, 00:05 CET (8 Mar 23:05 UTC)",
            "Mo., 9. März 2026, 00:05 Uhr CET (8. März 23:05 UTC)",
        ),
        (
            "America/New_York",
            "Sun 8 Mar 2026, 19:05 EDT (23:05 UTC)",
            "So., 8. März 2026, 19:05 Uhr EDT (23:05 UTC)",
        ),
        (
            "Asia/Singapore",
            "Mon 9 Mar 2026, 07:05 UTC+08 (8 Mar 23:05 UTC)",
            "Mo., 9. März 2026, 07:05 Uhr UTC+08 (8. März 23:05 UTC)",
        ),
        (
            "Africa/Abidjan",
            "Sun 8 Mar 2026, 23:05 GMT",
            "So., 8. März 2026, 23:05 Uhr GMT",
        ),
    ],
)
def test_an_instant_is_told_on_the_readers_clock_and_in_utc(zone: str, english: str, german: str) -> None:
    """Once where both are the same; with its day in UTC where that is another one."""
    local = AT.astimezone(ZoneInfo(zone))

    assert ENGLISH.when(local) == english
    assert GERMAN.when(local) == german


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    """The zone's letters and UTC say which."""
    zone = ZoneInfo("America/New_York")
    first, second = (datetime(2026, 11, 1, hour, 30, tzinfo=UTC).astimezone(zone) for hour in (5, 6))

    assert ENGLISH.when(first) == "Sun 1 Nov 2026, 01:30 EDT (05:30 UTC)"
    assert ENGLISH.when(second) == "Sun 1 Nov 2026, 01:30 EST (06:30 UTC)"


def test_a_telephone_gets_the_short_form_and_a_voice_no_letters() -> None:
    """An SMS is paid by the character; a voice reads no zone but UTC."""
    berlin = AT.astimezone(ZoneInfo("Europe/Berlin"))

    assert ENGLISH.briefly(AT) == "8 Mar 23:05 UTC"
    assert ENGLISH.briefly(berlin) == "9 Mar 00:05 CET (8 Mar 23:05 UTC)"
    assert ENGLISH.aloud(AT) == "23 05 U T C on 8 March"
    assert ENGLISH.aloud(berlin) == "00 05 your time, on 9 March"
    assert GERMAN.aloud(AT) == "23 Uhr 05 Weltzeit, am 8. März"


@pytest.mark.parametrize(
    ("wait", "english", "german"),
    [
        (timedelta(seconds=-1), "overdue", "überfällig"),
        (timedelta(0), "now", "jetzt"),
        (timedelta(seconds=59), "now", "jetzt"),
        (timedelta(minutes=1), "in 1 minute", "in 1 Minute"),
        (timedelta(minutes=119), "in 119 minutes", "in 119 Minuten"),
        (timedelta(minutes=120), "in 2 hours", "in 2 Stunden"),
        (timedelta(hours=47, minutes=59), "in 47 hours", "in 47 Stunden"),
        (timedelta(hours=48), "in 2 days", "in 2 Tagen"),
    ],
)
def test_a_wait_is_told_in_whole_units(wait: timedelta, english: str, german: str) -> None:
    """Two of the larger unit at least: "in 90 minutes" is clearer than "in 1 hour"."""
    assert ENGLISH.left(AT + wait, AT) == english
    assert GERMAN.left(AT + wait, AT) == german


def test_a_reference_is_spelled_one_character_after_the_other() -> None:
    """Digits one by one."""
    assert ENGLISH.spell("ESC-4711 b") == "E, S, C, dash, 4, 7, 1, 1, b"
    assert GERMAN.spell("a_1") == "a, Unterstrich, 1"


@pytest.mark.parametrize("named", ['"x"', "[]", '{ phase = "x" }'])
def test_words_without_their_tables_are_one_clear_line(tmp_path: Path, named: str) -> None:
    """Whatever stands there instead."""
    path = tmp_path / "language.toml"
    source = (ROOT / "_layout" / "language.toml").read_text("utf-8")
    path.write_text(f"named = {named}\n" + source[: source.index("[named.")], "utf-8")

    with pytest.raises(TemplateFault, match=r"'named\.approval\.de_escalate' is missing"):
        Phrases.read(path)


def test_a_word_of_ours_has_its_own_in_each_language() -> None:
    """A name that somebody else gave stays as it is."""
    assert [each.called("phase", "de_escalated") for each in (ENGLISH, GERMAN)] == ["de-escalated", "zurückgestuft"]
    assert [each.called("step", "first_line") for each in (ENGLISH, GERMAN)] == ["first line", "first line"]
    assert ENGLISH.named.keys() == GERMAN.named.keys() == NAMED.keys()


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('now = "now"\n', "", "'now' is missing"),
        ('now = "now"\n', 'now = "now"\nthen = "x"\n', "'then' is unknown"),
        ('"Mon", ', "", "'weekdays' has 6 words, not 7"),
        ('"{hour}:{minute} UTC"', '"{hours} UTC"', "'utc_same_day' cannot be filled in: 'hours'"),
        ('["in {count} day", "in {count} days"]', '["in {count} days"]', "'in_days' has 1 words, not 2"),
        ('"Raise", ', "", "'buttons' has 2 words, not 3"),
        ('now = "now"', "now = now", "cannot be read"),
        ('blocked = "blocked"\n', "", "'named.phase.blocked' is missing"),
        ('blocked = "blocked"\n', 'blocked = ""\n', "'named.phase.blocked' is missing"),
        ('blocked = "blocked"\n', 'blocked = "blocked"\nstuck = "x"\n', "'named.phase.stuck' is unknown"),
        ("[named.channel]\n", "[named.chanel]\n", "'named.chanel.chat' is unknown"),
    ],
)
def test_a_wrong_language_is_one_clear_line(tmp_path: Path, was: str, becomes: str, told: str) -> None:
    """Which file, which entry, what about it; before anything is sent."""
    path = tmp_path / "language.toml"
    source = (ROOT / "_layout" / "language.toml").read_text("utf-8")
    assert was in source
    path.write_text(source.replace(was, becomes), "utf-8")

    with pytest.raises(TemplateFault, match=told) as fault:
        Phrases.read(path)
    assert "\n" not in str(fault.value)
