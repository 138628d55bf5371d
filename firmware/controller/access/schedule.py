"""Schedules: intervals of the week, days on which they count, holidays, and another schedule to ask."""

from .dates import read as date
from .reading import each, number

_HOLIDAY = 128
_EVER = 1 << 22  # days: beyond year 9999, and before year 1
SCHEDULES = 32
TIMES = 20  # of a schedule
HOLIDAYS = 64


class Calendar:
    """Every schedule of the site, with its zone and holidays."""

    def __init__(self, zone, fields):
        self._zone = zone
        self._utc = 0  # that _day, _minute and _today were found for
        self._day = None
        self._minute = self._today = 0
        self._holidays = _holidays(fields.get("holidays", []))
        self._schedules = schedules = {}
        for name, what, says in each(fields, "schedules", 255, SCHEDULES):
            schedules[name] = _schedule(what, says)
        for name in schedules:
            follower, steps = name, 0
            while follower:
                if follower not in schedules or steps > len(schedules):
                    raise ValueError("schedules.%d.next: must be a schedule, and end" % name)
                follower, steps = schedules[follower][3], steps + 1

    def number(self, what, value):
        """The number of a schedule that is there; 0 is always."""
        if type(value) is not int or (value and value not in self._schedules):
            raise ValueError(what + ": must be a schedule")
        return value

    def on(self, schedule, utc):
        """Whether a schedule says yes. 0 always does; without a clock no other one."""
        if not schedule:
            return True
        if not utc:
            return False
        if utc != self._utc:
            self._utc = utc
            day, self._minute = self._zone.local(utc)
            if day != self._day:
                self._day = day
                self._today = _HOLIDAY if self._holiday(day) else 1 << (day + 3) % 7  # 1970-01-01 was a Thursday
        day, minute, today = self._day, self._minute, self._today
        while schedule:
            times, first, last, schedule = self._schedules[schedule]
            if first <= day <= last:
                for at in range(0, len(times), 3):
                    if times[at] & today and times[at + 1] <= minute < times[at + 2]:
                        return True
        return False

    def _holiday(self, day):
        for at in range(0, len(self._holidays), 2):
            if self._holidays[at] <= day <= self._holidays[at + 1]:
                return True
        return False


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
