"""The event log: a ring of sectors in which one event is one program, durable when append returns.

Slot 0 of a sector is its header (log epoch, next sequence number when it was erased) and its chain key, slots 1 to 127
hold events. Where a sector stands in the ring is told by its header, or by its events where that is damaged. A torn
event leaves a slot that is skipped; the next event carries its number. A damaged one keeps its number.

Each event carries its chain, as records.chain_mac says. Where a sector begins the key moves forward; the old one is
programmed to zero in the next idle moment. Only the first key of a chain stays until the cloud has it.
"""

from binascii import crc32
from hashlib import sha256
from struct import pack_into, unpack_from

from micropython import const

from ..events import CHAIN_BEGINS, NEW_KEY
from ..records import EVENT, EVENT_LAYOUT, expired, next_chain_key
from .sectors import SECTOR, Sectors, whole
from .state import ACKNOWLEDGED, CHAIN

LETTER = 76  # L, as the log is called in events about its flash

_SLOTS = const(128)
_KEY = const(16)  # bytes of a chain key, and where it lies in its sector
# An acknowledgement goes to flash when it is so many events ahead; until then a restart sends them again.
_LAZY = const(64)
_TRIES = const(3)  # slots in which an event is tried, should the flash not take it


class EventLog:
    """first, last: sequence numbers on flash, first = last + 1 when there are none. epoch: which log this is.

    acknowledged: the cloud has all up to it. What lies between it and first was overwritten before the cloud had it.
    room: for so many events there is always room. state: the journal that keeps what the cloud acknowledged.
    urandom(n): n random bytes.
    """

    def __init__(self, partition, state, urandom):
        self._flash = Sectors(partition, b"pL", 4)
        self._state = state
        self.room = (self._flash.count - 2) * (_SLOTS - 1)
        self._urandom = urandom
        self._buf = buf = bytearray(_KEY + 8 + EVENT)  # chain key, chain of the last event, the event
        view = memoryview(buf)
        self._event, self._hashed, self._body = view[24:], view[:44], view[24:52]
        self._one = bytearray(EVENT)
        self.epoch = self.first = self.last = self._head = 0
        self._slot = _SLOTS  # the next one to be programmed
        self._chained = False  # whether the chain goes on; else it begins anew in the next sector
        self._next = None  # the sector that is erased ahead
        self._turn = 0  # flag of the first event in a sector, until it is there
        self._begins = None  # number of the event with which the chain begins, and its key
        self._start = None  # the sector with that key
        self._old = []  # sectors whose keys are to go
        from . import log_start

        log_start.find_end(self)
        epoch, upto = divmod(state.get(ACKNOWLEDGED), 1 << 32)
        self._saved = self.acknowledged = upto if epoch == self.epoch else 0
        if self.acknowledged > self.last:  # the end of the log is gone: a number the cloud has is not given again
            self.last = self.acknowledged
            self._chained = False
        newest = self._head if self._next is None else self._next
        first_lap = self.last <= self.room and self._flash.header(0) == (self.epoch, 1)
        self._find_oldest(0 if first_lap else self._after(newest))
        log_start.find_chain(self)
        if not self._chained:
            self._slot, self._next = _SLOTS, None

    def append(self, code, door, extra, key, utc, flags, count=0):
        """Records an event and returns its sequence number. One program; an erase only when prepare() never came."""
        buf = self._buf
        for _ in range(_TRIES):
            slot = self._slot
            if slot == _SLOTS:
                if self._next is None:
                    self._erase_next()
                if self.last:
                    self._old.append(self._head)
                self._head, self._next, slot = self._next, None, 1
                self._turn = self._turn or NEW_KEY
            flags |= self._turn
            pack_into(EVENT_LAYOUT, buf, 24, self.last + 1, utc or 0, code, door, extra, flags, key or bytes(7), count)
            chain = sha256(self._hashed).digest()
            pack_into("8s", buf, 44, chain)
            pack_into("<I", buf, 52, crc32(self._body))
            at = self._head * SECTOR + slot * EVENT
            self._slot = slot + 1
            if self._put(at):
                self.last += 1
                pack_into("8s", buf, 16, chain)
                if self._turn == NEW_KEY:
                    buf[:_KEY] = next_chain_key(self._hashed[:_KEY])
                self._turn = 0
                return self.last
            # A bit had turned over where nothing was yet: the slot is given up. So is the sector if even that cannot be
            # written: an erased slot with events behind it would look like the end.
            if not self._flash.write(at, bytes(EVENT)):
                self._slot = _SLOTS
        raise OSError("log: the flash takes no event")

    def prepare(self):
        """In an idle moment: lets go of old keys, and erases one sector ahead of need. Whether it erased."""
        self._forget()
        if self._next is not None or self._slot < _SLOTS // 2:
            return False
        self._erase_next()
        return True

    def acknowledge(self, seq):
        """The cloud has every event up to and with seq."""
        self.acknowledged = max(self.acknowledged, min(seq, self.last))
        if self.acknowledged - self._saved >= _LAZY:
            self._save()

    @property
    def chain_start(self):
        """(sequence number of the event with which the chain begins, key) until the cloud has that event, else None."""
        begins = self._begins
        return begins if begins and self.acknowledged < begins[0] <= self.last else None

    def read(self, seq, buf):
        """Copies events from seq on into buf, as many as fit, contiguous; returns how many.

        An event that cannot be read any more comes alone, as LOG_OVERWRITTEN under its number, with its chain where
        that is left. 0: seq is not on flash.
        """
        from .log_read import read

        return read(self, seq, buf)

    def _put(self, at):
        """Programs the event. Whether it is there: read back without an allocation."""
        try:
            self._flash.program(at, self._event)
            if self._flash.read(at, self._one) == self._event:
                return True
        except OSError:
            pass
        return False

    def _after(self, sector):
        return (sector + 1) % self._flash.count

    def _save(self):
        self._forget()
        self._state.set(ACKNOWLEDGED, self.epoch << 32 | self.acknowledged)
        self._saved = self.acknowledged

    def _forget(self):
        """Programs keys to zero, but for one with which the chain begins while the cloud does not have it."""
        if self._begins and self.acknowledged >= self._begins[0]:
            self._begins = None
        keep = self._start if self._begins else None
        for sector in self._old:
            if sector != keep:
                self._flash.write(sector * SECTOR + _KEY, bytes(_KEY))
        if self._old:
            self._old = [sector for sector in self._old if sector == keep]

    def _erase_next(self):
        """Makes the sector after the head ready. What it held is gone, so what the cloud has of it is noted first."""
        flash, buf = self._flash, self._buf
        self._save()
        sector = self._after(self._head)
        if sector == self._start and self.chain_start:
            self._chained = False  # all round, and no cloud ever had the key with which the chain begins
        if not self._chained:
            self._slot = _SLOTS
            self._chained = True
            self._turn = CHAIN_BEGINS
            key = self._urandom(_KEY)
            buf[:24] = key + bytes(8)
            self._begins = self.last + 1, key
            if self.last:
                self._state.set(CHAIN, self.epoch << 32 | self.last + 1)
        key = bytes(buf[:_KEY])
        if self._turn != CHAIN_BEGINS:
            key = next_chain_key(key)
        for _ in range(flash.count - 1):
            flash.retire(sector)  # half erased, it is not to look ready
            flash.erase(sector)
            if sector == self._tail:
                self._find_oldest(self._after(sector))
            if flash.write(sector * SECTOR + _KEY, key) and flash.complete(sector, self.epoch, self.last + 1):
                self._next = sector
                if self._turn == CHAIN_BEGINS:
                    self._start = sector
                return
            sector = self._after(sector)
        raise OSError("log: the flash takes no event")

    def _slot_at(self, sector, slot):
        """The sequence number in a slot; -1 when it is damaged, 0 when it is torn and has none, None when erased."""
        event = self._flash.read(sector * SECTOR + slot * EVENT, self._one)
        number = unpack_from("<I", event)[0]
        if whole(event):
            return number
        if event[31] == 0xFF:  # the last byte to be programmed
            return None if min(event) == 0xFF else 0
        header = self._flash.header(sector)
        if expired(event) and (not header or 0 <= number - header[1] < 4 * _SLOTS):
            return number
        if not header or not any(event):
            return 0
        from .rot import mended

        event[:] = mended(event) or event
        return unpack_from("<I", event)[0] if whole(event) else -1

    def _first(self, sector):
        """The sequence number of a sector's first event that can be read, 0 when it has none."""
        for slot in range(1, _SLOTS):
            seq = self._slot_at(sector, slot)
            if seq is None:
                break
            if seq > 0:
                return seq
        return 0

    def _readable(self, sector):
        """(first sequence number, sector) of the next sector that has events, from this one on round the ring."""
        for _ in range(self._flash.count):
            seq = self._first(sector)
            if seq and seq >= self.first:  # a worn sector may still hold what it held
                return seq, sector
            sector = self._after(sector)
        return self.last + 1, self._head

    def _find_oldest(self, sector):
        first, tail = self._readable(sector)
        seq, sector = self._readable(self._after(tail))
        if tail != self._head and seq - first >= _SLOTS * ((sector - tail) % self._flash.count + 1):
            first, tail = seq, sector  # what came before it was left by a sector that cannot be erased
        self.first, self._tail = first, tail
