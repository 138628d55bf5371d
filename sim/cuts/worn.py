"""Flash with worn sectors: they no longer take what is programmed, or no longer come clean, and mostly say nothing."""

from typing import Any

from sim.mcu.flash import SECTOR, NorFlash


class WornFlash(NorFlash):
    """worn: {sector: how}. how: "programs nothing", "sticks" (a bit that stays 0), "says so" (the driver's error)."""

    def __init__(self, size: int, label: str = "") -> None:
        super().__init__(size, label)
        self.worn: dict[int, str] = {}

    def program(self, offset: int, data: Any) -> None:
        how = self.worn.get(offset // SECTOR)
        if how == "says so":
            raise OSError(5)
        if how == "programs nothing":
            data = b"\xff" * len(data)
        super().program(offset, data)

    def erase(self, sector: int) -> None:
        how = self.worn.get(sector)
        if how == "says so":
            raise OSError(5)
        super().erase(sector)
        if how == "sticks":
            for at in range(3, SECTOR, 64):  # in each fourth slot a bit
                self.poke(sector * SECTOR + at, b"\xfe")
