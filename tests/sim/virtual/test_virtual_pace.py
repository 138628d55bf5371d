"""What takes time on a chip takes it here as well: erases, garbage, handshakes; and edges are lost meanwhile."""

import random

import pytest

from sim.mcu import machine
from sim.virtual.chip import VirtualChip
from sim.virtual.net import VirtualNetwork
from sim.virtual.pace import ESP32, Pace
from sim.virtual.scheduler import MS, SECOND, Scheduler

PIN = 16


class Bench:
    """One chip that runs `code(bench)`, and what it noted: (what, microseconds since the code began)."""

    def __init__(self, code, pace, more=()):
        self.scheduler = Scheduler(1)
        self.network = VirtualNetwork(self.scheduler)
        self.seen = []
        self.chip = VirtualChip(
            "it", self.scheduler, self.network, {"log": 3 * 4096}, lambda chip: self._run(code, more), pace=pace
        )
        self.chip.power_on()
        self.scheduler.run(180 * MS - 1)
        self.began = 180 * MS

    def _run(self, code, more):
        for one in more:
            self.chip.thread.start_new_thread(one, (self,))
        code(self)

    def note(self, what):
        self.seen.append((what, self.scheduler.now - self.began))

    def at(self, us, call, *arguments):
        self.scheduler.at(self.began + us, call, *arguments)

    def run(self, us=SECOND):
        self.scheduler.run(self.began + us)
        return self.seen


def listen(bench, pins=(PIN,)):
    for n in pins:
        pin = machine.Pin(n, machine.Pin.IN)
        pin.irq(lambda pin: bench.note(pin.n), machine.Pin.IRQ_FALLING)
        bench.chip.inputs[n] = 1


def pulses(bench, times, pin=PIN):
    for us in times:
        bench.at(us, bench.chip.input, pin, 0)
        bench.at(us + 50, bench.chip.input, pin, 1)


def test_an_erase_takes_its_time_and_a_program_its_own():
    def code(bench):
        bench.chip.flash["log"].erase(0)
        bench.note("erased")
        bench.chip.flash["log"].program(0, b"abc")
        bench.note("programmed")

    assert Bench(code, Pace(erase_us=45_000, program_us=110)).run() == [("erased", 45_000), ("programmed", 45_110)]


def test_a_slow_erase_stays_below_what_the_data_sheet_says():
    times = [ESP32.erase(random.Random(n)) for n in range(2_000)]
    assert min(times) == 45_000 and 200_000 < max(times) < 400_000
    assert 10 < sum(time > 45_000 for time in times) < 100


def test_while_flash_works_a_pin_keeps_one_edge():
    def code(bench):
        listen(bench)
        bench.chip.flash["log"].erase(0)
        bench.chip.sleep_ms(100)

    bench = Bench(code, Pace(erase_us=45_000))
    pulses(bench, [2_000, 4_000, 6_000, 50_000])
    assert bench.run() == [(PIN, 45_000), (PIN, 50_000)]
    assert bench.chip.lost_edges == 2 and bench.chip.lost_at == bench.began + 6_000


def test_while_the_interpreter_is_held_eight_interrupts_wait_and_the_rest_is_lost():
    def code(bench):
        listen(bench)
        bench.chip.hold(100_000, "test")
        bench.chip.sleep_ms(100)

    bench = Bench(code, Pace())
    pulses(bench, [2_000 * n for n in range(1, 12)])
    assert bench.run() == [(PIN, 100_000)] * 8
    assert bench.chip.lost_edges == 3


def test_an_edge_at_the_very_end_of_a_hold_comes_after_those_before_it():
    def code(bench):
        listen(bench, (16, 17))
        bench.chip.hold(10_000, "test")
        bench.chip.sleep_ms(100)

    bench = Bench(code, Pace())
    pulses(bench, [8_000])
    pulses(bench, [10_000], 17)
    assert [what for what, _ in bench.run()] == [16, 17]


def test_no_other_thread_goes_on_while_one_holds_the_interpreter():
    def other(bench):
        for _ in range(3):
            bench.chip.sleep_ms(10)
            bench.note("other")

    def code(bench):
        bench.chip.sleep_ms(15)
        bench.chip.hold(1_000_000, "handshake")
        bench.note("done")

    seen = Bench(code, Pace(), [other]).run(2 * SECOND)
    assert seen == [("other", 10_000), ("done", 1_015_000), ("other", 1_015_000), ("other", 1_025_000)]


def test_a_wake_takes_a_look_and_a_step():
    def code(bench):
        listen(bench)
        flag = []
        bench.at(7_000, flag.append, 1)
        bench.at(7_000, bench.chip.look)
        bench.chip.wait(1_000, lambda: flag)
        bench.note("woken")
        bench.chip.sleep_ms(10)
        bench.note("slept")

    (_, woken), (_, slept) = Bench(code, Pace(look_us=5_000, wake_us=4_000)).run()
    assert 7_000 + 4_000 < woken <= 7_000 + 5_000 + 4_000
    assert slept == woken + 14_000


def test_garbage_is_collected_now_and_then():
    def code(bench):
        for _ in range(10):
            bench.chip.wait(1, lambda: False)

    bench = Bench(code, Pace(collect_us=10_000, collect_every=4))
    bench.run()
    assert bench.chip.held == {"collection": 2}
    assert bench.chip.held_since(0) == 20_000


@pytest.mark.parametrize("seed", range(5))
def test_power_that_goes_during_an_erase_leaves_a_part_of_it(seed):
    def code(bench):
        flash = bench.chip.flash["log"]
        flash.program(0, bytes(4096))
        bench.chip.chance.seed(seed)
        flash.erase(0)

    bench = Bench(code, Pace(erase_us=45_000))
    bench.at(20_000, bench.chip.power_cut)
    bench.run()
    found = bytearray(4096)
    bench.chip.flash["log"].peek(0, found)
    done = found.count(255)
    assert found == b"\xff" * done + bytes(4096 - done) and 0 < done < 4096
    assert bench.chip.tasks == [] and bench.chip.holder is None


def test_a_handshake_is_paid_at_every_connect():
    def code(bench):
        sock = bench.chip.sockets.socket()
        bench.network.listen(8883, lambda line: None)
        bench.chip.joined = True
        before = bench.scheduler.now
        sock.connect(("10.0.0.1", 8883))
        assert bench.scheduler.now - before > 1_000_000
        bench.note("connected")

    bench = Bench(code, Pace(handshake_us=1_000_000))
    assert [what for what, _ in bench.run(3 * SECOND)] == ["connected"]
    assert bench.chip.held == {"handshake": 1}
