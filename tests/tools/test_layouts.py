"""Layouts: partition tables that fit their flash and hold what the goals say."""

import pytest

from firmware.controller.storage.table import CredentialTable
from sim.cuts.power import CutPartition
from sim.mcu.flash import SECTOR, NorFlash
from tools import layouts
from tools.bench.storage import GOALS
from tools.terminal import Problem


@pytest.mark.parametrize("name", layouts.names())
def test_a_layout_fills_its_flash_and_no_more(name: str) -> None:
    layout = layouts.load(name)
    assert max(offset + size for offset, size in layout.parts.values()) == layout.megabytes << 20


@pytest.mark.parametrize("megabytes", GOALS)
def test_the_full_layouts_hold_what_the_goals_say(megabytes: int) -> None:
    layout = layouts.load(f"{megabytes}mb")
    assert layout.credentials >= GOALS[megabytes][0]
    assert layout.events >= GOALS[megabytes][1]


@pytest.mark.parametrize("sectors", [5, 6, 32, 66, 67, 68, 131, 132, 300])
def test_buckets_are_counted_as_the_table_counts_them(sectors: int) -> None:
    assert CredentialTable(CutPartition(NorFlash(sectors * SECTOR))).buckets == layouts.buckets(sectors)


def test_what_is_wrong_is_said() -> None:
    good = layouts.load("4mb")

    def with_parts(**parts: tuple[int, int]) -> str:
        return "; ".join(layouts.check(layouts.Layout("4mb", 4, {**good.parts, **parts})))

    assert with_parts() == ""
    assert with_parts(log=(good.parts["log"][0], good.parts["log"][1] + SECTOR)).startswith("ends at 0x401000")
    assert "acl: begins at" in with_parts(acl=(good.parts["acl"][0] - SECTOR, good.parts["acl"][1]))
    assert "whole sectors" in with_parts(acl=(good.parts["acl"][0], good.parts["acl"][1] - 16))
    assert "multiple of 0x10000" in with_parts(factory=(0x11000, 0x1E0000))
    missing = layouts.Layout("4mb", 4, {label: part for label, part in good.parts.items() if label != "state"})
    assert layouts.check(missing) == ["state: is missing"]
    with pytest.raises(Problem, match="no layout '5mb'; choose one of 4mb, 4mb-bank, 4mb-update, 8mb"):
        layouts.load("5mb")


def test_the_table_in_the_readme_is_true() -> None:
    text = (layouts.FOLDER / "README.md").read_text()
    for name in layouts.names():
        layout = layouts.load(name)
        assert f"| `{name}` | {layout.credentials:,} | {layout.events:,} |" in text
