"""Commissioning: an installer walks from door to door and sees and hears what works, for minutes.

Loaded by a command, or after an installation over the cable, and in RAM only: its time, a command or a restart ends it.
Who may pass is decided as always. Every card that is read well is answered by a sign of its own, every key and every
input that changes by another, and the first time of each goes on record: these events are the cloud's checklist. All
events of the time are marked, and the alarm relay rests.
"""

from micropython import const

from . import clock, ticks
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
    LINE_CUT,
    LINE_RIGHT,
    LINE_SHORT,
    MAINS_BACK,
    MAINS_LOST,
    READER_TAMPER,
    READER_TAMPER_OVER,
    TRIED,
)
from .loop import KEYS
from .outputs import patterns
from .outputs.alarm import ALARMS
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
    """Stands in the way of taps and events as long as the board runs, and lets them pass when it is off."""

    def __init__(self, loop):
        self._loop = loop
        self._until = None  # None: it is off
        self._tried = set()
        self._lines = []  # of each door, what was seen last: contact, exit button, strike
        self._judge, loop.tap = loop.tap, self._tap
        self._tell, loop.record = loop.record, self._record
        self._append, loop.log.append = loop.log.append, self._marked
        loop.parts.append(self)

    def begin(self, minutes, now):
        """Begins, or begins again. minutes: 0 ends it."""
        if self._until is not None:
            self._end(_COMMAND, now)
        if not minutes:
            return
        self._loop.record(COMMISSIONING_BEGAN, now, 0, minutes)
        self._tried.clear()
        self._lines = [_lines(guarded) for guarded in self._loop.doors]
        self._until = ticks.add(now, minutes * _MINUTE_MS)

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
        self._loop.record(COMMISSIONING_ENDED, now, 0, why)
        for guarded in self._loop.doors:
            guarded.pins.signal.show(b"", now)

    def _tap(self, guarded, frame, now):
        """In place of the loop's own, which it asks as always."""
        bits, number = frame
        if self._until is None or number is None:
            self._judge(guarded, frame, now)
            return
        signal, relocks = guarded.pins.signal, guarded.door.relocks
        if bits <= KEYS:
            extras = self._loop._extras
            if not is_key(bits, number) or (extras and extras.is_key(guarded, frame)):
                self._judge(guarded, frame, now)
            if is_key(bits, number):
                self._works(guarded.number, _KEY, now)
                signal.show(patterns.KEY, now)
            return
        self._judge(guarded, frame, now)
        self._works(guarded.number, _CARD, now)
        if guarded.door.relocks == relocks:
            signal.show(patterns.READ, now)

    def _record(self, code, now, door=0, extra=0, key=None):
        """In place of the loop's own: alarms are on record, and nothing sounds."""
        quiet = self._until is not None and code in ALARMS
        record = self._loop._recorder.record if quiet else self._tell
        record(code, now, door, extra, key)

    def _marked(self, code, door, extra, key, utc, flags, count=0):
        """In place of the log's own."""
        if self._until is None:
            return self._append(code, door, extra, key, utc, flags, count)
        sequence = self._append(code, door, extra, key, utc, flags | COMMISSIONING, count)
        if code in _INPUTS or code in _LINES:
            now = clock.now()
            self._sign(door, now)
            if code in _INPUTS:
                self._works(door, _INPUT + extra, now)
        return sequence

    def _sign(self, door, now):
        """At the door's reader, or at all of them when it belongs to none."""
        for guarded in self._loop.doors:
            if door in (0, guarded.number):
                guarded.pins.signal.show(patterns.WORKS, now)

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
        for n, guarded in enumerate(loop.doors):
            before, lines = self._lines[n], _lines(guarded)
            self._lines[n] = lines
            if lines[:2] != before[:2]:
                self._sign(guarded.number, now)
            if lines[0] != before[0]:
                self._works(guarded.number, _CONTACT, now)
                if lines[0] and (lines[2] or before[2]):
                    self._works(guarded.number, _LOCK, now)
            if lines[1] != before[1]:
                self._works(guarded.number, _EXIT, now)
            if guarded.pins.signal.deadline() is None:
                guarded.pins.signal.show(patterns.ARMED, now)

    def deadline(self):
        return self._until


def _lines(guarded):
    return guarded.pins.contact.on, guarded.pins.rex.on, guarded.door.released


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
