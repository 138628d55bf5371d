"""A door: its strike released for a while, its leaf watched by the contact."""

from .. import ticks
from ..events import DOOR_CLOSED, DOOR_FORCED, DOOR_HELD, DOOR_OPENED

# Reasons to keep a door released, whatever the time: bits of `holds` (holding.py).
FREE = 1
FIRE = 2
EVACUATION = 4
COMMAND = 8
SLOW_LEAF_MS = 1000  # a leaf pushed in the last moment of a release is still seen as opened by right


class Door:
    """One door. Times are ticks; `release_ms` and `held_ms` may be changed at any time."""

    forced = DOOR_FORCED  # the event of an opening without a release

    def __init__(self, release_ms, held_ms, is_open):
        self.release_ms = release_ms
        self.held_ms = held_ms
        self.open = is_open
        self.released = False  # what the strike has to follow
        self.holds = 0
        self._stands = False  # whether the leaf may stand open as long as it likes
        self.relocks = None  # when the strike locks again
        self.rightful = None  # until when an opening is by right: a little longer than the release
        self.held = None  # when the leaf has stood open too long

    def release(self, now, ms=None, may_stand=False):
        """Releases the strike, for `ms` or the door's own time; what was released longer stays so.

        may_stand: no event says that this opening takes too long.
        """
        self._stands = may_stand
        until = ticks.add(now, ms or self.release_ms)
        self.released = True
        if self.relocks is None or ticks.diff(until, self.relocks) > 0:
            self.relocks = until
        self.rightful = ticks.add(self.relocks, SLOW_LEAF_MS)

    def contact(self, is_open, now):
        """The contact says so. Returns the event, or None when that is no news."""
        if is_open == self.open:
            return None
        self.open = is_open
        if not is_open:
            self.held = None
            return DOOR_CLOSED
        if not self.holds:
            if self.rightful is None:
                return self.forced
            if not self._stands:
                self.held = ticks.add(now, self.held_ms)
        return DOOR_OPENED

    def tick(self, now):
        """Lets time pass: the strike locks again. Returns DOOR_HELD, once, when the leaf stood open too long."""
        if ticks.passed(self.relocks, now):
            self.relocks = None
            self.released = bool(self.holds)
        if ticks.passed(self.rightful, now):
            self.rightful = None
        if ticks.passed(self.held, now):
            self.held = None
            return DOOR_HELD
        return None

    def deadline(self):
        """The next moment at which tick() has something to do, or None."""
        return ticks.soonest(self.relocks, ticks.soonest(self.rightful, self.held))
