"""Commissioning: an installer walks from door to door and sees and hears what works, for minutes.

Loaded by a command, or after an installation over the cable, and in RAM only: its time, a command or a restart ends it.
Who may pass is decided as always. Every card that is read well is answered by a sign of its own, every key and every
input that changes by another, and the first time of each goes on record: these events are the cloud's checklist. All
events of the time are marked, so the alarm relay rests.
"""

from micropython import const

from . import ticks
from .access.kinds import CARD
from .events import (
    BATTERY_LOW,
    BATTERY_RIGHT,
    BELL,
    COMMISSIONING,
    COMMISSIONING_BEGAN,
    COMMISSIONING_ENDED,
    ENCLOSURE_CLOSED,
    ENCLOSURE_OPENED,
    FIRE,
    FIRE_OVER,
    GRANTED,
    GRANTED_DURESS,
    LINE_CUT,
    LINE_RIGHT,
    LINE_SHORT,
    MAINS_BACK,
    MAINS_LOST,
    READER_TAMPER,
    READER_TAMPER_OVER,
    TRIED,
)
from .loop import AT_COMMISSIONING, AT_PIN_ENTRY
from .outputs import patterns
from .readers.keypad import is_key

MOST_MINUTES = 60
_TIME = const(1)
_COMMAND = const(2)

# What was tried: the `extra` of TRIED.
_CONTACT = const(1)
_EXIT = const(2)
_CARD = const(3)
_KEY = const(4)
_LOCK = const(5)
_INPUT = const(16)

_TRY_MS = const(2000)  # how long the alarm relay is tried
_MINUTE_MS = const(60000)
# Events whose extra is the number of an input, and those of lines: the reader nearby says that they came.
_INPUTS = (
    READER_TAMPER,
    READER_TAMPER_OVER,
    ENCLOSURE_OPENED,
    ENCLOSURE_CLOSED,
    MAINS_LOST,
    MAINS_BACK,
    BATTERY_LOW,
    BATTERY_RIGHT,
    BELL,
    FIRE,
    FIRE_OVER,
)
_LINES = (LINE_CUT, LINE_SHORT, LINE_RIGHT)


class Commissioning:
    """Hears of keys, taps and events as long as the board runs, and does nothing when it is off."""

    def __init__(self, loop):
        self._loop = loop
        self._until = None  # None: it is off
        self._tried = set()
        self._lines = []  # of each door, what was seen last: contact, exit button, strike
        loop.frames[AT_COMMISSIONING] = self._takes
        loop.verdicts.append(self._heard)
        loop.recorder.observers.append(self._saw)
        loop.parts.append(self)

    def begin(self, minutes, now):
        """Begins, or begins again. minutes: 0 ends it."""
        if self._until is not None:
            self._end(_COMMAND, now)
        if not minutes:
            return
        self._loop.record(COMMISSIONING_BEGAN, now, 0, minutes)
        self._tried.clear()
        self._lines = [_lines(unit) for unit in self._loop.doors]
        self._until = ticks.add(now, minutes * _MINUTE_MS)
        self._loop.recorder.marks |= COMMISSIONING

    def is_on(self):
        return self._until is not None

    def sound(self, now):
        """Tries the alarm relay. False when there is none."""
        rings = [part for part in self._loop.parts if hasattr(part, "ring")]
        for part in rings:
            part.ring(now, _TRY_MS)
        return bool(rings)

    def _end(self, why, now):
        self._until = None
        self._loop.recorder.marks &= ~COMMISSIONING
        self._loop.record(COMMISSIONING_ENDED, now, 0, why)
        for unit in self._loop.doors:
            unit.pins.signal.show(b"", now)

    def _takes(self, unit, frame, now):
        """A key answers, also at a door that asks for none; where one asks for PINs it counts there as always."""
        if self._until is None or not is_key(*frame):
            return False
        entry = self._loop.frames[AT_PIN_ENTRY]
        if not (entry and entry(unit, frame, now)):
            unit.pins.signal.show(patterns.KEY, now)
        self._works(unit.number, _KEY, now)
        return True

    def _heard(self, unit, tap, verdict, now):
        """After the decision: a card was read well, whatever became of it."""
        if self._until is None or tap.kind != CARD:
            return
        self._works(unit.number, _CARD, now)
        if verdict & 255 not in (GRANTED, GRANTED_DURESS):
            unit.pins.signal.show(patterns.READ, now)

    def _saw(self, code, now, door, extra, flags):
        """On record: the reader nearby says that an input, or a line, was seen to change."""
        if self._until is not None and (code in _INPUTS or code in _LINES):
            self._sign(door, now)
            if code in _INPUTS:
                self._works(door, _INPUT + extra, now)

    def _sign(self, door, now):
        """At the door's reader, or at all of them when it belongs to none."""
        for unit in self._loop.doors:
            if door in (0, unit.number):
                unit.pins.signal.show(patterns.WORKS, now)

    def _works(self, door, what, now):
        if (door, what) not in self._tried:
            self._tried.add((door, what))
            self._loop.record(TRIED, now, door, what)

    def watch(self, loop, now):
        if self._until is None:
            return
        if ticks.passed(self._until, now):
            self._end(_TIME, now)
            return
        for n, unit in enumerate(loop.doors):
            before, lines = self._lines[n], _lines(unit)
            self._lines[n] = lines
            if lines[:2] != before[:2]:
                self._sign(unit.number, now)
            if lines[0] != before[0]:
                self._works(unit.number, _CONTACT, now)
                if lines[0] and (lines[2] or before[2]):
                    self._works(unit.number, _LOCK, now)
            if lines[1] != before[1]:
                self._works(unit.number, _EXIT, now)
            if unit.pins.signal.deadline() is None:
                unit.pins.signal.show(patterns.ARMED, now)

    def deadline(self):
        return self._until


def _lines(unit):
    return unit.pins.contact.on, unit.pins.rex.on, unit.door.released


def commissioning(loop):
    """The one of this board; made when it is first asked for."""
    for part in loop.parts:
        if isinstance(part, Commissioning):
            return part
    return Commissioning(loop)


class Ticket:
    """What the installer's tool leaves on a board: commissioning begins with the first step of the control loop."""

    def __init__(self, minutes):
        self._minutes = int(minutes) if minutes.isdigit() else 0

    def look(self, sync, loop, now):
        """As a trial does (cloud/trial.py). Returns what is left to do: None."""
        if 0 < self._minutes <= MOST_MINUTES:
            commissioning(loop).begin(self._minutes, now)
        return
