"""Parcels at a bank against what people see: hypothesis plays couriers, recipients, guessers, jams and power cuts.

The model knows where each parcel really lies. Whatever happens: no door that opens for somebody has another's parcel
in it, no parcel is put to another one, each one can be taken out with its code, and the code then opens nothing. No
lock moves before its record, or a second time for one opening; what a cloud sends that was put back to a backup changes
nothing; and none of it needs a network.
"""

import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import sim.mcu  # noqa: F401  before any firmware file is imported
from firmware.controller import bank
from firmware.controller.access.codes import DEPOSIT, PICK_UP
from firmware.controller.access.codes import SIZES as SIZE_LETTERS
from firmware.controller.cloud import session
from firmware.controller.events import COMPARTMENT_RELEASED
from firmware.controller.records import EVENT, unpack_event
from sim.mcu.flash import NorFlash, PowerCut
from sim.world.lock_chips import Locks
from tests.firmware import parcel_bench
from tests.firmware.parcel_bench import ParcelBench, deposit_code, long_code, pick_up_code

STORIES = int(
    os.environ.get("STORIES", "40")
)  # STORIES=10000 .venv/bin/pytest -n0 -q --timeout 0 tests/model/test_parcels.py
COUNT = 8
SIZES_OF = [SIZE_LETTERS.index(letter) + 1 for letter in parcel_bench.BANK["sizes"]]
NUMBERS = st.integers(1, 4)
SIZES = st.integers(1, 3)
CUTS = st.one_of(st.none(), st.none(), st.integers(0, 14))


class Power:
    """Goes in the middle of the flash operation of that number, of the three partitions together."""

    def __init__(self, flash: Any, after: int) -> None:
        self._left = after
        self._parts = [flash[name] for name in ("log", "state", "bank")]
        for part in self._parts:
            part.fault = self._fault

    def _fault(self, op: str, offset: int, length: int) -> int | None:
        if op == "read":
            return None
        self._left -= 1
        return None if self._left >= 0 else offset * 7 % (length + 1)

    def over(self) -> None:
        for part in self._parts:
            part.fault = None


class Line:
    """Lock boards that answer at once: what a wire takes is told elsewhere."""

    pulse_ms = 500

    def __init__(self, world: Any) -> None:
        self.world = world
        self.count = world.count
        self.troubles: list[Any] = []
        self._seen_to: list[bool] = []

    @property
    def news(self) -> bool:
        """Whether a contact says something else than when the bank has seen to it."""
        return self._seen_to != self.contacts()

    @news.setter
    def news(self, there_is: bool) -> None:
        self._seen_to = self.contacts()

    def contacts(self) -> list[bool]:
        return list(self.world.doors)

    def unlock(self, n: int, now: int) -> bool:
        self.world.coil(n, True)
        self.world.coil(n, False)
        return True

    def busy(self) -> bool:
        return False

    def is_open(self, n: int) -> bool:
        return bool(self.world.doors[n - 1])

    def watch(self, now: int) -> None:
        pass

    def expect(self, now: int) -> None:
        pass

    def deadline(self) -> None:
        return None


