"""Areas: anti-passback and limits, of one controller and of several."""

from struct import pack

from firmware.controller.access.credential import card_value, credential_key
from firmware.controller.access.rules import Rules
from firmware.controller.cloud.area_updates import take
from firmware.controller.cloud.wire import PASSED
from firmware.controller.events import DENIED_FULL, DENIED_PASSBACK, GRANTED, NEEDS_SECOND
from tests.firmware.controller_bench import KEY, Bench
from tests.firmware.helper import raises
from tests.firmware.rules_bench import RulesBench

NOON = 1767614400  # Monday 2026-01-05 12:00 UTC
OK = [(GRANTED, 0)]


def rules(passback=None, area=None, **fields):
    door = {"passage": [0, 1]}
    out = {"passage": [1, 0]}
    if passback:
        door["passback"] = out["passback"] = passback
    door.update(fields)
    return {
        "version": 1,
        "profiles": {"7": [1, 2], "8": {"doors": {"1": 0, "2": 0}, "exempt": True, "lockdown": True}},
        "areas": {"1": area} if area else {},
        "doors": {"1": door, "2": out},
    }


def test_who_went_in_must_come_out_before_going_in_again():
    bench = RulesBench(rules("hard"))
    bench.at(NOON)
    bench.give(5)
    bench.give(6, 8)
    assert bench.tap(5) == OK
    assert bench.tap(5) == [(DENIED_PASSBACK, 1)]
    assert bench.tap(5, 2) == OK
    assert bench.tap(5, 2) == [(DENIED_PASSBACK, 0)]
    assert bench.tap(5) == OK
    assert bench.tap(6) == bench.tap(6) == OK  # exempt


def test_soft_anti_passback_lets_pass_and_says_so():
    bench = RulesBench(rules("soft"))
    bench.give(5)
    assert bench.tap(5) == OK
    assert bench.tap(5) == [(GRANTED, 128)]
    assert bench.tap(5, 2) == OK


def test_timed_anti_passback_ends():
    bench = RulesBench(rules("timed", passback_minutes=5))
    bench.at(NOON)
    bench.give(5)
    assert bench.tap(5) == OK
    assert bench.tap(5) == [(DENIED_PASSBACK, 1)]
    bench.wait(290)
    assert bench.tap(5) == [(DENIED_PASSBACK, 1)]
    bench.wait(20)
    assert bench.tap(5) == OK


def test_where_somebody_is_survives_a_restart():
    fields = rules("hard")
    bench = RulesBench(fields)
    bench.at(NOON)
    bench.give(5)
    bench.tap(5)
    bench = bench.again(fields)
    assert bench.tap(5) == [(DENIED_PASSBACK, 1)]
    bench.fill(600)
    assert bench.again(fields).tap(5) == [(DENIED_PASSBACK, 1)]


def test_who_went_in_long_ago_is_not_known_to_be_there():
    bench = RulesBench(rules("hard", {"forget_hours": 2}))
    bench.at(NOON)
    bench.give(5)
    bench.tap(5)
    bench.wait(7100)
    assert bench.tap(5) == [(DENIED_PASSBACK, 1)]
    bench.wait(160)
    assert bench.tap(5) == OK


