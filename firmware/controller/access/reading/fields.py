"""The fields of the rules, each with its check, and their limits: here and nowhere else.

Forgotten when rules have been read. tools/cloud/limits.py reads these tables: what the cloud takes, a board takes.
A check is called as check(what, value, calendar, doors): what to call the field, the schedules that there are, how many
doors the board has. It raises ValueError naming the field at fault.
"""

from micropython import const

_LONGEST_MS = const(3600000)
PROFILES = 500
OBJECTS = 150  # profiles that say more than which doors they open
AREAS = 15  # the highest number of one; 0 is outside
IN_TURN = 8  # lines of what a door asks for
SCHEDULES = 32
TIMES = 20  # of a schedule
HOLIDAYS = 64
CHANGES = 48  # of a zone
ASKED = ("card", "pin", "card+pin", "card/pin")


def number(what, value, lowest, highest):
    """The value, if it is a whole number in that range."""
    if type(value) is not int or not lowest <= value <= highest:
        raise ValueError("%s: must be %d to %d" % (what, lowest, highest))
    return value


def each(fields, field, highest, most, inside=""):
    """(number, what to call it, value) of all that a field like {"1": .., "2": ..} holds."""
    value = fields.get(field, {})
    if type(value) is not dict or len(value) > most:
        raise ValueError("%s%s: must be an object of at most %d" % (inside, field, most))
    for name in value:
        what = inside + field + "." + name
        yield number(what, int(name) if name.isdigit() else 0, 1, highest), what, value[name]


class WholeNumber:
    """A whole number from least to most."""

    def __init__(self, least, most):
        self.least = least
        self.most = most

    def __call__(self, what, value, calendar=None, doors=0):
        number(what, value, self.least, self.most)


class Word:
    """One of some words."""

    def __init__(self, *words):
        self.words = words

    def __call__(self, what, value, calendar, doors):
        if value not in self.words:
            raise ValueError("%s: must be one of %s" % (what, ", ".join(self.words)))


def flag(what, value, calendar, doors):
    if type(value) is not bool:
        raise ValueError(what + ": must be true or false")


def schedule(what, value, calendar, doors):
    """The number of one that is there; 0 is always."""
    if type(value) is not int or (value and value not in calendar.schedules):
        raise ValueError(what + ": must be a schedule")


def opens(what, value, calendar, doors):
    """{door: schedule}."""
    for _, label, when in each({"doors": value}, "doors", doors, doors, what[:-5]):
        schedule(label, when, calendar, doors)


def auth_mode(what, value, calendar, doors):
    """[[what, schedule], ...]."""
    if type(value) is not list or len(value) > IN_TURN:
        raise ValueError("%s: must be a list of at most %d" % (what, IN_TURN))
    for entry in value:
        if type(entry) is not list or len(entry) != 2 or entry[0] not in ASKED:
            raise ValueError(what + ": must be card, pin, card+pin or card/pin, with a schedule")
        schedule(what, entry[1], calendar, doors)


def passage(what, value, calendar, doors):
    """[from area, to area]."""
    if type(value) is not list or len(value) != 2 or not all(type(n) is int and 0 <= n <= AREAS for n in value):
        raise ValueError(what + ": must be two areas, 0 to %d" % AREAS)


# Of a door, all that plain rules have.
PLAIN = {
    "release_ms": WholeNumber(100, _LONGEST_MS),
    "held_ms": WholeNumber(1000, _LONGEST_MS),
    "retention_days": WholeNumber(0, 3650),
}
# Of a door, what else the decision asks.
DOOR = {
    "extended_ms": WholeNumber(100, _LONGEST_MS),
    "who": auth_mode,
    "pin_length": WholeNumber(4, 12),
    "offline_hours": WholeNumber(1, 8760),
    "free": schedule,
    "first_in": flag,
    "office": schedule,
    "two_person": schedule,
    "passage": passage,
    "passback": Word("hard", "soft", "timed"),
    "passback_minutes": WholeNumber(1, 1440),
    "interlock": WholeNumber(1, 15),
    "interlock_open": flag,
}
# Of a door, what watches over it: ../../points/features.py.
SUPERVISION = {
    "relock": Word("time", "open", "close"),
    "relock_delay_ms": WholeNumber(0, 10000),
    "pulse_ms": WholeNumber(50, 10000),
    "warn_ms": WholeNumber(1000, 600000),
    "repeat_ms": WholeNumber(10000, _LONGEST_MS),
    "unopened": flag,
    "forced": Word("alarm", "event"),
    "rex": Word("release", "hold", "shunt"),
    "rex_schedule": schedule,
}
PROFILE = {
    "doors": opens,
    "from": WholeNumber(0, 0xFFFFFFFF),
    "uses": WholeNumber(1, 100),
    "no_clock": flag,
    "pin": flag,
    "extended": flag,
    "escort": Word("needs", "gives"),
    "hold": flag,
    "office": flag,
    "exempt": flag,
    "lockdown": flag,
}
AREA = {"limit": WholeNumber(1, 1000), "forget_hours": WholeNumber(1, 168), "shared": flag}
