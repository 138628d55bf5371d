"""The event log: a ring of sectors in which one event is one program, durable when append returns.

Slot 0 of a sector is its header (log epoch, next sequence number when it was erased), slots 1 to 127 hold events.
Where a sector stands in the ring is told by its events. A torn event leaves a slot that is skipped; the next event
carries its number.
"""

from struct import unpack_from

from micropython import const

from ..events import LOG_OVERWRITTEN
from ..records import EVENT, pack_event
from .sectors import SECTOR, Sectors, last, whole
from .state import ACKNOWLEDGED

_SLOTS = const(128)
_LAZY = const(
    64
)  # an acknowledgement goes to flash when it is so many events ahead; until then a restart sends them again


class EventLog:
    """first, last: sequence numbers on flash, first = last + 1 when there are none. epoch: which log this is.

    acknowledged: the cloud has all up to it. What lies between it and first was overwritten before the cloud had it.
    state: the journal that keeps what the cloud acknowledged. new_epoch: a random u32, used when a log is begun.
    """

    def __init__(self, partition, state, new_epoch):
        self._flash = Sectors(partition, b"PL", 4)
        self._state = state
        self._one = bytearray(EVENT)
        self._head = head = self._newest()
        self._slot = slot = last(0, _SLOTS, lambda slot: self._slot_at(head, slot) is not None) + 1
        self.last = 0
        while slot > 1 and not self.last:
            slot -= 1
            self.last = self._slot_at(head, slot)
        self._find_oldest(0 if self._first(0) == 1 else self._after(head))
        self._find_epoch(new_epoch)
        epoch, upto = divmod(state.get(ACKNOWLEDGED), 1 << 32)
        self._saved = self.acknowledged = upto if epoch == self.epoch else 0
        if self.acknowledged > self.last:  # the end of the log is gone: a number the cloud has is not given again
            self.last = self.acknowledged
            self._find_oldest(self._tail)

    def append(self, code, door, extra, key, utc, flags):
        """Records an event and returns its sequence number. One program; an erase only when prepare() never came."""
        if self._slot == _SLOTS:
            if not self._prepared:
                self._erase_next()
            self._head = self._after(self._head)
            self._slot, self._prepared = 1, False
        event = pack_event(self.last + 1, utc or 0, code, door, extra, flags, key)
        slot = self._slot
        self._slot = _SLOTS  # after an error: an erased slot with events behind it would look like the end of the log
        self._flash.program(self._head * SECTOR + slot * EVENT, event)
        self._slot = slot + 1
        self.last += 1
        return self.last

    def prepare(self):
        """In an idle moment: erases one sector ahead of need. Whether it did."""
        if self._prepared or self._slot < _SLOTS // 2:
            return False
        self._erase_next()
        return True

    def acknowledge(self, seq):
        """The cloud has every event up to and with seq."""
        self.acknowledged = max(self.acknowledged, min(seq, self.last))
        if self.acknowledged - self._saved >= _LAZY:
            self._save()

    def read(self, seq, buf):
        """Copies events from seq on into buf, as many as fit, contiguous; returns how many.

        An event that cannot be read any more comes alone, as LOG_OVERWRITTEN under its number. 0: seq is not on flash.
        """
        if not self.first <= seq <= self.last:
            return 0
        view = memoryview(buf)
        room = len(buf) // EVENT
        sector = self._sector_of(seq)
        slot = max(1, seq - (self._first(sector) or seq) + 1)
        n = 0
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
                found = whole(record) and unpack_from("<I", record)[0]
                if found == seq + n:
                    view[n * EVENT : (n + 1) * EVENT] = record
                    n += 1
                elif found > seq + n:
                    room = n
                    break
        if not n:
            view[:EVENT] = pack_event(seq, 0, LOG_OVERWRITTEN, 0, 1, 0, None)
        return n or 1

    def _after(self, sector):
        return (sector + 1) % self._flash.count

    def _save(self):
        self._state.set(ACKNOWLEDGED, self.epoch << 32 | self.acknowledged)
        self._saved = self.acknowledged

    def _erase_next(self):
        """Makes the sector after the head ready. What it held is gone, so what the cloud has of it is noted first."""
        sector = self._after(self._head)
        self._save()
        self._flash.retire(sector)  # half erased, it is not to look ready
        self._flash.erase(sector)
        if sector == self._tail:
            self._find_oldest(self._after(sector))
        self._flash.complete(sector, self.epoch, self.last + 1)
        self._prepared = True

    def _slot_at(self, sector, slot):
        """The sequence number in a slot, 0 when it is not whole, None when it is erased."""
        event = self._flash.read(sector * SECTOR + slot * EVENT, self._one)
        if whole(event):
            return unpack_from("<I", event)[0]
        return None if min(event) == 0xFF else 0

    def _first(self, sector):
        """The sequence number of a sector's first whole event, 0 when it has none."""
        for slot in range(1, _SLOTS):
            seq = self._slot_at(sector, slot)
            if seq != 0:
                return seq or 0
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

    def _newest(self):
        """The sector with the highest numbers, by halving: from sector 0 they rise, then fall to the lap before."""
        count = self._flash.count
        low = 0 if self._first(0) else 1  # 0 may be erased ahead
        base = self._first(low)
        newest = last(low, count, lambda sector: self._first(sector) >= base)
        # An unreadable sector looks like the end of the lap, unless one looks behind it.
        if base and (newest + 2 >= count or self._first(newest + 2) < base):
            return newest
        return max(range(count), key=self._first)

    def _find_epoch(self, new_epoch):
        """Takes the epoch from the headers. A partition with neither headers nor events becomes a new log."""
        flash, after = self._flash, self._after(self._head)
        self._prepared = bool(flash.header(after)) and self._slot_at(after, 1) is None
        for sector in [self._head, after] + list(range(flash.count)):
            header = flash.header(sector)
            if header:
                self.epoch = header[0]
                return
        self.epoch = new_epoch
        if not self.last:
            for sector in range(flash.count):
                flash.clear(sector)
            flash.complete(0, new_epoch, 1)
