"""`python -m tests.bench.triage FILE`: whole files through triage, and how many a second on one core.

A file of texts (CSV with a column `narrative`) is triaged twice, on keywords alone and with sentiment; a file of
recorded incidents (JSON lines) is held against the matrix. `.gz` is unpacked. Exits 1 when anything does not hold: an
answer without a reason, two answers to one question, or an incident whose priority the matrix does not reproduce.
"""

import argparse
import csv
import gzip
import io
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from escalation.core.case_facts import CaseFacts
from escalation.core.triage import Assessment, Kind, TriageRules, triage
from escalation.core.vocabulary import Severity
from escalation.wire.triage_rules import shipped

AIM_KEYWORDS, AIM_SENTIMENT = 2000, 300
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SHOWN_MAX = 12


def unpacked(path: Path) -> str:
    """The file's text."""
    packed = path.read_bytes()
    return (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode("utf-8")


def texts(path: Path) -> list[str]:
    """The column `narrative` of a CSV file."""
    csv.field_size_limit(2**20)
    return [row["narrative"] for row in csv.DictReader(io.StringIO(unpacked(path)))]


def unlike(path: Path, rules: TriageRules) -> tuple[int, list[str]]:
    """How many incidents there are, and those whose priority the matrix does not reproduce."""
    incidents = [json.loads(line) for line in unpacked(path).splitlines() if line.strip()]
    found = []
    for one in incidents:
        made = triage(CaseFacts(impact=one["impact"], urgency=one["urgency"]), rules, NOW).severity
        if list(Severity).index(made) + 1 != one["priority"]:
            found.append(f"{one['id']}: priority {one['priority']}, the matrix makes {made}")
    return len(incidents), found


def measured(written: Sequence[str], rules: TriageRules) -> tuple[float, list[Assessment]]:
    """Texts in a second of processor time, and the answers."""
    began = time.process_time()
    answers = [triage(CaseFacts(text=text), rules, NOW) for text in written]
    return len(answers) / max(time.process_time() - began, 1e-9), answers


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit 0 when everything holds; the speed is told, never judged."""
    parser = argparse.ArgumentParser(description="Triage whole files, and measure it.")
    parser.add_argument("file", type=Path, help="texts (.csv) or incidents (.jsonl); .gz is unpacked")
    path = parser.parse_args(arguments).file
    rules, _ = shipped()
    if ".csv" not in path.suffixes:
        count, found = unlike(path, rules)
        print(f"{count} incidents, {len(found)} that the matrix does not reproduce", *found[:SHOWN_MAX], sep="\n")
        return bool(found)
    written = texts(path)
    plain = replace(rules, rules=tuple(rule for rule in rules.rules if rule.kind is not Kind.SENTIMENT))
    keywords, _ = measured(written, plain)
    sentiment, answers = measured(written, rules)
    print(f"{len(written)} texts, keywords alone: {keywords:.0f} a second on one core (aim {AIM_KEYWORDS})")
    print(f"{len(written)} texts, with sentiment: {sentiment:.0f} a second on one core (aim {AIM_SENTIMENT})")
    print("decided by:", dict(Counter(answer.decided_by or "nothing" for answer in answers).most_common(SHOWN_MAX)))
    print("urgency:", dict(Counter(str(answer.urgency) for answer in answers).most_common()))
    without = sum(not answer.because for answer in answers)
    other = sum(first != second for first, second in zip(answers, measured(written, rules)[1], strict=True))
    print(f"{without} without a reason, {other} answered otherwise the second time")
    return bool(without or other)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.exit(code)
