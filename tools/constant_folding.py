"""Whole numbers of a module are put in where they are used, before compiling for a board, and then need no name.

mpy-cross does this inside one file only, for `_NAME = const(1)`. Across files it saves each name in every file that has
it: a table such as events.py need not be loaded at all, however many codes it has, and wire.py is left with functions.
Functions at the top of a module that nothing in the firmware names, because only the host needs them, are left out.
"""

import ast
import operator
import re
from functools import lru_cache
from pathlib import Path

_SUMS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.LShift: operator.lshift,
    ast.BitOr: operator.or_,
}

HOST_ONLY = "protocol"  # the folder of the firmware that no board loads
_PAIRS = re.compile(r"^( *[\w.]+(?:\[\w+\])?(?:, [\w.]+(?:\[\w+\])?)+ = )\((.+)\)$", re.MULTILINE)


def fold(source: Path, root: Path, keep: bool = False) -> str:
    """The source of a module below `root` with its numbers, and those of other modules there, put in.

    keep: its own numbers and functions stay, for who else may ask for them (tests). Raises SyntaxError where it cannot
    be done: those names are not there on a board.
    """
    text = source.read_text(encoding="utf-8")
    tree = ast.parse(text, str(source))
    own = _numbers(tree, source, root)
    modules = {name: defined(file) for name, file in _modules(tree, source, root).items()}
    put_in = _PutIn(own, {name: known for name, known in modules.items() if known})
    tree = put_in.visit(tree)
    tree = _TakeOut({} if keep else own, own, put_in).visit(tree)
    unused = [] if keep else [node for node in tree.body if isinstance(node, ast.FunctionDef) and _unused(node, root)]
    tree.body = [node for node in tree.body if node not in unused]
    return text if not put_in.changed and not unused else bare(ast.unparse(ast.fix_missing_locations(tree))) + "\n"


def bare(text: str) -> str:
    """`a, b = (c, d)`, as ast writes it, without the parentheses: with them MicroPython makes a tuple each time."""
    return _PAIRS.sub(lambda found: found[1] + found[2] if _whole(found[2]) else found[0], text)


def _whole(inner: str) -> bool:
    """Whether a parenthesis before it is closed only behind it."""
    depth = 0
    for letter in inner:
        depth += (letter in "([{") - (letter in ")]}")
        if depth < 0 or letter in "'\"":
            return False
    return True


def defined(file: Path) -> dict[str, int]:
    """The names to which a module gives a whole number at its top, and nothing else anywhere."""
    return _defined(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=1024)
def _defined(file: Path, _: int) -> dict[str, int]:
    tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    names = _set_in(tree)
    found: dict[str, int] = {}
    for node in tree.body:
        name = _assigned(node)
        value = _value(node.value, found) if isinstance(node, ast.Assign) and name else None
        if name is not None and value is not None and names.count(name) == 1:
            found[name] = value
    return found


def _unused(function: ast.FunctionDef, root: Path) -> bool:
    """Whether nothing below `root` names it, be it in a text as of what is loaded by its name."""
    files = (file for file in root.rglob("*.py") if file.parent.name != HOST_ONLY)
    return not any(function.name in _named(file, file.stat().st_mtime_ns) for file in files)


@lru_cache(maxsize=1024)
def _named(file: Path, _: int) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), str(file))):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.alias):
            found.add(node.name)
        elif isinstance(node, ast.Constant) and type(node.value) is str:
            found.add(node.value)
    return found


def _set_in(tree: ast.Module) -> list[str]:
    """Every name that is given a value, and every argument's."""
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return names + [node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)]


