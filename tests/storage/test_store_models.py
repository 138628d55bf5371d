"""The stores against plain models: a dict for the credential table, a list for the event log."""

import os
from contextlib import nullcontext
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from firmware.controller.records import EVENT, PUT, REMOVE, credential_digest, pack_credential, unpack_event
from firmware.controller.storage.log import EventLog
from firmware.controller.storage.state import StateJournal
from firmware.controller.storage.table import CredentialTable, Damaged
from sim.cuts.table import send
from sim.mcu.flash import SECTOR, NorFlash
from tests.firmware.storage.cards import apply
from tests.storage.power import CutPartition, start, survive

# Keys that share halves with each other. None begins with four zeros, as half removed slots do (one key in 2**32).
FIRST = (b"\x00\x00\x00\x01", b"\xff\xff\xff\xff", b"\x01\x02\x03\x04", b"\x80\x00\x00\x00")
SECOND = (b"\x00\x00\x01", b"\xff\xff\xfe", b"\x05\x06\x07", b"\x03\x04\x05")
KEYS = st.sampled_from([first + second for first in FIRST for second in SECOND])
VALUES = st.tuples(st.integers(0, 65535), st.integers(0, 0xFFFFFF))
CHANGES = st.lists(st.tuples(KEYS, st.none() | VALUES), max_size=12)
SOAK = int(os.environ.get("SOAK", "1"))  # times as many examples, other ones each time
CUTS = st.none() | st.tuples(st.integers(0, 20), st.floats(0, 1))

Known = dict[bytes, tuple[int, int]]


def digest(known: Known) -> int:
    result = 0
    for key, value in known.items():
        result ^= credential_digest(pack_credential(key, *value))
    return result


class TableModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.flash = NorFlash(5 * SECTOR)
        self.table = self.make()
        self.known: Known = {}
        self.version = 0

    def make(self) -> CredentialTable:
        return CredentialTable(CutPartition(self.flash))

    def under_power(self, cut: tuple[int, float] | None, act: Any) -> None:
        if cut is None:
            act()
        elif survive([self.flash], act, cut[0], cut[1], Random(cut[0])):
            self.table = start([self.flash], self.make, Random(cut[0]))

    @rule(changes=CHANGES, cut=CUTS)
    def delta(self, changes: list[tuple[bytes, tuple[int, int] | None]], cut: tuple[int, float] | None) -> None:
        after, packed, version = dict(self.known), b"", self.version + 1
        for key, value in changes:
            packed += bytes((PUT if value else REMOVE,)) + pack_credential(key, *(value or (0, 0)))
            if value:
                after[key] = value
            else:
                after.pop(key, None)
        self.under_power(cut, lambda: apply(self.table, version, packed))
        if self.table.version == version:
            self.known, self.version = after, version

    @rule(known=st.dictionaries(KEYS, VALUES, max_size=16), cut=CUTS)
    def snapshot(self, known: Known, cut: tuple[int, float] | None) -> None:
        version = self.version + 1

        def act() -> None:
            send(self.table, known, version)

        self.under_power(cut, act)
        if self.table.version == 0:
            for key in {*known, *self.known}:
                try:
                    assert self.table.find(key) in (known.get(key), self.known.get(key))
                except Damaged:  # half of it is there; who had the right before has it
                    assert key not in self.known
            with pytest.raises(Damaged) if self.table.digest else nullcontext():
                apply(self.table, 0, b"")
            act()
        if self.table.version == version:
            self.known, self.version = known, version

    @rule()
    def restart(self) -> None:
        self.table = self.make()

    @rule()
    def idle(self) -> None:
        self.table.prepare()

    @invariant()
    def is_the_set_of_its_version(self) -> None:
        assert self.table.version == self.version
        assert self.table.digest == digest(self.known)
        assert self.table.count == len(self.known)
        for first in FIRST:
            for second in SECOND:
                assert self.table.find(first + second) == self.known.get(first + second)


class LogModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.flashes = [NorFlash(4 * SECTOR), NorFlash(2 * SECTOR)]
        self.log = self.make()
        self.events: list[int] = []

    def make(self) -> EventLog:
        return EventLog(CutPartition(self.flashes[0]), StateJournal(CutPartition(self.flashes[1])), Random(9).randbytes)

    @rule(codes=st.lists(st.integers(0, 255), max_size=9), times=st.integers(1, 40), cut=CUTS)
    def events_come(self, codes: list[int], times: int, cut: tuple[int, float] | None) -> None:
        coming = codes * times
        before = len(self.events)

        def act() -> None:
            for code in coming:
                self.log.append(code, 1, 0, None, None, 0)
                self.events.append(code)

        if cut is None:
            act()
        elif survive(self.flashes, act, *cut, Random(cut[0])):
            self.log = start(self.flashes, self.make, Random(cut[0]))
            assert self.log.last in (len(self.events), len(self.events) + 1)
            self.events = (self.events[:before] + coming)[: self.log.last]

    @rule()
    def restart(self) -> None:
        self.log = self.make()

    @rule()
    def idle(self) -> None:
        self.log.prepare()

    @rule(back=st.integers(0, 300))
    def acknowledged(self, back: int) -> None:
        self.log.acknowledge(self.log.last - back)

    @invariant()
    def holds_the_latest(self) -> None:
        log = self.log
        assert log.last == len(self.events)
        assert log.first <= max(1, log.last - 200)
        buf = bytearray(60 * EVENT)
        seq = log.first
        while seq <= log.last:
            count = log.read(seq, buf)
            assert count
            for i in range(count):
                event = unpack_event(buf, i * EVENT)
                assert event and event[0] == seq
                if seq >= max(1, log.last - 2 * 127 + 60):
                    assert event[2] == self.events[seq - 1]
                seq += 1


STEPS = settings(
    max_examples=40 * SOAK,
    stateful_step_count=30,
    deadline=None,
    derandomize=SOAK == 1,
    suppress_health_check=[HealthCheck.too_slow],
)
TestTableModel = TableModel.TestCase
TestTableModel.settings = STEPS
TestLogModel = LogModel.TestCase
TestLogModel.settings = STEPS
