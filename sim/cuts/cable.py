"""A board at the end of a serial cable that is cut: real littlefs, the real boot.py and main.py, and the prompt that
mpremote speaks to.

Real: littlefs, what the programs of the board do, every byte of the line. Modelled: CPython stands in for MicroPython,
and the controller is what main.py imports: it runs when every module of its slot is whole.
"""

import builtins
import errno
import io
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from sim.mcu import chip as chips
from sim.mcu import esp32, machine
from sim.mcu.flash import SECTOR, NorFlash, PowerCut

from .files import MountedFiles, make
from .power import Cut
from .update import Restart, UpdateChip

FIRMWARE = Path(__file__).parents[2] / "firmware"
SCRIPTS = [compile((FIRMWARE / name).read_text(), name, "exec") for name in ("boot.py", "main.py")]
WINDOW = 128  # bytes that a host sends before it waits, as the ESP32 port has it
RAW = b"raw REPL; CTRL-B to exit\r\n>"
WAYS = ("the cable", "the power", "the power in a flash operation")


class Unplugged(Exception):
    """The cable is out, or the board at its end is dead."""


class Runs(BaseException):
    """main.py has started the controller, which goes on for ever."""


class Partitions(UpdateChip):
    """A chip with the partitions of its board's table. Their content is no part of an installation."""

    def __init__(self, sizes: dict[str, int], cause: int) -> None:
        super().__init__()
        self.cause = cause
        self.sizes = sizes
        self.partitions = tuple(sizes)

    def partition(self, label: str) -> Any:
        return SimpleNamespace(size=self.sizes[label]) if label in self.sizes else None


class CableBoard:
    """whole(mounted): the build whose modules all lie in what main.py mounted, or ""."""

    def __init__(
        self, blocks: int, sizes: dict[str, int], whole: Callable[[Any], str], mpy: int, random: Random
    ) -> None:
        self.flash = NorFlash(blocks * SECTOR)
        make(self.flash)
        self.sizes = {label: sizes[label] for label in ("acl", "log", "state")}
        self.whole = whole
        self.mpy = mpy
        self.random = random
        self.passed = 0  # bytes, in both directions, since the cable was plugged in
        self.cut_at: int | None = None
        self.way = ""
        self.within = 3  # so many flash operations after that byte the power goes at the latest
        self.plugged = True
        self.files = MountedFiles(self.flash)
        self.out = bytearray()  # on its way to the host
        self.start(chips.PWRON_RESET)

    # Power and starts.

    def start(self, cause: int) -> None:
        """From reset to the controller; to the prompt where it is not to run; or round and round."""
        for _ in range(10):
            self.files.device.off = True  # what was open on it is open no more
            self.chip = Partitions(self.sizes, cause)
            self.files = MountedFiles(self.flash)
            self.running = ""
            self.alive = True
            self.system = SimpleNamespace(
                path=["", ".frozen"],
                modules={},
                implementation=SimpleNamespace(name="micropython", version=(1, 29, 0, ""), _mpy=self.mpy),
                print_exception=lambda error: None,
            )
            self.mounted: Any = None
            self.prompt = Prompt(self)
            try:
                for script in SCRIPTS:
                    self.execute(script, self.prompt.names)
            except Runs:
                self.system.modules["controller.app"] = True
                return
            except Restart:
                cause = chips.HARD_RESET
                continue
            except OSError:  # there is no board.json or no slot yet: boot.py ends, and the prompt is there
                pass
            return

    def execute(self, code: Any, names: dict[str, Any]) -> None:
        before = chips.use(self.chip)
        try:
            exec(code, names)
        finally:
            chips.use(before)

    def power_cycle(self) -> None:
        self.flash.fault = None
        self.replug()
        self.start(chips.PWRON_RESET)

    def ten_minutes(self) -> None:
        """Nothing comes in: what a timer has to say is said."""
        self.replug()
        timers, self.chip.timers = self.chip.timers, []
        before = chips.use(self.chip)
        try:
            for timer in timers:
                timer[2](None)
        except Restart:
            self.start(chips.HARD_RESET)
        finally:
            chips.use(before)

    def replug(self) -> None:
        self.cut_at, self.plugged = None, True
        self.out.clear()

    # What its programs find.

    def names(self, printed: io.StringIO) -> dict[str, Any]:
        stand_ins = {
            "os": self.files.os,
            "machine": machine,
            "esp32": esp32,
            "sys": self.system,
            "gc": SimpleNamespace(threshold=lambda size: None, collect=lambda: None),
            "vfs": SimpleNamespace(mount=self.mount),
            "controller.app": SimpleNamespace(main=self.main),
        }

        def imported(name: str, *how: Any) -> Any:
            if name == "tls":
                raise ImportError(name)
            return stand_ins[name] if name in stand_ins else __import__(name, *how)

        def say(*words: Any, end: str = "\n") -> None:
            printed.write(" ".join(map(str, words)) + end)

        found = {**vars(builtins), "open": self.files.open, "__import__": imported, "print": say}
        return {"__name__": "__main__", "__builtins__": found}

    def mount(self, mounted: Any, where: str) -> None:
        self.mounted = mounted

    def main(self) -> None:
        self.running = self.whole(self.mounted)
        if self.running:
            if "trial" in self.files.listdir("/"):  # the installer's ticket is for one start
                self.files.remove("/trial")
            raise Runs
        raise OSError(2)  # a module is not there or damaged: the board prints that and starts again

    # The line.

    def count(self, n: int) -> int:
        """How many of n bytes still pass. A reader learns of the cut by what comes after."""
        if not self.plugged:
            raise Unplugged
        if self.cut_at is None or self.passed + n < self.cut_at:
            self.passed += n
            return n
        left = max(0, self.cut_at - self.passed)
        self.passed += left
        self.cut_at = None
        if self.way == WAYS[2]:
            Cut([self.flash], self.random.randrange(self.within), self.random.random(), self.random)
            return n
        self.plugged = False
        self.alive = self.alive and self.way == WAYS[0]
        return left

    def hear(self, data: bytes) -> None:
        """What the host sends."""
        passed = self.count(len(data))
        if self.alive:
            try:
                self.serve(data[:passed])
            except PowerCut:
                self.alive = self.plugged = False
        if not self.plugged:
            raise Unplugged

    def serve(self, data: bytes) -> None:
        try:
            self.prompt.hear(data)
        except Restart:
            self.start(chips.HARD_RESET)


