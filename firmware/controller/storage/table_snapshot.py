"""A whole set of credentials that comes in, bucket by bucket, and what tells which buckets differ from it.

Everything here is done in steps: generators that yield how many milliseconds to wait before the next one. Cards are
read and decided on in between: until its bucket is complete a credential is as it was.
"""

from struct import pack_into

from micropython import const

from .. import ticks
from ..records import CREDENTIAL, bucket_of, credential_digest
from .sectors import SECTOR, sealed, whole
from .table import UNKNOWN, Damaged
from .table_format import SLOT
from .table_upkeep import counts, refuse, settle, spare

_APART_MS = const(920)  # between two sectors: of the frames that readers send meanwhile an erase of 45 ms meets 1 in 20
_AT_ONCE = const(256)  # bytes that are programmed together


class Snapshot:
    """From its beginning to its end the table has no version. now: in ticks, when the first step is done."""

    def __init__(self, table):
        self._again = table.digest == UNKNOWN
        table.note(0, UNKNOWN, table.count)
        table.taken = -1
        self._table = table
        self._bucket = 0  # that records go to
        self._began = False  # whether it is this snapshot's at all
        self._sector = -1  # that it is filled into
        self._in_place = False
        self._at = 0  # in the sector
        self._slots = b""  # not yet programmed
        self._after = b""
        self._sum = self._count = 0
        self._part = False  # some buckets stay as they are
        self._full = False
        self._now = 0
        self._next = None  # when the next sector may be taken

    def take(self, records, now=0):
        """The next records, sorted by key. Raises ValueError, or Damaged: begin again."""
        self._now = now
        table = self._table
        self._began = True
        for at in range(0, len(records), CREDENTIAL):
            record = bytes(records[at : at + CREDENTIAL])
            key = record[:7]
            bucket = bucket_of(key, table.buckets) if len(record) == CREDENTIAL and key > self._after else -1
            if bucket < self._bucket:
                raise ValueError("not the next of a snapshot")
            self._after = key
            while self._bucket < bucket:
                for pause in self._close():
                    yield pause
            if self._sector < 0:
                self._open()
            if self._at + len(self._slots) == SECTOR:
                self._full = True
                continue
            self._slots += sealed(record)
            self._sum ^= credential_digest(record)
            self._count += 1
            if len(self._slots) == _AT_ONCE:
                self._program()
                yield 0
        self._program()

    def skip(self, bucket, now=0):
        """What was begun is complete; the buckets from there to this one stay as they are; this one follows."""
        self._now = now
        if not self._bucket <= bucket < self._table.buckets:
            raise ValueError("not the next of a snapshot")
        if self._began:
            if bucket == self._bucket:
                return
            for pause in self._close():
                yield pause
        self._bucket = max(self._bucket, bucket)
        self._began = self._part = True

    def finish(self, version, digest, now=0):
        """The snapshot is complete: the table has that version, or none when this is not the set of that digest.

        Raises TableFull when all but what did not fit is known now.
        """
        self._now = now
        table = self._table
        if self._bucket >= table.buckets:
            raise ValueError("no snapshot")
        while self._bucket < table.buckets and (self._began or not self._part):
            for pause in self._close():
                yield pause
            self._began = not self._part
        self._bucket = table.buckets
        if self._part:
            self._sum = self._count = 0
            for bucket in range(table.buckets):
                share, count = digest_of(table, bucket)
                self._sum ^= share
                self._count += count
                yield 0
        table.count = self._count
        if self._full:
            refuse(table)
        if self._sum == digest:
            table.note(version, digest, self._count)

    def _open(self):
        """Where the bucket's records go: a spare sector, or the bucket itself while it is empty."""
        table = self._table
        self._sector = table.sector(self._bucket)
        self._in_place = self._sector not in table.bad and _is_empty(table, self._sector)
        self._at = SLOT
        if not self._in_place:
            self._sector = table.taken = spare(table, self._bucket)
        elif self._again:  # the power may have cut what was begun there: the slot only looks erased, and is given up
            table.flash.firm(self._sector * SECTOR + SLOT, bytes(SLOT))
            self._at += SLOT

    def _program(self):
        if self._slots:
            if not self._table.flash.write(self._sector * SECTOR + self._at, self._slots):
                self._table.bad += (self._sector,)
                raise Damaged("sector")
            self._at += len(self._slots)
            self._slots = b""

    def _close(self):
        """The bucket is complete, empty when nothing came for it."""
        table = self._table
        if self._sector < 0:
            self._open()
        self._program()
        if self._in_place:
            yield 0
        else:
            if not settle(table, self._bucket, self._sector):
                raise Damaged("sector")
            table.taken = -1
            pause = max(0, ticks.diff(self._next, self._now)) if self._next is not None else 0
            self._now = ticks.add(self._now, pause)
            self._next = ticks.add(self._now, _APART_MS)
            yield pause
        self._sector = -1
        self._bucket += 1


def digest_of(table, bucket):
    """(digest, count) of what a bucket holds. (UNKNOWN, 0): it cannot be trusted."""
    sector = table.sector(bucket)
    if sector < 0:
        return UNKNOWN, 0
    view = table.view
    table.flash.read(sector * SECTOR, view)
    digest = count = end = 0
    if not whole(view[:SLOT]):
        return UNKNOWN, 0
    for at in range(SLOT, SECTOR, SLOT):
        slot = view[at : at + SLOT]
        if whole(slot):
            digest ^= credential_digest(slot[:CREDENTIAL])
            count += 1
            end = at
        elif counts(slot):
            return UNKNOWN, 0
    if end:  # where the power cut a snapshot
        table.flash.firm(sector * SECTOR + end, view[end : end + SLOT])
    return digest, count


def digests(table, first, out):
    """The digests of so many buckets as out has room for, u64 little-endian, from the first on."""
    for at in range(0, len(out), 8):
        pack_into("<Q", out, at, digest_of(table, first + at // 8)[0])
        yield 0


def _is_empty(table, sector):
    if sector < 0:
        return False
    page = table.flash.read(sector * SECTOR, bytearray(256))
    return whole(page[:SLOT]) and page.count(b"\xff", SLOT) == 256 - SLOT
