"""What lock_line.py and lock_pulse.py share: openings that wait for their one pulse, contacts as they were read."""

from micropython import const

_QUEUE = const(16)
_TROUBLES = const(16)
EXPECTS_MS = 800  # an opening that is expected comes within, or not: from one key to the next


class LockQueue:
    """count: how many locks. size: bytes of contacts. sensor: what is reported of an open compartment, 0 or 1.

    A driver says where things lie and when it goes on: _place, _hurry, and what expect() is.
    """

    def _place(self, n):
        """Where the contact of lock n lies, as a number of bits."""
        raise NotImplementedError

    def _hurry(self, now):
        """One more waits."""
        raise NotImplementedError

    def expect(self, now):
        """Somebody is about to have one opened: for a moment nothing is asked that an opening would have to await."""
        raise NotImplementedError

    def __init__(self, count, size, sensor):
        self.count = count
        self.sensor = sensor
        self.troubles = []  # (address, what)
        self.news = True  # something else is known than before; who has seen to it takes it away
        self._bits = bytearray(size)
        self._before = bytearray(size)  # what they were when they were last read
        self._known = bytearray(size)  # 1: read since the lock was last opened
        self._queue = bytearray(_QUEUE)
        self._queued = 0

    def unlock(self, n, now):
        """One pulse at lock n. False: too many wait, and nothing will come of it."""
        if not 1 <= n <= self.count:
            raise ValueError("no such lock")
        if self._queued == _QUEUE:
            return False
        self._queue[self._queued] = n
        self._queued += 1
        self._forget(n)
        self._hurry(now)
        return True

    def is_open(self, n):
        at = self._place(n)
        bit = 1 << (at & 7)
        if not self._known[at >> 3] & bit:
            return None
        return (self._bits[at >> 3] & bit > 0) == (self.sensor > 0)

    def _next(self):
        """The first of the queue. It leaves it before anything is done for it: whatever happens, that comes once."""
        queue = self._queue
        n = queue[0]
        self._queued -= 1
        for i in range(self._queued):
            queue[i] = queue[i + 1]
        return n

    def _forget(self, n):
        """What its contact said counts no more."""
        at = self._place(n)
        self._known[at >> 3] &= 255 ^ 1 << (at & 7)

    def _was_read(self, first, size):
        """So many bytes of contacts, but for those of locks that are about to be opened."""
        bits, before, known = self._bits, self._before, self._known
        for i in range(first, first + size):
            if known[i] != 255 or bits[i] != before[i]:
                self.news = True
                known[i] = 255
                before[i] = bits[i]
        for i in range(self._queued):
            self._forget(self._queue[i])

    def _lost(self, first, size):
        """Nobody knows any more what so many bytes of contacts are."""
        self.news = True
        for i in range(first, first + size):
            self._known[i] = 0

    def _add(self, address, what):
        self.news = True
        if len(self.troubles) < _TROUBLES:
            self.troubles.append((address, what))
