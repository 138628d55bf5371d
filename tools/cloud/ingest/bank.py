"""Keeping a part of what a bank's board holds in line: asked what its slots hold, told what differs, one at a time."""

import struct
from collections.abc import Callable
from typing import ClassVar

from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import Refused

ENTRIES = 24  # in a message
ANSWER_S = 30.0  # a message that is not answered by then was lost; keys wait for sectors to be erased


class BankSession:
    """Of one controller's session. send: seals and publishes one message. room: bytes of one. Times: Unix seconds."""

    ASKS: ClassVar[int]  # the message that asks for slots
    TELLS: ClassVar[int]  # the one that entries come in
    FIRST: ClassVar[int]  # slot
    SLOT: ClassVar[str]  # what is told of one, as struct has it
    ENTRY: ClassVar[int]  # bytes
    ASKED: ClassVar[int]  # slots in an answer

    def __init__(self, controller: int, send: Callable[[bytes], None], room: int):
        self._controller = controller
        self._send = send
        self._most = min(ENTRIES, (room - 1) // self.ENTRY)
        self._asked = min(self.ASKED, (room - 6) // struct.calcsize(self.SLOT))
        self._coming: list[int] | None = None  # what slots hold, while it comes in
        self._answer_by: float | None = None

    def said(self, message: bytes, now: float) -> None:
        """What the board says of its slots: the checksum of all, and the part that was asked for. Raises Refused."""
        size = struct.calcsize(self.SLOT)
        if len(message) < 6 or (len(message) - 6) % size:
            raise Refused("malformed")
        sum_, first = struct.unpack_from("<IB", message, 1)
        part = [value for (value,) in struct.iter_unpack(f"<{self.SLOT}", message[6:])]
        count = self._count()
        if not count:
            raise Refused("unexpected")
        if not part:
            self._all(sum_, now)
        elif self._coming is None or first != self.FIRST + len(self._coming) or len(self._coming) + len(part) > count:
            raise Refused("unexpected")
        else:
            self._coming += part
            if len(self._coming) < count:
                self._ask_on(now)
                return
            found, self._coming, self._answer_by = self._coming, None, None
            self._found(sum_, found, now)

    def step(self, now: float) -> None:
        """Tells what the board lacks, as far as nothing is under way; asks again where an answer is overdue."""
        raise NotImplementedError

    def _count(self) -> int:
        """Slots of this board; 0: it has none."""
        raise NotImplementedError

    def _all(self, sum_: int, now: float) -> None:
        """The checksum alone came."""
        raise NotImplementedError

    def _found(self, sum_: int, found: list[int], now: float) -> None:
        """All slots came."""
        raise NotImplementedError

    def _waits(self, now: float) -> bool:
        """Whether an answer is still to come."""
        return self._answer_by is not None and now < self._answer_by

    def _ask(self, now: float) -> None:
        self._coming = []
        self._ask_on(now)

    def _ask_on(self, now: float) -> None:
        self._answer_by = now + ANSWER_S
        first = len(self._coming or ())
        self._send(wire.packed(self.ASKS, "<BB", self.FIRST + first, min(self._asked, self._count() - first)))

    def _tell(self, entries: list[bytes], now: float) -> None:
        self._answer_by = now + ANSWER_S
        self._send(bytes((self.TELLS,)) + b"".join(entries))
