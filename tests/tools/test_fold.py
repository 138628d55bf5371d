"""Numbers of other modules, put in before compiling: the same meaning, less to load."""

from pathlib import Path

import pytest

from tools import build
from tools.fold import fold


def folded(tmp_path: Path, text: str, other: str = "ONE = 1\nTWO = 2\nNAME = 'x'\n") -> str:
    (tmp_path / "room").mkdir(exist_ok=True)
    (tmp_path / "other.py").write_text(other)
    source = tmp_path / "room" / "this.py"
    source.write_text(text)
    return fold(source, tmp_path)


def test_a_number_stands_where_its_name_stood(tmp_path: Path) -> None:
    text = folded(tmp_path, "from ..other import NAME, ONE, TWO\n\ndef f(x=TWO):\n    return (x, ONE, NAME)\n")
    assert text == "from ..other import NAME\n\ndef f(x=2):\n    return (x, 1, NAME)\n"


def test_a_module_of_which_only_numbers_are_used_is_not_imported(tmp_path: Path) -> None:
    assert "import" not in folded(tmp_path, "from ..other import ONE as first\nx = first\n")


def test_what_is_no_constant_number_stays_imported(tmp_path: Path) -> None:
    text = "from ..other import A, B, C, D\nx = (A, B, C, D)\n"
    assert folded(tmp_path, text, "A = True\nB = 1\nB = 2\nC = 1 + 1\nD = 1\ndef f():\n    D = 2\n") == text


def test_a_source_without_such_numbers_is_left_as_it_is(tmp_path: Path) -> None:
    text = "import os  # as it is\nfrom .nothing import ONE\n"
    assert folded(tmp_path, text) == text


@pytest.mark.parametrize("text", ["ONE = 3\n", "def f(ONE):\n    return ONE\n"])
def test_a_name_used_twice_is_a_fault(tmp_path: Path, text: str) -> None:
    with pytest.raises(SyntaxError, match="ONE is a number of another module"):
        folded(tmp_path, "from ..other import ONE\n" + text)


def test_no_board_loads_the_table_of_events() -> None:
    for source in build.sources().values():
        if source.is_relative_to(build.FIRMWARE):
            assert "events import" not in fold(source, build.FIRMWARE), source
