"""The event log under power cuts: what append returned is there, numbers are contiguous, nothing is written over."""

import os
from random import Random

import pytest

from firmware.controller.events import LOG_OVERWRITTEN
from firmware.controller.records import EVENT, unpack_event
from firmware.controller.storage import sectors as storage_sectors
from firmware.controller.storage.log import EventLog
from firmware.controller.storage.state import StateJournal
from firmware.protocol.log_chain import WHOLE, LogChain
from sim.mcu.flash import SECTOR, NorFlash
from tests.storage.power import HOW, CutPartition, content, start, survive

SOAK = int(os.environ.get("SOAK", "1"))  # times as many cut points
EPOCH = 0xE0E0E0E0


def draw(n: int) -> bytes:
    return b"\xe0" * n


class Walk:
    """One log and its journal that live through cuts, with the events that were put in."""

    def __init__(self, sectors: int) -> None:
        self.random = Random(sectors)
        self.sectors = sectors
        self.flash = NorFlash(sectors * SECTOR, "log")
        self.state = NorFlash(2 * SECTOR, "state")
        self.flashes = [self.flash, self.state]
        self.events: dict[int, tuple[int, bytes]] = {}
        self.last = 0
        self.acknowledged = self.acknowledging = 0
        self.cuts = 0
        self.chain: LogChain | None = None
        self.log = self.make()

    def make(self) -> EventLog:
        return EventLog(CutPartition(self.flash), StateJournal(CutPartition(self.state)), draw)

    def some_events(self) -> None:
        random, log = self.random, self.log
        for _ in range(random.randrange(1, 60)):
            event = (random.randrange(256), random.randbytes(7))
            self.events[self.last + 1] = event
            seq = log.append(event[0], 1, 0, event[1], None, 0)
            assert seq == self.last + 1
            self.last = seq
            if random.random() < 0.1:
                log.prepare()
            if random.random() < 0.1:
                upto = random.randrange(log.first - 1, log.last + 1)
                self.acknowledging = max(self.acknowledged, upto)
                log.acknowledge(upto)
                self.acknowledged = self.acknowledging
                assert log.acknowledged == self.acknowledged

    def step(self) -> None:
        random = self.random
        cut = survive(self.flashes, self.some_events, random.randrange(70), random.choice(HOW), random)
        if cut:
            self.cuts += 1
        if cut or random.random() < 0.1:
            self.log = start(self.flashes, self.make, random)
            saved = self.log.acknowledged
            assert self.acknowledged - 64 < saved <= self.acknowledging
            self.acknowledged = self.acknowledging = saved
        self.check()

    def check(self) -> None:
        log = self.log
        assert log.epoch == EPOCH
        assert log.last in (self.last, self.last + 1)
        self.last = log.last
        most = 127 * (self.sectors - 1)
        assert log.first <= max(1, self.last - most + 200)
        self.check_events(log, max(1, log.first))
        assert log.read(log.last + 1, bytearray(EVENT)) == 0
        assert log.read(log.first - 1, bytearray(EVENT)) == 0
        self.check_chain(log)

    def check_chain(self, log: EventLog) -> None:
        """No cut breaks the chain. Keys are left in the head and the next sector; the first until the cloud has it."""
        begins, key = log.chain_start or (0, b"")
        if begins and begins <= log.last and (self.chain is None or begins >= self.chain.next):
            self.chain = LogChain(begins, key)
        buf = bytearray(EVENT)
        while self.chain is not None and self.chain.next <= log.last:
            assert log.read(self.chain.next, buf) == 1
            assert self.chain.take(buf) == WHOLE
        log.prepare()
        image = content(self.flash)
        found = [image[at : at + 16] for at in range(16, len(image), SECTOR)]
        left = [key for key in found if any(key) and key != b"\xff" * 16]
        assert len(left) <= (3 if log.chain_start else 2)

    def check_events(self, log: EventLog, seq: int) -> None:
        buf = bytearray(EVENT * self.random.choice((1, 7, 60)))
        while seq <= log.last:
            count = log.read(seq, buf)
            assert 0 < count <= len(buf) // EVENT
            for i in range(count):
                event = unpack_event(buf, i * EVENT)
                assert event is not None
                assert event[0] == seq
                if event[2:] == (LOG_OVERWRITTEN, 0, 1, 0, None, 0):
                    # Only in a sector that the power left half erased, the oldest one.
                    assert seq < log.first + 127
                else:
                    assert (event[2], event[6]) == self.events[seq]
                seq += 1


@pytest.mark.parametrize("sectors", [4, 5, 9])
def test_a_log_that_loses_its_power_again_and_again(sectors: int) -> None:
    walk = Walk(sectors)
    storage_sectors.faults.clear()
    for _ in range(400 * SOAK):
        walk.step()
    assert not storage_sectors.faults
    assert walk.cuts > 100 * SOAK
    assert walk.last > 4000


def put(log: EventLog, count: int) -> None:
    for i in range(count):
        log.append(i % 256, 1, 0, None, None, 0)


def make(flash: NorFlash, state: NorFlash) -> EventLog:
    return EventLog(CutPartition(flash), StateJournal(CutPartition(state)), draw)


