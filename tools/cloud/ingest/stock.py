"""Keeping the stock of a bank filled: one STOCK message at a time, each answered by what the board then holds."""

import struct
from collections.abc import Callable

from firmware.controller.access.codes import KEY, SLOTS
from firmware.controller.cloud import wire

from ..lockers import stock
from ..services.refusal import Refusal, text
from .bank import ANSWER_S, BankSession

LOST = text(
    "the board has lost what it knew of the parcels in compartments %(numbers)s; open them and take the parcels out"
)


class StockSession(BankSession):
    """What is told of a slot is its number and state. tell: what somebody has to see to."""

    ASKS = wire.STOCK_ASKED
    TELLS = wire.STOCK
    FIRST = 0
    SLOT = "I"
    ENTRY = 4 + KEY
    ASKED = 128

    def __init__(self, controller: int, send: Callable[[bytes], None], room: int, tell: Callable[[Refusal], None]):
        super().__init__(controller, send, room)
        self._notes = tell
        self._under_way: list[int] = []  # numbers that were sent

    def again(self, now: float) -> None:
        """What was under way is overdue: whichever message was lost, the board says what it holds."""
        if self._answer_by is not None and not self._waits(now):
            self._ask(now)

    def step(self, now: float) -> None:
        if self._answer_by is not None:
            return
        keys = stock.missing(self._controller, self._most)
        if keys:
            self._under_way = [number for number, _ in keys]
            self._tell([struct.pack("<I", number) + key for number, key in keys], now)

    def _count(self) -> int:
        return SLOTS if stock.held(self._controller) else 0

    def _all(self, sum_: int, now: float) -> None:
        sent, self._under_way = self._under_way, []
        known = stock.held(self._controller)
        if sum_ == stock.checksum(known) or (sent and stock.took(self._controller, sent, sum_)):
            self._answer_by = None
            self.step(now)
        else:
            self._ask(now)

    def _found(self, sum_: int, found: list[int], now: float) -> None:
        if sum_ != stock.checksum(found):  # something happened in between: asked again, a little later
            self._answer_by = now + ANSWER_S
            return
        lost = stock.said(self._controller, found)
        if lost:
            numbers = ", ".join(str(row.compartment) for row in lost)
            self._notes(Refusal(LOST, numbers=numbers))
        self.step(now)
