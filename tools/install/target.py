"""Whether a board can take this firmware: its interpreter, its file format, its flash."""

from pathlib import Path
from typing import Any

from tools import board_locks
from tools.boards import SECTOR
from tools.terminal import Problem

OLDEST = (1, 24, 0)


def check(found: dict[str, Any], board: dict[str, Any], mpy: Path) -> None:
    """found: what on_board/probe.py says. mpy: one of the modules to install. Raises Problem."""
    version = tuple(found["version"])
    shown = ".".join(str(part) for part in version)
    if found["name"] != "micropython":
        raise Problem(f"the board runs {found['name']}, not MicroPython; flash MicroPython 1.24 or newer")
    if version < OLDEST:
        raise Problem(f"the board has MicroPython {shown}; flash 1.24 or newer")
    ours = mpy.read_bytes()[1]  # https://docs.micropython.org/en/latest/reference/mpyfiles.html
    theirs = found["mpy"] & 0xFF if found["mpy"] is not None else None
    if theirs != ours:
        raise Problem(
            f"MicroPython {shown} on the board reads .mpy version {theirs}, this firmware is version {ours}; "
            "flash the MicroPython release that CHANGELOG.md names"
        )
    _check_partitions(found["partitions"], board["flash"])
    _check_taken(found["taken"], board)


def check_room(found: dict[str, Any]) -> None:
    """found: what on_board/prepare.py says, after everything of ours has gone that may go. Raises Problem."""
    if found["free"] < found["needed"]:
        raise Problem(
            f"the board has {found['free'] * SECTOR} bytes free and needs {found['needed'] * SECTOR}; "
            "remove files of your own from it (mpremote fs ls, mpremote fs rm)"
        )


def _check_partitions(found: dict[str, int] | None, flash: dict[str, int]) -> None:
    if found is None:
        raise Problem("the board is not an ESP32 (it has no module esp32); choose the right port")
    for label in ("acl", "log", "state", "bank"):
        if found.get(label, 0) < flash.get(label, 0):
            has = f"only {found[label]} bytes in" if label in found else "no"
            raise Problem(
                f"the board has {has} partition {label!r} of {flash[label]} bytes; "
                "flash it with the partition table that boards/ describes"
            )


def _check_taken(taken: dict[str, list[int]], board: dict[str, Any]) -> None:
    """taken: the compartments with parcels, and those that are somebody's. One that the new board.json does not have
    would open to nobody; one that is somebody's would be given to parcels where its keypad takes no cards."""
    bank = board.get("bank", {})
    count = board_locks.count(bank["locks"]) if "sizes" in bank else 0
    lost = ", ".join(str(number) for number in taken["parcels"] if number > count)
    if lost:
        raise Problem(
            f"parcels lie in compartments that boards/{board['name']} does not have: {lost}; "
            "have them picked up first, or install the board that has these compartments"
        )
    own = count if bank.get("keypad", {}).get("cards") else 0
    lost = ", ".join(str(number) for number in taken["allotted"] if number > own)
    if lost:
        raise Problem(
            f"compartments are somebody's that boards/{board['name']} does not have, or opens to no card: {lost}; "
            "have them emptied and take them back first, or install the board that has these compartments"
        )