def copy(flash: NorFlash) -> NorFlash:
    other = NorFlash(flash.size)
    other.poke(0, content(flash))
    return other


@pytest.mark.parametrize("before", [0, 1, 126, 127, 128, 253, 254, 255, 507, 508, 509, 1016])
def test_an_append_cut_at_every_operation(before: int) -> None:
    flash, state = NorFlash(4 * SECTOR), NorFlash(2 * SECTOR)
    put(make(flash, state), before)
    for prepared in (False, True):
        for after in range(4):
            for how in HOW:
                ours = [copy(flash), copy(state)]
                log = make(*ours)
                random = Random(after)

                def act() -> None:
                    if prepared:  # noqa: B023 - called at once
                        log.prepare()  # noqa: B023
                    put(log, 2)  # noqa: B023

                survive(ours, act, after, how, random)
                log = start(ours, lambda: make(*ours), random)  # noqa: B023
                assert before <= log.last <= before + 2
                last = log.last
                put(log, 3)
                assert log.last == last + 3
                buf = bytearray(EVENT)
                chain = None
                for seq in range(log.first, log.last + 1):
                    assert log.read(seq, buf) == 1
                    found = unpack_event(buf)
                    assert found and found[0] == seq
                    if log.chain_start and seq == log.chain_start[0]:
                        chain = LogChain(*log.chain_start)
                    if chain is not None:
                        assert chain.take(buf) == WHOLE
                assert chain is not None


def test_any_two_flipped_bits_of_a_byte_cost_one_event_and_say_which() -> None:
    flash, state = NorFlash(6 * SECTOR), NorFlash(2 * SECTOR)
    put(make(flash, state), 6 * 127 + 40)
    image = content(flash)
    whole = make(flash, state)
    span = range(whole.first, whole.last + 1)
    slots = {image[at : at + EVENT] for at in range(0, len(image), EVENT)}
    random = Random(1)
    for at in [0, 5, 12, 32, 4096, 4096 + 32, *(random.randrange(len(image)) for _ in range(150))]:
        if image[at] == 0xFF and set(image[at & ~31 :][:32]) == {0xFF}:
            continue
        flash.poke(0, image)
        flash.poke(at, bytes((image[at] ^ 3 << random.randrange(7),)))
        log = make(flash, copy(state))
        slot = image[at & ~31 : (at & ~31) + EVENT]
        hit = unpack_event(slot)
        lost = hit[0] if hit else 0
        assert log.last == span[-1]
        assert log.first == span[0] + (lost == span[0])
        buf = bytearray(EVENT * 60)
        seq = log.first
        while seq <= log.last:
            count = log.read(seq, buf)
            for i in range(count):
                event = unpack_event(buf, i * EVENT)
                assert event
                if seq == lost:
                    assert event[0] == seq and event[2] == LOG_OVERWRITTEN
                else:
                    assert event[0] == seq and bytes(buf[i * EVENT : (i + 1) * EVENT]) in slots
                seq += 1


@pytest.mark.parametrize("head", [pytest.param(head, marks=pytest.mark.slow) for head in (1, 4, 8)] + [6])
def test_an_unreadable_sector_loses_only_its_own_events(head: int) -> None:
    flash, state = NorFlash(9 * SECTOR), NorFlash(2 * SECTOR)
    total = (9 + head) * 127 + 50
    put(make(flash, state), total)
    image = content(flash)
    for sector in range(9):
        if sector == head:
            continue
        for fill in (b"\x00", b"\xff", b"\xa5"):
            flash.poke(0, image)
            flash.poke(sector * SECTOR, fill * SECTOR)
            log = make(flash, copy(state))
            assert log.last == total
            buf = bytearray(EVENT * 60)
            good, seq = 0, log.first
            while seq <= log.last:
                count = log.read(seq, buf)
                for i in range(count):
                    event = unpack_event(buf, i * EVENT)
                    assert event and event[0] == seq
                    good += event[2] != LOG_OVERWRITTEN or event[3] == 1
                    seq += 1
            assert log.last - log.first + 1 - good in (0, 127)


def test_a_number_that_the_cloud_has_is_not_given_again() -> None:
    flash, state = NorFlash(4 * SECTOR), NorFlash(2 * SECTOR)
    log = make(flash, state)
    put(log, 200)
    log.acknowledge(200)
    flash.poke(SECTOR, b"\x00" * SECTOR)  # the end of the log is gone
    log = make(flash, state)
    assert log.last == 200
    assert log.append(1, 0, 0, None, None, 0) == 201


def test_a_start_with_a_full_log_takes_few_reads() -> None:
    for sectors in (32, 128):
        flash, state = NorFlash(sectors * SECTOR), NorFlash(2 * SECTOR)
        put(make(flash, state), 130 * sectors)
        journal = StateJournal(CutPartition(state))
        for count in (0, 127 * (2 * sectors - 1) - 130 * sectors - 5, 50):
            log = EventLog(CutPartition(flash), journal, draw)
            put(log, count)  # then sector 0 is erased ahead
            log.prepare()
            flash.reads = 0
            EventLog(CutPartition(flash), journal, draw)
            assert flash.reads < 60 + 8 * sectors.bit_length()
