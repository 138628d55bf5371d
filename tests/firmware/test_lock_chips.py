"""Locks whose current the controller switches itself: one pulse each, one at a time, never longer, whatever breaks."""

import gc
import sys

from firmware.controller.outputs.lock_queue import EXPECTS_MS
from firmware.controller.outputs.locks import AGAIN, REFUSED, SILENT
from firmware.controller.ticks import add
from tests.firmware.lock_chip_bench import BACK, PINS, RESET, ChipBench

DRIVERS = {"shift": 24, "mcp23017": 30, "pcf8574": 16}


def benches(**how):
    for driver in sorted(DRIVERS):
        bench = ChipBench(driver, DRIVERS[driver], **how)
        assert bench.pulses() == [], "not one coil while it is set up"
        bench.run(1000, lambda bench=bench: bench.line.is_open(DRIVERS[bench.table["driver"]]) is not None)
        assert bench.told() == []
        yield bench


def test_contacts_are_read():
    for level in (0, 1):
        for bench in benches(open_level=level):
            count = DRIVERS[bench.table["driver"]]
            for n in range(count):
                bench.locks.doors[n] = n % 3 == 0 or n == count - 1
            bench.run(500)
            assert [bench.line.is_open(n + 1) for n in range(count)] == bench.locks.doors


def test_while_an_opening_is_expected_no_contact_is_in_its_way():
    for bench in benches():
        bench.line.expect(bench.chip.now)
        steps = bench.steps
        bench.run(EXPECTS_MS - 10)
        assert bench.steps <= steps + 2, bench.table["driver"]
        bench.unlock(2)
        bench.run(2)
        assert bench.pulses() == [2]
        bench.locks.doors[2] = True
        bench.run(2000)
        assert bench.line.is_open(3) is True


def test_each_lock_gets_its_own_pulse():
    for bench in benches():
        count = DRIVERS[bench.table["driver"]]
        for n in range(1, count + 1):
            bench.unlock(n)
            assert bench.line.is_open(n) is None and bench.line.busy()
            bench.opened()
            assert bench.known(n) is True
        assert bench.pulses() == list(range(1, count + 1))
        assert bench.locks.most == 1 and bench.told() == []


def test_a_pulse_is_as_long_as_it_is_set():
    for pulse in (50, 500, 3000):
        for bench in benches(pulse_ms=pulse):
            bench.unlock(2)
            bench.opened(5000)
            assert pulse <= bench.locks.longest_us() // 1000 <= pulse + 5


def test_many_at_once_come_one_after_the_other():
    for bench in benches():
        wanted = [n * 2 + 1 for n in range(8)] * 2
        assert all(bench.unlock(n) for n in wanted)
        assert bench.unlock(1) is False
        bench.opened(60000)
        assert bench.pulses() == wanted and bench.locks.most == 1


def test_locks_that_are_not_there_are_refused():
    for bench in benches():
        for n in (0, -1, DRIVERS[bench.table["driver"]] + 1):
            try:
                bench.unlock(n)
            except ValueError:
                continue
            raise AssertionError(n)


def test_a_contact_is_read_after_the_pulse_before_it_counts():
    for bench in benches():
        bench.locks.jams = {3}
        bench.unlock(3)
        while bench.line.busy():
            assert bench.line.is_open(3) is None
            bench.run(5, lambda: False)
        assert bench.known(3) is False


def test_an_opening_goes_out_at_once_where_none_is_under_way():
    for bench in benches():
        bench.run(57)
        bench.unlock(1)
        first = bench.elapsed
        bench.run(1000, bench.pulses)
        assert bench.elapsed - first <= 5


def test_a_control_loop_that_is_held_up_burns_no_coil():
    """The chip's timer ends the pulse: /OE of the chain, the reset of an MCP23017."""
    for driver, more in (("shift", {}), ("mcp23017", {"reset": RESET})):
        bench = ChipBench(driver, 16, **more)
        bench.run(300)
        bench.unlock(1)
        bench.run(20, bench.pulses)
        for _ in range(4000):
            bench.elapsed += 1
            bench.chip.now = add(bench.chip.now, 1)
            bench.chip.timers_due(bench.chip.now)
        assert 0 < bench.locks.longest_us() // 1000 <= 520 and len(bench.locks.ended) == 1
        bench.opened()
        bench.unlock(2)
        bench.opened()
        assert bench.pulses() == [1, 2] and bench.known(2) is True


