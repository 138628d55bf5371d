"""A held card where rules remember taps. By itself: in the capped heap there is no room for more beside it."""

from firmware.controller.door_unit import AWAY_MS
from firmware.controller.events import DENIED_PIN, FREE_BEGAN, GRANTED
from tests.firmware.bench import frame26
from tests.firmware.rules_bench import RulesBench
from tests.firmware.test_held import hold, rules

NOON = 1767614400  # Monday 2026-01-05 12:00 UTC


def test_one_hold_does_not_switch_office_mode_and_two_taps_do():
    bench = RulesBench(rules({"office": 0}, office=True))
    bench.give(5, 8)
    bench.at(NOON)
    hold(bench, 5, 10)
    bench.run(10000)
    assert not bench.released()
    for _ in range(2):
        hold(bench, 5, 1)
        bench.run(AWAY_MS)
    assert FREE_BEGAN in [event[0] for event in bench.events()]
    bench.run(10000)
    assert bench.released()


def test_who_was_let_in_is_not_turned_away_by_anti_passback_in_the_same_hold():
    bench = RulesBench(rules({"passage": [0, 1], "passback": "hard"}))
    bench.give(5, 8)
    assert hold(bench, 5, 6) == [(GRANTED, 0)]


def test_a_key_counts_each_time_and_so_does_a_pin():
    bench = RulesBench(rules({"who": [["pin", 0]], "pin_length": 4}))
    bench.give_pin("1111", 8)
    assert bench.type("1111") == [(GRANTED, 0)]
    assert bench.type("1111") == [(GRANTED, 0)]
    assert bench.type("2222") == [(DENIED_PIN, 1)]


def test_a_card_that_is_held_while_its_pin_is_typed_starts_nothing_anew():
    bench = RulesBench(rules({"who": [["card+pin", 0]], "pin_length": 4}))
    bench.give(5, 8)
    bench.give_pin("1234", 8, card=5)
    said = []
    for key in "1234":
        said += bench.present(frame26(0, 5), 1) + bench.type(key)
        bench.run(500)
    assert said == [(GRANTED, 0)]
