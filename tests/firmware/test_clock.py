from firmware.controller import ticks
from firmware.controller.clock import Clock, wait
from tests.firmware.bench import BenchChip

UTC = 1800000000
DAY = 86400000


def test_the_time_is_not_known_before_it_was_set():
    assert Clock().utc(5) == 0


def test_seconds_go_on_with_the_ticks():
    time = Clock()
    time.set(UTC * 1000 + 700, 1000)
    assert time.utc(1000) == UTC
    assert time.utc(1299) == UTC
    assert time.utc(1300) == UTC + 1
    assert time.utc(61300) == UTC + 61


def test_weeks_go_by_without_a_second_lost():
    time = Clock()
    now = ticks.PERIOD - 5000
    time.set(UTC * 1000, now)
    for day in range(1, 40):
        now = ticks.add(now, DAY)
        assert time.utc(now) == UTC + day * 86400


def test_waiting_ends_in_time_or_with_the_input():
    chip = BenchChip()
    begun = chip.now
    wait(42, lambda: False)
    assert 42 <= ticks.diff(chip.now, begun) < 50
    begun = chip.now
    wait(1000, lambda: ticks.diff(chip.now, begun) >= 100)
    assert 100 <= ticks.diff(chip.now, begun) < 110
