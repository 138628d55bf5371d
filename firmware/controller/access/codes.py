"""The codes of a delivery: one for who brings it, one for who picks it up. Pure, and the same at both ends.

A delivery is a number at its bank, and 16 bytes of key that only the cloud and that bank have. Each code is 13 digits
made of the key; the first 10 are what people type, all of them what a QR code holds. The first 10 also say in which of
256 slots of the board's stock the key lies. That is public: nobody guesses more than one key at a time, and is right
once in 39,062,500 times, or with all 13 digits once in 39,062,500,000; twice as often where both its codes count.
"""

from micropython import const

from ..hmac import hmac

DEPOSIT = b"deposit"
PICK_UP = b"pick-up"

SIZES = "SMLX"  # of compartments, from the smallest on; who brings a parcel types the place here, from 1

SLOTS = 256
SHORT = 10  # digits that people type
LONG = 13
KEY = 16  # bytes
_LOW = const(8)  # each number that it divides asks for a low compartment
MOST = (1 << 30) - 1  # the highest number of a delivery, the first is 1

_PROOFS = const(39062500)  # times 256 slots: ten digits, all of them used


def code(key, kind, number):
    """13 digits. kind: DEPOSIT or PICK_UP; number: of the delivery whose key that is."""
    mac = hmac(key, kind)
    proof = int.from_bytes(mac[:8], "little") % _PROOFS
    return "%010d%03d" % (proof * SLOTS + number % SLOTS, int.from_bytes(mac[8:16], "little") % 1000)


def is_low(number):
    """Whether that delivery asks for a low compartment: its number says so, so the board knows it with no network."""
    return number % _LOW == 0


def slot(digits):
    """In which slot the key of this code must lie. digits: 10 or 13 of them, text or ASCII."""
    return int(digits[:SHORT]) % SLOTS


def matches(digits, key, kind, number):
    """Whether what was typed, 10 or 13 ASCII digits, is that code. Takes as long whatever is wrong."""
    wrong = 0 if len(digits) in (SHORT, LONG) else 1
    for typed, right in zip(digits, code(key, kind, number).encode()):
        wrong |= typed ^ right
    return not wrong