def test_a_chain_that_is_cut_or_bridged_is_silent_and_opens_nothing():
    for level in (0, 1):
        bench = ChipBench("shift", 24)
        bench.run(500)
        bench.locks.doors[0] = True
        bench.run(300)
        bench.chain.cut = level
        bench.chain._show()
        for _ in range(30):
            bench.run(10, lambda: False)
            assert bench.line.is_open(1) is not False
        bench.unlock(5)
        bench.run(1000)
        assert bench.line.is_open(1) is None and not bench.line.busy()
        assert bench.pulses() == []
        assert bench.told() == [(0, SILENT), (0, REFUSED)]
        bench.chain.cut = None
        assert bench.known(1) is True
        assert bench.told() == [(0, AGAIN)] and bench.pulses() == []


def test_a_chain_that_nobody_closed_to_a_ring():
    bench = ChipBench("shift", 24, ring=False)
    bench.run(500)
    bench.unlock(24)
    bench.opened()
    assert bench.pulses() == [24] and bench.known(24) is True and bench.told() == []


def test_nothing_of_a_chain_has_current_before_its_first_pulse():
    """What lies in a 595 after power on nobody knows."""
    bench = ChipBench("shift", 24)
    bench.run(5000)
    assert bench.pulses() == [] and bench.locks.most == 0


def test_a_wire_that_breaks_in_the_middle_of_a_turn_latches_nothing():
    for at in range(0, 120, 7):
        bench = ChipBench("shift", 16)
        bench.run(300)
        bench.unlock(9)
        count = [0]
        moved = bench.chip.moved

        def breaks(pin, level, bench=bench, moved=moved, count=count, at=at):
            if pin == PINS["clock"]:
                count[0] += 1
                if count[0] > at * 2:
                    return
            moved(pin, level)

        bench.chip.moved = breaks
        bench.run(1000)
        assert set(bench.pulses()) <= {9}, at
        assert len(bench.pulses()) <= 1


def test_an_expander_that_is_away_is_told_and_the_others_go_on():
    for bench in benches():
        if bench.table["driver"] == "shift":
            continue
        there = bench.line._chips.each * bench.line._chips.width + 1
        bench.ins[1].dead = True
        bench.run(1000)
        assert bench.told() == [(bench.table["inputs"][1], SILENT)]
        assert bench.line.is_open(there) is None
        bench.unlock(1)
        bench.opened()
        assert bench.known(1) is True
        bench.ins[1].dead = False
        assert bench.known(there) is False
        assert bench.told() == [(bench.table["inputs"][1], AGAIN)]


def test_a_pulse_that_failed_is_not_tried_again():
    for bench in benches():
        if bench.table["driver"] == "shift":
            continue
        bench.outs[0].dead = True
        bench.unlock(1)
        assert bench.opened() < 200
        address = bench.table["outputs"][0]
        assert bench.told() == [(address, REFUSED), (address, SILENT)]
        bench.unlock(DRIVERS[bench.table["driver"]])
        bench.opened()
        assert bench.pulses() == [DRIVERS[bench.table["driver"]]], "the others go on"
        bench.outs[0].dead = False
        bench.run(3000)
        assert len(bench.pulses()) == 1 and bench.told() == [(address, AGAIN)]


def test_a_chip_that_goes_away_in_the_middle_of_a_pulse_is_switched_off_when_it_comes_back():
    for driver in ("mcp23017", "pcf8574"):
        bench = ChipBench(driver, 16)
        bench.run(300)
        bench.unlock(3)
        bench.run(50, bench.pulses)
        bench.outs[0].dead = True
        bench.run(3000)
        assert not bench.line.busy() and bench.locks.ended == []
        bench.outs[0].dead = False
        bench.run(500)
        assert bench.pulses() == [3] and len(bench.locks.ended) == 1
        address = bench.table["outputs"][0]
        assert bench.told() == [(address, SILENT), (address, AGAIN)]


def test_an_output_chip_that_was_never_there_is_told_and_stops_nothing():
    bench = ChipBench("mcp23017", 30)
    bench.outs[0].dead = True
    bench.run(2000)
    assert bench.told() == [(bench.table["outputs"][0], SILENT)]
    bench.unlock(17)
    bench.opened()
    assert bench.pulses() == [17]


def test_contacts_are_read_between_two_pulses():
    for bench in benches(poll_ms=5000):
        bench.run(6000)
        bench.locks.jams = {1}
        bench.unlock(1)
        bench.unlock(2)
        bench.run(2000, lambda bench=bench: len(bench.pulses()) == 2)
        assert bench.line.is_open(1) is False


