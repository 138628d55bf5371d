"""Local time by a POSIX TZ rule (POSIX.1-2017, 8.3; hours of a rule from -167 to 167: RFC 9636, 3.3.1), offline."""

from micropython import const

from .dates import days, month_after, year_of
from .reading import number

_EVER = 1 << 40  # seconds
CHANGES = const(48)
_LATEST = const(0x3FFFFFFF)  # minutes
_OFFSET = const(1559)  # minutes: RFC 9636, 3.2 has offsets of less than 26 hours


class Zone:
    """text: such as CET-1CEST,M3.5.0,M10.5.0/3. Raises ValueError when it is no whole rule.

    changes: ((minute since 1970, minutes by which local time is ahead of UTC from then on), ...): from the first to
    the last of them they hold, before and after that the rule does. since, until: between these the offset is known.
    """

    def __init__(self, text, changes=()):
        try:
            at = _name(text, 0)
            west, at = _time(text, at, 24)
            self._standard = self._summer = -west
            self._rules = []
            if at < len(text):
                self._summer += 3600
                at = _name(text, at)
                if text[at] != ",":
                    west, at = _time(text, at, 24)
                    self._summer = -west
                for _ in range(2):  # where summer time begins, and ends
                    rule, at = _rule(text, at)
                    self._rules.append(rule)
            if at != len(text):
                raise ValueError("more")
        except (IndexError, ValueError, TypeError, AttributeError):
            raise ValueError("zone: must be a whole POSIX TZ rule") from None
        self._changes = _listed(changes)
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


def _listed(changes):
    """Minute, offset, minute, offset, ..: whole minutes are small integers on a chip of 32 bits, and take no heap."""
    if type(changes) not in (list, tuple) or len(changes) > CHANGES:
        raise ValueError("zone_changes: must be a list of at most %d" % CHANGES)
    found = []
    for change in changes:
        if type(change) not in (list, tuple) or len(change) != 2:
            raise ValueError("zone_changes: must be [minute, offset]")
        found.append(number("zone_changes: minute", change[0], found[-2] + 1 if found else 0, _LATEST))
        found.append(number("zone_changes: offset", change[1], -_OFFSET, _OFFSET))
    return tuple(found)


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


def _name(text, at):
    """Where the name of a time that begins here ends."""
    start = at
    if text[at] == "<":
        at = text.index(">", at)
        if at - start < 4:
            raise ValueError("name")
        return at + 1
    while text[at].isalpha():
        at += 1
    if at - start < 3:
        raise ValueError("name")
    return at


def _number(text, at, highest):
    start = at
    while at < len(text) and text[at].isdigit():
        at += 1
    value = int(text[start:at])
    if value > highest:
        raise ValueError("number")
    return value, at


def _time(text, at, hours):
    """(seconds, where they end) of [+-]h[:m[:s]]."""
    sign = -1 if text[at] == "-" else 1
    value, at = _number(text, at + (text[at] in "+-"), hours)
    unit = 3600
    value *= unit
    while unit > 1 and at < len(text) and text[at] == ":":
        unit //= 60
        part, at = _number(text, at + 1, 59)
        value += part * unit
    return sign * value, at


def _rule(text, at):
    """((kind, month, week, day, seconds), where it ends) of ,date[/time]."""
    if text[at] != ",":
        raise ValueError("rule")
    at += 1
    month, week, kind = 1, 0, text[at]
    if kind == "M":
        month, at = _number(text, at + 1, 12)
        week, at = _number(text, at + (text[at] == "."), 5)
        day, at = _number(text, at + (text[at] == "."), 6)
        if not month or not week:
            raise ValueError("rule")
    elif kind == "J":
        day, at = _number(text, at + 1, 365)
        day -= 1
        if day < 0:
            raise ValueError("rule")
    else:
        kind = "n"
        day, at = _number(text, at, 365)
    seconds = 7200
    if at < len(text) and text[at] == "/":
        seconds, at = _time(text, at + 1, 167)
    return (kind, month, week, day, seconds), at
