"""What a bank's board says of its slots comes in order, as much as was asked for, and no more: all else is refused."""

import struct

import pytest

from firmware.controller.cloud.channel import Refused
from tools.cloud.ingest.bank import ANSWER_S, BankSession

COUNT = 5


class Numbers(BankSession):
    """Slots 1 to 5, asked for by three."""

    ASKS, TELLS, FIRST, SLOT, ENTRY, ASKED = 1, 2, 1, "H", 10, 3

    def __init__(self, room: int = 200) -> None:
        self.sent: list[bytes] = []
        self.found: list[int] = []
        super().__init__(0, self.sent.append, room)

    def _count(self) -> int:
        return COUNT

    def _all(self, sum_: int, now: float) -> None:
        self._ask(now)

    def _found(self, sum_: int, found: list[int], now: float) -> None:
        self.found = found

    def holds(self, first: int, *slots: int) -> None:
        self.said(struct.pack(f"<BIB{len(slots)}H", 0, 77, first, *slots), 0.0)


def test_slots_come_part_by_part() -> None:
    session = Numbers()
    session.holds(1)
    assert session.sent == [b"\x01\x01\x03"]
    session.holds(1, 10, 20, 30)
    assert session.sent[1:] == [b"\x01\x04\x02"] and not session.found
    assert session._waits(ANSWER_S - 1) and not session._waits(ANSWER_S)
    session.holds(4, 40, 50)
    assert session.found == [10, 20, 30, 40, 50] and not session._waits(0.0)


@pytest.mark.parametrize(("room", "asked"), [(7, 0), (8, 1), (10, 2), (12, 3), (200, 3)])
def test_no_more_is_asked_for_than_an_answer_holds(room: int, asked: int) -> None:
    """Six bytes of an answer tell its kind, the sum and where it begins; each slot is two."""
    session = Numbers(room)
    session.holds(1)
    assert session.sent == [bytes((1, 1, asked))]


@pytest.mark.parametrize(
    ("before", "first", "slots"),
    [((), 1, (10,)), ((1,), 2, (10,)), ((1,), 0, (10,)), ((1,), 1, (10, 20, 30, 40, 50, 60))],
)
def test_what_was_not_asked_for_is_refused(before: tuple[int, ...], first: int, slots: tuple[int, ...]) -> None:
    session = Numbers()
    for at in before:
        session.holds(at)
    with pytest.raises(Refused, match="unexpected"):
        session.holds(first, *slots)
    assert not session.found


@pytest.mark.parametrize("message", [b"", b"\x00" * 5, b"\x00" * 7])
def test_half_a_slot_is_malformed(message: bytes) -> None:
    with pytest.raises(Refused, match="malformed"):
        Numbers().said(message, 0.0)
