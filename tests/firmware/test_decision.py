"""The plain rules: who is known here, at which door, and until when."""

from firmware.controller.access.decision import decide
from firmware.controller.access.rules import HELD_MS, RELEASE_MS, Rules
from firmware.controller.events import DENIED_DOOR, DENIED_EXPIRED, DENIED_NO_CLOCK, DENIED_UNKNOWN, GRANTED
from firmware.controller.records import NO_END, until_minutes, until_utc
from tests.firmware.helper import raises

RULES = Rules({"profiles": {"7": [1, 2], "8": [2]}}, 2)
NOON = 1800000000


def presented(door, utc):
    tap = RULES.tap()
    tap.begin(RULES, door, utc, 0)
    return tap


def verdict(profile, door, utc, until=NO_END):
    tap = presented(door, utc)
    tap.found((profile, until))
    return decide(tap)


def test_an_unknown_credential_is_denied():
    assert decide(presented(1, NOON)) == DENIED_UNKNOWN


def test_a_profile_opens_its_doors_and_no_other():
    assert verdict(7, 1, NOON) == GRANTED
    assert verdict(8, 2, NOON) == GRANTED
    assert verdict(8, 1, NOON) == DENIED_DOOR


def test_a_profile_that_is_not_known_opens_nothing():
    assert verdict(9, 1, NOON) == DENIED_DOOR


def test_a_credential_ends_when_its_time_has_come():
    until = until_minutes(NOON)
    assert verdict(7, 1, until_utc(until) - 1, until) == GRANTED
    assert verdict(7, 1, until_utc(until), until) == DENIED_EXPIRED


def test_without_a_clock_only_credentials_without_an_end_pass():
    assert verdict(7, 1, 0) == GRANTED
    assert verdict(7, 1, 0, until_minutes(NOON)) == DENIED_NO_CLOCK


def test_an_end_is_never_rounded_up():
    assert until_utc(until_minutes(NOON + 59)) <= NOON + 59
    assert until_minutes(None) == NO_END


def test_rules_say_what_opens_and_how_long():
    rules = Rules({"version": 3, "profiles": {"7": [1, 2]}, "doors": {"2": {"release_ms": 9000, "held_ms": 60000}}}, 2)
    assert rules.version == 3
    assert rules.profiles == {7: (1, 2)}
    assert rules.times(1) == (RELEASE_MS, HELD_MS)
    assert rules.times(2) == (9000, 60000)
    assert rules.retention(2) is None


def test_fields_that_are_absent_have_a_default():
    rules = Rules({"doors": {"1": {"held_ms": 60000, "retention_days": 0}}}, 2)
    assert rules.times(1) == (RELEASE_MS, 60000)
    assert rules.retention(1) == 0
    assert rules.door(2) == {}


def test_faulty_rules_are_refused_with_the_field_at_fault():
    for fields, word in (
        ({"version": -1}, "version"),
        ({"version": True}, "version"),
        ({"profiles": {"7": [3]}}, "profiles.7"),
        ({"profiles": {"0": [1]}}, "profiles.0"),
        ({"doors": {"3": {"release_ms": 5000, "held_ms": 5000}}}, "doors.3"),
        ({"doors": {"1": {"release_ms": 5, "held_ms": 5000}}}, "release_ms"),
        ({"doors": {"1": {"release_ms": 5000, "held_ms": 1e9}}}, "held_ms"),
        ({"doors": {"1": {"retention_days": 3651}}}, "doors.1.retention_days"),
        ({"doors": {"1": []}}, "doors.1"),
        ({"doors": {"1": {"colour": 1}}}, "doors.1.colour"),
        ({"doors": []}, "doors"),
        ({"profiles": {"x": [1]}}, "profiles.x"),
        ({"profiles": {str(n + 1): [1] for n in range(501)}}, "profiles"),
        ({"colour": 1}, "colour"),
    ):
        error = raises(ValueError, lambda fields=fields: Rules(fields, 2))
        assert word in str(error), (fields, error)
