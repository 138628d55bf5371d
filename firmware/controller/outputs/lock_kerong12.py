"""Frames of Kerong's lock boards KR-CU12, and of those that speak like it: eight bytes, then data.

After "CU12 Protocol and Introduction" (Kerong, V1.1 of 2022-07-22), 1.2 to 1.5. Board 0 to 15 (16 would be all), lock 0
to 11 (12 would be all); neither is ever sent. The sum is of all bytes, also of the data behind it.

        02 board lock command what length 03 sum data
open:   02 board lock 81 00 00 03 sum -> 02 board lock 81 10 00 03 sum; 10 is right, 11 to 14 are reasons why not
state:  02 board 00 80 00 00 03 sum   -> 02 board 00 80 10 02 03 sum, locks 1-8, locks 9-12: 1 is a lock that is shut
version: 02 board 00 8F 00 00 03 sum  -> 02 board 00 8F 10 length 03 sum data

The pulse is the board's own, 550 ms as it is delivered; 19200 baud by then, 9600 by setting.
"""

from micropython import const

_STATE, _OPEN, _VERSION = const(0x80), const(0x81), const(0x8F)
_RIGHT, _LAST = const(0x10), const(0x14)
_HEAD = const(8)
_MOST = const(8)  # bytes of data that a board says


class Kerong12:
    """table: `locks` of a bank."""

    baud = 19200
    answer_ms = 200  # the document has no figure
    pulse_ms = 550
    opens_ms = 800  # nor for this one: it may come after the pulse
    pushes = False  # nothing comes unasked
    says_opened = True

    def __init__(self, table):
        self.address = 0  # who sent the frame that was found, whether it is what was asked for, and a refusal
        self.fits = self.refused = False
        self._wants = self._lock = 0
        self._more = table["locks"] > 8

    def ask(self, frame, address, other):
        """For the contacts, or for the version: answers that are told apart."""
        return self._close(frame, address, 0, _VERSION if other else _STATE)

    def open(self, frame, address, lock):
        return self._close(frame, address, lock, _OPEN)

    def _close(self, frame, address, lock, command):
        self._wants, self._lock = command, lock
        frame[0], frame[1] = 0x02, address
        frame[2], frame[3] = lock, command
        frame[4] = frame[5] = 0
        frame[6], frame[7] = 0x03, (0x05 + address + lock + command) & 255
        return _HEAD

    def frame(self, rx, at, have):
        """Of the frame of a board that begins there: its length; 0: there is none."""
        if at + _HEAD > have or rx[at] != 0x02 or rx[at + 6] != 0x03:
            return 0
        what, length = rx[at + 4], rx[at + 5]
        size = _HEAD + length
        if what < _RIGHT or what > _LAST or length > _MOST or at + size > have:
            return 0
        total = -rx[at + 7]
        for i in range(at, at + size):
            total += rx[i]
        if total & 255 != rx[at + 7]:
            return 0
        command = rx[at + 3]
        self.address = rx[at + 1]
        self.refused = what != _RIGHT
        self.fits = command == self._wants and (command != _OPEN or rx[at + 2] == self._lock)
        if command == _STATE and length < 2 and not self.refused:
            self.fits = False
        return size

    def contacts(self, rx, at, bits, place):
        """Puts the contacts of the answer that was found there into bits. False: it has none."""
        if self._wants != _STATE:
            return False
        bits[place] = rx[at + _HEAD]
        if self._more:
            bits[place + 1] = rx[at + _HEAD + 1]
        return True