class Parcels(RuleBasedStateMachine):
    """lies: {number: compartment}, as seen from outside. held: the number that a slot's key is of."""

    def __init__(self) -> None:
        super().__init__()
        self.was = parcel_bench.nor_flash, bank.locks
        parcel_bench.nor_flash = NorFlash  # type: ignore[assignment]  # in memory: quicker
        self.world: Any = Locks(COUNT, lambda: 0)
        self.world.opened = self._pulse  # type: ignore[assignment]
        self.by_right: set[int] = set()  # doors that the board has opened, and that were not shut since
        self.pulsed_open: set[int] = set()  # and others that stood open when their lock moved for what is asked now
        bank.locks = lambda table, now: Line(self.world)
        self.bench: Any = ParcelBench(locks=self.world)
        self.bench.stock_comes(*range(1, 7))
        self.held = {slot: slot for slot in range(1, 7)}
        self.lies: dict[int, int] = {}
        self.done: set[int] = set()  # picked up, and shut
        self.least: dict[int, int] = {}  # {number: the smallest size that was asked for}
        self.linked = True

    # What people do, with the power going on the way or not.

    def _does(self, cut: int | None, act: Any) -> list[int]:
        """Which doors popped."""
        bench = self.bench
        self._another_day()
        self.pulsed_open.clear()
        before = list(bench.locks.doors)
        if cut is None:
            act()
        else:
            power = Power(bench.flash, cut)
            try:
                act()
                bench.run(3000)
            except PowerCut:
                pass
            power.over()
            self.by_right.clear()  # a start knows of no opening
            self.pulsed_open.clear()
            self.bench = bench = bench.again(known=self.linked)
        bench.run(3000)
        return [n + 1 for n in range(COUNT) if bench.locks.doors[n] and not before[n]]

    @rule(slot=NUMBERS, size=SIZES, cut=CUTS, shuts=st.booleans())
    def brings(self, slot: int, size: int, cut: int | None, shuts: bool) -> None:
        """A courier types his code, puts his parcel into the last door that opened, and takes it out of another."""
        number = self.held[slot]
        popped = self._does(cut, lambda: self._types(deposit_code(number), str(size)))
        self.least[number] = min(size, self.least.get(number, size))
        for door in popped:
            self._mine(door, number)
            assert SIZES_OF[door - 1] >= self.least[number], f"door {door} is smaller than all that {number} asked for"
        mine = self.lies.get(number)
        if popped and (mine is None or mine in self._open()):
            assert not self._picked_up(number)
            self.done.discard(number)
            self.lies[number] = popped[-1]
        if shuts:
            self.shuts_all()

    @rule(slot=NUMBERS, size=SIZES)
    def comes_again_too_late(self, slot: int, size: int) -> None:
        number = self.held[slot]
        if number in self.lies and not self._open():
            self.time_goes_by()
            popped = self._does(None, lambda: self._types(deposit_code(number), str(size)))
            assert popped == [], f"{number} was brought more than two minutes ago"

    @rule(slot=NUMBERS, sizes=st.tuples(SIZES, SIZES), cuts=st.tuples(CUTS, CUTS), shuts=st.booleans())
    def brings_and_finds_it_too_small(self, slot: int, sizes: Any, cuts: Any, shuts: bool) -> None:
        self.brings(slot, sizes[0], cuts[0], shuts)
        self.brings(slot, sizes[1], cuts[1], True)

    @rule(slot=NUMBERS, cut=CUTS, shuts=st.booleans())
    def fetches(self, slot: int, cut: int | None, shuts: bool) -> None:
        number = self.held[slot]
        over, open_before = self._picked_up(number), self._open()
        popped = self._does(cut, lambda: self._types(pick_up_code(number)))
        for door in popped:
            self._mine(door, number)
        assert not (over and popped) or cut is not None or open_before, "a code of the past opens"
        assert over or not self._picked_up(number), f"{number} was picked up, and nobody has shut its door"
        if self.lies.get(number) in self._open():
            del self.lies[number]
        if shuts:
            self.shuts_all()

    @rule(slot=NUMBERS, digit=st.integers(0, 9), by=st.integers(1, 9), kind=st.sampled_from((DEPOSIT, PICK_UP)))
    def mistypes(self, slot: int, digit: int, by: int, kind: bytes) -> None:
        right = long_code(self.held[slot], kind)[:10]
        typed = right[:digit] + str((int(right[digit]) + by) % 10) + right[digit + 1 :]
        assert self._does(None, lambda: self._types(typed)) == [], f"{typed} is no code"

    @rule(which=NUMBERS, kind=st.sampled_from((DEPOSIT, PICK_UP)))
    def tries_a_code_of_the_past(self, which: int, kind: bytes) -> None:
        if self.done:
            number = sorted(self.done)[which % len(self.done)]
            popped = self._does(None, lambda: self._types(long_code(number, kind)[:10]))
            assert popped == [], f"delivery {number} is over"

    @rule()
    def the_network_goes(self) -> None:
        if self.linked:
            self.bench.said()
            self.bench.hear(session.LOST)
            self.linked = False
            assert not self.bench.sync.open

    @rule()
    def the_network_is_back(self) -> None:
        if not self.linked:
            self.bench.connect()
            self.linked = True
            assert self.bench.sync.open

    @rule()
    def the_cloud_is_an_older_one(self) -> None:
        """It was put back to a backup, and sends the keys that it sent at first."""
        if self.linked:
            self.bench.stock_comes(*range(1, 7))
            stock = self.bench.bank._parcels.deliveries.stock
            for slot in range(1, 7):
                assert stock.get(slot).number == self.held[slot], "a key of the past is back"

    @rule(door=st.integers(1, COUNT), cut=CUTS)
    def shuts(self, door: int, cut: int | None) -> None:
        self._does(cut, lambda: self._shut(door))

    @rule()
    def shuts_all(self) -> None:
        for door in self._open():
            self._shut(door)

    @rule(door=st.integers(1, COUNT))
    def jams(self, door: int) -> None:
        if door in self.bench.locks.jams:
            self.bench.locks.jams.remove(door)
        elif not self.bench.locks.jams:
            self.bench.locks.jams.add(door)

    @rule(slot=NUMBERS, sizes=st.tuples(SIZES, SIZES), cut=CUTS)
    def jams_where_his_parcel_lies(self, slot: int, sizes: Any, cut: int | None) -> None:
        where = self.lies.get(self.held[slot])
        if where and where not in self._open():
            self.bench.locks.jams = {where}
            self.brings(slot, sizes[0], cut, True)
            self.brings(slot, sizes[1], None, True)
            self.bench.locks.jams = set()

    @rule()
    def time_goes_by(self) -> None:
        """Two minutes after every deposit."""
        self.bench.bank._parcels.deliveries._again.clear()

    @rule(slot=NUMBERS)
    def next_key_comes(self, slot: int) -> None:
        number = self.held[slot] + 256
        if not self.linked:
            return
        self.bench.stock_comes(number)
        if self.bench.bank._parcels.deliveries.stock.get(slot).number == number:
            assert self.held[slot] not in self.lies, "the key of a parcel that lies there is gone"
            self.held[slot] = number

    @rule(cut=CUTS)
    def opens_all(self, cut: int | None) -> None:
        def asks() -> None:
            self.bench.bank.compartments.ask_all()
            self.bench.run(6000)

        self._does(cut, asks)

    # What must hold.

    def _pulse(self, lock: int, now_us: int) -> None:
        """Its record is on flash, and it does not stand open for somebody."""
        assert (COMPARTMENT_RELEASED, lock) in self._last_events(8), f"lock {lock} moves, and that is not on record"
        doors = self.world.doors
        if doors[lock - 1]:  # not by right: its contact proves nothing, and whoever asks has it pulsed once
            assert lock not in self.by_right | self.pulsed_open, f"a second pulse at the open door {lock}"
            self.pulsed_open.add(lock)
        elif lock not in self.world.jams:
            doors[lock - 1] = True
            self.by_right.add(lock)

    def _last_events(self, count: int) -> list[tuple[int, int]]:
        log = self.bench.loop.log
        first = max(log.first, log.last - count + 1)
        raw = bytearray((log.last - first + 1) * EVENT)
        log.read(first, memoryview(raw))
        events = [unpack_event(raw[at : at + EVENT]) for at in range(0, len(raw), EVENT)]
        return [(event[2], event[3]) for event in events]

    def _mine(self, door: int, number: int) -> None:
        for other, where in self.lies.items():
            assert where != door or other == number, f"door {door} opens for {number}, and {other} lies there"

    def _open(self) -> list[int]:
        return [n + 1 for n in range(COUNT) if self.bench.locks.doors[n]]

    def _types(self, *texts: str) -> None:
        for text in texts:
            self.bench.type(text)
        self.bench.run(6000)

    def _shut(self, door: int) -> None:
        """A second door may open for a recipient when the first was shut: he looks into each."""
        self._recipients_take()
        self.by_right.discard(door)
        self.pulsed_open.clear()
        self.bench.shut(door)
        self.bench.run(1000)
        self._recipients_take()
        self.done |= {number for number in self.held.values() if number not in self.lies and self._picked_up(number)}

    def _recipients_take(self) -> None:
        for door, (number, kind, _size) in self.bench.bank._parcels.deliveries._runs.items():
            if kind == PICK_UP and door in self._open() and self.lies.get(number) == door:
                del self.lies[number]

    def _another_day(self) -> None:
        """How often somebody is wrong is told elsewhere."""
        tries = self.bench.bank._parcels.entry.tries
        tries._until, tries.short = None, 0

    def _picked_up(self, number: int) -> bool:
        """As the board says it."""
        return ("DELIVERY_PICKED_UP", number) in [(event[0], event[3]) for event in self.bench.told_ever()]

    @invariant()
    def nothing_is_called_picked_up_that_lies_there(self) -> None:
        for number in self.lies:
            assert not self._picked_up(number), f"{number} lies there and was picked up"

    def teardown(self) -> None:
        try:
            self.everybody_fetches_what_is_his()
        finally:
            parcel_bench.nor_flash, bank.locks = self.was
            self.bench.clean()

    def everybody_fetches_what_is_his(self) -> None:
        bench = self.bench
        bench.locks.jams.clear()
        for _ in range(2):
            self.shuts_all()
        self.by_right.clear()
        bench = self.bench = bench.again()
        for number in sorted(self.lies):
            before = len(bench.locks.pulses)
            for _ in range(3):
                self._another_day()
                bench.type(pick_up_code(number))
                bench.run(3000)
                for door in self._open() + self._open():
                    self._mine(door, number)
                    self.by_right.discard(door)
                    bench.shut(door)
                    bench.run(3000)
            opened = [lock for lock, _ in bench.locks.pulses[before:]]
            assert self.lies.pop(number) in opened, f"{number} is not where its code says: {opened}"
            assert len(opened) == len(set(opened)) and not self._open(), f"{number} opens again and again: {opened}"
            self._another_day()
            assert bench.type(pick_up_code(number)) == [], f"the code of {number} works a second time"


TestParcels = Parcels.TestCase
TestParcels.settings = settings(
    max_examples=STORIES,
    database=None,
    stateful_step_count=15,
    deadline=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
