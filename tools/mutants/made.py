"""The mutants of a file: mutmut's, and those that leave a guard out.

mutmut's own run changes what stands in undecorated functions only; most guards of an API stand in decorators, queries
and tables. So its operators are applied to whole files here, and what cannot matter is left out: what people read
(translated texts, sentences, log lines), annotations without a call in them, and imports.
"""

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider
from mutmut.mutation.mutators import mutation_operators

from tools.mutants import rooms
from tools.mutants.mutant import Mutant

QUERIES = {"filter", "exclude", "get", "get_or_create", "update_or_create", "update", "get_object_or_404", "Q"}
_WORDS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "lazy", "Refusal"}
_LOGS = {"log", "logger", "logging"}
_FOR_PEOPLE = {"summary", "description", "help_text", "verbose_name", "title"}
ENOUGH, SHOWN = 16, 200  # letters
_NO_PART = (cst.Import, cst.ImportFrom)


@dataclass(frozen=True)
class _Change:
    old: cst.CSTNode
    new: cst.CSTNode
    leaves_out: bool


def _left_out(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The code without a condition, a filter, a refusal, a decorator, a call for its effect."""
    if isinstance(node, cst.If | cst.CompIf):
        for value in ("False", "True"):
            if not isinstance(node.test, cst.Name) or node.test.value != value:
                yield node.with_changes(test=cst.Name(value), whitespace_before_test=cst.SimpleWhitespace(" "))
    elif isinstance(node, cst.BooleanOperation):
        yield node.left
        yield node.right
    elif isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        if node.func.attr.value in {"filter", "exclude"}:
            yield node.func.value
    elif isinstance(node, cst.Raise) or (isinstance(node, cst.Expr) and isinstance(node.value, cst.Call | cst.Await)):
        if isinstance(node, cst.Raise) or not _is_for_people(node.value):
            yield cst.Pass()
    elif isinstance(node, cst.FunctionDef):
        for decorator in node.decorators:
            yield node.with_changes(decorators=[other for other in node.decorators if other is not decorator])


def _called(node: cst.CSTNode) -> str:
    """The name that a call calls, without what it is an attribute of."""
    if not isinstance(node, cst.Call):
        return ""
    func = node.func
    return func.value if isinstance(func, cst.Name) else func.attr.value if isinstance(func, cst.Attribute) else ""


def _is_for_people(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Call):
        base = node.func.value if isinstance(node.func, cst.Attribute) else None
        return _called(node) in _WORDS or (isinstance(base, cst.Name) and base.value in _LOGS)
    if isinstance(node, cst.Arg):
        return node.keyword is not None and node.keyword.value in _FOR_PEOPLE
    if isinstance(node, cst.SimpleStatementLine):
        first = node.body[0]  # a docstring
        return isinstance(first, cst.Expr) and isinstance(first.value, cst.SimpleString | cst.ConcatenatedString)
    return False


def _is_for_readers(node: cst.CSTNode) -> bool:
    """Of `__all__`: it says what is meant for others, and nothing here imports by a star."""
    targets = node.targets if isinstance(node, cst.Assign) else ()
    return any(isinstance(one.target, cst.Name) and one.target.value == "__all__" for one in targets)


def _is_sentence(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.SimpleString) and " " in node.raw_value.strip()


class _Finds(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.changes: list[_Change] = []
        self._annotations = 0
        self._calls: list[int] = []  # how deep in annotations a call was entered

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, _NO_PART) or _is_for_people(node) or isinstance(node, cst.FormattedStringText):
            return False
        if isinstance(node, cst.If) and isinstance(node.test, cst.Name) and node.test.value == "TYPE_CHECKING":
            return False
        if _is_for_readers(node):
            return False
        if isinstance(node, cst.Annotation):
            self._annotations += 1
        if self._annotations and isinstance(node, cst.Call):
            self._calls.append(self._annotations)
        if self._annotations and not self._calls:
            return True
        self.changes += [_Change(node, new, True) for new in _left_out(node)]
        if not _is_sentence(node):
            self.changes += [_Change(node, new, False) for new in _by_mutmut(node)]
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.Annotation):
            self._annotations -= 1
        if self._annotations and isinstance(original_node, cst.Call):
            self._calls.pop()


def _by_mutmut(node: cst.CSTNode) -> Iterable[cst.CSTNode]:
    for kind, operator in mutation_operators:
        if isinstance(node, kind):
            yield from operator(node)


@dataclass(frozen=True)
class _Parsed:
    module: cst.Module
    changes: list[_Change]
    mutants: list[Mutant]


@cache
def _parsed(file: str) -> _Parsed:
    wrapper = MetadataWrapper(cst.parse_module((rooms.ROOT / file).read_text(encoding="utf-8")), unsafe_skip_copy=True)
    places = wrapper.resolve(PositionProvider)
    parents = wrapper.resolve(ParentNodeProvider)
    finds = _Finds()
    wrapper.module.visit(finds)
    code = wrapper.module.code_for_node
    lines = wrapper.module.code.splitlines()
    mutants = []
    for number, change in enumerate(finds.changes):
        chain = [change.old]
        while (parent := parents.get(chain[-1])) is not None:
            chain.append(parent)
        placed = next(one for one in chain if one in places)
        first, last, function = _where(chain, places)
        guard = change.leaves_out or _guards(chain)
        was, now = _shown(change, chain, code)
        line = places[placed].start.line
        uses = _uses(chain, places, lines) if function is None else frozenset()
        mutants.append(Mutant(file, number, line, first, last, function, uses, guard, was, now, _named(chain)))
    return _Parsed(wrapper.module, finds.changes, mutants)


def _shown(change: _Change, chain: list[cst.CSTNode], code: Callable[[cst.CSTNode], str]) -> tuple[str, str]:
    """What stood there and what stands there now, with enough around it to be understood, on one line."""
    old, new = change.old, change.new
    if isinstance(old, cst.FunctionDef) and isinstance(new, cst.FunctionDef):
        return _line(map(code, old.decorators), old.name.value), _line(map(code, new.decorators), new.name.value)
    if isinstance(old, cst.If | cst.CompIf) and isinstance(new, cst.If | cst.CompIf):
        return _line(["if", code(old.test)]), _line(["if", code(new.test)])
    for outer in chain[1:]:
        if len(code(old).strip()) >= ENOUGH or not isinstance(outer, cst.BaseExpression | cst.ComparisonTarget):
            break
        replaced = outer.deep_replace(old, new)
        assert isinstance(replaced, cst.CSTNode)
        old, new = outer, replaced
    return _line([code(old)]), _line([code(new)])


def _line(parts: Iterable[str], last: str = "") -> str:
    return " ".join(" ".join((*parts, last)).split())[:SHOWN]


def _where(chain: list[cst.CSTNode], places: Mapping[cst.CSTNode, Any]) -> tuple[int, int, tuple[int, int] | None]:
    """Lines of the statement (of one with a body: its head, as far as the change), and of the outermost function."""
    span = places.__getitem__
    statement = next((one for one in chain if isinstance(one, cst.BaseStatement | cst.SimpleStatementLine)), chain[-1])
    first, last = span(statement).start.line, span(statement).end.line
    case = next((one for one in chain if isinstance(one, cst.MatchCase)), None)
    if isinstance(statement, cst.Match):  # it has cases in place of a body, and a case is no statement
        first, last = (span(one).start.line for one in (case, case.body)) if case else (first, first)
    elif isinstance(statement, cst.BaseCompoundStatement):
        body = span(statement.body).start.line
        last = max(first, body - 1 if isinstance(statement.body, cst.IndentedBlock) else body)
    outer = [one for one in chain if isinstance(one, cst.FunctionDef)]
    inside = outer and isinstance(outer[-1], cst.FunctionDef) and any(one is outer[-1].body for one in chain)
    return first, last, (span(outer[-1]).start.line, span(outer[-1]).end.line) if inside else None


def _named(chain: list[cst.CSTNode]) -> str:
    return ".".join(one.name.value for one in reversed(chain) if isinstance(one, cst.FunctionDef | cst.ClassDef))


def _uses(chain: list[cst.CSTNode], places: Mapping[cst.CSTNode, Any], lines: list[str]) -> frozenset[int]:
    """Lines that name what a statement at the top defines; of a decorator the function, of a class its methods too."""
    statement = next(one for one in reversed(chain) if isinstance(one, cst.BaseStatement | cst.SimpleStatementLine))
    names = [target.target.value for target in _targets(statement) if isinstance(target.target, cst.Name)]
    if isinstance(statement, cst.FunctionDef | cst.ClassDef):
        names = [statement.name.value]
        names += [part.name.value for part in chain if isinstance(part, cst.FunctionDef)]
    named = re.compile("|".join(rf"\b{name}\b" for name in names) or "(?!)")
    span = places[statement].start.line, places[statement].end.line
    found = {number for number, line in enumerate(lines, 1) if named.search(line) and not span[0] <= number <= span[1]}
    if isinstance(statement, cst.FunctionDef | cst.ClassDef):
        found |= set(range(span[0], span[1] + 1))
    return frozenset(found)


def _targets(statement: cst.CSTNode) -> list[cst.AssignTarget | cst.AnnAssign]:
    parts = statement.body if isinstance(statement, cst.SimpleStatementLine) else ()
    return [
        target
        for part in parts
        if isinstance(part, cst.Assign | cst.AnnAssign)
        for target in (part.targets if isinstance(part, cst.Assign) else [part])
    ]


def _guards(chain: list[cst.CSTNode]) -> bool:
    """Whether what is changed stands in a condition, a query or a decorator."""
    for inner, outer in pairwise(chain):
        if isinstance(inner, cst.Comparison | cst.BooleanOperation | cst.Decorator | cst.ComparisonTarget):
            return True
        if isinstance(outer, cst.If | cst.While | cst.IfExp | cst.CompIf | cst.Assert) and inner is outer.test:
            return True
        if isinstance(inner, cst.Call) and _called(inner) in QUERIES:
            return True
        if isinstance(inner, cst.SimpleStatementLine):
            return False
    return False


def mutants(file: str) -> list[Mutant]:
    return _parsed(file).mutants


def source(mutant: Mutant) -> str:
    """The file with the change in it."""
    parsed = _parsed(mutant.file)
    change = parsed.changes[mutant.number]
    changed = parsed.module.deep_replace(change.old, change.new)
    assert isinstance(changed, cst.Module)
    return changed.code


def differs(mutant: Mutant) -> bool:
    """Whether it is Python, and other Python than before."""
    before = Path(rooms.ROOT / mutant.file).read_text(encoding="utf-8")
    try:
        return compile(source(mutant), mutant.file, "exec") != compile(before, mutant.file, "exec")
    except SyntaxError:
        return False


def sample(room: str, count: int, seed: int, guards: float) -> list[Mutant]:
    """Of all mutants of a room: this share of guards, the rest of the others; the same from the same seed."""
    everything = [mutant for file in rooms.files(room) for mutant in mutants(file)]
    chance = random.Random(f"{room} {seed}")
    drawn: list[Mutant] = []
    for kind, many in ((True, round(count * guards)), (False, count - round(count * guards))):
        of_kind = [mutant for mutant in everything if mutant.guard == kind]
        chance.shuffle(of_kind)
        drawn += _first(of_kind, many)
    return sorted(drawn, key=lambda mutant: (mutant.file, mutant.number))


def _first(found: list[Mutant], many: int) -> list[Mutant]:
    good: list[Mutant] = []
    for mutant in found:
        if len(good) == many:
            break
        if differs(mutant):
            good.append(mutant)
    return good


def forget() -> None:
    """Lets go of the parsed files: a process that forks often should be small."""
    _parsed.cache_clear()
