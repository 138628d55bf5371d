"""Own compartments where the door asks something of a passage: nobody passes at a bank, and all else is asked."""

from firmware.controller import events as codes
from firmware.controller.access.credential import card_value
from firmware.controller.access.decision import decide
from tests.firmware.card_bench import KARI, CardBench, card, entry
from tests.firmware.controller_bench import UTC


def passing(**door):
    """Rules by which whoever has passed door 1 may not pass it again."""
    door = dict(door, passage=[0, 1], passback="hard")
    return {"version": 1, "profiles": {"7": [1]}, "areas": {"1": {}}, "doors": {"1": door}}


def passed(rules):
    bench = CardBench(rules=rules)
    bench.allot(entry(5, 77, KARI))
    bench.loop.rules.memory["whereabouts"].seen(bench.loop.rules, card(KARI), 1, UTC // 60)
    return bench


def test_what_is_asked_of_a_passage_does_not_count_and_what_is_asked_after_it_does():
    bench = passed(passing())
    tap = bench.loop.look(card_value(26, 17 << 16 | KARI), 1, bench.chip.now)
    assert decide(tap) & 255 == codes.DENIED_PASSBACK
    assert bench.tap_bank(KARI) == [5]
    bench = passed(passing(two_person=0))
    assert bench.tap_bank(KARI) == [], "one alone does not pass where two are asked for"
