"""What a door does beyond release, relock and held open, as its rules ask for it. Each is a part of its own.

Loaded only for doors whose rules have one of these fields. A part has watch(unit, record, now), called in every
step after the door itself has been looked at, and deadline().
"""

from ..events import DOOR_FORCED, DOOR_UNASKED
from .part import Part

WORDS = {"relock": ("time", "open", "close"), "forced": ("alarm", "event"), "rex": ("release", "hold", "shunt")}
NUMBERS = {
    "relock_delay_ms": (0, 10000),
    "pulse_ms": (50, 10000),
    "warn_ms": (1000, 600000),
    "repeat_ms": (10000, 3600000),
    "rex_schedule": (0, 255),
}
FIELDS = set(WORDS) | set(NUMBERS) | {"unopened"}


def check(number, fields):
    """Raises ValueError naming the field of door `number` that is wrong. Fields of others are not looked at."""
    for name, value in fields.items():
        right, said = True, ""
        if name in WORDS:
            right, said = value in WORDS[name], " or ".join(WORDS[name])
        elif name in NUMBERS:
            least, most = NUMBERS[name]
            right, said = type(value) is int and least <= value <= most, "%d to %d" % (least, most)
        elif name == "unopened":
            right, said = type(value) is bool, "true or false"
        if not right:
            raise ValueError("doors.%d.%s: must be %s" % (number, name, said))
    if fields.get("warn_ms", 0) >= fields.get("held_ms", 30000):
        raise ValueError("doors.%d.warn_ms: must be less than held_ms" % number)


def fit(unit, fields):
    """Gives a door the parts that its rules ask for; those of earlier rules are gone."""
    for part in unit.parts:
        part.leave(unit)
    unit.parts = tuple(_parts(unit, fields))


class Unasked(Part):
    """An opening without a release is no alarm here."""

    def __init__(self, unit):
        unit.door.forced = DOOR_UNASKED

    def leave(self, unit):
        unit.door.forced = DOOR_FORCED


def _parts(unit, fields):
    if fields.get("forced") == "event":
        yield Unasked(unit)
    if "pulse_ms" in fields:
        from .pulse import Pulse

        yield Pulse(unit, fields["pulse_ms"])
    if "rex" in fields or fields.get("rex_schedule"):
        from .exits import Exit

        yield Exit(unit, fields.get("rex", "release"))
    if fields.get("relock", "time") != "time":
        from .relock import Relock

        yield Relock(unit, fields["relock"] == "open", fields.get("relock_delay_ms", 0))
    if "warn_ms" in fields or "repeat_ms" in fields:
        from .held import Held

        yield Held(fields.get("warn_ms", 0), fields.get("repeat_ms", 0))
    if fields.get("unopened") and not hasattr(unit.pins.contact, "absent"):
        from .unopened import Unopened

        yield Unopened(unit)
