"""Planted defects: small patches to the firmware and the cloud, in memory, each of which a short soak has to find."""

import importlib.machinery
import importlib.util
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tools.terminal import Problem

from .defects import DEFECTS, Defect

_ROOT = Path(__file__).resolve().parents[2]

# Dense enough that some hours hold what a quiet building sees in years.
RATES = {
    "network": 40.0, "black_hole": 30.0, "power": 60.0, "torn_write": 300.0, "again": 0.5, "broker": 20.0, "dns": 10.0,
    "stuck": 12.0, "crowd": 60.0, "half_open": 10.0, "hostile": 120.0, "noise": 0.1, "worker": 100.0, "backup": 80.0,
    "restore": 60.0, "break_in": 40.0, "errs": 150.0, "rot": 800.0, "weak": 0.2, "worn": 40.0,
    "emergency": 20.0, "nervous": 40.0, "fire": 10.0, "update": 60.0, "odd_command": 60.0, "quicker": 40.0,
    "installer": 10.0, "two_at_one_door": 10.0,
}  # fmt: skip


# The same for a defect at a bank of compartments: its latches, contacts and lines, and power that fails.
BANK_RATES = {
    "network": 10.0, "power": 60.0, "torn_write": 200.0, "jam": 400.0, "lie": 150.0, "crowbar": 200.0, "guesser": 30.0,
    "silent_lock_board": 60.0, "lock_line_cut": 30.0, "lock_line_noise": 80.0, "late_lock_board": 60.0,
    "worker": 20.0, "backup": 40.0, "restore": 20.0,
}  # fmt: skip


@dataclass(frozen=True)
class Hunt:
    """The short soak. Small stores that are nearly full, so that they turn."""

    doors: int = 2
    days: float = 0.22
    taps: float = 800
    changes: float = 1_500
    sectors: dict[str, int] = field(default_factory=lambda: {"log": 4, "acl": 6})
    lockers: int = 0
    opens: float = 0  # of compartments from afar, a day
    parcels: float = 0  # a day
    cards: float = 0  # at the reader of the bank, a day
    rates: dict[str, float] = field(default_factory=lambda: RATES)


HUNT = Hunt()
AT_A_BANK = Hunt(
    days=0.03,
    taps=200,
    changes=20,
    sectors={"log": 16, "acl": 6},
    lockers=12,
    opens=3_000,
    parcels=1_800,
    rates=BANK_RATES,
)
WITH_OWN = replace(AT_A_BANK, cards=4_000, opens=300, parcels=900)
HUNTS = {"": HUNT, "bank": AT_A_BANK, "own": WITH_OWN}
FAMILIES = ("modbus", "kerong")  # of lock boards: of the first soak at a bank, and the second
PATIENCE_S = 300  # a recipient comes within
MISTAKES = 0.4  # of all couriers and recipients at a bank: the wrong size, the other one's code
SOAKS = 2  # for one defect, at the most: together less than a minute of a core


class Unfit(Problem):
    """The code has changed since the defect was written."""


def patched(defect: Defect) -> str:
    """The source of its module with the defect in it. Raises Unfit."""
    path = (_ROOT / Path(*defect.module.split("."))).with_suffix(".py")
    source = path.read_text(encoding="utf-8") if path.is_file() else ""
    count = source.count(defect.old)
    if count != 1:
        where = "stands nowhere" if not count else f"stands {count} times"
        raise Unfit(f"the planted defect '{defect.name}' does not fit: its old text {where} in {defect.module}")
    return source.replace(defect.old, defect.new)


