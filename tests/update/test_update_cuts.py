"""Power cuts while a firmware comes in, on the real littlefs of the real MicroPython."""

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.micropython
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_whatever_a_cut_leaves_the_slot_in_charge_is_whole(micropython: str, seed: int) -> None:
    command = [micropython, "-X", "heapsize=16M", "tests/update/on_littlefs.py", "60", str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    ends = json.loads(done.stdout.splitlines()[-1])
    assert ends["cuts"] >= 60 and set(ends["ends"]) == {"well", "hangs", "silent"}
