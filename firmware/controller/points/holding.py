"""What a door is seldom told: that it is kept released for a reason, and that its leaf was open at the start."""

from .. import ticks
from ..events import DOOR_FOUND_OPEN
from .door import SLOW_LEAF_MS


def hold(unit, reason, on, now):
    """The reason (door.py) comes or goes. The caller has put it on record, or does so at once after (fire).

    The strike stays released until none is left; then the leaf is watched again.
    """
    door = unit.door
    before = door.holds
    door.holds = before | reason if on else before & ~reason
    if door.holds:
        door.released = True
        door.held = None
    elif before:
        if door.relocks is None:
            door.relocks = now
            door.rightful = ticks.add(now, SLOW_LEAF_MS)
        if door.open:
            door.held = ticks.add(now, door.held_ms)
    unit.pins.strike.set(door.released)


def found_open(unit, record, now):
    """The leaf was open when the controller started: that is told, and from now on it is watched."""
    door = unit.door
    record(DOOR_FOUND_OPEN, now, unit.number)
    if not door.holds:
        door.held = ticks.add(now, door.held_ms)
