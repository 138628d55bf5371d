"""New rules while it burns. By itself: in the capped heap there is no room for more beside them."""

from firmware.controller.access.modes import FIRE
from firmware.controller.cloud import wire
from tests.firmware.controller_bench import UTC
from tests.firmware.wired_bench import FIRE_IN, LID, Wired, rules


def test_new_rules_while_it_burns_shut_nothing():
    bench = Wired()
    bench.put(FIRE_IN, 0)
    bench.rules_come(dict(rules(relock="open", pulse_ms=100, release_ms=1000, held_ms=2000), version=2))
    bench.run(5000)
    bench.clean()
    assert bench.loop.rules.version == 2
    assert bench.strike() == 1


def test_the_cloud_is_told_that_the_fire_input_keeps_doors_unlocked():
    bench = Wired(levels={FIRE_IN: 1, LID: 1})  # nothing has burnt since the start
    bench.connect()
    bench.put(FIRE_IN, 0)
    bench.run(1000)
    assert bench.strike() == 1
    told = [wire.read_json(message)["standing"] for message in bench.said() if message[0] == wire.DOOR_STATUS]
    assert told == [[[FIRE, 0, UTC, 1]]]
    bench.put(FIRE_IN, 1)
    bench.run(1000)
    assert bench.sync.door_status == []