def test_each_transfer_that_fails_opens_nothing_twice_and_leaves_nothing_on():
    for driver in ("mcp23017", "pcf8574"):
        for at in range(8):
            for lost in range(1, 5):
                bench = ChipBench(driver, 8)
                bench.run(300)
                bench.unlock(3)
                write, count = bench.bus.write, [0]

                def counted(address, data, bench=bench, write=write, count=count, at=at, lost=lost):
                    count[0] += 1
                    if count[0] == at + 1:
                        bench.bus.lost = lost
                    write(address, data)

                bench.bus.write = counted
                bench.run(5000)
                assert bench.pulses() in ([], [3]), (driver, at, lost)
                assert len(bench.locks.ended) == len(bench.pulses()), "it is off again"
                assert not bench.line.busy()


def test_an_expander_that_lost_its_power_is_set_up_again():
    for bench in benches():
        if bench.table["driver"] == "shift":
            continue
        for chip in bench.outs + bench.ins:
            chip.restart()
        bench.locks.doors[0] = True
        bench.run(500)
        assert bench.line.is_open(1) is True and bench.line.is_open(2) is False
        bench.unlock(2)
        bench.opened()
        assert bench.known(2) is True and bench.pulses() == [2]


def test_relays_that_pull_when_low():
    bench = ChipBench("mcp23017", 16, active=0)
    bench.run(500)
    bench.unlock(16)
    bench.opened()
    assert bench.pulses() == [16] and bench.locks.most == 1


def test_the_two_pins_that_may_spoil_the_bus_are_no_inputs():
    bench = ChipBench("mcp23017", 14)
    bench.locks.doors = [True] * 14
    bench.run(500)
    assert bench.table["inputs"] == [0x21]
    assert [bench.line.is_open(n) for n in range(1, 15)] == [True] * 14
    assert bench.ins[0].registers[0x0C] == 0x7F and bench.ins[0].registers[0x0D] == 0x7F


def test_a_bus_that_is_stuck_makes_all_unknown():
    for bench in benches():
        if bench.table["driver"] == "shift":
            continue
        bench.bus.stuck = True
        bench.run(3000)
        assert bench.line.is_open(1) is None
        wanted = [(address, SILENT) for address in bench.table["outputs"] + bench.table["inputs"]]
        assert sorted(bench.told()) == wanted


def test_a_long_chain_does_not_hold_the_control_loop():
    """A step moves 48 bits at most; locks, contacts and the seal of 128 locks are 264."""
    bench = ChipBench("shift", 128)
    clocks = []
    moved = bench.chip.moved

    def counted(pin, level):
        if pin == PINS["clock"] and level:
            clocks.append(1)
        moved(pin, level)

    bench.chip.moved = counted
    watch, most = bench.line.watch, [0]

    def one(now):
        clocks.clear()
        watch(now)
        most[0] = max(most[0], len(clocks))

    bench.line.watch = one
    bench.run(500)
    for n in (1, 64, 128):
        bench.unlock(n)
        bench.opened()
        assert bench.known(n) is True
    assert bench.pulses() == [1, 64, 128] and most[0] == 48


def test_what_was_read_half_way_when_a_pulse_ended_does_not_count():
    """In real time a turn takes its while: steps are a millisecond apart here. The door gives way at the very end."""
    for pulse in range(100, 112):
        bench = ChipBench("shift", 128, pulse_ms=pulse, poll_ms=50)
        bench.run(300)
        bench.locks.jams = {100}
        bench.unlock(100)
        while bench.line.is_open(100) is None:
            if not bench.line.busy():
                bench.locks.doors[99] = True
            bench.line.watch(bench.chip.now)
            bench.elapsed += 1
            bench.chip.now = add(bench.chip.now, 1)
            bench.chip.timers_due(bench.chip.now)
        assert bench.line.is_open(100) is True and bench.pulses() == [100], pulse
        assert pulse <= bench.locks.longest_us() // 1000 <= pulse + 10
        assert bench.told() == []


def test_a_turn_of_the_chain_allocates_nothing():
    if sys.implementation.name != "micropython":
        return
    bench = ChipBench("shift", 24)
    bench.run(500)
    chips = bench.line._chips

    class Still:
        def value(self, level=None):
            return 0

    still = Still()
    chips._data = chips._clock = chips._back = chips._load = still
    chips._ring = False
    line, now = bench.line, bench.chip.now
    for counted in (False, True):
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        for _ in range(100):
            line.watch(now)
            now = add(now, 100)
        used = gc.mem_alloc() - before
        gc.enable()
        if counted:
            assert used < 100, used
    assert BACK == bench.table["back"]
