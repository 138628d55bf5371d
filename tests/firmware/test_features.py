"""What a door does beyond release, relock and held open, each as the manual would say it."""

from firmware.controller.access import rules as access
from firmware.controller.events import (
    DOOR_CLOSED,
    DOOR_FORCED,
    DOOR_HELD,
    DOOR_HELD_SOON,
    DOOR_OPENED,
    DOOR_STILL_HELD,
    DOOR_UNASKED,
    EXIT_ASKED,
    EXIT_REFUSED,
    GRANTED_NOT_OPENED,
    RELEASED_REX,
)
from firmware.controller.points.door import FREE
from firmware.controller.points.holding import hold
from tests.firmware.door_bench import CONTACT, REX, SOUND, STRIKE, DoorBench
from tests.firmware.helper import raises

# Relock


def test_without_a_rule_the_door_stays_released_for_its_time_whatever_the_leaf_does():
    bench = DoorBench()
    bench.grant()
    bench.put(CONTACT, 1)
    bench.put(CONTACT, 0)
    bench.run(4900)
    assert bench.on(STRIKE) == 1
    bench.run(100)
    assert bench.on(STRIKE) == 0


def test_a_door_locks_when_it_opens_so_that_nobody_follows():
    bench = DoorBench({"relock": "open"})
    bench.grant()
    bench.put(CONTACT, 1)
    assert bench.on(STRIKE) == 0
    bench.put(CONTACT, 0)
    bench.put(CONTACT, 1)
    assert bench.codes() == [DOOR_OPENED, DOOR_CLOSED, DOOR_FORCED]


def test_it_locks_a_moment_after_the_opening_when_the_rules_say_so():
    bench = DoorBench({"relock": "open", "relock_delay_ms": 700})
    bench.grant()
    bench.put(CONTACT, 1, ms=30)
    bench.run(699)
    assert bench.on(STRIKE) == 1
    bench.run(1)
    assert bench.on(STRIKE) == 0


def test_the_delay_never_makes_a_release_longer():
    bench = DoorBench({"relock": "open", "relock_delay_ms": 9000})
    bench.grant()
    bench.put(CONTACT, 1)
    bench.run(4960)
    assert bench.on(STRIKE) == 0


def test_a_door_locks_when_it_is_shut_again():
    bench = DoorBench({"relock": "close"})
    bench.grant()
    bench.put(CONTACT, 1)
    assert bench.on(STRIKE) == 1
    bench.put(CONTACT, 0)
    assert bench.on(STRIKE) == 0
    bench.put(CONTACT, 1)
    assert bench.codes() == [DOOR_OPENED, DOOR_CLOSED, DOOR_FORCED]


def test_a_bouncing_leaf_does_not_lock_itself_out():
    bench = DoorBench({"relock": "close"})
    bench.grant()
    for level in (1, 0, 1, 0, 1):
        bench.put(CONTACT, level, ms=4)
    bench.run(100)
    assert bench.on(STRIKE) == 1
    assert bench.codes() == [DOOR_OPENED]


def test_a_door_that_is_kept_released_does_not_relock():
    bench = DoorBench({"relock": "close"})
    hold(bench.door, FREE, True, bench.chip.now)
    bench.put(CONTACT, 1)
    bench.put(CONTACT, 0)
    assert bench.on(STRIKE) == 1


# Pulse


def test_a_strike_gets_its_current_for_a_moment_and_the_door_counts_as_released():
    bench = DoorBench({"pulse_ms": 500})
    bench.grant()
    bench.run(5000)
    assert bench.moves(STRIKE)[1:] == [(0, 1), (500, 0)]
    bench.grant()
    bench.run(3000)
    bench.put(CONTACT, 1)
    assert bench.codes() == [DOOR_OPENED]


def test_a_second_release_is_a_second_pulse():
    bench = DoorBench({"pulse_ms": 500})
    bench.grant()
    bench.run(1000)
    bench.grant()
    bench.run(6000)
    assert bench.moves(STRIKE)[1:] == [(0, 1), (500, 0), (1000, 1), (1500, 0)]


def test_a_door_that_is_kept_released_has_its_current_all_the_time():
    bench = DoorBench({"pulse_ms": 500})
    hold(bench.door, FREE, True, bench.chip.now)
    bench.run(3600000)
    assert bench.on(STRIKE) == 1
    hold(bench.door, FREE, False, bench.chip.now)
    bench.run(10)
    assert bench.on(STRIKE) == 0


def test_a_card_at_a_door_that_is_kept_released_does_not_end_that():
    bench = DoorBench({"pulse_ms": 500})
    hold(bench.door, FREE, True, bench.chip.now)
    bench.grant()
    bench.run(3000)
    assert bench.on(STRIKE) == 1


