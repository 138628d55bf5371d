"""OSDP frames, found and closed in place: a poll allocates nothing. After SIA OSDP v2.2, clause 5.

0x53, address (bit 7: from a reader), length (2, of all of it), control (number 0 to 3, 4: with CRC, 8: with a security
block), [security block: its length, its type, ...], command or answer, data, [seal (4)], CRC (2, low byte first). A
byte of ones before it wakes the line and counts nowhere.
"""

from array import array

from micropython import const

SOM = 0x53
NUMBER, WITH_CRC, SECURED = 3, 4, 8  # bits of control
LEAST = 8  # bytes
MOST = 1440
_POLYNOMIAL = const(0x1021)
_START = const(0x1D0F)


def _table():
    for byte in range(256):
        value = byte << 8
        for _ in range(8):
            value = value << 1 ^ (_POLYNOMIAL if value & 0x8000 else 0)
        yield value & 0xFFFF


_TABLE = array("H", _table())


def crc(buffer, start, end):
    """CRC-16 (CCITT, starting with 0x1D0F) of buffer[start:end]."""
    table = _TABLE
    value = _START
    for at in range(start, end):
        value = (value << 8 & 0xFF00) ^ table[value >> 8 ^ buffer[at]]
    return value


def close(frame, end):
    """Writes length and CRC of a frame that begins after the byte of ones and whose data ends at `end`. Its end."""
    frame[3] = end + 1  # what we send is shorter than 256
    frame[4] = 0
    value = crc(frame, 1, end)
    frame[end] = value & 255
    frame[end + 1] = value >> 8
    return end + 2


def head(buffer, have, address, unfinished):
    """Where in the first `have` bytes an answer of that reader seems to begin; unfinished: that is not all there."""
    for at in range(have - LEAST + 1):
        if buffer[at] == SOM and buffer[at + 1] == address | 0x80 and buffer[at + 4] & WITH_CRC:
            if length(buffer, at) <= MOST and not (unfinished and at + length(buffer, at) <= have):
                return at
    return -1


def length(buffer, at):
    """Of all of an answer, as it says itself."""
    return buffer[at + 2] | buffer[at + 3] << 8


def find(buffer, have, address):
    """Where in the first `have` bytes an answer of that reader begins that is whole and right; -1: nowhere."""
    for at in range(have - LEAST + 1):
        if buffer[at] == SOM and buffer[at + 1] == address | 0x80 and buffer[at + 4] & WITH_CRC:
            end = at + length(buffer, at)
            if LEAST <= end - at and end <= have:
                value = crc(buffer, at, end - 2)
                if buffer[end - 2] == value & 255 and buffer[end - 1] == value >> 8:
                    return at
    return -1
