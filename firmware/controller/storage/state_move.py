"""The state journal goes on in another sector. Loaded when one is full, or takes nothing any more."""

from micropython import const

from .sectors import SECTOR

_RECORD = const(16)


def move(journal):
    """Copies what is valid to the next sector; its header, written last, makes it the one that counts.

    One that does not take it all is passed over. In the end it is the same one again, erased with all it held.
    """
    flash, old = journal.flash, journal.sector
    journal.at = SECTOR
    for n in range(1, flash.count + 1):
        new = (old + n) % flash.count
        if not (journal.erased and n == 1):
            flash.erase(new)
        if _copy(journal, new) and flash.complete(new, 0, journal.turn + 1):
            if journal.turn and new != old:
                flash.retire(old)
            journal.sector, journal.at = new, _RECORD * (1 + len(journal.values))
            journal.turn += 1
            break
    journal.erased = False


def _copy(journal, sector):
    at = _RECORD
    for kind, value in journal.values.items():
        if not journal.write(sector, at, kind, value):
            return False
        at += _RECORD
    return True
