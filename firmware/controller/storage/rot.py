"""Bits that turned over at rest. Loaded when a record is not as it was sealed.

A CRC-32 over so few bytes tells any two records apart that differ in fewer than five bits: who is one bit off a whole
record was that one. (P. Koopman, 32-bit cyclic redundancy codes for Internet applications, DSN 2002: IEEE 802.3.)
"""

from micropython import const

from .sectors import whole

_LONGEST = const(64)  # bytes


def mended(record):
    """The record as it was before one of its bits turned over; None when that is not what happened to it."""
    fixed = bytearray(record)
    if len(fixed) <= _LONGEST:
        for at in range(len(fixed)):
            for bit in range(8):
                fixed[at] ^= 1 << bit
                if whole(fixed):
                    return bytes(fixed)
                fixed[at] ^= 1 << bit
    return None
