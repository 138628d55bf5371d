"""What the code says of its own house, and that it would say so."""

from collections import Counter
from pathlib import Path

from tools import structure


def house(folder: Path, **files: str) -> dict[str, structure.SourceModule]:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return structure.read(folder)


def test_the_house_stands() -> None:
    found = structure.read()
    assert len(found) > 300
    assert structure.circles(found) == []
    assert structure.arrows_up(found) == []
    assert structure.long_functions(found) == []
    assert structure.long_files() == []


def test_no_two_test_files_have_one_name() -> None:
    """Of two, pytest collects one, and says of the other that it cannot: the folders of tests are no packages."""
    names = Counter(path.name for path in (structure.ROOT / "tests").rglob("test_*.py"))
    assert len(names) > 200 and [name for name, count in names.items() if count > 1] == []


def test_a_circle_is_found(tmp_path: Path) -> None:
    modules = house(
        tmp_path, tools__a="from . import b", tools__b="from tools.c import d", tools__c="from .a import x\nd = 1"
    )
    assert structure.circles(modules) == [["tools.a", "tools.b", "tools.c"]]


def test_an_import_in_a_function_makes_a_circle_of_the_second_kind_only(tmp_path: Path) -> None:
    modules = house(tmp_path, tools__a="from . import b", tools__b="def f():\n    from . import a")
    assert structure.circles(modules) == []
    assert structure.circles(modules, late=True) == [["tools.a", "tools.b"]]


def test_an_arrow_up_is_found_also_in_a_function(tmp_path: Path) -> None:
    modules = house(tmp_path, firmware__a="def f():\n    import sim.b", sim__b="")
    assert structure.arrows_up(modules) == ["firmware.a -> sim.b"]


def test_what_only_types_need_is_no_circle(tmp_path: Path) -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import a"
    assert structure.circles(house(tmp_path, tools__a="from . import b", tools__b=text)) == []


def test_who_touches_the_inside_of_another_room_is_named(tmp_path: Path) -> None:
    modules = house(
        tmp_path, tools__a="class A:\n    def f(self, b):\n        self._mine = 1\n        return b._mine, b._theirs"
    )
    monkey = structure.privates(modules)
    assert len(monkey) == 1
    assert monkey[0].endswith("b._theirs")


def test_a_long_function_and_a_name_that_stands_twice_are_found(tmp_path: Path) -> None:
    long = "def f():\n" + "    x = 1\n" * structure.LONGEST_FUNCTION
    modules = house(tmp_path, tools__a=long + "\n\nclass Door:\n    pass", sim__b="class Door:\n    pass")
    assert len(structure.long_functions(modules)) == 1
    assert [one.split(":")[0] for one in structure.same_names(modules)] == ["Door"]
