"""The state journal under power cuts: what set() returned from is there, and no older value comes back."""

import os
from random import Random

import pytest

from firmware.controller.storage.state import StateJournal
from sim.mcu.flash import SECTOR, NorFlash
from tests.storage.power import HOW, Partition, content, start, survive

SOAK = int(os.environ.get("SOAK", "1"))


@pytest.mark.parametrize("sectors", [2, 3])
def test_a_journal_that_loses_its_power_again_and_again(sectors: int) -> None:
    random = Random(sectors)
    flash = NorFlash(sectors * SECTOR)

    def make() -> StateJournal:
        return StateJournal(Partition(flash))

    journal = start([flash], make, random)
    values = dict.fromkeys(range(1, 9), 0)
    cuts = 0
    for _ in range(500 * SOAK):
        pending: tuple[int, int] = (1, values[1])

        def act() -> None:
            nonlocal pending
            for _ in range(random.randrange(1, 80)):
                kind, value = pending = random.randrange(1, 9), random.getrandbits(64)
                journal.set(kind, value)  # noqa: B023 - called at once
                values[kind] = value
                if random.random() < 0.05:
                    journal.prepare()  # noqa: B023

        cut = survive([flash], act, random.randrange(90), random.choice(HOW), random)
        if cut:
            cuts += 1
            journal = start([flash], make, random)
            kind, value = pending
            assert journal.get(kind) in (value, values[kind])
            values[kind] = journal.get(kind)
        assert {kind: journal.get(kind) for kind in values} == values
    assert cuts > 150 * SOAK


def test_a_flipped_bit_loses_no_other_value() -> None:
    flash = NorFlash(2 * SECTOR)
    journal = StateJournal(Partition(flash))
    for kind in range(1, 9):
        journal.set(kind, 100)
        journal.set(kind, kind)
    image = content(flash)
    first = image.index(b"PS") + 16
    for at in range(first, first + 16 * 16):
        flash.poke(0, image)
        flash.poke(at, bytes((image[at] ^ 4,)))
        again = StateJournal(Partition(flash))
        wrong = [kind for kind in range(1, 9) if again.get(kind) != kind]
        hit = (at - first) // 16
        assert wrong == ([hit // 2 + 1] if hit % 2 else [])
        assert all(again.get(kind) == 100 for kind in wrong)
