"""What the pages say is there: links, paths, commands, settings and limits exist; decisions keep their form."""

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

import pytest
from typer.main import get_command

from docs import state_machine
from escalation.adapters import audit_store
from escalation.adapters.settings import Settings
from escalation.cli import app
from escalation.core import delivery
from escalation.gateway import signed
from escalation.wire import durations, policy_file, requests, yaml_reader
from tests.house import tree
from tests.house.tree import ROOT, Module
from workflows import escalation, options

DECISIONS = "docs/decisions/"
SECTIONS = ["Context", "Options", "Decision", "What it costs"]
DECISION_LINES_MAX = 60
"""One page."""

_FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_PATH = re.compile(r"(?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|md|yaml|jsonl|toml|svg)")
PATHS_NOT_OURS = ("spec/json/",)
"""In the vendors' own repositories."""


def pages() -> list[Module]:
    return [text for text in tree.texts() if text.path.endswith(".md") and not text.path.startswith("tests/")]


def prose(page: Module) -> str:
    """The page without its blocks of code."""
    return _FENCE.sub("", page.text)


def code(page: Module) -> Iterator[str]:
    """Every block and every span of code."""
    yield from (block[1] for block in _FENCE.finditer(page.text))
    yield from (span[1] for span in _SPAN.finditer(prose(page)))


def anchors(text: str) -> set[str]:
    """The fragments by which a page's headings can be linked to."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


# --- rules: a page goes in, one line for each fault comes out ---------------------------------------------------------


def broken_links(page: Module) -> list[str]:
    found = []
    for link in _LINK.findall(prose(page)):
        if re.match(r"https?:", link):
            continue
        place, _, fragment = link.partition("#")
        target = (ROOT / page.path).parent / place
        leads = not fragment or fragment in anchors(
            target.read_text("utf-8") if place and target.is_file() else page.text
        )
        if not (target.exists() and leads):
            found.append(f"{page.path}: the link {link!r} leads nowhere")
    return found


def missing_paths(page: Module) -> list[str]:
    """Paths are written from the top, from the package, or from the page or the folder above it."""
    here = (ROOT / page.path).parent
    starts = (ROOT, ROOT / "escalation", here, here.parent)
    return [
        f"{page.path}: there is no {span!r}"
        for span in _SPAN.findall(prose(page))
        if _PATH.fullmatch(span) and not span.startswith(PATHS_NOT_OURS)
        if not any((start / span).exists() for start in starts)
    ]


def unknown_targets(page: Module) -> list[str]:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = [name for part in code(page) for name in re.findall(r"(?:^|\s)make ([a-z-]+)", part)]
    return [f"{page.path}: there is no 'make {name}'" for name in named if name not in known]


def unknown_verbs(page: Module) -> list[str]:
    found = []
    for part in code(page):
        for words in re.findall(r"(?:^|[$;] )escalate ([a-z][a-z -]*)", part, re.MULTILINE):
            known = getattr(get_command(app), "commands", {})
            for word in words.split():
                if known and word not in known:
                    found.append(f"{page.path}: there is no 'escalate {words}'")
                    break
                known = getattr(known.get(word), "commands", {})
    return found


def unknown_settings(page: Module) -> list[str]:
    names = re.findall(r"\bESCALATION_[A-Z_]*[A-Z]", page.text)
    known = {f"ESCALATION_{name.upper()}" for name in Settings.model_fields}
    return [f"{page.path}: there is no setting {name}" for name in names if name not in known]


def formless(page: Module) -> list[str]:
    """A decision has a number, a status, four sections with words in them, and fits on a page."""
    number = PurePosixPath(page.path).name[:4]
    sections = re.split(r"^## (.+)\n", page.text, flags=re.MULTILINE)
    faults = {
        f"begins with '# {number}. '": page.text.startswith(f"# {number}. "),
        "says its status and month": re.search(
            r"^Status: (accepted|superseded by \d{4}), \d{4}-\d\d$", page.text, re.MULTILINE
        ),
        f"has the sections {', '.join(SECTIONS)}": sections[1::2] == SECTIONS,
        "says something in each": all(section.strip() for section in sections[2::2]),
        "counts what it costs": sections[-1].lstrip().startswith("- "),
        f"has at most {DECISION_LINES_MAX} lines": len(page.text.splitlines()) <= DECISION_LINES_MAX,
    }
    return [f"{page.path}: a decision {wanted}" for wanted, holds in faults.items() if not holds]


RULES = (broken_links, missing_paths, unknown_targets, unknown_verbs, unknown_settings)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_pages_name_only_what_is_there(rule: Callable[[Module], list[str]]) -> None:
    """Links, paths, targets of make, verbs of escalate, settings."""
    assert "README.md" in {page.path for page in pages()}
    assert [fault for page in pages() for fault in rule(page)] == []


@pytest.mark.parametrize(
    ("rule", "bad"),
    [
        (broken_links, "[x](nowhere.md)"),
        (broken_links, "![x](docs/nothing.svg)"),
        (broken_links, "[x](README.md#no-such-heading)"),
        (missing_paths, "`core/gone.py`"),
        (missing_paths, "`escalation/rooms/`"),
        (unknown_targets, "run `make tea`"),
        (unknown_targets, "```\nmake tea\n```"),
        (unknown_verbs, "`escalate everything`"),
        (unknown_verbs, "`escalate audit forge REF`"),
        (unknown_verbs, "```\n$ escalate forget INC-7\n```"),
        (unknown_settings, "`ESCALATION_COLOUR`"),
    ],
)
def test_each_rule_finds_its_bad_sample(rule: Callable[[Module], list[str]], bad: str) -> None:
    """One fault, and it names the page."""
    found = rule(Module("SAMPLE.md", f"# Title\n\n{bad}\n"))

    assert [fault.partition(":")[0] for fault in found] == ["SAMPLE.md"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rules_leave_other_words_alone(rule: Callable[[Module], list[str]]) -> None:
    """Prose, placeholders, addresses of other sites, output of a command."""
    fine = """# Title

