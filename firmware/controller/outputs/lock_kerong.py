"""Frames of Kerong's lock boards KR-CU16: 0x02, address and lock, command, 0x03, sum of all that stands before.

After "KR-CU16 Communication Protocol Specification" (Shenzhen Kerong, V1.6 of 2024-11-30), part 3: frames in section 2,
commands in 3 and 4, examples in 5; board 0 to 9 in the upper half of the second byte, lock 0 to 15 in the lower one.

open one:     02 board|lock 31 03 sum -> nothing, by 5 (2); what a board says all the same is not believed
contacts:     02 board|0 30 03 sum    -> 02 board|0 35 locks 1-8, locks 9-16, infrared (2), 03 sum
pulse length: 02 board|0 37 03 sum    -> 02 board|0 38 locks 1-8, locks 9-16, pulse in 10 ms (2), 03 sum

The pulse is the board's own, 550 ms as it is delivered. A contact of 1 is a lock that is shut, "depending on the lock".
Speed: 19200 or 115200 as delivered, 9600 by setting.
"""

from micropython import const

_ASK, _OPEN, _PULSE = const(0x30), const(0x31), const(0x37)
_SIZE = const(9)


class Kerong:
    """table: `locks` of a bank."""

    baud = 19200
    answer_ms = 200  # the document has no figure
    pulse_ms = 550
    opens_ms = 100  # nobody answers; the line is left to what a board may say
    refused = False  # no such answer
    says_opened = False

    def __init__(self, table):
        self.address = 0  # who sent the frame that was found, whether it is what was asked for, or came unasked
        self.fits = self.pushes = False
        self._wants = 0
        self._more = table["locks"] > 8

    def ask(self, frame, address, other):
        """For the contacts, or for the length of the pulse: contacts come with that as well, under another number."""
        return self._close(frame, address << 4, _PULSE if other else _ASK)

    def open(self, frame, address, lock):
        return self._close(frame, address << 4 | lock, _OPEN)

    def _close(self, frame, address, command):
        self._wants = command
        frame[0], frame[1] = 0x02, address
        frame[2], frame[3] = command, 0x03
        frame[4] = (0x05 + address + command) & 255
        return 5

    def frame(self, rx, at, have):
        """Of the frame of a board that begins there: its length; 0: there is none."""
        if at + _SIZE > have or rx[at] != 0x02 or rx[at + 7] != 0x03:
            return 0
        command = rx[at + 2]
        total = 0
        for i in range(at, at + 8):
            total += rx[i]
        if (command != 0x35 and command != 0x38) or total & 255 != rx[at + 8]:
            return 0
        self.address = rx[at + 1] >> 4
        self.pushes = self._wants == _OPEN and command == 0x35
        self.fits = command == (0x35 if self._wants == _ASK else 0x38 if self._wants == _PULSE else 0)
        return _SIZE

    def contacts(self, rx, at, bits, place):
        """Puts the contacts of the answer that was found there into bits."""
        bits[place] = rx[at + 3]
        if self._more:
            bits[place + 1] = rx[at + 4]
        return True
