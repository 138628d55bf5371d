"""A bank behind a chain of shift registers at a whole controller: from the cloud's command to the lock and back."""

import struct

from firmware.controller import clock, ticks
from firmware.controller.bank import Bank
from firmware.controller.cloud import wire
from firmware.controller.events import (
    COMPARTMENT_CLOSED,
    COMPARTMENT_FORCED,
    COMPARTMENT_OPENED,
    COMPARTMENT_RELEASED,
    LOCK_BOARD_BACK,
    LOCK_BOARD_SILENT,
)
from firmware.controller.points.compartments import Compartments
from sim.world.lock_boards import ModbusRelays, XorBoard
from sim.world.lock_chips import Locks, RegisterChain
from tests.firmware import controller_bench
from tests.firmware.controller_bench import TABLE, UTC
from tests.firmware.lock_bench import LockBench

COUNT = 8
PINS = {"data": 13, "clock": 12, "latch": 5, "load": 26, "enable": 27}
BACK = 33
BANK = {"supply_ma": 1000, "coil_ma": 600, "locks": dict(PINS, driver="shift", locks=COUNT, sensor=1, back=BACK)}


class BankBench(controller_bench.Bench):
    def __init__(self):
        self.log_at_pulse = []
        bench = self
        kind = controller_bench.BenchChip

        class Wired(kind):
            def __init__(self):
                super().__init__()
                bench.chain = RegisterChain(PINS, 1, bench.locks, lambda level: self.input(BACK, level))

            def moved(self, n, level):
                if not bench.cut:  # not kept, as the bench does: these are thousands
                    bench.chain.moved(n, level)

        self.cut = False
        self.locks = Locks(COUNT, lambda: self.chip.now * 1000)
        controller_bench.BenchChip = Wired
        try:
            super().__init__(table=dict(TABLE, bank=BANK))
        finally:
            controller_bench.BenchChip = kind
        self.locks.opened = self._pops
        self.connect()
        self.run(1000)
        self.said()
        self.last = self.loop.log.last

    def _pops(self, lock, now_us):
        self.log_at_pulse.append(self.told()[-1])
        self.locks.doors[lock - 1] = True

    def told(self):
        return [event[:3] for event in self.events()[self.last :]]

    def command(self, **fields):
        fields = dict({"id": 1, "expires": UTC + 20}, **fields)
        self.said()
        self.hear(wire.json_message(wire.COMMAND, fields))
        (answer,) = [wire.read_json(one) for one in self.said() if one[0] == wire.RESULT]
        self.run(1500)
        return answer["result"], answer["why"]

    def shut(self, lock):
        self.locks.doors[lock - 1] = False
        self.run(1000)


def test_a_command_opens_one_compartment_after_its_record():
    bench = BankBench()
    assert bench.command(do="open", compartment=3) == ("done", "")
    assert bench.log_at_pulse == [(COMPARTMENT_RELEASED, 3, 1)]
    bench.shut(3)
    assert bench.told() == [(COMPARTMENT_RELEASED, 3, 1), (COMPARTMENT_OPENED, 3, 0), (COMPARTMENT_CLOSED, 3, 0)]
    assert [lock for lock, _ in bench.locks.pulses] == [3]


def test_a_command_comes_once_and_names_a_compartment_that_is_there():
    bench = BankBench()
    assert bench.command(do="open", compartment=3) == ("done", "")
    bench.shut(3)
    assert bench.command(do="open", compartment=3) == ("refused", "done before")
    assert bench.command(id=2, do="open", compartment=9) == ("refused", "no such door")
    assert bench.command(id=3, do="open", compartment="1") == ("refused", "no such door")
    assert bench.command(id=4, do="open", compartment=1, expires=UTC - 1) == ("expired", "expired")
    assert bench.command(id=5, do="open", compartment=1, expires=UTC + 60) == ("refused", "expires too late")
    assert [lock for lock, _ in bench.locks.pulses] == [3]


def rested(bench):
    """One rest of the control loop: how long it was, and in how many pieces."""
    waits = []

    def wait(ms, pending):
        if not pending():
            waits.append(ms)
            bench.chip.now = ticks.add(bench.chip.now, ms)

    before, clock.wait = clock.wait, wait
    bench.loop.wake[0] = 0
    bench.loop.step(bench.chip.now)
    due = max(0, ticks.diff(bench.loop.deadline(), bench.chip.now))
    try:
        bench.loop.rest(due, bench.loop._pending)
    finally:
        clock.wait = before
    return sum(waits), len(waits)


