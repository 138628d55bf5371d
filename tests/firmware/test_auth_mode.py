"""Who: card, PIN, both or either, by schedule; keypads and duress."""

from firmware.controller.access.rules import Rules
from firmware.controller.events import (
    DENIED_DOOR,
    DENIED_KIND,
    DENIED_PIN,
    DENIED_UNKNOWN,
    GRANTED,
    GRANTED_DURESS,
    READER_MISREAD,
)
from firmware.controller.readers.keypad import Keypad, is_key
from tests.firmware.helper import raises
from tests.firmware.rules_bench import RulesBench

NOON = 1767614400  # Monday 2026-01-05 12:00 UTC
NIGHT = NOON + 11 * 3600


def rules(*who, **fields):
    door = {"who": [list(entry) for entry in who]}
    door.update(fields)
    return {
        "version": 1,
        "schedules": {"1": {"times": [[31, 480, 1020]]}},
        "profiles": {"7": [1, 2], "8": {"doors": {"1": 0, "2": 0}, "pin": True}},
        "doors": {"1": door},
    }


def granted(said):
    return [code for code, _ in said] == [GRANTED]


def test_keys_become_a_pin():
    pad = Keypad(None)
    for bits in (4, 8):
        said = []
        for key in (1, 2, 10, 9, 0, 7, 3, 11):
            number = key | (~key & 15) << 4 if bits == 8 else key
            assert is_key(bits, number)
            said.append(pad.key(number, 5))
        assert said == [b""] * 7 + [b"9073"]
    assert not is_key(4, 12)
    assert not is_key(8, 0x11)
    assert not is_key(5, 1)


def test_a_pin_of_known_length_needs_no_last_key():
    pad = Keypad(4)
    assert [pad.key(key, 5) for key in (1, 2, 3, 4, 5, 11)] == [b"", b"", b"", b"1234", b"", b"5"]


def test_who_types_too_slowly_begins_again():
    pad = Keypad(None)
    pad.key(1, 0)
    pad.key(2, 10001)
    assert pad.key(11, 20001) == b"2"


def test_no_pin_is_longer_than_twelve():
    pad = Keypad(None)
    for _ in range(13):
        pad.key(1, 0)
    assert pad.key(11, 0) == b""


def test_keys_are_no_keys_where_there_is_no_keypad():
    bench = RulesBench(rules(("card", 0)))
    assert bench.type("1") == []
    assert bench.type("1", door=2) == [(READER_MISREAD, 4)]
    assert bench.present("1111", 1) == [(READER_MISREAD, 4)]


def test_a_pin_opens_where_a_pin_is_asked_for():
    bench = RulesBench(rules(("pin", 0)))
    key = bench.give_pin("4711")
    bench.give(5)
    assert granted(bench.type("4711#")) and bench.released()
    assert bench.last_key() == key
    assert bench.tap(5) == [(DENIED_KIND, 2)]
    assert bench.type("4712#") == [(DENIED_PIN, 1)]
    assert bench.last_key() is None


def test_a_door_without_that_rule_takes_cards():
    bench = RulesBench(rules(("card", 0)))
    bench.give_pin("4711")
    bench.give(5)
    assert granted(bench.tap(5))
    assert bench.type("4711#") == [(DENIED_KIND, 1)]


def test_card_and_pin():
    bench = RulesBench(rules(("card+pin", 0), pin_length=4))
    key = bench.give(5)
    bench.give_pin("4711", card=5)
    assert bench.tap(5) == [] and not bench.released()
    assert granted(bench.type("4711")) and bench.released()
    assert bench.last_key() == key
    bench.wait(10)
    assert bench.type("4711") == [(DENIED_PIN, 1)]  # without the card it is nobody's
    bench.tap(5)
    assert bench.type("4712") == [(DENIED_PIN, 2 | 1 << 4)]
    assert bench.last_key() == key
    assert bench.tap(6) == [(DENIED_UNKNOWN, 0)]


