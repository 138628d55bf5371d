"""The first start of a credential table, or the first one since its journal was lost; blank sectors for it."""

from ..events import FLASH_FOREIGN
from .sectors import SECTOR, fault
from .table import JOURNAL, UNKNOWN


def begin(table):
    """Makes empty buckets of a partition that holds none; who is known stays known where only the journal is lost."""
    flash = table.flash
    for sector in range(JOURNAL, flash.count):
        if flash.header(sector):
            table.note(0, UNKNOWN, 0)
            return
    foreign = False
    for sector in range(flash.count):
        foreign |= clear(flash, sector)
    if foreign:
        fault(FLASH_FOREIGN, 65)
    for region in range(table.buckets // table.each):
        for n in range(table.size):
            sector = JOURNAL + region * table.size + n
            if n < table.each:
                flash.complete(sector, region * table.each + n, 1)
            else:
                flash.write(sector * SECTOR, flash.magic)
    table.note(0, 0, 0)


def clear(flash, sector):
    """Erases what is not blank. Whether it had to."""
    buf = bytearray(256)
    for at in range(0, SECTOR, 256):
        if flash.read(sector * SECTOR + at, buf).count(b"\xff") < 256:
            flash.erase(sector)
            return True
    return False
