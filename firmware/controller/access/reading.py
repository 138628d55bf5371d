"""Reads the plain fields of rules: profiles that open doors, times of doors. more.py reads the rest."""

from micropython import const

_LONGEST_MS = const(3600000)
PROFILES = 500
DOOR = {"release_ms": (100, _LONGEST_MS), "held_ms": (1000, _LONGEST_MS), "retention_days": (0, 3650)}


def read(rules, fields, doors):
    """Fills rules in. doors: how many doors the board has. Raises ValueError naming the field at fault."""
    rules.version = number("version", fields.get("version", 0), 0, 0xFFFFFFFF)
    more = set(fields) - {"version", "profiles", "doors"}
    same = {}  # what several profiles say is kept once
    for name, what, profile in each(fields, "profiles", 0xFFFF, PROFILES):
        if type(profile) is list:
            profile = tuple(number(what, n, 1, doors) for n in profile)
            profile = same.setdefault(profile, profile)
        else:
            more.add(name)
        rules.profiles[name] = profile
    for door, what, says in each(fields, "doors", doors, doors):
        if type(says) is not dict:
            raise ValueError(what + ": must be an object")
        more.update(set(says) - set(DOOR))
        for name, limits in DOOR.items():
            number(what + "." + name, says.get(name, limits[0]), *limits)
        rules.retains |= "retention_days" in says
        rules.doors[door] = says
    if more:
        from .more import read as read_more

        read_more(rules, fields, doors)


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
