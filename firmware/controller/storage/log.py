"""The event log: a ring of sectors in which one event is one program, durable when append returns.

Slot 0 of a sector is its header (log epoch, how often a sector was begun), slots 1 to 127 hold events. Where a sector
stands in the ring is told by the sequence numbers of its events. A torn event leaves a slot that is skipped;
the next event carries its number.
"""

from struct import unpack_from

from ..events import LOG_OVERWRITTEN
from ..records import EVENT, pack_event
from .sectors import SECTOR, Sectors, whole
from .state import ACKNOWLEDGED

_SLOTS = SECTOR // EVENT
_BLANK = b"\xff" * EVENT
_LAZY = 64  # an acknowledgement goes to flash when it is so many events ahead; until then a restart sends them again


class EventLog:
    """first, last: sequence numbers on flash, first = last + 1 when there are none. overwritten: see below.

    state: the journal that keeps what the cloud acknowledged. new_epoch: a random u32, used when a log is begun.
    """

    def __init__(self, partition, state, new_epoch):
        self._flash = Sectors(partition, b"PL", 4)
        self._state = state
        self._one = bytearray(EVENT)
        self._find_end()
        self.first = self._find_oldest(0 if self._first(0)[0] == 1 else self._after(self._head))
        self._find_epoch(new_epoch)
        epoch, upto = divmod(state.get(ACKNOWLEDGED), 1 << 32)
        self._saved = self.acknowledged = upto if epoch == self.epoch else 0
        if self.acknowledged > self.last:  # the end of the log is gone: a number the cloud has is not given again
            self.last = self.acknowledged
            self.first = self._find_oldest(self._tail)

    @property
    def overwritten(self):
        """How many events were overwritten before the cloud had them: those between acknowledged and first."""
        return max(0, self.first - 1 - self.acknowledged)

    def append(self, code, door, extra, key, utc, flags):
        """Records an event and returns its sequence number. One program; an erase only when prepare() never came."""
        if self._slot == _SLOTS:
            if not self._prepared:
                self._erase_next()
            self._head = self._after(self._head)
            self._slot, self._prepared = 1, False
        seq = self.last + 1
        at = self._head * SECTOR + self._slot * EVENT
        self._slot += 1
        try:
            self._flash.program(at, pack_event(seq, utc or 0, code, door, extra, flags, key))
        except OSError:
            self._slot = _SLOTS  # an erased slot with events behind it would be taken for the end of the log
            raise
        self.last = seq
        return seq

    def prepare(self):
        """In an idle moment: erases one sector ahead of need. Whether it did."""
        if self._prepared or self._slot < _SLOTS // 2:
            return False
        self._erase_next()
        return True

    def acknowledge(self, seq):
        """The cloud has every event up to and with seq."""
        seq = min(seq, self.last)
        if seq > self.acknowledged:
            self.acknowledged = seq
            if seq - self._saved >= _LAZY:
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
        start, slot = self._first(sector)
        slot = max(1, seq - start + 1) if start else 1
        n = 0
        while n < room:
            end = self._slot if sector == self._head else _SLOTS
            took = min(room - n, end - slot)
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
                if not whole(record):
                    continue
                found = unpack_from("<I", record)[0]
                if found > seq + n:
                    room = n
                    break
                if found == seq + n:
                    view[n * EVENT : (n + 1) * EVENT] = record
                    n += 1
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
        if self.acknowledged > self._saved:
            self._save()
        self._flash.retire(sector)  # half erased, it is not to look ready
        self._flash.erase(sector)
        if sector == self._tail:
            self.first = self._find_oldest(self._after(sector))
        self._begun += 1
        self._flash.complete(sector, self.epoch, self._begun)
        self._prepared = True

    def _slot_at(self, sector, slot):
        """Reads a slot into self._one. Its sequence number, 0 when it is not whole, None when it is erased."""
        self._flash.read(sector * SECTOR + slot * EVENT, self._one)
        if whole(self._one):
            return unpack_from("<I", self._one)[0]
        return None if self._one == _BLANK else 0

    def _first(self, sector):
        """(sequence number, slot) of a sector's first whole event, (0, 0) when it has none."""
        for slot in range(1, _SLOTS):
            seq = self._slot_at(sector, slot)
            if seq is None:
                break
            if seq:
                return seq, slot
        return 0, 0

    def _sector_of(self, seq):
        """The last readable sector that begins with seq or before, by halving from the oldest to the head."""
        low, high = 0, (self._head - self._tail) % self._flash.count + 1
        while high - low > 1:
            middle = probe = (low + high) // 2
            start = 0
            while probe < high and not start:
                start = self._first((self._tail + probe) % self._flash.count)[0]
                probe += 1
            if 0 < start <= seq:
                low = probe - 1
            else:
                high = middle
        return (self._tail + low) % self._flash.count

    def _newest_sector(self):
        """The sector with the highest numbers, by halving: from sector 0 they rise, then fall to the lap before."""
        count = self._flash.count
        low, high = 0, count
        base = self._first(0)[0]
        if not base:  # erased ahead, or unreadable
            low, base = 1, self._first(1)[0]
        while base and high - low > 1:
            middle = (low + high) // 2
            if self._first(middle)[0] >= base:
                low = middle
            else:
                high = middle
        # An unreadable sector looks like the end of the lap, unless one looks behind it.
        if base and (low + 2 >= count or self._first(low + 2)[0] < base):
            return low
        return max(range(count), key=lambda sector: self._first(sector)[0])

    def _find_end(self):
        """Sets head, slot and last."""
        self._head = head = self._newest_sector()
        slot, high = 1, _SLOTS
        while slot < high:
            middle = (slot + high) // 2
            if self._slot_at(head, middle) is None:
                high = middle
            else:
                slot = middle + 1
        self._slot = slot
        self.last = 0
        while slot > 1 and not self.last:
            slot -= 1
            self.last = self._slot_at(head, slot)

    def _find_oldest(self, sector):
        """The first sequence number from a sector on, round the ring; last + 1 when there are no events."""
        for _ in range(self._flash.count):
            seq = self._first(sector)[0]
            if seq:
                self._tail = sector
                return seq
            sector = self._after(sector)
        self._tail = self._head
        return self.last + 1

    def _find_epoch(self, new_epoch):
        """Takes the epoch from the headers. A partition with neither headers nor events becomes a new log."""
        ready = self._flash.header(self._after(self._head))
        self._prepared = bool(ready) and self._slot_at(self._after(self._head), 1) is None
        header = self._flash.header(self._head) or ready
        for sector in range(self._flash.count):
            if header:
                break
            header = self._flash.header(sector)
        self.epoch, self._begun = header or (new_epoch, 0)
        if self._prepared:
            self._begun = ready[1]
        if not header and not self.last:
            for sector in range(self._flash.count):
                if not self._flash.blank(sector):
                    self._flash.erase(sector)
            self._flash.complete(0, new_epoch, 0)
