"""Cut the vendors' OpenAPI files down to the operations that the stand-ins answer.

Run once per vendor release, from a checkout, on the untouched vendor file:

    python -m escalation.standins.contracts.trim tsg_mail_v3.json sendgrid
    python -m escalation.standins.contracts.trim twilio_api_v2010.json twilio
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

PROSE = frozenset({"description", "summary", "example", "examples", "externalDocs", "servers", "tags"})
"""Keywords that change no verdict. Examples go because some of Twilio's break Twilio's own schemas."""

NAME_MAPS = frozenset(
    {"properties", "schemas", "paths", "responses", "parameters", "requestBodies", "securitySchemes", "headers"}
)
"""Keywords whose children are names chosen by the vendor, so a child called `description` is not prose."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a vendor file came from, and which operations of it are kept."""

    target: str
    repository: str
    path: str
    commit: str
    sha256: str
    operations: Mapping[str, tuple[str, ...]]


_ACCOUNT = "/2010-04-01/Accounts/{AccountSid}"
SOURCES = {
    "sendgrid": Source(
        target="sendgrid_mail_v3.json",
        repository="https://github.com/twilio/sendgrid-oai",
        path="spec/json/tsg_mail_v3.json",
        commit="dbe0e0d2e67a0c3c55b222d54df2acda2b9027a7",
        sha256="4ba24d0feb8a6b347f60528161d1cf0e7591987d2b3a64a6533685dc2b39d19f",
        operations={"/v3/mail/send": ("post",)},
    ),
    "twilio": Source(
        target="twilio_api_v2010.json",
        repository="https://github.com/twilio/twilio-oai",
        path="spec/json/twilio_api_v2010.json",
        commit="d50069b44ea8cd23141385bdb6db48f16ff75bb5",
        sha256="99cae87a6bb1725f71363364cbd30282a13140374b2d5f9bdd5bdfa5d4c8a6d7",
        operations={
            f"{_ACCOUNT}/Messages.json": ("get", "post"),
            f"{_ACCOUNT}/Messages/{{Sid}}.json": ("get",),
            f"{_ACCOUNT}/Calls.json": ("get", "post"),
            f"{_ACCOUNT}/Calls/{{Sid}}.json": ("get",),
        },
    ),
}


def trim(whole: dict[str, Json], source: Source) -> dict[str, Json]:
    """Return `whole` with the source's operations and what they refer to; schemas keep every constraint."""
    paths = _mapping(whole["paths"])
    kept: Json = {
        path: {method: _without_prose(_mapping(paths[path])[method]) for method in methods}
        for path, methods in source.operations.items()
    }
    heading = _mapping(whole["info"])
    trimmed: dict[str, Json] = {
        "openapi": whole["openapi"],
        "info": {
            "title": heading["title"],
            "version": heading["version"],
            "x-trimmed-from": {
                "repository": source.repository,
                "path": source.path,
                "commit": source.commit,
                "sha256": source.sha256,
            },
        },
        "security": whole.get("security", []),
        "paths": kept,
        "components": {},
    }
    components = _mapping(whole["components"])
    schemes = _without_prose(components["securitySchemes"], names=True)
    trimmed["components"] = {**_referenced(components, kept), "securitySchemes": schemes}
    return trimmed


def references(node: Json) -> Iterator[tuple[str, str]]:
    """Yield (section, name) of every `$ref` into the components, repeats included."""
    if isinstance(node, dict):
        ref = node.get("$ref")
        if isinstance(ref, str):
            _, _, section, name = ref.split("/", 3)
            yield section, name
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def _referenced(components: dict[str, Json], root: Json) -> dict[str, Json]:
    kept: dict[str, dict[str, Json]] = {}
    waiting = list(references(root))
    while waiting:
        section, name = waiting.pop()
        if name in kept.get(section, {}):
            continue
        part = _without_prose(_mapping(components[section])[name])
        kept.setdefault(section, {})[name] = part
        waiting.extend(references(part))
    return {section: {name: parts[name] for name in sorted(parts)} for section, parts in sorted(kept.items())}


def _without_prose(node: Json, *, names: bool = False) -> Json:
    if isinstance(node, list):
        return [_without_prose(child) for child in node]
    if not isinstance(node, dict):
        return node
    out: dict[str, Json] = {}
    for key, child in node.items():
        if names or not (key in PROSE or key.startswith("x-")):
            out[key] = _without_prose(child, names=key in NAME_MAPS and not names)
    if not names and "description" in node and _is_response(node):
        out["description"] = node["description"]
    return out


def _is_response(node: dict[str, Json]) -> bool:
    """Only a response must keep its description: OpenAPI requires it there."""
    return (
        "schema" not in node and "type" not in node and ("content" in node or node.keys() <= {"description", "headers"})
    )


def _mapping(node: Json) -> dict[str, Json]:
    if not isinstance(node, dict):
        raise TypeError(f"expected a JSON object in the vendor file, found {type(node).__name__}")
    return node


def main(arguments: list[str]) -> int:
    """Write the trimmed copy beside this script; refuse a file that is not the one the source names."""
    given, which = Path(arguments[0]), arguments[1]
    source, raw = SOURCES[which], given.read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    if digest != source.sha256:
        sys.stderr.write(f"{given}: sha256 is {digest}, expected {source.sha256}; update SOURCES for a new release\n")
        return 2
    target = Path(__file__).with_name(source.target)
    target.write_text(json.dumps(trim(json.loads(raw), source), indent=1, ensure_ascii=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
