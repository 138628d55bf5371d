"""A card that is held to the reader is one tap, however often the reader says it. Each bench begins as ticks wrap."""

from firmware.controller import ticks
from firmware.controller.door_unit import AWAY_MS
from firmware.controller.events import DENIED_UNKNOWN, GRANTED, READER_MISREAD
from tests.firmware.bench import frame26
from tests.firmware.rules_bench import RulesBench

WAYS = (500, 600, 1000)  # milliseconds from one time that a reader says a held card to the next


def rules(door=None, **profile):
    profile["doors"] = {"1": 0, "2": 0}
    fields = {"version": 1, "profiles": {"8": profile}, "doors": {"1": door or {}}}
    fields["areas"] = {"1": {}}
    return fields


def hold(bench, number, seconds, every=600, door=1):
    """A card lies at the reader. What is on record for it."""
    said = []
    for _ in range(0, seconds * 1000, every):
        began = bench.chip.now
        said += bench.present(frame26(0, number), door)
        bench.run(every - ticks.diff(bench.chip.now, began))
    return said


def test_a_card_that_is_held_for_half_a_minute_passes_once():
    for every in WAYS:
        bench = RulesBench(rules())
        bench.give(5, 8)
        assert hold(bench, 5, 30, every) == [(GRANTED, 0)]
        assert not bench.released()
        bench.run(AWAY_MS)
        assert hold(bench, 5, 2, every) == [(GRANTED, 0)]
        bench = None


def test_one_hold_is_one_use():
    bench = RulesBench(rules(uses=3))
    bench.give(5, 8)
    for use in (1, 2, 3):
        assert hold(bench, 5, 6) == [(GRANTED, use)]
        bench.run(AWAY_MS)


def test_a_card_that_nobody_knows_is_one_denial_a_hold():
    bench = RulesBench(rules())
    assert hold(bench, 5, 60) == [(DENIED_UNKNOWN, 0)]
    for _ in range(3):  # who tries again each two seconds is heard each time
        bench.run(2000)
        assert bench.present(frame26(0, 6), 1) == [(DENIED_UNKNOWN, 0)]


def test_two_cards_in_one_wallet_are_two_taps():
    bench = RulesBench(rules())
    bench.give(5, 8)
    bench.give(6, 8)
    said = []
    for _ in range(20):
        for number in (5, 6):
            said += bench.present(frame26(0, number), 1)
            bench.run(500)
    assert said == [(GRANTED, 0)] * 2


def test_a_misread_in_a_hold_does_not_begin_another_tap():
    bench = RulesBench(rules())
    bench.give(5, 8)
    said = []
    for frame in (frame26(0, 5), "1" * 26, frame26(0, 5), frame26(0, 5)):
        said += bench.present(frame, 1)
        bench.run(570)
    assert said == [(GRANTED, 0), (READER_MISREAD, 26)]


def test_the_same_card_at_another_reader_is_another_tap():
    bench = RulesBench(rules())
    bench.give(5, 8)
    for door in (1, 2):
        assert bench.present(frame26(0, 5), door) == [(GRANTED, 0)]


def test_no_number_is_kept_until_ticks_come_round():
    bench = RulesBench(rules())
    bench.tap(5)
    unit = bench.loop.doors[0]
    assert unit._held
    bench.run(10000)
    assert not unit._held
