"""Modes: free access, first person in, office mode, held released by command; and exit buttons with a schedule."""

from firmware.controller.access.modes import SCHEDULE, Mode
from firmware.controller.access.rules import Rules
from firmware.controller.door_modes import door_modes
from firmware.controller.events import (
    EMERGENCY_ENDED,
    EVACUATION_BEGAN,
    FREE_BEGAN,
    FREE_ENDED,
    GRANTED,
    LOCKDOWN_BEGAN,
)
from firmware.controller.loop import EMERGENCY
from firmware.controller.points.door import FREE
from tests.firmware.controller_bench import REX
from tests.firmware.helper import raises
from tests.firmware.rules_bench import RulesBench

EIGHT = 1767600000  # Monday 2026-01-05 08:00 UTC
HOURS = {"1": {"times": [[31, 480, 720], [31, 780, 1020]]}}


def rules(**door):
    return {
        "version": 1,
        "schedules": HOURS,
        "profiles": {"7": [1, 2], "8": {"doors": {"1": 0, "2": 0}, "office": True}},
        "doors": {"1": door},
    }


def modes(bench):
    return [(event[0], event[2]) for event in bench.events() if event[0] in (FREE_BEGAN, FREE_ENDED)]


def test_free_access_by_schedule():
    bench = RulesBench(rules(free=1))
    assert not bench.released()  # nobody knows the time
    bench.at(EIGHT - 120)
    assert not bench.released()
    bench.run(121000)
    assert bench.released() and not bench.released(2)
    bench.wait(4 * 3600)
    assert not bench.released()
    bench.wait(3600)
    assert bench.released()
    bench.wait(4 * 3600)
    assert not bench.released()
    assert modes(bench) == [(FREE_BEGAN, 1), (FREE_ENDED, 0)] * 2


def test_a_door_is_free_within_a_second_of_the_minute():
    bench = RulesBench(rules(free=1))
    bench.at(EIGHT - 70)
    bench.run(69000)
    assert not bench.released()
    bench.run(1000)
    assert bench.released()


def test_free_access_begins_with_the_first_person():
    bench = RulesBench(rules(free=1, first_in=True))
    bench.give(5)
    bench.at(EIGHT - 120)
    bench.tap(5)
    bench.run(130000)
    assert not bench.released()  # who came before does not count
    bench.tap(5)
    bench.run(10000)
    assert bench.released()
    bench.wait(4 * 3600)
    assert not bench.released()
    bench.wait(3600)
    assert not bench.released()  # after the break again somebody has to come
    assert modes(bench) == [(FREE_BEGAN, 2), (FREE_ENDED, 0)]


def test_a_denied_person_is_not_the_first():
    bench = RulesBench(rules(free=1, first_in=True))
    bench.at(EIGHT)
    bench.tap(5)
    bench.run(10000)
    assert not bench.released()


def test_after_a_restart_the_first_person_is_waited_for():
    fields = rules(free=1, first_in=True)
    bench = RulesBench(fields)
    bench.give(5)
    bench.at(EIGHT)
    bench.tap(5)
    bench = bench.again(fields)
    bench.at(EIGHT + 600)
    assert not bench.released()


def test_two_taps_switch_office_mode():
    bench = RulesBench(rules(office=1))
    key = bench.give(5, 8)
    bench.give(6)
    bench.at(EIGHT + 60)
    bench.tap(6)
    bench.tap(6)  # may not
    bench.run(10000)
    assert not bench.released()
    bench.tap(5)
    bench.run(6000)
    bench.tap(5)  # too slowly
    bench.run(6000)
    assert not bench.released()
    bench.tap(5)
    bench.tap(5)
    bench.run(10000)
    assert bench.released()
    began = [event for event in bench.events() if event[0] == FREE_BEGAN]
    assert began == [(FREE_BEGAN, 1, 3, key)]
    bench.tap(5)
    bench.tap(5)
    bench.run(10000)
    assert not bench.released()
    bench.tap(5)
    bench.tap(5)
    bench.wait(4 * 3600)
    assert not bench.released()  # it ends with its schedule


def test_office_mode_only_within_its_schedule():
    bench = RulesBench(rules(office=1))
    bench.give(5, 8)
    bench.at(EIGHT - 3600)
    bench.tap(5)
    bench.tap(5)
    bench.run(10000)
    assert not bench.released()


