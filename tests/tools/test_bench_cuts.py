"""The bench of cuts on a small scale: every kind happens, and its goals are kept."""

import json
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_cuts_of_every_kind_lose_and_double_nothing() -> None:
    command = [sys.executable, "-c", "from tools.cli import app; app()", "bench", "cuts", "--count", "300", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found["cuts"]) == 15 and not found["broken"]
    missed = [one["name"] for one in found["goals"] if not one["met"]]
    assert missed == ["cuts"], found
