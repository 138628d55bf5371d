"""The access list read round and round, a piece of a bucket or of its journal at a time; what is not right is cured.

Bits turn over at rest, and a card that nobody holds to a reader would not tell. One bit in a slot or a header is turned
back: its bucket moves to a spare sector. So does the journal: a start reads all of it, and of two bits in one entry,
however old, it could not tell what counts. What cannot be turned back, or what is missing though nothing looks damaged,
makes the list one without a version: the cloud compares the buckets and sends those that differ. Both are recorded.
"""

from micropython import const

from ..events import BIT_TURNED, TABLE_DAMAGED
from ..records import CHANGE, CREDENTIAL, credential_digest
from .sectors import SECTOR, fault, whole
from .table import FULL, Damaged, TableFull
from .table_format import BARE_ENTRY, SLOT

_PIECE = const(512)  # bytes that are read in a step: 32 slots
_FREE = b"\xff" * SLOT  # most are: nothing to work out


def step(table):
    """In an idle moment, every ten seconds or so: that bounds what it costs."""
    if not table.scrub:
        table.scrub = Scrub(table)
    table.scrub.step(table)


class Scrub:
    """A bucket with 178 credentials takes six steps. A round begins somewhere else after each start."""

    def __init__(self, table):
        self._bucket = table.end // SLOT % table.buckets  # behind the last one comes the journal
        self._at = 0  # in the bucket
        self._turn = 0  # of the journal, when it was begun
        self._begin(table)

    def _begin(self, table):
        """A round, from the next bucket on: of this one a part may have been read before a change."""
        self._said = table.digest
        self._left = table.buckets + 2
        self._sum = self._share = 0

    def step(self, table):
        """One piece: at most 512 bytes of flash and 32 credentials."""
        if table.digest >= FULL or table.making or table.taken >= 0:
            self._said = None  # there is work on it, or the cloud knows
            return
        if table.digest != self._said:
            self._begin(table)
        try:
            done = (self._look if self._bucket < table.buckets else self._look_at_journal)(table)
        except Damaged:
            self._give_up(table)
            return
        if done:
            self._bucket = (self._bucket + 1) % (table.buckets + 1)
            if self._left <= table.buckets + 1:
                self._sum ^= self._share
            self._at = self._share = 0
            self._left -= 1
            if not self._left:
                if self._sum != table.digest:
                    self._give_up(table)
                self._begin(table)

    def _look(self, table):
        """At one piece. Whether it is the last one of its bucket."""
        sector = table.sector(self._bucket)
        if sector < 0:
            raise Damaged("bucket")
        piece = table.view[:_PIECE]
        table.flash.read(sector * SECTOR + self._at, piece)
        for at in range(0, _PIECE, SLOT):
            slot = piece[at : at + SLOT]
            if at or self._at:
                if slot == _FREE:
                    continue
                if whole(slot):
                    self._share ^= credential_digest(slot[:CREDENTIAL])
                    continue
                if min(piece[at:]) == 0xFF:
                    return True  # free from here on
                from .table_upkeep import counts

                if not counts(slot):
                    continue
            elif whole(slot):
                continue
            self._cure(table, sector)
            self._at = self._share = 0
            return False
        self._at += _PIECE
        return self._at == SECTOR

    def _look_at_journal(self, table):
        """At one piece of it, or one long entry. Whether those entries are the last ones."""
        if not self._at:
            self._turn = table.turn
        if self._turn != table.turn or self._at >= table.end:  # meanwhile it went on in another sector
            return True
        start = table.head * SECTOR + self._at
        piece = table.flash.read(start, table.view[: min(_PIECE, table.end - self._at)])
        at, right = 0, True
        while right and at + BARE_ENTRY <= len(piece):
            size = BARE_ENTRY + piece[at + 15] * CHANGE if at or self._at else SLOT
            if at + size > len(piece):
                if at:
                    break
                piece = table.flash.read(start, table.view[: min(size, table.end - self._at)])
            right = whole(piece[at : at + size])
            at += size
        if not right:
            table.end = SECTOR
            table.note(table.version, table.digest, table.count)
            fault(BIT_TURNED, table.flash.magic[1])
            return True
        self._at += at
        return self._at >= table.end

    def _cure(self, table, sector):
        """Moves the bucket, with its bits turned back, to a spare sector. Raises Damaged when that cannot be."""
        from .bit_errors import mended
        from .table_upkeep import compact, counts

        view = table.view
        table.flash.read(sector * SECTOR, view)
        for at in range(SLOT, SECTOR, SLOT):
            slot = view[at : at + SLOT]
            if not whole(slot) and counts(slot):
                fixed = mended(slot)
                if not fixed:
                    raise Damaged("slot")
                slot[:] = fixed
        try:
            compact(table, self._bucket, (), b"")
        except TableFull:
            pass
        if table.sector(self._bucket) == sector:  # full, so that it did not move
            raise Damaged("slot")
        fault(BIT_TURNED, table.flash.magic[1])

    def _give_up(self, table):
        table.distrust()
        fault(TABLE_DAMAGED, 0)
