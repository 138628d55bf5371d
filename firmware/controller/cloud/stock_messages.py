"""The stock of a bank over the wire: keys that come from the cloud, and what the slots hold. Loaded with deliveries."""

from binascii import crc32
from struct import pack, unpack_from

from micropython import const

from ..access.codes import MOST, SLOTS
from ..storage.stock import HELD, LIES, Delivery
from .wire import STOCK, STOCK_ASKED, STOCK_STATE, packed, unpacked

_ENTRY = const(20)
_MOST = const(24)  # entries of a message
_ASKED = const(128)  # slots of a message
_PIECE = const(16)  # slots in a step of the control loop


class StockMessages:
    """stock: of the bank. is_busy(number): whether a compartment is open for that delivery."""

    def __init__(self, stock, is_busy, sync):
        self._stock = stock
        self._is_busy = is_busy
        self._sync = sync
        self._open = False
        self._slot = -1  # the next one to be looked at, -1: there is nothing to tell
        sync.handlers[STOCK] = self._take
        sync.handlers[STOCK_ASKED] = self._asked

    def watch(self):
        """A piece of what is told. Of worn flash nothing: the cloud would send keys on and on."""
        if self._stock.is_worn:
            self._slot = -1
            return
        if self._sync.open != self._open:
            self._open = self._sync.open
            self._slot = -1
            if self._open:
                self._begin(0, 0)
        if 0 <= self._slot < SLOTS:
            for slot in range(self._slot, self._slot + _PIECE):
                one = self._stock.get(slot)
                word = pack("<I", one.number | one.state << 30)
                self._crc = crc32(word, self._crc)
                if self._first <= slot < self._first + self._count:
                    self._words += word
            self._slot += _PIECE
        elif self._slot == SLOTS and self._sync.say(packed(STOCK_STATE, "<IB", self._crc, self._first) + self._words):
            self._slot = -1

    def is_telling(self):
        return 0 <= self._slot < SLOTS or (self._sync.open != self._open and not self._stock.is_worn)

    def waits_for_room(self):
        return self._slot == SLOTS

    def _begin(self, first, count):
        self._slot = self._crc = 0
        self._first, self._count, self._words = first, count, b""

    def _take(self, loop, message, now):
        """Keys that come. One that is not newer than what its slot has, or whose slot has a parcel, is left out."""
        count, rest = divmod(len(message) - 1, _ENTRY)
        if rest or not 1 <= count <= _MOST:
            raise ValueError("stock: length")
        for at in range(1, len(message), _ENTRY):
            if not 1 <= unpack_from("<I", message, at)[0] <= MOST:
                raise ValueError("stock: number")
        for at in range(1, len(message), _ENTRY):
            number, key = unpack_from("<I16s", message, at)
            before = self._stock.get(number % SLOTS)
            if number > before.number and before.state != LIES and not self._is_busy(before.number) and any(key):
                one = Delivery()
                one.number, one.state, one.key = number, HELD, key
                self._stock.set(one)
        self._begin(0, 0)

    def _asked(self, loop, message, now):
        first, count = unpacked("<BB", message)
        if not 1 <= count <= _ASKED or first + count > SLOTS:
            raise ValueError("stock: slots")
        self._begin(first, count)
