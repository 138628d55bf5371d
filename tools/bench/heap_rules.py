"""Rules of a board with two doors, from the plainest to the richest: what its heap is measured with."""

from typing import Any

Fields = dict[str, Any]


def plain() -> Fields:
    """Cards that open doors."""
    door = {"release_ms": 5000, "held_ms": 30000, "retention_days": 90}
    return {"version": 7, "profiles": {"1": [1, 2], "2": [1]}, "doors": {"1": door, "2": dict(door)}}


def profiles() -> Fields:
    """As many profiles as rules may have."""
    return plain() | {"profiles": {str(n): [1, 2] if n % 2 else [1] for n in range(1, 501)}}


def schedules() -> Fields:
    """Working hours, holidays, ends of rights, an exit button that keeps its hours."""
    weeks = {
        str(n): {"times": [[31, 420, 1080], [32, 600, 840]], "from": "2026-01-01", "to": "2026-12-31"}
        for n in range(1, 9)
    }
    said = {str(n): {"doors": {"1": n % 8 + 1, "2": 0}, "from": 1750000000} for n in range(1, 41)}
    return plain() | {
        "zone": "CET-1CEST,M3.5.0,M10.5.0/3",
        "holidays": [f"2026-12-{day}" for day in range(20, 32)],
        "schedules": weeks,
        "profiles": said,
    }


def pins() -> Fields:
    """Card and PIN by night, a card by day."""
    rules = schedules()
    for door in rules["doors"].values():
        door.update(who=[["card", 1], ["card+pin", 0]], pin_length=6, extended_ms=15000, warn_ms=10000)
    return rules


def every_rule() -> Fields:
    """Every field that doors, areas and profiles may have."""
    rules = pins()
    for door in rules["doors"].values():
        door.update(
            {"offline_hours": 48, "free": 4, "first_in": True, "office": 4, "two_person": 1, "passage": [0, 1]},
            passback="hard",
            passback_minutes=10,
            interlock=1,
            interlock_open=False,
            relock="close",
            relock_delay_ms=500,
            pulse_ms=300,
            repeat_ms=60000,
            unopened=True,
            forced="event",
            rex="hold",
            rex_schedule=4,
        )
    flags = ("no_clock", "pin", "extended", "hold", "office", "exempt", "lockdown")
    rules["profiles"]["1"].update(dict.fromkeys(flags, True), uses=5, escort="needs")
    rules["areas"] = {"1": {"limit": 50, "forget_hours": 24, "shared": True}}
    return rules


def for_doors(rules: Fields, count: int) -> Fields:
    """The same for a board with so many doors: rules of a door that it has not are refused whole."""
    there = {str(n) for n in range(1, count + 1)}
    for number, said in rules["profiles"].items():
        if isinstance(said, list):
            rules["profiles"][number] = [n for n in said if str(n) in there]
        else:
            said["doors"] = {n: schedule for n, schedule in said["doors"].items() if n in there}
    rules["doors"] = {n: door for n, door in rules["doors"].items() if n in there}
    return rules


ALL = {"plain": plain, "500 profiles": profiles, "schedules": schedules, "PINs": pins, "every rule": every_rule}