def passed(bench, fresh, *credentials):
    """The cloud tells who was let in elsewhere: (number, area, seconds UTC)."""
    message = bytes((PASSED, fresh))
    for number, area, utc in credentials:
        message += credential_key(KEY, card_value(26, number)) + pack("<BI", area, utc // 60)
    take(bench.loop, message, bench.now())


def test_who_went_in_at_another_controller_must_come_out_too():
    bench = RulesBench(rules("hard", {"shared": True}))
    bench.at(NOON)
    for number in (5, 6):
        bench.give(number)
    passed(bench, 1, (5, 1, NOON - 60), (6, 1, NOON - 90000))
    assert bench.tap(5) == [(DENIED_PASSBACK, 1)]
    assert bench.tap(6) == OK  # went in a day ago
    assert bench.tap(5, 2) == OK
    passed(bench, 1, (5, 1, NOON - 60))  # told late: what is known here came after it
    assert bench.tap(5) == OK
    passed(bench, 1, (5, 0, NOON + 60))
    assert bench.tap(5) == OK  # came out elsewhere


def test_hard_anti_passback_is_soft_where_another_controller_may_know_more():
    bench = RulesBench(rules("hard", {"shared": True}))
    bench.at(NOON)
    bench.give(5)
    assert bench.tap(5) == OK
    assert bench.tap(5) == [(GRANTED, 128)]  # nothing was heard of the others yet
    passed(bench, 1)
    assert bench.tap(5) == [(DENIED_PASSBACK, 1)]
    passed(bench, 0)  # one of them is not heard
    assert bench.tap(5) == [(GRANTED, 128)]
    passed(bench, 1)
    bench.idle()  # this one has no link itself
    assert bench.tap(5) == [(GRANTED, 128)]


def test_an_area_that_is_not_shared_needs_nobody_else():
    bench = RulesBench(rules("hard", {"shared": False}))
    bench.at(NOON)
    bench.give(5)
    assert bench.tap(5) == OK
    assert bench.tap(5) == [(DENIED_PASSBACK, 1)]


def test_who_is_in_by_another_controllers_door_takes_a_place():
    bench = RulesBench(rules(None, {"limit": 1, "shared": True}))
    bench.at(NOON)
    bench.give(5)
    passed(bench, 1, (6, 1, NOON))
    assert bench.tap(5) == [(DENIED_FULL, 1)]
    passed(bench, 1, (6, 0, NOON))
    assert bench.tap(5) == OK


def test_what_is_no_such_message_changes_nothing():
    bench = RulesBench(rules("hard", {"shared": True}))
    bench.at(NOON)
    bench.give(5)
    bench.tap(5)
    key = credential_key(KEY, card_value(26, 5))
    entry = key + pack("<BI", 0, NOON // 60)
    for body in (
        b"\2",
        b"\1" + entry[:-1],
        b"\1" + entry + key + pack("<BI", 16, 0),
        b"\1" + key + pack("<BI", 0, 1 << 26),
    ):
        message = bytes((PASSED,)) + body
        raises(ValueError, lambda message=message: take(bench.loop, message, bench.now()))
    passed(bench, 1)
    assert bench.tap(5) == [(DENIED_PASSBACK, 1)]


def test_rules_that_know_no_areas_pass_it_over():
    bench = RulesBench({"version": 1, "profiles": {}, "areas": {}, "doors": {}})
    passed(bench, 1, (6, 1, NOON))
    bench.give(6, 1)
    bench.loop.rules = Rules({"version": 0}, 2)
    passed(bench, 1, (6, 1, NOON))


def test_no_more_people_than_the_limit():
    bench = RulesBench(rules(None, {"limit": 2}))
    bench.at(NOON)
    for number in (5, 6, 7):
        bench.give(number)
    bench.give(9, 8)
    assert bench.tap(5) == bench.tap(6) == OK
    assert bench.tap(7) == [(DENIED_FULL, 1)]
    assert bench.tap(5) == OK  # is in there
    assert bench.tap(9) == OK  # exempt, and counted
    assert bench.tap(5, 2) == OK
    assert bench.tap(7) == [(DENIED_FULL, 1)]
    assert bench.tap(6, 2) == OK
    assert bench.tap(7) == OK
    bench.wait(86500)
    assert bench.tap(6) == bench.tap(5) == OK  # a day later the others are not known to be there


def test_two_who_pass_together_need_two_places():
    bench = RulesBench(rules(None, {"limit": 2}, two_person=0))
    for number in (5, 6, 7):
        bench.give(number)
    assert bench.tap(5) == [(NEEDS_SECOND, 0)]
    assert bench.tap(6) == OK + OK
    bench.tap(5, 2)
    assert bench.tap(5) == [(NEEDS_SECOND, 0)]
    assert bench.tap(7) == [(DENIED_FULL, 1)]


def test_at_most_250_are_known_to_be_somewhere():
    bench = RulesBench(rules("hard"))
    bench.at(NOON)
    memory = bench.loop.rules.memory["whereabouts"]
    for n in range(250):
        event = (NOON + n * 60, GRANTED, 1, 0, 0, bytes((n, n >> 8)) + b"other")
        memory.follow(bench.loop.rules, event, 0, False)
    bench.at(NOON + 16000)
    bench.give(5)
    assert bench.tap(5) == OK
    where = memory.where
    assert where(bench.loop.rules, b"\x00\x00other", NOON + 16000) == (None, 0)
    assert where(bench.loop.rules, b"\x01\x00other", NOON + 16000)[0] == 1
    assert memory.count(bench.loop.rules, 1, NOON + 16000) == 250


def test_faulty_rules_are_refused_with_the_field_at_fault():
    for fields, word in (
        ({"doors": {"1": {"passage": [0]}}}, "doors.1.passage"),
        ({"doors": {"1": {"passage": [0, 16]}}}, "doors.1.passage"),
        ({"doors": {"1": {"passback": "hard"}}}, "doors.1.passback"),
        ({"doors": {"1": {"passback": "harder", "passage": [0, 1]}}}, "doors.1.passback"),
        ({"doors": {"1": {"interlock": 16}}}, "doors.1.interlock"),
        ({"doors": {"1": {"offline_hours": 0}}}, "doors.1.offline_hours"),
        ({"areas": {"1": {"limit": 0}}}, "areas.1.limit"),
        ({"areas": {"16": {"limit": 1}}}, "areas.16"),
        ({"areas": {"1": {"colour": 1}}}, "areas.1.colour"),
    ):
        error = raises(ValueError, lambda fields=fields: Rules(fields, 1))
        assert word in str(error), (fields, error)


def test_what_the_cloud_tells_of_other_controllers_comes_with_its_messages():
    bench = Bench()
    bench.connect()
    bench.hear(bytes((PASSED, 1)))
    assert bench.refused["content"] == 0
    bench.hear(bytes((PASSED, 2)))
    assert bench.refused["content"] == 1
