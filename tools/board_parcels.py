"""The parcels of a bank in board.json: sizes, the keypad, the picture, and the partition for the keys of deliveries."""

from collections.abc import Iterator
from typing import Any

from firmware.controller.access.codes import SIZES
from tools.board_locks import BAUDS

FIELDS = {"sizes", "keypad", "rows", "low"}
KEYPAD = {"d0": "d0", "d1": "d1", "light": "light", "sound": "sound"}  # pins, and what each must bear
SCANNER = {"tx": "tx", "rx": "input"}
SECTORS = 6  # of the partition, at least


def wires(keypad: Any) -> Iterator[tuple[str, str, Any]]:
    """Every wire as tools/boards.py wants it: (where, role, pin)."""
    if isinstance(keypad, dict) and "door" not in keypad:
        for name, role in KEYPAD.items():
            yield f"keypad {name}", role, keypad.get(name)
    if isinstance(keypad, dict) and isinstance(keypad.get("scanner"), dict):
        for name, role in SCANNER.items():
            yield f"scanner {name}", role, keypad["scanner"].get(name)


def check(bank: dict[str, Any], locks: int, doors: int, lines: int = 0) -> Iterator[str]:
    """What is wrong, as "field: what and why". locks, doors: how many the board has; lines: serial ports of readers."""
    yield from _check_rows(bank, locks)
    low = bank.get("low", [])
    if not isinstance(low, list) or any(type(n) is not int or not 1 <= n <= locks for n in low):
        yield f"low: must be a list of compartments that can be reached from a wheelchair, of 1 to {locks}"
    if "sizes" not in bank and "keypad" not in bank:
        return
    sizes = bank.get("sizes")
    if not isinstance(sizes, str) or set(sizes) - set(SIZES) or len(sizes) != locks:
        yield f"sizes: must be a letter for each of {locks} compartments, of {', '.join(SIZES)}"
    keypad = bank.get("keypad")
    if not isinstance(keypad, dict):
        yield "keypad: must be an object: the pins of a reader with keys, or the door whose reader has some"
    elif "door" in keypad:
        if (
            set(keypad) - {"scanner"} != {"door"}
            or keypad["door"] not in range(1, doors + 1)
            or isinstance(keypad["door"], bool)
        ):
            yield "keypad: door must be the number of a door, and stand alone, or beside a scanner"
    else:
        if "cards" in keypad and (keypad["cards"] not in range(1, doors + 1) or isinstance(keypad["cards"], bool)):
            yield "keypad: cards must be the number of a door, whose rules say which cards open something"
        yield from (
            f"keypad: {name} means nothing there" for name in sorted(set(keypad) - {*KEYPAD, "cards", "scanner"})
        )
    if isinstance(keypad, dict) and "scanner" in keypad:
        yield from _check_scanner(keypad["scanner"], (bank.get("locks") or {}).get("uart", 0), lines)


def _check_scanner(scanner: Any, locks: Any, lines: int) -> Iterator[str]:
    """locks: the serial port of the lock boards."""
    if not isinstance(scanner, dict) or set(scanner) - {"uart", "baud", *SCANNER}:
        yield "scanner: must be an object with uart, tx, rx and baud"
        return
    uart = scanner.get("uart")
    if type(uart) is not int or uart not in (1, 2) or uart == locks or uart <= lines:
        yield "scanner: uart must be 1 or 2, and neither that of the lock boards nor of an osdp line"
    if scanner.get("baud", BAUDS[0]) not in BAUDS:
        yield f"scanner: baud must be one of {', '.join(map(str, BAUDS))}"


def _check_rows(bank: dict[str, Any], locks: int) -> Iterator[str]:
    rows = bank.get("rows", [list(range(1, locks + 1))])
    lists = isinstance(rows, list) and all(isinstance(column, list) for column in rows)
    numbers = [number for column in rows for number in column] if lists else []
    if any(type(number) is not int for number in numbers) or sorted(numbers) != list(range(1, locks + 1)):
        yield f"rows: must be columns, from the left, of compartments from the top, each of 1 to {locks} once"
