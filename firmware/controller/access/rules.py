"""The rules the cloud sends beside the credentials. README.md has their format, reading/ reads it."""

from ..forget import forget
from .decision import PLAIN, Tap

RELEASE_MS = 5000
HELD_MS = 30000
_NOTHING = {}  # what a door says of which the rules do not speak


class Rules:
    """One version of the rules. Raises ValueError naming the field at fault; then nothing of it holds.

    chain: the rules that decide() asks, in order. tap: the class of what they look at.
    profiles: {profile number: door numbers it opens, or all that it says (packed.py)}. doors: {number: its fields}.
    """

    chain = PLAIN
    tap = Tap
    supervised = ()  # numbers of the doors that have fields of points/features.py
    remembers = False  # whether a rule looks at more than this tap: rule_memory.py
    waiting = {}  # {door number: the tap that waits there}: none, where no rule lets one wait
    retains = False  # whether a door says how long its events are kept

    def __init__(self, fields, doors):
        """fields: as in the wire's RULES message, or {} for none. doors: how many doors the board has."""
        from .reading.plain import read

        self.version = 0
        self.profiles = {}
        self.doors = {}
        try:
            read(self, fields, doors)
        finally:
            forget("access/reading/plain", "access/reading/full", "access/reading/fields")
            forget("access/reading/calendar", "access/reading/tz")

    def door(self, number):
        """The fields of a door."""
        return self.doors.get(number, _NOTHING)

    def times(self, door):
        """(milliseconds a grant releases the door, milliseconds it may stand open)."""
        says = self.door(door)
        return says.get("release_ms", RELEASE_MS), says.get("held_ms", HELD_MS)

    def retention(self, door):
        """Days that its events are kept, 0: no event names a credential; None: not said."""
        return self.door(door).get("retention_days")
