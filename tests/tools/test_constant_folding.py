"""Numbers that are put in before compiling: the same meaning, less to load."""

from pathlib import Path

import pytest

from tools import build
from tools.constant_folding import fold

OTHER = "ONE = 1\nTWO = const(ONE << 1)\nNAME = 'x'\n\ndef f():\n    return TWO\n"


def folded(tmp_path: Path, text: str, other: str = OTHER) -> str:
    (tmp_path / "room").mkdir(exist_ok=True)
    (tmp_path / "other.py").write_text(other)
    (tmp_path / "asks.py").write_text("f\n")
    source = tmp_path / "room" / "this.py"
    source.write_text(text)
    return "".join(line for line in fold(source, tmp_path).splitlines(True) if line != "pass\n")


def test_a_number_stands_where_its_name_stood(tmp_path: Path) -> None:
    text = folded(tmp_path, "from ..other import NAME, ONE, TWO\n\ndef f(x=TWO):\n    return (x, ONE, NAME)\n")
    assert text == "from ..other import NAME\n\ndef f(x=2):\n    return (x, 1, NAME)\n"


def test_and_where_it_was_named_with_its_module(tmp_path: Path) -> None:
    text = folded(tmp_path, "from .. import other\n\ndef f():\n    return (other.ONE, other.f())\n")
    assert text == "from .. import other\n\ndef f():\n    return (1, other.f())\n"


def test_a_module_of_which_only_numbers_are_used_is_not_imported(tmp_path: Path) -> None:
    assert "import" not in folded(tmp_path, "from ..other import ONE as first\nx = first\n")
    assert "import" not in folded(tmp_path, "from .. import other\nx = other.TWO\n")
    assert "import" not in folded(tmp_path, "def f():\n    from ..other import ONE\n    return ONE\n")


def test_a_module_keeps_no_names_for_its_numbers(tmp_path: Path) -> None:
    folded(tmp_path, "x = 1\n")
    text = fold(tmp_path / "other.py", tmp_path)
    assert text.replace("pass\n", "") == "NAME = 'x'\n\ndef f():\n    return 2\n"


def test_names_may_be_kept_for_who_asks_for_them(tmp_path: Path) -> None:
    folded(tmp_path, "x = 1\n")
    text = fold(tmp_path / "other.py", tmp_path, keep=True)
    assert text == "ONE = 1\nTWO = const(1 << 1)\nNAME = 'x'\n\ndef f():\n    return 2\n"


def test_what_is_no_constant_number_stays(tmp_path: Path) -> None:
    text = "from ..other import A, B, C, D\nx = [A, B, C, D]\nx.append(C)\n"
    assert folded(tmp_path, text, "A = True\nB = 1\nB = 2\nC = len('a')\nD = 1\ndef f():\n    D = 2\n") == text


def test_a_source_without_numbers_is_left_as_it_is(tmp_path: Path) -> None:
    text = "import os  # as it is\nfrom .nothing import ONE\n"
    assert folded(tmp_path, text) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("from ..other import ONE\nONE = 3\n", "ONE is a number of another module"),
        ("from ..other import ONE\ndef f(ONE):\n    return ONE\n", "ONE is a number of another module"),
        ("from .. import other\nx = other\n", "other has numbers, so it cannot be handed around"),
        ("from .. import other\ndef f(other):\n    return other.ONE\n", "other is a module with numbers"),
        ("from ..middle import ONE\n", "import ONE from where it is defined"),
    ],
)
def test_what_cannot_be_folded_is_a_fault_with_its_line(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "middle.py").write_text("from .other import ONE\n")
    with pytest.raises(SyntaxError, match=rf"line \d: {why}"):
        folded(tmp_path, text)


def test_a_function_that_only_the_host_asks_for_is_left_out(tmp_path: Path) -> None:
    text = "def g():\n    return 1\n\ndef read():\n    return 2\n\ndef host():\n    return 3\n"
    (tmp_path / "this.py").write_text(text)
    (tmp_path / "by_name.py").write_text("from .this import g\nload('read')\n")
    assert fold(tmp_path / "this.py", tmp_path) == text.split("\ndef host")[0]
    assert fold(tmp_path / "this.py", tmp_path, keep=True) == text


def test_no_board_loads_the_table_of_events() -> None:
    for source in build.sources().values():
        if source.is_relative_to(build.FIRMWARE):
            assert "events import" not in fold(source, build.FIRMWARE), source


def test_two_names_that_get_values_at_once_need_no_tuple(tmp_path: Path) -> None:
    lines = "a, b = x.c, (1, ONE)\n    x.a, x[b] = b, a\n    a, b, c = f(c), (b), a\n    a, b = (c, b), a\n"
    text = folded(tmp_path, f"from ..other import ONE\n\ndef f(x, c):\n    {lines}")
    bare = "a, b = x.c, (1, 1)\n    x.a, x[b] = b, a\n    a, b, c = f(c), b, a\n    a, b = (c, b), a\n"
    assert text == f"\ndef f(x, c):\n    {bare}"
    kept = "\ndef f(x=(1, 1)):\n    a = (x, 'a) = (')\n    (x, a)\n    return (a, x)\n"
    assert folded(tmp_path, "from ..other import ONE\n" + kept.replace("(1, 1)", "(1, ONE)")) == kept
