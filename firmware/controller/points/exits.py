"""The exit button where it does something else than release the door for its time."""

from .. import ticks
from ..events import EXIT_ASKED, EXIT_REFUSED, RELEASED_REX
from .door import SLOW_LEAF_MS
from .part import Part


class Exit(Part):
    """what: "release", "hold" (as long as it is pressed, and the door's time after) or "shunt".

    A shunt releases nothing: the leaf has a handle inside, and its sensor only makes the opening rightful.
    `unit.may_exit`: a function of the time that says whether the button works now. Where there is none it does.
    """

    def __init__(self, unit, what):
        self._unit = unit
        self._what = what
        self._pressed = False
        unit.exit = self._exit

    def _exit(self, record, now):
        unit = self._unit
        may = getattr(unit, "may_exit", None)
        if may is not None and not may(now):
            record(EXIT_REFUSED, now, unit.number)
        elif self._what == "shunt":
            unit.door.rightful = ticks.add(now, unit.door.release_ms + SLOW_LEAF_MS)
            record(EXIT_ASKED, now, unit.number)
        else:
            self._pressed = self._what == "hold"
            unit.release(now)
            record(RELEASED_REX, now, unit.number)

    def watch(self, unit, record, now):
        if self._pressed:
            self._pressed = unit.pins.rex.on
            unit.release(now)

    def leave(self, unit):
        del unit.exit
