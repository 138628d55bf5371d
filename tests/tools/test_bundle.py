"""Modules that become one before compiling: they do the same, under names that mean one thing."""

import ast
import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools import build, bundle, shorten

APP = "controller/app"


def put_together(**texts: str) -> dict[str, str]:
    """Head -> source, of modules beside controller/app.py."""
    trees = bundle.modules({f"controller/{name}.py": text for name, text in texts.items()})
    made = bundle.bundles(trees, {})
    return {head: bundle.bundled(one, made, trees) for head, one in made.items()}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], Any]:
    """Gives the head of all, as a slot has it."""

    def load(texts: dict[str, str]) -> Any:
        for head, text in texts.items():
            file = (tmp_path / bundle.file_of(head)).with_suffix(".py")
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
            monkeypatch.delitem(sys.modules, bundle.file_of(head).replace("/", "."), raising=False)
        monkeypatch.delitem(sys.modules, "controller", raising=False)
        monkeypatch.syspath_prepend(tmp_path)
        return importlib.import_module("controller.app")

    return load


def test_what_stands_at_the_top_comes_along_and_what_a_function_imports_does_not() -> None:
    made = put_together(
        app="from . import a\n\ndef late():\n    from .b import f\n    return f() + a.f()\n",
        a="def f():\n    return 1\n",
        b="from .c import g\n\ndef f():\n    return g()\n",
        c="def g():\n    return 2\n",
    )
    assert sorted(made) == ["controller/app", "controller/b"]
    assert "import a" not in made[APP] and "from .b import f" in made[APP]
    assert "import" not in made["controller/b"]


def test_names_that_mean_two_things_are_told_apart(run: Any) -> None:
    made = put_together(
        app="from . import a, b\nfrom .b import f as g\n\n"
        "def f(x):\n    return [x, a.f(x), b.f(x), g(x), a.twice(x)]\n",
        a="_N = 10\n\ndef f(x):\n    return x + _N\n\ndef twice(x, f=f):\n    return f(f(x))\n",
        b="_N = 20\n\ndef f(x):\n    return x + _N\n",
    )
    assert run(made).f(1) == [1, 11, 21, 21, 21]


def test_a_local_name_stays_the_functions_own(run: Any) -> None:
    made = put_together(
        app="from . import a\n\ndef f(now):\n    add = now + 1\n    return add, a.add(now)\n",
        a="class Box:\n    add = 3\n\n    def give(self):\n        return add(self.add)\n\n"
        "def add(x):\n    return x + 100\n",
    )
    module = run(made)
    assert module.f(1) == (2, 101)
    assert module.Box().give() == 103


def test_a_local_name_of_a_module_that_is_alone_hides_no_function_of_another(run: Any) -> None:
    texts = {
        "app": "from . import base\ndef go():\n    from .other import it\n    return it()\n",
        "base": "def first(a, b):\n    return a or b\n",
        "other": "from . import base\ndef it():\n    first = None\n    first = base.first(first, 7)\n    return first",
    }
    assert run(put_together(**texts)).go() == 7


def test_what_two_need_is_a_file_of_its_own_and_known_to_both(run: Any) -> None:
    made = put_together(
        app="def f():\n    from .a import f\n    from . import b\n    return f(), b.f()\n",
        a="from . import c\n\ndef f():\n    return c.both\n",
        b="from .c import both\n\ndef f():\n    return both\n",
        c="both = [5]\n",
    )
    assert sorted(made) == ["controller/a", APP, "controller/b", "controller/c"]
    one, other = run(made).f()
    assert one is other and one == [5]


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ({"app": "from . import a\nx = [a]\n", "a": "y = 1\n"}, "a is a module, and is no value"),
        ({"app": "from .a import z\n", "a": "y = 1\n"}, "a.py has no z"),
        ({"app": "from .a import y\n\ndef f():\n    global y\n", "a": "y = []\n"}, "global"),
        ({"app": "from . import a\n", "a": "from . import b\n", "b": "from . import a\n"}, "import each other"),
    ],
)
def test_what_cannot_be_put_together_is_a_fault(texts: dict[str, str], why: str) -> None:
    with pytest.raises(SyntaxError, match=why):
        put_together(**texts)


