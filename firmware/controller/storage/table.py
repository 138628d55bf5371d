"""The credential table: in buckets of one sector, each credential found with one read and no index of credentials.

Keys are keyed hashes, hence uniform: the first 18 bits of a key name its bucket, in the order of the keys. A bucket is
a sector: a header (bucket, turn), then 255 slots of 16 bytes: a credential and its CRC-32. Slots fill in order;
a credential that is removed is programmed to zero in place. A full bucket is copied without its removed ones to a
spare sector, whose header, written last, makes it count.

Buckets lie in regions of at most 64 sectors, two of them spares; the sectors of a region take turns. Which one has
which bucket is a byte a bucket in memory. It is read from the headers of a region in an idle moment after the start,
or when the region is first asked for.

Before the regions lies the journal: version, digest and count, with the changes that lead there. It is written before
they are made, so that a start can finish them: the whole set of changes counts, or none of it.
"""

from binascii import crc32
from struct import pack, pack_into, unpack_from

from ..records import CHANGE, CREDENTIAL, PUT, bucket_of, credential_digest, unpack_credential
from .sectors import SECTOR, Sectors, head, last, sealed, whole
from .table_format import BARE_ENTRY, JOURNAL, NONE, REGION, SLOT, SPARES, UNREAD

UNKNOWN = (1 << 64) - 1  # the digest of a damaged or incomplete set
FULL = (1 << 64) - 2  # of one that does not fit
_REMOVED = bytes(16)
ENTRY = "<IQI"  # of the journal: version, digest, count and (<< 24) how many changes follow; then its CRC-32


class Damaged(Exception):
    """What the table holds for this key cannot be trusted. The door stays shut; a new snapshot repairs it."""


class TableFull(Exception):
    """A bucket had no room for one more credential: that one is not known here, all else is as it should be."""