class Prompt:
    """The raw prompt as MicroPython has it (shared/runtime/pyexec.c), with raw paste."""

    def __init__(self, board: CableBoard) -> None:
        self.board = board
        self.printed = io.StringIO()
        self.names = board.names(self.printed)
        self.text = bytearray()
        self.raw = self.pasting = False
        self.left = 0  # of the window

    def hear(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            if self.pasting:
                at += self.paste(data[at : at + self.left])
            else:
                self.key(data[at])
                at += 1

    def key(self, byte: int) -> None:
        if byte == 1:  # Ctrl-A
            if self.text == b"\x05A":
                self.pasting, self.left = True, WINDOW
                self.board.out += b"R\x01" + WINDOW.to_bytes(2, "little") + b"\x01"
            else:
                self.raw = True
                self.board.out += RAW
            self.text.clear()
        elif byte == 2:  # Ctrl-B
            self.raw = False
            self.text.clear()
        elif byte in (3, 13):  # Ctrl-C, Return
            self.text.clear()
        elif self.raw:
            self.text.append(byte)

    def paste(self, piece: bytes) -> int:
        """Takes bytes up to the end of the piece, of the window or of the paste. Returns how many."""
        end = _end(piece)
        self.text += piece[:end]
        self.left -= end
        if end < len(piece):
            self.pasting = False
            text, self.text = bytes(self.text), bytearray()
            if piece[end] == 3:  # Ctrl-C: of the next host, where the cable was cut in the middle
                self.board.out += b"\x04\x04KeyboardInterrupt: \r\n\x04>"
            else:  # Ctrl-D
                self.board.out += b"\x04"
                self.run(text.decode())
            return end + 1
        if not self.left:
            self.left = WINDOW
            self.board.out += b"\x01"
        return end

    def run(self, text: str) -> None:
        error = ""
        try:
            self.board.execute(compile(text, "<stdin>", "exec"), self.names)
        except Exception as wrong:
            if isinstance(wrong, Restart):
                raise
            error = f"Traceback (most recent call last):\r\n{told(wrong)}\r\n"
        self.board.out += self.printed.getvalue().encode() + b"\x04" + error.encode() + b"\x04>"
        self.printed.seek(0)
        self.printed.truncate()


def _end(piece: bytes) -> int:
    """Where a paste ends: at Ctrl-C or Ctrl-D, or not in this piece."""
    found = [at for at in (piece.find(b"\x03"), piece.find(b"\x04")) if at >= 0]
    return min(found, default=len(piece))


def told(error: Exception) -> str:
    """As MicroPython prints it."""
    if isinstance(error, OSError):
        return f"OSError: [Errno {error.errno}] {errno.errorcode.get(error.errno or 0, error.errno)}"
    return f"{type(error).__name__}: {error}"
