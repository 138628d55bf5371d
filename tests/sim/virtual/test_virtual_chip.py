"""A chip in virtual time: its power, clock, watchdog, pins, timers and flash."""

import machine
import pytest
from esp32 import Partition

from sim.mcu import chip as mcu
from sim.mcu.bind import Time
from sim.mcu.flash import PowerCut
from sim.virtual.chip import BOOT_US, VirtualChip
from sim.virtual.net import VirtualNetwork
from sim.virtual.scheduler import MS, SECOND, Scheduler, Stuck

FLASH = {"log": 8192}


def chip(boot, seed=1, world=None, **more):
    world = world or Scheduler(seed)
    return VirtualChip("board", world, VirtualNetwork(world), FLASH, boot, **more)


def started(boot, seed=1, **more):
    board = chip(boot, seed, **more)
    board.power_on()
    return board, board.scheduler


def test_a_board_runs_its_boot_a_moment_after_power_comes():
    seen = []
    _, world = started(lambda chip: seen.append((world.now, chip.reset_cause())))
    world.run(until=SECOND)
    assert seen == [(BOOT_US, machine.PWRON_RESET)]


def test_waiting_is_a_jump_to_the_very_tick():
    seen = []

    def boot(chip):
        for ms in (1, 7, 86_400_000, 0):
            before = chip.ticks_ms()
            chip.wait(ms, lambda: False)
            seen.append(mcu.left(chip.ticks_ms(), before))

    _, world = started(boot)
    world.run(until=2 * 86_400 * SECOND)
    assert seen == [1, 7, 86_400_000, 0]
    assert world.happened < 20


def test_a_wait_begun_within_a_tick_ends_where_the_tick_begins():
    seen = []

    def boot(chip):
        chip.wait(60_000, lambda: chip.pin_read(4))
        before = chip.ticks_ms()
        chip.wait(5, lambda: False)
        seen.append((mcu.left(chip.ticks_ms(), before), (world.now + chip._offset_us) % MS))

    board, world = started(boot)
    world.at(SECOND + 700, board.input, 4, 1)
    world.run(until=2 * SECOND)
    assert seen == [(5, 0)]


def test_an_interrupt_ends_a_wait_when_it_leaves_something_pending():
    seen, wake = [], []

    def boot(chip):
        pin = machine.Pin(4, machine.Pin.IN)
        pin.irq(lambda pin: wake.append(pin.value()), machine.Pin.IRQ_FALLING)
        chip.wait(60_000, lambda: len(wake) >= 2)
        seen.append((world.now, wake[:]))

    board, world = started(boot)
    for at, level in ((2, 1), (3, 0), (4, 1), (5, 0), (6, 1), (7, 0)):
        world.at(at * SECOND, board.input, 4, level)
    world.run(until=90 * SECOND)
    assert seen == [(5 * SECOND, [0, 0])]


def test_what_one_thread_leaves_wakes_the_other():
    seen, post = [], []

    def thread(chip):
        chip.sleep_ms(500)
        post.append("letter")
        chip.sleep_ms(500)

    def boot(chip):
        chip.thread.start_new_thread(thread, (chip,))
        chip.wait(60_000, lambda: post)
        seen.append(world.now - BOOT_US)

    _, world = started(boot)
    world.run(until=90 * SECOND)
    assert seen == [500 * MS]


def test_ticks_cross_their_wrap_in_every_run():
    time = Time()

    def boot(chip):
        last = time.ticks_ms()
        for _ in range(800):
            time.sleep_ms(1_000)
            now = time.ticks_ms()
            assert time.ticks_diff(now, last) == 1_000
            assert 0 <= time.ticks_us() < mcu.PERIOD
            wraps.append(1) if now < last else None
            last = now

    for seed in range(5):
        wraps = []
        _, world = started(boot, seed)
        world.run(until=900 * SECOND)
        assert wraps == [1]


def test_a_watchdog_that_is_fed_sleeps_and_one_that_is_not_bites():
    seen = []

    def boot(chip):
        seen.append((world.now, machine.reset_cause()))
        dog = machine.WDT(timeout=5_000)
        for _ in range(10):
            chip.sleep_ms(4_000)
            dog.feed()
        chip.wait(1_000_000, lambda: False)
        seen.append("never")

    _, world = started(boot)
    world.run(until=60 * SECOND)
    assert seen == [(BOOT_US, machine.PWRON_RESET), (2 * BOOT_US + 45 * SECOND, machine.WDT_RESET)]


