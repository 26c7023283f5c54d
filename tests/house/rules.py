"""The house rules as pure functions: a module goes in, one line per violation comes out.

Each is tried on a bad sample in the test module of its subject; a rule that cannot fail is worth nothing.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping

from tests.house.tree import Module

TYPES_OF_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)

# --- Size -------------------------------------------------------------------------------------------------------------

FUNCTION_LINES_MAX = 60
FUNCTION_LINES_P95_MAX = 40
MODULE_LINES_MAX = 400
TEST_MODULE_LINES_MAX = 500
WORKER_LINES_MAX = 100
DECIDE_LINES_BESIDE_TABLES_MAX = 120


def function_lengths(module: Module) -> Iterator[tuple[str, int]]:
    """Place and length in lines of every function, from `def` to its last line."""
    for node in ast.walk(module.tree):
        if isinstance(node, TYPES_OF_FUNCTION):
            yield f"{module.path}:{node.lineno}: {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def long_functions(module: Module) -> list[str]:
    return [
        f"{place} has {lines} lines, the limit is {FUNCTION_LINES_MAX}: split it"
        for place, lines in function_lengths(module)
        if lines > FUNCTION_LINES_MAX
    ]


def percentile_95(lengths: list[int]) -> int:
    """Smallest length that at least 95 % of the functions keep; 0 for none."""
    ranked = sorted(lengths)
    return ranked[-(-95 * len(ranked) // 100) - 1] if ranked else 0


def long_module(module: Module, lines_max: int) -> list[str]:
    lines = len(module.text.splitlines())
    return [f"{module.path} has {lines} lines, the limit is {lines_max}: split it"] if lines > lines_max else []


# --- Names ------------------------------------------------------------------------------------------------------------

WORDS_NEVER = frozenset({"helper", "helpers", "manager", "util", "utils"})
"""Words that say nothing, in whatever name they stand. (`managers` are people, and may be named.)"""
NAMES_NEVER = frozenset({"data", "info", "process"})
"""Words that say nothing when they are the whole name, or the last word of a class."""


def _defined_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case ast.alias(asname=str(name)):
                yield node.lineno, name
            case _:
                pass


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def _says_nothing(name: str) -> bool:
    words = _words(name)
    is_class = name[:1].isupper() and not name.isupper()
    return bool(
        WORDS_NEVER.intersection(words)
        or (len(words) == 1 and words[0] in NAMES_NEVER)
        or (is_class and words[-1] in NAMES_NEVER)
        or (words[:1] == ["handle"] and len(words) > 1)
    )


def empty_names(module: Module, allowed: Mapping[str, str]) -> list[str]:
    """Names of our own that say nothing; `allowed` maps `path:name` to the reason why that one may stay."""
    path = module.path
    file_names = [(1, part) for part in path.removesuffix(".py").split("/")]
    return [
        f"{path}:{line}: {name!r} says nothing: take the glossary's word for the thing"
        for line, name in [*file_names, *_defined_names(module.tree)]
        if _says_nothing(name) and f"{path}:{name}" not in allowed
    ]


# --- Time and chance --------------------------------------------------------------------------------------------------

CHANCE_AND_CLOCK = frozenset({"random", "secrets", "time"})
CORE_NEVER = CHANCE_AND_CLOCK | {
    "asyncio", "concurrent", "ctypes", "http", "io", "logging", "multiprocessing", "os", "pathlib", "shutil", "signal",
    "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "urllib", "zoneinfo",
}  # fmt: skip
"""In the standard library, yet no part of a pure core: clocks, chance, waiting, logging, and everything outside."""

WALL_CLOCK = frozenset(
    {"date.today", "datetime.now", "datetime.today", "datetime.utcnow", "os.urandom"}
    | {"uuid.uuid1", "uuid.uuid4", "uuid1", "uuid4"}
)


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a chain of attributes; empty when it does not begin with a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Line and full name of every module imported, wherever the import stands; relative ones begin with a dot."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def clock_or_chance(module: Module) -> list[str]:
    """Reads of the wall clock and of randomness; `workflow.now()` and its like are the engine's and replay."""
    found = [
        f"{module.path}:{line}: imports {name!r}: time and chance come in as arguments"
        for line, name in imports(module)
        if name.split(".")[0] in CHANCE_AND_CLOCK
    ]
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func)
        if ".".join(name.split(".")[-2:]) in WALL_CLOCK and not name.startswith("workflow."):
            found.append(f"{module.path}:{node.lineno}: calls {name}(): time and chance come in as arguments")
    return found


