"""The folders of templates: what is wrong in them is one clear line, and a translation leaves nothing out."""

import re
import shutil
from collections.abc import Collection
from importlib.resources import files
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from escalation.adapters.phrasing import TemplateFault
from escalation.adapters.rendering import Renderer, Words, variants
from escalation.adapters.sending import Letter, Reader
from escalation.adapters.templates import FIELDS, LANGUAGE, UNTRANSLATED, Templates
from escalation.core.vocabulary import Channel, Message
from tests.edge.rendering.golden import TRANSLATED, words_of
from tests.edge.samples import BRIEF, NOW, TITLE

ROOT = Path(str(files("escalation") / "templates"))
LANGUAGES = [language for language in Templates(ROOT).languages if language != "en"]
TRANSLATIONS = sorted(
    path.relative_to(ROOT).as_posix()
    for language in LANGUAGES
    for path in (ROOT / language).rglob("*")
    if path.suffix in {".txt", ".html", ".jinja"}
)
PAGE = Words(TITLE, None, None)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The shipped templates, to be changed."""
    return Path(shutil.copytree(ROOT, tmp_path / "templates"))


def sms(root: Path, reader: Reader | None = None) -> object:
    words = Words(TITLE, None, None, reader=reader or Reader())
    return Renderer(root).render(Message.PAGE, Channel.SMS, BRIEF, words, "d-1", NOW)


def used(path: Path) -> set[str]:
    """Every variable of ours in a template, the facts that are taken from it, its macros, and what it stands upon."""
    tree = Environment(autoescape=True).parse(path.read_text("utf-8"))
    names = {name.name for name in tree.find_all(nodes.Name) if name.name in FIELDS}
    facts = {
        f"{found.node.name}.{found.attr}"
        for found in tree.find_all(nodes.Getattr)
        if isinstance(found.node, nodes.Name)
    }
    filters = {f"| {found.name}" for found in tree.find_all(nodes.Filter)}
    macros = {f"macro {found.name}" for found in tree.find_all(nodes.Macro)}
    parents = {str(found.template.value) for kind in (nodes.Extends, nodes.Include) for found in tree.find_all(kind)}  # type: ignore[attr-defined]  # a constant
    return names | facts | filters | macros | parents


def below(folder: Path, without: Collection[str] = ()) -> set[str]:
    """The files below it, but for folders that are another language's."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {path for path in found if path.split("/")[0] not in without}


def test_shipped_templates_are_complete_and_use_only_known_variables() -> None:
    """What a worker checks before it takes its first message, in every language."""
    Renderer().check()
    assert LANGUAGES == ["de"]


@pytest.mark.parametrize("path", TRANSLATIONS)
def test_a_translation_uses_the_same_variables_as_the_english_one(path: str) -> None:
    """No fact is lost on the way, and none is told that the English reader does not get."""
    english = ROOT / path.partition("/")[2]

    assert used(ROOT / path) == used(english)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shipped_language_is_complete(language: str) -> None:
    """Layouts included; but for the subjects of a thread, and for the families that are told in English on purpose."""
    english, there = below(ROOT, LANGUAGES), below(ROOT / language)
    threads = {path for path in english if path.endswith("subject.txt")} - {"bundle/subject.txt"}

    assert there == {path for path in english - threads if path.split("/")[0] not in UNTRANSLATED}


def test_what_is_told_in_english_on_purpose_exists() -> None:
    """A family that is gone, or was translated after all, is no exception any more."""
    assert {path.split("/")[0] for path in below(ROOT, LANGUAGES)} >= UNTRANSLATED


