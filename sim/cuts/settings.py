"""Settings on littlefs that lose their power while they are saved: there is always a good copy, the old or the new."""

from random import Random
from typing import Any

from firmware.controller.storage import settings, settings_save
from sim.mcu.flash import SECTOR, NorFlash

from .files import MountedFiles, make, seen_by
from .power import Tally, anywhere


class SettingsWalk:
    def __init__(self, seed: int, sectors: int = 12, tally: Tally | None = None) -> None:
        self.random = Random(seed)
        self.tally = tally
        self.flash = NorFlash(sectors * SECTOR)
        make(self.flash)
        self.saved: dict[str, Any] = {}
        self.refused = 0  # saves that found no room
        self.cuts = 0

    def some_fields(self) -> dict[str, Any]:
        size = self.random.choice((3, 10, 100, 700))  # the largest do not fit beside each other
        return {str(n): self.random.randbytes(8).hex() for n in range(size)}

    def step(self) -> None:
        random = self.random
        name, fields = random.choice(("settings", "rules")), self.some_fields()

        def act() -> None:
            with seen_by(settings_save, MountedFiles(self.flash)):
                try:
                    settings_save.save("/", fields, name)
                    full.clear()
                except OSError:
                    full.append(True)

        full: list[bool] = []
        if anywhere([self.flash], act, random.choice((20, 20, 500)), random, self.tally):
            self.cuts += 1
        elif full:
            self.refused += 1
            assert f"{name}.new" not in MountedFiles(self.flash).listdir("/"), "what found no room takes some"
        else:
            self.saved[name] = fields
        with seen_by(settings, MountedFiles(self.flash)):
            for one in ("settings", "rules"):
                found, sealed = settings.load("/", one)
                before = self.saved.get(one, {})
                after = fields if one == name else before
                assert found in (before, after), "settings are neither the old nor the new ones"
                assert sealed or not found, "settings without their seal"
                self.saved[one] = found
