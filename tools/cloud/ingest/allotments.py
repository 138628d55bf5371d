"""Keeping a bank's board in line with whose its compartments are: each message is answered by what holds then."""

import struct
from collections.abc import Callable

from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import Refused
from firmware.controller.storage.allotments import ENTRY

from ..lockers import allotments

MOST = 24  # entries in a message
ASKED = 64  # marks in an answer
ANSWER_S = 30.0  # a message that is not answered by then was lost


class AllotmentSession:
    """Of one controller's session. send: seals and publishes one message. room: bytes of one. Times: Unix seconds."""

    def __init__(self, controller: int, send: Callable[[bytes], None], room: int):
        self._controller = controller
        self._send = send
        self._most = min(MOST, (room - 1) // struct.calcsize(ENTRY))
        self._asked = min(ASKED, (room - 6) // 2)
        self._sum = 0  # what the board said last
        self._coming: list[int] | None = None  # marks, while they come in
        self._queue: list[bytes] = []  # entries that are still to be sent
        self._tried: tuple[int, int] | None = None  # what should be, and what was: told, and not taken
        self._answer_by: float | None = None

    def said(self, message: bytes, now: float) -> None:
        """ALLOT_STATE. Raises Refused."""
        if len(message) < 6 or len(message) % 2:
            raise Refused("malformed")
        self._sum, first = struct.unpack_from("<IB", message, 1)
        marks = struct.unpack(f"<{(len(message) - 6) // 2}H", message[6:])
        wanted = allotments.of_board(self._controller)
        if not wanted:
            raise Refused("unexpected")
        if marks:
            self._part(first, marks, wanted, now)
            return
        self._answer_by = None
        if self._queue:
            self._tell(now)
        elif self._sum == allotments.checksum(wanted.values()):
            self._tried = None
            allotments.in_force(self._controller)
        else:
            self.step(now)

    def _part(self, first: int, marks: tuple[int, ...], wanted: dict[int, bytes], now: float) -> None:
        if self._coming is None or first != len(self._coming) + 1 or len(self._coming) + len(marks) > len(wanted):
            raise Refused("unexpected")
        self._coming += marks
        if len(self._coming) < len(wanted):
            self._ask(len(wanted), now)
            return
        found, self._coming, self._answer_by = self._coming, None, None
        self._queue = allotments.said(self._controller, found)
        self._tried = allotments.checksum(allotments.of_board(self._controller).values()), self._sum
        if self._queue:
            self._tell(now)

    def _tell(self, now: float) -> None:
        now_told, self._queue = self._queue[: self._most], self._queue[self._most :]
        self._answer_by = now + ANSWER_S
        self._send(bytes((wire.ALLOT,)) + b"".join(now_told))

    def _ask(self, count: int, now: float) -> None:
        assert self._coming is not None
        self._answer_by = now + ANSWER_S
        first = len(self._coming) + 1
        self._send(wire.packed(wire.ALLOT_ASKED, "<BB", first, min(self._asked, count - first + 1)))

    def try_again(self) -> None:
        """Something was in the way of what the board did not take, and may be no more."""
        self._tried = None

    def step(self, now: float) -> None:
        """What should be differs from what the board said, and was not told yet; or an answer is overdue."""
        if self._answer_by is not None and now < self._answer_by:
            return
        wanted = allotments.of_board(self._controller)
        should = allotments.checksum(wanted.values())
        if self._answer_by is not None or (should != self._sum and self._tried != (should, self._sum)):
            self._coming, self._queue = [], []
            self._ask(len(wanted), now)
