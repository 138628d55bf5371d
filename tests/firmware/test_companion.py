"""Extended opening, escort, two persons."""

from firmware.controller.events import (
    DOOR_HELD,
    GRANTED,
    NEEDS_ESCORT,
    NEEDS_SECOND,
)
from tests.firmware.controller_bench import CONTACT
from tests.firmware.rules_bench import RulesBench

NOON = 1767614400  # Monday 2026-01-05 12:00 UTC
ALWAYS = {"1": 0, "2": 0}


def rules(doors=None, **profile):
    profile["doors"] = ALWAYS
    return {
        "version": 1,
        "schedules": {"1": {"times": [[31, 480, 1020]]}},
        "profiles": {"7": [1, 2], "8": profile, "9": {"doors": ALWAYS, "escort": "gives"}},
        "doors": doors or {},
    }


def test_extended_opening():
    bench = RulesBench(rules({"1": {"extended_ms": 20000}}, extended=True))
    bench.give(5, 8)
    bench.give(6)
    for number, door, seconds in ((5, 1, 20), (5, 2, 15), (6, 1, 5)):
        bench.tap(number, door)
        bench.run((seconds - 1) * 1000)
        assert bench.released(door)
        bench.run(1000)
        assert not bench.released(door)


def test_who_may_hold_a_door_open_causes_no_alarm():
    bench = RulesBench(rules(hold=True))
    bench.give(5, 8)
    bench.give(6)
    for number, held in ((5, False), (6, True)):
        bench.tap(number)
        bench.chip.input(CONTACT, 1)
        bench.wait(60)
        bench.chip.input(CONTACT, 0)
        bench.run(1000)
        assert (DOOR_HELD in [event[0] for event in bench.events()]) == held


def test_a_visitor_passes_only_with_an_escort():
    bench = RulesBench(rules(escort="needs"))
    visitor = bench.give(5, 8)
    bench.give(6)
    escort = bench.give(7, 9)
    assert bench.tap(5) == [(NEEDS_ESCORT, 0)] and not bench.released()
    assert bench.tap(6) == [(GRANTED, 0)]  # who gives no escort passes alone
    assert bench.tap(7, door=2) == [(GRANTED, 0)]  # nor does one at another door
    assert bench.tap(7) == [(GRANTED, 0), (GRANTED, 0)]
    assert [event[3] for event in bench.events()[-2:]] == [visitor, escort]
    assert bench.tap(7) == [(GRANTED, 0)]
    bench.tap(5)
    bench.wait(16)
    assert bench.tap(7) == [(GRANTED, 0)]  # too late


def test_a_visitor_is_no_escort():
    bench = RulesBench(rules(escort="needs"))
    bench.give(5, 8)
    bench.give(6, 8)
    bench.tap(5)
    assert bench.tap(6) == [(NEEDS_ESCORT, 0)]


def test_two_persons():
    bench = RulesBench(rules({"1": {"two_person": 1}}, uses=5))
    first = bench.give(5, 8)
    second = bench.give(6)
    assert bench.tap(5) == [(NEEDS_SECOND, 0)] and not bench.released()  # nobody knows the time: to be safe
    bench.wait(20)
    bench.at(NOON)
    assert bench.tap(5) == [(NEEDS_SECOND, 0)]
    assert bench.tap(5) == [(NEEDS_SECOND, 0)]  # twice the same is not two
    assert bench.tap(6) == [(GRANTED, 1), (GRANTED, 0)] and bench.released()
    assert [event[3] for event in bench.events()[-2:]] == [first, second]
    assert bench.tap(5, door=2) == [(GRANTED, 2)]
    bench.tap(5)
    bench.wait(16)
    assert bench.tap(6) == [(NEEDS_SECOND, 0)]
    bench.at(NOON + 6 * 3600)
    assert bench.tap(6) == [(GRANTED, 0)]


def test_a_visitor_and_an_escort_are_two_persons():
    bench = RulesBench(rules({"1": {"two_person": 0}}, escort="needs"))
    bench.give(5, 8)
    bench.give(7, 9)
    bench.give(6)
    bench.tap(5)
    assert bench.tap(6) == [(NEEDS_SECOND, 0)]
    bench.wait(16)
    bench.tap(5)
    assert bench.tap(7) == [(GRANTED, 0), (GRANTED, 0)]
