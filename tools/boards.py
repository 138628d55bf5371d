"""Boards: the tables in boards/, checked against what the chip's pins can bear."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.terminal import Problem

FOLDER = Path(__file__).resolve().parent.parent / "boards"
SECTOR = 4096  # what the flash erases at once
FLASH_LEFT = 4 * 1024 * 1024 - 0x200000  # of 4 MB, after the bootloader and MicroPython's own image

OUTPUTS = {"strike", "light", "sound", "status"}
EDGES = {"d0", "d1", "rex"}  # an edge that nobody made does harm here
PINS = {*range(20), 21, 22, 23, 25, 26, 27, *range(32, 40)}

ANY = OUTPUTS | {"d0", "d1", "contact", "rex"}
# (pins, what they must not be, why). ESP32 Series Datasheet, "Strapping Pins" and "Pin Overview";
# ESP32 errata for 36 and 39 (seen from MicroPython in micropython#5425).
REFUSED: list[tuple[set[int], set[str], str]] = [
    (set(range(6, 12)), ANY, "is a line of the flash chip that the program runs from"),
    ({1, 3}, ANY, "is the serial port: boot messages would move it, and the installer needs it"),
    ({12}, ANY, "is read at reset and a high level there stops the start (flash voltage)"),
    ({0, 2, 5, 15}, {"strike"}, "is a strapping pin, moved while the chip starts: it would release the door"),
    ({0, 2, 15}, ANY - OUTPUTS, "is a strapping pin: its wire decides whether the chip starts"),
    ({5}, ANY - OUTPUTS, "is a strapping pin and pulses at reset"),
    ({14}, {"strike"}, "puts out pulses while the chip starts: it would release the door"),
    (set(range(34, 40)), OUTPUTS, "can only be an input"),
    ({36, 39}, EDGES, "dips for 80 ns when Wi-Fi powers its analogue part: a press or bit nobody made"),
    ({37, 38}, ANY, "is not brought out on modules"),
]
PSRAM = ({16, 17}, ANY, 'belongs to the PSRAM (say "psram": false for a module without one)')


def names() -> list[str]:
    return sorted(file.parent.name for file in FOLDER.glob("*/board.json"))


def load(name: str) -> dict[str, Any]:
    """The board's table, when there is nothing wrong with it."""
    file = FOLDER / name / "board.json"
    if name not in names():
        raise Problem(f"there is no board {name!r}; choose one of {', '.join(names())}")
    try:
        board = json.loads(file.read_text())
    except ValueError as wrong:
        raise Problem(f"boards/{name}/board.json is not JSON ({wrong}); correct it there") from wrong
    complaints = check(board)
    if not complaints and board["name"] != name:
        complaints = [f"name: {board['name']!r} lies in the folder {name}"]
    if complaints:
        raise Problem(f"boards/{name}/board.json cannot be used: {'; '.join(complaints)}; correct it there")
    return dict(board)


def check(board: Any) -> list[str]:
    """What is wrong with a board's table: "field: what and why"."""
    if not isinstance(board, dict):
        return ["the table: must be an object"]
    return [*_check_head(board), *_check_flash(board.get("flash")), *_check_pins(board)]


def _check_head(board: dict[str, Any]) -> Iterator[str]:
    if not isinstance(board.get("name"), str) or not board["name"]:
        yield "name: must be a text"
    if board.get("chip") != "esp32":
        yield f"chip: {board.get('chip')!r} is not known; only esp32 is"
    if not isinstance(board.get("psram", True), bool):
        yield "psram: must be true or false"


def _check_flash(flash: Any) -> Iterator[str]:
    wanted = {"acl": 2, "log": 2, "state": 2, "littlefs": 64}  # fewest sectors
    if not isinstance(flash, dict) or set(flash) != set(wanted):
        yield f"flash: must give the bytes of {', '.join(wanted)}"
        return
    for part, fewest in wanted.items():
        size = flash[part]
        if not _is_int(size) or size % SECTOR or size < fewest * SECTOR:
            yield f"flash.{part}: {size!r} must be a multiple of {SECTOR}, at least {fewest * SECTOR}"
            return
    if sum(flash.values()) > FLASH_LEFT:
        yield f"flash: {sum(flash.values())} bytes in all; MicroPython leaves {FLASH_LEFT} of 4 MB"


def _check_pins(board: dict[str, Any]) -> Iterator[str]:
    doors = board.get("doors")
    if not isinstance(doors, list) or not doors:
        yield "doors: must be a list of at least one door"
        return
    refused = [*REFUSED, PSRAM] if board.get("psram", True) else REFUSED
    taken: dict[int, str] = {}
    for where, role, pin in _wires(board, doors):
        if not _is_int(pin) or pin not in PINS:
            yield f"{where}: {pin!r} is not a pin of an ESP32"
            continue
        for pins, roles, why in refused:
            if pin in pins and role in roles:
                yield f"{where}: pin {pin} {why}"
        if pin in taken:
            yield f"{where}: pin {pin} is already {taken[pin]}"
        taken.setdefault(pin, where)
    for number, door in enumerate(doors, 1):
        yield from _check_levels(number, door)


def _wires(board: dict[str, Any], doors: list[Any]) -> Iterator[tuple[str, str, Any]]:
    """Every wire as (where, role, pin), also those that should be there and are not."""
    yield "status", "status", board.get("status")
    for number, door in enumerate(doors, 1):
        for role in ("d0", "d1", "light", "sound"):
            yield f"door {number} {role}", role, _at(door, "reader", role)
        for role in ("strike", "contact", "rex"):
            yield f"door {number} {role}", role, _at(door, role, "pin")


def _check_levels(number: int, door: Any) -> Iterator[str]:
    if _at(door, "reader", "kind") != "wiegand":
        yield f"door {number} reader: kind {_at(door, 'reader', 'kind')!r} is not known; only wiegand is"
    for part, level in (("strike", "active"), ("contact", "open"), ("rex", "active")):
        if _at(door, part, level) not in (0, 1) or not _is_int(_at(door, part, level)):
            yield f"door {number} {part}: {level} must be 0 or 1"


def _at(door: Any, part: str, field: str) -> Any:
    found = door.get(part) if isinstance(door, dict) else None
    return found.get(field) if isinstance(found, dict) else None


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
