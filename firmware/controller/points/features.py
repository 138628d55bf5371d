"""What a door does beyond release, relock and held open, as its rules ask for it. Each is a part of its own.

Loaded only for doors whose rules have one of these fields. A part has watch(unit, record, now), called in every
step after the door itself has been looked at, and deadline().
"""

from ..events import DOOR_FORCED, DOOR_UNASKED
from .part import Part


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
