"""Relocking before the release is over: once the leaf opened, so that nobody follows, or once it is shut again."""

from .. import ticks
from .part import Part


class Relock(Part):
    """at: whether it locks when the leaf opens (True) or when it closes; delay_ms after that."""

    def __init__(self, unit, at, delay_ms):
        self._at = at
        self._delay_ms = delay_ms
        self._open = unit.door.open

    def watch(self, unit, record, now):
        door = unit.door
        if door.open == self._open:
            return
        self._open = door.open
        if door.open == self._at and door.relocks is not None:
            # Another opening after that is one without a release.
            door.relocks = door.rightful = ticks.soonest(door.relocks, ticks.add(now, self._delay_ms))
