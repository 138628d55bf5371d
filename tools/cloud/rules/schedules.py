"""Schedules of a week: made, changed, removed. Wrong ones are refused whole, with what is wrong."""

from datetime import date
from itertools import pairwise
from typing import Any

from django.db import IntegrityError
from django.db.models import ProtectedError

from .. import limits
from ..audit import changes
from ..models import DoorRules, Schedule, Tenant, lock
from ..services import local_time, propagate
from ..services.refusal import Refusal

DAYS = 8  # Monday to Sunday, holidays: bits 1 to 128
NUMBERS = 200  # those above are the cloud's own, for what is cut at the minute


def save(
    schedule: Schedule,
    name: str,
    times: list[list[int]],
    first_day: date | None = None,
    last_day: date | None = None,
    following: Schedule | None = None,
) -> Schedule:
    """A new or changed schedule. Every controller that uses it learns it with its rules."""
    schedule.name = name.strip()
    if not schedule.name:
        raise Refusal("a schedule needs a name; give it one")
    schedule.times = checked(times)
    local_time.check(first_day, last_day)
    if first_day and last_day and last_day < first_day:
        raise Refusal("the last day lies before the first; exchange them")
    schedule.first_day, schedule.last_day = first_day, last_day
    _check_circle(schedule, following)
    schedule.next = following
    try:
        with changes.of(schedule):
            if not schedule.number:
                lock(Tenant(pk=schedule.tenant_id))  # of two at once each has a number of its own
                schedule.number = _free_number(schedule.tenant_id)
            schedule.save()
            propagate.rules_everywhere(schedule.tenant_id)
    except IntegrityError:
        raise Refusal("there is a schedule named %(name)s already; choose another name", name=schedule.name) from None
    return schedule


def remove(schedule: Schedule) -> None:
    """Takes a schedule away that nothing uses."""
    try:
        used = [rules.door.name for rules in DoorRules.objects.of(schedule.tenant_id) if _asks(rules, schedule)]
        if used:
            raise Refusal("%(name)s is used by %(users)s; change that first", name=schedule.name, users=", ".join(used))
        with changes.of(schedule):
            schedule.delete()
    except ProtectedError as error:
        users = ", ".join(sorted({_user(row) for row in error.protected_objects}))
        raise Refusal("%(name)s is used by %(users)s; change that first", name=schedule.name, users=users) from None


def checked(times: list[list[int]]) -> list[list[int]]:
    """Intervals in order; days that have the same one share it."""
    by_hours: dict[tuple[int, int], int] = {}
    for interval in times:
        if len(interval) != 3 or any(type(number) is not int for number in interval):
            raise Refusal("an interval is [days, from, to]; correct it")
        days, begin, end = interval
        if not 1 <= days < 1 << DAYS:
            raise Refusal("an interval is for at least one day; choose it")
        if not 0 <= begin < end <= 1440:
            raise Refusal("an interval begins before it ends, both within one day; divide it at midnight")
        by_hours[begin, end] = by_hours.get((begin, end), 0) | days
    found = [[days, begin, end] for (begin, end), days in sorted(by_hours.items())]
    for bit in range(DAYS):
        _check_apart([(begin, end) for days, begin, end in found if days >> bit & 1])
    if len(found) > limits.TIMES:
        n, most = len(found), limits.TIMES
        raise Refusal("a schedule has at most %(most)d different intervals, this has %(n)d", most=most, n=n)
    return found


def by_day(times: list[list[int]]) -> list[list[tuple[int, int]]]:
    """The intervals of each of the eight days."""
    return [sorted((begin, end) for days, begin, end in times if days >> bit & 1) for bit in range(DAYS)]


def of_days(days: list[list[tuple[int, int]]]) -> list[list[int]]:
    """The other way round."""
    return [[1 << bit, begin, end] for bit, intervals in enumerate(days) for begin, end in intervals]


def _check_apart(intervals: list[tuple[int, int]]) -> None:
    for (_, end), (begin, _) in pairwise(intervals):
        if begin < end:
            raise Refusal("two intervals of a day overlap; join them or move one")


def _check_circle(schedule: Schedule, following: Schedule | None) -> None:
    seen = following
    while seen is not None:
        if seen.pk == schedule.pk:
            raise Refusal("a schedule cannot lead back to itself; choose another one to go on with")
        seen = seen.next


def _free_number(tenant: int) -> int:
    taken = set(Schedule.objects.filter(tenant=tenant).values_list("number", flat=True))
    free = next((number for number in range(1, NUMBERS + 1) if number not in taken), None)
    if free is None:
        raise Refusal("there are %(n)d schedules already; remove one first", n=NUMBERS)
    return free


def _asks(rules: DoorRules, schedule: Schedule) -> bool:
    return any(pk == schedule.pk for _, pk in rules.who)


def _user(row: Any) -> str:
    """Whatever protects a schedule: a door of a group, a door's rules, another schedule."""
    if isinstance(row, Schedule):
        return row.name
    if isinstance(row, DoorRules):
        return str(row.door.name)
    return f"{row.accessgroup.name} ({row.door.name})"
