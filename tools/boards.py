"""Boards: the tables in boards/, checked against what the chip's pins can bear."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools import board_locks, board_parcels, heap
from tools.nearest import unknown
from tools.terminal import Problem

FOLDER = Path(__file__).resolve().parent.parent / "boards"
SECTOR = 4096  # what the flash erases at once
FLASH_LEFT = 4 * 1024 * 1024 - 0x200000  # of 4 MB, after the bootloader and MicroPython's own image

CHIP = "esp32"  # whose pins the tables below are about

# What each object of a table may say. An input has more fields, by its kind (KINDS).
BOARD = {"name", "chip", "psram", "flash", "status", "doors", "osdp", "inputs", "alarm", "bank"}
DOOR = {"reader", "strike", "contact", "rex"}
READERS = {
    "wiegand": {"kind", "d0", "d1", "light", "sound"},
    "osdp": {"kind", "line", "address", "secure"},
}
WIRES = {"strike": {"pin", "active", "fail"}, "contact": {"pin", "open", "supervised"}}
WIRES["rex"] = {"pin", "active", "supervised"}
LINE = {"tx", "rx", "de", "baud", "poll_ms"}
ALARM = {"pin", "active", "seconds"}

# Of a bank beside its locks: least, most, default (None: it has to be said).
BANK: dict[str, tuple[int, int, int | None]] = {
    "supply_ma": (100, 60000, None),
    "coil_ma": (50, 10000, None),
    "gap_ms": (0, 5000, 50),
    "left_open_s": (10, 3600, 120),
}

OUTPUTS = {"strike", "light", "sound", "status", "alarm", "tx", "de"}
DATA = {"d0", "d1"}  # of a reader: an open collector, held up by the chip's own resistor
EDGES = DATA | {"rex", "fire"}  # an edge that nobody made does harm here
PINS = {*range(20), 21, 22, 23, 25, 26, 27, *range(32, 40)}
ADC1 = {32, 33, 34, 35, 36, 39}

ANY = OUTPUTS | EDGES | {"contact", "input", "voltage"}
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
    ({0, 2, 5, 14, 15}, {"alarm"}, "moves while the chip starts: it would sound the alarm"),
    (set(range(34, 40)), OUTPUTS, "can only be an input"),
    ({34, 35}, DATA, "has no pull-up, which a reader's lines need"),
    ({36, 39}, EDGES, "dips for 80 ns when Wi-Fi powers its analogue part: a press or bit nobody made"),
    ({37, 38}, ANY, "is not brought out on modules"),
    # ESP-IDF 4.4, "Analog to Digital Converter": ADC1 is GPIO 32 to 39; "ADC2 is used by the Wi-Fi driver".
    (PINS - ADC1, {"voltage"}, "has no ADC that works beside Wi-Fi: a voltage needs one of 32 to 36 or 39"),
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
    if board.get("chip") != CHIP:  # whose pins are others: what follows would complain about those of another chip
        return [f"chip: {board.get('chip')!r} is not known; only {CHIP} is, and tools/boards.py has what its pins bear"]
    checks = (
        _check_names(board),
        _check_head(board),
        _check_flash(board.get("flash"), "sizes" in _fields(board, "bank")),
        _check_pins(board),
        _check_osdp(board),
        _check_bank(board),
    )
    return [complaint for one in (*checks, _check_inputs(board)) for complaint in one] or list(_check_heap(board))


def _check_heap(board: dict[str, Any]) -> Iterator[str]:
    """Of a board with nothing else wrong: with cards that open doors, and with no rule beyond that."""
    needs = heap.needed(board, {})
    if not heap.has_room(board, {}):
        yield (
            f"heap: with this wiring the controller needs {needs // 1024} KB of memory and has {heap.BUDGET // 1024}; "
            "wire fewer doors, readers or inputs, or take a module with PSRAM"
        )


def _check_names(board: dict[str, Any]) -> Iterator[str]:
    """A field that nobody reads: a door whose contact is misspelt has none, and nobody would hear of it."""
    yield from _strange("the table", board, BOARD)
    for number, door in enumerate(_list(board, "doors"), 1):
        yield from _strange(f"door {number}", door, DOOR)
        for part, known in WIRES.items():
            yield from _strange(f"door {number} {part}", _fields(door, part), known)
        reader = _fields(door, "reader")
        kind = reader.get("kind")
        if isinstance(kind, str) and kind in READERS:
            yield from _strange(f"door {number} reader", reader, READERS[kind])
    for number, line in enumerate(_list(board, "osdp"), 1):
        yield from _strange(f"line {number}", line, LINE)
    for number, one in enumerate(_inputs(board), 1):
        kind = one.get("kind")
        if isinstance(kind, str) and kind in KINDS:
            yield from _strange(f"input {number} {kind}", one, KINDS[kind] | {"kind", "pin", "active", "supervised"})
    yield from _strange("alarm", _fields(board, "alarm"), ALARM)


def _strange(where: str, found: dict[str, Any], known: set[str]) -> Iterator[str]:
    for name in unknown(found, known):
        yield f"{where}: {name} means nothing there"


def _check_head(board: dict[str, Any]) -> Iterator[str]:
    if not isinstance(board.get("name"), str) or not board["name"]:
        yield "name: must be a text"
    if not isinstance(board.get("psram", True), bool):
        yield "psram: must be true or false"


def _check_flash(flash: Any, parcels: bool) -> Iterator[str]:
    """parcels: whether a bank has a stock of keys."""
    wanted = {"acl": 2, "log": 2, "state": 2, "littlefs": 64}  # fewest sectors
    if parcels:
        wanted["bank"] = board_parcels.SECTORS
    if not isinstance(flash, dict) or set(flash) not in ({"littlefs"}, set(wanted)):
        yield f"flash: must give the bytes of {', '.join(wanted)}; or of littlefs alone, then stores lie in files"
        return
    for part in flash:
        size, fewest = flash[part], wanted[part]
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
        for role in ("d0", "d1", "light", "sound") if _at(door, "reader", "kind") != "osdp" else ():
            yield f"door {number} {role}", role, _at(door, "reader", role)
        yield f"door {number} strike", "strike", _at(door, "strike", "pin")
        for role in ("contact", "rex"):
            if not isinstance(door, dict) or door.get(role) is not None:
                yield f"door {number} {role}", _role(_fields(door, role), role), _at(door, role, "pin")
    for number, line in enumerate(_list(board, "osdp"), 1):
        yield f"line {number} tx", "tx", line.get("tx")
        yield f"line {number} rx", "input", line.get("rx")
        if "de" in line:
            yield f"line {number} de", "de", line["de"]
    for number, one in enumerate(_inputs(board), 1):
        kind = one.get("kind")
        yield f"input {number} {kind}", _role(one, "fire" if kind == "fire" else "input"), one.get("pin")
    if "alarm" in board:
        yield "alarm", "alarm", _at(board, "alarm", "pin")
    bank = _fields(board, "bank")
    yield from board_locks.wires(bank.get("locks"))
    yield from board_parcels.wires(bank.get("keypad"))


def _role(wire: dict[str, Any], digital: str) -> str:
    """What a pin must be good for."""
    return "voltage" if wire.get("supervised") or "low_mv" in wire else digital


def _check_levels(number: int, door: Any) -> Iterator[str]:
    if _at(door, "reader", "kind") not in READERS:
        yield f"door {number} reader: kind {_at(door, 'reader', 'kind')!r} is not known; wiegand and osdp are"
    for part, level in (("strike", "active"), ("contact", "open"), ("rex", "active")):
        if part == "strike" or not isinstance(door, dict) or door.get(part) is not None:
            yield from _check_wire(f"door {number} {part}", _fields(door, part), level)
    fail = _fields(door, "strike").get("fail", "secure")
    if fail not in ("secure", "safe"):
        yield f"door {number} strike: fail must be secure or safe"
    elif _at(door, "strike", "active") in (0, 1) and (fail == "safe") != (_at(door, "strike", "active") == 0):
        # Until boot.py runs, and without power, a pin is low: what it does then is what the lock must be bought for.
        yield (
            f"door {number} strike: active {_at(door, 'strike', 'active')} is not fail {fail}: without power the pin "
            "is low; a lock that opens then is active 0 and fail safe, one that stays shut is active 1"
        )


def _check_wire(where: str, wire: dict[str, Any], level: str) -> Iterator[str]:
    if wire.get(level) not in (0, 1) or not _is_int(wire.get(level)):
        yield f"{where}: {level} must be 0 or 1"
    if wire.get("supervised", True) is not True:
        yield f"{where}: supervised must be true, or left out"


BAUDS = (9600, 19200, 38400, 57600, 115200)  # of SIA OSDP v2.2, clause 5.2, those that every transceiver bears
LINES = 2  # serial ports beside the one with the boot messages


def _check_osdp(board: dict[str, Any]) -> Iterator[str]:
    """Lines of OSDP readers, and the readers on them."""
    lines = _list(board, "osdp")
    if "osdp" in board and (not isinstance(board["osdp"], list) or not 1 <= len(lines) == len(board["osdp"]) <= LINES):
        yield f"osdp: must be a list of 1 to {LINES} objects"
        return
    for number, line in enumerate(lines, 1):
        if line.get("baud", BAUDS[0]) not in BAUDS:
            yield f"line {number}: baud must be one of {', '.join(map(str, BAUDS))}"
        if not _is_int(line.get("poll_ms", 50)) or not 20 <= line.get("poll_ms", 50) <= 1000:
            yield f"line {number}: poll_ms must be 20 to 1000"
    taken: dict[tuple[Any, Any], int] = {}
    for number, door in enumerate(_list(board, "doors"), 1):
        reader = _fields(door, "reader")
        if reader.get("kind") == "osdp":
            yield from _check_osdp_reader(f"door {number} reader", reader, len(lines))
            place = reader.get("line", 1), reader.get("address")
            if place in taken:
                yield f"door {number} reader: its address is that of door {taken[place]} on the same line"
            taken[place] = number
    for number in range(1, len(lines) + 1):
        if number not in [line for line, _ in taken]:
            yield f"line {number}: no reader is on it"


def _check_osdp_reader(where: str, reader: dict[str, Any], lines: int) -> Iterator[str]:
    if not _is_int(reader.get("address")) or not 0 <= reader["address"] <= 126:
        yield f"{where}: address must be 0 to 126"
    if not _is_int(reader.get("line", 1)) or not 1 <= reader.get("line", 1) <= lines:
        yield f"{where}: line must be the number of one in osdp"
    if not isinstance(reader.get("secure", True), bool):
        yield f"{where}: secure must be true or false"


def _check_bank(board: dict[str, Any]) -> Iterator[str]:
    """A bank of compartments: its supply, its lock boards."""
    if "bank" not in board:
        return
    if not isinstance(board["bank"], dict):
        yield "bank: must be an object"
        return
    bank = board["bank"]
    for name in unknown(bank, {"locks", *BANK, *board_parcels.FIELDS}):
        yield f"bank: {name} means nothing there"
    for name, (least, most, default) in BANK.items():
        value: Any = bank.get(name, default)
        if not _is_int(value) or not least <= value <= most:
            yield f"bank: {name} must be {least} to {most}"
    if _is_int(bank.get("coil_ma")) and _is_int(bank.get("supply_ma")) and bank["coil_ma"] > bank["supply_ma"]:
        yield "bank: supply_ma must be enough for one coil, coil_ma"
    lines = len(_list(board, "osdp"))
    complaints = list(board_locks.check(bank.get("locks"), lines))
    if not complaints:
        complaints = list(
            board_parcels.check(bank, board_locks.count(bank["locks"]), len(_list(board, "doors")), lines)
        )
    yield from (f"bank {complaint}" for complaint in complaints)
    if _fields(bank, "keypad").get("cards") and not board.get("psram", True):
        yield "bank keypad: cards needs psram: what it takes of a heap without is not told beforehand"


# What may lie on an input beside its pin. "doors": which it releases; "door": which it belongs to.
KINDS: dict[str, set[str]] = {
    "reader": {"door"},
    "enclosure": set(),
    "mains": set(),
    "battery": {"low_mv", "ratio"},
    "bell": {"door"},
    "fire": {"doors", "relock"},
    "reset": set(),
}


def _check_inputs(board: dict[str, Any]) -> Iterator[str]:
    """`inputs` and `alarm`, and what goes together with them."""
    doors: list[Any] = board["doors"] if isinstance(board.get("doors"), list) else []
    if not isinstance(board.get("inputs", []), list) or len(_inputs(board)) != len(board.get("inputs", [])):
        yield "inputs: must be a list of objects"
        return
    supervised = [part for door in doors for part in ("contact", "rex") if _fields(door, part).get("supervised")]
    if "inputs" not in board and (supervised or "alarm" in board):
        yield "inputs: must be there, [] for none, on a board with supervised lines or an alarm relay"
    for number, one in enumerate(_inputs(board), 1):
        yield from _check_input(f"input {number}", one, len(doors))
    kinds = [one.get("kind") for one in _inputs(board)]
    if any(one.get("relock") == "reset" for one in _inputs(board)) and "reset" not in kinds:
        yield "inputs: relock is reset, and there is no input of kind reset: the doors would never lock again"
    if kinds.count("reset") > 1:
        yield "inputs: there can be one of kind reset"
    if "alarm" in board:
        alarm = _fields(board, "alarm")
        yield from _check_wire("alarm", alarm, "active")
        if not _is_int(alarm.get("seconds", 180)) or not 1 <= alarm.get("seconds", 180) <= 3600:
            yield "alarm: seconds must be 1 to 3600"


def _check_input(where: str, one: dict[str, Any], count: int) -> Iterator[str]:
    kind = one.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        yield f"{where}: kind {kind!r} is not known; there are {', '.join(KINDS)}"
        return
    if "low_mv" in one:
        if not _is_int(one["low_mv"]) or not 1000 <= one["low_mv"] <= 60000:
            yield f"{where} {kind}: low_mv must be 1000 to 60000"
        ratio = one.get("ratio", 1)
        if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 1 <= ratio <= 50:
            yield f"{where} {kind}: ratio must be 1 to 50"
        elif _is_int(one["low_mv"]) and not 150 <= one["low_mv"] / ratio <= 2300:
            yield f"{where} {kind}: {one['low_mv'] / ratio:.0f} mV at the pin; the ADC is exact from 150 to 2450 mV"
    else:
        yield from _check_wire(f"{where} {kind}", one, "active")
    if "door" in KINDS[kind] and one.get("door", 0 if kind == "reader" else None) not in range(
        0 if kind == "reader" else 1, count + 1
    ):
        yield f"{where} {kind}: door must be the number of a door"
    if kind == "fire":
        numbers = one.get("doors")
        if not isinstance(numbers, list) or any(not _is_int(n) or not 1 <= n <= count for n in numbers):
            yield f"{where} fire: doors must be a list of door numbers"
        relock = one.get("relock", 0)
        if relock != "reset" and (not _is_int(relock) or not 0 <= relock <= 86400):
            yield f'{where} fire: relock must be "reset" or 0 to 86400 seconds'


def _inputs(board: dict[str, Any]) -> list[dict[str, Any]]:
    return _list(board, "inputs")


def _list(board: dict[str, Any], field: str) -> list[dict[str, Any]]:
    found = board.get(field, [])
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _fields(door: Any, part: str) -> dict[str, Any]:
    found = door.get(part) if isinstance(door, dict) else None
    return found if isinstance(found, dict) else {}


def _at(door: Any, part: str, field: str) -> Any:
    return _fields(door, part).get(field)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