class CredentialTable:
    """version: of the whole set, 0 when empty, damaged or incomplete. count, digest: of the set.

    The digests UNKNOWN and FULL are no set's: only a snapshot leads on from there.
    """

    def __init__(self, partition):
        self.flash = flash = Sectors(partition, b"KA", JOURNAL + 2)
        regions = (flash.count - JOURNAL + REGION - 1) // REGION
        self.size = (flash.count - JOURNAL) // regions  # sectors of a region
        self.each = self.size - min(SPARES, self.size - 1)  # buckets of a region
        self.buckets = regions * self.each
        self.where = bytearray(b"\xff" * self.buckets)  # the sector of each bucket, in its region
        self.ready = bytearray(b"\xfe" * regions)  # the sector of each region that is erased ahead
        self.bad = ()  # type: tuple[int, ...]  # sectors that did not take what was written
        self.taken = -1  # the sector that a snapshot fills
        self.newest = 0  # the sector that was completed last: the spares take turns
        self.tight = -1  # a bucket whose last slot is used
        self.making = False  # changes that the journal has
        self.scrub = None  # of table_scrub.py
        self._buf = bytearray(SECTOR)
        self.view = memoryview(self._buf)
        self.version = self.count = 0
        self.digest = UNKNOWN
        self.turn = 0  # of the journal's sector: rises with every new one
        self.head = 0  # the journal's sector
        self.end = SECTOR  # of what it holds
        self.erased = False  # whether the next one is
        newest = b""
        for sector in range(JOURNAL):
            header = flash.header(sector)
            if header and header[1] > self.turn:
                self.head, self.turn = sector, header[1]
                newest = bytes(head)
        if self.turn:
            flash.firm(self.head * SECTOR, newest)
            self._resume()
        else:
            from .table_start import begin

            begin(self)

    def find(self, key):
        """(profile, until in packed minutes), None when the key is not known here. Raises Damaged. One read."""
        try:
            self.load(bucket_of(key, self.buckets))
            at = self._match(key)
        except Damaged:
            self.distrust()
            raise
        return unpack_credential(self._buf, at) if at else None

    def steps(self, version, changes):
        """Changes of CHANGE bytes, all or none: afterwards this is the set of that version. One look-up a step.

        Yields milliseconds to wait before the next step. Once begun it is to be run to its end; look-ups may come in
        between. Applied again it changes nothing. Raises Damaged, or TableFull when all but what did not fit is made;
        the version is 0 then. While a snapshot comes in it raises Damaged.
        """
        before = digest = self.digest
        count = self.count
        if before >= FULL or self.making:
            raise Damaged("not a whole set")
        changes = bytes(changes)
        if len(changes) > 255 * CHANGE:
            raise ValueError("too many changes")
        try:
            for key, record in _lasting(changes):
                self.load(bucket_of(key, self.buckets))
                at = self._match(key)
                if at:
                    digest ^= credential_digest(bytes(self.view[at : at + CREDENTIAL]))
                    count -= 1
                if record:
                    digest ^= credential_digest(record)
                    count += 1
                yield 0
            if self.digest != before:
                raise Damaged("meanwhile")
            self.note(version, digest, count, changes)
            for _ in self._make(changes):
                yield 0
        except Damaged:
            self.distrust()
            raise

    def prepare(self):
        """In an idle moment: one piece of work that is to be in no tap's way later. Whether there was any."""
        region = self.ready.find(b"\xfe")
        if region >= 0:
            self._scan(region)
        elif self.tight >= 0 or self.end > SECTOR * 3 // 4 or self.ready.find(b"\xff") >= 0:
            from .table_upkeep import work

            return work(self)
        return region >= 0

    def distrust(self):
        """This is not the set of any version any more."""
        if self.making:  # what the journal has stays its last word: a start tries again to make it
            self.version, self.digest = 0, UNKNOWN
        elif self.digest < FULL:
            self.note(0, UNKNOWN, self.count)

    def note(self, version, digest, count, changes=b""):
        """The commit: one entry in the journal, one program."""
        self.making = len(changes) > 0
        size = BARE_ENTRY + len(changes)
        entry = self.view[:size]
        pack_into(ENTRY, entry, 0, version, digest, count | len(changes) // CHANGE << 24)
        entry[16:-4] = changes
        entry[-4:] = pack("<I", crc32(entry[:-4]))
        at = self.end
        self.end += size
        if self.end > SECTOR or not self.flash.write(self.head * SECTOR + at, entry):
            from .table_upkeep import turn_over

            turn_over(self, entry)
        self.version, self.digest, self.count = version, digest, count

    def sector(self, bucket):
        """The sector of a bucket, -1 when none has it."""
        region = bucket // self.each
        if self.ready[region] == UNREAD:
            self._scan(region)
        at = self.where[bucket]
        return -1 if at == NONE else JOURNAL + region * self.size + at

    def _scan(self, region):
        """Reads the headers of a region."""
        flash, where = self.flash, self.where
        start = JOURNAL + region * self.size
        self.ready[region] = NONE
        for at in range(self.size):
            header = flash.header(start + at)
            if header and header[0] // self.each == region:
                bucket = header[0]
                old, newer = where[bucket], bytes(head)
                if old == NONE:
                    where[bucket] = at
                    continue
                # The power went before one was retired.
                if (flash.header(start + old) or (0, 0))[1] < header[1]:
                    where[bucket] = at
                else:
                    old, newer = at, bytes(head)
                flash.firm((start + where[bucket]) * SECTOR, newer)
                flash.retire(start + old)
            elif header == ():
                self.ready[region] = at
            elif max(head):  # half written, or damaged: it is not to come back
                flash.retire(start + at)
        if where.find(b"\xff", region * self.each, (region + 1) * self.each) >= 0:
            self.distrust()

    def _resume(self):
        """Reads the journal, and makes the changes of its last entry if the power went before they were made.

        Where it is not as it was written it goes on in another sector: bits that turned over do not add up.
        """
        view = self.view
        self.flash.read(self.head * SECTOR, self._buf)
        at, changes, right, entry = SLOT, b"", True, view[:0]
        while at + BARE_ENTRY <= SECTOR:
            version, digest, count = unpack_from(ENTRY, self._buf, at)
            size = BARE_ENTRY + (count >> 24) * CHANGE
            if not whole(view[at : at + size]):
                if version + 1 >> 32:  # nothing is written there
                    break
                from .bit_errors import mend_entry

                right = False
                if not mend_entry(view, at):
                    break
                continue
            self.version, self.digest, self.count = version, digest, count & 0xFFFFFF
            entry = view[at : at + size]
            changes = bytes(entry[16:-4])
            at += size
        if self._buf.count(b"\xff", at) == SECTOR - at:
            self.end = at
        else:
            from .bit_errors import is_torn

            right = False
            if not is_torn(view, at):  # what counts stood there or behind it
                self.version, self.digest, changes = 0, UNKNOWN, b""
        self.flash.firm(self.head * SECTOR + at - len(entry), entry)
        self.making = len(changes) > 0
        try:
            for _ in self._make(changes):
                pass
            if not right:
                self.end = SECTOR
                self.note(self.version, self.digest, self.count)
        except TableFull:
            pass
        except Damaged:
            self.distrust()

    def _make(self, changes):
        """Makes changes that the journal has. Where they are many it notes that they are made."""
        full = False
        for key, record in _lasting(changes):
            try:
                self._change(key, record)
            except TableFull:
                full = True
            yield
        self.making = False
        if full:
            from .table_upkeep import refuse

            refuse(self)
        if len(changes) > CHANGE or (changes and self.digest == UNKNOWN):
            self.note(self.version, self.digest, self.count)

    def load(self, bucket):
        """Reads a bucket and returns where it begins."""
        start = self.sector(bucket) * SECTOR
        if start < 0 or not (
            whole(self.flash.read(start, self._buf) and self.view[:SLOT]) or self.flash.header(start // SECTOR)
        ):
            raise Damaged("bucket")
        return start

    def _traces(self, key):
        """Slots with the key, or with half of it when they are not whole: a flipped bit or a power cut leaves that."""
        for part, lead in ((key[:4], 0), (key[4:], 4)):
            at = self._buf.find(part, SLOT)
            while at >= 0:
                if at % SLOT == lead:
                    slot = bytes(self.view[at - lead : at - lead + SLOT])
                    if slot[:7] == key if whole(slot) else 0 < max(slot) and min(slot) < 0xFF:
                        yield at - lead
                at = self._buf.find(part, at + 1)

    def _match(self, key):
        """Where the bucket just read has the key, 0 when it is not known. Damage is not taken for unknown."""
        found = self._buf.find(key, SLOT)
        if found >= 0 and not found % SLOT and whole(self.view[found : found + SLOT]):
            return found  # as nearly always: _traces() would take heap for that
        found = 0
        for at in self._traces(key):
            if whole(self.view[at : at + SLOT]):
                return at
            if any(self.view[at : at + 4]):  # else the power went while it was removed
                found = at
        if found:
            from .bit_errors import mended

            slot = mended(self.view[found : found + SLOT])
            if not slot or slot[:7] != key:
                raise Damaged("slot")
            self.view[found : found + SLOT] = slot
        return found

    def _change(self, key, record):
        """Puts a record, or removes the key when it is None. Done again, or after a cut, it comes to the same."""
        bucket = bucket_of(key, self.buckets)
        start = self.load(bucket)
        slot = sealed(record) if record else b""
        kept = 0
        gone = []
        for at in self._traces(key):
            if not kept and self.view[at : at + SLOT] == slot:
                kept = at
            elif at not in gone:
                gone.append(at)
        took = True
        if kept:
            self.flash.firm(start + kept, slot)
        elif slot:
            kept = last(0, SECTOR, lambda at: min(self.view[at & -SLOT :][:SLOT]) < 0xFF) + 1
            if kept > SLOT and self.view[kept - 4 : kept] == b"\xff\xff\xff\xff":  # torn, not to look free later
                self.flash.firm(start + kept - SLOT, _REMOVED)
            took = kept < SECTOR and self.flash.write(start + kept, slot)
            if kept == SECTOR - SLOT:
                self.tight = bucket
        stays = False  # what was to go
        if took:
            for at in gone:
                stays |= at != kept and not self.flash.write(start + at, _REMOVED)
        if stays or not took:
            from .table_upkeep import compact

            try:
                compact(self, bucket, gone + [kept], slot)
            except Damaged:
                if stays:  # rather none than one that has lost the right
                    self.where[bucket] = NONE
                    self.flash.retire(start // SECTOR)
                raise


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