def test_a_card_waits_twenty_seconds_for_its_pin():
    bench = RulesBench(rules(("card+pin", 0), pin_length=4))
    bench.give(5)
    bench.give_pin("4711", card=5)
    bench.tap(5)
    bench.wait(19)
    assert granted(bench.type("4711"))
    bench.tap(5)
    bench.wait(21)
    assert bench.type("4711") == [(DENIED_PIN, 1)]


def test_another_card_takes_the_place_of_the_first():
    bench = RulesBench(rules(("card+pin", 0), pin_length=4))
    bench.give(5)
    bench.give(6)
    bench.give_pin("4711", card=5)
    bench.tap(5)
    bench.tap(6)
    assert bench.type("4711") == [(DENIED_PIN, 1 | 1 << 4)]


def test_either_card_or_pin():
    bench = RulesBench(rules(("card/pin", 0)))
    bench.give(5)
    bench.give_pin("4711")
    assert granted(bench.tap(5))
    assert granted(bench.type("4711#"))


def test_what_is_asked_for_goes_by_schedule():
    bench = RulesBench(rules(("card", 1), ("card+pin", 0), pin_length=4))
    bench.give(5)
    bench.give_pin("4711", card=5)
    bench.at(NOON)
    assert granted(bench.tap(5))
    bench.at(NIGHT)
    assert bench.tap(5) == []
    assert granted(bench.type("4711"))


def test_a_profile_may_ask_for_the_pin_everywhere():
    bench = RulesBench(rules(("card", 0), pin_length=4))
    bench.give(5, profile=8)
    bench.give_pin("4711", profile=8, card=5)
    assert bench.tap(5) == []
    assert granted(bench.type("4711"))
    assert bench.tap(5, door=2) == [(DENIED_KIND, 3)]  # there is no keypad


def test_duress_opens_and_says_so():
    bench = RulesBench(rules(("card+pin", 0), pin_length=4))
    key = bench.give(5)
    bench.give_pin("4711", card=5)
    bench.give_pin("4712", card=5, duress=True)
    bench.tap(5)
    moves = len(bench.chip.moves)
    assert bench.type("4712") == [(GRANTED_DURESS, 0)] and bench.released()
    assert bench.last_key() == key
    forced = [move[1:] for move in bench.chip.moves[moves:]]
    bench.wait(10)
    bench.tap(5)
    moves = len(bench.chip.moves)
    assert granted(bench.type("4711"))
    assert [move[1:] for move in bench.chip.moves[moves:]] == forced  # nobody sees or hears a difference


def test_duress_of_a_pin_alone():
    bench = RulesBench(rules(("pin", 0)))
    key = bench.give_pin("99", duress=True)
    assert bench.type("99#") == [(GRANTED_DURESS, 0)]
    assert bench.last_key() == key


def test_each_key_sounds_alike():
    bench = RulesBench(rules(("pin", 0)))
    heard = []
    for key in "0123456789*":
        moves = len(bench.chip.moves)
        start = bench.chip.now
        bench.type(key)
        bench.run(500)
        heard.append([(at - start & (1 << 30) - 1, pin, level) for at, pin, level in bench.chip.moves[moves:]])
    assert heard[0] and all(one == heard[0] for one in heard)


def test_a_right_pin_at_the_wrong_door_is_no_wrong_pin():
    fields = rules(("pin", 0))
    fields["doors"]["2"] = fields["doors"]["1"]
    fields["profiles"]["9"] = [1]
    bench = RulesBench(fields)
    bench.give_pin("4711", profile=9)
    assert bench.type("4711#", door=2) == [(DENIED_DOOR, 0)]


def test_faulty_rules_are_refused_with_the_field_at_fault():
    for door, word in (
        ({"who": "card"}, "doors.1.who"),
        ({"who": [["cards", 0]]}, "doors.1.who"),
        ({"who": [["card", 9]]}, "doors.1.who"),
        ({"who": [["card"]]}, "doors.1.who"),
        ({"who": [["card", 0]] * 9}, "doors.1.who"),
        ({"pin_length": 3}, "doors.1.pin_length"),
    ):
        error = raises(ValueError, lambda door=door: Rules({"doors": {"1": door}}, 1))
        assert word in str(error), (door, error)
