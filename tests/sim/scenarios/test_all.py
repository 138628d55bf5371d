"""Every scenario comes out as it says: also those that keep what the simulator once found. `make soak` plays them."""

import subprocess
import sys
from pathlib import Path

import pytest

from sim.story import script

PORTVAKT = Path(sys.executable).with_name("portvakt")


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", [path.stem for path in script.stories()])
def test_a_scenario_comes_out_as_it_says(name: str) -> None:
    run = subprocess.run([PORTVAKT, "sim", "run", name], capture_output=True, text=True, timeout=1190, check=False)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
