"""The credential table: who is known here, in buckets of one sector, found with one read and no index in memory.

Keys are keyed hashes, hence uniform: the first 18 bits of a key name its bucket, in the order of the keys. A bucket is
a sector: a header (bucket, generation), then 255 slots of 16 bytes: a credential and its CRC-32. Slots fill in order;
a credential that is removed is programmed to zero in place. A full bucket is copied without its removed ones to a
spare sector, whose header, written last, makes it count. So all sectors take turns as the spare.

One more bucket is the journal: version, digest and count, with the changes that lead there. It is written before they
are made, so that a start can finish them: the whole set of changes counts, or none of it.
"""

from array import array
from struct import pack, unpack_from

from ..records import CREDENTIAL, credential_digest, pack_credential, unpack_credential
from .sectors import SECTOR, Sectors, seal, whole

CHANGE = 13  # bytes: PUT or REMOVE, then a credential
PUT = 0x2B
REMOVE = 0x2D

_SLOT = 16
_REMOVED = bytes(_SLOT)
_BLANK = b"\xff" * _SLOT
_SPARES = 2  # one that is filled, one that is erased ahead meanwhile
_NONE = 0xFFFF
_ENTRY = "<IQI"  # of the journal: version, digest, count and (<< 24) how many changes follow; then its CRC-32


class Damaged(Exception):
    """What the table holds for this key cannot be trusted. The door stays shut; a new snapshot repairs it."""


class TableFull(Exception):
    """A bucket has no room for one more credential."""


