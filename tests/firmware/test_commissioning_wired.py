"""Commissioning of a board with more wires: inputs answer, fire releases, the alarm relay rests and can be tried."""

from firmware.controller.cloud import wire
from firmware.controller.events import ENCLOSURE_OPENED, FIRE
from firmware.controller.outputs import patterns
from tests.firmware.test_commissioning import begin, codes, shown, started, tried
from tests.firmware.wired_bench import FIRE_IN, LID, RELAY, Wired

T_INPUT = 16


def test_inputs_answer_and_the_alarm_relay_rests():
    bench = started(Wired())
    bench.put(LID, 0)
    assert ENCLOSURE_OPENED in codes(bench)
    assert shown(bench) == patterns.WORKS
    assert bench.chip.outputs[RELAY] == 0
    bench.put(LID, 1)
    begin(bench, minutes=0, name=2)
    bench.put(LID, 0)
    assert bench.chip.outputs[RELAY] == 1
    assert tried(bench) == [(0, T_INPUT + 2)]


def test_fire_releases_as_ever():
    bench = started(Wired())
    bench.put(FIRE_IN, 0)
    assert bench.strike() == 1
    assert FIRE in codes(bench)
    assert tried(bench) == [(0, T_INPUT + 1)]


def try_it(bench, name):
    utc = bench.loop.clock.utc(bench.now())
    bench.hear(wire.json_message(wire.COMMAND, {"id": name, "do": "try", "expires": utc + 60}))
    return [wire.read_json(message)["why"] for message in bench.said() if message[0] == wire.RESULT]


def test_the_alarm_relay_is_tried_by_command_and_only_now():
    bench = Wired()
    bench.connect()
    bench.said()
    assert try_it(bench, 1) == ["commissioning is not on"]
    assert bench.chip.outputs[RELAY] == 0
    begin(bench, name=2)
    assert try_it(bench, 3) == [""]
    assert bench.chip.outputs[RELAY] == 1
    bench.run(2500)
    assert bench.chip.outputs[RELAY] == 0


def test_a_board_without_an_alarm_relay_says_so():
    assert try_it(started(), 4) == ["unknown command"]
