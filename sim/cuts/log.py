"""An event log that loses its power: what append returned is there, numbers are contiguous, nothing is written over."""

from random import Random
from typing import Any

from firmware.controller.events import LOG_OVERWRITTEN
from firmware.controller.records import EVENT, unpack_event
from firmware.controller.storage.log import EventLog
from firmware.controller.storage.state import StateJournal
from sim.mcu.flash import SECTOR

from .power import CutPartition, Tally, anywhere, flash_that_may_weaken, start

EPOCH = 0xE0E0E0E0
LAZY = 64  # so many acknowledged events a restart may send again
A_SECTOR = 127


class LogWalk:
    """One log and its journal that live through cuts, with the events that were put in. The ring is full at once."""

    def __init__(self, seed: int, sectors: int, tally: Tally | None = None) -> None:
        self.random = Random(seed)
        self.sectors = sectors
        self.tally = tally
        self.flashes = [flash_that_may_weaken(n * SECTOR, self.random) for n in (sectors, 2)]
        self.events: dict[int, tuple[int, bytes]] = {}
        self.last = 0
        self.acknowledged = self.acknowledging = 0
        self.cuts = 0
        self.log = self.make()
        for _ in range(self.random.randrange(sectors * A_SECTOR)):
            self.one_event()

    def make(self) -> EventLog:
        return EventLog(
            CutPartition(self.flashes[0]), StateJournal(CutPartition(self.flashes[1])), lambda n: b"\xe0" * n
        )

    def one_event(self) -> None:
        event = (self.random.randrange(256), self.random.randbytes(7))
        self.events[self.last + 1] = event
        seq = self.log.append(event[0], 1, 0, event[1], None, 0)
        assert seq == self.last + 1, "an event got a number that is not the next"
        self.last = seq

    def some_events(self) -> None:
        random, log = self.random, self.log
        for _ in range(random.choice((6, 12, 140))):
            self.one_event()
            if random.random() < 0.2:
                log.prepare()
            if random.random() < 0.1:
                upto = random.randrange(log.first - 1, log.last + 1)
                self.acknowledging = max(self.acknowledged, upto)
                log.acknowledge(upto)
                self.acknowledged = self.acknowledging

    def step(self) -> None:
        """Some events with a cut somewhere in them, or none; then all that must be true of the log."""
        random = self.random
        cut = anywhere(self.flashes, self.some_events, 7, random, self.tally)
        if cut:
            self.cuts += 1
            self.log = start(self.flashes, self.make, random, self.tally)
            saved = self.log.acknowledged
            assert self.acknowledged - LAZY <= saved <= self.acknowledging, "what the cloud acknowledged is not known"
            self.acknowledged = self.acknowledging = saved
        self.check()

    def check(self) -> None:
        log: Any = self.log
        assert log.epoch == EPOCH, "another log"
        assert log.last in (self.last, self.last + 1), "an event that append returned is gone, or one too many is there"
        self.last = log.last
        assert log.first <= max(1, self.last - A_SECTOR * (self.sectors - 1) + 200), "more is gone than had to go"
        self.check_events(max(log.first, self.last - 40), self.last)
        if self.last > log.first:
            first = self.random.randrange(log.first, self.last)
            self.check_events(first, min(self.last, first + 20))
        assert log.read(log.last + 1, bytearray(EVENT)) == 0, "an event of the future"

    def check_events(self, seq: int, last: int) -> None:
        buf = bytearray(EVENT * self.random.choice((1, 7, 20)))
        while seq <= last:
            count = self.log.read(seq, buf)
            assert 0 < count <= len(buf) // EVENT, "an event cannot be read"
            for i in range(count):
                event = unpack_event(buf, i * EVENT)
                assert event is not None and event[0] == seq, "an event that is damaged, or of another number"
                if event[2] == LOG_OVERWRITTEN and event[6] is None:
                    # Only in a sector that the power left half erased, the oldest one.
                    assert seq < self.log.first + A_SECTOR, "an event is lost"
                else:
                    assert (event[2], event[6]) == self.events[seq], "an event is not as it was recorded"
                seq += 1
