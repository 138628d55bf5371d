"""Uses left, and how they are remembered."""

import firmware.controller.access.reading.full  # noqa: F401  as a start loads it: while the heap is whole
from firmware.controller.access.rules import Rules
from firmware.controller.events import (
    DENIED_USED,
    GRANTED,
)
from tests.firmware.helper import raises
from tests.firmware.rules_bench import RulesBench
from tests.firmware.storage.cards import forget

NOON = 1767614400  # Monday 2026-01-05 12:00 UTC
ALWAYS = {"1": 0, "2": 0}


def rules(doors=None, **profile):
    profile["doors"] = ALWAYS
    return {
        "version": 1,
        "schedules": {"1": {"times": [[31, 480, 1020]]}},
        "profiles": {"7": [1, 2], "8": profile, "9": {"doors": ALWAYS, "escort": "gives"}},
        "doors": doors or {},
    }


def test_uses_are_counted_and_end():
    bench = RulesBench(rules(uses=2))
    bench.give(5, 8)
    bench.give(6, 8)
    assert bench.tap(5) == [(GRANTED, 1)]
    assert bench.tap(5, door=2) == [(GRANTED, 2)]
    assert bench.tap(5) == [(DENIED_USED, 2)]
    assert bench.tap(6) == [(GRANTED, 1)]


def test_who_has_no_limit_any_more_is_not_counted():
    """The limit was taken away after the last use: the door must open again, however often it did before."""
    bench = RulesBench(rules(uses=1))
    key = bench.give(5, 8)
    assert bench.tap(5) == [(GRANTED, 1)]
    assert bench.tap(5) == [(DENIED_USED, 1)]
    for profile in (9, 7):
        forget(bench.loop.table, key)
        bench.give(5, profile)
        assert [bench.tap(5) for _ in range(3)] == [[(GRANTED, 0)]] * 3


def test_uses_survive_a_restart():
    fields = rules(uses=2)
    bench = RulesBench(fields)
    bench.give(5, 8)
    assert bench.tap(5) == [(GRANTED, 1)]
    bench = bench.again(fields)
    assert bench.tap(5) == [(GRANTED, 2)]
    bench = bench.again(fields)
    assert bench.tap(5) == [(DENIED_USED, 2)]


def test_more_uses_may_be_given():
    bench = RulesBench(rules(uses=1))
    bench.give(5, 8)
    bench.tap(5)
    bench.loop.follow(Rules(rules(uses=2), 2))
    assert bench.tap(5) == [(GRANTED, 2)]
    assert bench.tap(5) == [(DENIED_USED, 2)]


def test_uses_are_remembered_longer_than_the_log():
    fields = rules(uses=2)
    bench = RulesBench(fields)
    bench.give(5, 8)
    bench.tap(5)
    bench.fill(600)
    assert bench.loop.log.first > 1
    assert bench.files()["memory.bin"] > 0
    bench = bench.again(fields)
    assert bench.tap(5) == [(GRANTED, 2)]


def test_a_memory_that_is_new_does_not_forget_the_others():
    fields = rules(uses=1)
    bench = RulesBench(fields)
    bench.give(5, 8)
    bench.tap(5)
    bench.fill(600)
    fields["doors"] = {"1": {"passage": [0, 1]}}
    bench = bench.again(fields)
    assert bench.tap(5) == [(DENIED_USED, 1)]


def test_a_torn_checkpoint_leaves_the_log():
    fields = rules(uses=2)
    bench = RulesBench(fields)
    bench.give(5, 8)
    bench.tap(5)
    with open(bench.folder + "memory.bin", "wb") as file:
        file.write(b"no checkpoint at all")
    assert bench.again(fields).tap(5) == [(GRANTED, 2)]


def test_a_door_without_a_log_remembers_uses_within_seconds():
    fields = rules({"1": {"retention_days": 0}}, uses=1)
    bench = RulesBench(fields)
    bench.give(5, 8)
    bench.tap(5)
    bench.run(20000)
    assert bench.again(fields).tap(5) == [(DENIED_USED, 1)]


def test_what_is_no_longer_in_the_table_is_not_counted():
    bench = RulesBench(rules(uses=1))
    key = bench.give(5, 8)
    bench.tap(5)
    forget(bench.loop.table, key)
    bench.fill(300)
    bench.run(20000)
    bench.give(5, 8)
    assert bench.tap(5) == [(GRANTED, 1)]


def test_at_most_a_hundred_are_counted():
    bench = RulesBench(rules(uses=3))
    used = bench.loop.rules.memory["uses"].used
    for n in range(100):
        used[bytes((n,)) * 7] = 1
    bench.give(5, 8)
    assert bench.tap(5) == [(DENIED_USED, 255)]


def test_faulty_rules_are_refused_with_the_field_at_fault():
    for fields, word in (
        ({"profiles": {"8": {"uses": 0}}}, "profiles.8.uses"),
        ({"profiles": {"8": {"uses": 101}}}, "profiles.8.uses"),
        ({"profiles": {"8": {"escort": "maybe"}}}, "profiles.8.escort"),
        ({"profiles": {"8": {"extended": 1}}}, "profiles.8.extended"),
        ({"doors": {"1": {"two_person": 3}}}, "doors.1.two_person"),
        ({"doors": {"1": {"extended_ms": 99}}}, "doors.1.extended_ms"),
    ):
        error = raises(ValueError, lambda fields=fields: Rules(fields, 1))
        assert word in str(error), (fields, error)
