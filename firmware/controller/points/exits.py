"""The exit button where it does something else than release the door for its time."""

from .. import ticks
from ..events import EXIT_ASKED, EXIT_REFUSED, RELEASED_REX
from .door import SLOW_LEAF_MS
from .part import Part


class Exit(Part):
    """what: "release", "hold" (as long as it is pressed, and the door's time after) or "shunt".

    A shunt releases nothing: the leaf has a handle inside, and its sensor only makes the opening rightful.
    `guarded.may_exit`: a function of the time that says whether the button works now. Where there is none it does.
    """

    def __init__(self, guarded, what):
        self._guarded = guarded
        self._what = what
        self._pressed = False
        guarded.exit = self._exit

    def _exit(self, record, now):
        guarded = self._guarded
        may = getattr(guarded, "may_exit", None)
        if may is not None and not may(now):
            record(EXIT_REFUSED, now, guarded.number)
        elif self._what == "shunt":
            guarded.door.rightful = ticks.add(now, guarded.door.release_ms + SLOW_LEAF_MS)
            record(EXIT_ASKED, now, guarded.number)
        else:
            self._pressed = self._what == "hold"
            guarded.release(now)
            record(RELEASED_REX, now, guarded.number)

    def watch(self, guarded, record, now):
        if self._pressed:
            self._pressed = guarded.pins.rex.on
            guarded.release(now)

    def leave(self, guarded):
        del guarded.exit
