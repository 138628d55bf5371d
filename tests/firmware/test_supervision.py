"""Door supervision in a whole controller: with its log and its emergencies."""

from firmware.controller import ticks
from firmware.controller.door_modes import door_modes
from firmware.controller.events import (
    DENIED_LOCKDOWN,
    DOOR_FORCED,
    DOOR_RELOCKED,
    ENCLOSURE_OPENED,
    FIRE,
    FIRE_OVER,
    GRANTED,
    LOCKDOWN_BEGAN,
    RELEASED_FIRE,
)
from tests.firmware.controller_bench import CONTACT
from tests.firmware.wired_bench import FIRE_IN, LID, RELAY, SOUND, Wired


def test_fire_releases_during_lockdown_and_nobody_else_does():
    bench = Wired()
    bench.give(12, 3456)
    door_modes(bench.loop).emergency("lockdown", bench.chip.now)
    bench.run()
    bench.tap(12, 3456)
    assert bench.strike() == 0
    bench.put(FIRE_IN, 0)
    assert bench.strike() == 1
    bench.tap(12, 3456)
    bench.run(10000)
    assert bench.strike() == 1, "a denied card does not shut it"
    bench.put(FIRE_IN, 1)
    assert bench.strike() == 0
    codes = bench.told()
    assert codes[:2] == [LOCKDOWN_BEGAN, DENIED_LOCKDOWN]
    assert codes[2:4] == [FIRE, RELEASED_FIRE]
    assert codes[-2:] == [FIRE_OVER, DOOR_RELOCKED]


def test_who_is_turned_away_in_a_lockdown_hears_that_it_is_one():
    bench = Wired()
    bench.give(12, 3456)
    door_modes(bench.loop).emergency("lockdown", bench.chip.now)
    bench.run()
    bench.chip.moves = []
    bench.tap(12, 3456)
    bench.run(5000)
    begun = [now for now, pin, level in bench.chip.moves if pin == SOUND and level == 0]
    ended = [now for now, pin, level in bench.chip.moves if pin == SOUND and level == 1]
    long = [ticks.diff(end, start) for start, end in zip(begun[-2:], ended[-2:])]
    assert long == [760, 760]


def test_a_tap_while_it_burns_is_recorded_and_the_door_stays_released():
    bench = Wired()
    bench.give(12, 3456)
    bench.put(FIRE_IN, 0)
    bench.tap(12, 3456)
    bench.run(60000)
    assert bench.strike() == 1
    assert bench.told() == [FIRE, RELEASED_FIRE, GRANTED]


def test_a_log_that_cannot_be_written_does_not_keep_the_doors_shut_in_a_fire():
    bench = Wired()

    def broken(op, offset, length):
        if op == "program":
            raise OSError(5)

    bench.flash["log"].fault = broken
    try:
        bench.put(FIRE_IN, 0)
    except OSError:
        pass  # the log's own upkeep: the board starts again, and finds the input as it is
    assert bench.strike() == 1
    bench.flash["log"].fault = None


def test_the_alarm_relay_follows_what_is_on_record():
    bench = Wired()
    bench.put(LID, 0)
    assert bench.chip.outputs[RELAY] == 1
    bench.run(10000)
    assert bench.chip.outputs[RELAY] == 0
    bench.put(CONTACT, 1)
    assert bench.chip.outputs[RELAY] == 1
    assert bench.told() == [ENCLOSURE_OPENED, DOOR_FORCED]
