"""How long a door opens without the cloud."""

from firmware.controller.events import DENIED_OFFLINE, GRANTED
from tests.firmware.rules_bench import RulesBench

OK = [(GRANTED, 0)]


def test_a_door_may_limit_how_long_it_opens_without_the_cloud():
    fields = {"version": 1, "profiles": {"7": [1, 2]}, "doors": {"1": {"offline_hours": 2}}}
    bench = RulesBench(fields)
    bench.give(5)
    assert bench.tap(5) == [(DENIED_OFFLINE, 0)]  # nobody knows for how long
    assert bench.tap(5, 2) == OK
    bench.connect()
    assert bench.tap(5) == OK
    bench.wait(60)
    bench.sync.open = False
    bench.wait(7100)
    assert bench.tap(5) == OK
    bench.wait(200)
    assert bench.tap(5) == [(DENIED_OFFLINE, 0)]
