"""The start of the event log: its end is found in few reads, however long it is; a partition without one gets one."""

from struct import unpack_from

from micropython import const

from ..events import CHAIN_BEGINS, FLASH_FOREIGN, LOG_CHAIN_ANEW, NEW_KEY
from ..records import EVENT, chain_mac, expired
from .log_format import KEY, LETTER, SLOTS
from .log_read import sector_of
from .sectors import SECTOR, fault, last, sealed
from .state import CHAIN

_BACK = const(3)  # sectors in which a power cut may have left a key
_NEAR = const(8)  # worn sectors side by side that a start sees through


def find_end(log):
    """The last event, the head that holds it, and the chain from there. Without any a new log begins."""
    flash, buf = log.flash, log.buf
    newest = _newest(log)
    number = 0
    ends = {}  # looked for once: a slot that a power cut left weak may look erased now, and torn a moment later

    def end_of(sector):
        if sector not in ends:
            ends[sector] = _end_of(log, sector)
        return ends[sector]

    if newest is not None:
        slot = end_of(newest) - 1
        header = flash.header(newest)
        if slot:
            _firm(log, newest, slot)
        elif header:
            flash.complete(newest, header[0], header[1])
            before = (newest - 1) % flash.count
            _firm(log, before, end_of(before) - 1)
        if not header or header[1] > 1 or slot:
            at, number = _number_before(log, newest * SLOTS + end_of(newest))
        for back in range(1, _NEAR + 1):
            if not header or not 0 < number < header[1] - 1:
                break
            # A worn sector that still holds what it held? Then the head lies before it.
            place, found = _number_before(log, (newest - back) % flash.count * SLOTS)
            if found >= header[1] - 1:
                at, number = place, found
    if not number:
        _begin(log)
        return
    log.slot_at(at // SLOTS, at % SLOTS)
    end = bytes(log.slot_buf)
    log.head = head = at // SLOTS
    for sector in [newest, head] + list(range(flash.count)):
        found = flash.header(sector)
        if found:
            break
    else:
        _begin(log)
        return
    log.epoch = found[0]
    log.slot = end_of(head)
    key = _key_of(log, head)
    log.chained = bool(key)
    place, before, lost = at, number, 0
    while before < 0:
        lost += 1
        place, before = _number_before(log, place)
    log.last = before + lost
    if header and header[1] > log.last + 1:
        log.last = header[1] - 1
        log.chained = False
    if log.chained:
        buf[:24] = key + end[20:28]
        if not expired(end) and not end[11] & (NEW_KEY | CHAIN_BEGINS):
            _number_before(log, at)
            key = _key_under(key, bytes(log.slot_buf[20:28]), end)
            log.chained = bool(key)
            buf[:KEY] = key or bytes(KEY)
    if not log.chained:
        fault(LOG_CHAIN_ANEW, 0)
    if newest != head and header and end_of(newest) == 1:
        log.ready = newest


def _firm(log, sector, slot):
    """The last slot is what it reads as now, for ever: bits that a power cut left weak read now so, now so."""
    if not slot:
        return
    number = log.slot_at(sector, slot)
    event = bytes(log.slot_buf)
    at = sector * SECTOR + slot * EVENT
    all_but = sealed(event[:28])
    if event[:31] == all_but[:31]:  # only its last byte was cut short: of all torn ones, this one can look damaged
        log.flash.firm(at, all_but)
    elif number:
        log.flash.firm(at, event)
    elif any(event):  # torn, also where it looks erased now: when the end was looked for it did not
        log.flash.firm(at, bytes(EVENT))


def find_chain(log):
    """Where the key lies with which the chain begins, and keys that a power cut kept from going."""
    head, count = log.head, log.flash.count
    epoch, begins = divmod(log.state.get(CHAIN), 1 << 32)
    if epoch != log.epoch:
        begins = 1
    if begins > log.last:  # and the power went before there was an event
        log.chained = False
    elif max(log.acknowledged + 1, log.first) <= begins:
        start = sector_of(log, begins)
        key = _key_of(log, start)
        if key:
            if log.slot_at(start, 1) == begins and not expired(log.slot_buf):
                key = _key_under(key, bytes(8), bytes(log.slot_buf)) or key
            log.start = start
            log.begins = begins, key
    sectors = {(head - back) % count for back in range(1, _BACK + 1)} | {log.start}
    log.old_keys = [sector for sector in sectors if sector not in (None, head, log.ready) and _key_of(log, sector)]


def _key_of(log, sector):
    """The chain key in a sector, None when it is gone."""
    key = bytes(log.flash.read(sector * SECTOR + KEY, bytearray(KEY)))
    return key if any(key) and min(key) < 0xFF else None


def _key_under(key, before, event):
    """The key under which the event follows: as it lies there, or with one bit turned back. None: there is none."""
    for bit in range(-1, 8 * KEY):
        tried = bytearray(key)
        if bit >= 0:
            tried[bit >> 3] ^= 1 << (bit & 7)
        if chain_mac(bytes(tried), before, event) == event[20:28]:
            return bytes(tried)
    return None


def _rank(log, sector):
    """A number that rises from sector to sector, from the oldest on. 0: this one says nothing. None: it is blank."""
    header = log.flash.header(sector)
    if header:
        return header[1]
    return log.first_in(sector) or (None if log.slot_at(sector, 0) is None else 0)


def _newest(log):
    """The sector that was erased last, by halving: from sector 0 on ranks rise, then fall to the lap before.

    None when no sector says anything.
    """
    count = log.flash.count
    low = base = 0
    for sector in range(count):
        if base and sector >= _NEAR:
            break
        found = _rank(log, sector) or 0
        if found > base:
            low, base = sector, found
    if not base:
        return None

    def of_this_lap(sector):
        """One that says nothing belongs to the next one that does."""
        for near in range(sector, min(sector + _NEAR, count)):
            found = _rank(log, near)
            if found:
                return found >= base
        return False

    newest = last(low, count, of_this_lap)
    found = _rank(log, newest)
    for behind in range(newest + 1, min(newest + 1 + _NEAR, count)):
        if (_rank(log, behind) or 0) > found:  # worn sectors may hold what they held, or say nothing
            return max(range(count), key=lambda sector: _rank(log, sector) or 0)
    return newest


def _number_before(log, at):
    """(place, number) of the last slot before `at` that has one; a place is sector * SLOTS + slot."""
    slots = log.flash.count * SLOTS
    for _ in range(slots):
        at = (at - 1) % slots
        number = at % SLOTS and log.slot_at(at // SLOTS, at % SLOTS)
        if number:
            return at, number
    return 0, 0


def _end_of(log, sector):
    """The first erased slot of a sector."""
    return last(0, SLOTS, lambda slot: log.slot_at(sector, slot) is not None) + 1


def _begin(log):
    """A new log. What the partition held is not one."""
    from .blank import make_blank

    flash = log.flash
    log.epoch = unpack_from("<I", log.urandom(4))[0]
    log.head = flash.count - 1
    foreign = False
    for sector in range(flash.count):
        foreign = make_blank(flash, sector) or foreign
    if foreign:
        fault(FLASH_FOREIGN, LETTER)
