"""Rules beyond profiles that open doors: their fields, their order, and the files of those that are used."""

from micropython import const

from .decision import has_door, not_ended
from .full_tap import FullTap, grant
from .packed import packed
from .passage import AREAS
from .reading import DOOR, each, number
from .schedule import Calendar
from .zone import Zone

_LONGEST_MS = const(3600000)
OBJECTS = 150  # profiles that say more than which doors they open
_ANY = "schedule"

# The limits of a field stand here and nowhere else: tools/cloud/limits.py reads these tables.
# What a field may be: a range, one of some words, a schedule, true or false, or what the file of that name reads.
PROFILE = {
    "doors": "doors",
    "from": (0, 0xFFFFFFFF),
    "uses": (1, 100),
    "no_clock": bool,
    "pin": bool,
    "extended": bool,
    "escort": ("needs", "gives"),
    "hold": bool,
    "office": bool,
    "exempt": bool,
    "lockdown": bool,
}
DOORS = {
    "extended_ms": (100, _LONGEST_MS),
    "who": "who",
    "pin_length": (4, 12),
    "offline_hours": (1, 8760),
    "free": _ANY,
    "first_in": bool,
    "office": _ANY,
    "two_person": _ANY,
    "passage": "passage",
    "passback": ("hard", "soft", "timed"),
    "passback_minutes": (1, 1440),
    "interlock": (1, 15),
    "interlock_open": bool,
}
AREA = {"limit": (1, 1000), "forget_hours": (1, 168), "shared": bool}
# In the order in which they are asked: the file of a rule, and the fields that bring it in.
_ORDER = (
    ("needs_pin", "who"),
    ("lockout", "who"),
    ("wrong_pin", "who"),
    (has_door,),
    ("valid_from", "from"),
    (not_ended,),
    ("in_schedule", "doors"),
    ("who", "who", "pin"),
    ("offline", "offline_hours"),
    ("uses", "uses"),
    ("passback", "passback"),
    ("area_limit", "limit"),
    ("interlock", "interlock"),
    ("escort", "escort"),
    ("two_person", "two_person"),
)
_TIMED = ("valid_from", "in_schedule")  # and not_ended: what no_clock excuses
_MEMORIES = (("lockout", "who"), ("uses", "uses"), ("whereabouts", "passage"))  # what rules remember

REMEMBER = {"who", "pin", "uses", "passage", "two_person", "escort", "offline_hours", "interlock"}


def read(rules, fields, doors):
    """Completes rules whose plain fields have been read. Raises ValueError naming the field at fault."""
    _only("", fields, ("version", "zone", "zone_changes", "holidays", "schedules", "profiles", "areas", "doors"))
    calendar = Calendar(Zone(fields.get("zone", "UTC0"), fields.get("zone_changes", ())), fields)
    rules.tap = FullTap
    rules.on = calendar.on
    used = set()
    objects = 0
    for name, what, profile in each(fields, "profiles", 0xFFFF, len(rules.profiles)):
        if type(profile) is not list:
            objects += 1
            profile = _checked(what, profile, PROFILE, calendar, used)
            found = {field: profile[field] for field in profile if field != "doors" and profile[field] is not False}
            for door, label, schedule in each(profile, "doors", doors, doors, what + "."):
                found[door] = calendar.number(label, schedule)
            rules.profiles[name] = packed(found)
    if objects > OBJECTS:
        raise ValueError("profiles: at most %d may be objects" % OBJECTS)
    for door, what, says in each(fields, "doors", doors, doors):
        mine = {name: says[name] for name in says if name in DOORS or name in DOOR}
        _checked(what, mine, DOORS, calendar, used)
        if len(mine) < len(says):
            from ..points.features import FIELDS, check

            _only(what + ".", says, FIELDS | set(mine))
            check(door, says)
            rules.supervised += (door,)
            if "rex_schedule" in says:
                calendar.number(what + ".rex_schedule", says["rex_schedule"])
    rules.areas = {}
    for area, what, says in each(fields, "areas", AREAS, AREAS):
        rules.areas[area] = _checked(what, says, AREA, calendar, used)
    for door, says in rules.doors.items():
        if "passback" in says and "passage" not in says:
            raise ValueError("doors.%d.passback: needs passage" % door)
    rules.remembers = bool(used & REMEMBER)
    rules.memories = tuple(name for name, *by in _MEMORIES if used & set(by))
    rules.chain, rules.notes = _chain(used)


def _chain(used):
    """The rules that these fields bring in, in order, and those that add to what is on record with a grant."""
    chain, notes = [], []
    for file, *by in _ORDER:
        if not by:
            rule = file
        elif used & set(by):
            module = load(file)
            rule = module.rule
            if hasattr(module, "note"):
                notes.append(module.note)
        else:
            continue
        if "no_clock" in used and (file is not_ended or file in _TIMED):
            rule = load("no_clock").excusing(rule)
        chain.append(rule)
    chain.append(grant)
    return tuple(chain), tuple(notes)


def load(file):
    """The module of that name beside this one."""
    return __import__(file, globals(), None, ("rule",), 1)


def _only(what, fields, names):
    for name in fields:
        if name not in names:
            raise ValueError(what + name + ": is not known here")


def _checked(what, fields, table, calendar, used):
    """The fields of an object, after checking each. used: gets their names."""
    if type(fields) is not dict:
        raise ValueError(what + ": must be an object")
    for name, value in fields.items():
        label = what + "." + name
        if name in table:
            _check(label, value, table[name], calendar)
            if value is not False:
                used.add(name)
        elif table is not DOORS or name not in DOOR:
            raise ValueError(label + ": is not known here")
    return fields


def _check(what, value, kind, calendar):
    if kind is bool:
        if type(value) is not bool:
            raise ValueError(what + ": must be true or false")
    elif kind == _ANY:
        calendar.number(what, value)
    elif type(kind) is str:
        if kind != "doors":
            load(kind).read(what, value, calendar)
    elif type(kind[0]) is int:
        number(what, value, *kind)
    elif value not in kind:
        raise ValueError("%s: must be one of %s" % (what, ", ".join(kind)))