class CredentialTable:
    """version: of the whole set, 0 when empty, damaged or incomplete: a snapshot is due. count, digest: of the set.

    capacity: credentials that surely fit.
    """

    def __init__(self, partition, _=None):
        self._flash = Sectors(partition, b"PA", 3)
        self._buckets = self._journal = self._flash.count - 1 - min(_SPARES, self._flash.count - 2)
        self.capacity = self._buckets * (SECTOR // _SLOT - 1) * 7 // 10  # fuller, a bucket may overflow
        self._buf = bytearray(SECTOR)
        self._view = memoryview(self._buf)
        self._sector = array("H", [_NONE] * (self._buckets + 1))  # of each bucket
        self._spares = []
        self._erased = _NONE  # the spare that is, None: one is to be
        self._generation = 0
        self._filling = None  # the bucket that a snapshot is at
        self._into = None  # the sector that it fills
        self._end = SECTOR  # of the journal
        self.version = self.digest = self.count = 0
        self._find_buckets()
        if self._generation:
            self._resume()
        else:
            self._format()

    def find(self, key):
        """(profile, until in packed minutes), None when the key is not known here. Raises Damaged. One read."""
        try:
            self._load(key)
            at = self._match(key)
        except Damaged:
            self._distrust()
            raise
        return unpack_credential(self._view, at)[1:] if at else None

    def put(self, key, profile, until):
        """One credential more, or another profile for it. The version stays."""
        self.apply(self.version, bytes((PUT,)) + pack_credential(key, profile, until))

    def remove(self, key):
        """One credential less. Whether it was there."""
        count = self.count
        self.apply(self.version, bytes((REMOVE,)) + pack_credential(key, 0, 0))
        return self.count < count

    def apply(self, version, changes):
        """Changes of CHANGE bytes, all or none: afterwards this is the set of that version.

        Applied again it changes nothing. Raises Damaged or TableFull; the version is 0 then.
        """
        changes = bytes(changes)
        if len(changes) % CHANGE or any(changes[at] not in (PUT, REMOVE) for at in range(0, len(changes), CHANGE)):
            raise ValueError("changes are malformed")
        self._give_up_snapshot()
        try:
            digest, count = self.digest, self.count
            for key, record in _lasting(changes):
                self._load(key)
                at = self._match(key)
                if at:
                    digest ^= credential_digest(bytes(self._view[at : at + CREDENTIAL]))
                    count -= 1
                if record:
                    digest ^= credential_digest(record)
                    count += 1
            self._note(version, digest, count, changes)
            self._make(changes)
        except (Damaged, TableFull):
            self._distrust()
            raise

    def begin_snapshot(self):
        """A whole set follows, in order of the keys. Until its bucket is complete a credential is as it was."""
        self._distrust()
        self._give_up_snapshot()
        self._filling = self.digest = self.count = 0
        self._after = b""

    def take(self, records):
        """The next records of the snapshot, sorted by key. Raises ValueError or TableFull: begin again."""
        if self._filling is None or len(records) % CREDENTIAL:
            raise ValueError("records of no snapshot")
        for at in range(0, len(records), CREDENTIAL):
            record = bytes(records[at : at + CREDENTIAL])
            key = record[:7]
            if key <= self._after:
                raise ValueError("snapshot is not sorted")
            self._after = key
            while self._filling < self._bucket(key):
                self._finish_bucket()
            if self._into is None:
                self._into = self._spare()
                self._slot = _SLOT
            if self._slot == SECTOR:
                raise TableFull(f"bucket {self._filling}")
            self._flash.program(self._into * SECTOR + self._slot, record + seal(record))
            self._slot += _SLOT
            self.digest ^= credential_digest(record)
            self.count += 1

    def finish_snapshot(self, version, digest):
        """The snapshot is complete. False: this is not the set of that digest; the version stays 0."""
        if self._filling is None:
            raise ValueError("no snapshot was begun")
        while self._filling < self._buckets:
            self._finish_bucket()
        self._filling = None
        if self.digest != digest:
            return False
        self._note(version, digest, self.count)
        self.version = version
        return True

    def prepare(self):
        """In an idle moment: erases a spare sector ahead of need. Whether it did."""
        if self._erased is not None or not self._spares:
            return False
        self._erased = self._spares[0]
        self._flash.erase(self._erased)
        return True

    def _find_buckets(self):
        flash = self._flash
        for sector in range(flash.count):
            header = flash.header(sector)
            if not header or header[0] > self._journal:
                self._spares.append(sector)
                continue
            bucket, generation = header
            old, new = self._sector[bucket], sector
            if old != _NONE:  # the power went before the old one was retired
                if flash.header(old)[1] > generation:
                    old, new = new, old
                flash.retire(old)
                self._spares.append(old)
            self._sector[bucket] = new
            self._generation = max(self._generation, generation)

    def _format(self):
        for bucket in range(self._buckets):
            if not self._flash.blank(bucket):
                self._flash.erase(bucket)
            self._flash.complete(bucket, bucket, 1)
            self._sector[bucket] = bucket
        self._spares = list(range(self._buckets, self._flash.count))
        self._generation = 1

    def _resume(self):
        """Reads the journal, and makes the changes of its last entry if the power went before they were made."""
        sector = self._sector[self._journal]
        if sector == _NONE:
            return
        self._flash.read(sector * SECTOR, self._buf)
        at, changes, size = _SLOT, b"", 20
        while at + size <= SECTOR:
            version, digest, count = unpack_from(_ENTRY, self._buf, at)
            size = 20 + (count >> 24) * CHANGE
            if not whole(self._view[at : at + size]):
                break
            self.version, self.digest, self.count = version, digest, count & 0xFFFFFF
            changes = bytes(self._view[at + 16 : at + size - 4])
            at += size
            size = 20
        # A torn entry has no length to go by: the next one goes to a new sector.
        if at == SECTOR or min(self._view[at:]) == 0xFF:
            self._end = at
        try:
            if _NONE in list(self._sector):
                raise Damaged
            self._make(changes)
        except (Damaged, TableFull):
            self._distrust()

    def _note(self, version, digest, count, changes=b""):
        """The commit: one entry in the journal, one program."""
        size = 20 + len(changes)
        entry = self._view[:size]
        entry[:16] = pack(_ENTRY, version, digest, count | len(changes) // CHANGE << 24)
        entry[16:-4] = changes
        entry[-4:] = seal(entry[:-4])
        if self._end + size <= SECTOR:
            at = self._sector[self._journal] * SECTOR + self._end
            self._end += size
            self._flash.program(at, entry)
        else:
            spare = self._spare()
            self._flash.program(spare * SECTOR + _SLOT, entry)
            self._replace(self._journal, spare)
            self._end = _SLOT + size
        self.version, self.digest, self.count = version, digest, count

    def _make(self, changes):
        """Makes changes that the journal has. Where they are many it notes that they are made."""
        for key, record in _lasting(changes):
            self._change(key, record)
        if len(changes) > CHANGE:
            self._note(self.version, self.digest, self.count)

    def _distrust(self):
        """This is not the set of any version any more."""
        if self.version:
            self._note(0, 0, self.count)

    def _give_up_snapshot(self):
        self._filling = None
        if self._into is not None:
            self._spares.append(self._into)
            self._into = None

    def _bucket(self, key):
        return (key[0] << 10 | key[1] << 2 | key[2] >> 6) * self._buckets >> 18

    def _load(self, key):
        """Reads the bucket of a key and returns its number."""
        bucket = self._bucket(key)
        sector = self._sector[bucket]
        if sector != _NONE:
            self._flash.read(sector * SECTOR, self._buf)
        if sector == _NONE or not self._good(0):
            raise Damaged(f"bucket {bucket}")
        return bucket

    def _good(self, at):
        return whole(self._view[at : at + _SLOT])

    def _traces(self, key):
        """Slots with the key, or with half of it when they are not whole: a flipped bit or a power cut leaves that."""
        for part, lead in ((key[:4], 0), (key[4:], 4)):
            at = self._buf.find(part, _SLOT)
            while at >= 0:
                if at % _SLOT == lead:
                    slot = bytes(self._view[at - lead : at - lead + _SLOT])
                    if slot[:7] == key if whole(slot) else slot != _REMOVED and slot != _BLANK:
                        yield at - lead
                at = self._buf.find(part, at + 1)

    def _match(self, key):
        """Where the bucket just read has the key, 0 when it is not known. Damage is not taken for unknown."""
        damaged = False
        for at in self._traces(key):
            if self._good(at):
                return at
            damaged = True
        if damaged:
            raise Damaged("a slot")
        return 0

    def _change(self, key, record):
        """Puts a record, or removes the key when it is None. Done again, or after a cut, it comes to the same."""
        bucket = self._load(key)
        start = self._sector[bucket] * SECTOR
        kept = 0
        gone = []
        for at in self._traces(key):
            if not kept and record and self._good(at) and self._view[at : at + CREDENTIAL] == record:
                kept = at
            else:
                gone.append(at)
        if record and not kept:
            slot = record + seal(record)
            kept = self._free(slot)
            if kept == SECTOR:
                self._compact(bucket, gone, slot)
                return
            self._flash.program(start + kept, slot)
        for at in gone:
            if at != kept:
                self._flash.program(start + at, _REMOVED)

    def _free(self, slot):
        """The first erased slot: they fill in order. Or the one before, where the power went while this was written."""
        low, high = 1, SECTOR // _SLOT
        while low < high:
            middle = (low + high) // 2
            if self._view[middle * _SLOT : (middle + 1) * _SLOT] == _BLANK:
                high = middle
            else:
                low = middle + 1
        free = low * _SLOT
        last = bytes(self._view[free - _SLOT : free])
        if not whole(last) and bytes(a & b for a, b in zip(last, slot)) == slot:
            free -= _SLOT
        return free

    def _compact(self, bucket, gone, slot):
        """Moves a full bucket to a spare sector: without what was removed, with the new slot."""
        view, end = self._view, _SLOT
        for at in range(_SLOT, SECTOR, _SLOT):
            # A damaged one goes along, for it has to deny; not one that was being removed when the power went.
            if at not in gone and view[at : at + 4] != _REMOVED[:4]:
                view[end : end + _SLOT] = view[at : at + _SLOT]
                end += _SLOT
        if end == SECTOR:
            raise TableFull(f"bucket {bucket}")
        view[end : end + _SLOT] = slot
        spare = self._spare()
        self._flash.program(spare * SECTOR + _SLOT, view[_SLOT : end + _SLOT])
        self._replace(bucket, spare)

    def _finish_bucket(self):
        """The bucket that the snapshot is at is complete, empty when nothing came for it."""
        bucket = self._filling
        self._filling += 1
        if self._into is None:
            sector = self._sector[bucket]
            if sector != _NONE:
                first = bytearray(_SLOT)
                self._flash.read(sector * SECTOR + _SLOT, first)
                if first == _BLANK:
                    return
            self._into = self._spare()
        spare, self._into = self._into, None
        self._replace(bucket, spare)

    def _spare(self):
        """An erased sector."""
        sector = self._spares.pop(0)
        if sector != self._erased:
            self._flash.erase(sector)
        self._erased = None
        return sector

    def _replace(self, bucket, sector):
        self._generation += 1
        self._flash.complete(sector, bucket, self._generation)
        old = self._sector[bucket]
        self._sector[bucket] = sector
        if old != _NONE:
            self._flash.retire(old)
            self._spares.append(old)


def _lasting(changes):
    """(key, record or None to remove it) of every change that no later one of the same key replaces."""
    for at in range(1, len(changes), CHANGE):
        key = changes[at : at + 7]
        again = changes.find(key, at + 1)
        while again >= 0 and again % CHANGE != 1:
            again = changes.find(key, again + 1)
        if again < 0:
            yield key, changes[at : at + CREDENTIAL] if changes[at - 1] == PUT else None
