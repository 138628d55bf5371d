"""A log on flash that fails: sectors that take nothing any more, and partitions that held something else."""

from random import Random
from typing import Any

import pytest

from firmware.controller.events import FLASH_FOREIGN, GRANTED, SECTOR_BAD
from firmware.controller.records import EVENT, pack_event, unpack_event
from firmware.controller.storage import sectors as storage
from firmware.controller.storage.log import EventLog
from firmware.controller.storage.state import StateJournal
from firmware.controller.storage.table import CredentialTable
from firmware.protocol.log_chain import WHOLE, LogChain
from sim.mcu.flash import SECTOR, NorFlash
from tests.storage.power import CutPartition, content

SECTORS = 6
LETTER = 76


class Worn(NorFlash):
    """way: what is wrong with the sectors that are worn."""

    way = ""
    worn: frozenset[int] = frozenset()

    def program(self, offset: int, data: Any) -> None:
        if offset // SECTOR in self.worn:
            if self.way == "error":
                raise OSError(5)
            if self.way in ("nothing", "nothing at all"):
                return
            if self.way == "a bit":
                data = bytes((data[0] | 1 << (offset // 32 % 8),)) + bytes(data[1:])
            if self.way == "events" and offset % SECTOR >= EVENT:
                return
        super().program(offset, data)

    def erase(self, sector: int) -> None:
        if sector in self.worn and self.way in ("no erase", "nothing at all"):
            return
        super().erase(sector)


class Careless(CutPartition):
    """Without the check that nothing is written over: on worn flash it is."""

    def writeblocks(self, n: int, buf: Any, offset: int) -> None:
        self.flash.program(n * SECTOR + offset, buf)


class Follower:
    def __init__(self, flash: NorFlash) -> None:
        storage.faults.clear()
        self.flash, self.state = flash, NorFlash(2 * SECTOR)
        self.random = Random(1)
        self.chain: LogChain | None = None
        self.start()

    def start(self) -> None:
        self.log = EventLog(Careless(self.flash), StateJournal(CutPartition(self.state)), self.random.randbytes)

    def add(self, count: int, idle: bool) -> None:
        """Events come, and the cloud takes each at once."""
        buf = bytearray(EVENT)
        for _ in range(count):
            seq = self.log.last + 1
            assert self.log.append(GRANTED, 1, 0, seq.to_bytes(7, "big"), 1_800_000_000, 1) == seq
            if self.chain is None:
                assert self.log.chain_start
                self.chain = LogChain(*self.log.chain_start)
            assert self.log.read(seq, buf) == 1
            assert self.chain.take(buf) == WHOLE
            self.log.acknowledge(seq)
            if idle:
                self.log.prepare()

    def check(self, latest: int = 1 << 30) -> None:
        """Of the latest so many events that are on flash none is missing."""
        log, buf = self.log, bytearray(60 * EVENT)
        assert log.last - max(log.first, 1) + 1 >= min(log.last, (SECTORS - 3) * 127 - 64)
        seq = max(log.first, log.last - latest)
        while seq <= log.last:
            count = log.read(seq, buf)
            assert count
            for i in range(count):
                event = unpack_event(buf, i * EVENT)
                assert event and event[0] == seq
                assert (event[2], event[6]) == (GRANTED, seq.to_bytes(7, "big"))
                seq += 1


@pytest.mark.parametrize("way", ["error", "nothing", "a bit", "events", "no erase", "nothing at all"])
@pytest.mark.parametrize("worn", range(SECTORS))
@pytest.mark.parametrize("since", [200, 1000])
def test_a_worn_sector_is_left_out_and_told(way: str, worn: int, since: int) -> None:
    flash = Worn(SECTORS * SECTOR)
    follower = Follower(flash)
    follower.add(since, idle=True)
    flash.way, flash.worn = way, frozenset((worn,))
    for turn in range(12):
        follower.add(120, idle=turn % 3 > 0)
        follower.check()
        follower.start()
        assert follower.log.last == since + (turn + 1) * 120
        follower.check()
    assert (SECTOR_BAD, LETTER) in storage.faults


@pytest.mark.parametrize("way", ["nothing", "nothing at all", "error"])
@pytest.mark.parametrize(("first", "last"), [(4, 5), (0, 3), (5, 11), (1, 7)])
def test_many_worn_sectors_side_by_side(way: str, first: int, last: int) -> None:
    flash = Worn(12 * SECTOR)
    follower = Follower(flash)
    follower.add(300, idle=True)
    flash.way, flash.worn = way, frozenset(range(first, last + 1))
    for turn in range(25):
        follower.add(120, idle=turn % 4 > 0)
        follower.start()
        assert follower.log.last == 300 + (turn + 1) * 120
        follower.check(2 * 127)


@pytest.mark.parametrize("worn", [11, 15, 19])
def test_a_worn_sector_where_halving_looks_first(worn: int) -> None:
    flash = Worn(24 * SECTOR)
    follower = Follower(flash)
    follower.add(24 * 127, idle=True)
    flash.way, flash.worn = "nothing at all", frozenset((worn,))
    for _ in range(26):
        follower.add(127, idle=True)
        last = follower.log.last
        follower.start()
        assert follower.log.last == last


def test_flash_that_takes_nothing_at_all_is_an_error() -> None:
    flash = Worn(SECTORS * SECTOR)
    follower = Follower(flash)
    follower.add(10, idle=True)
    flash.way, flash.worn = "nothing", frozenset(range(SECTORS))
    with pytest.raises(OSError, match="takes no event"):
        follower.add(200, idle=False)
    flash.worn = frozenset()
    follower.start()
    follower.add(10, idle=True)


def old_log(image: bytearray) -> None:
    """Events of a format without a chain."""
    for at in range(0, len(image), EVENT):
        image[at : at + EVENT] = pack_event(at // EVENT + 1, 1_800_000_000, GRANTED, 1, 0, 1, b"1234567")
    for at in range(0, len(image), SECTOR):
        image[at : at + 16] = storage.sealed(b"PL" + SECTORS.to_bytes(2, "little") + bytes(8))


def noise(image: bytearray) -> None:
    image[:] = Random(2).randbytes(len(image))


def zeros(image: bytearray) -> None:
    image[:] = bytes(len(image))


def text(image: bytearray) -> None:
    image[:] = (b"somebody else's file " * len(image))[: len(image)]


def a_table(image: bytearray) -> None:
    flash = NorFlash(SECTORS * SECTOR)
    CredentialTable(CutPartition(flash))
    image[:] = content(flash)


def another_size(image: bytearray) -> None:
    flash = NorFlash((SECTORS + 1) * SECTOR)
    log = EventLog(CutPartition(flash), StateJournal(CutPartition(NorFlash(2 * SECTOR))), Random(3).randbytes)
    for _ in range(1000):
        log.append(GRANTED, 1, 0, b"1234567", 1_800_000_000, 1)
    image[:] = content(flash)[: len(image)]


@pytest.mark.parametrize("fill", [old_log, noise, zeros, text, a_table, another_size])
def test_a_partition_with_something_else_becomes_a_new_log_and_that_is_told(fill: Any) -> None:
    image = bytearray(b"\xff" * SECTORS * SECTOR)
    fill(image)
    flash = NorFlash(SECTORS * SECTOR)
    flash.poke(0, bytes(image))
    follower = Follower(flash)
    assert (FLASH_FOREIGN, LETTER) in storage.faults
    assert (follower.log.first, follower.log.last, follower.log.acknowledged) == (1, 0, 0)
    follower.add(1, idle=True)
    assert b"1234567" not in content(flash)
    epoch = follower.log.epoch
    follower.start()
    follower.add(1500, idle=True)
    follower.check()
    assert follower.log.epoch == epoch


def test_a_blank_partition_is_nothing_to_tell() -> None:
    Follower(NorFlash(SECTORS * SECTOR)).add(5, idle=True)
    assert not storage.faults