def test_every_module_that_a_board_imports_is_in_one_file_exactly() -> None:
    trees = bundle.modules({name: text for name, text in folded().items() if name.startswith("controller/")})
    members = [path for one in bundle.bundles(trees).values() for path in one.members]
    assert len(members) == len(set(members))
    for path in set(trees) - set(members):
        assert not any(
            path in bundle._imported(member, trees[member], trees, top) for member in members for top in (0, 1)
        )
    assert {"controller/ticks", "controller/access/rule/auth_mode", "controller/readers/osdp_reader"} <= set(members)


def folded() -> dict[str, str]:
    return {name: build._folded(source, name) for name, source in build.sources().items()}


# Short names


def shortened(text: str, **more: str) -> str:
    trees = bundle.modules({f"controller/{name}.py": one for name, one in {"app": text, **more}.items()})
    shorten.shorten(trees)
    return ast.unparse(trees["controller/app"])


def test_arguments_are_short_unless_somebody_passes_them_by_name() -> None:
    text = shortened("def f(first, second=2):\n    return first + second\n\nf(1, second=3)\n")
    assert text == "def f(p0, second=2):\n    return p0 + second\nf(1, second=3)"


def test_inner_functions_see_the_outer_ones_arguments() -> None:
    text = shortened(
        "def f(a):\n    def g(b):\n        a = b\n        return a\n    return lambda c: [a for b in c] + g(a)\n"
    )
    space: dict[str, Any] = {}
    exec(text, space)
    assert space["f"]([7])([1, 2]) == [[7], [7], 7]
    assert "p0" in text and "(b)" not in text


def test_an_attribute_of_one_family_is_short_and_shares_its_name_with_no_other_of_it() -> None:
    text = shortened(
        "class A:\n    def __init__(self):\n        self.one = self.two = 1\n\n"
        "class B(A):\n    def set(self):\n        self.three = self.one\n\n"
        "class C:\n    def set(self):\n        self.four = B().two\n"
    )
    assert text.count("self._") == 5
    assert len({name for name in text.split() if name.startswith("self._")}) == 3, "four has the name of one of them"


@pytest.mark.parametrize(
    "why",
    ["other.kept = 1", "getattr(1, 'kept')", "def kept():\n    pass", "from .x import kept"],
)
def test_an_attribute_that_is_named_otherwise_keeps_its_name(why: str) -> None:
    assert "self.kept" in shortened(
        f"class A:\n    def __init__(self):\n        self.kept = 1\n{why}\n", x="kept = []\n"
    )


def test_a_private_attribute_is_short_also_where_others_have_a_function_of_that_name() -> None:
    a = "class A:\n    def __init__(self):\n        self._kept = self._two = 1\n\n"
    text = shortened(a + "class B:\n    def _kept(self):\n        return self._kept\n")
    assert len(set(re.findall(r"self\.(_.)\b", text))) == 2
    assert "def _kept(self):\n        return self._kept" in text


@pytest.mark.parametrize(
    "why",
    [
        "class B(A):\n    def _kept(self):\n        pass",
        "class B:\n    def f(self, a):\n        return a._kept",
        "class B:\n    _kept = 2",
        "getattr(1, '_kept')\n\ndef _kept():\n    pass",
    ],
)
def test_a_private_attribute_that_others_name_too_keeps_its_name(why: str) -> None:
    a = "class A:\n    def __init__(self):\n        self._kept = 1\n\ndef _kept():\n    pass\n\n"
    assert "self._kept" in shortened(a + why + "\n")


def test_what_objects_of_others_have_keeps_its_name() -> None:
    assert "self.value" in shortened("class A:\n    def __init__(self):\n        self.value = 1\n")  # machine.Pin's


def test_scripts_on_a_board_ask_for_no_name_that_is_shortened() -> None:
    ours = bundle.modules({name: text for name, text in folded().items() if name.startswith("controller/")})
    everywhere, own = shorten._shorter(ours, shorten._families(ours))
    short = everywhere.keys() | {name for names in own.values() for name in names}
    assert len(everywhere) > 100 and len(own) > 10
    for script in (build.ROOT / "tools").glob("bench/*_on_board/run.py"):
        tree = ast.parse(script.read_text())
        named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        named |= {name.id for node in shorten._classes(tree) for name in shorten._class_names(node)}
        assert not sorted(named & short), script


def test_private_values_at_the_top_are_short_and_functions_are_not() -> None:
    made = put_together(app="_TABLE = {1: 2}\n\ndef _find(x):\n    return _TABLE[x]\n")
    assert made[APP].split("\n\n") == ["_a = {1: 2}", "def _find(x):\n    return _a[x]\n"]
