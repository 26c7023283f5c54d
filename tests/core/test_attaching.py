"""Files beside an escalation: which are taken, and who may read them."""

from dataclasses import replace

import pytest

from escalation.core.attaching import unreadable
from escalation.core.beside import ATTACHMENTS_MAX, FILE_BYTES_MAX, MEDIA_TYPES, Attach, Attachment
from escalation.core.decide import decide
from escalation.core.refusals import Refusal
from escalation.core.standing import Standing
from escalation.core.state import OPEN_PHASES
from escalation.core.vocabulary import ClockName, Phase
from tests.core.cases import HOUR, START, TEXT, active, opening

DIGEST = "ab" * 32
ATTACH = Attach("ann", DIGEST, 20480, "text/plain", TEXT)
KEPT = Attachment(DIGEST, 20480, "text/plain", TEXT)


def digest(number: int) -> str:
    return f"{number:064x}"


@pytest.mark.parametrize("phase", OPEN_PHASES)
def test_a_file_is_kept_by_reference_in_every_open_phase(phase: Phase) -> None:
    """Digest, size, type and where its name is kept; the work stays where it is."""
    story = active()
    story.suppose(phase=phase)
    entry = story.do(ATTACH).sealed.entry

    assert story.state.case.attachments == (KEPT,)
    assert (story.phase, entry.effects) == (phase, ())
    assert ("attachments", "0", "1") in [(c.field, c.before, c.after) for c in entry.changes]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"text": None}, Refusal.TEXT_MISSING),
        ({"bytes": 0}, Refusal.NO_ATTACHMENT),
        ({"bytes": FILE_BYTES_MAX + 1}, Refusal.NO_ATTACHMENT),
        ({"media_type": "application/x-msdownload"}, Refusal.NO_ATTACHMENT),
        ({"digest": "AB" * 32}, Refusal.NO_ATTACHMENT),
        ({}, Refusal.NO_CHANGE),
    ],
)
def test_what_is_no_attachment_is_refused(changes: dict[str, object], refusal: Refusal) -> None:
    """Nameless, empty, too large, of a kind that runs, no digest, or here already."""
    story = active()
    story.do(ATTACH)

    assert story.refused(replace(ATTACH, **changes)) is refusal  # type: ignore[arg-type]  # the test's own


@pytest.mark.parametrize("changes", [{"bytes": 1}, {"bytes": FILE_BYTES_MAX}, {"media_type": MEDIA_TYPES[0]}])
def test_the_bounds_themselves_are_taken(changes: dict[str, object]) -> None:
    """One byte, the last byte allowed, and another type."""
    story = active()

    assert story.do(replace(ATTACH, **changes)).sealed.entry.refusal is None  # type: ignore[arg-type]  # the test's own


def test_there_is_room_for_so_many_files_and_no_more() -> None:
    """The bound, and one beyond."""
    story = active()
    for number in range(ATTACHMENTS_MAX):
        assert story.do(replace(ATTACH, digest=digest(number))).sealed.entry.refusal is None

    assert story.refused(replace(ATTACH, digest=digest(99))) is Refusal.TOO_MANY


def test_the_owners_own_file_shows_that_the_owner_is_at_work() -> None:
    """The watch for silence begins anew; somebody else's file changes nothing there."""
    story = active()
    before = story.due(ClockName.SILENCE)
    story.wait(HOUR)
    story.do(replace(ATTACH, by="zoe"))
    assert story.due(ClockName.SILENCE) == before
    story.do(replace(ATTACH, digest=digest(1)))

    assert before is not None
    assert story.due(ClockName.SILENCE) == before + HOUR


def test_files_may_come_with_the_opening() -> None:
    """As many as later, and only such as would be taken later."""
    files = tuple(replace(KEPT, digest=digest(number)) for number in range(ATTACHMENTS_MAX + 1))
    story = active(opening(attachments=files[1:]))
    assert story.state.case.attachments == files[1:]

    for wrong, refusal in ((files, Refusal.TOO_MANY), ((replace(KEPT, bytes=0),), Refusal.NO_ATTACHMENT)):
        refused = decide(None, opening(attachments=wrong), START)
        assert (refused.state, refused.sealed.entry.refusal) == (None, refusal)


@pytest.mark.parametrize(
    ("standing", "refusal"),
    [
        (Standing("ann"), None),
        (Standing("x", aliases=("ann",)), None),
        (Standing("x", roles=("customer-desk",)), None),
        (Standing("x"), Refusal.NEED_TO_KNOW),
        (Standing("ann", known=False), Refusal.AUTHORITY_UNKNOWN),
    ],
)
def test_a_restricted_case_is_read_by_those_who_know_of_it(standing: Standing, refusal: Refusal | None) -> None:
    """By any of their names; when the directory cannot say, by nobody. What is not restricted is read by all."""
    knowing = ("ann", "customer-desk")

    assert unreadable(standing, knowing, restricted=True) is refusal
    assert unreadable(standing, knowing, restricted=False) is None
