"""Files on a real littlefs over our flash: `open` and `os` as the firmware finds them, and power that fails."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

from littlefs import LittleFS, LittleFSError, UserContext, lfs

from sim.mcu.flash import SECTOR, NorFlash, PowerCut

# As MicroPython's VfsLfs2 on a flash partition.
SIZES: dict[str, Any] = {
    "block_size": SECTOR,
    "read_size": 32,
    "prog_size": 32,
    "cache_size": 128,
    "lookahead_size": 32,
}
_FOLDER, _FILE = 0x4000, 0x8000


class Device(UserContext):
    """littlefs on our flash. littlefs knows no exceptions: it sees errors from where the power went."""

    def __init__(self, flash: NorFlash) -> None:
        super().__init__(flash.size)
        self.flash = flash
        self.off = False

    def _do(self, act: Callable[..., None], *args: Any) -> int:
        if self.off:
            return -5
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


def make(flash: NorFlash) -> None:
    """A new file system."""
    LittleFS(Device(flash), mount=False, block_count=flash.size // SECTOR, **SIZES).format()


class Written:
    """A file that is written. It is closed once: of an unhappy file littlefs takes no second time."""

    def __init__(self, files: "MountedFiles", path: str, mode: str) -> None:
        self._files = files
        self._text = "b" not in mode
        self._open = False
        self._file = files.do(lfs.file_open, files.system.fs, path, mode.rstrip("b") + "b")
        self._open = True

    def write(self, data: Any) -> int:
        written: int = self._files.do(
            lfs.file_write, self._files.system.fs, self._file, data.encode() if self._text else bytes(data)
        )
        return written

    def close(self) -> None:
        if self._open:
            self._open = False
            self._files.do(lfs.file_close, self._files.system.fs, self._file)

    def __del__(self) -> None:
        """MicroPython closes a file to which no reference is left. Not where its board has no power."""
        if not self._files.device.off:
            with suppress(OSError, PowerCut):
                self.close()

    def __enter__(self) -> "Written":
        return self

    def __exit__(self, why: object, *_: object) -> None:
        if why is None:
            self.close()
        elif not self._open:
            return
        else:
            self._open = False
            with suppress(LittleFSError):
                lfs.file_close(self._files.system.fs, self._file)


class MountedFiles:
    """One life of a mounted file system. Once its power is gone every call raises PowerCut: nothing runs any more."""

    def __init__(self, flash: NorFlash) -> None:
        self.blocks = flash.size // SECTOR
        self.device = Device(flash)
        self.system: LittleFS = self.do(LittleFS, self.device, block_count=self.blocks, **SIZES)
        names = ("listdir", "mkdir", "remove", "rmdir", "rename", "stat", "statvfs")
        self.os = SimpleNamespace(**{name: getattr(self, name) for name in names})

    def do(self, call: Callable[..., Any], *args: Any, **named: Any) -> Any:
        try:
            found = None if self.device.off else call(*args, **named)
        except LittleFSError as error:
            if not self.device.off:
                raise OSError(-error.code, str(error)) from error
        if self.device.off:
            raise PowerCut("littlefs")
        return found

    def open(self, path: str, mode: str = "r") -> Any:
        if mode[0] != "r":
            return Written(self, path, mode)
        return io.BytesIO(self.content(path)) if "b" in mode else io.StringIO(self.content(path).decode())

    def content(self, path: str) -> bytes:
        system = self.system.fs
        file = self.do(lfs.file_open, system, path, "rb")
        found: bytes = self.do(lfs.file_read, system, file, self.do(lfs.file_size, system, file))
        self.do(lfs.file_close, system, file)
        return found

    def listdir(self, path: str) -> list[str]:
        return list(self.do(self.system.listdir, path))

    def mkdir(self, path: str) -> None:
        self.do(lfs.mkdir, self.system.fs, path)

    def remove(self, path: str) -> None:
        self.do(lfs.remove, self.system.fs, path)

    rmdir = remove

    def rename(self, before: str, after: str) -> None:
        self.do(lfs.rename, self.system.fs, before, after)

    def stat(self, path: str) -> tuple[int, ...]:
        found = self.do(lfs.stat, self.system.fs, path or "/")
        return (_FOLDER if found.type == 2 else _FILE, 0, 0, 0, 0, 0, found.size, 0, 0, 0)

    def statvfs(self, _: str) -> tuple[int, ...]:
        """As MicroPython's (extmod/vfs_lfsx.c): its lfs_fs_traverse() meets the blocks of a folder twice."""
        used = self.do(lfs.fs_size, self.system.fs) + 2 * self.folders("/")
        free = (self.blocks - used) & 0xFFFFFFFF
        return (SECTOR, SECTOR, self.blocks, free, free)

    @property
    def free(self) -> int:
        """Blocks that really are free."""
        return int(self.blocks - self.do(lfs.fs_size, self.system.fs))

    def folders(self, path: str) -> int:
        """How many there are below a path."""
        inner = [name for name in self.listdir(path) if self.stat(f"{path}/{name}")[0] == _FOLDER]
        return len(inner) + sum(self.folders(f"{path}/{name}") for name in inner)


@contextmanager
def seen_by(module: Any, files: MountedFiles) -> Iterator[None]:
    """A file of the firmware finds these files."""
    before = vars(module).copy()
    module.open, module.os = files.open, files.os
    try:
        yield
    finally:
        del module.open, module.os
        if "os" in before:
            module.os = before["os"]
