"""Schedules as controllers understand them: a chain of intervals, cut to the minute where a right begins or ends.

A chain is a union: the controller asks the next schedule when one says no. So a schedule that ends at 14:30 on a day
is: the same up to the day before, or on that day the part of it before 14:30. Pure, without a database.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 1440
EVERY_DAY = 255  # all weekdays and holidays


class TimeLink(NamedTuple):
    """times: ((days, from, to), ...), between two local dates, both included; None: no bound."""

    times: tuple[tuple[int, int, int], ...]
    first: date | None = None
    last: date | None = None


Chain = tuple[TimeLink, ...]
ALWAYS: Chain = (TimeLink(((EVERY_DAY, 0, DAY),)),)


def union(chains: Sequence[Chain]) -> Chain:
    """Every link once."""
    return tuple(dict.fromkeys(link for chain in chains for link in chain))


def until(chain: Chain, end: datetime, zone: str) -> Chain:
    """The chain up to a moment. Where the clock is set back that day it rather ends too early."""
    day, minute = _local(end, zone, ending=True)
    links = []
    for link in chain:
        before = _between(link, None, day - timedelta(days=1))
        on = _between(link, day, day)
        links += [before, on and _clipped(on, 0, minute)]
    return tuple(link for link in links if link is not None)


def since(chain: Chain, start: datetime, zone: str) -> Chain:
    """The chain from a moment on. Where the clock is set back that day it rather begins too late."""
    day, minute = _local(start, zone, ending=False)
    links = []
    for link in chain:
        on = _between(link, day, day)
        links += [on and _clipped(on, minute, DAY), _between(link, day + timedelta(days=1), None)]
    return tuple(link for link in links if link is not None)


def _between(link: TimeLink, first: date | None, last: date | None) -> TimeLink | None:
    begin = max((day for day in (link.first, first) if day is not None), default=None)
    end = min((day for day in (link.last, last) if day is not None), default=None)
    return None if begin is not None and end is not None and begin > end else TimeLink(link.times, begin, end)


def _clipped(link: TimeLink, lowest: int, highest: int) -> TimeLink | None:
    times = tuple(
        (days, max(begin, lowest), min(end, highest))
        for days, begin, end in link.times
        if max(begin, lowest) < min(end, highest)
    )
    return TimeLink(times, link.first, link.last) if times else None


def _local(moment: datetime, zone: str, ending: bool) -> tuple[date, int]:
    """The local day and minute of a moment; of a minute that comes twice, the one that gives less."""
    there = moment.astimezone(ZoneInfo(zone))
    minute = there.hour * 60 + there.minute
    if (
        datetime.combine(there.date(), datetime.min.time(), ZoneInfo(zone)).utcoffset()
        == (there + timedelta(days=1)).replace(hour=0, minute=0).utcoffset()
    ):
        return there.date(), minute
    # The clock is set that day. What comes after the end, or before the start, must not be let in by its clock time.
    step = timedelta(minutes=1 if ending else -1)
    at = moment.astimezone(UTC) if ending else moment.astimezone(UTC) + step
    while (local := at.astimezone(ZoneInfo(zone))).date() == there.date():
        passed = local.hour * 60 + local.minute
        minute = min(minute, passed) if ending else max(minute, passed + 1)
        at += step
    return there.date(), minute
