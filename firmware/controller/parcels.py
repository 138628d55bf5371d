"""Parcels at a bank: its keypad, its deliveries, and their keys that come from the cloud. Loaded where it has sizes."""

from micropython import const

from . import clock, ticks
from .access.codes import MOST
from .code_entry import CodeEntry
from .deliveries import Deliveries
from .storage.stock import LIES

_NO_DOOR, _DONE_BEFORE = 2, 5  # why a command is refused, as cloud/commands.py says it
_SOON_MS = const(50)


class Parcels:
    """table: `bank` of board.json."""

    def __init__(self, table, compartments, loop, now):
        self._compartments = compartments
        self.entry = CodeEntry(table["keypad"], loop, now)
        cards = table["keypad"].get("cards", 0)
        low = table.get("low", ())
        self.deliveries = Deliveries(table["sizes"], compartments, loop, self.entry.moved, now, cards > 0, low)
        self.entry.deliveries = self.deliveries
        self.record = self.deliveries.record
        self._cards = None
        if cards:
            from .own_compartments import OwnCompartments

            self._cards = self.entry.cards = OwnCompartments(
                cards, self.deliveries, compartments, loop, self.deliveries.sizes
            )
            self.record = self._cards.record
        self._messages = []  # type: list
        self._more = False
        if loop.sync:
            from .cloud.stock_messages import StockMessages

            stock = self.deliveries.stock
            self._messages.append(StockMessages(stock, self.deliveries.is_busy, loop.sync))
            if cards:
                from .cloud.allotment_messages import AllotmentMessages

                may = self.deliveries.may_be_allotted
                self._messages.append(AllotmentMessages(self._cards.allotments, stock, may, loop.sync))
            loop.sync.handlers["do cancel"] = self._cancel, 0, 900, 76
            loop.sync.handlers["do empty"] = self._empty, 0, 900, 76

    def watch(self, loop, now):
        self.entry.watch(now)
        self.deliveries.watch(now)
        self._compartments.watch(self.record, now)
        for messages in self._messages:
            messages.watch()
        self._more = loop.quiet() and self.deliveries.stock.prepare()

    def deadline(self):
        """When watch() has something to do of itself: in the next step where work goes on piece by piece."""
        if self._more or self.deliveries.failed:
            return clock.now()
        due = ticks.soonest(self.entry.deadline(), self.deliveries.deadline())
        soon = self.deliveries.is_unsure()
        for messages in self._messages:
            if messages.is_telling():
                return clock.now()
            soon = soon or messages.waits_for_room()
        return ticks.soonest(due, ticks.add(clock.now(), _SOON_MS)) if soon else due

    def _empty(self, sync, loop, fields, now):
        """compartment, turn: a shared one that somebody has looked into, and which time it was taken."""
        n, turn = fields["compartment"], fields["turn"]
        if not self._cards or type(n) is not int or not 1 <= n <= self._compartments.count:
            return _NO_DOOR
        if type(turn) is not int or not 1 <= turn <= 255:
            return _NO_DOOR
        return None if self._cards.empty(n, turn, now) else _DONE_BEFORE

    def _cancel(self, sync, loop, fields, now):
        """delivery: its number. Refused where it is over, and where its parcel lies in a compartment."""
        number = fields["delivery"]
        if type(number) is not int or not 1 <= number <= MOST:
            return _NO_DOOR
        state = self.deliveries.cancel(number, now)
        return state and (_DONE_BEFORE if state == LIES else _NO_DOOR)
