"""Measures what each part of a board and of its rules takes of the heap, for tools/heap.py."""

import copy
import json
from collections.abc import Callable
from typing import Any

from tools import boards, heap
from tools.bench.heap import HeapBench, bench

Fields = dict[str, Any]
WEEK = {"times": [[127, 0, 1440]]}


def base() -> tuple[Fields, Fields]:
    """One door, and rules of it."""
    board = boards.load("esp32-two-door")
    board["doors"] = board["doors"][:1]
    return board, plain(1)


def plain(doors: int) -> Fields:
    door = {"release_ms": 5000, "held_ms": 30000, "retention_days": 90}
    return {
        "version": 7,
        "profiles": {"1": list(range(1, doors + 1))},
        "doors": {str(number): dict(door) for number in range(1, doors + 1)},
    }


def more(rules: Fields) -> Fields:
    """With the least that is more than plain."""
    rules["zone"] = "CET-1CEST,M3.5.0,M10.5.0/3"
    rules["profiles"]["2"] = {"doors": {"1": 0}}
    return rules


VALUES: Fields = {
    "extended_ms": 15000,
    "who": [["card+pin", 0]],
    "pin_length": 6,
    "offline_hours": 48,
    "free": 0,
    "first_in": True,
    "office": 0,
    "two_person": 0,
    "passage": [0, 1],
    "passback": "hard",
    "interlock": 1,
    "relock": "close",
    "relock_delay_ms": 500,
    "pulse_ms": 300,
    "warn_ms": 10000,
    "repeat_ms": 60000,
    "unopened": True,
    "forced": "event",
    "rex": "hold",
    "from": 1750000000,
    "uses": 5,
    "no_clock": True,
    "pin": True,
    "extended": True,
    "escort": "needs",
    "hold": True,
    "exempt": True,
    "lockdown": True,
    "limit": 50,
    "forget_hours": 24,
    "shared": True,
}
WITH: Fields = {"passback": {"passage": [0, 1]}}  # what a field asks for
EACH = {"profile": 100, "profile object": 60, "schedule": 20, "interval": 20, "holiday": 60, "change": 40}


Part = tuple[int, int]  # bytes, names
Takes = dict[str, Part]


def measure() -> Takes:
    """{part: what one takes}. What is measured later is measured without what was before."""
    with bench() as made:
        takes: Takes = {}
        board, rules = base()
        takes["door"] = 0, 0
        one = _live(made, board, rules)
        two = _live(made, boards.load("esp32-two-door"), plain(2))
        takes["said of a door"] = 8, 0
        takes["door"] = two[0] - one[0] - 8 * 3, 0
        takes["board"] = one[0] - takes["door"][0] - 8 * 3, one[1]
        _of_boards(made, takes)
        takes["rules"] = _left(made, takes, board, more(plain(1)))
        for part, *names in (
            ("memory", "interlock"),
            ("features", "forced"),
            ("held", "interlock", "forced", "warn_ms"),
            ("modes", "interlock", "free"),
            ("modes alone", "free"),
        ):
            rules = more(plain(1))
            rules["doors"]["1"].update({name: VALUES[name] for name in names})
            takes[part] = _left(made, takes, board, rules)
        _together(made, takes)
        _of_rules(made, takes, board)
        _each(made, takes, board)
        return takes


def _live(made: HeapBench, board: Fields, rules: Fields) -> Part:
    live = made.measure(board, rules)
    return live.running - heap.pools(live.names), live.names