def test_rules_without_a_pulse_give_the_strike_back_its_time():
    bench = DoorBench()
    relay = bench.door.pins.strike
    bench.follow({"pulse_ms": 500})
    assert bench.door.pins.strike is not relay
    bench.follow({})
    assert bench.door.pins.strike is relay
    bench.grant()
    bench.run(4000)
    assert bench.on(STRIKE) == 1


# Exit button


def test_an_exit_button_that_is_held_keeps_the_door_released_and_its_time_after():
    bench = DoorBench({"rex": "hold"})
    bench.put(REX, 0)
    bench.run(20000)
    assert bench.on(STRIKE) == 1
    bench.put(REX, 1, ms=30)
    bench.run(4999)
    assert bench.on(STRIKE) == 1
    bench.run(1)
    assert bench.on(STRIKE) == 0
    assert bench.codes() == [RELEASED_REX]
    assert [level for _, level in bench.moves(STRIKE)] == [0, 1, 0]


def test_an_ordinary_button_that_is_held_releases_once():
    bench = DoorBench()
    bench.put(REX, 0)
    bench.run(5000)
    assert bench.on(STRIKE) == 0


def test_a_handle_inside_releases_nothing_and_makes_the_opening_rightful():
    bench = DoorBench({"rex": "shunt"})
    bench.put(REX, 0)
    bench.put(CONTACT, 1)
    assert bench.codes() == [EXIT_ASKED, DOOR_OPENED]
    assert [level for _, level in bench.moves(STRIKE)] == [0]
    bench.put(CONTACT, 0)
    bench.run(6100)
    bench.put(CONTACT, 1)
    assert bench.codes() == [DOOR_CLOSED, DOOR_FORCED]


def test_outside_its_schedule_the_button_releases_nothing_and_is_on_record():
    bench = DoorBench({"rex_schedule": 2})
    bench.door.may_exit = lambda now: False
    bench.put(REX, 0)
    assert bench.on(STRIKE) == 0
    assert bench.codes() == [EXIT_REFUSED]
    bench.put(REX, 1)
    bench.door.may_exit = lambda now: True
    bench.put(REX, 0)
    assert bench.on(STRIKE) == 1


def test_rules_without_a_mode_give_the_button_back():
    bench = DoorBench({"rex": "shunt"})
    bench.follow({"warn_ms": 1000})
    bench.put(REX, 0)
    assert bench.on(STRIKE) == 1


def test_whoever_presses_gets_out_also_when_the_log_is_broken():
    for rules in ({}, {"rex": "hold"}):
        bench = DoorBench(rules)
        bench.broken = True
        raises(OSError, lambda bench=bench: bench.put(REX, 0))
        assert bench.on(STRIKE) == 1


# Held open


def test_the_reader_sounds_before_the_door_counts_as_held_open():
    bench = DoorBench({"warn_ms": 10000})
    bench.grant()
    bench.put(CONTACT, 1, ms=30)
    bench.run(19999)
    assert bench.codes() == [DOOR_OPENED]
    before = len(bench.moves(SOUND))
    bench.run(1)
    assert bench.recorded == [(DOOR_HELD_SOON, 1, 10)]
    assert bench.on(SOUND) == 0
    bench.run(9999)
    assert bench.codes() == [DOOR_HELD_SOON]
    assert len(bench.moves(SOUND)) - before > 20
    bench.run(1)
    assert bench.codes() == [DOOR_HELD]


def test_a_door_shut_in_time_is_quiet_at_once():
    bench = DoorBench({"warn_ms": 10000})
    bench.grant()
    bench.put(CONTACT, 1)
    bench.run(20050)
    bench.put(CONTACT, 0)
    assert bench.on(SOUND) == 1
    bench.run(100000)
    assert bench.codes() == [DOOR_OPENED, DOOR_HELD_SOON, DOOR_CLOSED]


def test_held_open_is_said_again_until_somebody_shuts_the_door():
    bench = DoorBench({"repeat_ms": 60000})
    bench.grant()
    bench.put(CONTACT, 1, ms=30)
    bench.run(30000 + 3 * 60000)
    assert bench.recorded == [(DOOR_OPENED, 1, 0), (DOOR_HELD, 1, 0)] + [(DOOR_STILL_HELD, 1, n) for n in (1, 2, 3)]
    bench.codes()
    bench.put(CONTACT, 0)
    bench.run(600000)
    assert bench.codes() == [DOOR_CLOSED]