def test_no_paragraph_stands_twice_in_a_template() -> None:
    """A block that was pasted twice says everything twice."""
    for path in ROOT.rglob("*.*"):
        blocks = re.findall(r"^{% if link %}$.*?^{% endif %}$", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        assert len(blocks) <= 1, path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("message", TRANSLATED)
def test_a_translated_message_is_translated_in_every_variant(language: str, message: Message) -> None:
    """Whoever reads German gets no English call. The subject stays, because mail programs make threads of it."""
    there = {path.name for path in (ROOT / language / message).iterdir()}

    assert there == set(variants(message)) - {"subject.txt"}


def test_the_subject_is_the_same_in_every_language() -> None:
    """One thread, whoever reads it."""
    made = [
        Renderer().render(Message.CLOSING, Channel.EMAIL, BRIEF, words_of(Message.CLOSING, Reader(language)), "d", NOW)
        for language in ("en", *LANGUAGES)
    ]

    assert len({letter.subject for letter in made if isinstance(letter, Letter)}) == 1


def test_a_language_is_a_folder(copied: Path) -> None:
    """Its phrases and one file are enough to begin with; everything else stays English."""
    (copied / "fr" / "_layout").mkdir(parents=True)
    shutil.copy(copied / LANGUAGE, copied / "fr" / LANGUAGE)
    (copied / "fr" / "page").mkdir()
    (copied / "fr" / "page" / "sms.txt").write_text("{{ title }}\nRépondez ack {{ brief.code }}\n", "utf-8")

    Renderer(copied).check()
    assert "Répondez" in str(sms(copied, Reader("fr-CA")))
    made = Renderer(copied).render(Message.PAGE, Channel.VOICE, BRIEF, words_of(Message.PAGE, Reader("fr")), "d", NOW)
    assert "needs you" in str(made)


def test_an_unknown_variable_is_named_with_its_template(copied: Path) -> None:
    """One line: which template, which variable, and what there is instead."""
    (copied / "page" / "sms.txt").write_text("{{ custommer }}\nReply\n", "utf-8")

    with pytest.raises(TemplateFault, match=r"^template 'page/sms.txt': unknown variable 'custommer'; there are brand"):
        Renderer(copied).check()
    with pytest.raises(
        TemplateFault, match=r"^template 'page/sms.txt' line 1: unknown variable: 'custommer' is undefined"
    ):
        sms(copied)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{{ brief.nothing }}\nx", "unknown variable"),
        ("{{ brief.__class__ }}\nx", "unknown variable|unsafe"),
        ("{{ ''.__class__.__mro__ }}\nx", "unknown variable|unsafe"),
        ("{% if %}", "line 1"),
        ('{% include "nowhere.txt" %}\nx', "does not exist"),
    ],
)
def test_a_broken_template_is_one_clear_line(copied: Path, source: str, told: str) -> None:
    """Wrong syntax, wrong attributes, missing parts, and reaching for Python's insides."""
    (copied / "page" / "sms.txt").write_text(source, "utf-8")

    with pytest.raises(TemplateFault, match=told) as fault:
        sms(copied)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    ("path", "source", "told"),
    [
        ("page/sms.txt", None, "'page/sms.txt' does not exist"),
        ("page/sms.txt", "{% if %}", "template 'page/sms.txt' line 1"),
        ("de/page/sms.txt", "{{ nobody }}\nx", "unknown variable 'nobody'"),
        ("de/_layout/internal.txt", "{{ nobody }}\nx", "unknown variable 'nobody'"),
        ("de/pgae/sms.txt", "x\ny", "'pgae/sms.txt' translates none"),
        ("bundle/subject.txt", None, "'bundle/subject.txt' does not exist"),
        ("room/topic.txt", "{{ nobody }}", "unknown variable 'nobody'"),
        ("de/room/chat.txt", "{{ brief.phase | phse }}", "template 'room/chat.txt': unknown filter 'phse'"),
    ],
)
def test_a_fault_is_found_before_the_first_message(copied: Path, path: str, source: str | None, told: str) -> None:
    """In translations, too, and in what only a layout does."""
    (copied / path).parent.mkdir(exist_ok=True)
    if source is None:
        (copied / path).unlink()
    else:
        (copied / path).write_text(source, "utf-8")

    with pytest.raises(TemplateFault, match=re.escape(told)):
        Renderer(copied).check()
