"""The folders of templates, one set for each language, and how they are filled: sandboxed, strict, escaped by channel.

English stands at the root; a folder beside it with `_layout/language.toml` is another language, named by its code. A
template that a language lacks is filled in English, with the English layouts, so that no message mixes two.
"""

import re
import traceback
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound, UndefinedError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from escalation.adapters.phrasing import NAMED, Phrases, TemplateFault
from escalation.wire.amounts import money

ENGLISH = "en"

LANGUAGE = "_layout/language.toml"

UNTRANSLATED = frozenset({"agreement", "ticket_status"})
"""Families that are read by many at once, whatever their language: a published agreement, the log of a ticket. They are
told in English on purpose; every other one is complete in every language that is shipped.
"""

FIELDS = frozenset(
    {"brief", "title", "text", "name", "now", "brand", "customer", "story", "urgent", "room", "link", "keypad"}
    | {"lines", "line", "more"},
)
"""The variables that a template may use."""

IMPORTED = frozenset({"say"})
"""The name under which the layouts and the templates import our phrases."""

ESCAPED = (".html", "chat.txt")
"""Templates whose values are markup to their readers: everything in them is escaped."""

_BLANK_LINES = re.compile(r"\n[ ]*\n[ ]*\n\s*")
"""A block of a template that stays empty leaves no hole."""


class Templates:
    """All templates in all languages. Safe to use from many threads; reads each template once."""

    def __init__(self, root: Path) -> None:
        self._languages = {
            ENGLISH: _Language(root),
            **{path.parents[1].name: _Language(path.parents[1]) for path in sorted(root.glob(f"*/{LANGUAGE}"))},
        }

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes of the languages, English first."""
        return tuple(self._languages)

    def phrases(self, template: str, language: str) -> Phrases:
        """How the language in which that template is filled writes instants and our own words."""
        return self._of(template, language).phrases

    def has(self, template: str) -> bool:
        """Whether there is that template, in English."""
        return template in self._languages[ENGLISH].names

    def fill(self, template: str, language: str, values: Mapping[str, object]) -> str:
        """The template filled in that language, else in the language without its region, else in English."""
        chosen = self._of(template, language)
        try:
            return _BLANK_LINES.sub("\n\n", chosen.of(template).get_template(template).render(values)).strip()
        except TemplateNotFound as missing:
            raise TemplateFault(f"template {missing.name!r} does not exist") from None
        except UndefinedError as unknown:
            raise TemplateFault(f"template {_place(unknown, template)}: unknown variable: {unknown.message}") from None
        except TemplateError as wrong:
            raise TemplateFault(f"template {_place(wrong, template)}: {wrong.message}") from None

    def check(self, wanted: Iterable[str]) -> None:
        """Raise `TemplateFault` if one of these is missing, cannot be read, or uses a variable that nobody gives it.

        So must every translation of any of them be, and nothing may be translated that there is not.
        """
        english = self._languages[ENGLISH]
        for template in wanted:
            english.check(template)
        for code, language in self._languages.items():
            if language is english:
                continue
            for template in sorted(language.names):
                if not template.startswith("_layout/") and template not in english.names:
                    raise TemplateFault(f"template {code}/{template!r} translates none: there is no {template!r}")
                if template.endswith((".txt", ".html")):
                    language.check(template)

    def _of(self, template: str, language: str) -> "_Language":
        for code in (language, language.partition("-")[0]):
            found = self._languages.get(code)
            if found is not None and template in found.names:
                return found
        return self._languages[ENGLISH]


class _Language:
    """One folder of templates with its phrases."""

    def __init__(self, root: Path) -> None:
        self.phrases = Phrases.read(root / LANGUAGE)
        self._loader = FileSystemLoader(root)
        self.names = frozenset(self._loader.list_templates())
        self._plain = _environment(self._loader, self.phrases, escape=False)
        self._escaped = _environment(self._loader, self.phrases, escape=True)
        self._checked: set[tuple[str, ImmutableSandboxedEnvironment]] = set()  # a layout is read once, not per message

    def of(self, template: str) -> ImmutableSandboxedEnvironment:
        return self._escaped if template.endswith(ESCAPED) else self._plain

    def check(self, template: str) -> None:
        environment, waiting = self.of(template), [template]
        try:
            while waiting:
                name = waiting.pop()
                if (name, environment) not in self._checked:
                    waiting += self._check(name, environment)
                    self._checked.add((name, environment))
        except TemplateNotFound as missing:
            raise TemplateFault(f"template {missing.name!r} does not exist") from None
        except TemplateError as wrong:
            raise TemplateFault(f"template {_place(wrong, template)}: {wrong.message}") from None

    def _check(self, name: str, environment: ImmutableSandboxedEnvironment) -> list[str]:
        """Check one file; answers those that it stands upon."""
        source, _, _ = self._loader.get_source(environment, name)
        tree = environment.parse(source, name)
        odd = {found.name for found in tree.find_all(nodes.Filter)} - environment.filters.keys()
        if odd:
            raise TemplateFault(f"template {name!r}: unknown filter {min(odd)!r}")
        unknown = meta.find_undeclared_variables(tree) - FIELDS - IMPORTED
        if unknown:
            raise TemplateFault(
                f"template {name!r}: unknown variable {min(unknown)!r}; there are {', '.join(sorted(FIELDS))}"
            )
        return [found for found in meta.find_referenced_templates(tree) if found]


def _environment(loader: FileSystemLoader, phrases: Phrases, *, escape: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=loader,
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        utc=phrases.when, short=phrases.briefly, spoken=phrases.aloud, spell=phrases.spell, left=phrases.left
    )
    # The words of the tables: `{{ brief.phase | phase }}`.
    environment.filters.update({table: partial(phrases.called, table) for table in NAMED if table != "refusal"})
    environment.filters.update(money=money, instant=datetime.fromisoformat)
    return environment


def _place(error: TemplateError, template: str) -> str:
    """The innermost template and line that an error came from."""
    name, line = template, getattr(error, "lineno", None)
    for frame in traceback.extract_tb(error.__traceback__):
        if "/templates/" in frame.filename or frame.filename.endswith(template):
            name, line = "/".join(frame.filename.split("/")[-2:]), frame.lineno
    return repr(getattr(error, "name", None) or name) + (f" line {line}" if line else "")
