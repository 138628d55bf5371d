"""A leaf that stands open: a warning at the reader before the event, and the event said again."""

from .. import ticks
from ..events import DOOR_HELD_SOON, DOOR_STILL_HELD
from ..outputs import patterns
from .part import Part


class Held(Part):
    """warn_ms: how long before the event the reader begins to sound; repeat_ms: from one event to the next. 0: not."""

    def __init__(self, warn_ms, repeat_ms):
        self._warn_ms = warn_ms
        self._repeat_ms = repeat_ms
        self._held = None  # when this opening takes too long
        self._due = None  # the next warning or repetition
        self._times = -1  # how often it was said; -1: the warning is still to come
        self._sounds = False

    def watch(self, unit, record, now):
        door, signal = unit.door, unit.pins.signal
        if not door.open or door.holds:
            self._held = self._due = None
            if self._sounds:
                self._sounds = False
                signal.show(b"", now)
            return
        if door.held is not None and door.held != self._held:
            self._held = door.held
            self._times = -1
            self._due = ticks.add(door.held, -self._warn_ms) if self._warn_ms else None
        if door.held is None and self._held is not None and self._times < 0:
            self._times = 0  # the event itself was just told
            self._sounds = False
            signal.show(patterns.HELD, now)
            self._due = ticks.add(self._held, self._repeat_ms) if self._repeat_ms else None
        if ticks.passed(self._due, now):
            if self._times < 0:
                self._due = None
                self._sounds = True
                record(DOOR_HELD_SOON, now, unit.number, min(self._warn_ms // 1000, 255))
            else:
                self._due = ticks.add(self._due, self._repeat_ms)
                self._times += 1
                signal.show(patterns.HELD, now)
                record(DOOR_STILL_HELD, now, unit.number, min(self._times, 255))
        if self._sounds and signal.deadline() is None:
            signal.show(patterns.HELD_SOON, now)

    def deadline(self):
        return self._due
