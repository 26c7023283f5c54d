"""The agreement as people read it: tables, and a document of six sections that is Markdown and HTML alike."""

import re
from html import unescape
from importlib.resources import files

import pytest

from escalation.core.hours import DayRule, Days
from escalation.core.policy import Cadence, Target
from escalation.reports import agreed as agreements
from escalation.reports.agreed import Agreed
from escalation.reports.agreement import in_html, in_markdown
from escalation.reports.matrix import Table, escaped, levels, markdown, matrix, promises, tables, tiers
from escalation.wire.policy import freeze
from escalation.wire.yaml_reader import read
from tests.edge.reports.agreements import AT, SETTLES, agreed, changed

PAGE_WORDS = 900
SECTIONS = (
    "Summary and scope",
    "Triggers",
    "Tiered structure",
    "Internal service levels",
    "Communication",
    "Review cadence and metrics",
)
MATRIX = """\
matrix:
  - issue: System outage
    severity: SEV1
    from: Support L1
    after: "30m"
    route: l2-to-engineering
    contact: devops-lead
    actions: [start a bridge call, notify the CTO]
segments: { vip: { weight: 1 }, standard: {} }
calendars:
"""

LEVELS = """\
levels:
  l1: { label: Level 1, who: Front line, authority: [restart services, run books], when: [first contact] }
  l2: { label: Level 2, who: Team | lead, how: tag the manager }
calendars:
"""


class Outline:
    """The headings of a page, its tags and its text."""

    def __init__(self, page: str) -> None:
        self.tags = re.findall(r"<([a-z][a-z0-9]*)", page)
        self.headings = re.findall(r"<h2>(.*?)</h2>", page)
        self.text = unescape(re.sub(r"<[^>]*>", "", page))


def test_the_document_has_six_sections_in_both_forms() -> None:
    """The same ones, in the same order, from one template."""
    found = in_markdown(agreed())
    page = Outline(in_html(agreed()))
    expected = [f"{number}. {title}" for number, title in enumerate(SECTIONS, start=1)]

    assert [line.removeprefix("## ") for line in found.splitlines() if line.startswith("## ")] == expected
    assert page.headings == expected
    assert page.tags.count("table") == 3
    assert "$" not in found


@pytest.mark.parametrize("name", ["default", "demo", "table-a-agreement", "table-c-matrix", "table-d-tiers"])
def test_the_document_of_every_agreement_stays_at_two_pages(name: str) -> None:
    """About 450 words fit on one."""
    document = read((files("escalation") / "policies" / f"{name}.yaml").read_bytes())
    found = Agreed(freeze(document, AT, SETTLES), document)

    assert len(in_markdown(found).split()) < 2 * PAGE_WORDS
    assert Outline(in_html(found)).tags.count("h2") == len(SECTIONS)


def test_what_an_author_writes_never_becomes_markup() -> None:
    """No tag, no link, no further column, no further heading."""
    wicked = changed(
        ("label: P2", "label: '<script>x</script> | y'"),
        ("team: Engineering", "team: '[Eng](http://e.example)'"),
        ("calendars:\n", "summary: '**bold** <img src=x> # $name'\ncalendars:\n"),
    )
    page = Outline(in_html(wicked))

    assert not {"script", "img", "a"} & set(page.tags)
    assert "<script>x</script> | y" in page.text
    assert "[Eng](http://e.example)" in page.text
    assert "**bold** <img src=x> # $name" in page.text


def test_the_matrix_is_the_written_one() -> None:
    """With its columns, and the segments that weigh more."""
    found = matrix(changed(("calendars:\n", MATRIX)))

    assert found.columns == (
        "Issue Type", "Severity", "Current Owner", "Escalation Time", "Next Engineering Contact", "Actions",
        "Segment Weight",
    )  # fmt: skip
    assert found.rows == (
        (
            "System outage", "SEV1", "Support L1", "30m", "devops-lead", "start a bridge call; notify the CTO",
            "vip +1",
        ),
    )  # fmt: skip
    assert found.severity(0) == "SEV1"


def test_without_a_written_matrix_there_is_a_row_for_each_route() -> None:
    found = matrix(agreed())

    assert [row[4] for row in found.rows] == ["Engineering: engineering-on-call"]
    assert found.severity(0) == ""


def test_the_promises_of_each_severity_are_a_row() -> None:
    found = promises(agreed())

    assert [row[0] for row in found.rows] == ["SEV1 (P1)", "SEV2 (P2)", "SEV3 (P3)", "SEV4 (P4)"]
    assert found.rows[1][1:5] == ("1h (goal 30m)", "8h (goal 4h)", "every 2h", "every 4h")
    assert [each.title for each in tables(agreed())] == ["Escalation matrix", "Tiers and roles", "Promises", "Routes"]


def test_the_levels_of_a_model_are_shown_the_lowest_first() -> None:
    """In the tables, and as a list in the document; an agreement without a model has neither."""
    found = changed(("calendars:\n", LEVELS))

    assert tables(found)[1] == levels(found) == Table(
        "Levels",
        ("Level", "Who", "May decide", "When", "How"),
        (
            ("Level 1", "Front line", "restart services; run books", "first contact", "–"),
            ("Level 2", "Team | lead", "–", "–", "tag the manager"),
        ),
    )  # fmt: skip
    assert (
        "- **Level 1** Front line; may: restart services; run books; asked for: first contact\n"
        "- **Level 2** Team \\| lead; how: tag the manager\n"
    ) in in_markdown(found)
    assert "Level" not in in_markdown(agreed())


def test_the_roles_of_each_severity_are_shown_with_who_decides() -> None:
    """What support, Customer Success and Engineering do, how people hear of it, and whose word it is."""
    words = "{ support: intake, success: outreach, engineering: fix, notification: a page, authority: commander }"
    found = tiers(changed(("calendars:\n", f"responsibilities: {{ SEV1: {words} }}\ncalendars:\n")))

    assert (found.rows[0][3:6], found.rows[0][7:]) == (("intake", "outreach", "fix"), ("a page", "commander"))
    assert (found.rows[1][3:6], found.rows[1][8]) == (("–", "–", "–"), "–")


def test_a_cell_stays_a_cell() -> None:
    """Bars, line ends and marks are text."""
    assert markdown(Table("", ("A", "B"), (("a|b", "*c*\nd"),))) == ("| A | B |\n| --- | --- |\n| a\\|b | \\*c\\* d |")
    assert escaped("a_b") == "a\\_b"


def test_lengths_are_told_as_they_are_written() -> None:
    """Working days in their own words."""
    days = Target(agreed().policy.terms[0].resolution.limit, calendar="office", limit_days=Days(3, DayRule.END))

    assert agreements.target(days) == "end of 3rd business day, office hours"
    assert agreements.cadence(Cadence(days.limit, every_days=Days(1, DayRule.SAME_TIME))) == (
        "same time next business day"
    )
    assert agreements.target(None) == "–"
