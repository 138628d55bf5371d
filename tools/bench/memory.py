"""What the controller costs in memory, measured on the real MicroPython under a board's heap.

The Unix port has 64-bit words. What a board needs is measured on words of 32 bits: two thirds of that, because bytecode
and names take the same on both.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tools import boards, build, heap
from tools.bench import heap as heaps
from tools.bench import heap_parts, heap_rules
from tools.bench.goals import goal, show
from tools.terminal import Json, Problem, progress

HEAP = "220K"
HEAP_GOAL = 60_000
MPY_GOAL = 27_000
ESTIMATE_GOAL = 4 * 1024

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


def everything() -> dict[str, Any]:
    """What every board loads; then each board with each set of rules, on both word sizes."""
    found = measure()
    live = found["live"] = []
    with heaps.bench() as made:
        for name in boards.names():
            board = boards.load(name)
            for said, make in heap_rules.ALL.items():
                rules = heap_rules.for_doors(make(), len(board["doors"]))
                by_bits = {f"bits_{bits}": made.measure(board, rules, bits).figures() for bits in (32, 64)}
                estimate = heap.needed(board, rules)
                live.append(
                    {
                        "board": name,
                        "rules": said,
                        "estimate": estimate,
                        "taken": heap.has_room(board, rules),
                        **by_bits,
                    }
                )
                progress(f"{name:<28} {said:<14} {by_bits['bits_32']['running']:>7} of {heap.BUDGET}, told {estimate}")
    taken = [one for one in live if one["taken"] and not boards.load(one["board"]).get("psram")]
    off = [abs(one["estimate"] - one["bits_32"]["running"]) for one in live]
    found["goals"] += [
        goal("heap of what is taken, 32 bits", max(one["bits_32"]["running"] for one in taken), "bytes", heap.BUDGET),
        goal("heap of plain rules, 32 bits", _most(live, "plain"), "bytes", heap.BUDGET),
        goal("heap of schedules, 32 bits", _most(live, "schedules"), "bytes", heap.BUDGET),
        goal("told and measured differ by", max(off), "bytes", ESTIMATE_GOAL),
    ]
    return found


def _most(live: list[dict[str, Any]], rules: str) -> int:
    return max(one["bits_32"]["running"] for one in live if one["rules"] == rules)


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


def bench(
    write: Annotated[bool, typer.Option("--write", help="Measure each part anew for tools/heap.json.")] = False,
    json: Json = False,
) -> None:
    """What every board loads; the live heap of each board with plain to rich rules, on words of 32 and 64 bits."""
    if write:
        heap_parts.write()
    show(json, everything())
