"""Relay boards on Modbus RTU whose relays let go by themselves, with the contacts at their inputs.

After "MODBUS Application Protocol" V1.1b3 (6.1 coils, 6.2 discrete inputs, 6.5 one coil, 7 exceptions) and "MODBUS over
Serial Line" V1.02 (2.5.1.1: 3.5 characters of silence between frames; 6.2.2: the CRC). To pulse a relay is the maker's
own: Waveshare, "Modbus RTU Relay", development protocol V3, and its boards with inputs, "(D)" and "IO 8CH": function 5
at 0x0200 + relay, in units of 100 ms, "flash on". Boards that take it another way are not for this driver.

open one: address 05 02 relay 00 tenths crc (2)  -> the same
contacts: address 02 00 00 00 count crc (2)      -> address 02 bytes contacts crc (2), all with one question
coils:    address 01 00 00 00 count crc (2)      -> address 01 bytes coils crc (2)

An answer does not say what was read, so that libraries that ask contact by contact take a late one for the next.
"""

from micropython import const

_COILS, _INPUTS, _OPEN = const(1), const(2), const(5)
_FLASH = const(0x02)
# CRC-16 of half a byte, polynomial 0xA001: sixteen entries in place of 256, and two steps a byte in place of eight.
_CRC = (
    b"\x00\x00\xcc\x01\xd8\x01\x14\x00\xf0\x01\x3c\x00\x28\x00\xe4\x01"
    b"\xa0\x01\x6c\x00\x78\x00\xb4\x01\x50\x00\x9c\x01\x88\x01\x44\x00"
)


class Modbus:
    """table: `locks` of a bank."""

    baud = 9600
    answer_ms = 200  # the standard leaves it to the device
    pulse_ms = 500
    opens_ms = 200
    pushes = False  # nothing comes unasked
    says_opened = True

    def __init__(self, table):
        self.address = 0  # who sent the frame that was found, whether it is what was asked for, and a refusal
        self.fits = self.refused = False
        self._bytes = (table["locks"] + 7) // 8
        self._tenths = table.get("pulse_ms", self.pulse_ms) // 100
        self._wants = self._lock = 0

    def ask(self, frame, address, other):
        """For the contacts, or for the coils, whose answer has another number."""
        self._wants = _COILS if other else _INPUTS
        frame[2] = frame[3] = 0
        return self._close(frame, address, self._bytes * 8)  # some boards answer for whole bytes only

    def open(self, frame, address, lock):
        self._wants, self._lock = _OPEN, lock
        frame[2], frame[3] = _FLASH, lock
        return self._close(frame, address, self._tenths)

    def _close(self, frame, address, value):
        frame[0], frame[1] = address, self._wants
        frame[4], frame[5] = value >> 8, value & 255
        value = _crc(frame, 0, 6)
        frame[6], frame[7] = value & 255, value >> 8
        return 8

    def frame(self, rx, at, have):
        """Of the frame of a board that begins there: its length; 0: there is none."""
        if have - at < 5:
            return 0
        what = rx[at + 1]
        self.refused = what & 0x80 > 0
        wants = what & 0x7F
        if self.refused:
            size = 5
        elif what == _OPEN:
            size = 8
        else:
            size = self._bytes + 5
        if (wants != _INPUTS and wants != _COILS and wants != _OPEN) or at + size > have or _crc(rx, at, size):
            return 0
        self.address = rx[at]
        self.fits = wants == self._wants
        if what == _OPEN and (rx[at + 2] != _FLASH or rx[at + 3] != self._lock):
            self.fits = False
        return size

    def contacts(self, rx, at, bits, place):
        """Puts the contacts of the answer that was found there into bits. False: it has none."""
        if self._wants != _INPUTS:
            return False
        for i in range(self._bytes):
            bits[place + i] = rx[at + 3 + i]
        return True


def _crc(rx, at, size):
    """Of a whole frame with its own: 0."""
    value = 0xFFFF
    table = _CRC
    for i in range(at, at + size):
        value ^= rx[i]
        half = (value & 15) << 1
        value = value >> 4 ^ (table[half] << 8 | table[half + 1])
        half = (value & 15) << 1
        value = value >> 4 ^ (table[half] << 8 | table[half + 1])
    return value
