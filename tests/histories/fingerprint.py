"""The commands that the workflow can issue, read from its source: where, which, with what, and under which terms.

`commands.lock.json` holds them. Any difference is a question: does a run that began before the change go on after it?
"""

import ast
import inspect
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from escalation.core.effects import Effect, FindContacts, Notify, Reconcile, WriteTicket
from escalation.core.vocabulary import Channel, Severity
from tests.histories.recorded import FOLDER
from workflows import options, ports

LOCK = FOLDER / "commands.lock.json"
# What makes the engine do or remember something, as attributes of `workflow`; also what decides whether it does.
COMMANDS = frozenset(
    {
        "execute_activity",
        "start_activity",
        "execute_activity_method",
        "start_activity_method",
        "execute_local_activity",
        "start_local_activity",
        "execute_child_workflow",
        "start_child_workflow",
        "get_external_workflow_handle",
        "sleep",
        "wait_condition",
        "upsert_search_attributes",
        "upsert_memo",
        "continue_as_new",
        "patched",
        "deprecate_patch",
    }
)
SEND_TIMEOUT = timedelta(seconds=45)


def current() -> dict[str, list[str]]:
    """The commands of the code as it is."""
    return {"commands": commands(_sources()), "terms": _terms(), "ports": _ports()}


def faults() -> list[str]:
    """What the lock file says otherwise; each line names the place."""
    locked: dict[str, list[str]] = json.loads(LOCK.read_text()) if LOCK.exists() else {}
    now = current()
    found = []
    for section in now:
        before, after = locked.get(section, []), now[section]
        found += [f"{section}: no longer: {line}" for line in before if before.count(line) > after.count(line)]
        found += [f"{section}: not in the lock: {line}" for line in after if after.count(line) > before.count(line)]
        if before != after and sorted(before) == sorted(after):
            found.append(f"{section}: the same, in another order")
    return found


def write() -> None:
    """Lock the code as it is."""
    LOCK.write_text(json.dumps(current(), indent=1, ensure_ascii=False) + "\n")


def commands(sources: dict[str, str]) -> list[str]:
    """Every call in those modules (name → text) that can issue a command, in the order of the text."""
    found = []
    for module, text in sources.items():
        found += [f"{module} {where or 'module'}: {_said(text, call)}" for where, call in _calls(ast.parse(text), "")]
    return found


def _sources() -> dict[str, str]:
    folder = Path(inspect.getfile(options)).parent
    return {path.name: path.read_text() for path in sorted(folder.glob("*.py"))}


def _calls(node: ast.AST, where: str) -> Iterator[tuple[str, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        inside = where
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inside = f"{where}.{child.name}" if where else child.name
        elif isinstance(child, ast.Call) and _called(child) in COMMANDS:
            yield where, child
        yield from _calls(child, inside)


def _said(text: str, call: ast.Call) -> str:
    """As it is written, on one line: what Python makes of it differs from one version to the next."""
    line = " ".join((ast.get_source_segment(text, call) or "").split())
    return line.replace("( ", "(").replace(", )", ")").replace(" )", ")")


def _called(call: ast.Call) -> str:
    # `workflow.sleep` and a bare `sleep` that was imported are the same; an `asyncio.sleep` starts a timer, too.
    match call.func:
        case ast.Attribute(value=ast.Name(id="workflow" | "asyncio"), attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def _terms() -> list[str]:
    found = [f"{name} = {value!r}" for name, value in sorted(vars(options).items()) if name.isupper()]
    for channel in Channel:
        sends: tuple[Effect, ...] = (_hollow(Notify, channel=channel), _hollow(Reconcile, channel=channel))
        found += [f"{effect.kind} by {channel}: {_chosen(effect)}" for effect in sends]
    others: tuple[Effect, ...] = (_hollow(FindContacts), _hollow(WriteTicket))
    return found + [f"{effect.kind}: {_chosen(effect)}" for effect in others]


def _hollow(kind: type[Any], **given: object) -> Any:  # noqa: ANN401  # an effect of which only kind and channel count
    unsaid = dict.fromkeys(name for name in kind.__dataclass_fields__ if name != "kind")
    return kind(**{**unsaid, **given})


def _chosen(effect: Effect) -> str:
    chosen = [options.of(effect, (severity, "acme"), SEND_TIMEOUT) for severity in Severity]
    priorities = [each.pop("priority") for each in chosen]
    ranks, (turn,) = [each.priority_key for each in priorities], {each.fairness_key for each in priorities}
    return f"{chosen[0]!r}, priorities {ranks}, turns by customer: {turn is not None}"


def _ports() -> list[str]:
    acts = {name: act for name, act in vars(ports).items() if inspect.isfunction(act) and not name.startswith("_")}
    ours = {name: act for name, act in acts.items() if act.__module__ == ports.__name__}
    return [f"{name}{_signature(act)}" for name, act in sorted(ours.items())]


def _signature(act: Any) -> str:  # noqa: ANN401  # a port
    signature = inspect.signature(act)
    takes = ", ".join(f"{each.name}: {each.annotation.__name__}" for each in signature.parameters.values())
    gives = signature.return_annotation
    return f"({takes}) -> {gives.__name__ if gives is not None else None}"
