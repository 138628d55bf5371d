"""Rules that come in parts: staged, checked whole, and in charge only after that."""

import os

from firmware.controller.access.rules import Rules
from firmware.controller.cloud import rules_download, session, wire
from firmware.controller.events import RULES_REFUSED
from firmware.controller.storage import settings
from tests.firmware.controller_bench import Bench

RULES = {"version": 4, "profiles": {"7": [1]}, "doors": {"1": {"release_ms": 1000, "held_ms": 2000}}}
MANY = {"version": 9, "profiles": {str(n): [1] * 8 for n in range(1, 41)}, "doors": {}}


def taken(version, part):
    return wire.packed(wire.RULES_TAKEN, "<IH", version, part)


def part(version, number, count, piece):
    return wire.packed(wire.RULES, "<IHH", version, number, count) + piece


def connected():
    bench = Bench()
    bench.connect()
    bench.said()
    return bench


def test_parts_are_acknowledged_one_by_one_and_hold_after_the_last():
    bench = connected()
    assert bench.rules_come(MANY, 8) == [taken(9, n) for n in range(1, 9)]
    assert bench.loop.rules.version == 9
    assert len(bench.loop.rules.profiles) == 40
    assert settings.load(bench.folder, "rules") == (MANY, True)
    assert sorted(bench.files()) == ["rules.json"]
    bench.clean()


def test_the_rules_before_stay_as_the_second_copy():
    bench = connected()
    bench.rules_come(RULES)
    bench.rules_come(MANY, 9)
    files = bench.files()
    assert sorted(files) == ["rules.bak", "rules.json"]
    os.remove(bench.folder + "rules.json")
    assert settings.load(bench.folder, "rules") == (RULES, True)
    bench.clean()


def test_a_part_that_comes_twice_counts_once():
    bench = connected()
    text = b'{"version": 4, "profiles": {"7": [1]}}'
    bench.hear(part(4, 0, 2, text[:9]))
    bench.hear(part(4, 0, 2, text[:9]))
    bench.hear(part(4, 1, 2, text[9:]))
    assert bench.said() == [taken(4, 1), taken(4, 1), taken(4, 2)]
    bench.hear(part(4, 1, 2, text[9:]))
    assert bench.said() == [taken(4, 2)]
    assert bench.loop.rules.profiles == {7: (1,)}
    bench.clean()


def test_a_part_out_of_turn_or_of_other_rules_is_refused():
    bench = connected()
    bench.hear(part(4, 1, 3, b"x"))
    bench.hear(part(4, 0, 3, b"{"))
    bench.hear(part(4, 2, 3, b"x"))
    bench.hear(part(5, 1, 3, b"x"))
    bench.hear(part(4, 3, 3, b"x"))
    bench.hear(bytes((wire.RULES, 1)))
    assert bench.refused["content"] == 5
    assert bench.said() == [taken(4, 1)]
    assert bench.loop.rules.version == 1
    bench.clean()


def test_other_rules_begin_anew():
    bench = connected()
    bench.hear(part(4, 0, 2, b"{"))
    assert bench.rules_come(RULES)[-1] == taken(4, 1)
    bench.hear(part(8, 0, 2, b'{"version"'))
    bench.hear(part(9, 0, 2, b'{"version": 9, '))
    bench.hear(part(9, 1, 2, b'"doors": {}}'))
    assert bench.said()[-1] == taken(9, 2)
    bench.clean()


def test_the_same_rules_from_their_beginning_are_taken_anew():
    """By a cloud that has started since: it knows nothing of the parts that came."""
    bench = connected()
    text = b'{"version": 4, "profiles": {"7": [1]}}'
    for number, piece in enumerate((text[:9], text[9:20])):
        bench.hear(part(4, number, 3, piece))
    assert bench.said() == [taken(4, 1), taken(4, 2)]
    for number, piece in enumerate((text[:9], text[9:20], text[20:])):
        bench.hear(part(4, number, 3, piece))
    assert bench.said() == [taken(4, 1), taken(4, 2), taken(4, 3)]
    assert bench.loop.rules.profiles == {7: (1,)}
    bench.clean()


def test_rules_that_end_too_early_are_refused():
    bench = connected()
    bench.rules_come(RULES)
    text = b'{"profiles": {"7": {"doors": {"1": 0}}}, "doors": {"1": {"release_ms": 1000}}, "version": 5}'
    for end in range(1, len(text)):
        for piece in (text[:end], text[:end] + b"}"):
            bench.hear(part(5, 0, 1, piece))
            if piece != text:
                assert bench.said()[0].startswith(taken(5, 0xFFFF)), piece
    assert bench.said()[-1:] == [taken(5, 1)], "the last one was whole"
    bench.clean()


