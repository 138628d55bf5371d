"""The `locks` of a bank in board.json: which lock boards there are, and what is wrong with what is said of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.nearest import unknown

MOST = 255  # locks of one line: their numbers lie in bytes
BAUDS = (4800, 9600, 19200, 38400, 57600, 115200)
ANY = {"driver", "locks", "sensor", "poll_ms", "pulse_ms"}
# Pins of a driver, and what tools/boards.py calls what they must bear. /OE is low while a lock has current.
SERIAL = {"tx": "tx", "rx": "input", "de": "de"}
CHAIN = {"data": "tx", "clock": "tx", "latch": "tx", "load": "tx", "enable": "strike", "back": "input"}
I2C = {"scl": "d0", "sda": "d0", "reset": "de"}  # held up, both ways, by nobody else
OPTIONAL = {"de", "reset"}


@dataclass(frozen=True)
class Family:
    """What a driver takes. locks: the least and the most, of one board or of all; addresses: of boards or chips."""

    pins: Mapping[str, str]
    locks: tuple[int, int]
    addresses: tuple[int, ...] = ()
    fields: set[str] = field(default_factory=set)
    pulse_ms: range = range(20, 10001)
    at_chips: tuple[int, int] = (0, 0)  # locks at an output chip, contacts at an input chip


_ON_A_LINE = {"uart", "baud", "addresses", "answer_ms"}
# The documents are named in firmware/controller/outputs/lock_*.py.
FAMILIES = {
    "xor": Family(SERIAL, (1, 64), tuple(range(1, 100)), _ON_A_LINE | {"low_first"}),
    "kerong": Family(SERIAL, (1, 16), tuple(range(10)), _ON_A_LINE),
    "kerong12": Family(SERIAL, (1, 12), tuple(range(16)), _ON_A_LINE),
    "modbus": Family(SERIAL, (1, 64), tuple(range(1, 248)), _ON_A_LINE, range(100, 5001, 100)),
    "shift": Family(CHAIN, (1, 128), (), {"ring"}),
    "mcp23017": Family(I2C, (1, 128), tuple(range(32, 40)), {"inputs", "outputs", "active"}, at_chips=(16, 14)),
    "pcf8574": Family(I2C, (1, 64), (*range(32, 40), *range(56, 64)), {"inputs", "outputs"}, at_chips=(8, 8)),
}


def count(locks: Mapping[str, Any]) -> int:
    """How many locks there are; `check` has found nothing wrong."""
    return int(locks["locks"]) * len(locks.get("addresses", [0]))


def _family(locks: Any) -> Family | None:
    driver = locks.get("driver") if isinstance(locks, dict) else None
    return FAMILIES.get(driver) if isinstance(driver, str) else None


def wires(locks: Any) -> Iterator[tuple[str, str, Any]]:
    """Every wire as tools/boards.py wants it: (where, role, pin)."""
    family = _family(locks)
    for name, role in family.pins.items() if family else ():
        if name in locks or name not in OPTIONAL:
            yield f"locks {name}", role, locks.get(name)


def check(locks: Any, lines: int) -> Iterator[str]:
    """What is wrong, as "field: what and why". lines: so many serial ports are taken by OSDP readers."""
    if not isinstance(locks, dict):
        yield "locks: must be an object"
        return
    family = _family(locks)
    if family is None:
        yield f"locks: driver {locks.get('driver')!r} is not known; there are {', '.join(FAMILIES)}"
        return
    for name in unknown(locks, ANY | set(family.pins) | family.fields):
        yield f"locks: {name} means nothing there"
    for name, least, most in (("poll_ms", 50, 5000), ("answer_ms", 20, 2000)):
        if name in locks and not (_is_int(locks[name]) and least <= locks[name] <= most):
            yield f"locks: {name} must be {least} to {most}"
    if "pulse_ms" in locks and not _within(locks["pulse_ms"], family.pulse_ms):
        steps = family.pulse_ms.step
        more = f", in steps of {steps}" if steps > 1 else ""
        yield f"locks: pulse_ms must be {family.pulse_ms[0]} to {family.pulse_ms[-1]}{more}"
    if not _within(locks.get("sensor"), range(2)):
        yield "locks: sensor must be 0 or 1: what is reported of an open compartment"
    for name in ("low_first", "ring"):
        if not isinstance(locks.get(name, True), bool):
            yield f"locks: {name} must be true or false"
    if not _within(locks.get("active", 1), range(2)):
        yield "locks: active must be 0 or 1: the level that gives a lock its current"
    least, most = family.locks
    if not _within(locks.get("locks"), range(least, most + 1)):
        where = " on each board" if "addresses" in family.fields else ""
        yield f"locks: locks must be how many there are{where}, {least} to {most}"
        return
    if "addresses" in family.fields:
        yield from _check_line(locks, family, lines)
    elif family.addresses:
        yield from _check_chips(locks, family)


def _check_line(locks: dict[str, Any], family: Family, lines: int) -> Iterator[str]:
    """Boards on a serial port."""
    if not _within(locks.get("uart"), range(1, 3)):
        yield "locks: uart must be 1 or 2 (0 has the boot messages)"
    elif locks["uart"] <= lines:
        yield f"locks: uart {locks['uart']} is that of osdp line {locks['uart']}"
    if locks.get("baud", BAUDS[0]) not in BAUDS:
        yield f"locks: baud must be one of {', '.join(map(str, BAUDS))}"
    yield from _check_addresses(locks, family, "addresses", [])
    if isinstance(locks.get("addresses"), list) and len(locks["addresses"]) * locks["locks"] > MOST:
        yield f"locks: {len(locks['addresses'])} boards of {locks['locks']} locks are more than {MOST}"


def _check_chips(locks: dict[str, Any], family: Family) -> Iterator[str]:
    """Expanders: so many that each lock and each contact has its pin."""
    complaints = list(_check_addresses(locks, family, "outputs", []))
    complaints += _check_addresses(locks, family, "inputs", locks.get("outputs"))
    yield from complaints
    if complaints:
        return
    for name, pins in zip(("outputs", "inputs"), family.at_chips, strict=True):
        chips = -(-locks["locks"] // pins)
        if len(locks[name]) != chips:
            what = "locks" if name == "outputs" else "contacts"
            yield f"locks: {name} must name {chips}, one for {pins} {what} each"


def _check_addresses(locks: dict[str, Any], family: Family, name: str, taken: Any) -> Iterator[str]:
    found = locks.get(name)
    if not isinstance(found, list) or not found:
        yield f"locks: {name} must be a list of addresses"
        return
    for n, address in enumerate(found):
        if not _is_int(address) or address not in family.addresses:
            yield f"locks: {name}: {address!r} must be {_spoken(family.addresses)}, as its switches say"
        elif address in found[:n] or (isinstance(taken, list) and address in taken):
            yield f"locks: {name}: {address} is there twice; both would answer"


def _spoken(addresses: tuple[int, ...]) -> str:
    """Such as 32 to 39 or 56 to 63."""
    starts = [address for address in addresses if address - 1 not in addresses]
    ends = [address for address in addresses if address + 1 not in addresses]
    return " or ".join(f"{start} to {end}" for start, end in zip(starts, ends, strict=True))


def _within(value: Any, allowed: range) -> bool:
    return _is_int(value) and value in allowed


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
