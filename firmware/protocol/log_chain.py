"""A log's chain as its reader follows it: whether anything in it was changed, left out or made up afterwards.

Cloud and simulator use it; no board loads it. What makes the chain is in records.py and storage/log.py.
"""

from firmware.controller.events import CHAIN_BEGINS, LOG_OVERWRITTEN, NEW_KEY
from firmware.controller.records import chain_mac, expired, next_chain_key, unpack_event

WHOLE = "whole"  # what the controller recorded, in its place
EXPIRED = "expired"  # its content is gone: right where its retention was over, which the reader has to judge by time
LOST = "lost"  # the controller says that it cannot read this one any more
UNPROVEN = "unproven"  # the one before it is missing, and without that nothing can be proven
BROKEN = "broken"  # not what the controller recorded here

# Keys that are tried after so many unproven events: the key moves with a sector of 127, and some are left early, worn.
# A log that cannot be proven any more, as after a cloud was put back, must not cost more with each event.
_EVENTS_A_KEY = 64
_KEYS_MORE = 16
_KEYS_MOST = 65536  # of eight million events in a row: a gap of four billion, as a stolen board may tell, costs no more


class LogChain:
    """sequence, key: the event with which the chain begins and its key, as the first HELLO told.

    next: the number that is expected. before: the chain of the record before, None when not known. unproven: how many
    records since the last proven one; among them the key may have moved forward. These four are all there is to keep.

    A thief of the board has today's key, and so can write other events from the head's sector on, but not one with the
    old key. To get an earlier event out of the way he has to let records be missing, lost, expired or broken, which
    this tells; what follows such a place, up to the next key, is proven only against those who do not hold the board.
    """

    def __init__(self, sequence, key):
        self.begin(sequence, key)

    def begin(self, sequence, key):
        """The controller says that its chain begins with that event, which is next. Said again it is a break."""
        self.next = sequence
        self.key = key
        self.before = bytes(8)
        self.unproven = 0

    def take(self, record):
        """Which of the five this record of 32 bytes is. They come in order; what was stored already is left out."""
        event = unpack_event(record)
        if event is None:
            raise ValueError("not an event")
        chain = bytes(record[20:28])
        missing = event[0] - self.next
        if missing < 0:
            raise ValueError("taken before")
        if missing:
            self.before = None
            self.unproven += missing
        before = self.before
        self.next, self.before = event[0] + 1, chain
        if expired(record):
            verdict = EXPIRED
        elif before is not None and self._proven(before, record, chain, event[5]):
            return WHOLE
        elif event[2] == LOG_OVERWRITTEN and event[4] == 1:
            verdict = LOST
            if not any(chain):
                self.before = None
        else:
            verdict = UNPROVEN if before is None and not event[5] & CHAIN_BEGINS else BROKEN
        self.unproven += 1
        return verdict

    def _proven(self, before, record, chain, flags):
        key = self.key
        for _ in range(min(self.unproven, self.unproven // _EVENTS_A_KEY + _KEYS_MORE, _KEYS_MOST) + 1):
            if chain_mac(key, before, bytes(record)) == chain:
                self.key = next_chain_key(key) if flags & NEW_KEY else key
                self.unproven = 0
                return True
            key = next_chain_key(key)
        return False
