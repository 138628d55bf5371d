"""The compartments of a bank: opened one after the other within what the supply bears, watched by their contacts.

Whoever wants one opened asks; a pulse begins when the line is free, the gap since the last one is over and fewer coils
have current than the supply bears. Each opening has an ending: it opened and was shut again; it was left open; it did
not open, also the second time, and is out of use. A contact counts when two looks in a row agree.
"""

from array import array

from micropython import const

from .. import ticks
from ..events import (
    AUDIT_ENDED,
    COMPARTMENT_BLIND,
    COMPARTMENT_CLOSED,
    COMPARTMENT_FORCED,
    COMPARTMENT_FOUND_OPEN,
    COMPARTMENT_LEFT_OPEN,
    COMPARTMENT_OPENED,
    COMPARTMENT_RELEASED,
    COMPARTMENT_RIGHT,
    COMPARTMENT_STUCK,
)
from .why import AGAIN, ALL, AUDIT

# How one stands.
REST = 0  # shut, and nobody wants it
WAITS = 1  # in the queue
SENT = 2  # its pulse is on its way
TRIES = 3  # it should open
OPEN = 4  # open by right
STANDS = 5  # open, and nobody released it

# What else is known of it: bits.
OUT = 1  # out of use: until it was opened and shut well
_SEEN = const(2)  # its contact was read since the start
_TWICE = const(4)  # tried once more
_MOVED = const(8)  # the last look was another one than what counts
_FRESH = const(16)  # shut a moment ago: a latch that did not catch springs open again

_LOOK_MS = const(50)
_PIECE = const(32)  # compartments a look: 128 take four
_OPENS_MS = const(1500)  # so long after its pulse a leaf has sprung open, and its contact was read
_FRESH_MS = const(1000)

_OUT_OF_USE = const(81)  # kind of state (storage/state.py), and the ones after it: a bit for each compartment
_BITS = const(64)


