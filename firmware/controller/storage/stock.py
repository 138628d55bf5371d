"""The stock of a bank on the raw partition `bank`: a key for each of 256 slots, and where each parcel lies.

    sector:  header 16 bytes, 16 free, 127 records of 32 bytes. The header has a turn; later ones come later
    record:  number u32, state, compartment, size, seen, key 16, before, 3 free, CRC-32     gone: zeros; free: all ones

What becomes of a delivery is a new record; the one before is then zero in place, and its key with it. So the last
record of a slot counts, and who reads the flash finds no key of the past. A sector is erased in an idle moment, when
what counts in it was written again. Compartments that may be allotted have slots of their own behind those of
deliveries (allotments.py).
"""

from array import array
from struct import pack, unpack_from

from micropython import const

from ..access.codes import SLOTS
from ..events import FLASH_FOREIGN, NOT_SAVED, SECTOR_BAD
from .blank import make_blank
from .sectors import SECTOR, Sectors, fault, sealed, whole

HELD = 0  # its key is there
LIES = 1  # its parcel lies in a compartment, or was about to be put in
ENDED = 2  # picked up or cancelled: the key is gone, the number stays

_RECORD = const(32)
_PLACES = const(128)  # of a sector; the header has the first
_LAYOUT = "<IBBBB16sB3x"
_LEAST = const(6)  # sectors. One is written; of the others one has at most 51 of the 256 records that count
ALLOTTED = 3  # from this state on it is no delivery's record: of a compartment's allotment
_MOVED = const(60)
_PARCELS = const(4)  # extra of NOT_SAVED
_GONE = bytes(_RECORD)
_NO_KEY = bytes(16)


class Delivery:
    """What the record of a slot says. number 0: there is none.

    compartment: its number, where the parcel lies. size: what was asked for. seen: 1 when it was shut. before: another
    compartment, which was opened for it too and may have the parcel, until it is picked up; 0: none.
    """

    def __init__(self, record=_GONE):
        self.number, self.state, self.compartment, self.size, self.seen, self.key, self.before = unpack_from(
            _LAYOUT, record
        )

    def pack(self):
        if self.state == ENDED:
            self.key = _NO_KEY
        return sealed(
            pack(_LAYOUT, self.number, self.state, self.compartment, self.size, self.seen, self.key, self.before)
        )


