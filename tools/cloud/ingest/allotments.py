"""Keeping a bank's board in line with whose its compartments are: each message is answered by what holds then."""

import struct
from collections.abc import Callable

from firmware.controller.cloud import wire
from firmware.controller.storage import allotments as on_flash

from ..lockers import allotments
from .bank import BankSession


class AllotmentSession(BankSession):
    """What is told of a compartment is its mark."""

    ASKS = wire.ALLOT_ASKED
    TELLS = wire.ALLOT
    FIRST = 1
    SLOT = "H"
    ENTRY = struct.calcsize(on_flash.ENTRY)
    ASKED = 64

    def __init__(self, controller: int, send: Callable[[bytes], None], room: int):
        super().__init__(controller, send, room)
        self._sum = 0  # what the board said last
        self._queue: list[bytes] = []  # entries that are still to be sent
        self._tried: tuple[int, int] | None = None  # what should be, and what was: told, and not taken

    def try_again(self) -> None:
        """Something was in the way of what the board did not take, and may be no more."""
        self._tried = None

    def step(self, now: float) -> None:
        if self._waits(now):
            return
        should = self._should()
        if self._answer_by is not None or (should != self._sum and self._tried != (should, self._sum)):
            self._queue = []
            self._ask(now)

    def _count(self) -> int:
        return len(allotments.of_board(self._controller))

    def _should(self) -> int:
        return allotments.checksum(allotments.of_board(self._controller).values())

    def _all(self, sum_: int, now: float) -> None:
        self._sum, self._answer_by = sum_, None
        if self._queue:
            self._tell_next(now)
        elif sum_ == self._should():
            self._tried = None
            allotments.in_force(self._controller)
        else:
            self.step(now)

    def _found(self, sum_: int, found: list[int], now: float) -> None:
        self._sum = sum_
        self._queue = allotments.said(self._controller, found)
        self._tried = self._should(), sum_
        if self._queue:
            self._tell_next(now)

    def _tell_next(self, now: float) -> None:
        entries, self._queue = self._queue[: self._most], self._queue[self._most :]
        self._tell(entries, now)