def _numbers(tree: ast.Module, source: Path, root: Path) -> dict[str, int]:
    """What the names of a module stand for here: its own numbers, and those that it imports by name."""
    found = dict(defined(source))
    names = _set_in(tree)
    for node in ast.walk(tree):
        other = _file_of(node, source, root) if isinstance(node, ast.ImportFrom) else None
        if not isinstance(node, ast.ImportFrom) or other is None:
            continue
        known, passed_on = defined(other), _passed_on(other, root)
        for one in node.names:
            name = one.asname or one.name
            if one.name in passed_on:
                raise SyntaxError(f"line {node.lineno}: import {one.name} from where it is defined")
            if one.name in known:
                if name in names or found.get(name, known[one.name]) != known[one.name]:
                    raise SyntaxError(f"line {node.lineno}: {name} is a number of another module; use another name")
                found[name] = known[one.name]
    return found


@lru_cache(maxsize=1024)
def _imports(file: Path, _: int) -> list[ast.ImportFrom]:
    tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    return [node for node in tree.body if isinstance(node, ast.ImportFrom)]


def _passed_on(file: Path, root: Path) -> set[str]:
    """Numbers that a module imports itself: on a board it has no such name."""
    found: set[str] = set()
    for node in _imports(file, file.stat().st_mtime_ns):
        other = _file_of(node, file, root)
        if other is not None:
            found |= {alias.asname or alias.name for alias in node.names} & defined(other).keys()
    return found


class _PutIn(ast.NodeTransformer):
    """used: which modules are still named after it. changed: whether anything was put in."""

    def __init__(self, own: dict[str, int], modules: dict[str, dict[str, int]]) -> None:
        self._own = own
        self.modules = modules
        self.used: set[str] = set()
        self.changed = bool(own)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.modules:
            raise SyntaxError(f"line {node.lineno}: {node.id} has numbers, so it cannot be handed around or named anew")
        if isinstance(node.ctx, ast.Load) and node.id in self._own:
            return ast.Constant(self._own[node.id])
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id in self.modules:
            known = self.modules[node.value.id]
            if node.attr in known and isinstance(node.ctx, ast.Load):
                self.changed = True
                return ast.Constant(known[node.attr])
            self.used.add(node.value.id)
            return node
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        if node.arg in self.modules:
            raise SyntaxError(f"line {node.lineno}: {node.arg} is a module with numbers; give this another name")
        return node


class _TakeOut(ast.NodeTransformer):
    """The imports that are not needed any more, and the numbers themselves."""

    def __init__(self, defined_here: dict[str, int], own: dict[str, int], put_in: _PutIn) -> None:
        self._defined = defined_here
        self._own = own
        self._put_in = put_in

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt:
        if node.level:
            node.names = [alias for alias in node.names if not self._gone(alias.asname or alias.name)]
        return node if node.names else ast.Pass()

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        return ast.Pass() if _assigned(node) in self._defined else node

    def _gone(self, name: str) -> bool:
        return name in self._own or (name in self._put_in.modules and name not in self._put_in.used)


def _assigned(node: ast.stmt) -> str | None:
    """The name, of `NAME = ...` at the top; none of those that mpy-cross itself puts in."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        return None if name.startswith("_") else name
    return None


def _value(node: ast.expr, known: dict[str, int]) -> int | None:
    """The whole number that an expression is, when that can be told here."""
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) is int else None
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "const":
        return _value(node.args[0], known)
    if isinstance(node, ast.BinOp) and type(node.op) in _SUMS:
        left, right = _value(node.left, known), _value(node.right, known)
        return None if left is None or right is None else int(_SUMS[type(node.op)](left, right))
    return None


def _modules(tree: ast.Module, source: Path, root: Path) -> dict[str, Path]:
    """The modules that `from . import name` at the top makes known here."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            for alias in node.names:
                folder = source.parents[node.level - 1].joinpath(*(node.module or "").split("."))
                file = folder / f"{alias.name}.py"
                if file.exists() and file.is_relative_to(root):
                    found[alias.asname or alias.name] = file
    return found


def _file_of(node: ast.ImportFrom, source: Path, root: Path) -> Path | None:
    """The module that `from ..a.b import x` names, seen from `source`."""
    if node.module is None or not node.level:
        return None
    file = source.parents[node.level - 1].joinpath(*node.module.split(".")).with_suffix(".py")
    return file if file.exists() and file.is_relative_to(root) else None
