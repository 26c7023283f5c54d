"""Files that no policy reader may swallow: each a name, the bytes, and a part of the sentence that refuses it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from escalation.wire.approval_terms import APPROVERS_MAX
from escalation.wire.durations import BUSINESS_DAYS_MAX
from escalation.wire.policy_file import (
    ALIASES_MAX,
    CALENDARS_MAX,
    CATEGORIES_MAX,
    CHAINS_MAX,
    EXCEPTIONS_MAX,
    LEADS_MAX,
    PATH_CHARS_MAX,
    REACH_MAX,
    REPEATS_MAX,
    ROUTES_MAX,
    SEGMENTS_MAX,
    SENDERS_MAX,
    STAKEHOLDERS_MAX,
    STEPS_MAX,
    SUMMARY_CHARS_MAX,
)
from escalation.wire.policy_notes import ACTIONS_MAX, MATRIX_MAX
from escalation.wire.written_words import (
    LABEL_CHARS_MAX,
    NAME_CHARS_MAX,
    SENTENCE_CHARS_MAX,
    SENTENCES_MAX,
    WINDOWS_MAX,
)
from escalation.wire.yaml_reader import BYTES_MAX, DEPTH_MAX, INTEGER_DIGITS_MAX, KEY_CHARS_MAX, NODES_MAX
from tests.wire.test_policy_agreement import FULL

BUSINESS = f"is longer than {BUSINESS_DAYS_MAX} business days"


@dataclass(frozen=True)
class Poison:
    name: str
    source: bytes
    said: str


def change(old: str, new: str) -> bytes:
    """The full policy with one change, which must fit exactly once."""
    assert FULL.count(old) == 1, old
    return FULL.replace(old, new).encode()


def _listed(count: int) -> str:
    return ", ".join(f"n{number}" for number in range(count))


# Plain scalars that some reader takes for another thing, put where the file has a text.
SCALARS = {
    "sexagesimal": "15:30",
    "sexagesimal_seconds": "1:30:00",
    "opening": "09:00",
    "norway": "NO",
    "norway_small": "no",
    "yes": "yes",
    "on": "On",
    "off": "OFF",
    "letter_y": "y",
    "letter_n": "N",
    "shouted_true": "TRUE",
    "title_false": "False",
    "version": "1.10",
    "version_three": "1.2.3",
    "exponent": "1e3",
    "octal": "010",
    "octal_new": "0o17",
    "hexadecimal": "0xFF",
    "underscores": "1_000",
    "plus": "+5",
    "infinity": ".inf",
    "not_a_number": ".NaN",
    "date": "2026-12-25",
    "timestamp": "2026-12-25T10:00:00Z",
    "tilde": "~",
    "null": "null",
    "shouted_null": "NULL",
    "merge": "<<",
    "equals": "=",
    "digits_5000": "9" * 5000,
    "digits_16": "1" * (INTEGER_DIGITS_MAX + 1),
    "digits_negative": "-" + "1" * (INTEGER_DIGITS_MAX + 1),
}
ODD_SCALARS = {"digits_5000": "an integer has at most", "digits_16": "an integer has at most"}
ODD_SCALARS["digits_negative"] = "an integer has at most"

# Characters that hide, reverse or break what a person reads, inside quotes and outside.
CHARACTERS = {
    "right_to_left_override": "\u202e",
    "left_to_right_isolate": "\u2066",
    "zero_width_space": "\u200b",
    "zero_width_joiner": "\u200d",
    "soft_hyphen": "\u00ad",
    "line_separator": "\u2028",
    "paragraph_separator": "\u2029",
    "next_line": "\u0085",
    "byte_order_mark_inside": "\ufeff",
    "private_use": "\ue000",
    "tag_letter": "\U000e0041",
}
ESCAPES = ["\\0", "\\a", "\\b", "\\e", "\\t", "\\r", "\\x7F", "\\u200B", "\\u202E", "\\uD800", "\\U000E0041", "\\N"]
CONTROLS = [0x00, 0x01, 0x07, 0x08, 0x0B, 0x0C, 0x0E, 0x1B, 0x1F, 0x7F, 0x80, 0x9F]

HEAD = 'name: full\nversion: "1.10"\n'
SYNTAX: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "the file must hold `key: value` lines"),
    "blank": ("\n \n", "the file must hold `key: value` lines"),
    "comment_alone": ("# nothing\n", "the file must hold `key: value` lines"),
    "list_at_top": ("- a\n- b\n", "the file must hold `key: value` lines"),
    "text_at_top": ("policy\n", "the file must hold `key: value` lines"),
    "number_at_top": ("42\n", "the file must hold `key: value` lines"),
    "json_null": ("null\n", "reads as nothing"),
    "two_documents": (f"{FULL}---\n{FULL}", "a second document starts here"),
    "document_end_and_another": (f"{FULL}...\n---\na: b\n", "a second document starts here"),
    "anchor": ("name: &a full\n", "`&a` marks a part for repetition"),
    "alias": ("name: &a full\nother: *a\n", "`*a` repeats another part of the file"),
    "alias_unknown": ("name: *nobody\n", "`*nobody` repeats another part"),
    "alias_to_itself": ("terms: &t\n  SEV1: *t\n", "`*t` repeats another part"),
    "merge_key": ("base: &b {a: b}\nhouse:\n  <<: *b\n", "`&b` marks a part for repetition"),
    "merge_key_inline": ("house: {<<: {a: b}}\n", "the key '<<'"),
    "tag_python": ('name: !!python/object/apply:os.system ["true"]\n', "asks for a type; remove it"),
    "tag_name": ("name: !!python/name:os.system\n", "asks for a type"),
    "tag_binary": ("name: !!binary aGVsbG8=\n", "asks for a type"),
    "tag_string": ("name: !!str full\n", "asks for a type"),
    "tag_set": ("name: !!set {a, b}\n", "asks for a type"),
    "tag_own": ("name: !policy full\n", "asks for a type"),
    "tag_long": (f"name: !{'t' * 50_000} full\n", "asks for a type"),
    "tag_directive": ("%TAG !e! tag:example.com,2000:\n---\nname: !e!x full\n", "asks for a type"),
    "yaml_directive_2": ("%YAML 2.0\n---\nname: full\n", "this is no YAML"),
    "yaml_directive_endless": (f"%YAML 1.{'1' * 5000}\n---\nname: full\n", "line 1"),
    "duplicate_key": ("name: a\nname: b\n", "the key is already on line 1; keep one of them"),
    "duplicate_key_quoted": ("name: a\n'name': b\n", "the key is already on line 1"),
    "duplicate_severity": (FULL + "terms: {}\n", "the key is already on line"),
    "complex_key": ("? [a, b]\n: c\n", "a key must be a plain word"),
    "mapping_as_key": ("{a: b}: c\n", "a key must be a plain word"),
    "empty_key": ("'': a\n", "is empty; put it in quotes or rename it"),
    "number_key": ("1: a\n", "the key '1' reads as a number"),
    "boolean_key": ("on: a\n", "the key 'on' reads as a boolean"),
    "true_key": ("true: a\n", "the key 'true'"),
    "null_key": ("~: a\n", "the key '~' reads as nothing"),
    "key_too_long": (f"{'k' * (KEY_CHARS_MAX + 1)}: a\n", f"at most {KEY_CHARS_MAX} are read; shorten it"),
    "key_of_100_kb": (f"? {'k' * 100_000}\n: a\n", f"at most {KEY_CHARS_MAX} are read"),
    "no_value": ("name:\n", "there is no value; write one"),
    "tab_indent": ("house:\n\tmanagers: a\n", "this is no YAML"),
    "tab_before_key": ("house:\n  managers: a\n\texecutive: b\n", "this is no YAML"),
    "bad_indent": ("house:\n  a: b\n c: d\n", "this is no YAML"),
    "open_quote": ('name: "full\n', "this is no YAML"),
    "open_flow": ("name: [a, b\n", "this is no YAML"),
    "closed_flow_twice": ("name: [a]]\n", "this is no YAML"),
    "colon_in_plain": ("name: a: b\n", "this is no YAML"),
    "at_sign": ("name: @full\n", "this is no YAML"),
    "backtick": ("name: `full`\n", "this is no YAML"),
    "percent": ("name: %full\n", "this is no YAML"),
    "comma": ("name: {a, , b}\n", "this is no YAML"),
    "escape_unknown": ('name: "\\q"\n', "this is no YAML"),
    "escape_beyond_unicode": ('name: "\\U00110000"\n', "names a character that does not exist"),
    "escape_huge": ('name: "\\UFFFFFFFF"\n', "names a character that does not exist"),
    "utf_16": (HEAD.encode("utf-16"), "the bytes are not UTF-8; save the file as UTF-8"),
    "utf_16_without_mark": (HEAD.encode("utf-16-le"), "the invisible character U+0000"),
    "utf_32": (HEAD.encode("utf-32"), "the bytes are not UTF-8"),
    "latin_1": ("name: käse\n".encode("latin-1"), "the bytes are not UTF-8"),
    "overlong_utf_8": (b"name: \xc0\xaf\n", "the bytes are not UTF-8"),
    "surrogate_in_utf_8": (b"name: \xed\xa0\x80\n", "the bytes are not UTF-8"),
    "cut_utf_8": (b"name: \xe2\x82", "the bytes are not UTF-8"),
    "two_byte_order_marks": (b"\xef\xbb\xbf\xef\xbb\xbfname: full\n", "U+FEFF"),
    "nothing_but_noise": (random.Random(7).randbytes(4096), "the bytes are not UTF-8"),
    "gzip": (b"\x1f\x8b\x08\x00" + b"\x00" * 64, "the bytes are not UTF-8"),
    "elf": (b"\x7fELF" + b"\x00" * 64, "the invisible character U+007F"),
    "key_hidden_in_a_comment": ("name: full # kept\u2028version: x\n", "the invisible character U+2028 cannot stand"),
    "line_hidden_in_a_comment": ("name: full # kept\u0085version: x\n", "the invisible character U+0085 cannot stand"),
    "comment_read_backwards": ("name: full # \u202e}eslaf :x{\n", "the invisible character U+202E cannot stand"),
    "comment_isolated": ("name: full # \u2067x\n", "the invisible character U+2067 cannot stand"),
}  # fmt: skip

BOMBS: dict[str, tuple[str | bytes, str]] = {
    "alias_bomb": (
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)),
        "marks a part for repetition",
    ),
    "merge_bomb": ("a0: &a0 {k: v}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40)),
                   "marks a part for repetition"),
    "flow_depth": ("name: " + "[" * 5000 + "]" * 5000, f"nested deeper than {DEPTH_MAX} levels"),
    "flow_depth_open": ("name: " + "[" * 100_000, f"nested deeper than {DEPTH_MAX} levels"),
    "mapping_depth": ("name: " + "{a: " * 5000 + "b" + "}" * 5000, f"nested deeper than {DEPTH_MAX} levels"),
    "block_depth": ("".join(f"{' ' * n}a:\n" for n in range(700)), f"nested deeper than {DEPTH_MAX} levels"),
    "dashes_on_one_line": ("- " * 5000 + "a", f"nested deeper than {DEPTH_MAX} levels"),
    "questions_on_one_line": ("? " * 5000 + "a", "a key must be a plain word"),
    "one_level_too_deep": ("a: " + "[" * DEPTH_MAX + "]" * DEPTH_MAX, f"nested deeper than {DEPTH_MAX} levels"),
    "one_node_too_many": ("a: [" + "x, " * NODES_MAX + "x]", f"more than {NODES_MAX} keys and values"),
    "many_keys": ("".join(f"k{n}: v\n" for n in range(NODES_MAX)), f"more than {NODES_MAX} keys and values"),
    "one_byte_too_many": (b"a" * (BYTES_MAX + 1), f"at most {BYTES_MAX} are read; split or shorten it"),
    "sixteen_megabytes": (b" " * (16 << 20), f"at most {BYTES_MAX} are read"),
    "one_long_text": ("name: " + "a" * 250_000, "is no name; write 1 to 64"),
    "one_long_number": ("name: full\nversion: " + "9" * 250_000, "an integer has at most"),
    "one_long_quoted_text": (f'name: "{"a" * 250_000}"', "is no name; write 1 to 64"),
    "one_long_anchor": (f"name: &{'a' * 250_000} x", "marks a part for repetition"),
    "long_duration": (change('fallback_window: "30m"', f'fallback_window: "{"9" * 60_000}m"'), "is no duration"),
    "long_opening": (change('monday: ["09:00-17:00"]', f'monday: ["{"0" * 60_000}"]'), "is no opening"),
    "long_zone": (change("zone: Europe/Berlin", f"zone: {'E' * 60_000}"), "is no time zone"),
    "long_chain_name": (change("chain: l2", f"chain: {'l' * 60_000}"), "no chain is called"),
    "long_country": (change("country: DE,", f"country: {'D' * 60_000},"), "is not known"),
    "long_enum": (change("on_reopen: fresh", f"on_reopen: {'f' * 60_000}"), "is not known; write one of"),
    "thousands_of_unknown_fields": ("".join(f"k{n}: v\n" for n in range(4900)), "more faults follow; correct these"),
    "thousands_of_wrong_routes": (
        "routes:\n" + "".join(f"  r{n}: x\n" for n in range(4000)),
        "more faults follow",
    ),
    "thousands_of_empty_lists": ("terms: {" + ", ".join(f"S{n}: {{reach: []}}" for n in range(1900)) + "}",
                                 "more faults follow"),
    "long_keys_of_wrong_parts": (
        "".join(f"{'k' * KEY_CHARS_MAX}{n}: [1]\n" for n in range(1500)), f"at most {KEY_CHARS_MAX} are read"
    ),
    "long_key_with_thousands_of_faults": (
        f"routes:\n  ? {'k' * 100_000}\n  : {{" + ", ".join(f"f{n}: v" for n in range(4000)) + "}\n",
        "characters, at most",
    ),
    "thousands_of_duplicates": ("a: b\n" * 4000, "the key is already on line 1"),
    "thousands_of_aliases": ("name: [" + "*a, " * 4000 + "*a]", "repeats another part"),
    "many_directives": ("%FOO bar\n" * 20_000 + "---\n" + FULL.replace("name: full", "name: Full"), "is no name"),
    "comments_to_the_bound": ("# x\n" * 65_000, "the file must hold `key: value` lines"),
}  # fmt: skip

# Each count one past its bound: what is changed, into what, and the sentence.
MANY = "entries, at most {} are allowed; remove some"
BOUNDS: dict[str, tuple[str, str, str]] = {
    "leads": ('leads: ["15m"]', 'leads: ["1m", "2m", "3m", "4m", "5m"]', MANY.format(LEADS_MAX)),
    "aliases": ("[Critical, Urgent]", f"[{_listed(ALIASES_MAX + 1)}]", MANY.format(ALIASES_MAX)),
    "definition": ('definition: ["System-wide outage", "Data at risk"]', f"definition: [{_listed(SENTENCES_MAX + 1)}]",
                   MANY.format(SENTENCES_MAX)),
    "stakeholders": ("[sales, success]", f"[{_listed(STAKEHOLDERS_MAX + 1)}]", MANY.format(STAKEHOLDERS_MAX)),
    "reach": ("reach: [{channel: sms}]", f"reach: [{', '.join(['{channel: sms}'] * (REACH_MAX + 1))}]",
              MANY.format(REACH_MAX)),
    "senders": ("from: [Support L1]", f"from: [{_listed(SENDERS_MAX + 1)}]", MANY.format(SENDERS_MAX)),
    "triggers": ('triggers: ["Special expertise is needed"]', f"triggers: [{_listed(SENTENCES_MAX + 1)}]",
                 MANY.format(SENTENCES_MAX)),
    "approvers": ("    asks: [fix]\n", (f"    asks: [fix]\n    approval: {{approvers: [{_listed(APPROVERS_MAX + 1)}],"
                  ' expiry: "1h", on_expiry: open}\n'), MANY.format(APPROVERS_MAX)),
    "repeats": ("  l2:\n    steps:", f"  l2:\n    repeats: {REPEATS_MAX + 1}\n    steps:", "is too large; write at"),
    "steps": ('      - {name: first, contact: on-call, window: "15m", backup_after: "5m"}\n',
              "".join(f'      - {{name: s{n}, contact: c, window: "1m"}}\n' for n in range(STEPS_MAX)),
              MANY.format(STEPS_MAX)),
    "chains": ("chains:\n", "chains:\n" + "".join(
        f'  c{n}: {{steps: [{{name: s, contact: c, window: "1m"}}]}}\n' for n in range(CHAINS_MAX)),
        MANY.format(CHAINS_MAX)),
    "routes": ("routes:\n", "routes:\n" + "".join(
        f"  r{n}: {{team: t, chain: l2, asks: [fix]}}\n" for n in range(ROUTES_MAX)), MANY.format(ROUTES_MAX)),
    "calendars": ("calendars:\n", "calendars:\n" + "".join(
        f'  c{n}: {{zone: UTC, week: {{monday: ["09:00-10:00"]}}}}\n' for n in range(CALENDARS_MAX)),
        MANY.format(CALENDARS_MAX)),
    "windows": ('monday: ["09:00-17:00"]', "monday: [" + ", ".join(
        f'"{n:02}:00-{n:02}:30"' for n in range(WINDOWS_MAX + 1)) + "]", MANY.format(WINDOWS_MAX)),
    "exceptions": ('      - {day: "2026-12-25", label: Party}\n', "".join(
        f'      - {{day: "20{27 + n // 336}-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}", label: d}}\n'
        for n in range(EXCEPTIONS_MAX)), MANY.format(EXCEPTIONS_MAX)),
    "categories": ("language: en_US", f"categories: [{_listed(CATEGORIES_MAX + 1)}]", MANY.format(CATEGORIES_MAX)),
    "segments": ("  standard: {}\n", "".join(f"  s{n}: {{}}\n" for n in range(SEGMENTS_MAX)),
                 MANY.format(SEGMENTS_MAX)),
    "matrix": ("matrix:\n", "matrix:\n" + "".join(
        '  - {issue: i, severity: SEV1, from: f, after: "1h", route: l1-to-l2, contact: c}\n'
        for n in range(MATRIX_MAX)), MANY.format(MATRIX_MAX)),
    "actions": ('["check transaction logs", "update customer"]', f"[{_listed(ACTIONS_MAX + 1)}]",
                MANY.format(ACTIONS_MAX)),
    "name": ("contact: billing-engineer", f"contact: {'c' * (NAME_CHARS_MAX + 1)}", "is no name; write 1 to 64"),
    "label": ("team: Support L2", f"team: {'t' * (LABEL_CHARS_MAX + 1)}", "is no label; write one line of 1 to 40"),
    "sentence": ("issue: Billing error", f"issue: {'i' * (SENTENCE_CHARS_MAX + 1)}", "is no sentence; write one line"),
    "summary": ("  Support hands over", f"  {'s' * SUMMARY_CHARS_MAX}", "is no summary; write 1 to 2000 characters"),
    "summary_blank": ("summary: |\n  Support hands over, Engineering answers.\n", 'summary: " "\n', "is no summary"),
    "path": ("at_close: next_opening", f"ical: {'p' * PATH_CHARS_MAX}.ics", "is longer than 120 characters"),
    "weight": ("weight: 1", "weight: 4", "4 is too large; write at most 3"),
    "weight_negative": ("weight: 1", "weight: -1", "-1 is too small; write at least 0"),
    "breach_cycles": ("breach_cycles: 3", "breach_cycles: 21", "21 is too large; write at most 20"),
    "days": ('"end of 3rd business day"', '"end of 367th business day"', BUSINESS),
    "hours": ('"8 business hours"', '"8785 business hours"', "is longer than 8784h; shorten it"),
    "duration": ('reopen_window: "72h"', 'reopen_window: "8784h1s"', "is longer than 8784h; shorten it"),
}  # fmt: skip

# What a person may write for a length, an opening, a zone, a day, and is asked to write otherwise.
LENGTHS = [
    "1d", "2 days", "1w", "3bd", "1 month", "15", "15 m", "-5m", "1.5h", "1h 30m", "30m1h", "PT5M", "5M", "٣m",
    "\uff15m",
    "0s", "0h0m", "99999999h", "soon", "daily", "weekly", "same day", "this week", "next sprint", "1 business day",
    "end of 3th business day", "end of 0th business day", "end of business day", "same time 0 business days later",
    "0 business hours", "[X]", "15m;", "15m\\n", " 15m", "15m ",
]  # fmt: skip
OPENINGS = ["9-17", "9:00-17:00", "09:00–17:00", "09:00-09:00", "24:00-25:00", "09:60-17:00", "25:00-26:00", "closed",
            "09:00-24:01", "-09:00-17:00", "09:00 - 17:00", "09:00-17:00-18:00"]  # fmt: skip
ZONES = ["", "Berlin", "CEST", "Europe", "Europe/Berlin ", "../../etc/passwd", "/etc/localtime", "localtime",
         "posixrules", "right/Europe/Berlin", "posix/UTC", "UTC+1", "europe//berlin", ".", "Factory"]  # fmt: skip
DAYS = ["25.12.2026", "2026-02-30", "2026-13-01", "20261225", "2026-W52-5", "2026-12-25T00:00", "0000-01-01", "today"]
NAMES = ["", "Anna", "anna maria", "../anna", "-anna", "änna", "anna/berta", "anna\\n"]


WORDS = {"length": LENGTHS, "opening": OPENINGS, "zone": ZONES, "day": DAYS, "name": NAMES}
SERIES = [
    ("length", '{limit: "56h", goal: "24h"}', '{{limit: "{}"}}', "; "),
    ("opening", 'thursday: ["09:00-17:00"]', 'thursday: ["{}"]', "; "),
    ("zone", "zone: Europe/Berlin", 'zone: "{}"', "is no time zone of the IANA database; write"),
    ("day", 'day: "2026-12-25"', 'day: "{}"', "is no date; write year, month and day"),
    ("name", "contact: billing-engineer", 'contact: "{}"', "is no name; write"),
]


def poisons() -> Iterator[Poison]:
    """Every one of them, always in the same order."""
    yield from _of_characters()
    for group, table in (("syntax", SYNTAX), ("bomb", BOMBS)):
        for name, (source, said) in table.items():
            yield Poison(f"{group}-{name}", source.encode() if isinstance(source, str) else source, said)
    for name, (old, new, said) in BOUNDS.items():
        yield Poison(f"bound-{name}", change(old, new), said)
    for group, old, new, said in SERIES:
        for number, value in enumerate(WORDS[group]):
            yield Poison(f"{group}-{number}", change(old, new.format(value)), said)


def _of_characters() -> Iterator[Poison]:
    for name, scalar in SCALARS.items():
        yield Poison(f"scalar-{name}", change("team: Support L2", f"team: {scalar}"), ODD_SCALARS.get(name, "reads as"))
    for name, character in CHARACTERS.items():
        for form in (f'"Support{character}L2"', f"Support{character}L2"):
            style = "quoted" if form.startswith('"') else "plain"
            yield Poison(f"character-{name}-{style}", change("team: Support L2", f"team: {form}"), "")
    for escape in ESCAPES:
        yield Poison(f"escape-{escape[1:]}", change("team: Support L2", f'team: "a{escape}b"'), "invisible character")
    for control in CONTROLS:
        yield Poison(f"control-{control:02x}", change("team: Support L2", f"team: a{chr(control)}b"), "U+00")
