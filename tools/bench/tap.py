"""Tap to strike on the real MicroPython, from 100 to 50,000 credentials with every rule on.

The same taps are played several times, each in a process of its own; of each tap the quickest counts, because what
else runs on this machine is not the controller's. Flash is a file and its time left out: it is the same for all.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.mcu.flash import SECTOR
from tools import build
from tools.bench.goals import goal, show
from tools.bench.storage import HostPartition, sectors_for
from tools.terminal import Json, Problem, progress

CARDS = (100, 1_000, 10_000, 50_000)
TAPS, ROUNDS, SOAK = 4_000, 5, 1_000_000
FEW = 300  # taps of which the heap is looked at
HEAP = "1M"
SCRIPT = Path(__file__).with_name("tap_on_board") / "run.py"
KEY = b"a table key for this bench only!"
LOG = 16  # sectors

DOOR = {
    "release_ms": 3000,
    "who": [["card", 1]],
    "pin_length": 4,
    "offline_hours": 24,
    "free": 2,
    "first_in": True,
    "office": 2,
    "two_person": 2,
    "passback": "hard",
    "interlock": 1,
    "extended_ms": 4000,
}
EVERY = {
    "version": 1,
    "zone": "CET-1CEST,M3.5.0,M10.5.0/3",
    "holidays": ["2026-12-24", ["2026-12-25", "2027-01-01"], "2027-05-17"],
    "schedules": {
        "1": {"times": [[31, 0, 700], [31, 700, 1000]], "from": "2026-01-01", "to": "2026-02-01", "next": 3},
        "2": {"times": []},
        "3": {"times": [[255, 0, 1440]]},
    },
    "profiles": {
        "1": {"doors": {"1": 1, "2": 1}, "from": 1_700_000_000, "extended": True, "hold": True},
        "2": {"doors": {"1": 1, "2": 1}, "uses": 3, "escort": "gives", "pin": True, "no_clock": True, "office": True},
    },
    "areas": {"1": {"limit": 250, "forget_hours": 12}},
    "doors": {"1": {**DOOR, "passage": [0, 1]}, "2": {**DOOR, "passage": [1, 0]}},
}
PLAIN = {"version": 1, "profiles": {"1": [1, 2]}}

Figures = dict[str, Any]


def image(folder: Path, count: int) -> int:
    """The acl partition with so many cards, as a file; returns its sectors."""
    from firmware.controller.access.credential import card_value, credential_key
    from firmware.controller.records import NO_END, credential_digest, pack_credential
    from firmware.controller.storage.table import CredentialTable
    from firmware.controller.storage.table_snapshot import Snapshot

    sectors = sectors_for(count)
    partition = HostPartition(sectors)
    keys = sorted(credential_key(KEY, card_value(26, number)) for number in range(count))
    records = [pack_credential(key, 1, NO_END) for key in keys]
    digest = 0
    for record in records:
        digest ^= credential_digest(record)
    table = CredentialTable(partition)
    whole = Snapshot(table)
    for _ in whole.take(b"".join(records)):
        while table.prepare():
            pass
    for _ in whole.finish(1, digest):
        pass
    partition.write_to(folder / "acl")
    assert (folder / "acl").stat().st_size == sectors * SECTOR
    return sectors


def play(folder: Path, slot: Path, heap: str, **plan: Any) -> Figures:
    """plan: of the script, "run.py" if no other is named."""
    interpreter = Path(sys.executable).with_name("micropython")
    if not interpreter.exists():
        raise Problem("there is no MicroPython wheel for this machine; measure on Linux x86-64")
    script = SCRIPT.with_name(plan.pop("script", SCRIPT.name))
    here = {"root": str(build.ROOT), "slot": str(slot), "folder": str(folder), "image": str(folder / "acl"), "log": LOG}
    (folder / "plan.json").write_text(json.dumps(here | plan))
    (folder / "memory.bin").unlink(missing_ok=True)
    command = [str(interpreter), "-X", f"heapsize={heap}", str(script), str(folder / "plan.json")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    if run.returncode:
        said = (run.stdout + run.stderr).strip().splitlines() or ["no message"]
        raise Problem(f"the taps could not be measured ({said[-1]}); look at the last change")
    found: Figures = json.loads(run.stdout.strip().splitlines()[-1])
    return found


def percentiles(values: list[int]) -> dict[str, float]:
    """Microseconds."""
    values = sorted(values)
    at = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
    return {name: round(values[min(len(values) - 1, int(len(values) * part))] / 1000, 1) for name, part in at.items()}


def quickest(rounds: list[Figures], name: str) -> list[int]:
    """Of each tap the quickest of all rounds."""
    return [min(took) for took in zip(*(each[name] for each in rounds), strict=True)]


def at_size(folder: Path, slot: Path, count: int, taps: int, rounds: int) -> Figures:
    plan = {"acl": image(folder, count), "cards": count}
    every = [play(folder, slot, HEAP, kind="time", rules=EVERY, n=taps, **plan) for _ in range(rounds)]
    plain = [play(folder, slot, HEAP, kind="time", rules=PLAIN, n=taps, **plan) for _ in range(rounds)]
    if every[0]["granted"] != taps or plain[0]["granted"] != taps:
        raise Problem(f"only {every[0]['granted']} of {taps} taps were granted; look at the last change of the rules")
    few = max(60, min(taps, 1_000_000 // count))
    others = [play(folder, slot, "256M", kind="others", n=few, **plan) for _ in range(2)]
    heaps = [play(folder, slot, HEAP, kind="heap", rules=rules, n=FEW, **plan) for rules in (EVERY, PLAIN)]
    found: Figures = {"cards": count, "files": every[0]["files"], "held": [heaps[1]["held"], heaps[0]["held"]]}
    for name in ("strike", "whole", "kernel"):
        found[name + "_us"] = percentiles(quickest(every, name))
    for name in ("list", "dict"):
        found[name + "_us"] = percentiles(quickest(others, name))
    found["plain_strike_us"] = percentiles(quickest(plain, "strike"))
    for name, of, part in (("tap", 0, "tap_heap"), ("kernel", 0, "kernel_heap"), ("plain_tap", 1, "tap_heap")):
        taken = sorted(heaps[of][part])
        found[name + "_heap_bytes"] = {"p50": taken[len(taken) // 2], "max": taken[-1]}
    return found


def measure(taps: int = TAPS, rounds: int = ROUNDS, soak: int = SOAK) -> Figures:
    made = build.make()
    sizes = []
    with tempfile.TemporaryDirectory(prefix="portvakt-tap-") as name:
        folder = Path(name)
        for count in CARDS:
            sizes.append(at_size(folder, made.folder, count, taps, rounds))
            last = sizes[-1]
            progress(f"{count:>6} cards: strike {last['strike_us']}, bare kernel {last['kernel_us']}")
        acl = image(folder, 10_000)
        plan = {"acl": acl, "cards": 200, "n": soak, "kind": "soak"}
        soaked = play(folder, made.folder, HEAP, rules=EVERY, **plan)
        if soaked["granted"] != soak:
            raise Problem(f"only {soaked['granted']} of {soak} taps were granted; look at the last change of the rules")
        free = [{"taps": int(taps), "free": left} for taps, left in soaked["free"].items()]
        free.sort(key=lambda look: look["taps"])
    first, last = sizes[0], sizes[-1]
    loaded = sorted(
        {
            Path(file).relative_to(made.folder).as_posix()
            for file in last.pop("files")
            if file.startswith(str(made.folder))
        }
    )
    for each in sizes:
        each.pop("files", None)
    ratio = round(last["strike_us"]["p99"] / last["kernel_us"]["p99"], 2)
    flat = round(last["strike_us"]["p99"] / first["strike_us"]["p99"], 2)
    return {
        "taps": taps,
        "rounds": rounds,
        "sizes": sizes,
        "every_rule_loaded": {path: made.bytes_of(path) for path in loaded},
        "every_rule_mpy_bytes": sum(made.bytes_of(path) for path in loaded),
        "heap_free": free,
        "ratios": {
            "to the bare kernel, p50": round(last["strike_us"]["p50"] / last["kernel_us"]["p50"], 2),
            "to a list that is searched, p50": round(last["strike_us"]["p50"] / last["list_us"]["p50"], 4),
            "to a JSON dictionary, p50": round(last["strike_us"]["p50"] / last["dict_us"]["p50"], 2),
            "to the plain rules, p50": round(last["strike_us"]["p50"] / last["plain_strike_us"]["p50"], 2),
        },
        "goals": [
            {"name": "p99 to the bare kernel's", "value": ratio, "unit": "times", "goal": 3, "met": ratio <= 3},
            goal("heap a tap allocates", last["tap_heap_bytes"]["max"], "bytes", 2048),
            goal(f"heap lost from 1,000 to {soak:,} taps", free[0]["free"] - free[-1]["free"], "bytes", 512),
            {"name": "p99 at 50,000 to that at 100", "value": flat, "unit": "times", "goal": 1.25, "met": flat <= 1.25},
        ],
    }


def bench(
    taps_: Annotated[int, typer.Option("--taps", help="How many taps a round and size.", min=200)] = TAPS,
    rounds: Annotated[int, typer.Option("--rounds", help="Of each tap the quickest counts.", min=1)] = ROUNDS,
    soak: Annotated[int, typer.Option("--soak", help="Taps after which the heap is looked at.", min=10_000)] = SOAK,
    json: Json = False,
) -> None:
    """Tap to strike on the real MicroPython with every rule on, beside the bare kernel and other designs."""
    show(json, measure(taps_, rounds, soak))
