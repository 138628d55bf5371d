"""State that outlives a power cut: a number for each kind, journalled as 16-byte records."""

from struct import pack, unpack_from

from micropython import const

from .sectors import SECTOR, Sectors, sealed, whole

# Kinds. Numbers are kept for ever.
ACKNOWLEDGED = 1  # log epoch << 32 | sequence number up to which the cloud has the events
BOOTS = 2  # starts so far
CHAIN = 3  # log epoch << 32 | sequence number with which its chain began anew
TIME = 4  # Unix seconds: it is not earlier than that

_RECORD = const(16)  # kind u16, spare u16, value u64, CRC-32


class StateJournal:
    """The last whole record of a kind is its value. A full sector is copied to the next one, then retired."""

    def __init__(self, partition):
        self._flash = flash = Sectors(partition, b"PS", 2)
        self._values = {}
        self._turn = 0  # rises with every sector
        self._sector = -1
        self._erased = False  # whether the next sector is
        self._at = SECTOR
        for sector in range(flash.count):
            header = flash.header(sector)
            if header and header[1] > self._turn:
                self._sector, self._turn = sector, header[1]
        if not self._turn:
            self._move()
            return
        buf = bytearray(_RECORD)
        for at in range(_RECORD, SECTOR, _RECORD):
            flash.read(self._sector * SECTOR + at, buf)
            if whole(buf):
                kind, _, value = unpack_from("<HHQ", buf)
                self._values[kind] = value
            elif min(buf) == 0xFF:
                self._at = at
                break

    def get(self, kind):
        """The value last set, 0 when none was."""
        return self._values.get(kind, 0)

    def set(self, kind, value):
        """Durable when it returns: one program, none when nothing changes."""
        if self.get(kind) == value:
            return
        if self._at == SECTOR:
            self._move()
        at = self._at
        self._at += _RECORD
        self._write(self._sector, at, kind, value)
        self._values[kind] = value

    def prepare(self):
        """In an idle moment: erases the next sector ahead of need. Whether it did."""
        if self._erased or self._at < SECTOR * 3 // 4:
            return False
        self._flash.erase((self._sector + 1) % self._flash.count)
        self._erased = True
        return True

    def _write(self, sector, at, kind, value):
        self._flash.program(sector * SECTOR + at, sealed(pack("<HHQ", kind, 0, value)))

    def _move(self):
        """Copies what is valid to the next sector; its header, written last, makes it the one that counts."""
        old, new = self._sector, (self._sector + 1) % self._flash.count
        if not self._erased:
            self._flash.erase(new)
        at = _RECORD
        for kind, value in self._values.items():
            self._write(new, at, kind, value)
            at += _RECORD
        self._flash.complete(new, 0, self._turn + 1)
        if self._turn:
            self._flash.retire(old)
        self._sector, self._at, self._erased = new, at, False
        self._turn += 1
