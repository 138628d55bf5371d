"""Local time by a POSIX TZ rule, schedules, holidays, validity from, and what passes without a clock."""

from firmware.controller.access import dates
from firmware.controller.access.decision import decide
from firmware.controller.access.reading.calendar import date
from firmware.controller.access.rules import Rules
from firmware.controller.access.zone import Zone
from firmware.controller.events import (
    DENIED_EXPIRED,
    DENIED_NO_CLOCK,
    DENIED_NOT_YET,
    DENIED_TIME,
    GRANTED,
)
from firmware.controller.records import NO_END, until_minutes
from tests.firmware.helper import raises

OSLO = "CET-1CEST,M3.5.0,M10.5.0/3"
WEEKDAYS, HOLIDAY = 31, 128


def utc(year, month, day, hour=0, minute=0):
    return (dates.days(year, month, day) * 24 + hour) * 3600 + minute * 60


def test_a_date_is_a_number_of_days():
    assert dates.days(1970, 1, 1) == 0
    assert dates.days(2024, 2, 29) + 1 == dates.days(2024, 3, 1) == 19783
    assert dates.year_of(dates.days(2024, 12, 31)) == 2024
    assert dates.year_of(dates.days(2025, 1, 1)) == 2025
    assert date("from", "2024-02-29") == 19782
    for text in ("2023-02-29", "2024-13-01", "2024-12-32", "2024-1-1", "20240101", "", None, 7):
        assert "from" in str(raises(ValueError, lambda text=text: date("from", text)))


def test_summer_time_begins_and_ends_on_its_night():
    zone = Zone(OSLO)
    assert zone.offset(utc(2026, 3, 29, 0, 59)) == 3600
    assert zone.offset(utc(2026, 3, 29, 1, 0)) == 7200
    assert zone.offset(utc(2026, 10, 25, 0, 59)) == 7200
    assert zone.offset(utc(2026, 10, 25, 1, 0)) == 3600
    assert zone.local(utc(2026, 7, 1, 22, 30)) == (dates.days(2026, 7, 2), 30)


def test_zones_of_the_south_and_of_other_forms():
    sydney = Zone("AEST-10AEDT,M10.1.0,M4.1.0/3")
    assert sydney.offset(utc(2026, 1, 1)) == 11 * 3600
    assert sydney.offset(utc(2026, 7, 1)) == 10 * 3600
    dublin = Zone("IST-1GMT0,M10.5.0,M3.5.0/1")
    assert dublin.offset(utc(2026, 1, 1)) == 0
    assert dublin.offset(utc(2026, 7, 1)) == 3600
    nuuk = Zone("<-02>2<-01>,M3.5.0/-1,M10.5.0/0")
    assert nuuk.offset(utc(2026, 3, 29, 0, 59)) == -7200
    assert nuuk.offset(utc(2026, 3, 29, 1, 0)) == -3600
    always = Zone("XXX3EDT4,0/0,J365/23")
    assert {always.offset(utc(2025, 12, 1) + 3600 * n) for n in range(24 * 60)} == {-4 * 3600}
    assert Zone("<+0545>-5:45").offset(0) == 20700
    julian = Zone("AAA0BBB,J60,J300")
    assert julian.offset(utc(2024, 3, 1, 1, 59)) == julian.offset(utc(2023, 3, 1, 1, 59)) == 0
    assert julian.offset(utc(2024, 3, 1, 2)) == julian.offset(utc(2023, 3, 1, 2)) == 3600
    counted = Zone("AAA0BBB,59,300")
    assert counted.offset(utc(2024, 2, 29, 2)) == 3600