def impure_imports(module: Module) -> list[str]:
    """What a module of the core imports beside the core itself and the pure part of the standard library."""
    found = []
    for line, name in imports(module):
        top = name.split(".")[0]
        inside = name == "escalation.core" or name.startswith("escalation.core.")
        if not inside and (top not in sys.stdlib_module_names or top in CORE_NEVER):
            found.append(
                f"{module.path}:{line}: imports {name!r}: the core is pure and stands on the standard library alone"
            )
    return found


def waits(module: Module) -> list[str]:
    """Everything asynchronous; the core decides at once."""
    waiting = (ast.AsyncFor, ast.AsyncFunctionDef, ast.AsyncWith, ast.Await)
    return [
        f"{module.path}:{node.lineno}: waits: the core decides at once"
        for node in ast.walk(module.tree)
        if isinstance(node, waiting)
    ]


def sleeps(module: Module, allowed: Mapping[str, str]) -> list[str]:
    """Calls of any `sleep`; `allowed` maps `path:function` (or `path:` outside of one) to the reason."""
    found = []
    for function, node in _calls_by_function(module.tree, ""):
        name = dotted(node.func) or (node.func.attr if isinstance(node.func, ast.Attribute) else "")
        if name.split(".")[-1] == "sleep" and f"{module.path}:{function}" not in allowed:
            found.append(f"{module.path}:{node.lineno}: sleeps in {function!r}: await the condition instead")
    return found


def _calls_by_function(node: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield function, child
        inner = child.name if isinstance(child, TYPES_OF_FUNCTION) else function
        yield from _calls_by_function(child, inner)


# --- The table --------------------------------------------------------------------------------------------------------


def lines_beside_tables(module: Module) -> int:
    """Lines of a module without the rows of its tables (dicts at the top level): rows may be added, logic may not."""
    rows = sum(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for node in module.tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict)
    )
    return len(module.text.splitlines()) - rows


def branches_on_phase(module: Module) -> list[str]:
    """Conditions that know a phase: `decide.py` looks (phase, command) up, the rule it finds knows the rest.

    Membership in a table (a name in capitals) is a look-up, and so is a phase given to a function.
    """
    found = []
    for node in ast.walk(module.tree):
        match node:
            case ast.If(test=asked) | ast.IfExp(test=asked) | ast.While(test=asked) | ast.Match(subject=asked):
                conditions = [asked]
            case ast.comprehension(ifs=asked_of_each):
                conditions = list(asked_of_each)
            case _:
                continue
        if any(_knows_a_phase(condition) for condition in conditions):
            line = conditions[0].lineno
            found.append(f"{module.path}:{line}: branches on the phase: write a row of the table, and a rule")
    return found


def _knows_a_phase(asked: ast.expr) -> bool:
    match asked:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name == "phase" or "Phase" in dotted(asked).split(".")
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[ast.Name(id=table)]) if table.isupper():
            return False
        case ast.Call():
            return False
        case _:
            return any(_knows_a_phase(part) for part in ast.iter_child_nodes(asked) if isinstance(part, ast.expr))


# --- Text -------------------------------------------------------------------------------------------------------------

# Written so that no pattern matches itself.
PLACES = re.compile(r"(?<![\w.$*}-])/(?:wor[k]|tm[p]/build|tm[p]/probe|hom[e]/\w+|User[s]/\w+|roo[t]/)\b|\bshare[d]/")
"""Places that exist on one machine only."""
REGISTRIES = re.compile(
    r"\bpyp[i]\.org/simple|file[s]\.pythonhosted\.org|registr[y]\.npmjs|(?<!no-emit-)(?:extra-)?inde[x]-url|file:/[/]/"
)
"""Where packages come from is the machine's business: its own configuration says so."""
LEFT_UNDONE = re.compile(r"\b(?:TOD[O]|FIXM[E])\b")


def matching_lines(module: Module, pattern: re.Pattern[str], why: str) -> list[str]:
    return [
        f"{module.path}:{number}: {found.group()!r}: {why}"
        for number, line in enumerate(module.text.splitlines(), start=1)
        if (found := pattern.search(line))
    ]
