"""Door supervision in a whole controller: with its rules and schedules."""

from firmware.controller.events import DOOR_OPENED, EXIT_REFUSED, GRANTED, RELEASED_REX
from tests.firmware.controller_bench import CONTACT, REX, STRIKE
from tests.firmware.wired_bench import MONDAY_NOON, Wired, rules


def test_the_exit_button_keeps_its_schedule():
    bench = Wired(rules(rex_schedule=1))
    bench.loop.clock.set(MONDAY_NOON * 1000, bench.chip.now)
    bench.put(REX, 0)
    bench.put(REX, 1, ms=6000)
    bench.loop.clock.set((MONDAY_NOON + 6 * 3600) * 1000, bench.chip.now)
    bench.put(REX, 0)
    assert bench.strike() == 0
    assert bench.told() == [RELEASED_REX, EXIT_REFUSED]


def test_a_granted_door_relocks_when_it_opens_as_its_rules_say():
    bench = Wired(rules(relock="open"))
    bench.give(12, 3456)
    bench.tap(12, 3456)
    assert bench.strike() == 1
    bench.put(CONTACT, 1)
    assert bench.strike() == 0
    assert bench.told() == [GRANTED, DOOR_OPENED]
    assert [level for _, pin, level in bench.chip.moves if pin == STRIKE] == [1, 0]
