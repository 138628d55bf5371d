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

from ..events import CHAIN_BEGINS, LOG_OVERWRITTEN, NEW_KEY, SECTOR_BAD
from ..records import EVENT, EVENT_LAYOUT, expired, next_chain_key, pack_event
from .sectors import SECTOR, Sectors, fault, last, whole
from .state import ACKNOWLEDGED, CHAIN

LETTER = 76  # L, as the log is called in events about its flash

_SLOTS = const(128)
_KEY = const(16)  # bytes of a chain key, and where it lies in its sector
_LAZY = const(
    64
)  # an acknowledgement goes to flash when it is so many events ahead; until then a restart sends them again
_TRIES = const(3)  # sectors in which an event is tried, should the flash not take it


class EventLog:
    """first, last: sequence numbers on flash, first = last + 1 when there are none. epoch: which log this is.

    acknowledged: the cloud has all up to it. What lies between it and first was overwritten before the cloud had it.
    state: the journal that keeps what the cloud acknowledged. urandom(n): n random bytes.
    """

    def __init__(self, partition, state, urandom):
        self._flash = Sectors(partition, b"pL", 4)
        self._state = state
        self._urandom = urandom
        self._buf = buf = bytearray(_KEY + 8 + EVENT)  # chain key, chain of the last event, the event
        view = memoryview(buf)
        self._event, self._hashed, self._body = view[24:], view[:44], view[24:52]
        self._one = bytearray(EVENT)
        self.epoch = self.last = self._head = 0
        self._slot = _SLOTS  # the next one to be programmed
        self._chained = False  # whether the chain goes on; else it begins anew in the next sector
        self._next = None  # the sector that is erased ahead
        self._turn = 0  # flag of the first event in a sector, until it is there
        self._start = None  # the sector with the key with which the chain begins
        self._begins = 1  # number of the event with which it begins
        self._old = []  # sectors whose keys are to go
        from . import log_start

        log_start.find_end(self)
        epoch, upto = divmod(state.get(ACKNOWLEDGED), 1 << 32)
        self._saved = self.acknowledged = upto if epoch == self.epoch else 0
        if self.acknowledged > self.last:  # the end of the log is gone: a number the cloud has is not given again
            self.last = self.acknowledged
            self._chained = False
        self._find_oldest(0 if self._flash.header(0) == (self.epoch, 1) else self._after(self._head))
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
            buf[44:52] = sha256(self._hashed).digest()[:8]
            pack_into("<I", buf, 52, crc32(self._body))
            # Without success this sector is left: an erased slot with events behind it would look like the end.
            self._slot = _SLOTS
            if self._put(self._head * SECTOR + slot * EVENT):
                self._slot = slot + 1
                self.last += 1
                buf[16:24] = buf[44:52]
                if self._turn == NEW_KEY:
                    buf[:_KEY] = next_chain_key(buf[:_KEY])
                self._turn = 0
                return self.last
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
        if self._start is None or self.acknowledged >= self._begins:
            return None
        key = self._key_of(self._start)
        return key and (self._begins, key)

    def crowded(self):
        """Whether events that the cloud does not have fill three quarters of the ring."""
        waiting = self.last - max(self.acknowledged, self.first - 1)
        return waiting > (self._flash.count - 2) * (_SLOTS - 1) * 3 // 4

    def read(self, seq, buf):
        """Copies events from seq on into buf, as many as fit, contiguous; returns how many.

        An event that cannot be read any more comes alone, as LOG_OVERWRITTEN under its number, with its chain where
        that is left. 0: seq is not on flash.
        """
        if not self.first <= seq <= self.last:
            return 0
        view = memoryview(buf)
        room = len(buf) // EVENT
        sector = self._sector_of(seq)
        slot = max(1, seq - (self._first(sector) or seq) + 1)
        n = 0
        chain = bytes(8)
        while n < room:
            took = min(room - n, (self._slot if sector == self._head else _SLOTS) - slot)
            if took <= 0:
                if sector == self._head:
                    break
                sector, slot = self._after(sector), 1
                continue
            part = view[n * EVENT : (n + took) * EVENT]
            self._flash.read(sector * SECTOR + slot * EVENT, part)
            slot += took
            for at in range(0, took * EVENT, EVENT):
                record = part[at : at + EVENT]
                found = unpack_from("<I", record)[0]
                if found == seq + n and (whole(record) or expired(record)):
                    view[n * EVENT : (n + 1) * EVENT] = record
                    n += 1
                elif found == seq:
                    chain = bytes(record[20:28])
                elif found > seq + n and whole(record):
                    room = n
                    break
        if not n:
            view[:EVENT] = pack_event(seq, 0, LOG_OVERWRITTEN, 0, 1, 0, None, 0, chain)
        return n or 1

    def _put(self, at):
        """Programs the event. Whether it is there: read back without an allocation."""
        try:
            self._flash.program(at, self._event)
            if self._flash.read(at, self._one) == self._event:
                return True
        except OSError:
            pass
        fault(SECTOR_BAD, LETTER)
        return False

    def _after(self, sector):
        return (sector + 1) % self._flash.count

    def _save(self):
        self._forget()
        self._state.set(ACKNOWLEDGED, self.epoch << 32 | self.acknowledged)
        self._saved = self.acknowledged

    def _forget(self):
        """Programs keys to zero, but for one with which the chain begins while the cloud does not have it."""
        keep = self._start if self.acknowledged < self._begins else None
        for sector in self._old:
            if sector != keep:
                self._flash.write(sector * SECTOR + _KEY, bytes(_KEY))
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
            buf[:24] = self._urandom(_KEY) + bytes(8)
            self._begins = self.last + 1
            if self.last:
                self._state.set(CHAIN, self.epoch << 32 | self._begins)
        key = bytes(buf[:_KEY])
        if not self._turn:
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

    def _key_of(self, sector):
        """The chain key in a sector, None when it is gone."""
        key = bytes(self._flash.read(sector * SECTOR + _KEY, bytearray(_KEY)))
        return key if any(key) and min(key) < 0xFF else None

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
        return -1 if header and any(event) else 0

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
            if seq:
                return seq, sector
            sector = self._after(sector)
        return self.last + 1, self._head

    def _find_oldest(self, sector):
        self.first, self._tail = self._readable(sector)

    def _sector_of(self, seq):
        """The sector from which on to look for seq, by halving from the oldest to the head."""
        tail, count = self._tail, self._flash.count
        behind = (self._head - tail) % count + 1
        return (tail + last(0, behind, lambda i: self._readable((tail + i) % count)[0] <= seq)) % count
