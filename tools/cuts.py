"""`portvakt sim cuts`: the stores lose their power a hundred thousand times, and must not break a promise once.

One kind is an installation whose cable or power is cut at any byte (tools/install_cuts.py).
"""

import importlib
import multiprocessing
import os
import time
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import typer

from tools.terminal import Json, Problem, progress, result

STEPS = 150  # of one walk: then another one begins, from another seed
STEPS_OF = {"install": 25}
# {kind: share of the points}. A walk is made by walk().
KINDS = {
    "log": 0.28, "delta": 0.25, "snapshot": 0.1, "state": 0.1, "stock": 0.06, "allotments": 0.03, "settings": 0.09,
    "update": 0.09, "install": 0.005,
}  # fmt: skip
_MANY = 1_000_003

Walks = dict[str, Callable[[int, Any], Any]]
Found = dict[str, Any]


def walks() -> Walks:
    """How a walk of each kind begins: from its seed, with a tally. The stores are small, to be nearly full."""
    import sim.mcu  # noqa: F401  before any firmware file is imported
    from sim.cuts import allotments, log, state, stock, table

    def on_littlefs(kind: str, name: str) -> Any:
        try:
            return getattr(importlib.import_module(f"sim.cuts.{kind}"), name)
        except ImportError as error:
            raise Problem("littlefs-python is missing; install the extra `dev`") from error

    return {
        "log": lambda seed, tally: log.LogWalk(seed, 4 + seed % 4, tally),
        "delta": lambda seed, tally: table.TableWalk(seed, 5 + seed % 3, 0.0, tally),
        "snapshot": lambda seed, tally: table.TableWalk(seed, 5 + seed % 4, 1.0, tally),
        "state": lambda seed, tally: state.StateWalk(seed, 2 + seed % 2, tally),
        "stock": lambda seed, tally: stock.StockWalk(seed, 6 + seed % 3, tally),
        "allotments": lambda seed, tally: allotments.AllotmentWalk(seed, 6 + seed % 3, tally),
        "settings": lambda seed, tally: on_littlefs("settings", "SettingsWalk")(seed, 12, tally),
        "update": lambda seed, tally: on_littlefs("update", "UpdateWalk")(seed, tally),
        "install": lambda seed, tally: importlib.import_module("tools.install_cuts").InstallWalk(seed, tally),
    }


def some(kind: str, seed: int, points: int) -> Found:
    """Walks of one kind, in a process of its own, until so many cuts were made that left different flash."""
    from sim.cuts.power import Tally

    made = walks()[kind]
    tally, broken, seeds = Tally(), [], 0
    while tally.cuts < points:
        one = seed * _MANY + seeds
        seeds += 1
        steps = 0
        try:
            walk = made(one, tally)
            for steps in range(STEPS_OF.get(kind, STEPS)):  # noqa: B007 - told when a promise is broken
                walk.step()
        except Problem:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, a store must not raise it
            what = str(error) or traceback.format_exc().strip().splitlines()[-1]
            broken.append({"kind": kind, "seed": one, "step": steps, "what": what.splitlines()[0]})
            if len(broken) >= 5:
                break
    return {"kind": kind, "images": tally.images, "figures": tally.figures(), "walks": seeds, "broken": broken}


def _some(plan: tuple[str, int, int]) -> Found:
    return some(*plan)


