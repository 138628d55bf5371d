"""Lockdown and evacuation."""

from firmware.controller.access.rules import Rules
from firmware.controller.door_modes import door_modes
from firmware.controller.events import (
    DENIED_LOCKDOWN,
    EMERGENCY_ENDED,
    EVACUATION_BEGAN,
    GRANTED,
    LOCKDOWN_BEGAN,
    RELEASED_REX,
)
from firmware.controller.loop import EMERGENCY
from tests.firmware.controller_bench import REX
from tests.firmware.helper import raises
from tests.firmware.rules_bench import RulesBench

OK = [(GRANTED, 0)]


def rules():
    return {
        "version": 1,
        "profiles": {"7": [1, 2], "8": {"doors": {"1": 0, "2": 0}, "exempt": True, "lockdown": True}},
        "areas": {},
        "doors": {"1": {"passage": [0, 1]}, "2": {"passage": [1, 0]}},
    }


def test_during_lockdown_nobody_passes_but_who_is_to():
    bench = RulesBench(rules())
    bench.give(5)
    bench.give(6, 8)
    bench.tap(5)
    door_modes(bench.loop).emergency("lockdown", bench.chip.now)
    bench.run(10)
    assert not bench.released()
    assert bench.events()[-1][:2] == (LOCKDOWN_BEGAN, 0)
    assert bench.tap(5) == bench.tap(99) == [(DENIED_LOCKDOWN, 0)]
    assert bench.tap(6) == OK
    bench.chip.input(REX, 0)
    bench.run(100)
    assert bench.events()[-1][0] == RELEASED_REX  # people get out
    bench = bench.again(rules())
    assert bench.tap(5) == [(DENIED_LOCKDOWN, 0)]
    bench.loop.follow(Rules({"version": 2, "profiles": {"7": [1, 2]}}, 2))
    assert bench.tap(5) == [(DENIED_LOCKDOWN, 0)]
    door_modes(bench.loop).emergency("normal", bench.chip.now)
    assert bench.events()[-1][0] == EMERGENCY_ENDED
    assert bench.tap(5) == OK


def test_an_emergency_that_begins_is_noted_before_it_is_told_and_one_that_ends_after():
    """The power may fail in between: whatever is on record is then in force, or is told again by the start."""
    bench = RulesBench(rules())
    loop, seen = bench.loop, []
    loop.recorder.observers.append(lambda code, *_: seen.append((code, loop.journal.get(EMERGENCY))))
    for verb in ("lockdown", "evacuation", "normal"):
        door_modes(loop).emergency(verb, bench.chip.now)
    assert seen == [(LOCKDOWN_BEGAN, 1), (EVACUATION_BEGAN, 2), (EMERGENCY_ENDED, 2)]
    assert loop.journal.get(EMERGENCY) == 0


def test_lockdown_needs_no_other_rules():
    plain = {"version": 1, "profiles": {"7": [1]}}
    bench = RulesBench(plain)
    bench.give(5)
    door_modes(bench.loop).emergency("lockdown", bench.chip.now)
    assert bench.tap(5) == [(DENIED_LOCKDOWN, 0)]
    assert bench.again(plain).tap(5) == [(DENIED_LOCKDOWN, 0)]


def test_evacuation_releases_the_doors_also_after_a_restart():
    bench = RulesBench(rules())
    door_modes(bench.loop).emergency("evacuation", bench.chip.now)
    bench.run(10)
    assert bench.released(1) and bench.released(2)
    assert bench.events()[-1][:2] == (EVACUATION_BEGAN, 0)
    bench.wait(3600)
    assert bench.released(1)
    bench = bench.again(rules())
    assert bench.released(1) and bench.released(2)
    assert bench.events()[-1][:2] == (EVACUATION_BEGAN, 0)
    door_modes(bench.loop).emergency("normal", bench.chip.now)
    bench.run(10)
    assert not bench.released(1) and not bench.released(2)


def test_an_emergency_is_on_flash_before_a_strike_moves_for_it():
    bench = RulesBench(rules())

    def broken(op, offset, length):
        if op == "program":
            raise OSError(5)

    bench.flash["log"].fault = broken
    raises(OSError, lambda: door_modes(bench.loop).emergency("evacuation", bench.chip.now))
    assert not bench.released()
