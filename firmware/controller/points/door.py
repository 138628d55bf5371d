"""A door: its strike released for a while, its leaf watched by the contact."""

from micropython import const

from .. import ticks
from ..events import DOOR_CLOSED, DOOR_FORCED, DOOR_HELD, DOOR_OPENED

_SLOW_LEAF_MS = const(1000)  # a leaf pushed in the last moment of a release is still seen as opened by right


class Door:
    """One door. Times are ticks; `release_ms` and `held_ms` may be changed at any time."""

    def __init__(self, release_ms, held_ms, is_open):
        self.release_ms = release_ms
        self.held_ms = held_ms
        self.open = is_open
        self.released = False  # what the strike has to follow
        self._relock = None
        self._rightful = None  # until when an opening is by right
        self._held = None

    def release(self, now):
        """Releases the strike; a door already released stays so from now on for the whole time."""
        self.released = True
        self._relock = ticks.add(now, self.release_ms)
        self._rightful = ticks.add(self._relock, _SLOW_LEAF_MS)

    def contact(self, is_open, now):
        """The contact says so. Returns the event, or None when that is no news."""
        if is_open == self.open:
            return None
        self.open = is_open
        if not is_open:
            self._held = None
            return DOOR_CLOSED
        if self._rightful is None:
            return DOOR_FORCED
        self._held = ticks.add(now, self.held_ms)
        return DOOR_OPENED

    def tick(self, now):
        """Lets time pass: the strike locks again. Returns DOOR_HELD, once, when the leaf stood open too long."""
        if ticks.passed(self._relock, now):
            self._relock = None
            self.released = False
        if ticks.passed(self._rightful, now):
            self._rightful = None
        if ticks.passed(self._held, now):
            self._held = None
            return DOOR_HELD
        return None

    def deadline(self):
        """The next moment at which tick() has something to do, or None."""
        return ticks.soonest(self._relock, ticks.soonest(self._rightful, self._held))
