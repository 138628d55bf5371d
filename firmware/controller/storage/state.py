"""State that outlives a power cut: a number for each kind, journalled as 16-byte records."""

from struct import pack, unpack_from

from .sectors import SECTOR, Sectors, seal, whole

# Kinds. Numbers are kept for ever.
ACKNOWLEDGED = 1  # log epoch << 32 | sequence number up to which the cloud has the events
BOOTS = 2  # starts so far
RULES = 3  # version of the rules that are in force

_RECORD = 16  # kind u16, spare u16, value u64, CRC-32


class StateJournal:
    """The last whole record of a kind is its value. A full sector is copied to the next one, then retired."""

    def __init__(self, partition):
        self._flash = Sectors(partition, b"PS", 2)
        self._values = {}
        self._sector = 0
        self._generation = 0
        self._next_is_erased = False
        for sector in range(self._flash.count):
            header = self._flash.header(sector)
            if header and header[1] > self._generation:
                self._sector, self._generation = sector, header[1]
        if self._generation:
            self._load()
        else:
            self._sector = self._flash.count - 1
            self._move()

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
        self._write(self._sector * SECTOR + at, kind, value)
        self._values[kind] = value

    def prepare(self):
        """In an idle moment: erases the next sector ahead of need. Whether it did."""
        if self._next_is_erased or self._at < SECTOR * 3 // 4:
            return False
        self._flash.erase((self._sector + 1) % self._flash.count)
        self._next_is_erased = True
        return True

    def _write(self, at, kind, value):
        record = pack("<HHQ", kind, 0, value)
        self._flash.program(at, record + seal(record))

    def _load(self):
        buf = bytearray(_RECORD)
        start = self._sector * SECTOR
        self._at = SECTOR
        for at in range(_RECORD, SECTOR, _RECORD):
            self._flash.read(start + at, buf)
            if whole(buf):
                kind, _, value = unpack_from("<HHQ", buf)
                self._values[kind] = value
            elif buf == b"\xff" * _RECORD:
                self._at = at
                break

    def _move(self):
        """Copies what is valid to the next sector; its header, written last, makes it the one that counts."""
        old, new = self._sector, (self._sector + 1) % self._flash.count
        if not self._next_is_erased:
            self._flash.erase(new)
        at = _RECORD
        for kind, value in self._values.items():
            self._write(new * SECTOR + at, kind, value)
            at += _RECORD
        self._flash.complete(new, 0, self._generation + 1)
        if self._flash.header(old):
            self._flash.retire(old)
        self._sector, self._at = new, at
        self._generation += 1
        self._next_is_erased = False
