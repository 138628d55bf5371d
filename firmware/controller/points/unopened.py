"""A door that was released and not opened: a person tried a card, or let another one try the leaf."""

from ..events import GRANTED_NOT_OPENED
from .part import Part


class Unopened(Part):
    """Says so when the release is over. The exit button does not count: people press it and stay."""

    def __init__(self, unit):
        self._relocks = unit.door.relocks
        self._waits = False

    def watch(self, unit, record, now):
        door = unit.door
        if door.relocks != self._relocks:
            self._relocks = door.relocks
            if door.relocks is not None and not unit.pins.rex.on:
                self._waits = not door.open
        if door.open or door.holds:
            self._waits = False
        if self._waits and door.rightful is None:
            self._waits = False
            record(GRANTED_NOT_OPENED, now, unit.number)
