"""What the controller costs in memory, measured on the real MicroPython under a board's heap.

The Unix port has 64-bit words: a figure here is about twice the chip's (120 KB here are 60 KB there).
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools import build
from tools.terminal import Problem

HEAP = "220K"
HEAP_GOAL = 120 * 1024
MPY_GOAL = 30 * 1024

# Runs on MicroPython. What a chip has built in (its own modules) is loaded before the count begins.
SCRIPT = """
import gc, sys
sys.path[:] = [{root!r}, {slot!r}, ".frozen"]
from sim.mcu import chip, esp32, flash, machine, network
for module in (esp32, machine, network):
    sys.modules[module.__name__.split(".")[-1]] = module
import binascii, cryptolib, hashlib, io, json, os, random, socket, ssl, struct, time, _thread
had = set(sys.modules)
gc.collect()
before = gc.mem_alloc()
import controller.app
gc.collect()
after = gc.mem_alloc()
modules = [m for m in sys.modules if m not in had]
print(json.dumps({{
    "heap": after - before, "free": gc.mem_free(),
    "files": [getattr(sys.modules[m], "__file__", "") for m in modules],
    "interpreter": "MicroPython %d.%d.%d" % sys.implementation.version[:3],
}}))
"""


def goal(name: str, value: int, unit: str, limit: int) -> dict[str, Any]:
    """A figure that must not be more than its limit."""
    return {"name": name, "value": value, "unit": unit, "goal": limit, "met": value <= limit}


def measure() -> dict[str, Any]:
    interpreter = Path(sys.executable).with_name("micropython")
    if not interpreter.exists():
        raise Problem("there is no MicroPython wheel for this machine; measure on Linux x86-64")
    made = build.make()
    script = SCRIPT.format(root=str(build.ROOT), slot=str(made.folder))
    run = subprocess.run(
        [interpreter, "-X", f"heapsize={HEAP}", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if run.returncode:
        said = (run.stderr or run.stdout).strip().splitlines() or ["no message"]
        raise Problem(f"the controller could not be imported in a heap of {HEAP} ({said[-1]}); look at the last change")
    found = json.loads(run.stdout.strip().splitlines()[-1])
    loaded = sorted(Path(file).relative_to(made.folder).as_posix() for file in found["files"] if file)
    mpy = sum(made.bytes_of(path) for path in loaded)
    return {
        "interpreter": found["interpreter"],
        "heap_size": HEAP,
        "build": made.id,
        "free_after_import": found["free"],
        "loaded": {path: made.bytes_of(path) for path in loaded},
        "built_bytes": made.total,
        "goals": [
            goal("heap after import", found["heap"], "bytes", HEAP_GOAL),
            goal(".mpy bytes loaded", mpy, "bytes", MPY_GOAL),
        ],
    }
