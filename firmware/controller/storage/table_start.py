"""The first start of a credential table, or the first one since its journal was lost."""

from ..events import FLASH_FOREIGN
from .blank import make_blank
from .sectors import SECTOR, fault
from .table import UNKNOWN
from .table_format import JOURNAL, LETTER


def begin(table):
    """Makes empty buckets of a partition that holds none; known credentials stay where only the journal is lost."""
    flash = table.flash
    for sector in range(JOURNAL, flash.count):
        if flash.header(sector):
            table.note(0, UNKNOWN, 0)
            return
    foreign = False
    for sector in range(flash.count):
        foreign |= make_blank(flash, sector)
    if foreign:
        fault(FLASH_FOREIGN, LETTER)
    for region in range(table.buckets // table.each):
        for n in range(table.size):
            sector = JOURNAL + region * table.size + n
            if n < table.each:
                flash.complete(sector, region * table.each + n, 1)
            else:
                flash.write(sector * SECTOR, flash.magic)
    table.note(0, 0, 0)
