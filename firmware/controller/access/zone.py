"""Local time by a POSIX TZ rule (POSIX.1-2017, 8.3; hours of a rule from -167 to 167: RFC 9636, 3.3.1), offline."""

from .dates import days, month_after, year_of

_EVER = 1 << 40  # seconds


class Zone:
    """text: such as CET-1CEST,M3.5.0,M10.5.0/3. Raises ValueError when it is no whole rule.

    changes: ((minute since 1970, minutes by which local time is ahead of UTC from then on), ...): from the first to
    the last of them they hold, before and after that the rule does. since, until: between these the offset is known.
    """

    def __init__(self, text, changes=()):
        from .reading.tz import listed, read

        self._standard, self._summer, self._rules = read(text)
        self._changes = listed(changes)
        self.since = self.until = self._offset = 0

    def offset(self, utc):
        """Seconds by which local time is ahead of UTC."""
        if not self.since <= utc < self.until:
            self._find(utc)
        return self._offset

    def local(self, utc):
        """(day since 1970-01-01, minute of the day)."""
        local = utc + self.offset(utc)
        return local // 86400, local % 86400 // 60

    def _find(self, utc):
        self.since, self.until, self._offset = -_EVER, _EVER, self._standard
        if self._rules:
            self._by_rule(utc)
        listed = self._changes
        if not listed:
            return
        if utc < listed[0] * 60:
            self.until = min(self.until, listed[0] * 60)
        elif utc >= listed[-2] * 60:
            self.since = max(self.since, listed[-2] * 60)
        else:
            at = 0
            while listed[at + 2] * 60 <= utc:
                at += 2
            self.since, self._offset, self.until = listed[at] * 60, listed[at + 1] * 60, listed[at + 2] * 60

    def _by_rule(self, utc):
        """The last change before, the first one after. Where two coincide, summer time goes on all year."""
        begins, ends = self._rules
        standard, summer = self._standard, self._summer
        this = year_of(utc // 86400)
        for year in (this - 1, this, this + 1):
            for at, offset in ((_moment(ends, year) - summer, standard), (_moment(begins, year) - standard, summer)):
                if self.since <= at <= utc:
                    self.since, self._offset = at, offset
                elif utc < at < self.until:
                    self.until = at


def _moment(rule, year):
    """Seconds since 1970 of a rule in a year, by the local time before the change."""
    kind, month, week, day, seconds = rule
    first = days(year, month, 1)
    if kind == "M":
        found = first + (day - first - 4) % 7 + 7 * week - 7  # 1970-01-01 was a Thursday
        if found >= month_after(year, month):
            found -= 7
    else:
        found = first + day
        if kind == "J" and day >= 59 and days(year, 3, 1) - first == 60:
            found += 1
    return found * 86400 + seconds
