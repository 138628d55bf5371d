"""Settings on littlefs that lose their power while they are saved: there is always a good copy, the old or the new."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from types import SimpleNamespace
from typing import Any

from littlefs import LittleFS, LittleFSError, UserContext, lfs

from firmware.controller.storage import settings
from sim.mcu.flash import SECTOR, NorFlash, PowerCut

from .power import Tally, anywhere

# As MicroPython's VfsLfs2 on a flash partition.
SIZES: dict[str, Any] = {
    "block_size": SECTOR,
    "read_size": 32,
    "prog_size": 32,
    "cache_size": 128,
    "lookahead_size": 32,
}


class Flash(UserContext):
    """littlefs on our flash. littlefs knows no exceptions: it sees an error where the power went."""

    def __init__(self, flash: NorFlash) -> None:
        super().__init__(flash.size)
        self.flash = flash
        self.off = False

    def _do(self, act: Any, *args: Any) -> int:
        try:
            act(*args)
        except PowerCut:
            self.off = True
            return -5
        return 0

    def read(self, cfg: Any, block: int, off: int, size: int) -> bytearray:
        buf = bytearray(size)
        self._do(self.flash.read, block * SECTOR + off, buf)
        return buf

    def prog(self, cfg: Any, block: int, off: int, data: bytes) -> int:
        return self._do(self.flash.program, block * SECTOR + off, data)

    def erase(self, cfg: Any, block: int) -> int:
        return self._do(self.flash.erase, block)

    def sync(self, cfg: Any) -> int:
        return 0


class Written:
    """A text file that is written. It is closed once: of an unhappy file littlefs takes no second time."""

    def __init__(self, system: LittleFS, path: str) -> None:
        self.system = system
        self.file = lfs.file_open(system.fs, path, "wb")

    def write(self, text: str) -> None:
        lfs.file_write(self.system.fs, self.file, text.encode())

    def __enter__(self) -> "Written":
        return self

    def __exit__(self, *_: object) -> None:
        lfs.file_close(self.system.fs, self.file)


@contextmanager
def files_of(system: LittleFS) -> Iterator[None]:
    """The firmware's files are those of a littlefs."""

    def opened(path: str, mode: str = "r") -> Any:
        try:
            if mode == "w":
                return Written(system, path)
            with system.open(path, "rb") as file:
                return io.BytesIO(file.read())
        except LittleFSError as error:
            raise OSError(str(error)) from error

    module: Any = settings
    before = module.os
    module.open, module.os = opened, SimpleNamespace(rename=system.rename)
    try:
        yield
    finally:
        del module.open
        module.os = before


class Walk:
    def __init__(self, seed: int, sectors: int = 12, tally: Tally | None = None) -> None:
        self.random = Random(seed)
        self.tally = tally
        self.flash = NorFlash(sectors * SECTOR)
        self.blocks = sectors
        self.context = Flash(self.flash)
        LittleFS(self.context, mount=False, block_count=sectors, **SIZES).format()
        self.saved: dict[str, Any] = {}
        self.cuts = 0

    def mount(self) -> LittleFS:
        self.context = Flash(self.flash)
        return LittleFS(self.context, block_count=self.blocks, **SIZES)

    def some_fields(self) -> dict[str, Any]:
        size = self.random.choice((3, 10, 100))
        return {str(n): self.random.randbytes(8).hex() for n in range(size)}

    def step(self) -> None:
        random = self.random
        name, fields = random.choice(("settings", "rules")), self.some_fields()

        def act() -> None:
            try:
                with files_of(self.mount()):
                    settings.save("", fields, name)
            except (LittleFSError, OSError):
                if not self.context.off:
                    raise
            if self.context.off:
                raise PowerCut("littlefs")

        if anywhere([self.flash], act, 20, random, self.tally):
            self.cuts += 1
        else:
            self.saved[name] = fields
        with files_of(self.mount()):
            for one in ("settings", "rules"):
                found, sealed = settings.load("", one)
                before = self.saved.get(one, {})
                after = fields if one == name else before
                assert found in (before, after), "settings are neither the old nor the new ones"
                assert sealed or not found, "settings without their seal"
                assert json.dumps(found)
                if found:
                    self.saved[one] = found
