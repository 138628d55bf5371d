"""Keeping the stock of a bank filled: one STOCK message at a time, each answered by what the board then holds."""

import struct
from collections.abc import Callable

from firmware.controller.access.codes import KEY, SLOTS
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import Refused

from ..lockers import stock
from ..services.refusal import Refusal, text

MOST = 24  # keys in a message
ASKED = 128  # slots in an answer
LOST = text(
    "the board has lost what it knew of the parcels in compartments %(numbers)s; open them and take the parcels out"
)
ANSWER_S = 30.0  # a message that is not answered by then was lost; keys wait for sectors to be erased


class StockSession:
    """Of one controller's session. send: seals and publishes one message. room: bytes of one. Times: Unix seconds.

    tell: what somebody has to see to.
    """

    def __init__(self, controller: int, send: Callable[[bytes], None], room: int, tell: Callable[[Refusal], None]):
        self._tell = tell
        self._controller = controller
        self._send = send
        self._most = min(MOST, (room - 1) // (4 + KEY))
        self._under_way: list[int] = []  # numbers that were sent
        self._coming: list[int] | None = None  # the words of its slots, while they come in
        self._answer_by: float | None = None

    def said(self, message: bytes, now: float) -> None:
        """STOCK_STATE. Raises Refused."""
        if len(message) < 6 or (len(message) - 6) % 4:
            raise Refused("malformed")
        sum_, first = struct.unpack_from("<IB", message, 1)
        words = stock.read(message[6:])
        known = stock.held(self._controller)
        if not known:
            raise Refused("unexpected")
        if words:
            self._part(sum_, first, words, now)
            return
        sent, self._under_way = self._under_way, []
        if sum_ == stock.checksum(known) or (sent and stock.took(self._controller, sent, sum_)):
            self._answer_by = None
            self.step(now)
        else:
            self._coming = []
            self._ask(now)

    def _part(self, sum_: int, first: int, words: list[int], now: float) -> None:
        if self._coming is None or first != len(self._coming) or first + len(words) > SLOTS:
            raise Refused("unexpected")
        self._coming += words
        if len(self._coming) < SLOTS:
            self._ask(now)
            return
        found, self._coming, self._answer_by = self._coming, None, None
        if sum_ != stock.checksum(found):  # something happened in between: asked again, a little later
            self._answer_by = now + ANSWER_S
            return
        lost = stock.said(self._controller, found)
        if lost:
            numbers = ", ".join(str(row.compartment) for row in lost)
            self._tell(Refusal(LOST, numbers=numbers))
        self.step(now)

    def _ask(self, now: float) -> None:
        self._answer_by = now + ANSWER_S
        first = len(self._coming or ())
        self._send(wire.packed(wire.STOCK_ASKED, "<BB", first, min(ASKED, SLOTS - first)))

    def again(self, now: float) -> None:
        """What was under way is overdue: whichever message was lost, the board says what it holds."""
        if self._answer_by is not None and now >= self._answer_by:
            self._coming = []
            self._ask(now)

    def step(self, now: float) -> None:
        """Sends the next numbers that the board lacks, unless something is under way."""
        if self._answer_by is not None:
            return
        keys = stock.missing(self._controller, self._most)
        if keys:
            self._under_way = [number for number, _ in keys]
            self._answer_by = now + ANSWER_S
            self._send(bytes((wire.STOCK,)) + b"".join(struct.pack("<I", number) + key for number, key in keys))