def test_a_power_cut_ends_every_task_and_lets_the_outputs_go():
    ended, outputs = [], []

    def forever(chip, name):
        try:
            while True:
                try:
                    chip.sleep_ms(1_000)
                except Exception:  # noqa: BLE001 - as careless firmware would
                    ended.append("swallowed")
        finally:
            ended.append(name)
            with pytest.raises(PowerCut):
                chip.pin_write(25, 0)

    def boot(chip):
        machine.Pin(25, machine.Pin.OUT, value=1)
        chip.thread.start_new_thread(forever, (chip, "thread"))
        forever(chip, "main")

    board, world = started(boot, on_output=lambda pin, level: outputs.append((world.now, pin, level)))
    world.at(10 * SECOND, board.power_cut)
    world.run(until=20 * SECOND)
    assert ended == ["main", "thread"]
    assert outputs == [(BOOT_US, 25, 1), (10 * SECOND, 25, None)]
    assert not board.tasks and not board.on


def test_power_that_comes_back_finds_the_flash_and_nothing_else():
    seen = []

    def boot(chip):
        flash = Partition("log")
        found = bytearray(4)
        flash.readblocks(0, found, 0)
        seen.append((bytes(found), dict(chip.handlers), chip.reset_cause()))
        flash.writeblocks(0, b"kept", 0)
        machine.Pin(4, machine.Pin.IN).irq(lambda pin: None)
        chip.sleep_ms(10_000_000)

    board, world = started(boot)
    world.at(10 * SECOND, board.power_cut)
    world.at(12 * SECOND, board.power_on)
    world.run(until=20 * SECOND)
    assert seen == [(b"\xff\xff\xff\xff", {}, 1), (b"kept", {}, 1)]


def test_power_cut_in_the_middle_of_a_program_leaves_a_part_of_it():
    seen, found = [], set()

    def boot(chip):
        flash = Partition("log")
        have = bytearray(32)
        flash.readblocks(0, have, 0)
        seen.append(bytes(have))
        if len(seen) == 1:
            flash.writeblocks(0, bytes(32), 32)
            flash.writeblocks(0, bytes(32), 0)
            seen.append("never")
        chip.sleep_ms(1_000_000)

    for seed in range(40):
        seen.clear()
        board = chip(boot, seed)
        board.cut_in = 2
        board.on_cut = lambda board=board: board.scheduler.after(SECOND, board.power_on)
        board.power_on()
        board.scheduler.run(until=10 * SECOND)
        assert len(seen) == 2 and board.starts == 2
        done = seen[1].count(0)
        assert seen[1] == bytes(done) + b"\xff" * (32 - done)
        found.add(done)
    assert len(found) > 10


def test_a_board_that_resets_itself_starts_again_and_its_threads_are_gone():
    seen = []

    def thread(chip):
        chip.sleep_ms(2_000)
        seen.append("never")

    def boot(chip):
        seen.append(machine.reset_cause())
        if len(seen) == 1:
            chip.thread.start_new_thread(thread, (chip,))
            chip.sleep_ms(1_000)
            machine.reset()
        chip.sleep_ms(10_000)

    _, world = started(boot)
    world.run(until=20 * SECOND)
    assert seen == [machine.PWRON_RESET, machine.HARD_RESET]


def test_a_thread_may_reset_the_board():
    seen = []

    def boot(chip):
        seen.append(machine.reset_cause())
        if len(seen) == 1:
            chip.thread.start_new_thread(machine.reset, ())
        chip.sleep_ms(10_000)

    _, world = started(boot)
    world.run(until=20 * SECOND)
    assert seen == [machine.PWRON_RESET, machine.HARD_RESET]


def test_timers_tick_in_virtual_time_and_end_with_the_power():
    seen = []

    def boot(chip):
        machine.Timer(0, period=100, callback=lambda timer: seen.append((world.now - BOOT_US) // MS))
        machine.Timer(1, mode=machine.Timer.ONE_SHOT, period=250, callback=lambda timer: seen.append("once"))
        chip.sleep_ms(10_000)

    board, world = started(boot)
    world.at(BOOT_US + 420 * MS, board.power_cut)
    world.run(until=20 * SECOND)
    assert seen == [100, 200, "once", 300, 400]


def test_a_firmware_that_spins_is_noticed():
    def boot(chip):
        while chip.ticks_ms() is not None:
            pass

    _, world = started(boot)
    with pytest.raises(Stuck, match="looks at the clock"):
        world.run(until=SECOND)


def test_crashes_are_told():
    seen = []
    _, world = started(lambda chip: 1 // 0, on_crash=lambda chip, error: seen.append(type(error)))
    world.run(until=SECOND)
    assert seen == [ZeroDivisionError]


def test_two_chips_of_one_seed_draw_differently_and_each_the_same_again():
    def draw(name, seed):
        world = Scheduler(seed)
        return VirtualChip(name, world, VirtualNetwork(world), FLASH, lambda chip: None).urandom(16)

    assert draw("a", 1) == draw("a", 1)
    assert len({draw("a", 1), draw("b", 1), draw("a", 2)}) == 3
