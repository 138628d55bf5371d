"""Retention under power cuts: what is due is gone in the end, nothing else is, and numbers and chain stay."""

from random import Random

import pytest

from firmware.controller.access.rules import Rules
from firmware.controller.events import GRANTED, LOG_OVERWRITTEN
from firmware.controller.records import EVENT, unpack_event
from firmware.controller.storage.log import EventLog
from firmware.controller.storage.log_retention import Retention
from firmware.controller.storage.state import StateJournal
from firmware.protocol.log_chain import EXPIRED, LOST, WHOLE, LogChain
from sim.mcu.flash import SECTOR, NorFlash
from tests.storage.power import HOW, CutPartition, content, start, survive

UTC = 1_800_000_000
DAY = 86_400
RULES = Rules({"version": 1, "doors": {"1": {"retention_days": 3}, "2": {"retention_days": 9}}}, 2)


class Board:
    """A log in which an hour passes from event to event, and its retention. Doors take turns."""

    def __init__(self, sectors: int) -> None:
        self.random = Random(sectors)
        self.flash = NorFlash(sectors * SECTOR)
        self.state = NorFlash(2 * SECTOR)
        self.flashes = [self.flash, self.state]
        self.utc = UTC
        self.times: dict[int, int] = {}
        self.chain: LogChain | None = None
        self.make()

    def make(self) -> EventLog:
        self.log = EventLog(CutPartition(self.flash), StateJournal(CutPartition(self.state)), self.random.randbytes)
        self.retention = Retention(self.log, 0)
        self.now = 0
        return self.log

    def some_time(self) -> None:
        for _ in range(self.random.randrange(1, 12)):
            self.utc += 3600
            sequence = self.log.last + 1
            self.times[sequence] = self.utc
            key = sequence.to_bytes(4, "little") + b"key"
            self.log.append(GRANTED, 1 + sequence % 2, 0, key, self.utc, 1)
            self.log.prepare()
            if self.random.random() < 0.2:
                self.log.acknowledge(self.log.last - self.random.randrange(9))
            self.look(self.random.randrange(20))

    def look(self, steps: int) -> None:
        for _ in range(steps):
            self.retention.step(RULES, self.utc, self.now)
            self.now += 5000

    def check(self, settled: bool) -> None:
        log, buf = self.log, bytearray(EVENT)
        image = content(self.flash)
        for sequence in range(log.first, log.last + 1):
            assert log.read(sequence, buf) == 1
            event = unpack_event(buf)
            assert event is not None and event[0] == sequence
            age = self.utc - self.times[sequence]
            if event[2] == GRANTED:
                assert event[1] == self.times[sequence]
                assert not settled or age < (9 if sequence % 2 else 3) * DAY
            elif event[2] == LOG_OVERWRITTEN:
                assert sequence < log.first + 127 or age >= 3 * DAY
            else:
                assert event[2] == 0 and age >= (9 if sequence % 2 else 3) * DAY
                if settled:
                    assert sequence.to_bytes(4, "little") + b"key" not in image

    def check_chain(self) -> None:
        log, buf = self.log, bytearray(EVENT)
        begins = log.chain_start
        if begins and begins[0] <= log.last and (self.chain is None or begins[0] >= self.chain.next):
            self.chain = LogChain(*begins)
        while self.chain is not None and self.chain.next <= log.last:
            log.read(self.chain.next, buf)
            assert self.chain.take(buf) in (WHOLE, EXPIRED, LOST)


@pytest.mark.parametrize("sectors", [4, pytest.param(6, marks=pytest.mark.slow)])
def test_retention_survives_any_power_cut(sectors: int) -> None:
    board, cuts = Board(sectors), 0
    random = board.random
    for turn in range(500):
        last = board.log.last
        if survive(board.flashes, board.some_time, random.randrange(40), random.choice(HOW), random):
            cuts += 1
            start(board.flashes, board.make, random)
            for sequence in range(max(last, board.log.last) + 1, max(board.times) + 1):
                del board.times[sequence]  # it was never on flash
        board.check(settled=False)
        if turn % 3 == 0:
            board.check_chain()
        if turn % 10 == 0:
            board.look(2 * sectors * 4 + 2)
            board.check(settled=True)
    assert cuts > 100
    assert board.log.last > 127 * sectors


def test_a_cut_at_every_byte_of_an_expiry() -> None:
    for done in range(29):
        board = Board(4)
        for sequence in range(1, 4):
            board.times[sequence] = board.utc
            board.log.append(GRANTED, 1, 0, b"thiscrd", board.utc, 1)
        assert board.log.chain_start
        chain = LogChain(*board.log.chain_start)
        board.utc += 3 * DAY
        board.look(1)
        survive([board.flash], lambda: board.look(20), 1, done / 28, board.random)  # noqa: B023 - called at once
        board.make()
        assert board.log.last == 3
        board.look(40)
        assert b"thiscrd" not in content(board.flash)
        buf = bytearray(EVENT)
        for sequence in range(1, 4):
            board.log.read(sequence, buf)
            assert chain.take(buf) == EXPIRED
        assert board.log.append(GRANTED, 1, 0, None, board.utc, 1) == 4