def test_what_is_no_zone_is_refused():
    for text in ("", "CE-1", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1 ", None, 7):
        assert "zone" in str(raises(ValueError, lambda text=text: Zone(text))), text
    for text in ("CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-25", "CET-1CEST,J0,J300", "<A>3"):
        assert "zone" in str(raises(ValueError, lambda text=text: Zone(text))), text
    assert "zone" in str(raises(ValueError, lambda: Zone("CET-1CEST,M3.5.0/168,M10.5.0")))


def test_changes_hold_where_the_rule_alone_is_wrong():
    # Havana by the law of 2026 (tz 2026f): summer time goes on from 8 March 2026 until 7 November 2027.
    first, last = utc(2026, 3, 8, 5), utc(2027, 11, 7, 5)
    zone = Zone("CST5CDT,M3.2.0/0,M11.1.0/1", [[first // 60, -240], [last // 60, -300]])
    for at, hours in (
        (utc(2026, 1, 1), -5),  # before: the rule
        (first - 1, -5),
        (first, -4),
        (utc(2026, 12, 24), -4),  # the rule says -5
        (last - 1, -4),
        (last, -5),  # from here on the rule again
        (utc(2028, 3, 12, 4, 59), -5),
        (utc(2028, 3, 12, 5), -4),
        (utc(2028, 11, 5, 4, 59), -4),
        (utc(2028, 11, 5, 5), -5),
        (utc(2026, 12, 24), -4),  # and back: nothing of later sticks
    ):
        assert zone.offset(at) == hours * 3600, (at, hours)
    zone = Zone("<+00>0", [[60, 60], [120, -90], [180, 0]])
    known = ((3599, 0), (3600, 3600), (7199, 3600), (7200, -5400), (10799, -5400), (10800, 0))
    for at, seconds in known + tuple(reversed(known)):  # what is known of one moment does not stick to another
        assert zone.offset(at) == seconds, at


def rules(schedules, holidays=()):
    profiles = {"7": {"doors": {"1": 1}}, "8": {"doors": {"1": 1}, "no_clock": True}, "9": [1]}
    fields = {"zone": OSLO, "schedules": schedules, "holidays": list(holidays), "profiles": profiles}
    return Rules(fields, 1)


def verdict(rules, utc, profile=7, until=NO_END):
    rules.waiting = {}  # nobody waits at a door for a companion
    tap = rules.tap()
    tap.begin(rules, 1, utc, 0)
    tap.found((profile, until))
    return decide(tap)


def test_any_date_may_bound_a_schedule():
    always = {"times": [[255, 0, 1440]]}
    now = utc(2026, 1, 5, 12)
    for bounds, on in (
        ({"to": "1969-12-31"}, False),
        ({"to": "9999-12-31"}, True),
        ({"from": "0001-01-01"}, True),
        ({"from": "9999-12-31"}, False),
        ({"from": "0001-01-01", "to": "0001-01-02"}, False),
    ):
        verdict_then = verdict(rules({"1": dict(always, **bounds)}), now)
        assert (verdict_then == GRANTED) == on, bounds


def test_an_interval_counts_on_its_days_from_its_first_minute_to_the_one_before_its_last():
    office = rules({"1": {"times": [[WEEKDAYS, 480, 1020]]}})
    closed = DENIED_TIME | 1 << 8
    assert verdict(office, utc(2026, 1, 5, 6, 59)) == closed  # Monday, local 07:59
    assert verdict(office, utc(2026, 1, 5, 7)) == GRANTED
    assert verdict(office, utc(2026, 1, 5, 15, 59)) == GRANTED
    assert verdict(office, utc(2026, 1, 5, 16)) == closed
    assert verdict(office, utc(2026, 1, 9, 12)) == GRANTED  # Friday
    assert verdict(office, utc(2026, 1, 10, 12)) == closed  # Saturday
    assert verdict(office, utc(2026, 7, 6, 6)) == GRANTED  # in summer an hour earlier
    assert verdict(office, utc(2026, 1, 10, 12), 9) == GRANTED  # a list of doors knows no times
    later = until_minutes(utc(2030, 1, 1))  # one that ends is judged by all else too as long as it has not
    assert verdict(office, utc(2026, 1, 10, 12), 7, later) == closed
    assert verdict(office, utc(2026, 1, 9, 12), 7, later) == GRANTED


def test_on_a_holiday_only_intervals_for_holidays_count():
    office = rules({"1": {"times": [[WEEKDAYS, 480, 1020], [HOLIDAY, 600, 660]]}}, [["2026-05-14", "2026-05-15"]])
    assert verdict(office, utc(2026, 5, 13, 8, 30)) == GRANTED
    assert verdict(office, utc(2026, 5, 14, 7)) != GRANTED
    assert verdict(office, utc(2026, 5, 14, 8, 30)) == GRANTED
    assert verdict(office, utc(2026, 5, 15, 9)) != GRANTED
    assert verdict(office, utc(2026, 5, 18, 9)) == GRANTED


def test_a_schedule_counts_between_its_dates_and_then_asks_the_next():
    seasons = {
        "1": {"times": [[255, 0, 1440]], "from": "2026-06-01", "to": "2026-08-31", "next": 2},
        "2": {"times": [[64, 720, 780]]},
    }
    linked = rules(seasons)
    assert verdict(linked, utc(2026, 5, 31, 21, 59)) != GRANTED
    assert verdict(linked, utc(2026, 5, 31, 22)) == GRANTED
    assert verdict(linked, utc(2026, 8, 31, 21, 59)) == GRANTED
    assert verdict(linked, utc(2026, 8, 31, 22)) != GRANTED
    assert verdict(linked, utc(2026, 11, 22, 11, 30)) == GRANTED  # a Sunday, by the next one


def test_without_a_clock_times_are_not_kept_unless_the_profile_says_so():
    office = rules({"1": {"times": [[255, 0, 1440]]}})
    assert verdict(office, 0) == DENIED_NO_CLOCK
    assert verdict(office, 0, 7, until_minutes(utc(2030, 1, 1))) == DENIED_NO_CLOCK
    assert verdict(office, 0, 8, until_minutes(utc(2030, 1, 1))) == GRANTED
    assert verdict(office, utc(2031, 1, 1), 8, until_minutes(utc(2030, 1, 1))) == DENIED_EXPIRED


def test_a_profile_counts_from_its_beginning():
    begins = Rules({"profiles": {"7": {"doors": {"1": 0}, "from": 1800000000}}}, 1)
    assert verdict(begins, 1799999999) == DENIED_NOT_YET
    assert verdict(begins, 1800000000) == GRANTED
    assert verdict(begins, 0) == DENIED_NO_CLOCK


def test_faulty_schedules_are_refused_with_the_field_at_fault():
    for fields, word in (
        ({"schedules": {"1": {"times": [[0, 0, 60]]}}}, "schedules.1.times"),
        ({"schedules": {"1": {"times": [[1, 60, 60]]}}}, "schedules.1.times"),
        ({"schedules": {"1": {"times": [[1, 60, 1441]]}}}, "schedules.1.times"),
        ({"schedules": {"1": {"times": [[1, 60]]}}}, "schedules.1.times"),
        ({"schedules": {"1": {"times": [[1, 0, 1]] * 21}}}, "schedules.1.times"),
        ({"schedules": {"1": {"next": 1}}}, "schedules.1.next"),
        ({"schedules": {"1": {"next": 2}}}, "schedules.1.next"),
        ({"schedules": {"1": {"next": 2}, "2": {"next": 1}}}, "next"),
        ({"schedules": {"1": {"from": "2026-02-30"}}}, "schedules.1.from"),
        ({"schedules": {"1": {"from": "2026-02-02", "to": "2026-02-01"}}}, "schedules.1.to"),
        ({"schedules": {"1": {"til": 1}}}, "schedules.1"),
        ({"schedules": {"256": {}}}, "schedules.256"),
        ({"schedules": {str(n + 1): {} for n in range(33)}}, "schedules"),
        ({"holidays": ["2026-02-30"]}, "holidays"),
        ({"holidays": [["2026-02-03", "2026-02-02"]]}, "holidays"),
        ({"holidays": ["2026-02-03"] * 65}, "holidays"),
        ({"holidays": 7}, "holidays"),
        ({"zone": "CET"}, "zone"),
        ({"zone_changes": [[60, 60], [60, 0]]}, "zone_changes: minute"),
        ({"zone_changes": [[-1, 60]]}, "zone_changes: minute"),
        ({"zone_changes": [[1 << 30, 60]]}, "zone_changes: minute"),
        ({"zone_changes": [[60, 1560]]}, "zone_changes: offset"),
        ({"zone_changes": [[60, "60"]]}, "zone_changes: offset"),
        ({"zone_changes": [[60]]}, "zone_changes"),
        ({"zone_changes": [60]}, "zone_changes"),
        ({"zone_changes": {}}, "zone_changes"),
        ({"zone_changes": [[n, 0] for n in range(49)]}, "zone_changes"),
        ({"profiles": {"7": {"doors": {"1": 4}}}}, "profiles.7.doors.1"),
        ({"profiles": {"7": {"doors": {"2": 0}}}}, "profiles.7.doors.2"),
        ({"profiles": {"7": {"from": -1}}}, "profiles.7.from"),
        ({"profiles": {"7": {"no_clock": 1}}}, "profiles.7.no_clock"),
        ({"profiles": {"7": {"colour": 1}}}, "profiles.7.colour"),
        ({"profiles": {"7": 1}}, "profiles.7"),
        ({"profiles": {str(n + 1): {} for n in range(151)}}, "profiles"),
    ):
        error = raises(ValueError, lambda fields=fields: Rules(fields, 1))
        assert word in str(error), (fields, error)
