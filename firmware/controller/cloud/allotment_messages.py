"""Allotments over the wire: what the cloud says of compartments, and what holds. Loaded with own compartments."""

from struct import calcsize, pack

from micropython import const

from ..storage.allotments import ENTRY, NOBODY, Allotment, read_entry, sum_of
from .wire import ALLOT, ALLOT_ASKED, ALLOT_STATE, packed, unpacked

_ENTRY = calcsize(ENTRY)
_MOST = const(24)  # entries of a message
_PIECE = const(16)  # compartments in a step of the control loop


class AllotmentMessages:
    """may(number): whether that compartment can be allotted now."""

    def __init__(self, allotments, stock, may, sync):
        self._allotments = allotments
        self._stock = stock
        self._may = may
        self._sync = sync
        self._open = False
        self._next = 0  # the compartment to be looked at next, 0: there is nothing to tell
        sync.handlers[ALLOT] = self._take
        sync.handlers[ALLOT_ASKED] = self._asked

    def watch(self):
        """A piece of what is told. Of worn flash nothing, as of deliveries."""
        if self._stock.is_worn:
            self._next = 0
            return
        if self._sync.open != self._open:
            self._open = self._sync.open
            self._next = 0
            if self._open:
                self._begin(1, 0)
        if self.is_telling():
            for n in range(self._next, min(self._next + _PIECE, self._allotments.count + 1)):
                one = self._allotments.get(n)
                self._crc = sum_of(one, self._crc)
                if self._first <= n < self._first + self._count:
                    self._marks += pack("<H", one.mark)
            self._next += _PIECE
        elif self._next and self._sync.say(packed(ALLOT_STATE, "<IB", self._crc, self._first) + self._marks):
            self._next = 0

    def is_telling(self):
        return 0 < self._next <= self._allotments.count or (self._sync.open != self._open and not self._stock.is_worn)

    def waits_for_room(self):
        """Whether all of it is known, and there was no room for the message."""
        return self._next > self._allotments.count

    def _begin(self, first, count):
        self._next, self._crc = 1, 0
        self._first, self._count, self._marks = first, count, b""

    def _take(self, loop, message, now):
        """What is allotted, all of it looked at before any of it holds. Nothing is written that says what is known."""
        count, rest = divmod(len(message) - 1, _ENTRY)
        if rest or not 1 <= count <= _MOST:
            raise ValueError("allot: length")
        entries = [read_entry(message, at) for at in range(1, len(message), _ENTRY)]
        for one in entries:
            if not 1 <= one.number <= self._allotments.count:
                raise ValueError("allot: compartment")
        for one in entries:
            before = self._allotments.get(one.number)
            if one.mark != before.mark and (before.mark or not self._may(one.number)):
                continue  # it is somebody else's, or there is a parcel in it
            if one.kind == NOBODY:
                one = Allotment(one.number)
            if one.entry() != before.entry():
                self._allotments.set(one)
        self._begin(1, 0)

    def _asked(self, loop, message, now):
        first, count = unpacked("<BB", message)
        if not count or first < 1 or first + count > self._allotments.count + 1:
            raise ValueError("allot: compartments")
        self._begin(first, count)
