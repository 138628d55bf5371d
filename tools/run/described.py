"""What `make run` shows: the simulator's building, and beside it a room with a bank of lockers."""

from typing import Any

BOARD = "virtual-two-door-inputs"  # every alarm can be practised on it
BANK_BOARD = "esp32-bank"
PARCEL_ROOM = "Pakkerom"
PARCEL_DOOR = "Pakkeinngang"
MAIL_ROOM = "Postrom"  # whoever may go there fetches parcels, too


def with_bank(described: dict[str, Any]) -> dict[str, Any]:
    """One controller more, whose board has a bank, and the rights at its door."""
    bank = {"name": PARCEL_ROOM, "board": BANK_BOARD, "doors": [{"name": PARCEL_DOOR, "reader": 0}]}
    controllers = [{"board": BOARD} | one for one in described["controllers"]]
    return {
        **described,
        "controllers": [*controllers, bank],
        "people": [one | {"doors": _with_door(one["doors"])} for one in described["people"]],
        "groups": {name: _with_door(doors) for name, doors in described.get("groups", {}).items()},
    }


def _with_door(doors: list[str]) -> list[str]:
    return [*doors, PARCEL_DOOR] if MAIL_ROOM in doors else doors
