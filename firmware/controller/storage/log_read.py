"""Reading the event log: events come in the order of their numbers, each one, also when it cannot be read any more."""

from struct import unpack_from

from ..events import LOG_OVERWRITTEN
from ..records import EVENT, expired, pack_event
from .log_format import SLOTS
from .sectors import SECTOR, last, whole


def read(log, seq, buf):
    """As EventLog.read says."""
    if not log.first <= seq <= log.last:
        return 0
    view = memoryview(buf)
    room = len(buf) // EVENT
    sector = sector_of(log, seq)
    slot = max(1, seq - (log.first_in(sector) or seq) + 1)
    n = 0
    chain = bytes(8)
    while n < room:
        took = min(room - n, (log.slot if sector == log.head else SLOTS) - slot)
        if took <= 0:
            if sector == log.head:
                break
            sector, slot = log.after(sector), 1
            continue
        part = view[n * EVENT : (n + took) * EVENT]
        log.flash.read(sector * SECTOR + slot * EVENT, part)
        slot += took
        for at in range(0, took * EVENT, EVENT):
            record = part[at : at + EVENT]
            if not (whole(record) or expired(record)) and record[31] != 0xFF:  # nor torn
                from .bit_errors import mended

                record[:] = mended(record) or record
            found = unpack_from("<I", record)[0]
            if found == seq + n and (whole(record) or expired(record)):
                view[n * EVENT : (n + 1) * EVENT] = record
                n += 1
            elif found == seq:
                chain = bytes(record[20:28])
            elif found > seq + n and whole(record):
                room = n
                break
    if not n:
        view[:EVENT] = pack_event(seq, 0, LOG_OVERWRITTEN, 0, 1, 0, None, 0, chain)
    return n or 1


def sector_of(log, seq):
    """The sector from which on to look for seq, by halving from the oldest to the head."""
    tail, count = log.tail, log.flash.count
    behind = (log.head - tail) % count + 1
    return (tail + last(0, behind, lambda i: log.readable((tail + i) % count)[0] <= seq)) % count
