"""The credential table: who is known here, in buckets of one sector, found with one read and no index in memory.

Keys are keyed hashes, hence uniform: the first 18 bits of a key name its bucket, in the order of the keys. A bucket is
a sector: a header (bucket, turn), then 255 slots of 16 bytes: a credential and its CRC-32. Slots fill in order;
a credential that is removed is programmed to zero in place. A full bucket is copied without its removed ones to a
spare sector, whose header, written last, makes it count. So all sectors take turns as the spare.

One more bucket is the journal: version, digest and count, with the changes that lead there. It is written before they
are made, so that a start can finish them: the whole set of changes counts, or none of it.
"""

from array import array
from binascii import crc32
from struct import pack, pack_into, unpack_from

from micropython import const

from ..records import CHANGE, CREDENTIAL, PUT, credential_digest, pack_credential, unpack_credential
from .sectors import SECTOR, Sectors, last, sealed, whole

_SLOT = const(16)
_REMOVED = bytes(_SLOT)
_SPARES = const(2)  # one that is filled, one that is erased ahead meanwhile
_NONE = const(0xFFFF)
_ENTRY = "<IQI"  # of the journal: version, digest, count and (<< 24) how many changes follow; then its CRC-32
_LEAST = const(20)
_UNKNOWN = (1 << 64) - 1


class Damaged(Exception):
    """What the table holds for this key cannot be trusted. The door stays shut; a new snapshot repairs it."""


class TableFull(Exception):
    """A bucket has no room for one more credential."""


