"""Texts that are remembered instead of written again: the same ones, and never more than a few."""

from dataclasses import dataclass, field

from escalation.core.canonical import TEXTS_KEPT_MAX, canonical, keep_texts


@dataclass(frozen=True, slots=True)
class Page:
    """Frozen but for its lines, which show whether it was written again."""

    lines: list[str] = field(default_factory=list)


def test_a_kept_text_is_the_one_that_would_be_written() -> None:
    """Equal values that are not the same object have a text of their own."""
    before = canonical(Page(["one"]))
    keep_texts(Page)
    kept = Page(["one"])

    assert canonical(kept) == canonical(kept) == canonical(Page(["one"])) == before == '{"lines":["one"]}'
    assert canonical(Page(["two"])) == '{"lines":["two"]}'


def test_only_the_last_few_texts_are_kept() -> None:
    """One value more than the bound, and the oldest is written again."""
    keep_texts(Page)
    oldest = Page(["kept"])
    canonical(oldest)
    oldest.lines[0] = "changed"
    others = [Page([str(number)]) for number in range(TEXTS_KEPT_MAX)]

    assert [canonical(page) for page in others[1:]][-1:] == [canonical(others[-1])]
    assert canonical(oldest) == '{"lines":["kept"]}'
    canonical(others[0])
    assert canonical(oldest) == '{"lines":["changed"]}'
