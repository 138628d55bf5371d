"""Reads a POSIX TZ rule, and the changes that hold where it alone is wrong. Forgotten with plain.py."""

from .fields import CHANGES, number

_LATEST = 0x3FFFFFFF  # minutes
_OFFSET = 1559  # minutes: RFC 9636, 3.2 has offsets of less than 26 hours


def read(text):
    """(seconds by which local time is ahead of UTC, in summer, the two rules or none). Raises ValueError."""
    rules = []
    try:
        at = _name(text, 0)
        west, at = _time(text, at, 24)
        standard = summer = -west
        if at < len(text):
            summer += 3600
            at = _name(text, at)
            if text[at] != ",":
                west, at = _time(text, at, 24)
                summer = -west
            for _ in range(2):  # where summer time begins, and ends
                rule, at = _rule(text, at)
                rules.append(rule)
        if at != len(text):
            raise ValueError("more")
    except (IndexError, ValueError, TypeError, AttributeError):
        raise ValueError("zone: must be a whole POSIX TZ rule") from None
    return standard, summer, rules


def listed(changes):
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
