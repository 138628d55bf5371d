"""Reads rules beyond profiles that open doors, and brings in the rules of the decision that they use.

Forgotten when that is done.
"""

from ..decision import has_door, not_ended
from ..full_tap import FullTap, grant
from ..packed import packed
from ..schedule import Calendar
from ..zone import Zone
from .fields import AREA, AREAS, DOOR, OBJECTS, PLAIN, PROFILE, SUPERVISION, each

# Rooms of ../rule, each loaded when a field brings in one of its rules.


def auth_mode():
    from ..rule import auth_mode as room

    return room


def times():
    from ..rule import times as room

    return room


def uses():
    from ..rule import uses as room

    return room


def areas():
    from ..rule import areas as room

    return room


def interlock():
    from ..rule import interlock as room

    return room


def companion():
    from ..rule import companion as room

    return room


# In the order in which they are asked: the room of a rule, its name there, and the fields that bring it in.
_ORDER = (
    (auth_mode, "needs_pin", "who"),
    (auth_mode, "locked_out", "who"),
    (auth_mode, "wrong_pin", "who"),
    (None, has_door),
    (times, "valid_from", "from"),
    (None, not_ended),
    (times, "in_schedule", "doors"),
    (auth_mode, "right_kind", "who", "pin"),
    (times, "offline", "offline_hours"),
    (uses, "uses", "uses"),
    (areas, "passback", "passback"),
    (areas, "area_limit", "limit"),
    (interlock, "interlock", "interlock"),
    (companion, "escort", "escort"),
    (companion, "two_person", "two_person"),
)  # type: tuple
_NOTES = ("uses", "passback")  # with each is a note(): what it adds to what is on record with a grant
_TIMED = ("valid_from", not_ended, "in_schedule")  # what no_clock excuses
# What rules remember: its name in the checkpoint (stored: it stays), its room, and the field that brings it in.
_MEMORIES = (("lockout", auth_mode, "who"), ("uses", uses, "uses"), ("whereabouts", areas, "passage"))

REMEMBER = {"who", "pin", "uses", "passage", "two_person", "escort", "offline_hours", "interlock"}


def read(rules, fields, doors):
    """Completes rules whose plain fields have been read. Raises ValueError naming the field at fault."""
    known = ("version", "zone", "zone_changes", "holidays", "schedules", "profiles", "areas", "doors")
    for name in fields:
        if name not in known:
            raise ValueError(name + ": is not known here")
    calendar = Calendar(Zone(fields.get("zone", "UTC0"), fields.get("zone_changes", ())), fields)
    rules.tap = FullTap
    rules.on = calendar.on
    used = set()
    objects = 0
    for name, what, says in each(fields, "profiles", 0xFFFF, len(rules.profiles)):
        if type(says) is not list:
            objects += 1
            _check(what, says, (PROFILE,), calendar, doors, used)
            found = {field: says[field] for field in says if field != "doors" and says[field] is not False}
            found.update({int(door): when for door, when in says.get("doors", {}).items()})
            rules.profiles[name] = packed(found)
    if objects > OBJECTS:
        raise ValueError("profiles: at most %d may be objects" % OBJECTS)
    for door, what, says in each(fields, "doors", doors, doors):
        _check(what, says, (PLAIN, DOOR, SUPERVISION), calendar, doors, used)
        if any(name in SUPERVISION for name in says):
            rules.supervised += (door,)
        if says.get("warn_ms", 0) >= says.get("held_ms", 30000):
            raise ValueError(what + ".warn_ms: must be less than held_ms")
        if "passback" in says and "passage" not in says:
            raise ValueError(what + ".passback: needs passage")
    rules.areas = {}
    for area, what, says in each(fields, "areas", AREAS, AREAS):
        rules.areas[area] = says
        _check(what, says, (AREA,), calendar, doors, used)
    rules.remembers = bool(used & REMEMBER)
    rules.memories = {name: room().Memory for name, room, by in _MEMORIES if by in used}
    _bring_in(rules, used)


def _check(what, says, tables, calendar, doors, used):
    """Checks each field of an object. used: gets the names of those that say something."""
    if type(says) is not dict:
        raise ValueError(what + ": must be an object")
    for name, value in says.items():
        for table in tables:
            if name in table:
                table[name](what + "." + name, value, calendar, doors)
                break
        else:
            raise ValueError(what + "." + name + ": is not known here")
        if value is not False:
            used.add(name)


def _bring_in(rules, used):
    """The rules that these fields bring in, in order, and those that add to what is on record with a grant."""
    chain, notes = [], []
    for room, name, *by in _ORDER:
        rule = name
        if by:
            if not used & set(by):
                continue
            rule = getattr(room(), name)
            if name in _NOTES:
                notes.append(room().note)
        if "no_clock" in used and name in _TIMED:
            rule = times().excusing(rule)
        chain.append(rule)
    rules.chain = tuple(chain) + (grant,)
    rules.notes = tuple(notes)
