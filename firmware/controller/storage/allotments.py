"""Allotments of a bank: to whom each compartment is given, in slots of the stock behind those of deliveries.

    record:  compartment, mark u16, until (high), state, until u16 (low), 3 keys of 7 bytes, CRC-32

The state lies where a delivery has its own, from ALLOTTED on. What is over keeps its record, without mark and keys: so
that no key of the past stays on flash, and what the cloud said last counts after a power cut too.
"""

from binascii import crc32
from struct import pack, unpack_from

from micropython import const

from ..access.codes import SLOTS
from ..records import NO_END
from .sectors import sealed
from .stock import ALLOTTED

NOBODY = 0  # kinds, as they travel
PERSONAL = 1
KEYS = 3
ENTRY = "<BHBI21s"  # as it travels, 29 bytes
_LAYOUT = "<BHBBH21s"
_NO_KEYS = bytes(21)
_KEY = const(7)


class Allotment:
    """number: of the compartment. mark: tells it from others of that compartment. until: packed minutes, NO_END."""

    def __init__(self, number, mark=0, kind=NOBODY, until=0, keys=_NO_KEYS):
        self.number, self.mark, self.kind, self.until, self.keys = number, mark, kind, until, keys

    def entry(self):
        return pack(ENTRY, self.number, self.mark, self.kind, self.until, self.keys)

    def has(self, key):
        """Whether it is of this credential. A place without a key is nobody's: no credential has a key of zeros."""
        for at in range(0, KEYS * _KEY, _KEY):
            if self.keys[at : at + _KEY] == key and any(key):
                return True
        return False


def read_entry(message, at):
    """An entry of a message. Raises ValueError where it makes no sense."""
    one = Allotment(*unpack_from(ENTRY, message, at))
    if not one.mark or one.kind > PERSONAL or one.until > NO_END:
        raise ValueError("allotment")
    return one


class Allotments:
    """stock: on the bank's partition. count: of compartments."""

    def __init__(self, stock, count):
        self._stock = stock
        self.count = count
        self.taken = bytearray(count)  # 1: allotted
        self._tags = bytearray(count * KEYS * 2)  # the first bytes of each key: flash is read for few
        for n in range(1, count + 1):
            self._know(self.get(n))

    def get(self, n):
        record = self._stock.record(SLOTS + n - 1)
        if not record:
            return Allotment(n)
        _, mark, high, state, low, keys = unpack_from(_LAYOUT, record)
        return Allotment(n, mark, state - ALLOTTED, high << 16 | low, keys)

    def set(self, one):
        """Durable when it returns."""
        state = ALLOTTED + one.kind
        self._stock.keep(
            SLOTS + one.number - 1,
            sealed(pack(_LAYOUT, one.number, one.mark, one.until >> 16, state, one.until & 0xFFFF, one.keys)),
        )
        self._know(one)

    def find(self, key):
        """The compartment of a credential, None where it has none."""
        for at in range(0, len(self._tags), 2):
            if self._tags[at] == key[0] and self._tags[at + 1] == key[1]:
                one = self.get(at // (2 * KEYS) + 1)
                if one.kind and one.has(key):
                    return one
        return None

    def _know(self, one):
        n = one.number - 1
        self.taken[n] = one.kind > 0
        for k in range(KEYS):
            self._tags[(n * KEYS + k) * 2 : (n * KEYS + k) * 2 + 2] = one.keys[k * _KEY : k * _KEY + 2]


def sum_of(one, before):
    """The checksum of what is allotted, with one more compartment."""
    return crc32(one.entry(), before)
