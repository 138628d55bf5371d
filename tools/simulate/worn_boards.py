"""Boards that have been at work for a while: their stores are nearly full, so that what happens seldom happens soon."""

from typing import Any

NOTES = 225  # of the 255 that a sector of the state journal holds
SLOTS = 215  # of the 255 that a bucket holds

_SPARE_KIND = 60_000  # of the state journal: nobody asks for it


class _Partition:
    """A flash partition as the firmware sees it."""

    def __init__(self, flash: Any) -> None:
        self._flash = flash

    def readblocks(self, n: int, buf: Any, offset: int = 0) -> None:
        self._flash.read(n * 4096 + offset, buf)

    def writeblocks(self, n: int, buf: Any, offset: int = 0) -> None:
        self._flash.program(n * 4096 + offset, buf)

    def ioctl(self, op: int, argument: int) -> int:
        if op == 6:
            self._flash.erase(argument)
        return int(self._flash.size // 4096) if op == 4 else 0


def wear(one: Any) -> None:
    """A virtual controller without power."""
    from firmware.controller.records import pack_credential
    from firmware.controller.storage.state import StateJournal
    from firmware.controller.storage.table import CredentialTable

    faults = {label: part.fault for label, part in one.chip.flash.items()}
    for part in one.chip.flash.values():
        part.fault = None
    try:
        journal = StateJournal(_Partition(one.chip.flash["state"]))
        for n in range(NOTES):
            journal.set(_SPARE_KIND, n + 1)
        table = CredentialTable(_Partition(one.chip.flash["acl"]))
        for n in range(SLOTS):
            key = (n * 0x9E3779B97F4A7C15 % (1 << 56)).to_bytes(7, "big")
            for op in b"+-":
                for _ in table.steps(0, bytes((op,)) + pack_credential(key, 1, 1)):
                    pass
    finally:
        for label, part in one.chip.flash.items():
            part.fault = faults[label]
