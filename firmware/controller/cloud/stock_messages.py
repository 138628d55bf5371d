"""The stock of a bank over the wire: keys that come from the cloud, and what the slots hold. Loaded with deliveries."""

from binascii import crc32
from struct import pack, unpack_from

from micropython import const

from ..access.codes import MOST, SLOTS
from ..storage.stock import HELD, LIES, Delivery
from .bank_messages import BankMessages
from .wire import STOCK, STOCK_ASKED, STOCK_STATE

_ENTRY = const(20)


class StockMessages(BankMessages):
    """stock: of the bank. is_busy(number): whether a compartment is open for that delivery."""

    def __init__(self, stock, is_busy, sync):
        super().__init__(stock, sync, STOCK_STATE, 0, SLOTS, _ENTRY)
        self._is_busy = is_busy
        sync.handlers[STOCK] = self._take
        sync.handlers[STOCK_ASKED] = self.asked

    def says(self, slot, crc):
        one = self._stock.get(slot)
        word = pack("<I", one.number | one.state << 30)
        return crc32(word, crc), word

    def _take(self, loop, message, now):
        """Keys that come. One that is not newer than what its slot has, or whose slot has a parcel, is left out."""
        entries = self.entries(message)
        for at in entries:
            if not 1 <= unpack_from("<I", message, at)[0] <= MOST:
                raise ValueError("stock: number")
        for at in entries:
            number, key = unpack_from("<I16s", message, at)
            before = self._stock.get(number % SLOTS)
            if number > before.number and before.state != LIES and not self._is_busy(before.number) and any(key):
                delivery = Delivery()
                delivery.number, delivery.state, delivery.key = number, HELD, key
                self._stock.set(delivery)
        self.tell()
