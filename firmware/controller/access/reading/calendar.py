"""Reads schedules and holidays. Forgotten with plain.py."""

from ..dates import days, month_after
from .fields import HOLIDAYS, SCHEDULES, TIMES, each, number

_EVER = 1 << 22  # days: beyond year 9999, and before year 1


def read(fields):
    """(first and last days of holidays one after the other, {number: schedule}). Raises ValueError."""
    holidays = _holidays(fields.get("holidays", []))
    schedules = {}
    for name, what, says in each(fields, "schedules", 255, SCHEDULES):
        schedules[name] = _schedule(what, says)
    for name in schedules:
        follower, steps = name, 0
        while follower:
            if follower not in schedules or steps > len(schedules):
                raise ValueError("schedules.%d.next: must be a schedule, and end" % name)
            follower, steps = schedules[follower][3], steps + 1
    return holidays, schedules


def _holidays(value):
    """First and last days, one after the other."""
    if type(value) is not list or len(value) > HOLIDAYS:
        raise ValueError("holidays: must be a list of at most %d" % HOLIDAYS)
    found = []
    for entry in value:
        first, last = entry if type(entry) is list and len(entry) == 2 else (entry, entry)
        found += _range("holidays", first, last)
    return tuple(found)


def _range(what, first, last):
    first, last = date(what, first), date(what, last)
    if first > last:
        raise ValueError(what + ": the first day must not be after the last")
    return first, last


def _schedule(what, says):
    """(days, from, to, days, ..), first day, last day, next."""
    if type(says) is not dict or set(says) - {"times", "from", "to", "next"}:
        raise ValueError(what + ": must be an object of times, from, to, next")
    times = says.get("times", [])
    if type(times) is not list or len(times) > TIMES:
        raise ValueError("%s.times: must be a list of at most %d" % (what, TIMES))
    flat = []
    for interval in times:
        if type(interval) is not list or len(interval) != 3:
            raise ValueError(what + ".times: must be [days, from, to]")
        days, begin, end = interval
        number(what + ".times: days", days, 1, 255)
        number(what + ".times: to", end, 1, 1440)
        number(what + ".times: from", begin, 0, end - 1)
        flat += interval
    first = date(what + ".from", says["from"]) if "from" in says else -_EVER
    last = date(what + ".to", says["to"]) if "to" in says else _EVER
    if first > last:
        raise ValueError(what + ".to: must not be before from")
    return tuple(flat), first, last, number(what + ".next", says.get("next", 0), 0, 255)


def date(what, text):
    """The day of a date written YYYY-MM-DD. Raises ValueError naming the field."""
    try:
        year, month, day = [int(part) for part in text.split("-")]
        found = days(year, month, day)
        if len(text) == 10 and 1 <= month <= 12 and days(year, month, 1) <= found < month_after(year, month):
            return found
    except (AttributeError, ValueError):
        pass
    raise ValueError(what + ": must be a date, YYYY-MM-DD")