class _Planter(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> Any:
        return compile(self._source, self.path, "exec", dont_inherit=True)


class _Finder:
    """First of all importers: for one module it has another source."""

    def __init__(self, defect: Defect, source: str) -> None:
        self._defect = defect
        self._source = source

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self._defect.module:
            return None
        file = str((_ROOT / Path(*name.split("."))).with_suffix(".py"))
        return importlib.util.spec_from_file_location(name, file, loader=_Planter(name, file, self._source))


def plant(name: str) -> None:
    """Puts a defect into this process, before anything has imported its module. Raises Unfit."""
    defect = DEFECTS[name]
    source = patched(defect)
    if defect.module in sys.modules:
        raise Unfit(f"{defect.module} is imported already: plant '{name}' in a process of its own")
    sys.meta_path.insert(0, _Finder(defect, source))


def hunt(name: str, seed: int, turn: int = 0, place: str = "") -> dict[str, Any]:
    """One short soak with a defect ("": with none), in a process of its own. Ends at the first broken promise.

    turn: how many soaks there were before. place: of HUNTS.
    """
    began = time.process_time()
    facts: dict[str, Any] = {"name": name, "chosen_by": DEFECTS[name].chosen_by if name else "", "seed": seed}
    try:
        if name:
            plant(name)
        facts |= _soak(seed, HUNTS[place], FAMILIES[turn % len(FAMILIES)])
    except Unfit as error:
        facts |= {"found": False, "what": str(error)}
    facts["seconds"] = round(time.process_time() - began, 1)
    return facts


def hunts(
    names: list[str], seed: int, run: Callable[[list[tuple[str, int, int, str]]], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Each defect in a short soak; those that were not found in another one. run(jobs): hunt(*job) for each.

    Raises Problem when a soak breaks a promise without any defect: then it proves nothing.
    """
    found: dict[str, dict[str, Any]] = {}
    left = names
    for n in range(SOAKS):
        places = sorted({DEFECTS[name].place for name in left})
        jobs = [("", seed + n, n, place) for place in places]
        ran = run([*jobs, *((name, seed + n, n, DEFECTS[name].place) for name in left)])
        for clean in ran[: len(jobs)]:
            if clean["found"]:
                raise Problem(f"the soak of seed {seed + n} breaks a promise without a defect: {clean['what']}")
        for one in ran[len(jobs) :]:
            one["seconds"] = round(one["seconds"] + found.get(one["name"], {}).get("seconds", 0), 1)
            found[one["name"]] = one
        left = [name for name in left if not found[name]["found"]]
        if not left:
            break
    return [found[name] for name in names]


def _soak(seed: int, how: Hunt, locks: str) -> dict[str, Any]:
    from sim.virtual.scheduler import Stuck
    from tools.simulate.plan import Plan
    from tools.simulate.soak import soak

    if how.lockers:
        from sim.virtual import visitors

        visitors.OTHER_SLIP = visitors.TOO_SMALL = MISTAKES
    try:
        run = soak(
            Plan(
                seed,
                doors=how.doors,
                days=how.days,
                taps=how.taps,
                changes=how.changes,
                sectors=how.sectors,
                worn=True,
                rates=dict(how.rates),
                first=True,
                lockers=how.lockers,
                locks=locks,
                opens=how.opens,
                parcels=how.parcels,
                cards=how.cards,
                patience_s=PATIENCE_S,
            )
        )
    except (Problem, Stuck) as error:
        return {"found": True, "promise": None, "what": str(error)}
    if not run["broken"]:
        return {"found": False, "checks": run["checks"], "faults": run["faults"]}
    return {"found": True, **{key: run["broken"][0][key] for key in ("promise", "check", "step", "at", "what")}}


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    missed = [one["name"] for one in found if not one["found"]]
    lines = [
        f"found {one['seconds']:4.0f} s  {one['name']}: promise {one['promise']}, {one['what'][:90]}" if one["found"]
        else f"NOT FOUND {one['seconds']:4.0f} s  {one['name']} {one.get('what', '')}"
        for one in found
    ]  # fmt: skip
    by = sorted({one["chosen_by"] for one in found})
    return {
        "planted": len(found),
        "found": len(found) - len(missed),
        "not_found": missed,
        "chosen_by": {who: sum(one["chosen_by"] == who for one in found) for who in by},
        "slowest_seconds": max(one["seconds"] for one in found),
        "defects": found,
        "lines": [*lines, f"{len(found) - len(missed)} of {len(found)} planted defects were found"],
    }
