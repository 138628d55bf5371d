"""Where no MicroPython wheel exists: the same building, its boards on CPython."""

import json
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def test_a_run_on_cpython_loses_nothing(tmp_path: Path) -> None:
    verb = ["run", "--seconds", "4", "--json", "--port", "0", "--interpreter", "cpython"]
    run = subprocess.run(
        [sys.executable, "-m", "tools", *verb, "--data", str(tmp_path / "run")],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    facts = json.loads(run.stdout.splitlines()[-1])
    assert facts["interpreter"].startswith("CPython 3.")
    assert facts["granted"] > 0
    assert (facts["lost"], facts["duplicated"]) == (0, 0)
    assert facts["recorded"] == facts["stored"] > 0
