"""What follows from grants that begin and end at different times: a plain second opinion, minute by minute."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from firmware.controller.records import NO_END, until_minutes, until_utc
from tools.cloud.access_list import rights
from tools.cloud.access_list.rights import Span, Term
from tools.cloud.rules import timing

OSLO = "Europe/Oslo"
# Monday to Friday 08-16 and Saturday 22-24; then: Sunday and holidays all day.
HOURS = {1: ((31, 480, 960), (32, 1320, 1440)), 2: ((64 | 128, 0, 1440),)}
HOLIDAYS = {date(2026, 12, 25)}


def on(links: timing.Chain, moment: datetime) -> bool:
    """Whether a chain says yes, as the controllers' README has it."""
    there = moment.astimezone(ZoneInfo(OSLO))
    minute, day = there.hour * 60 + there.minute, there.date()
    bit = 128 if day in HOLIDAYS else 1 << day.weekday()
    return any(
        (link.first is None or link.first <= day)
        and (link.last is None or day <= link.last)
        and any(days & bit and begin <= minute < end for days, begin, end in link.times)
        for link in links
    )


def chain(schedule: int) -> timing.Chain:
    return timing.ALWAYS if schedule == 0 else (timing.TimeLink(HOURS[schedule]),)


def at(minute: int) -> datetime:
    return datetime.fromtimestamp(until_utc(minute), UTC)


def granted(spans: Mapping[int, Any], door: int, minute: int) -> bool:
    return any(span.start <= minute < span.end and on(chain(span.schedule), at(minute)) for span in spans.get(door, ()))


def let_in(right: rights.Entitlement | None, door: int, minute: int) -> bool:
    """What a controller decides that has this record and profile."""
    if right is None or minute >= right.until:
        return False
    said = rights.read(right.content)
    if until_utc(minute) < said.get("from", 0) or door not in said["doors"]:
        return False
    links: list[timing.Chain] = []
    for term in said["doors"][door]:
        cut = chain(term.schedule)
        if term.begin:
            cut = timing.since(cut, at(term.begin), OSLO)
        links.append(timing.until(cut, at(term.end), OSLO) if term.end else cut)
    return on(timing.union(links), at(minute))


# Around a day on which the clock is put back (25 October 2026), one on which it is put forward, and Christmas.
DAYS = [datetime(*day, tzinfo=UTC) for day in ((2026, 10, 24, 21), (2027, 3, 27, 20), (2026, 12, 24))]
spans_of = some.builds(
    lambda schedule, start, length: (schedule, start, length),
    some.integers(0, 2),
    some.none() | some.integers(-2000, 2500),
    some.none() | some.integers(1, 3000),
)


@settings(max_examples=100, deadline=None)
@given(
    some.sampled_from(DAYS),
    some.dictionaries(some.integers(1, 3), some.lists(spans_of, min_size=1, max_size=3), max_size=3),
    some.booleans(),
)
def test_a_record_lets_in_whom_the_grants_let_in(day: datetime, drawn: dict[int, list[Any]], exact: bool) -> None:
    now = until_minutes(int(day.timestamp()))
    spans = {
        door: [
            Span(
                schedule,
                0 if start is None else now + start,
                NO_END if length is None else now + (start or 0) + length,
            )
            for schedule, start, length in found
        ]
        for door, found in drawn.items()
    }
    right = rights.right(spans, now, {}, exact)
    set_back = {date(2026, 10, 25)}
    for minute in range(now, now + 4200, 31):
        for door in (1, 2, 3):
            may, does = granted(spans, door, minute), let_in(right, door, minute)
            assert not does or may, "never more than is granted"
            change = right is not None and right.due is not None and minute >= right.due
            if exact or not change:
                there = at(minute).astimezone(ZoneInfo(OSLO)).date()
                assert does == may or there in set_back, f"door {door} at {at(minute)}"


def test_two_grants_that_end_at_different_times_are_their_union() -> None:
    """One door until noon, another until the evening: offline, without a newer record."""
    now = until_minutes(int(datetime(2026, 11, 23, 7, tzinfo=UTC).timestamp()))
    spans = {1: [Span(0, 0, now + 240)], 2: [Span(0, 0, now + 600)]}
    right = rights.right(spans, now, {})
    assert right is not None and right.until == now + 600 and right.due == now + 240
    assert [let_in(right, 1, now + m) for m in (0, 239, 240, 599)] == [True, True, False, False]
    assert [let_in(right, 2, now + m) for m in (0, 239, 240, 599, 600)] == [True, True, True, True, False]
    first = rights.right(spans, now, {}, exact=False)
    assert first is not None and first.until == now + 240 and first.content == "[1,2]"


def test_a_right_that_is_the_same_at_all_doors_stays_short() -> None:
    assert rights.right({1: [Span(0, 0, NO_END)], 2: [Span(0, 0, NO_END)]}, 5, {}) == rights.Entitlement(
        "[1,2]", NO_END
    )
    assert rights.right({1: [Span(0, 0, 9)], 2: [Span(0, 0, 9)]}, 5, {}) == rights.Entitlement("[1,2]", 9, 9)
    assert rights.right({1: [Span(0, 0, 3)], 2: [Span(0, 0, 4)]}, 5, {}) == rights.Entitlement("[1,2]", 4)  # expired
    assert rights.right({}, 5, {}) is None
    wide = rights.right({1: [Span(3, 0, NO_END), Span(0, 0, NO_END), Span(3, 7, 9)]}, 5, {"escort": "needs"})
    assert wide is not None and wide.content == '{"doors":{"1":"0"},"escort":"needs"}'


@pytest.mark.parametrize("text", ["0", "3", "3<900", "3>800", "0>800<900"])
def test_a_term_is_read_as_it_is_written(text: str) -> None:
    assert str(Term.read(text)) == text


def test_an_end_at_an_hour_that_comes_twice_takes_the_first() -> None:
    """25 October 2026, 02:30 comes twice in Oslo. An end at the second 02:10 must not let in again what is over."""
    end = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    cut = timing.until(timing.ALWAYS, end, OSLO)
    assert not any(on(cut, end + timedelta(minutes=m)) for m in range(180))
    start = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    since = timing.since(timing.ALWAYS, start, OSLO)
    assert not any(on(since, start - timedelta(minutes=m)) for m in range(1, 180))
    assert on(since, start + timedelta(hours=2))


def test_what_is_over_before_it_begins_is_never() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert not any(
        on(timing.since(timing.until(timing.ALWAYS, noon, OSLO), noon, OSLO), noon + timedelta(minutes=m))
        for m in range(-3000, 3000, 7)
    )