def run(points: int, seed: int, processes: int, kinds: list[str]) -> Found:
    """points: cuts in all, each leaving another content of flash than every other one of its kind."""
    begun = time.monotonic()
    images: dict[str, set[bytes]] = {kind: set() for kind in kinds}
    sums: dict[str, dict[str, int]] = {kind: {} for kind in kinds}
    broken: list[Found] = []
    weight = sum(KINDS[kind] for kind in kinds)
    wanted = {kind: int(points * KINDS[kind] / weight) + 1 for kind in kinds}
    lot = max(200, points // (20 * processes))
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes) as pool:
        number = 0
        while not broken:
            plans = []
            for kind in kinds:
                left = wanted[kind] - len(images[kind])
                while left > 0:
                    plans.append((kind, seed * 1000 + number, min(lot, left)))
                    left -= lot
                    number += 1
            if not plans:
                break
            for found in pool.imap_unordered(_some, plans):
                kind = found["kind"]
                images[kind] |= found["images"]
                for name, value in {**found["figures"], "walks": found["walks"]}.items():
                    sums[kind][name] = sums[kind].get(name, 0) + value
                broken += found["broken"]
                progress(f"{sum(map(len, images.values())):>8,} of {points:,} cuts, {len(broken)} promises broken")
    by_kind = {kind: {"distinct": len(images[kind]), **sums[kind]} for kind in kinds}
    distinct = sum(figures["distinct"] for figures in by_kind.values())
    return {
        "points": points,
        "seed": seed,
        "distinct": distinct,
        "kinds": by_kind,
        "broken_promises": len(broken),
        "broken": broken[:20],
        "seconds": round(time.monotonic() - begun, 1),
        "met": distinct >= points and not broken,
    }


def replay(kind: str, seed: int) -> Found:
    """One walk again, as a broken promise named it."""
    from sim.cuts.power import Tally

    walk = walks()[kind](seed, Tally())
    for step in range(STEPS_OF.get(kind, STEPS)):
        try:
            walk.step()
        except Exception as error:
            raise Problem(f"{kind}, seed {seed}, step {step}: {error}; this is a defect, look there") from error
    return {"kind": kind, "seed": seed, "broken_promises": 0}


def lines(found: Found) -> list[str]:
    text = [f"{'kind':<10}{'cuts':>9}{'torn':>9}{'half erases':>13}{'in recovery':>13}"]
    for kind, figures in found["kinds"].items():
        text.append(
            f"{kind:<10}{figures['distinct']:>9,}{figures.get('torn_programs', 0):>9,}"
            f"{figures.get('half_erases', 0):>13,}{figures.get('recovering', 0):>13,}"
        )
    known = {"distinct", "cuts", "torn_programs", "half_erases", "recovering", "walks"}
    for kind, figures in found["kinds"].items():
        ends = [f"{name} {figures[name]:,}" for name in figures if name not in known]
        text += [f"{kind}: {', '.join(ends)}"] if ends else []
    text += [f"BROKEN  {one['kind']}, seed {one['seed']}, step {one['step']}: {one['what']}" for one in found["broken"]]
    return [
        *text,
        f"{found['distinct']:,} different cuts in {found['seconds']:.0f} s, {found['broken_promises']} promises broken",
    ]


def cuts(
    points: Annotated[int, typer.Option(help="How many cuts, each leaving other bytes on flash.", min=1)] = 100_000,
    seed: Annotated[int, typer.Option(help="Everything that happens follows from it.")] = 1,
    kind: Annotated[str, typer.Option(help=f"Only this: {', '.join(KINDS)}.")] = "",
    again: Annotated[int, typer.Option(help="Play one walk of `--kind` again, from the seed that was told.")] = -1,
    processes: Annotated[int, typer.Option(help="How many cores to use.", min=1)] = os.cpu_count() or 1,
    as_json: Json = False,
) -> None:
    """Cut the power of the stores, while they are written and while they recover. Exit code 1 when a promise broke."""
    if kind and kind not in KINDS:
        raise Problem(f"there is no kind {kind!r}; choose one of {', '.join(KINDS)}")
    if again >= 0:
        if not kind:
            raise Problem("a walk is played again with its --kind")
        result(as_json, replay(kind, again), "kept")
        return
    found = run(points, seed, processes, [kind] if kind else list(KINDS))
    result(as_json, found, *lines(found))
    if not found["met"]:
        raise typer.Exit(1)
