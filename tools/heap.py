"""How much heap a board needs for its wiring and its rules. heap.json has what each part takes.

The parts were measured one by one on real MicroPython of 32 bits (`portvakt bench memory --write`): what parts share is
counted with each of them, so that the sum is rather too much than too little. The names that a part brings along count
by themselves: they lie in pools each of which has twice the room of the one before.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from firmware.controller.access.reading.fields import AREA, DOOR, PROFILE, SUPERVISION
from firmware.controller.access.reading.full import REMEMBER
from tools import board_locks

BUDGET = (
    104 * 1024
)  # bytes: what an ESP32 without PSRAM leaves beside Wi-Fi, TLS and the IDF, with some left to work in
FILE = Path(__file__).with_name("heap.json")


def door_fields() -> list[str]:
    """Fields of a door's rules that bring code along."""
    return sorted({*DOOR, *SUPERVISION} - {"passback_minutes", "interlock_open", "rex_schedule"})


def profile_fields() -> list[str]:
    return sorted(set(PROFILE) - {"doors"})


def of_board(board: Mapping[str, Any]) -> dict[str, int]:
    """How many of each part the wiring has."""
    doors = board.get("doors", [])
    readers = [door.get("reader", {}).get("kind") for door in doors]
    wires = [door.get(name) or {} for door in doors for name in ("contact", "rex")]
    inputs = board.get("inputs", [])
    kinds = ["battery" if "low_mv" in one else one.get("kind") for one in inputs]
    supervised = sum("supervised" in wire for wire in [*wires, *inputs])
    return {
        "board": 1,
        "door": len(doors),
        "osdp": int("osdp" in readers),
        "osdp reader": readers.count("osdp"),
        "inputs": int("inputs" in board),
        "supervised": int(supervised > 0),
        "supervised line": supervised,
        "input": len(kinds),
        "fire": int("fire" in kinds),
        "battery": int("battery" in kinds),
        "alarm": int("alarm" in board),
        "bank": int("bank" in board),
        "lock": board_locks.count(board["bank"]["locks"]) if "bank" in board else 0,
        "parcels": int("sizes" in board.get("bank", {})),
        "files": int("acl" not in board.get("flash", {"acl": 0})),
    }


def of_rules(rules: Mapping[str, Any]) -> dict[str, int]:
    """How many of each part the rules have: the fields of the wire's RULES message."""
    doors = rules.get("doors", {}).values()
    profiles = rules.get("profiles", {}).values()
    objects = [profile for profile in profiles if isinstance(profile, dict)]
    schedules = rules.get("schedules", {}).values()
    used = {name for door in doors for name in door_fields() if door.get(name, False) is not False}
    said = {name for profile in objects for name in profile_fields() if profile.get(name, False) is not False}
    if "who" in used:
        said.discard("pin")  # what it brings along is there
    areas = {name for area in rules.get("areas", {}).values() for name in AREA if area.get(name, False) is not False}
    memory = int(bool((used | said) & REMEMBER))
    modes = int(any({"free", "office", "rex_schedule"} & set(door) for door in doors))
    return {
        "rules": int(bool(objects or used or schedules or areas)),
        "memory": memory,
        "features": int(bool(used & set(SUPERVISION))),
        "held": int(bool(used & {"warn_ms", "repeat_ms"})),
        "modes": modes,
        "modes alone": int(modes and not memory),  # what they share with memory
        **{f"door {name}": 1 for name in used},
        **{f"profile {name}": 1 for name in said},
        **{f"area {name}": 1 for name in areas},
        "said of a door": sum(len(door) for door in doors),
        "profile": len(profiles),
        "profile object": len(objects),
        "schedule": len(schedules),
        "interval": sum(len(schedule.get("times", ())) for schedule in schedules),
        "holiday": len(rules.get("holidays", ())),
        "change": len(rules.get("zone_changes", ())),
    }


def pools(names: int, bits: int = 32) -> int:
    """Bytes of the pools for so many names (py/qstr.c): each has twice the room of the one before, the first has 20."""
    entry, head = (4 + 2 + 1, 16) if bits == 32 else (8 + 2 + 1, 32)
    room, size, found = 0, 10, 0
    while room < names:
        size *= 2
        room += size
        found += size * entry + head
    return found


@cache
def takes() -> dict[str, tuple[int, int]]:
    """Part -> (bytes, names) of one."""
    return {part: (size, names) for part, (size, names) in json.loads(FILE.read_text(encoding="utf-8")).items()}


def counts_of(board: Mapping[str, Any], rules: Mapping[str, Any]) -> dict[str, int]:
    """How many of each part there are. Fire and modes: what they share is not there twice."""
    counts = {**of_board(board), **of_rules(rules)}
    return {**counts, "fire and modes": counts["fire"] * counts["modes"]}


def needed(board: Mapping[str, Any], rules: Mapping[str, Any]) -> int:
    """Bytes of heap, at most."""
    known = takes()
    counts = counts_of(board, rules)
    size, names = (sum(known.get(part, (0, 0))[n] * count for part, count in counts.items()) for n in (0, 1))
    return size + pools(names)


def has_room(board: Mapping[str, Any], rules: Mapping[str, Any]) -> bool:
    """Whether a board has the heap for these rules. One with PSRAM has megabytes."""
    return board.get("psram", False) is True or needed(board, rules) <= BUDGET
