"""Doors and inputs on the bench, without storage and credentials: the test grants, and reads what is recorded."""

from firmware.controller import ticks
from firmware.controller.board import Board
from firmware.controller.door_unit import DoorUnit
from tests.firmware.bench import BenchChip

STRIKE, CONTACT, REX, LIGHT, SOUND = 25, 34, 4, 21, 22
DOOR = {
    "reader": {"kind": "wiegand", "d0": 18, "d1": 19, "light": LIGHT, "sound": SOUND},
    "strike": {"pin": STRIKE, "active": 1},
    "contact": {"pin": CONTACT, "open": 1},
    "rex": {"pin": REX, "active": 0},
}
SECOND_STRIKE = 26
SECOND = {
    "reader": {"kind": "wiegand", "d0": 32, "d1": 33, "light": 23, "sound": 27},
    "strike": {"pin": SECOND_STRIKE, "active": 1},
    "contact": {"pin": 35, "open": 1},
    "rex": {"pin": 13, "active": 0},
}
# What the ADC finds on a supervised line, in microvolts.
BRIDGED, CLOSED, OPEN, CUT = 0, 1031000, 1571000, 3300000


class Rules:
    def __init__(self, fields):
        self.fields = fields
        self.supervised = (1, 2) if fields else ()

    def door(self, number):
        return self.fields

    def times(self, number):
        return self.fields.get("release_ms", 5000), self.fields.get("held_ms", 30000)


class Journal:
    """State that outlives a start."""

    def __init__(self):
        self.values = {}

    def get(self, kind):
        return self.values.get(kind, 0)

    def set(self, kind, value):
        self.values[kind] = value


class DoorBench:
    """fields: of every door's rules. more: fields of board.json. wires: other wires of door 1, {} for none of it.

    journal: of an earlier bench, to start again with what it kept.
    """

    def __init__(self, fields=None, more=None, wires=None, doors=1, levels=None, volts=None, journal=None):
        self.chip = BenchChip()
        self.chip.inputs = {18: 1, 19: 1, 32: 1, 33: 1, CONTACT: 0, REX: 1, 35: 0, 13: 1}
        self.chip.inputs.update(levels or {})
        self.chip.volts = volts or {}
        table = {"status": 14, "doors": [dict(DOOR), dict(SECOND)][:doors]}
        table["doors"][0].update(wires or {})
        table.update(more or {})
        self.recorded = []
        self.recorder = self  # as of the loop, for those who observe
        self.observers = []
        self.sync = None
        self.broken = False
        self.journal = journal or Journal()
        self.board = Board(table)
        self.doors = [DoorUnit(n + 1, pins, Rules(fields or {})) for n, pins in enumerate(self.board.doors)]
        self.door = self.doors[0]
        self.parts = self.board.parts
        self.start = self.chip.now
        self.run()

    def record(self, code, now, door=0, extra=0, key=None):
        if self.broken:
            raise OSError(5)
        self.recorded.append((code, door, extra))
        for saw in self.observers:
            saw(code, now, door, extra, 0)

    def codes(self):
        """What was recorded since the last call."""
        told = [code for code, _, _ in self.recorded]
        self.recorded = []
        return told

    def follow(self, fields):
        for door in self.doors:
            door.follow(Rules(fields))
        self.run()

    def grant(self, ms=None):
        self.door.release(self.chip.now, ms)
        self.run()

    def put(self, pin, level, ms=40):
        """An input moves; the board has time to see it."""
        self.chip.input(pin, level)
        self.run(ms)

    def line(self, pin, uv, ms=110):
        self.chip.volts[pin] = uv
        self.run(ms)

    def on(self, pin):
        return self.chip.outputs[pin]

    def moves(self, pin):
        """[(ms since the start, level)] of an output."""
        return [(ticks.diff(at, self.start), level) for at, n, level in self.chip.moves if n == pin]

    def run(self, ms=0):
        """From deadline to deadline, as the control loop does it."""
        end = ticks.add(self.chip.now, ms)
        self._step()
        while True:
            due = self._deadline()
            if due is None or ticks.diff(due, end) > 0:
                break
            assert ticks.diff(due, self.chip.now) >= 0 or self._idle < 20, "the loop turns without end"
            self._idle = 0 if ticks.diff(due, self.chip.now) > 0 else self._idle + 1
            assert self._idle < 20, "the loop turns without end"
            self.chip.now = due if ticks.diff(due, self.chip.now) > 0 else self.chip.now
            self._step()
        self.chip.now = end
        self._step()

    _idle = 0

    def _step(self):
        now = self.chip.now
        for door in self.doors:
            door.watch(self.record, now)
        for part in self.parts:
            part.watch(self, now)

    def _deadline(self):
        due = None
        for part in list(self.doors) + list(self.parts):
            due = ticks.soonest(due, part.deadline())
        return due