def test_each_opening_is_warned_of_anew():
    bench = DoorBench({"warn_ms": 10000, "repeat_ms": 60000})
    for _ in range(2):
        bench.grant()
        bench.put(CONTACT, 1)
        bench.run(100000)
        bench.put(CONTACT, 0)
        assert bench.codes() == [DOOR_OPENED, DOOR_HELD_SOON, DOOR_HELD, DOOR_STILL_HELD, DOOR_CLOSED]


def test_a_forced_door_is_no_held_door():
    bench = DoorBench({"warn_ms": 10000, "repeat_ms": 60000})
    bench.put(CONTACT, 1)
    bench.run(200000)
    assert bench.codes() == [DOOR_FORCED]


def test_free_access_ends_a_warning():
    bench = DoorBench({"warn_ms": 10000, "repeat_ms": 10000})
    bench.grant()
    bench.put(CONTACT, 1)
    bench.run(25000)
    hold(bench.door, FREE, True, bench.chip.now)
    bench.run(100000)
    assert bench.codes() == [DOOR_OPENED, DOOR_HELD_SOON]
    assert bench.on(SOUND) == 1


# Opened, not granted; granted, not opened


def test_an_opening_without_a_release_is_no_alarm_where_the_rules_say_so():
    bench = DoorBench({"forced": "event"})
    bench.put(CONTACT, 1)
    assert bench.codes() == [DOOR_UNASKED]
    bench.follow({})
    bench.put(CONTACT, 0)
    bench.put(CONTACT, 1)
    assert bench.codes() == [DOOR_CLOSED, DOOR_FORCED]


def test_a_grant_that_nobody_used_is_told_when_it_is_over():
    bench = DoorBench({"unopened": True})
    bench.grant()
    bench.run(5999)
    assert bench.codes() == []
    bench.run(1)
    assert bench.codes() == [GRANTED_NOT_OPENED]
    bench.run(60000)
    assert bench.codes() == []


def test_a_grant_that_was_used_is_not_told_again():
    bench = DoorBench({"unopened": True})
    bench.grant()
    bench.run(5500)
    bench.put(CONTACT, 1)
    bench.put(CONTACT, 0)
    bench.run(60000)
    assert bench.codes() == [DOOR_OPENED, DOOR_CLOSED]


def test_who_presses_the_button_and_stays_is_not_told():
    bench = DoorBench({"unopened": True})
    bench.put(REX, 0)
    bench.put(REX, 1)
    bench.run(60000)
    assert bench.codes() == [RELEASED_REX]


# A door without a contact or a button


def test_a_door_without_a_contact_and_a_button_is_released_and_locked():
    bench = DoorBench({"unopened": True, "relock": "open", "warn_ms": 5000}, wires={"contact": None, "rex": None})
    bench.put(CONTACT, 1)
    bench.put(REX, 0)
    assert bench.codes() == []
    bench.grant()
    assert bench.on(STRIKE) == 1
    bench.run(5000)
    assert bench.on(STRIKE) == 0
    bench.run(60000)
    assert bench.codes() == []


# The lock without current


def test_a_lock_that_opens_without_current_is_held_shut_from_the_start_and_let_go_for_a_release():
    bench = DoorBench(wires={"strike": {"pin": STRIKE, "active": 0, "fail": "safe"}})
    assert bench.moves(STRIKE) == [(0, 1)]
    bench.grant()
    assert bench.on(STRIKE) == 0
    bench.run(5000)
    assert bench.on(STRIKE) == 1


# The fields


def test_a_wrong_field_is_named():
    for fields, why in (
        ({"relock": "never"}, "doors.2.relock: must be one of time, open, close"),
        ({"pulse_ms": 49}, "doors.2.pulse_ms: must be 50 to 10000"),
        ({"relock_delay_ms": True}, "doors.2.relock_delay_ms: must be 0 to 10000"),
        ({"unopened": 1}, "doors.2.unopened: must be true or false"),
        ({"rex": 1}, "doors.2.rex: must be one of release, hold, shunt"),
        ({"warn_ms": 30000}, "doors.2.warn_ms: must be less than held_ms"),
        ({"warn_ms": 9000, "held_ms": 9000}, "doors.2.warn_ms: must be less than held_ms"),
    ):
        assert str(raises(ValueError, lambda says=fields: access.Rules({"doors": {"2": says}}, 2))) == why
    access.Rules({"doors": {"1": {"warn_ms": 29999, "relock": "open", "unopened": False, "repeat_ms": 10000}}}, 2)


def test_rules_say_which_doors_have_such_fields_and_the_others_load_nothing():
    doors = {"1": {"release_ms": 3000, "retention_days": 90, "who": [["card", 0]]}, "2": {"warn_ms": 2000}}
    assert access.Rules({"doors": doors}, 2).supervised == (2,)
    assert access.Rules({"doors": {"1": {"retention_days": 90}}}, 2).supervised == ()
