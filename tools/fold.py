"""Whole numbers that one module imports from another are put in where they are used, before compiling for a board.

mpy-cross does this inside one file only (`const`). Across files it saves each name twice over: a table such as
events.py need not be loaded at all, however many codes it has.
"""

import ast
from pathlib import Path


def fold(source: Path, root: Path) -> str:
    """The source of a module below `root` with the numbers it imports from other modules there put in."""
    tree = ast.parse(source.read_text(encoding="utf-8"), str(source))
    numbers: dict[str, int] = {}
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        file = _file_of(node, source)
        known = _numbers_of(file) if file is not None and file.is_relative_to(root) else {}
        numbers.update({name.asname or name.name: known[name.name] for name in node.names if name.name in known})
        node.names = [name for name in node.names if name.name not in known]
    if not numbers:
        return source.read_text(encoding="utf-8")
    tree.body = [node for node in tree.body if not isinstance(node, ast.ImportFrom) or node.names]
    return ast.unparse(ast.fix_missing_locations(_PutIn(numbers).visit(tree))) + "\n"


class _PutIn(ast.NodeTransformer):
    def __init__(self, numbers: dict[str, int]) -> None:
        self._numbers = numbers

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self._numbers:
            return node
        if not isinstance(node.ctx, ast.Load):
            raise _taken(node.id, node.lineno)
        return ast.Constant(self._numbers[node.id])

    def visit_arg(self, node: ast.arg) -> ast.arg:
        if node.arg in self._numbers:
            raise _taken(node.arg, node.lineno)
        return node


def _taken(name: str, line: int) -> SyntaxError:
    return SyntaxError(f"line {line}: {name} is a number of another module; give this one another name")


def _file_of(node: ast.ImportFrom, source: Path) -> Path | None:
    """The module that `from ..a.b import x` names, seen from `source`."""
    if node.module is None:
        return None
    folder = source.parents[node.level - 1]
    file = folder.joinpath(*node.module.split(".")).with_suffix(".py")
    return file if file.exists() else None


def _numbers_of(file: Path) -> dict[str, int]:
    """The names that a module gives a whole number at its top, and sets nowhere else."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    set_here = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    found: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name, value = node.targets[0].id, node.value
            if isinstance(value, ast.Constant) and type(value.value) is int and set_here.count(name) == 1:
                found[name] = value.value
    return found
