"""The state journal under power cuts: what set() returned from is there, and no older value comes back."""

import os

import pytest

from firmware.controller.storage.state import StateJournal
from sim.cuts.power import CutPartition, content
from sim.cuts.state import StateWalk
from sim.mcu.flash import SECTOR, NorFlash

SOAK = int(os.environ.get("SOAK", "1"))


@pytest.mark.parametrize("sectors", [2, 3])
def test_a_journal_that_loses_its_power_again_and_again(sectors: int) -> None:
    walk = StateWalk(sectors, sectors)
    for _ in range(500 * SOAK):
        walk.step()
    assert walk.cuts > 150 * SOAK


def test_two_flipped_bits_lose_no_other_value() -> None:
    flash = NorFlash(2 * SECTOR)
    journal = StateJournal(CutPartition(flash))
    for kind in range(1, 9):
        journal.set(kind, 100)
        journal.set(kind, kind)
    image = content(flash)
    first = image.index(b"PS") + 16
    for at in range(first, first + 16 * 16):
        flash.poke(0, image)
        flash.poke(at, bytes((image[at] ^ 5,)))
        again = StateJournal(CutPartition(flash))
        wrong = [kind for kind in range(1, 9) if again.get(kind) != kind]
        hit = (at - first) // 16
        assert wrong == ([hit // 2 + 1] if hit % 2 else [])
        assert all(again.get(kind) == 100 for kind in wrong)
