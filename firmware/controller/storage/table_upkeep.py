"""What the credential table does once in many changes or in idle moments: sectors are filled, replaced, erased."""

from struct import pack

from ..events import TABLE_FULL
from .sectors import SECTOR, fault, whole
from .table import FULL, UNKNOWN, Damaged, TableFull
from .table_format import JOURNAL, LOST, MOST_ONES, NONE, ONE_ENTRY, SLOT


def work(table):
    """One piece of what is due. Whether anything was."""
    flash = table.flash
    after = (table.head + 1) % JOURNAL
    try:
        if table.tight >= 0:
            bucket, table.tight = table.tight, -1
            table.load(bucket)
            compact(table, bucket, (), b"")
        elif table.end > SECTOR - ONE_ENTRY and not table.making:
            table.end = SECTOR
            table.note(table.version, table.digest, table.count)
        elif table.end > SECTOR * 3 // 4 and not table.erased:
            table.erased = True
            if flash.header(after) != ():
                _make_ready(flash, after)
        else:
            region = table.ready.find(b"\xff")
            if region < 0:
                return False
            table.ready[region] = LOST
            sector = _free(table, region)
            if _make_ready(flash, sector):
                table.ready[region] = (sector - JOURNAL) % table.size
            else:
                table.bad += (sector,)
    except Damaged:  # a look-up will say so, and no spare is no damage
        return False
    return True


def refuse(table):
    """A bucket is full: what did not fit is not known here, and another snapshot of that version does not help."""
    fault(TABLE_FULL, 65)
    table.note(0, FULL, table.count)
    raise TableFull("bucket")


def spare(table, bucket):
    """An erased sector for that bucket. Raises Damaged when its region has none left."""
    flash = table.flash
    region = bucket // table.each
    while True:
        at = table.ready[region]
        table.ready[region] = NONE
        sector = JOURNAL + region * table.size + at
        if at >= LOST:
            sector = _free(table, region)
        if (at < LOST or flash.erase(sector)) and _begin(flash, sector):
            return sector
        table.bad += (sector,)


def settle(table, bucket, sector):
    """From now on that sector, filled, is the bucket. Whether it is."""
    flash = table.flash
    region = bucket // table.each
    old = table.sector(bucket)
    header = old >= 0 and flash.header(old)
    if not flash.complete(sector, bucket, header[1] + 1 if header else 1):
        table.bad += (sector,)
        return False
    table.where[bucket] = (sector - JOURNAL) % table.size
    table.newest = sector
    if old >= 0:
        flash.retire(old)
    if table.ready[region] == LOST:
        table.ready[region] = NONE
    return True


def compact(table, bucket, gone, slot):
    """Moves the bucket that was just read to a spare sector: without what was removed, with the new slot."""
    view, end = table.view, SLOT
    for at in range(SLOT, SECTOR, SLOT):
        if at not in gone and counts(view[at : at + SLOT]):
            view[end : end + SLOT] = view[at : at + SLOT]
            end += SLOT
    if end + len(slot) > SECTOR:
        raise TableFull("bucket")
    view[end : end + len(slot)] = slot
    end += len(slot)
    while end < SECTOR or slot:  # else there is nothing to win
        sector = spare(table, bucket)
        if not table.flash.write(sector * SECTOR + SLOT, view[SLOT:end]):
            table.bad += (sector,)
        elif settle(table, bucket, sector):
            break


def turn_over(table, entry):
    """The journal goes on in another sector, with this entry."""
    flash = table.flash
    for n in range(1, JOURNAL):
        sector = (table.head + n) % JOURNAL
        if flash.header(sector) == () or flash.erase(sector):
            if _begin(flash, sector) and flash.write(sector * SECTOR + SLOT, entry):
                if flash.complete(sector, table.buckets, table.turn + 1):
                    flash.retire(table.head)
                    table.head = sector
                    table.turn += 1
                    table.end, table.erased = SLOT + len(entry), False
                    return
    table.version, table.digest, table.end = 0, UNKNOWN, SECTOR
    raise Damaged("journal")


def counts(slot):
    """Whether a slot holds a credential, or what is left of a damaged one, for that has to deny.

    Not when the power went while it was being removed (its first bytes are zero) or written (its last are not there),
    nor when bits turned over in an empty one.
    """
    return whole(slot) or (
        slot[:4] != bytes(4) and slot[12:] != b"\xff\xff\xff\xff" and bytes(slot).count(b"\xff") <= MOST_ONES
    )


def _free(table, region):
    """A sector of the region that is not in use, behind the newest one. Raises Damaged when there is none."""
    used = bytes(table.where[region * table.each : (region + 1) * table.each])
    start = JOURNAL + region * table.size
    for n in range(1, table.size + 1):
        at = (table.newest - start + n) % table.size
        if at not in used and start + at not in table.bad and start + at != table.taken:
            return start + at
    table.bad = ()  # in some, bits may only have turned over while they were spare: the next use erases and tries
    raise Damaged("no spare sector")


def _make_ready(flash, sector):
    """Erases a sector ahead of need, which is remembered on it. Whether that went well."""
    return flash.erase(sector) and flash.write(sector * SECTOR, flash.magic)


def _begin(flash, sector):
    """A sector that is erased will be filled: it does not look erased any more. Whether that went well."""
    return flash.write(sector * SECTOR + 2, pack("<H", flash.count))
