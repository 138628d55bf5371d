"""`portvakt sim cuts`: it counts what it did, and it can fail."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from firmware.controller.storage.table import CredentialTable
from sim.cuts.power import Tally, survive
from sim.mcu.flash import SECTOR, NorFlash
from tools import cuts

PORTVAKT = Path(sys.executable).with_name("portvakt")


def test_every_kind_is_cut_and_no_promise_breaks() -> None:
    run = subprocess.run(
        [PORTVAKT, "sim", "cuts", "--points", "400", "--json"], capture_output=True, text=True, timeout=100, check=False
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.strip().splitlines()[-1])
    assert found["broken_promises"] == 0 and found["distinct"] >= 400
    assert set(found["kinds"]) == set(cuts.KINDS)
    assert found["kinds"].pop("install")["distinct"]
    for figures in found["kinds"].values():
        assert figures["distinct"] > 20 and figures["torn_programs"]


def test_a_cut_that_leaves_the_same_flash_is_not_counted_twice() -> None:
    tally, flash = Tally(), NorFlash(SECTOR)
    for _ in range(3):
        survive([flash], lambda: flash.program(0, b"\x00" * 16), 0, 0.5, Random(1), tally)
    assert (tally.cuts, tally.torn_programs) == (1, 1)
    survive([flash], lambda: flash.erase(0), 0, 1.0, Random(1), tally)
    assert (tally.cuts, tally.half_erases) == (2, 0)


# Walks that broke a promise once, and what was wrong.
REGRESSIONS = [
    ("snapshot", 1012003048),  # a cut while a bucket moved turned away who had been let in before the snapshot
    ("stock", 1000009),  # what a record that was still weak stood in for was made to zero
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "seed"), REGRESSIONS)
def test_a_walk_that_broke_a_promise_once(kind: str, seed: int) -> None:
    assert cuts.replay(kind, seed)["broken_promises"] == 0


def test_a_broken_promise_is_found_and_names_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgets(self: Any, changes: bytes) -> Any:
        return iter(())

    monkeypatch.setattr(CredentialTable, "_make", forgets)
    found = cuts.some("delta", 1, 2000)
    assert found["broken"]
    assert {"kind", "seed", "step", "what"} <= set(found["broken"][0])
    with pytest.raises(cuts.Problem, match="this is a defect"):
        cuts.replay("delta", found["broken"][0]["seed"])


def test_settings_that_find_no_room_leave_the_old_ones_and_take_none() -> None:
    from sim.cuts.settings import SettingsWalk

    refused = 0
    for seed in range(3):
        walk = SettingsWalk(seed)
        for _ in range(cuts.STEPS):
            walk.step()
        refused += walk.refused
    assert refused > 5
