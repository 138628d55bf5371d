"""The event log: a ring of sectors in which one event is one program, durable when append returns.

log_format.py says how a sector lies; its header has the log epoch, and the next sequence number when it was erased.
Where a sector stands in the ring is told by its header, or by its events where that is damaged. A torn event leaves a
slot that is skipped; the next event carries its number. A damaged one keeps its number.

Each event carries its chain, as records.chain_mac says. Where a sector begins the key moves forward; the old one is
programmed to zero in the next idle moment. Only the first key of a chain stays until the cloud has it.
"""

from binascii import crc32
from hashlib import sha256
from struct import pack_into, unpack_from

from micropython import const

from ..events import CHAIN_BEGINS, NEW_KEY
from ..records import EVENT, EVENT_LAYOUT, expired, next_chain_key
from .log_format import KEY, SLOTS
from .sectors import SECTOR, Sectors, whole
from .state import ACKNOWLEDGED, CHAIN

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
        self.flash = Sectors(partition, b"pL", 4)
        self.state = state
        self.room = (self.flash.count - 2) * (SLOTS - 1)
        self.urandom = urandom
        self.buf = buf = bytearray(KEY + 8 + EVENT)  # chain key, chain of the last event, the event
        view = memoryview(buf)
        self._event, self._hashed, self._body = view[24:], view[:44], view[24:52]
        self.slot_buf = bytearray(EVENT)
        self.epoch = self.first = self.last = self.head = 0
        self.slot = SLOTS  # the next one to be programmed
        self.chained = False  # whether the chain goes on; else it begins anew in the next sector
        self.ready = None  # the sector that is erased ahead
        self._turn = 0  # flag of the first event in a sector, until it is there
        self.begins = None  # number of the event with which the chain begins, and its key
        self.start = None  # the sector with that key
        self.old_keys = []  # sectors whose keys are to go
        from .log_start import find_chain, find_end

        find_end(self)
        epoch, upto = divmod(state.get(ACKNOWLEDGED), 1 << 32)
        self._saved = self.acknowledged = upto if epoch == self.epoch else 0
        if self.acknowledged > self.last:  # the end of the log is gone: a number the cloud has is not given again
            self.last = self.acknowledged
            self.chained = False
        newest = self.head if self.ready is None else self.ready
        first_lap = self.last <= self.room and self.flash.header(0) == (self.epoch, 1)
        self._find_oldest(0 if first_lap else self.after(newest))
        find_chain(self)
        if not self.chained:
            self.slot, self.ready = SLOTS, None

    def append(self, code, door, extra, key, utc, flags, count=0):
        """Records an event and returns its sequence number. One program; an erase only when prepare() never came."""
        buf = self.buf
        for _ in range(_TRIES):
            slot = self.slot
            if slot == SLOTS:
                if self.ready is None:
                    self._erase_next()
                if self.last:
                    self.old_keys.append(self.head)
                self.head, self.ready, slot = self.ready, None, 1
                self._turn = self._turn or NEW_KEY
            flags |= self._turn
            pack_into(EVENT_LAYOUT, buf, 24, self.last + 1, utc or 0, code, door, extra, flags, key or bytes(7), count)
            chain = sha256(self._hashed).digest()
            pack_into("8s", buf, 44, chain)
            pack_into("<I", buf, 52, crc32(self._body))
            at = self.head * SECTOR + slot * EVENT
            self.slot = slot + 1
            if self._put(at):
                self.last += 1
                pack_into("8s", buf, 16, chain)
                if self._turn == NEW_KEY:
                    buf[:KEY] = next_chain_key(self._hashed[:KEY])
                self._turn = 0
                return self.last
            # A bit had turned over where nothing was yet: the slot is given up. So is the sector if even that cannot be
            # written: an erased slot with events behind it would look like the end.
            if not self.flash.write(at, bytes(EVENT)):
                self.slot = SLOTS
        raise OSError("log: the flash takes no event")

    def prepare(self):
        """In an idle moment: lets go of old keys, and erases one sector ahead of need. Whether it erased."""
        self._forget()
        if self.ready is not None or self.slot < SLOTS // 2:
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
        begins = self.begins
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
            self.flash.program(at, self._event)
            if self.flash.read(at, self.slot_buf) == self._event:
                return True
        except OSError:
            pass
        return False

    def after(self, sector):
        return (sector + 1) % self.flash.count

    def _save(self):
        self._forget()
        self.state.set(ACKNOWLEDGED, self.epoch << 32 | self.acknowledged)
        self._saved = self.acknowledged

    def _forget(self):
        """Programs keys to zero, but for one with which the chain begins while the cloud does not have it."""
        if self.begins and self.acknowledged >= self.begins[0]:
            self.begins = None
        keep = self.start if self.begins else None
        for sector in self.old_keys:
            if sector != keep:
                self.flash.write(sector * SECTOR + KEY, bytes(KEY))
        if self.old_keys:
            self.old_keys = [sector for sector in self.old_keys if sector == keep]

    def _erase_next(self):
        """Makes the sector after the head ready. What it held is gone, so what the cloud has of it is noted first."""
        flash, buf = self.flash, self.buf
        self._save()
        sector = self.after(self.head)
        if sector == self.start and self.chain_start:
            self.chained = False  # all round, and no cloud ever had the key with which the chain begins
        if not self.chained:
            self.slot = SLOTS
            self.chained = True
            self._turn = CHAIN_BEGINS
            key = self.urandom(KEY)
            buf[:24] = key + bytes(8)
            self.begins = self.last + 1, key
            if self.last:
                self.state.set(CHAIN, self.epoch << 32 | self.last + 1)
        key = bytes(buf[:KEY])
        if self._turn != CHAIN_BEGINS:
            key = next_chain_key(key)
        for _ in range(flash.count - 1):
            flash.retire(sector)  # half erased, it is not to look ready
            flash.erase(sector)
            if sector == self.tail:
                self._find_oldest(self.after(sector))
            if flash.write(sector * SECTOR + KEY, key) and flash.complete(sector, self.epoch, self.last + 1):
                self.ready = sector
                if self._turn == CHAIN_BEGINS:
                    self.start = sector
                return
            sector = self.after(sector)
        raise OSError("log: the flash takes no event")

    def slot_at(self, sector, slot):
        """The sequence number in a slot; -1 when it is damaged, 0 when it is torn and has none, None when erased."""
        event = self.flash.read(sector * SECTOR + slot * EVENT, self.slot_buf)
        number = unpack_from("<I", event)[0]
        if whole(event):
            return number
        if event[31] == 0xFF:  # the last byte to be programmed
            return None if min(event) == 0xFF else 0
        header = self.flash.header(sector)
        if expired(event) and (not header or 0 <= number - header[1] < 4 * SLOTS):
            return number
        if not header or not number:  # nothing: the power went while a start made what is torn zero
            return 0
        from .bit_errors import mended

        event[:] = mended(event) or event
        return unpack_from("<I", event)[0] if whole(event) else -1

    def first_in(self, sector):
        """The sequence number of a sector's first event that can be read, 0 when it has none."""
        for slot in range(1, SLOTS):
            seq = self.slot_at(sector, slot)
            if seq is None:
                break
            if seq > 0:
                return seq
        return 0

    def readable(self, sector):
        """(first sequence number, sector) of the next sector that has events, from this one on round the ring."""
        for _ in range(self.flash.count):
            seq = self.first_in(sector)
            if seq and seq >= self.first:  # a worn sector may still hold what it held
                return seq, sector
            sector = self.after(sector)
        return self.last + 1, self.head

    def _find_oldest(self, sector):
        first, tail = self.readable(sector)
        seq, sector = self.readable(self.after(tail))
        if tail != self.head and seq - first >= SLOTS * ((sector - tail) % self.flash.count + 1):
            first, tail = seq, sector  # what came before it was left by a sector that cannot be erased
        self.first, self.tail = first, tail
