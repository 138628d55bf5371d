"""The first records after a start. Forgotten when they are told."""

from . import clock
from .events import SETTINGS_FAULT, STARTED


def started(loop, cause, faults):
    """cause: of the reset. faults: how many settings are wrong."""
    now = clock.now()
    loop.record(STARTED, now, 0, cause)
    if faults:
        loop.record(SETTINGS_FAULT, now, 0, min(faults, 255))
    for unit in loop.doors:
        if unit.door.open:
            from .points.holding import found_open

            found_open(unit, loop.record, now)