class Compartments:
    """line: the driver of the locks (outputs/README.md), each of a compartment. most: coils with current at once.

    gap_ms: from one pulse to the next. left_open_ms: until one that stands open is told, and from then on each time.
    """

    def __init__(self, line, most, gap_ms, left_open_ms, now):
        self.count = count = line.count
        self.line = line
        self._gap_ms = gap_ms
        self._left_open_ms = left_open_ms
        self.phase = bytearray(count)
        self.flags = bytearray(count)
        self._why = bytearray(count)
        self._told = bytearray(count)  # how often it was said that it stands open
        self._dues = array("i", [now] * count)
        self._queue = bytearray(count)  # indexes, a ring: each is in it once at the most
        self._head = self._waiting = 0
        self._sent = -1  # whose pulse is on its way
        self._ends = array("i", [now] * most)  # of the pulses that run
        self._run = 0
        self._next = now  # when the next pulse may begin
        self._look = now
        self._at = 0  # where to look next
        self._still = 0  # so many looks in a row found nothing that may need another one
        self._walk = -1  # of the audit: which one is on
        self._journal = None

    def remember(self, journal):
        """What is out of use stays so over restarts: nobody knows what lies in one that was not seen open."""
        self._journal = journal
        for i in range(self.count):
            if journal.get(_OUT_OF_USE + i // _BITS) >> i % _BITS & 1:
                self.flags[i] |= OUT

    def ask(self, n, why):
        """Compartment n (from 1) is to be opened. False: it is open by right, or about to be."""
        if not 1 <= n <= self.count:
            raise ValueError("no such compartment")
        i = n - 1
        if self.phase[i] not in (REST, STANDS):
            return False
        self.flags[i] &= ~_TWICE & 255
        self._put(i, why)
        return True

    def ask_all(self):
        """All of them, one after the other."""
        for n in range(1, self.count + 1):
            self.ask(n, ALL)

    def audit(self):
        """Each one in turn: the next one when the one before is shut again, or did not open. False: that goes on."""
        if self._walk >= 0:
            return False
        self._walk = 0
        self.ask(1, AUDIT)
        return True

    def take_out_of_use(self, n):
        self.flags[n - 1] |= OUT
        self._keep(n - 1)

    def out_of_use(self, n):
        return self.flags[n - 1] & OUT > 0

    def stands_open(self, n):
        return self.phase[n - 1] in (OPEN, STANDS)

    def rests(self, n):
        """Whether it is shut, in use, and nobody wants it."""
        return self.phase[n - 1] == REST and not self.out_of_use(n) and self.line.is_open(n) is False

    def watch(self, record, now):
        """After the line was moved along. record(code, now, number, extra): puts it on flash; False: it may not be."""
        self._follow_pulse(now)
        if ticks.passed(self._next, now):
            self._next = now  # ticks wrap, and nobody may come for a week
        if self.line.news or self._waiting or self._walk >= 0:
            self.line.news = False
            self._still = 0
        while self._waiting and self._may_begin(now):
            self._begin(record, now)
            self.line.watch(now)  # it goes out before the loop has a quiet moment, in which flash is erased
            self._follow_pulse(now)
        if not ticks.passed(self._look, now):
            return
        self._look = now  # also where there is nothing to look at, before ticks wrap
        if self._still < self.count:
            self._look = ticks.add(now, _LOOK_MS)
            for _ in range(min(_PIECE, self.count)):
                self._look_at(self._at, record, now)
                self._still = 0 if self._is_restless(self._at) else self._still + 1
                self._at = (self._at + 1) % self.count
            if self._walk >= 0:
                self._audit(record, now)

    def deadline(self):
        if self._waiting and self._sent < 0 and self._run < len(self._ends):
            return ticks.soonest(self._look, self._next)
        return self._look if self._still < self.count or self._waiting or self._walk >= 0 else None

    def _is_restless(self, i):
        """Whether another look may be needed though its contact says nothing new."""
        return self.phase[i] not in (REST, STANDS) or self.flags[i] & (_FRESH | _MOVED) > 0

    # Pulses.

    def _put(self, i, why):
        self.phase[i] = WAITS
        self._why[i] = why
        self._queue[(self._head + self._waiting) % self.count] = i
        self._waiting += 1

    def _may_begin(self, now):
        return self._sent < 0 and self._run < len(self._ends) and ticks.diff(now, self._next) >= 0

    def _begin(self, record, now):
        """The first of the queue. It is on record before the lock moves; where it may not be, nothing moves."""
        i = self._queue[self._head]
        self._head = (self._head + 1) % self.count
        self._waiting -= 1
        self.phase[i] = REST
        if record(COMPARTMENT_RELEASED, now, i + 1, self._why[i]) is False:
            return
        # What its contact says before: where it says open there is nothing to be seen of what the pulse does.
        self._told[i] = self.line.is_open(i + 1) is True
        if self.line.unlock(i + 1, now):
            self.phase[i] = SENT
            self._sent = i
        else:
            self._fail(i, 3, record, now)

    def _follow_pulse(self, now):
        """A pulse begins when the line is free again at the latest; those that are over make room."""
        i = self._sent
        if i >= 0 and not self.line.busy():
            self._sent = -1
            self.phase[i] = TRIES
            self._dues[i] = ticks.add(now, self.line.pulse_ms + _OPENS_MS)
            self._next = ticks.add(now, self._gap_ms)
            self._ends[self._run] = ticks.add(now, self.line.pulse_ms)
            self._run += 1
        while self._run and ticks.diff(now, self._ends[0]) >= 0:  # the first that began ends first
            self._run -= 1
            for k in range(self._run):
                self._ends[k] = self._ends[k + 1]

    # Contacts.

    def _look_at(self, i, record, now):
        is_open = self.line.is_open(i + 1)
        phase, flags = self.phase[i], self.flags[i]
        if is_open is not None and phase != SENT and phase != WAITS:
            if not flags & _SEEN:
                self._first(i, is_open, record, now)
            elif is_open != (phase in (OPEN, STANDS)):
                if flags & _MOVED:
                    self._moves(i, is_open, record, now)
                self.flags[i] ^= _MOVED
                return
            self.flags[i] &= ~_MOVED & 255
        if (phase == TRIES or phase == OPEN or flags & _FRESH) and ticks.diff(now, self._dues[i]) >= 0:
            self._late(i, is_open, record, now)

    def _first(self, i, is_open, record, now):
        self.flags[i] |= _SEEN
        if is_open and self.phase[i] == REST:
            self.phase[i] = STANDS
            record(COMPARTMENT_FOUND_OPEN, now, i + 1)

    def _moves(self, i, is_open, record, now):
        phase = self.phase[i]
        if not is_open:
            self._shut(i, record, now)
        elif phase == TRIES and self._told[i]:
            self._blind(i, record, now)
        elif phase == TRIES or self.flags[i] & _FRESH:
            self.phase[i] = OPEN
            self.flags[i] &= ~_FRESH & 255
            self._told[i] = 0
            self._dues[i] = ticks.add(now, self._left_open_ms)
            record(COMPARTMENT_OPENED, now, i + 1)
        else:
            self.phase[i] = STANDS
            record(COMPARTMENT_FORCED, now, i + 1)

    def _shut(self, i, record, now):
        was = self.phase[i]
        self.phase[i] = REST
        record(COMPARTMENT_CLOSED, now, i + 1)
        if was != OPEN:
            return
        self.flags[i] |= _FRESH
        self._dues[i] = ticks.add(now, _FRESH_MS)
        if self.flags[i] & OUT:
            self.flags[i] &= ~OUT & 255
            record(COMPARTMENT_RIGHT, now, i + 1)
            self._keep(i)

    def _late(self, i, is_open, record, now):
        """Its time is over: to open, to be shut, or to spring open again."""
        phase = self.phase[i]
        if phase == OPEN:
            self._told[i] = min(self._told[i] + 1, 255)
            self._dues[i] = ticks.add(now, self._left_open_ms)
            record(COMPARTMENT_LEFT_OPEN, now, i + 1, self._told[i])
        elif phase != TRIES:
            self.flags[i] &= ~_FRESH & 255
        elif is_open is None:  # nobody knows whether it opened: once more might be a second pulse at an open leaf
            self._fail(i, 2, record, now)
        elif self.flags[i] & _TWICE:
            self._fail(i, 1, record, now)
        else:
            self.flags[i] |= _TWICE
            self._put(i, AGAIN)

    def _fail(self, i, how, record, now):
        self.phase[i] = REST
        self.take_out_of_use(i + 1)
        record(COMPARTMENT_STUCK, now, i + 1, how)

    def _blind(self, i, record, now):
        """Its contact said open before the pulse and says so now: whoever stands there may have it open, or not."""
        self.phase[i] = STANDS
        self.take_out_of_use(i + 1)
        record(COMPARTMENT_BLIND, now, i + 1)

    def _keep(self, i):
        if self._journal:
            bits, first = 0, i - i % _BITS
            for k in range(first, min(first + _BITS, self.count)):
                bits |= (self.flags[k] & OUT) << k - first
            self._journal.set(_OUT_OF_USE + i // _BITS, bits)

    # The audit walk.

    def _audit(self, record, now):
        if self.phase[self._walk] not in (REST, STANDS):
            return
        self._walk += 1
        if self._walk < self.count:
            self.ask(self._walk + 1, AUDIT)
            return
        self._walk = -1
        bad = 0
        for flags in self.flags:
            bad += flags & OUT
        record(AUDIT_ENDED, now, 0, min(bad, 255))