class Stock:
    """partition: an esp32.Partition, or what has its readblocks, writeblocks and ioctl.

    compartments: how many may be allotted; their slots come behind those of deliveries.
    """

    def __init__(self, partition, compartments=0):
        self._flash = flash = Sectors(partition, b"KB", _LEAST)
        slots = SLOTS + compartments
        self._places = array("H", bytes(2 * slots))  # of the record of each slot: sector * 128 + its place there
        self._bad = bytearray(flash.count)  # sectors that do not take a header
        self._moved = _MOVED * slots // SLOTS
        self._turn = self._sector = 0  # of the sector that is written; the turn rises with every one
        self._left = 0  # places there
        self._spare = -1  # the sector that comes next: erased
        self.is_worn = False  # the flash takes nothing more: until the next start no code opens anything
        self._try(self._read_all)

    def _read_all(self):
        flash, turns = self._flash, []
        for sector in range(flash.count):
            header = flash.header(sector)
            if header:
                turns.append((header[0], sector))
            elif header == ():
                self._spare = sector
        turned = []
        for self._turn, self._sector in sorted(turns):
            self._start(self._sector * _PLACES, turned)
        for slot, place, before, record in turned:
            if self._places[slot] == place:
                self._write(slot, record)
            if before:
                flash.firm(before * _RECORD, _GONE)
        if not self._turn and make_blank(flash, 0):
            fault(FLASH_FOREIGN, flash.magic[1])

    def _try(self, step, *what):
        """Worn flash takes the bank out of use, and nothing else of the board."""
        if not self.is_worn:
            try:
                return step(*what)
            except OSError:
                self.is_worn = True
                fault(NOT_SAVED, _PARCELS)
        return None

    def get(self, slot):
        """The delivery of a slot. What cannot be read any more is none: its code opens nothing."""
        return Delivery(self.record(slot) or _GONE)

    def set(self, delivery):
        """Durable when it returns: two programs, read back. Else it is worn."""
        self.keep(delivery.number % SLOTS, delivery.pack())

    def record(self, slot):
        """What lies in a slot, None for nothing."""
        return self._try(self._get, slot)

    def keep(self, slot, record):
        """As set()."""
        self._try(self._set, slot, record)

    def prepare(self):
        """In an idle moment: a record is moved, or a sector erased, until one is ready. Whether it did something."""
        return self._try(self._prepare) or False

    def _get(self, slot):
        place = self._places[slot]
        if place:
            record = self._read(place)
            if whole(record):
                return record
            from .bit_errors import mended

            record = mended(record)
            if record:
                self._write(slot, record)
                return record
            self._places[slot] = 0
            fault(SECTOR_BAD, self._flash.magic[1])  # whose it was a start finds on the log
        return None

    def _set(self, slot, record):
        if self._left <= self._moved:
            while self._prepare():
                pass
        self._write(slot, record)

    def _prepare(self):
        if self._spare >= 0:
            return False
        flash = self._flash
        live = bytearray(flash.count)
        for place in self._places:
            live[place // _PLACES] += place > 0
        sectors = [n for n in range(flash.count) if not self._bad[n] and (n != self._sector or not self._turn)]
        if not sectors:
            raise OSError("bank: flash")
        victim = min(sectors, key=lambda n: live[n])
        if live[victim]:
            if not self._left:
                raise OSError("bank: flash")
            for slot, place in enumerate(self._places):
                if place and place // _PLACES == victim:
                    if self._get(slot) and self._places[slot] == place:
                        self._write(slot, self._read(place))
                    return True
        self._bad[victim] = not (flash.erase(victim) and flash.write(victim * SECTOR, flash.magic))
        if not self._bad[victim]:
            self._spare = victim
        return True

    def _read(self, place):
        return self._flash.read(place * _RECORD, bytearray(_RECORD))

    def _write(self, slot, record):
        """To the next place that takes it; then the one before is gone."""
        flash, before = self._flash, self._places[slot]
        while True:
            while not self._left:
                self._begin()
            place = (self._sector + 1) * _PLACES - self._left
            self._left -= 1
            if flash.write(place * _RECORD, record):
                break
            flash.firm(place * _RECORD, _GONE)
        self._places[slot] = place
        if before:
            flash.write(before * _RECORD, _GONE)

    def _begin(self):
        """The sector that was made ready is the one that is written."""
        while self._prepare():
            pass
        sector, self._spare = self._spare, -1
        self._turn += 1
        if self._flash.complete(sector, self._turn, 0):
            self._sector, self._left = sector, _PLACES - 1
        else:
            self._bad[sector] = 1

    def _start(self, begin, turned):
        """Reads a sector, later than all before. begin: the place of its header.

        Bits that a power cut left weak read now so, now so. They are in the last record, in the header, or where the
        next record would go: what was read there is programmed again, before anything else is gone for it, and that
        place is given up. turned: gets the records of which one bit is not as it was: they are to be written anew.
        """
        flash = self._flash
        flash.complete(self._sector, self._turn, 0)
        self._left = 0
        last = None
        for place in range(begin + 1, begin + _PLACES):
            record = self._read(place)
            if min(record) == 0xFF:
                flash.firm(place * _RECORD, _GONE)
                self._left = begin + _PLACES - place - 1
                break
            if not any(record):
                continue
            last = None
            if whole(record):
                last = place, record
            else:
                from .bit_errors import mended

                record = mended(record)
                if not record:
                    flash.firm(place * _RECORD, _GONE)
                    continue
            slot = unpack_from("<H", record)[0] % SLOTS
            if record[4] >= ALLOTTED:
                slot = SLOTS + record[0] - 1
                if not SLOTS <= slot < len(self._places):  # board.json has fewer, or none to allot, now
                    continue
            before, self._places[slot] = self._places[slot], place
            if not last:
                turned.append((slot, place, before, record))
            elif before:
                flash.firm(place * _RECORD, record)
                flash.firm(before * _RECORD, _GONE)
        if last:
            flash.firm(last[0] * _RECORD, last[1])
