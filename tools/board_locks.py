"""The `locks` of a bank in board.json: which lock boards there are, and what is wrong with what is said of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.nearest import unknown

MOST = 255  # locks of one line: their numbers lie in bytes
BAUDS = (4800, 9600, 19200, 38400, 57600, 115200)
SERIAL = {"driver", "uart", "tx", "rx", "de", "baud", "addresses", "locks", "sensor", "poll_ms", "answer_ms"}


@dataclass(frozen=True)
class Family:
    """What boards of a driver bear. addresses, locks: the least and the most; each beside what SERIAL has."""

    addresses: tuple[int, int]
    locks: tuple[int, int]
    fields: set[str] = field(default_factory=set)


# The documents are named in firmware/controller/outputs/lock_*.py.
FAMILIES = {
    "xor": Family((1, 99), (1, 64), {"low_first"}),
    "kerong": Family((0, 9), (1, 16)),
    "modbus": Family((1, 247), (1, 64), {"pulse_ms"}),
}


def count(locks: Mapping[str, Any]) -> int:
    """How many locks there are; `check` has found nothing wrong."""
    return len(locks["addresses"]) * int(locks["locks"])


def wires(locks: Any) -> Iterator[tuple[str, str, Any]]:
    """Every wire as tools/boards.py wants it: (where, role, pin)."""
    if isinstance(locks, dict):
        yield "locks tx", "tx", locks.get("tx")
        yield "locks rx", "input", locks.get("rx")
        if "de" in locks:
            yield "locks de", "de", locks["de"]


def check(locks: Any, lines: int) -> Iterator[str]:
    """What is wrong, as "field: what and why". lines: so many serial ports are taken by OSDP readers."""
    if not isinstance(locks, dict):
        yield "locks: must be an object"
        return
    family = FAMILIES.get(locks["driver"]) if isinstance(locks.get("driver"), str) else None
    if family is None:
        yield f"locks: driver {locks.get('driver')!r} is not known; there are {', '.join(FAMILIES)}"
        return
    for name in unknown(locks, SERIAL | family.fields):
        yield f"locks: {name} means nothing there"
    if not _is_int(locks.get("uart")) or not 1 <= locks["uart"] <= 2:
        yield "locks: uart must be 1 or 2 (0 has the boot messages)"
    elif locks["uart"] <= lines:
        yield f"locks: uart {locks['uart']} is that of osdp line {locks['uart']}"
    if locks.get("baud", BAUDS[0]) not in BAUDS:
        yield f"locks: baud must be one of {', '.join(map(str, BAUDS))}"
    for name, least, most in (("poll_ms", 50, 5000), ("answer_ms", 20, 2000)):
        if name in locks and not (_is_int(locks[name]) and least <= locks[name] <= most):
            yield f"locks: {name} must be {least} to {most}"
    if "pulse_ms" in locks and not (_is_int(locks["pulse_ms"]) and locks["pulse_ms"] in range(100, 5001, 100)):
        yield "locks: pulse_ms must be 100 to 5000, in steps of 100"
    if not _is_int(locks.get("sensor")) or locks["sensor"] not in (0, 1):
        yield "locks: sensor must be 0 or 1: what a board reports of an open compartment"
    if "low_first" in locks and not isinstance(locks["low_first"], bool):
        yield "locks: low_first must be true or false"
    yield from _check_boards(locks, family)


def _check_boards(locks: dict[str, Any], family: Family) -> Iterator[str]:
    least, most = family.locks
    if not _is_int(locks.get("locks")) or not least <= locks["locks"] <= most:
        yield f"locks: locks must be how many each board has, {least} to {most}"
        return
    least, most = family.addresses
    addresses = locks.get("addresses")
    if not isinstance(addresses, list) or not addresses:
        yield "locks: addresses must be a list of those of the boards"
        return
    for n, address in enumerate(addresses):
        if not _is_int(address) or not least <= address <= most:
            yield f"locks: address {address!r} must be {least} to {most}, as the switches of the board say"
        elif address in addresses[:n]:
            yield f"locks: address {address} is there twice: both boards would open"
    if len(addresses) * locks["locks"] > MOST:
        yield f"locks: {len(addresses)} boards of {locks['locks']} locks are more than {MOST}"


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
