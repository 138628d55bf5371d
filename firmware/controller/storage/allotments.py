"""Allotments of a bank: to whom each compartment is given, in slots of the stock behind those of deliveries.

    record:  compartment, mark u16, until (high), state, until u16 (low), 3 keys of 7 bytes, CRC-32

The state lies where a delivery has its own, from ALLOTTED on. What is over keeps its record, without mark and keys: so
that no key of the past stays on flash, and what the cloud said last counts after a power cut too.

One that is shared has in place of the keys: that of who took it, zeros while it is free; when that ends, u32 packed
minutes; which time it is, 1 to 255. Of these the cloud hears by events; its `until` says how long: below 1440 until
that minute of the day (UTC), else for so many minutes after 1440.
"""

from binascii import crc32
from struct import pack, pack_into, unpack_from

from micropython import const

from ..access.codes import SLOTS
from ..records import NO_END, until_minutes
from .sectors import sealed
from .stock import ALLOTTED

NOBODY = 0  # kinds, as they travel
PERSONAL = 1
SHARED = 2  # whoever has none takes it
KEYS = 3
ENTRY = "<BHBI21s"  # as it travels, 29 bytes
_LAYOUT = "<BHBBH21s"
_NO_KEYS = bytes(21)
_KEY = const(7)
_DAY = const(1440)  # minutes


class Allotment:
    """number: of the compartment. mark: tells it from others of that compartment. until: packed minutes, NO_END."""

    def __init__(self, number, mark=0, kind=NOBODY, until=0, keys=_NO_KEYS):
        self.number, self.mark, self.kind, self.until, self.keys = number, mark, kind, until, keys

    def entry(self):
        keys = _NO_KEYS if self.kind == SHARED else self.keys
        return pack(ENTRY, self.number, self.mark, self.kind, self.until, keys)

    def ends(self):
        return unpack_from("<I", self.keys, _KEY)[0] if self.kind == SHARED else self.until

    def turn(self):
        return self.keys[_KEY + 4]

    def is_taken(self):
        """Whether it is a shared one that somebody has."""
        return self.kind == SHARED and any(self.keys[:_KEY])

    def take(self, key, end):
        """A shared one is somebody's from now on."""
        keys = bytearray(21)
        pack_into("<7sIB", keys, 0, key, end, self.turn() % 255 + 1)
        self.keys = bytes(keys)

    def give_back(self):
        self.keys = _NO_KEYS[: _KEY + 4] + self.keys[_KEY + 4 :]

    def has(self, key):
        """Whether it is of this credential. A place without a key is nobody's: no credential has a key of zeros."""
        for at in range(0, _KEY if self.kind == SHARED else KEYS * _KEY, _KEY):
            if self.keys[at : at + _KEY] == key and any(key):
                return True
        return False


def read_entry(message, at):
    """An entry of a message. Raises ValueError where it makes no sense."""
    one = Allotment(*unpack_from(ENTRY, message, at))
    if not one.mark or one.kind > SHARED or one.until > NO_END or (one.kind == SHARED and any(one.keys)):
        raise ValueError("allotment")
    return one


def ends(until, utc):
    """When a shared one that is taken now ends, packed. until: of its allotment."""
    now = until_minutes(utc)
    if until >= _DAY:
        return min(now + until - _DAY, NO_END - 1)
    return now + 1 + (until - now - 1) % _DAY


class Allotments:
    """stock: on the bank's partition. count: of compartments."""

    def __init__(self, stock, count):
        self._stock = stock
        self.count = count
        self.taken = bytearray(count)  # 1: allotted, and of a shared one taken; 2: shared, and free
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
        """Durable when it returns. Who has taken a shared one keeps it, whatever the cloud says of how long."""
        before = self.get(one.number)
        if one.kind == SHARED and before.kind == SHARED and one.mark == before.mark and not any(one.keys):
            one.keys = before.keys
        state = ALLOTTED + one.kind
        self._stock.keep(
            SLOTS + one.number - 1,
            sealed(pack(_LAYOUT, one.number, one.mark, one.until >> 16, state, one.until & 0xFFFF, one.keys)),
        )
        self._know(one)

    def find(self, key, kind=PERSONAL):
        """The compartment of a credential, one of this kind before others; None where it has none."""
        found = None
        for at in range(0, len(self._tags), 2):
            if self._tags[at] == key[0] and self._tags[at + 1] == key[1]:
                one = self.get(at // (2 * KEYS) + 1)
                if one.kind and one.has(key):
                    if one.kind == kind:
                        return one
                    found = one
        return found

    def is_free(self, n):
        return self.taken[n - 1] == 2

    def _know(self, one):
        n = one.number - 1
        shared = one.kind == SHARED
        self.taken[n] = 2 if shared and not one.is_taken() else one.kind > 0
        for k in range(1 if shared else KEYS):
            self._tags[(n * KEYS + k) * 2 : (n * KEYS + k) * 2 + 2] = one.keys[k * _KEY : k * _KEY + 2]


def sum_of(one, before):
    """The checksum of what is allotted, with one more compartment."""
    return crc32(one.entry(), before)