def _left(made: HeapBench, takes: Takes, board: Fields, rules: Fields, count: int = 1) -> Part:
    """What the parts that are known do not explain, for each of so many."""
    counts = heap.counts_of(board, rules)
    size, names = _live(made, board, rules)
    for part, times in counts.items():
        size -= takes.get(part, (0, 0))[0] * times
        names -= takes.get(part, (0, 0))[1] * times
    return -(-max(0, size) // count), -(-max(0, names) // count)


def _together(made: HeapBench, takes: Takes) -> None:
    """What fire and modes share is counted with both: so much less (below zero) it is where a board has both."""
    board, rules = base()
    board["inputs"] = [{"kind": "fire", "pin": 33, "active": 1, "doors": [1], "relock": 120}]
    rules = more(rules)
    rules["doors"]["1"]["free"] = VALUES["free"]
    size, names = _live(made, board, rules)
    for part, times in heap.counts_of(board, rules).items():
        size -= takes.get(part, (0, 0))[0] * times
        names -= takes.get(part, (0, 0))[1] * times
    takes["fire and modes"] = size, names


def _of_boards(made: HeapBench, takes: Takes) -> None:
    rules = plain(2)

    def add(part: str, count: int, change: Callable[[Fields], object], on: str = "esp32-two-door") -> None:
        board = boards.load(on)
        change(board)
        takes[part] = _left(made, takes, board, rules, count)

    add("osdp", 1, lambda board: None, "esp32-osdp-two-door")
    add("inputs", 1, lambda board: board.update(inputs=[]))
    one = {"kind": "enclosure", "pin": 13, "active": 1}
    add("input", 2, lambda board: board.update(inputs=[one, {**one, "pin": 14}]))
    fire = {"kind": "fire", "pin": 33, "active": 1, "doors": [1, 2], "relock": 120}
    add("fire", 1, lambda board: board.update(inputs=[fire]))
    battery = {"kind": "battery", "pin": 36, "low_mv": 11500, "ratio": 6.6}
    add("battery", 1, lambda board: board.update(inputs=[battery]))
    add("alarm", 1, lambda board: board.update(inputs=[], alarm={"pin": 23, "active": 1, "seconds": 180}))
    add("files", 1, lambda board: None, "esp32-two-door-stock")
    takes["lock"] = 9, 0  # of a chain from 8 to 128 locks; beside that the driver with the most code
    line = {"driver": "xor", "uart": 2, "tx": 17, "rx": 16, "addresses": [1, 2], "locks": 24, "sensor": 0}
    bank = {"supply_ma": 2000, "coil_ma": 600, "locks": line}
    add("bank", 1, lambda board: board.update(bank=bank))
    add("parcels", 1, lambda board: board.update(boards.load("esp32-bank"), doors=board["doors"]))
    takes["supervised line"] = 200, 0
    add("supervised", 1, lambda board: None, "esp32-two-door-supervised")


def _of_rules(made: HeapBench, takes: Takes, board: Fields) -> None:
    parts = [*(f"door {name}" for name in heap.door_fields()), *(f"profile {name}" for name in heap.profile_fields())]
    for part in [*parts, "area limit", "area forget_hours", "area shared"]:
        kind, name = part.split(" ", 1)
        rules = more(plain(1))
        if kind == "door":
            rules["doors"]["1"].update({**WITH.get(name, {}), name: VALUES[name]})
        elif kind == "profile":
            rules["profiles"]["2"][name] = VALUES.get(name, True)
        else:
            rules["areas"] = {"1": {name: VALUES[name]}}
            rules["doors"]["1"]["passage"] = [0, 1]
        takes[part] = _left(made, takes, board, rules)


def _each(made: HeapBench, takes: Takes, board: Fields) -> None:
    for part, count in EACH.items():
        rules = more(plain(1))
        if part == "profile":
            rules["profiles"].update({str(n + 10): [1] for n in range(count)})
        elif part == "profile object":
            rules["profiles"].update({str(n + 10): {"doors": {"1": 0}} for n in range(count)})
        elif part in ("schedule", "interval"):
            times = [[1, n, n + 1] for n in range(20 if part == "interval" else 0)]
            rules["schedules"] = {str(n + 1): {"times": times} for n in range(count)}
        elif part == "holiday":
            rules["holidays"] = [f"2026-{n // 28 + 1:02}-{n % 28 + 1:02}" for n in range(count)]
        else:
            rules["zone_changes"] = [[n + 1, 60] for n in range(count)]
        count *= 20 if part == "interval" else 1
        takes[part] = _left(made, takes, board, copy.deepcopy(rules), count)[0], 0


def write() -> None:
    parts = [f" {json.dumps(part)}: {json.dumps(found)}" for part, found in sorted(measure().items())]
    heap.FILE.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    heap.takes.cache_clear()
