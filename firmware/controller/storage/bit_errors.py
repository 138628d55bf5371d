"""Bits that turned over at rest. Loaded when a record is not as it was sealed.

A CRC-32 over less than 11 KB tells any two records apart that differ in fewer than four bits: one that is one bit off a
whole record was that one. (P. Koopman, 32-bit cyclic redundancy codes for Internet applications, DSN 2002: IEEE 802.3.)
"""

from binascii import crc32
from struct import unpack

from micropython import const

from ..records import CHANGE
from .sectors import SECTOR, sealed, whole
from .table_format import BARE_ENTRY

_TURNED = const(4)  # bytes in which bits turned over where nothing is written, at the most; an entry has more


def mended(record):
    """The record as it was before one of its bits turned over; None when that is not what happened to it.

    What a bit does to the CRC-32 follows from what the one behind it does: one pass, in two halves of 16 bits, since a
    chip's small integers have 31.
    """
    wrong = crc32(record[:-4]) ^ unpack("<I", record[-4:])[0]
    high, low = wrong >> 16, wrong & 0xFFFF
    does_high, does_low = 0x8000, 0  # the last bit of all to the CRC
    for bit in range(8 * len(record) - 1, -1, -1):
        if does_low == low and does_high == high:
            fixed = bytearray(record)
            fixed[bit >> 3] ^= 1 << (bit & 7)
            return bytes(fixed)
        odd = does_low & 1
        does_low = does_low >> 1 | (does_high & 1) << 15
        does_high >>= 1
        if odd:
            does_high ^= 0xEDB8  # the polynomial of IEEE 802.3, its bits reversed
            does_low ^= 0x8320
    return None


def mend_entry(view, at):
    """Turns back, in place, the bit that turned over in an entry of the table's journal. Whether there was one.

    The bit may be one of those that say how many changes the entry has. The last byte may be cut short instead.
    """
    count = view[at + 15]
    entry = view[at : at + BARE_ENTRY + count * CHANGE]
    fixed = None
    if len(entry) == BARE_ENTRY + count * CHANGE:
        fixed = sealed(entry[:-4])
        if fixed[:-1] != entry[:-1]:
            fixed = mended(entry)
    if fixed and fixed[15] == count:
        entry[:] = fixed
        return True
    for bit in range(8):
        view[at + 15] = count ^ 1 << bit
        if whole(view[at : at + BARE_ENTRY + view[at + 15] * CHANGE]):
            return True
    view[at + 15] = count
    return False


def is_torn(view, at):
    """Whether an entry of the table's journal that cannot be read was cut short; else it was whole once, or lies before
    others. Behind a torn one nothing is written, but single bits may have turned over there.
    """
    end = at + BARE_ENTRY + view[at + 15] * CHANGE
    return end > SECTOR or (view[end - 1] == 0xFF and SECTOR - end - bytes(view[end:]).count(b"\xff") <= _TURNED)
