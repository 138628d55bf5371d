"""The credential table on flash that wears out: bad sectors are left out and told, nobody passes without a right."""

from random import Random

import pytest

from firmware.controller.events import SECTOR_BAD
from firmware.controller.records import NO_END
from firmware.controller.storage.sectors import faults
from firmware.controller.storage.table import FULL, CredentialTable, Damaged, TableFull
from sim.cuts.table import Known, changes_of, digest, seen, send
from sim.cuts.worn import WornFlash
from sim.mcu.flash import SECTOR
from tests.firmware.storage.bench import Partition
from tests.firmware.storage.cards import apply

HOW = ("programs nothing", "sticks", "says so")


class Worn:
    """A table whose sectors fail one after the other while access changes; the cloud does what it can."""

    def __init__(self, seed: int, sectors: int) -> None:
        self.random = Random(seed)
        self.flash = WornFlash(sectors * SECTOR)
        self.table = CredentialTable(Partition(self.flash))
        self.keys = [self.random.randbytes(7) for _ in range(200 * self.table.buckets)]
        self.known: Known = dict.fromkeys(self.keys[::2], (7, NO_END))
        self.version = 1
        send(self.table, self.known, 1)

    def change(self) -> None:
        """One set of changes, and a snapshot when the table asks for one."""
        random, after = self.random, dict(self.known)
        for key in random.sample(self.keys, random.choice((1, 2, 20))):
            if key in after and random.random() < 0.5:
                del after[key]
            else:
                after[key] = (random.randrange(9), NO_END)
        before, self.known = self.known, after
        self.version += 1
        try:
            apply(self.table, self.version, changes_of(before, after))
        except (Damaged, TableFull):
            assert self.table.version == 0
        for _ in range(3):
            if self.table.version == 0:
                self.snapshot()

    def snapshot(self) -> None:
        try:
            send(self.table, self.known, self.version)
        except Damaged:
            assert self.table.version == 0

    def check(self, every: int = 7) -> None:
        """With a version all is right. Without one nobody passes who was not right lately."""
        table = self.table
        if table.version:
            assert (table.version, table.digest) == (self.version, digest(self.known))
        for key in self.keys[:: every if table.version else 1]:
            if key in self.known or table.version:
                assert seen(table, key) in (self.known.get(key), "damaged")


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("seed", range(4))
def test_a_worn_sector_is_left_out_and_the_rest_goes_on(how: str, seed: int) -> None:
    faults.clear()
    worn = Worn(seed, 3 + 12)
    spares = worn.table.size - worn.table.each
    bad = worn.random.sample(range(3, 3 + 12), spares - 1)
    for n in range(60):
        if n == 10:
            worn.flash.worn = dict.fromkeys(bad, how)
        worn.change()
        while worn.table.prepare():
            pass
        worn.check()
    for _ in range(3):
        worn.snapshot()
    assert worn.table.version == worn.version
    assert all(worn.table.find(key) == worn.known.get(key) for key in worn.keys)
    assert set(faults) == {(SECTOR_BAD, 65)}
    again = CredentialTable(Partition(worn.flash))
    while again.prepare():
        pass
    assert (again.version, again.digest) == (worn.version, digest(worn.known))
    assert all(again.find(key) == worn.known.get(key) for key in worn.keys)
    faults.clear()


@pytest.mark.parametrize("how", HOW)
def test_the_journal_survives_a_worn_sector(how: str) -> None:
    for bad in range(3):
        worn = Worn(bad, 9)
        worn.flash.worn = {bad: how}
        for _ in range(120):
            worn.change()
            while worn.table.prepare():
                pass
            worn.check()
        assert worn.table.version == worn.version
        again = CredentialTable(Partition(worn.flash))
        assert (again.version, again.digest) == (worn.version, digest(worn.known))
    faults.clear()


@pytest.mark.parametrize("how", ["programs nothing", "says so"])
def test_when_all_sectors_are_worn_nobody_passes_whose_right_was_taken(how: str) -> None:
    worn = Worn(1, 9)
    worn.flash.worn = dict.fromkeys(range(9), how)
    revoked = list(worn.known)[:20]
    for key in revoked:
        after = {k: v for k, v in worn.known.items() if k != key}
        with pytest.raises(Damaged):
            apply(worn.table, 9, changes_of(worn.known, after))
        assert worn.table.version == 0
    assert worn.table.digest >= FULL
    faults.clear()


def test_upkeep_comes_to_an_end_on_flash_that_takes_nothing() -> None:
    worn = Worn(1, 9)
    worn.flash.worn = dict.fromkeys(range(9), "programs nothing")
    for version in range(2, 200):
        with pytest.raises(Damaged):
            list(worn.table.steps(version, b""))
        assert sum(worn.table.prepare() for _ in range(20)) < 20
    faults.clear()


@pytest.mark.parametrize("how", ["programs nothing", "says so"])
def test_a_removal_that_no_sector_takes_denies_the_bucket_also_after_a_start(how: str) -> None:
    worn = Worn(1, 9)
    worn.flash.worn = dict.fromkeys(range(3, 9), how)  # the journal is sound
    revoked = next(iter(worn.known))
    after = {key: value for key, value in worn.known.items() if key != revoked}
    with pytest.raises(Damaged):
        list(worn.table.steps(2, changes_of(worn.known, after)))
    for table in (worn.table, CredentialTable(Partition(worn.flash))):
        assert table.version == 0
        assert seen(table, revoked) == "damaged"
    faults.clear()