def test_a_command_holds_a_door_released():
    bench = RulesBench({"version": 1, "profiles": {}})
    bench.at(EIGHT)
    held = door_modes(bench.loop)
    held.hold(bench.loop.doors[0], EIGHT + 3600, bench.chip.now)
    assert bench.released()
    bench.wait(3500)
    assert bench.released()
    bench.wait(160)
    assert not bench.released()
    held.hold(bench.loop.doors[0], 0, bench.chip.now)
    bench.wait(86400)
    assert bench.released()
    held.hold(bench.loop.doors[0], None, bench.chip.now)
    bench.run(10)
    assert not bench.released()
    assert modes(bench) == [(FREE_BEGAN, 4), (FREE_ENDED, 0)] * 2


def test_lockdown_ends_free_access_and_office_mode():
    bench = RulesBench(rules(free=1))
    bench.at(EIGHT + 60)
    assert bench.released()
    door_modes(bench.loop).emergency("lockdown", bench.chip.now)
    bench.run(10)
    assert not bench.released()
    door_modes(bench.loop).emergency("normal", bench.chip.now)
    assert bench.released()


def test_an_emergency_is_noted_before_it_is_on_record_and_forgotten_after_its_end_is():
    bench = RulesBench(rules(free=1))
    seen = []  # what was noted when the power may fail
    bench.loop.recorder.observers.append(lambda code, *_: seen.append((code, bench.loop.journal.get(EMERGENCY))))
    for verb in ("lockdown", "normal", "evacuation", "normal"):
        door_modes(bench.loop).emergency(verb, bench.chip.now)
    assert seen == [(LOCKDOWN_BEGAN, 1), (EMERGENCY_ENDED, 1), (EVACUATION_BEGAN, 2), (EMERGENCY_ENDED, 2)]
    assert bench.loop.journal.get(EMERGENCY) == 0


def test_free_access_is_on_flash_before_the_strike_moves():
    bench = RulesBench(rules(free=1))

    def broken(op, offset, length):
        if op == "program":
            raise OSError(5)

    bench.flash["log"].fault = broken
    bench.loop.clock.set(EIGHT * 1000, bench.chip.now)
    raises(OSError, lambda: bench.run(70000))
    assert not bench.released()


def test_new_rules_end_free_access():
    bench = RulesBench(rules(free=1))
    bench.at(EIGHT + 60)
    bench.loop.follow(Rules({"version": 2, "profiles": {"7": [1, 2]}}, 2))
    bench.run(10)
    assert not bench.released()
    assert modes(bench)[-1] == (FREE_ENDED, 0)
    assert not bench.loop.doors[0].door.holds & FREE


def test_who_is_granted_while_the_door_is_free_is_on_record():
    bench = RulesBench(rules(free=1))
    bench.give(5)
    bench.at(EIGHT + 60)
    assert bench.tap(5) == [(GRANTED, 0)]
    bench.run(6000)
    assert bench.released()


def test_an_exit_button_may_have_a_schedule():
    bench = RulesBench(rules(rex_schedule=1))
    for utc, opens in ((EIGHT + 60, True), (EIGHT - 3600, False)):
        bench.at(utc)
        bench.chip.input(REX, 0)
        bench.run(1000)
        assert bench.released() == opens
        bench.chip.input(REX, 1)
        bench.run(10000)


def test_faulty_rules_are_refused_with_the_field_at_fault():
    for door, word in (
        ({"free": 2}, "doors.1.free"),
        ({"office": -1}, "doors.1.office"),
        ({"first_in": 1}, "doors.1.first_in"),
        ({"rex_schedule": 2}, "doors.1.rex_schedule"),
    ):
        error = raises(ValueError, lambda door=door: Rules({"schedules": HOURS, "doors": {"1": door}}, 1))
        assert word in str(error), (door, error)


def test_who_comes_to_a_door_that_waits_for_nobody_begins_nothing():
    mode, free = Mode(), {"free": 1}
    mode.granted(free, lambda schedule, utc: True, 0)
    assert mode.reason(free, lambda schedule, utc: True, 0) == SCHEDULE
    assert not mode.first_in