def test_lock_boards_are_asked_between_two_steps_until_something_moves():
    bench = BankBench()
    while rested(bench)[0] < 800:  # until nothing is due
        pass
    ms, pieces = rested(bench)
    assert ms >= 800 and pieces >= ms // 100
    bench.locks.doors[5] = True
    ms, _ = rested(bench)
    assert ms <= 100
    bench.run(300)
    assert bench.told() == [(COMPARTMENT_FORCED, 6, 0)]
    bench.loop.wake[0] = 1
    bench.loop.rest(1000, bench.loop._pending)  # an input ends it at once


def test_a_lock_that_moves_ends_the_rest_and_a_question_to_lock_boards_does_not():
    bench = BankBench()
    bank = bench.loop.parts[0]
    bank.compartments.ask(3, 1)
    bench._step()
    bank.compartments.deadline = lambda: None
    assert bank.deadline() == bank.line.deadline()
    while bank.line.busy():
        bench.chip.now = bank.line.deadline()
        bank.line.watch(bench.chip.now)
    assert bank.deadline() is None


def test_all_of_them_open_one_coil_at_a_time():
    bench = BankBench()
    assert bench.command(do="open", compartment=0) == ("done", "")
    bench.run(10000)
    assert sorted(lock for lock, _ in bench.locks.pulses) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert bench.locks.most == 1


def test_so_many_coils_have_current_at_once_as_the_supply_bears():
    bench = BankBench()
    for supply_ma, most in ((600, 1), (1199, 1), (1200, 2), (100, 1)):
        bank = Bank(dict(BANK, supply_ma=supply_ma), bench.chip.now)
        assert len(bank.compartments._ends) == most


def test_a_relay_that_holds_longer_has_its_share_of_the_supply_longer():
    relays = ModbusRelays(1, 8)
    bench = LockBench("modbus", [relays], pulse_ms=2000)
    bench.run(1000)
    bank = Compartments(bench.line, 1, 50, 120000, bench.chip.now)
    bank.ask_all()
    for _ in range(1000):
        bench.run(20)
        bank.watch(lambda *told: None, bench.chip.now)
    begins = [us for _, us in relays.pulses]
    assert relays.on_ms == [2000] * 8
    assert all(begins[n + 1] - begins[n] >= 2000000 for n in range(7))


def test_an_audit_walk_goes_from_one_to_the_next():
    bench = BankBench()
    assert bench.command(do="audit") == ("done", "")
    for lock in range(1, COUNT + 1):
        bench.run(1000)
        assert [one for one, _ in bench.locks.pulses] == list(range(1, lock + 1))
        bench.shut(lock)
    assert bench.command(id=2, do="audit", expires=UTC + 600) == ("done", "")


def test_one_that_is_forced_and_a_chain_that_breaks_are_told():
    bench = BankBench()
    bench.locks.doors[5] = True
    bench.run(1000)
    assert bench.told() == [(COMPARTMENT_FORCED, 6, 0)]
    bench.cut = True
    bench.run(5000)
    bench.cut = False
    bench.run(5000)
    assert [code for code, _, _ in bench.told()[1:]] == [LOCK_BOARD_SILENT, LOCK_BOARD_BACK]


def test_a_board_without_a_bank_knows_no_such_command():
    bench = controller_bench.Bench()
    bench.connect()
    bench.said()
    bench.hear(wire.json_message(wire.COMMAND, {"id": 1, "do": "open", "compartment": 1, "expires": UTC + 20}))
    (answer,) = [wire.read_json(one) for one in bench.said() if one[0] == wire.RESULT]
    assert (answer["result"], answer["why"]) == ("refused", "unknown command")


def test_the_heap_of_a_compartment():
    def takes(count):
        bank = Compartments(LockBench("xor", [XorBoard(1, count)]).line, 2, 0, 0, 0)
        return sum(len(one) * each for one, each in _arrays(bank))

    few, many = takes(8), takes(48)
    assert (many - few) / 40 <= 32


def _arrays(one):
    for value in one.__dict__.values():
        if type(value) is bytearray:
            yield value, 1
        elif hasattr(value, "append"):
            yield value, struct.calcsize("i")
