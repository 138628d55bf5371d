"""Reads rules: profiles that open doors and times of doors here, all else in full.py. Forgotten when that is done."""

from .fields import PLAIN, PROFILES, each, number


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
        for name, value in says.items():
            if name in PLAIN:
                PLAIN[name](what + "." + name, value)
            else:
                more.add(name)
        rules.retains |= "retention_days" in says
        rules.doors[door] = says
    if more:
        from .full import read as read_more

        read_more(rules, fields, doors)