class CredentialTable:
    """version: of the whole set, 0 when empty, damaged or incomplete. count, digest: of the set.

    The digest of a damaged or incomplete set is 2**64 - 1, which is no set's: only a snapshot leads on from there.
    """

    def __init__(self, partition):
        self._flash = flash = Sectors(partition, b"PA", 3)
        self._buckets = buckets = flash.count - 1 - min(_SPARES, flash.count - 2)  # and the number of the journal
        self._buf = bytearray(SECTOR)
        self._view = memoryview(self._buf)
        self._sector = sectors = array("H", [_NONE] * (buckets + 1))  # of each bucket
        self._spares = []
        self._ready = None  # whether the next spare is erased; None: it need not be
        self._turn = 0  # rises with every sector that is completed
        self._filling = None  # the bucket that a snapshot is at
        self._into = None  # the sector that it fills
        self._end = SECTOR  # of the journal
        self.version = self.count = 0
        self.digest = _UNKNOWN
        for sector in range(flash.count):
            bucket, turn = flash.header(sector) or (_NONE, 0)
            if bucket <= buckets:
                old = sectors[bucket]
                if old == _NONE or flash.header(old)[1] < turn:
                    sectors[bucket], sector = sector, old
                if sector != _NONE:  # the power went before it was retired
                    flash.retire(sector)
            if sector != _NONE:
                self._spares.append(sector)
            self._turn = max(self._turn, turn)
        if not self._turn:
            self._spares = self._spares[buckets:]
            for bucket in range(buckets):
                flash.clear(bucket)
                self._complete(bucket, bucket)
            self._note(0, 0, 0)
        elif sectors[buckets] != _NONE:
            self._resume()

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
        self.apply(self.version, b"+" + pack_credential(key, profile, until))

    def remove(self, key):
        """One credential less. Whether it was there."""
        count = self.count
        self.apply(self.version, b"-" + pack_credential(key, 0, 0))
        return self.count < count

    def apply(self, version, changes):
        """Changes of CHANGE bytes, all or none: afterwards this is the set of that version.

        Applied again it changes nothing. Raises Damaged or TableFull; the version is 0 then. While a snapshot comes in
        it raises Damaged.
        """
        if self.digest == _UNKNOWN:
            raise Damaged("not a whole set")
        changes = bytes(changes)
        if len(changes) > 255 * CHANGE:
            raise ValueError("too many changes")
        digest, count = self.digest, self.count
        try:
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
        self._filling = self._sum = self.count = 0
        self._after = b""
        if self._into is not None:  # of one that was not finished
            self._spares.append(self._into)
            self._into = None

    def take(self, records):
        """The next records of the snapshot, sorted by key. Raises ValueError or TableFull: begin again."""
        for at in range(0, len(records), CREDENTIAL):
            record = bytes(records[at : at + CREDENTIAL])
            key = record[:7]
            if self._filling is None or key <= self._after or len(record) < CREDENTIAL:
                raise ValueError("not the next of a snapshot")
            self._after = key
            while self._filling < self._bucket(key):
                self._close()
            if self._into is None:
                self._into = self._spare()
                self._slot = _SLOT
            if self._slot == SECTOR:
                raise TableFull("bucket")
            self._flash.program(self._into * SECTOR + self._slot, sealed(record))
            self._slot += _SLOT
            self._sum ^= credential_digest(record)
            self.count += 1

    def finish_snapshot(self, version, digest):
        """The snapshot is complete. False: this is not the set of that digest; the version stays 0."""
        if self._filling is None:
            raise ValueError("no snapshot")
        while self._filling < self._buckets:
            self._close()
        self._filling = None
        if self._sum != digest:
            return False
        self._note(version, digest, self.count)
        return True

    def prepare(self):
        """In an idle moment: erases a spare sector ahead of need. Whether it did."""
        if self._ready is not False or not self._spares:
            return False
        self._flash.erase(self._spares[0])
        self._ready = True
        return True

    def _resume(self):
        """Reads the journal, and makes the changes of its last entry if the power went before they were made."""
        self._flash.read(self._sector[self._buckets] * SECTOR, self._buf)
        at, changes, size = _SLOT, b"", _LEAST
        while at + size <= SECTOR:
            version, digest, count = unpack_from(_ENTRY, self._buf, at)
            size = _LEAST + (count >> 24) * CHANGE
            if not whole(self._view[at : at + size]):
                break
            self.version, self.digest, self.count = version, digest, count & 0xFFFFFF
            changes = bytes(self._view[at + 16 : at + size - 4])
            at += size
            size = _LEAST
        # A torn entry has no length to go by: the next one goes to a new sector.
        if at == SECTOR or min(self._view[at:]) == 0xFF:
            self._end = at
        try:
            self._make(changes)
        except (Damaged, TableFull):
            self._distrust()
        if _NONE in list(self._sector):
            self._distrust()

    def _note(self, version, digest, count, changes=b""):
        """The commit: one entry in the journal, one program."""
        size = _LEAST + len(changes)
        entry = self._view[:size]
        pack_into(_ENTRY, entry, 0, version, digest, count | len(changes) // CHANGE << 24)
        entry[16:-4] = changes
        entry[-4:] = pack("<I", crc32(entry[:-4]))
        if self._end + size <= SECTOR:
            at = self._sector[self._buckets] * SECTOR + self._end
            self._end += size
            self._flash.program(at, entry)
        else:
            self._move(self._buckets, entry)
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
        if self.digest != _UNKNOWN:
            self._note(0, _UNKNOWN, self.count)

    def _bucket(self, key):
        return (key[0] << 10 | key[1] << 2 | key[2] >> 6) * self._buckets >> 18

    def _load(self, key):
        """Reads the bucket of a key and returns its number."""
        bucket = self._bucket(key)
        sector = self._sector[bucket]
        if sector == _NONE or not whole(self._flash.read(sector * SECTOR, self._buf) and self._view[:_SLOT]):
            raise Damaged("bucket")
        return bucket

    def _traces(self, key):
        """Slots with the key, or with half of it when they are not whole: a flipped bit or a power cut leaves that."""
        for part, lead in ((key[:4], 0), (key[4:], 4)):
            at = self._buf.find(part, _SLOT)
            while at >= 0:
                if at % _SLOT == lead:
                    slot = bytes(self._view[at - lead : at - lead + _SLOT])
                    if slot[:7] == key if whole(slot) else 0 < max(slot) and min(slot) < 0xFF:
                        yield at - lead
                at = self._buf.find(part, at + 1)

    def _match(self, key):
        """Where the bucket just read has the key, 0 when it is not known. Damage is not taken for unknown."""
        found = 0
        for found in self._traces(key):
            if whole(self._view[found : found + _SLOT]):
                return found
        if found:
            raise Damaged("slot")
        return 0

    def _change(self, key, record):
        """Puts a record, or removes the key when it is None. Done again, or after a cut, it comes to the same."""
        bucket = self._load(key)
        start = self._sector[bucket] * SECTOR
        slot = record and sealed(record)
        kept = 0
        gone = []
        for at in self._traces(key):
            if not kept and self._view[at : at + _SLOT] == slot:
                kept = at
            elif at not in gone:
                gone.append(at)
        if record and not kept:
            kept = last(0, SECTOR, lambda at: min(self._view[at & -_SLOT :][:_SLOT]) < 0xFF) + 1
            if kept == SECTOR:
                self._compact(bucket, gone, slot)
                return
            self._flash.program(start + kept, slot)
        for at in gone:
            if at != kept:
                self._flash.program(start + at, _REMOVED)

    def _compact(self, bucket, gone, slot):
        """Moves a full bucket to a spare sector: without what was removed, with the new slot."""
        view, end = self._view, _SLOT
        for at in range(_SLOT, SECTOR, _SLOT):
            # A damaged one goes along, for it has to deny; not one that was being removed when the power went.
            if at not in gone and view[at : at + 4] != _REMOVED[:4]:
                view[end : end + _SLOT] = view[at : at + _SLOT]
                end += _SLOT
        if end == SECTOR:
            raise TableFull("bucket")
        view[end : end + _SLOT] = slot
        self._move(bucket, view[_SLOT : end + _SLOT])

    def _close(self):
        """The bucket that the snapshot is at is complete, empty when nothing came for it."""
        bucket = self._filling
        self._filling += 1
        if self._into is None:
            at = self._sector[bucket] * SECTOR + _SLOT
            if at < self._flash.count * SECTOR and min(self._flash.read(at, bytearray(_SLOT))) == 0xFF:
                return
            self._into = self._spare()
        self._complete(bucket, self._into)
        self._into = None

    def _spare(self):
        """An erased sector."""
        sector = self._spares.pop(0)
        if not self._ready:
            self._flash.erase(sector)
        self._ready = False
        return sector

    def _move(self, bucket, slots):
        """A bucket begins anew, with these slots, in a spare sector."""
        sector = self._spare()
        self._flash.program(sector * SECTOR + _SLOT, slots)
        self._complete(bucket, sector)

    def _complete(self, bucket, sector):
        self._turn += 1
        self._flash.complete(sector, bucket, self._turn)
        old = self._sector[bucket]
        self._sector[bucket] = sector
        if old != _NONE:
            self._flash.retire(old)
            self._spares.append(old)


def _lasting(changes):
    """(key, record or None to remove it) of every change that no later one of the same key replaces."""
    for at in range(1, len(changes) + 1, CHANGE):
        op, key, record = changes[at - 1], changes[at : at + 7], changes[at : at + CREDENTIAL]
        if op not in b"+-" or len(record) < CREDENTIAL:
            raise ValueError("not a change")
        again = changes.find(key, at + 1)
        while again >= 0 and again % CHANGE != 1:
            again = changes.find(key, again + 1)
        if again < 0:
            yield key, record if op == PUT else None
