"""A server's collector does not look through what it has loaded: in a process of its own, as a server is one."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SAID = """
import gc, json, time
import tools
from tools.cloud import asgi

def took():
    begun = time.perf_counter()
    gc.collect()
    return time.perf_counter() - begun

kept = gc.get_freeze_count()
there = min(took() for _ in range(5))
gc.unfreeze()
without = min(took() for _ in range(5))
print(json.dumps({"kept": kept, "ms": 1000 * there, "ms before": 1000 * without}))
"""


def test_a_collection_of_a_server_looks_at_what_is_new_only(tmp_path: Path) -> None:
    told = {"PORTVAKT_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "tools.cloud.settings", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", SAID], env=told, capture_output=True, text=True, check=True)
    said: dict[str, Any] = json.loads(done.stdout)
    assert said["kept"] > 100_000 and 10 * said["ms"] < said["ms before"], said
