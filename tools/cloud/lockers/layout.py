"""How a bank looks, from its `bank` in board.json: which compartments, how large, and where each of them is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools import board_locks, board_parcels

from ..services.refusal import Refusal

HEIGHTS = {"S": 1, "M": 2, "L": 4, "X": 6}  # of a compartment's door, in the picture
KEYPAD = 0  # in a column: where the keypad is
COLUMN = 12  # heights in a column of which board.json says nothing
MOST = 128


@dataclass(frozen=True)
class BankLayout:
    """sizes: a letter a compartment. columns: numbers of compartments from the top; KEYPAD: the keypad."""

    sizes: str
    columns: tuple[tuple[int, ...], ...]


def read(board: Mapping[str, Any]) -> BankLayout:
    """Of a whole board.json. Refuses what makes no sense."""
    bank, osdp = board.get("bank"), board.get("osdp")
    if not isinstance(bank, dict):
        raise Refusal("bank in board.json must be an object; correct it")
    faults = list(board_locks.check(bank.get("locks"), len(osdp) if isinstance(osdp, list) else 0))
    if not faults:
        count = board_locks.count(bank["locks"])
        faults = list(board_parcels.check(bank, count, len(board["doors"])))
    if faults:
        raise Refusal("bank in board.json makes no sense (%(faults)s); correct it", faults="; ".join(faults))
    if count > MOST:
        raise Refusal("a bank has at most %(most)d compartments; correct bank.locks in board.json", most=MOST)
    sizes = bank.get("sizes", "M" * count)
    return BankLayout(sizes, _with_keypad(bank["rows"] if "rows" in bank else _stacked(sizes)))


def _with_keypad(columns: list[list[int]]) -> tuple[tuple[int, ...], ...]:
    """It stands in a column of its own, where people look for it: in the middle."""
    middle = (len(columns) + 1) // 2
    return tuple(tuple(column) for column in [*columns[:middle], [KEYPAD], *columns[middle:]])


def _stacked(sizes: str) -> list[list[int]]:
    """In the order of their numbers, a new column where one is full."""
    columns: list[list[int]] = []
    left = 0
    for number, size in enumerate(sizes, 1):
        if left < HEIGHTS[size]:
            columns.append([])
            left = COLUMN
        columns[-1].append(number)
        left -= HEIGHTS[size]
    return columns