def test_faulty_rules_are_refused_whole_and_the_old_ones_hold():
    bench = connected()
    bench.rules_come(RULES)
    bodies = (
        b"{",
        b"[]",
        b"",
        b"}",
        b'{"version": -1}',
        b'{"version": 4}',
        b'{"version": 5, "profiles": [1]}',
        b'{"version": 5, "profiles": {"x": [1]}}',
        b'{"version": 5, "profiles": {"1": [2]}}',
        b'{"version": 5}[',
        b'{"version": 5} {}',
        b"\xff\xfe}",
    )
    for body in bodies:
        bench.hear(part(5, 0, 1, body))
        assert bench.said()[0][:7] == taken(5, 0xFFFF), body
    assert bench.loop.rules.version == 4
    assert settings.load(bench.folder, "rules") == (RULES, True)
    assert [event[0] for event in bench.events()].count(RULES_REFUSED) == len(bodies)
    assert bench.rules_come(MANY, 9)[-1] == taken(9, 9)
    bench.clean()


def test_who_refuses_rules_says_what_is_wrong():
    bench = connected()
    wrong = (
        (b'{"version": 5, "profiles": {"7": {"doors": {"1": 0}, "uses": 120}}}', "profiles.7.uses: must be 1 to 100"),
        (b'{"version": 5, "doors": {"1": {"warn_ms": 40000}}}', "doors.1.warn_ms: must be less than held_ms"),
        (b'{"version": 5, "doors": {"1": {"' + b"x" * 400 + b'": 1}}}', "doors.1." + "x" * 192),
        (b'{"version": 5, "doors": {"1": {"who": [1, 2, 3]}}}', "doors.1.who: must be card, pin,"),
    )
    for body, why in wrong:
        bench.hear(part(5, 0, 1, body))
        said = bench.said()[0]
        assert said[:7] == taken(5, 0xFFFF) and said[7 : 7 + len(why)] == why.encode(), said
        assert len(said) <= 207
    bench.clean()


def test_sixteen_thousand_bytes_are_taken():
    bench = connected()
    bench.hear(part(9, 0, 9, b'{"version": 9, "profiles": {"7":'))
    for number in range(1, 8):
        bench.hear(part(9, number, 9, b" " * 2000))
        bench.said()
    bench.hear(part(9, 8, 9, b" " * 2000 + b"[1]}}"))
    assert bench.said() == [taken(9, 9)]
    assert bench.loop.rules.profiles == {7: (1,)}
    assert bench.files()["rules.json"] > 16000
    bench.clean()


def test_rules_are_bounded():
    bench = connected()
    for number in range(9):
        bench.hear(part(5, number, 99, b"x" * 2000))
        said = bench.said()
    assert said == [taken(5, 0xFFFF) + b"too long"]
    assert bench.files()["rules.new"] <= 16384
    assert bench.loop.rules.version == 1
    bench.clean()


class Cut(Exception):
    """The power fails."""


class Os:
    """The rename after which the power fails."""

    def __init__(self, left):
        self.left = left

    def rename(self, old, new):
        if not self.left:
            raise Cut
        self.left -= 1
        os.rename(old, new)


def test_a_cut_between_any_two_steps_leaves_the_old_rules_or_the_new():
    text = b'{"version": 9, "profiles": {"7": [1]}, "doors": {}}'
    for left in range(3):
        bench = connected()
        bench.rules_come(RULES)
        rules_download.os = Os(left)
        try:
            bench.inbox.put(part(9, 0, 1, text))
            bench.loop.step(bench.chip.now)
            assert left == 2
        except Cut:
            assert left < 2
        finally:
            rules_download.os = os
        fields, checked = settings.load(bench.folder, "rules")
        assert checked
        assert Rules(fields, 1).version == (9 if left == 2 else 4)
        bench.clean()


def test_what_was_staged_before_a_cut_does_not_count():
    bench = connected()
    bench.rules_come(RULES)
    bench.hear(part(9, 0, 2, b'{"version": 9'))
    again = Bench(flash=bench.flash, folder=bench.folder)
    again.inbox.put(session.OPENED)
    again.run()
    again.said()
    assert settings.load(bench.folder, "rules")[0] == RULES
    again.hear(part(9, 1, 2, b"}"))
    assert again.refused["content"] == 1
    assert again.rules_come(MANY, 9)[-1] == taken(9, 9)
    bench.clean()


def test_rules_whose_last_letter_is_another_one_are_refused():
    bench = connected()
    bench.rules_come(RULES)
    for last in b"]x 0":
        bench.hear(part(5, 0, 1, b'{"profiles": {"7": [1]}, "version": 5' + bytes((last,))))
        assert bench.loop.rules.version == 4 and not bench.said()[-1:] == [taken(5, 1)]
    bench.clean()
