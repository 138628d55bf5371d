"""Schedules: intervals of the week, days on which they count, holidays, and another schedule to ask."""

_HOLIDAY = 128


class Calendar:
    """Every schedule of the site, with its zone and holidays."""

    def __init__(self, zone, fields):
        from .reading.calendar import read

        self._zone = zone
        self._utc = 0  # that _day, _minute and _today were found for
        self._day = None
        self._minute = self._today = 0
        self._holidays, self.schedules = read(fields)

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
            times, first, last, schedule = self.schedules[schedule]
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
