"""Room is counted as littlefs has it, on the real littlefs of the real MicroPython."""

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.micropython
@pytest.mark.parametrize("seed", range(4))
def test_what_is_counted_is_what_is_taken(micropython: str, seed: int) -> None:
    command = [micropython, "-X", "heapsize=8M", "tests/update/room_on_littlefs.py", str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["folders"] > 5 and len(found["seen"]) > 20
    assert found["wrapped"], "it never was so full that statvfs wraps"
    for said, taken in found["seen"]:
        assert said - 1 <= taken <= max(said, 1), found["seen"]
