"""`python -m tools.structure`: what the code says of its own house: circles, arrows up, what is long."""

import argparse
import ast
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("firmware", "sim", "tools")  # from the ground up
CHECKED = "sim/virtual"  # where promises are checked
LONGEST_FUNCTION = 70  # lines
LONGEST_FILE = 600  # lines of text; migrations and catalogues are made by programs
MADE = ("/migrations/", ".po")
TEXTS = (".py", ".js", ".css", ".html", ".md", ".toml", ".sh")


@dataclass
class SourceModule:
    """One file. imports: modules that it needs while it is imported; late: those that a function of it imports."""

    path: Path
    where: str
    tree: ast.Module
    imports: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)


def read(root: Path = ROOT) -> dict[str, SourceModule]:
    """Every module of the three floors by its dotted name."""
    found = {}
    for floor in FLOORS:
        for path in sorted((root / floor).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found[name] = SourceModule(path, path.relative_to(root).as_posix(), tree)
    for name, module in found.items():
        package = name if module.path.name == "__init__.py" else name.rpartition(".")[0]
        module.imports = set(_targets(module.tree.body, package, found, late=False))
        module.late = set(_targets(module.tree.body, package, found, late=True)) - module.imports
    return found


def _targets(body: list[ast.stmt], package: str, known: dict[str, SourceModule], late: bool) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.Import):
            yield from () if late else (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            if not late:
                yield from _from(node, package, known)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if late:
                inner = [one for one in ast.walk(node) if isinstance(one, ast.Import | ast.ImportFrom)]
                yield from _targets(list(inner), package, known, late=False)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        else:
            for inner_body in ("body", "orelse", "finalbody"):
                yield from _targets(getattr(node, inner_body, []), package, known, late)


def _from(node: ast.ImportFrom, package: str, known: dict[str, SourceModule]) -> Iterator[str]:
    parts = package.split(".")
    base = node.module or ""
    if node.level:
        base = ".".join([*parts[: len(parts) - node.level + 1], base]).strip(".")
    for alias in node.names:
        if f"{base}.{alias.name}" in known:
            yield f"{base}.{alias.name}"
        elif base in known:
            yield base


def circles(modules: dict[str, SourceModule], late: bool = False) -> list[list[str]]:
    """Modules that need each other (Tarjan's strongly connected components). late: imports in functions count too."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        needs = modules[name].imports | (modules[name].late if late else set())
        for other in sorted(needs):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            circle: list[str] = []
            while not circle or circle[-1] != name:
                circle.append(stack.pop())
            if len(circle) > 1:
                found.append(sorted(circle))

    sys.setrecursionlimit(10_000)
    for name in modules:
        if name not in index:
            visit(name)
    return found


def arrows_up(modules: dict[str, SourceModule]) -> list[str]:
    floor = {name: FLOORS.index(name.split(".")[0]) for name in modules}
    return [
        f"{name} -> {other}"
        for name, module in modules.items()
        for other in sorted(module.imports | module.late)
        if floor[other] > floor[name]
    ]


def privates(modules: dict[str, SourceModule]) -> list[str]:
    """`other._name` where the file defines no such name itself: it knows the inside of another room."""
    found = []
    for module in modules.values():
        own = {one.attr for one in ast.walk(module.tree) if isinstance(one, ast.Attribute) and _of_self(one)} | {
            node.name for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and _is_private(node.attr) and node.attr not in own:
                found.append(f"{module.where}:{node.lineno} {ast.unparse(node)}")
    return found


# Public, whatever they look like: documented by Django, collections.namedtuple and os.
PUBLIC = {"_meta", "_default_manager", "_replace", "_exit"}


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in PUBLIC


def _of_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


def long_functions(modules: dict[str, SourceModule]) -> list[str]:
    return [
        f"{module.where}:{node.lineno} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for module in modules.values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ]


def same_names(modules: dict[str, SourceModule]) -> list[str]:
    """Class names that stand in two files or more."""
    places: dict[str, set[str]] = defaultdict(set)
    for module in modules.values():
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and "/migrations/" not in module.where:
                places[node.name].add(module.where)
    return [f"{name}: {', '.join(sorted(files))}" for name, files in sorted(places.items()) if len(files) > 1]


def anys(modules: dict[str, SourceModule]) -> list[str]:
    """`Any` where promises are checked."""
    return [
        f"{module.where}:{node.lineno}"
        for module in modules.values()
        if module.where.startswith(CHECKED)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Name) and node.id == "Any"
    ]


def long_files(root: Path = ROOT) -> list[str]:
    found = []
    for floor in (*FLOORS, "tests", "boards"):
        for path in sorted((root / floor).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.suffix in TEXTS and not any(part in name for part in MADE):
                lines = path.read_text(encoding="utf-8").count("\n")
                if lines > LONGEST_FILE:
                    found.append(f"{name}: {lines} lines")
    return found


def report(root: Path = ROOT) -> dict[str, list[str]]:
    """{what: where}, each list empty in a house without that trouble."""
    modules = read(root)
    return {
        "import circles": [" ".join(circle) for circle in circles(modules)],
        "import circles, late imports counted": [" ".join(circle) for circle in circles(modules, late=True)],
        "arrows back up": arrows_up(modules),
        "touches of another's private names": privates(modules),
        f"functions over {LONGEST_FUNCTION} lines": long_functions(modules),
        f"files over {LONGEST_FILE} lines": long_files(root),
        "class names in two files or more": same_names(modules),
        "Any where promises are checked": anys(modules),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="Print one JSON object: {what: how many}.")
    parser.add_argument("--where", action="store_true", help="Name each place.")
    wanted = parser.parse_args()
    found = report()
    if wanted.json:
        print(json.dumps({what: len(places) for what, places in found.items()}))
        return
    for what, places in found.items():
        print(f"{len(places):>5}  {what}")
        for place in places if wanted.where else ():
            print(f"       {place}")


if __name__ == "__main__":
    main()
