"""Lock-out: too many wrong PINs at a reader, or with a card."""

from firmware.controller.events import DENIED_LOCKED_OUT, DENIED_PIN, GRANTED
from firmware.controller.followers import follower
from firmware.controller.rule_memory import RuleMemory
from tests.firmware.rules_bench import RulesBench

NOON = 1767614400  # Monday 2026-01-05 12:00 UTC


def rules(asked, **fields):
    door = {"who": [[asked, 0]]}
    door.update(fields)
    return {"version": 1, "profiles": {"7": [1, 2]}, "doors": {"1": door}}


def granted(said):
    return [code for code, _ in said] == [GRANTED]


def test_three_wrong_pins_lock_the_reader_and_each_more_for_twice_as_long():
    bench = RulesBench(rules("card/pin"))
    bench.give(5)
    bench.give_pin("4711")
    for count in (1, 2, 3):
        assert bench.type("1#") == [(DENIED_PIN, count)]
    assert bench.type("4711#") == [(DENIED_LOCKED_OUT, 1)]
    assert granted(bench.tap(5))  # a card is no PIN
    bench.wait(61)
    assert bench.type("1#") == [(DENIED_PIN, 4)]
    bench.wait(61)
    assert bench.type("4711#") == [(DENIED_LOCKED_OUT, 1)]
    bench.wait(61)
    assert granted(bench.type("4711#"))
    assert bench.type("1#") == [(DENIED_PIN, 4)]  # the right one took one off
    bench.wait(7201)
    assert bench.type("1#") == [(DENIED_PIN, 1)]


def test_a_card_is_locked_out_at_every_reader():
    fields = rules("card+pin", pin_length=4)
    fields["doors"]["2"] = fields["doors"]["1"]
    bench = RulesBench(fields)
    key = bench.give(5)
    bench.give(6)
    bench.give_pin("4711", card=5)
    bench.give_pin("4711", card=6)
    for door, count in ((1, 1), (1, 2), (2, 3)):
        bench.tap(5, door)
        assert bench.type("0000", door) == [(DENIED_PIN, (count if door == 1 else 1) | count << 4)]
    bench.tap(5)
    assert bench.type("4711") == [(DENIED_LOCKED_OUT, 2)]
    assert bench.last_key() == key
    bench.tap(6)
    assert granted(bench.type("4711"))
    bench.wait(61)
    bench.tap(5)
    assert granted(bench.type("4711"))
    bench.tap(5)
    assert bench.type("0000")[0][1] >> 4 == 1  # the right one cleared it


def test_a_lock_out_survives_a_restart():
    fields = rules("card/pin")
    bench = RulesBench(fields)
    bench.give_pin("4711")
    for _ in range(3):
        bench.type("1#")
    bench.wait(50)
    again = bench.again(fields)
    assert again.type("4711#") == [(DENIED_LOCKED_OUT, 1)]
    again.wait(30)
    assert again.type("4711#") == [(DENIED_LOCKED_OUT, 1)]
    again.wait(31)
    assert granted(again.type("4711#"))


def test_a_lock_out_survives_a_checkpoint():
    fields = rules("card+pin", pin_length=4)
    bench = RulesBench(fields)
    bench.give(5)
    bench.give_pin("4711", card=5)
    for _ in range(3):
        bench.tap(5)
        bench.type("0000")
    kept = follower(bench.loop, RuleMemory)
    kept._checkpoint.write(kept._parts())
    bench = bench.again(fields)
    assert bench.type("4711") == [(DENIED_LOCKED_OUT, 1)]
    bench.wait(61)
    bench.tap(5)
    assert bench.type("0000") == [(DENIED_PIN, 4 | 4 << 4)]


def test_a_locked_out_reader_is_forgotten_by_the_time_of_the_events():
    fields = rules("card/pin")
    bench = RulesBench(fields)
    bench.at(NOON)
    bench.give(5)
    bench.give_pin("4711")
    for _ in range(3):
        bench.type("1#")
    bench.wait(7300)
    bench.tap(5)
    assert granted(bench.again(fields).type("4711#"))


def test_at_most_sixteen_cards_are_followed():
    bench = RulesBench(rules("card+pin", pin_length=4))
    memory = bench.loop.rules.memory["lockout"]
    for n in range(40):
        event = (0, DENIED_PIN, 1, 1 | 1 << 4, 0, bytes((n,)) * 7)
        memory.follow(bench.loop.rules, event, bench.chip.now, True)
    assert len(memory._wrong) <= 17
