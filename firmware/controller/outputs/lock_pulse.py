"""Locks whose current we switch ourselves, through shift registers or expanders: one at a time, for a pulse.

What is behind it (lock_shift.py, lock_i2c.py) knows pins and registers; this knows whose turn it is and when a pulse is
over. A pulse ends when watch() says so; where a pin can end it, a timer of the chip does so as well, so that a control
loop that is held up burns no coil. What could not be switched on for certain is switched off and not tried again. A
part that is away stops no other.
"""

from machine import Timer
from micropython import const

from .. import ticks
from .lock_queue import EXPECTS_MS, LockQueue
from .locks import AGAIN, REFUSED, SILENT

_POLL_MS = const(100)
_PULSE_MS = const(500)
_LONGER_MS = const(20)  # the timer comes after us, if we come
_AGAIN_MS = const(20)  # how often it is tried to switch off
_MISSES = const(3)
_TIMER = const(3)  # 1 and 2 are those of serial lines


class Pulsed(LockQueue):
    """chips: of lock_*.py. table: `locks` of a bank."""

    pulse_ms = 0  # it is over when the line is free

    def __init__(self, chips, table, now):
        super().__init__(table["locks"], chips.inputs * chips.width, table["sensor"])
        self._chips = chips
        self._poll_ms = table.get("poll_ms", _POLL_MS)
        self._pulse_ms = table.get("pulse_ms", _PULSE_MS)
        self._missed = bytearray(len(chips.addresses))
        self._lit = 0  # the lock that has current, or may have
        self._lights = False  # it is about to get it
        self._reads = False  # a part is being read
        self._part = 0  # of the inputs, the next to be read
        self._out = chips.inputs  # of the outputs, the next to be looked after
        self._ends = self._polls = self._due = now
        self._timer = Timer(_TIMER) if chips.cuts else None
        self._cut = chips.cut
        chips.dark(-1)

    # The contract of README.md.

    def busy(self):
        return self._queued > 0 or self._lit > 0

    def deadline(self):
        return self._due

    def expect(self, now):
        if not self._reads:
            self._polls = ticks.add(now, EXPECTS_MS)

    def watch(self, now):
        if ticks.diff(now, self._due) < 0:
            return
        if self._lights:
            self._light(now)
        elif self._lit and ticks.diff(now, self._ends) >= 0:
            self._end(now)
        elif self._reads or ticks.diff(now, self._polls) >= 0:
            self._read(now)
        elif self._queued and not self._lit:
            self._begin(now)
        due = self._polls
        if self._lights or self._reads:
            due = now
        elif self._lit:
            due = ticks.soonest(due, self._ends)
        elif self._queued:
            due = now
        self._due = due

    def _hurry(self, now):
        if not self._lit:
            self._due = now

    def _place(self, n):
        n -= 1
        return n // self._chips.each * 8 + n % self._chips.each

    def _begin(self, now):
        self._lit = self._next()
        self._light(now)

    def _light(self, now):
        """It gets its current, for which a long chain needs several steps."""
        n = self._lit
        if self._timer is not None:
            self._timer.init(mode=Timer.ONE_SHOT, period=self._pulse_ms + _LONGER_MS, callback=self._cut)
        lit = self._chips.light(n)
        self._lights = lit is None
        if lit is None:
            return
        part = self._chips.output(n)
        self._heard(part, lit)
        if not lit:
            self._add(self._chips.addresses[part], REFUSED)
        self._ends = ticks.add(now, self._pulse_ms if lit else 0)

    def _end(self, now):
        """The pulse is over. A part that does not answer is given up after some tries; _look_after goes on with it."""
        part = self._chips.output(self._lit)
        dark = self._chips.dark(part)
        self._heard(part, dark)
        if not dark and self._missed[part] < _MISSES:
            self._ends = ticks.add(now, _AGAIN_MS)
            return
        self._lit = self._part = 0
        self._chips.anew()
        self._polls = now  # before anything else is opened
        if dark and self._timer is not None:
            self._timer.deinit()

    def _look_after(self):
        """An output part is switched off once more: one that comes back has nothing on, one that is away is told."""
        part = self._out
        self._heard(part, self._chips.dark(part))
        self._out = part + 1 if part + 1 < len(self._chips.addresses) else self._chips.inputs

    def _read(self, now):
        """One part a step; a part that is away takes its time."""
        part, width = self._part, self._chips.width
        if not part and not self._lit and not self._reads:
            self._look_after()
        read = self._chips.read(part, self._bits, self._lit)
        self._reads = read is None
        if read is None:
            return
        if read:
            self._was_read(part * width, width)
            if self._lit:
                self._forget(self._lit)
        self._heard(part, read)
        self._part = (part + 1) % self._chips.inputs
        if not self._part:
            self._polls = ticks.add(now, self._poll_ms)

    def _heard(self, part, answers):
        """Whether a part has answered."""
        missed = self._missed[part]
        self._missed[part] = 0 if answers else min(missed + 1, _MISSES)
        if missed == _MISSES and answers:
            self._add(self._chips.addresses[part], AGAIN)
        if missed < _MISSES and self._missed[part] == _MISSES:
            if part < self._chips.inputs:
                self._lost(part * self._chips.width, self._chips.width)
            self._add(self._chips.addresses[part], SILENT)
