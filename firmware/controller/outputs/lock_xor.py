"""Frames of the RS-485 lock boards that begin with 0x8A and 0x80 and end with the XOR of all that stands before.

After "485 lock board communication protocol" (Guangzhou Shuoming Technology, editions 2021, 24 locks, and 2024A1),
sections 3 to 6; addresses by DIP switch, 9600 8N1. Boards of 2 to 50 locks are sold under many names.

open one:   8A address lock 11 xor -> 8A address lock state xor; lock 0 would be all of them, and is never sent
ask one:    80 address lock 33 xor -> 80 address lock state xor
ask all:    80 address 00 33 xor   -> 80 address contacts... 33 xor; the locks 1 to 8 come last
told:       82 address lock state xor, unasked, by boards with such firmware
state:      11 a closed circuit, 00 an open one: which of them is an open door goes with the lock

The answer to "open one" may be the very same bytes as the question, so that it proves nothing.
"""

from micropython import const

_OPEN, _ASK, _TOLD = const(0x8A), const(0x80), const(0x82)
_ONE, _ALL = const(1), const(2)


class Xor:
    """table: `locks` of a bank."""

    baud = 9600
    answer_ms = 300  # section 6: it answers after 200 ms
    pulse_ms = 500  # from its answer on, where the lock's time was set longer than the document's 300 ms
    opens_ms = 800  # it opens for 300 ms, and answers then: section 5
    refused = False  # no such answer
    says_opened = True

    def __init__(self, table):
        self.address = 0  # who sent the frame that was found, whether it is what was asked for, or came unasked
        self.fits = self.pushes = False
        self._locks = table["locks"]
        # As many bytes of contacts as the locks need, and boards of 8 locks send three all the same. Not one: our own
        # question, heard again, would look like it. No other lengths: two answers in a row are right as one.
        least = max(2, (self._locks + 7) // 8)
        self._short = least + 4
        self._long = max(3, least) + 4
        self._low_first = table.get("low_first", False)
        self._wants = self._lock = self._size = 0

    def ask(self, frame, address, other):
        """For all contacts, or for the first alone: answers that are told apart."""
        self._wants = _ONE if other else _ALL
        self._lock = 1 if other else 0
        return _close(frame, _ASK, address, self._lock, 0x33)

    def open(self, frame, address, lock):
        self._wants, self._lock = _OPEN, lock + 1
        return _close(frame, _OPEN, address, lock + 1, 0x11)

    def frame(self, rx, at, have):
        """Of the frame of a board that begins there: its length; 0: there is none."""
        if have - at < 5:
            return 0
        head = rx[at]
        self.address = rx[at + 1]
        self.pushes = head == _TOLD
        if head == _ASK:
            size = self._long
            while size >= self._short:
                if at + size <= have and rx[at + size - 2] == 0x33 and not _xor(rx, at, size):
                    self.fits = self._wants == _ALL
                    self._size = size
                    return size
                size -= 1
        elif head != _OPEN and head != _TOLD:
            return 0
        if (rx[at + 3] != 0 and rx[at + 3] != 0x11) or _xor(rx, at, 5):
            return 0
        wants = _ONE if head == _ASK else _OPEN
        self.fits = not self.pushes and self._wants == wants and self._lock == rx[at + 2]
        return 5

    def contacts(self, rx, at, bits, place):
        """Puts the contacts of the answer that was found there into bits. False: it has none."""
        if self._wants != _ALL:
            return False
        last = at + self._size - 3
        for i in range((self._locks + 7) // 8):
            bits[place + i] = rx[at + 2 + i] if self._low_first else rx[last - i]
        return True


def _close(frame, head, address, lock, what):
    frame[0], frame[1] = head, address  # not four at once: that would make a tuple
    frame[2], frame[3] = lock, what
    frame[4] = head ^ address ^ lock ^ what
    return 5


def _xor(rx, at, size):
    """0: the frame is right."""
    value = 0
    for i in range(at, at + size):
        value ^= rx[i]
    return value