We make tea and escalate tickets: [site](https://x.example/), [here](#title), `escalate audit verify REF`, `a/b tests`.

```
$ escalate show INC-7
escalate: INC-7: refused
make[1]: nothing
```
"""

    assert rule(Module("README.md", fine)) == []


def test_decisions_are_numbered_without_gap_and_keep_their_form() -> None:
    """Context, options, decision, and what it costs, on one page."""
    decisions = [page for page in pages() if page.path.startswith(DECISIONS)]
    numbers = [PurePosixPath(page.path).name[:4] for page in decisions]

    assert numbers == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    assert [fault for page in decisions for fault in formless(page)] == []


def test_a_decision_without_its_price_is_found() -> None:
    """Each part of the form can be missing."""
    page = next(page for page in pages() if page.path.startswith(f"{DECISIONS}0001"))
    spoilt = {
        "begins": page.text.replace("# 0001. ", "# 0002. "),
        "status": page.text.replace("Status: accepted", "Status: perhaps"),
        "sections": page.text.replace("## Options", "## Thoughts"),
        "in each": re.sub(r"(## Options\n).*(## Decision)", r"\1\n\2", page.text, flags=re.DOTALL),
        "costs": re.sub(r"(## What it costs\n\n)- ", r"\1Nothing. ", page.text),
        "lines": page.text + "\n" * DECISION_LINES_MAX,
    }

    for wanted, text in spoilt.items():
        (fault,) = formless(Module(page.path, text))
        assert wanted in fault


def test_the_state_machine_page_is_up_to_date() -> None:
    """It is made from the core's tables: `python docs/state_machine.py`."""
    assert state_machine.PAGE.read_text("utf-8") == state_machine.page()


def test_the_readmes_program_can_be_read_by_python() -> None:
    """Its imports exist; it defines what it shows."""
    (program,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    defined: dict[str, object] = {}
    exec(compile(program, "README.md", "exec"), defined)  # noqa: S102  # our own page

    assert callable(defined["escalate"])


def test_the_readmes_limits_are_the_codes() -> None:
    """Each number in the table of bounds is the constant that holds it."""
    table = (ROOT / "README.md").read_text("utf-8").partition("## What is bound")[2].partition("\n\n##")[0]
    kib = 1024
    rows = [
        f"{requests.WORDS_BYTES_MAX // kib} KiB",
        f"{requests.TITLE_CHARS_MAX}; {requests.REASON_CHARS_MAX:,}; {requests.NAME_CHARS_MAX} characters",
        f"{requests.REFERENCE_CHARS_MIN} to {requests.REFERENCE_CHARS_MAX} characters",
        f"{yaml_reader.BYTES_MAX // kib} KiB, {policy_file.ROUTES_MAX} routes, {policy_file.STEPS_MAX} steps in a",
        f"{policy_file.REPEATS_MAX} repeats",
        f"{durations.DURATION_MAX.days} days",
        f"{options.SEND_ATTEMPTS}; {delivery.LOOKUPS_MAX}",
        f"{escalation.ANSWERS_MAX}",
        f"{audit_store.BODY_BYTES_MAX // kib**2} MiB",
        f"{signed.BODY_BYTES_MAX // kib} KiB, {signed.FIELDS_MAX} fields",
    ]

    assert [row for row in rows if row not in table] == []
