"""State that outlives a power cut: a number for each kind, journalled as 16-byte records."""

from struct import pack, unpack_from

from micropython import const

from ..events import BIT_TURNED
from .sectors import SECTOR, Sectors, fault, sealed, whole

# Kinds. Numbers are kept for ever.
ACKNOWLEDGED = 1  # log epoch << 32 | sequence number up to which the cloud has the events
BOOTS = 2  # starts so far
CHAIN = 3  # log epoch << 32 | sequence number with which its chain began anew
TIME = 4  # Unix seconds: it is not earlier than that
# 5: the newest firmware this board had, of cloud/update.py. 40, 41: of loop.py and points/fire.py. 64 to 79: commands.
# 80: of code_entry.py. 81 on: of points/compartments.py

_RECORD = const(16)  # kind u16, spare u16, value u64, CRC-32


class StateJournal:
    """The last whole record of a kind is its value. A full sector is copied to the next one, then retired."""

    def __init__(self, partition):
        self.flash = flash = Sectors(partition, b"PS", 2)
        self.values = {}
        self.turn = 0  # rises with every sector
        self.sector = -1
        self.erased = False  # whether the next sector is
        self.at = SECTOR
        for sector in range(flash.count):
            header = flash.header(sector)
            if header and header[1] > self.turn:
                self.sector, self.turn = sector, header[1]
        self._looked = 0  # where look() is
        if not self.turn:
            self._move()
            return
        buf = bytearray(_RECORD)
        record = None
        for at in range(_RECORD, SECTOR, _RECORD):
            flash.read(self.sector * SECTOR + at, buf)
            if min(buf) == 0xFF:
                self.at = at
                if at > _RECORD:  # a power cut may have left bits of the last one that read now so, now so
                    flash.firm(self.sector * SECTOR + at - _RECORD, record or bytes(_RECORD))
                break
            record = bytes(buf)
            if not whole(record):
                from .bit_errors import mended

                record = mended(record)
            if record:
                kind, _, value = unpack_from("<HHQ", record)
                self.values[kind] = value

    def get(self, kind):
        """The value last set, 0 when none was."""
        return self.values.get(kind, 0)

    def set(self, kind, value):
        """Durable when it returns: one program, none when nothing changes. Flash that takes nothing is told."""
        if self.get(kind) == value:
            return
        at = self.at
        self.at += _RECORD
        if at == SECTOR or not self.write(self.sector, at, kind, value):
            self.values[kind] = value
            self._move()
        self.values[kind] = value

    def prepare(self):
        """In an idle moment: erases the next sector ahead of need. Whether it did."""
        if self.erased or self.at < SECTOR * 3 // 4:
            return False
        self.flash.erase((self.sector + 1) % self.flash.count)
        self.erased = True
        return True

    def look(self):
        """In an idle moment, every ten seconds or so: reads a record again.

        Where a bit turned over all that counts goes to the next sector: a start could not turn back two of one record.
        """
        at = self._looked if self._looked < self.at else 0
        self._looked = at + _RECORD
        record = self.flash.read(self.sector * SECTOR + at, bytearray(_RECORD))
        if any(record) and not whole(record):
            self._move()
            fault(BIT_TURNED, self.flash.magic[1])

    def write(self, sector, at, kind, value):
        """Whether the record is there."""
        return self.flash.write(sector * SECTOR + at, sealed(pack("<HHQ", kind, 0, value)))

    def _move(self):
        from .state_move import move

        move(self)
