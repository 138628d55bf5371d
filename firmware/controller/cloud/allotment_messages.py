"""Allotments over the wire: what the cloud says of compartments, and what holds. Loaded with own compartments."""

from struct import calcsize, pack

from ..storage.allotments import ENTRY, NOBODY, Allotment, read_entry, sum_of
from .bank_messages import BankMessages
from .wire import ALLOT, ALLOT_ASKED, ALLOT_STATE


class AllotmentMessages(BankMessages):
    """may(number): whether that compartment can be allotted now."""

    def __init__(self, allotments, stock, may, sync):
        super().__init__(stock, sync, ALLOT_STATE, 1, allotments.count + 1, calcsize(ENTRY))
        self._allotments = allotments
        self._may = may
        sync.handlers[ALLOT] = self._take
        sync.handlers[ALLOT_ASKED] = self.asked

    def says(self, slot, crc):
        allotment = self._allotments.get(slot)
        return sum_of(allotment, crc), pack("<H", allotment.mark)

    def _take(self, loop, message, now):
        """What is allotted, all of it looked at before any of it holds. Nothing is written that says what is known."""
        allotments = [read_entry(message, at) for at in self.entries(message)]
        for allotment in allotments:
            if not 1 <= allotment.number <= self._allotments.count:
                raise ValueError("allot: compartment")
        for allotment in allotments:
            before = self._allotments.get(allotment.number)
            if allotment.mark != before.mark and (before.mark or not self._may(allotment.number)):
                continue  # it is somebody else's, or there is a parcel in it
            if allotment.kind == NOBODY and before.is_taken() and allotment.until != before.turn():
                continue  # who takes it back did not know that somebody has taken it: their things lie there
            if allotment.kind == NOBODY:
                allotment = Allotment(allotment.number)
            if allotment.entry() != before.entry():
                self._allotments.set(allotment)
        self.tell()
