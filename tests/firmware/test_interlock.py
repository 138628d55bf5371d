"""Interlock: doors of a group are not released together."""

from firmware.controller.events import DENIED_INTERLOCK, GRANTED
from tests.firmware.controller_bench import CONTACT
from tests.firmware.rules_bench import CONTACT as CONTACT_2
from tests.firmware.rules_bench import RulesBench

OK = [(GRANTED, 0)]


def test_doors_of_a_group_are_not_released_together():
    fields = {"version": 1, "profiles": {"7": [1, 2]}, "doors": {"1": {"interlock": 3}, "2": {"interlock": 3}}}
    bench = RulesBench(fields)
    bench.give(5)
    assert bench.tap(5) == OK
    assert bench.tap(5, 2) == [(DENIED_INTERLOCK, 1)]
    bench.chip.input(CONTACT, 1)
    bench.run(6000)
    assert not bench.released() and bench.tap(5, 2) == [(DENIED_INTERLOCK, 1)]
    assert bench.tap(5) == OK  # its own leaf does not count
    bench.chip.input(CONTACT, 0)
    bench.run(6000)
    assert bench.tap(5, 2) == OK


def test_an_interlock_may_look_at_strikes_alone():
    says = {"interlock": 3, "interlock_open": False}
    bench = RulesBench({"version": 1, "profiles": {"7": [1, 2]}, "doors": {"1": says, "2": says}})
    bench.give(5)
    bench.tap(5)
    assert bench.tap(5, 2) == [(DENIED_INTERLOCK, 1)]
    bench.chip.input(CONTACT, 1)
    bench.run(6000)
    assert bench.tap(5, 2) == OK


def test_other_groups_do_not_matter():
    fields = {"version": 1, "profiles": {"7": [1, 2]}, "doors": {"1": {"interlock": 3}, "2": {"interlock": 4}}}
    bench = RulesBench(fields)
    bench.give(5)
    assert bench.tap(5) == bench.tap(5, 2) == OK


def test_the_second_contact_is_watched_too():
    fields = {"version": 1, "profiles": {"7": [1, 2]}, "doors": {"1": {"interlock": 3}, "2": {"interlock": 3}}}
    bench = RulesBench(fields)
    bench.give(5)
    bench.chip.input(CONTACT_2, 1)
    bench.run(100)
    assert bench.tap(5) == [(DENIED_INTERLOCK, 2)]
