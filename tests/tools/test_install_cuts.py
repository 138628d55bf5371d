"""Installations over a cable that is cut, on a full file system of every layout: none is lost, defects are found."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.cuts import cable
from sim.cuts.power import Tally
from tools import install_cuts, layouts
from tools.install import command

SLOW = (pytest.mark.slow, pytest.mark.timeout(600))
SOURCES = {name: (cable.FIRMWARE / name).read_text() for name in ("boot.py", "main.py")}


@pytest.mark.parametrize("layout", layouts.names())
def test_whatever_is_cut_the_board_runs_and_the_second_try_ends_well(layout: str) -> None:
    tally = Tally()
    walk = install_cuts.InstallWalk(len(layout), tally, layout)
    while walk.cuts < 4:
        walk.step()
    assert walk.board.files.free < 30, "its file system is nearly full"
    assert tally.cuts == sum(tally.ends.values()) == walk.cuts


def firmware(name: str, right: str, wrong: str) -> Callable[[pytest.MonkeyPatch], None]:
    def plant(patch: pytest.MonkeyPatch) -> None:
        assert right in SOURCES[name]
        texts = {**SOURCES, name: SOURCES[name].replace(right, wrong)}
        patch.setattr(cable, "SCRIPTS", [compile(text, name, "exec") for name, text in texts.items()])

    return plant


def on_board(right: str, wrong: str) -> Callable[[pytest.MonkeyPatch], None]:
    def plant(patch: pytest.MonkeyPatch) -> None:
        script = command.script

        def changed(*how: Any) -> str:
            file = Path(script(*how))
            file.write_text(file.read_text().replace(right, wrong))
            return str(file)

        patch.setattr(command, "script", changed)

    return plant


ONE_BY_ONE = """
    for name in sorted(names("/new")):
        os.rename("/new/" + name, "/" + name)
    os.rmdir("/new")"""
PLANTED = {
    "maintenance outlives a power cut": firmware("main.py", 'os.remove("/maintenance")', "return True"),
    "boot.py does not go on": firmware("boot.py", '"ready" in os.listdir("/")', "False"),
    "no room is made": on_board("if name not in keep and", "if False and"),
    "half a copy stays": on_board("            remove(path)\n", ""),
    "an open file keeps its blocks": on_board("f = w = None", ""),
    "the slot in charge makes room": on_board('read("/current")]', "None]"),
    "files change places one by one": on_board('os.rename("/new", "/ready")\n    put_in_charge()', ONE_BY_ONE),
}
SOON = ("maintenance outlives a power cut", "no room is made")  # the others take a minute each: make soak


@pytest.fixture
def bench() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.mark.parametrize("defect", [one if one in SOON else pytest.param(one, marks=SLOW) for one in PLANTED])
def test_a_planted_defect_is_found(defect: str, bench: pytest.MonkeyPatch) -> None:
    PLANTED[defect](bench)
    with pytest.raises(AssertionError, match=r"^4mb"):
        for seed in range(6):
            walk = install_cuts.InstallWalk(seed, None, "4mb")
            walk.late = 0.5 if seed % 2 else 1.0
            for _ in range(20):
                walk.step()
