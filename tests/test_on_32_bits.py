"""The firmware's own tests on real MicroPython of 32 bits, on the oldest and newest release that it runs on."""

import re
from pathlib import Path

import pytest

from tests.compiled import FILES, ROOT, compiled_tree
from tools import wasm

RELEASES = wasm.releases()


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled_tree(tmp_path_factory.mktemp("compiled"))


@pytest.mark.timeout(1200)  # a minute each on a quiet core
@pytest.mark.parametrize("release", RELEASES)
def test_on_32_bits(release: str, compiled: Path) -> None:
    done = wasm.run(compiled, "tests/on_32_bits.py", release, tuple(FILES), timeout=1190)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^(\d+) passed, 0 failed", done.stdout, re.MULTILINE)
    assert passed and int(passed.group(1)) > 500, done.stdout[-300:]


@pytest.mark.parametrize("release", RELEASES)
def test_a_piece_of_the_board_table_starts_nothing(release: str, compiled: Path) -> None:
    done = wasm.run(compiled, "tests/boot_on_32_bits.py", release)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_oldest_release_that_the_readme_names_is_among_them() -> None:
    named = re.search(r"MicroPython\]\([^)]*\) (\d+\.\d+) or newer", (ROOT / "README.md").read_text())
    assert named and named.group(1) + ".0" == RELEASES[0]


def test_a_failing_test_fails_there_too(tmp_path: Path) -> None:
    bad = tmp_path / "test_bad.py"
    bad.write_text("def test_good():\n    pass\n\n\ndef test_bad():\n    assert 1 == 2\n")
    (tmp_path / "tests").mkdir()
    for name in ("on_micropython.py", "on_32_bits.py"):
        (tmp_path / "tests" / name).write_text((ROOT / "tests" / name).read_text())
    (tmp_path / "sim/mcu").mkdir(parents=True)
    for source in [ROOT / "sim/__init__.py", *(ROOT / "sim/mcu").glob("*.py")]:
        (tmp_path / source.relative_to(ROOT)).write_text(source.read_text())
    done = wasm.run(tmp_path, "tests/on_32_bits.py", RELEASES[-1], ("test_bad.py",))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED test_bad.py::test_bad" in done.stdout
    assert "1 passed, 1 failed" in done.stdout
