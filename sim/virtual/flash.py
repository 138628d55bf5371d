"""Flash that tells what was written to it: how the simulator knows which events are on record."""

from collections.abc import Callable
from typing import Any

from sim.mcu.flash import NorFlash


class WatchedFlash(NorFlash):
    """on_program(offset, data): what lies there after a program, also after one that the power cut short."""

    def __init__(self, size: int, label: str, on_program: Callable[[int, bytes], None]) -> None:
        super().__init__(size, label)
        self._on_program = on_program

    def program(self, offset: int, data: Any) -> None:
        try:
            super().program(offset, data)
        finally:
            found = bytearray(len(data))
            self._get(offset, found)
            self._on_program(offset, bytes(found))

    def image(self) -> bytes:
        """All of it."""
        found = bytearray(self.size)
        self._get(0, found)
        return bytes(found)
