"""Keeping a door released for a reason: free access, fire, evacuation, a command."""

from .. import ticks
from .door import SLOW_LEAF_MS


def hold(door, reason, on, now):
    """The reason comes or goes. The door stays released until none is left; then its leaf is watched again."""
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
