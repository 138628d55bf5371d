"""The firmware's own tests once more, on the real MicroPython, in a heap that has an end."""

import subprocess
from pathlib import Path

import pytest

from tests.compiled import FILES, compiled_tree

ROOT = Path(__file__).parents[1]
# What a board may use is measured on words of 32 bits (tools/bench/memory.py). This one only ends what never ends to
# grow: beside the firmware lie the simulated chip, a file of tests and its bench in it.
HEAP = "384K"


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled_tree(tmp_path_factory.mktemp("compiled"))


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
