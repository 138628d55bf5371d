"""When a schedule ends that counts now: what a page says beside "unlocked until"."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ..models import Holiday, Schedule

DAYS = 8  # looked ahead: the same hours every day of a week end never
_HOLIDAY = 128


def holidays(tenant: int) -> list[tuple[date, date]]:
    return list(Holiday.objects.filter(tenant=tenant).values_list("first", "last"))


def counts(schedule: Schedule, there: datetime, free: Collection[tuple[date, date]]) -> bool:
    """Whether a schedule, or one it goes on with, says yes at a local time. free: the holidays, first and last days."""
    day, minute = there.date(), there.hour * 60 + there.minute
    today = _HOLIDAY if any(first <= day <= last for first, last in free) else 1 << day.weekday()
    asked: Schedule | None = schedule
    while asked is not None:
        within = (asked.first_day or day) <= day <= (asked.last_day or day)
        if within and any(days & today and begin <= minute < end for days, begin, end in asked.times):
            return True
        asked = asked.next
    return False


def ends(schedule: Schedule, zone: str, now: datetime, free: Collection[tuple[date, date]]) -> datetime | None:
    """When it first says no after now; None: it does not within a week."""
    there = ZoneInfo(zone)
    for moment in _turns(schedule, now.astimezone(there).date(), there):
        if moment > now and not counts(schedule, moment.astimezone(there), free):
            return moment
    return None


def _turns(schedule: Schedule, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """Every moment at which it may change, in order."""
    minutes = {0}
    asked: Schedule | None = schedule
    while asked is not None:
        minutes |= {end for _, _, end in asked.times if end < 1440}
        asked = asked.next
    for ahead in range(DAYS):
        for minute in sorted(minutes):
            local = datetime.combine(day + timedelta(days=ahead), time(minute // 60, minute % 60), zone)
            yield local.astimezone(UTC)
