"""The fire input: it releases the doors it names before anything else is done, and says so at once after.

It comes before lockdown and every rule, because it is a reason of its own to keep a door released (`door.holds`). The
release that the law asks for is hard-wired and needs none of this.
"""

from .. import ticks
from ..events import DOOR_RELOCKED, FIRE, FIRE_OVER, RELEASED_FIRE
from .door import FIRE as BURNING
from .holding import hold

HOLDS = 41  # kind of state (storage/state.py): a bit for each input whose doors wait for the reset


class _Line:
    """relock: seconds from the end of the alarm until the doors lock again, or "reset": when a person says so."""

    def __init__(self, number, source, doors, relock):
        self.number = number
        self.source = source
        self.doors = doors
        self.relock = relock
        self.on = False
        self.holding = False
        self.due = None


class Fire:
    """All fire inputs of a board. inputs: [(number, input, door numbers, relock)]. reset: an input, or None.

    told(loop): has the cloud told how the doors stand.
    """

    def __init__(self, inputs, reset, told):
        self._lines = [_Line(*fields) for fields in inputs]
        self._reset = reset
        self._stand_told = told
        self._recalled = False

    def watch(self, loop, now):
        if not self._recalled:
            self._recall(loop, now)
        reset = self._reset
        if reset is not None:
            reset.poll(now)
        for line in self._lines:
            line.source.poll(now)
            if line.source.on != line.on:
                line.on = not line.on
                if line.on:
                    self._begin(loop, line, now)
                else:
                    self._tell(loop, FIRE_OVER, 0, line, now)
                    line.due = None if line.relock == "reset" else ticks.add(now, line.relock * 1000)
            if line.holding and not line.on:
                if ticks.passed(line.due, now) or (line.due is None and reset is not None and reset.on):
                    self._end(loop, line, now)

    def deadline(self):
        due = None if self._reset is None else self._reset.deadline()
        for line in self._lines:
            due = ticks.soonest(due, ticks.soonest(line.due, line.source.deadline()))
        return due

    def _recall(self, loop, now):
        """After a start: doors that waited for the reset go on waiting for it."""
        self._recalled = True
        holds = loop.journal.get(HOLDS)
        for line in self._lines:
            if holds >> line.number & 1 and line.relock == "reset" and not line.source.on:
                self._release(loop, line, now)
                self._told(loop, line, now)
        self._keep(loop)

    def _begin(self, loop, line, now):
        self._release(loop, line, now)
        self._tell(loop, FIRE, 0, line, now)
        self._told(loop, line, now)
        self._keep(loop)

    def _release(self, loop, line, now):
        line.holding = True
        line.due = None
        for number in line.doors:
            hold(loop.doors[number - 1], BURNING, True, now)

    def _told(self, loop, line, now):
        for number in line.doors:
            self._tell(loop, RELEASED_FIRE, number, line, now)
        try:
            self._stand_told(loop)
        except MemoryError:  # as below: a start would shut the doors
            print("fire: the cloud is not told how the doors stand")

    def _keep(self, loop):
        """Which doors wait for the reset holds over a restart."""
        holds = 0
        for line in self._lines:
            if line.holding and line.relock == "reset":
                holds |= 1 << line.number
        try:
            loop.journal.set(HOLDS, holds)
        except OSError as error:
            print("fire: not kept:", error)

    def _end(self, loop, line, now):
        line.holding = False
        line.due = None
        for number in line.doors:
            if not any(other.holding and number in other.doors for other in self._lines):
                hold(loop.doors[number - 1], BURNING, False, now)
                self._tell(loop, DOOR_RELOCKED, number, line, now)
        self._keep(loop)

    def _tell(self, loop, code, door, line, now):
        try:
            loop.record(code, now, door, line.number)
        except OSError as error:  # a log that is broken must not start the board again: that would shut the doors
            print("fire: not on record:", error)
