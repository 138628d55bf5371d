"""A strike that needs its current only for a moment: motor locks, and latches that stay free until the leaf opens."""

from .. import ticks
from .part import Part


class Pulse(Part):
    """Stands in for the relay. A door that is kept released (`door.holds`) has its current all the time."""

    def __init__(self, unit, ms):
        self._relay = unit.pins.strike
        self._ms = ms
        self._until = None
        self._relocks = unit.door.relocks
        self.on = self._relay.on
        unit.pins.strike = self

    def set(self, on):
        """Off ends it at once. On begins in watch(), or here when the door was locked."""
        if on != self.on:
            self.on = on
            self._relay.set(on)
            self._until = None

    def watch(self, unit, record, now):
        door = unit.door
        if door.relocks != self._relocks:
            self._relocks = door.relocks
            if door.released:
                self._until = ticks.add(now, self._ms)
                self._relay.set(True)
        if ticks.passed(self._until, now):
            self._until = None
            self._relay.set(False)
        if door.holds:
            self._until = None
            self._relay.set(True)

    def deadline(self):
        return self._until

    def leave(self, unit):
        self._relay.set(self.on)
        unit.pins.strike = self._relay
