"""A part of a bank over the wire: the checksum of all its slots, and what some of them hold, a piece at a time.

Told when a session begins, after each message that changed something, and when it is asked for. Loaded with deliveries.
"""

from micropython import const

from .wire import packed, unpacked

_MOST = const(24)  # entries of a message
_ASKED = const(128)  # slots of an answer
_PIECE = const(16)  # slots in a step of the control loop


class BankMessages:
    """first, end: its slots are first..end - 1. state: the kind of what is told. entry: bytes of one that comes.

    Of worn flash nothing is told: the cloud would send on and on.
    """

    def __init__(self, stock, sync, state, first, end, entry):
        self._stock = stock
        self._sync = sync
        self._state = state
        self._first = first
        self._end = end
        self._size = entry
        self._open = False
        self._next = None  # the slot to be looked at next, None: there is nothing to tell

    def says(self, slot, crc):
        """The checksum with this slot, and what is told of it."""
        raise NotImplementedError

    def watch(self):
        if self._stock.is_worn:
            self._next = None
            return
        if self._sync.open != self._open:
            self._open = self._sync.open
            self._next = None
            if self._open:
                self.tell()
        if self._next is None:
            return
        if self._next < self._end:
            for slot in range(self._next, min(self._next + _PIECE, self._end)):
                self._crc, said = self.says(slot, self._crc)
                if self._from <= slot < self._to:
                    self._told += said
            self._next += _PIECE
        elif self._sync.say(packed(self._state, "<IB", self._crc, self._from) + self._told):
            self._next = None

    def is_telling(self):
        if self._next is None:
            return self._sync.open != self._open and not self._stock.is_worn
        return self._next < self._end

    def waits_for_room(self):
        """Whether all of it is known, and there was no room for the message."""
        return self._next is not None and self._next >= self._end

    def tell(self, first=None, count=0):
        """The checksum, and what so many slots hold."""
        self._from = self._first if first is None else first
        self._to = self._from + count
        self._next, self._crc, self._told = self._first, 0, b""

    def entries(self, message):
        """Where each entry of a message begins. Raises ValueError."""
        count, rest = divmod(len(message) - 1, self._size)
        if rest or not 1 <= count <= _MOST:
            raise ValueError("bank: length")
        return range(1, len(message), self._size)

    def asked(self, loop, message, now):
        first, count = unpacked("<BB", message)
        if not 1 <= count <= _ASKED or first < self._first or first + count > self._end:
            raise ValueError("bank: slots")
        self.tell(first, count)
