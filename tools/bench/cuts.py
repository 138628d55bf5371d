"""Cuts of the link at any byte, of every kind: what was recorded is in the cloud once, and the access lists agree.

In virtual time, with the firmware, the real ingest and a broker that dies, all in one thread from one seed. The same
with real brokers and processes: cuts_real.py.
"""

import copy
import gc
import json
import logging
import random
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.bench.goals import goal, show
from tools.simulate.run import _ROOT, BOARD, database, enrolled, import_path, in_sync
from tools.terminal import Json, Problem, progress

CUTS = 10_000
DOORS = 8  # two to a controller
TAP_S = 6.0  # one at each controller, on average
CHANGES_A_DAY = 3_000.0  # of the access list, in the whole building
SLICE_S = 120.0


def measure(cuts: int = CUTS, seed: int = 1) -> dict[str, Any]:
    """One building in this process, once a process."""
    import_path()
    logging.disable(logging.CRITICAL)  # what the ingest refuses is what it is sent
    with tempfile.TemporaryDirectory(prefix="portvakt-bench-") as scratch, database(Path(scratch)):
        return _measure(Path(scratch), cuts, seed)


def _measure(scratch: Path, cuts: int, seed: int) -> dict[str, Any]:
    from sim.virtual.building import START, VirtualBuilding
    from sim.virtual.scheduler import DAY
    from sim.world.building import generate
    from tools.cloud.services import clock
    from tools.simulate.worker import SoakWorker

    chance = random.Random(f"{seed}/enrolment")
    described = copy.deepcopy(generate(DOORS, 5 + 3 * DOORS, chance))
    board = json.loads((_ROOT / "boards" / BOARD / "board.json").read_text())
    before, building = clock.source, None
    workers: list[SoakWorker] = []

    def cloud(*given: Any) -> SoakWorker:
        workers.append(SoakWorker(*given))
        return workers[0]

    try:
        clock.source = lambda: building.utc() if building is not None else START
        settings = enrolled(described, board, chance.randbytes)
        building = VirtualBuilding(described, settings, board, scratch, seed, cloud, keep=False)
        books = _observe(building, workers[0])
        cutter = _cutter(building, workers[0])
        gc.freeze()
        gc.set_threshold(100_000, 20, 20)
        _power_on(building)
        began, cpu = building.scheduler.now, time.process_time()
        office = _cut_until(building, workers[0], cutter, books, cuts)
        days = (building.scheduler.now - began) / DAY
        return _figures(building, cutter, office, seed, days, time.process_time() - cpu)
    finally:
        clock.source = before
        if building is not None:
            building.close()


def _observe(building: Any, worker: Any) -> Any:
    """The checks of the promises, and the books of what the cloud has; it is never calm."""
    from sim.virtual.faults import FaultInjector, Rates
    from sim.virtual.scheduler import DAY, SECOND
    from tools.simulate.books import Books
    from tools.simulate.listening import KnownVersions, listen_to_boards, listen_to_channels, said_by_cloud

    promises = building.promises
    worker.later = lambda seconds, call: building.scheduler.after(int(seconds * SECOND), call)
    known = promises.knows = KnownVersions()
    listen_to_boards(promises, known)
    listen_to_channels(promises)
    promises.faults = FaultInjector(building, Rates())  # what is judged is what is kept, not when
    promises.faults.disturb("", 100_000 * DAY)
    books = Books(building)
    worker.said = lambda one, message: said_by_cloud(promises, books, one, message)
    return books


def _cutter(building: Any, worker: Any) -> Any:
    """The cutter, with the kinds of a link and those of what stands at its ends."""
    from sim.virtual import cutter as cutting

    chance = building.scheduler.chance("cuts")
    kinds: dict[str, Any] = {
        "client take-over": partial(cutting.takes_over, building),
        "broker killed": partial(cutting.broker_killed, building, chance),
        "cloud worker killed": lambda one: worker.kill(chance),
        "power": partial(cutting.power_cut, building, chance),
        "power in a flash write": partial(cutting.torn_write, building, chance),
    }
    return cutting.Cutter(building, chance, kinds)


def _power_on(building: Any) -> None:
    for controller in building.controllers:
        controller.chip.power_on()
    if not building.run_until(in_sync, at_most_s=300, step_s=1):
        raise Problem("the controllers were not in sync within 5 minutes; this is a defect, please report it")
    building.broker.subscribe("#", building.promises.carried)


def _cut_until(building: Any, worker: Any, cutter: Any, books: Any, cuts: int) -> Any:
    """Taps, changes and cuts until there are enough of these, then calm. Returns who changed the access list."""
    from tools.simulate.office import Office

    promises = building.promises
    taps = Tapping(building, building.scheduler.chance("taps"))
    office = Office(building, changes=CHANGES_A_DAY, releases=0)
    shown = time.monotonic()
    for started in (taps, office, cutter):
        started.start()
    while cutter.cuts.total() < cuts and not promises.broken:
        building.run(SLICE_S)
        books.look()
        if time.monotonic() - shown > 10:
            shown = time.monotonic()
            progress(f"{cutter.cuts.total()} cuts, {building.counts['events']} events")
    cutter.stop()
    taps.on = False
    office.stop()
    worker.mend()
    promises.faults.stop()
    books.settle()
    return office


class Tapping:
    """Taps at every controller all the time."""

    def __init__(self, building: Any, chance: random.Random) -> None:
        self.building = building
        self.on = False
        self._chance = chance

    def start(self) -> None:
        self.on = True
        for controller in self.building.controllers:
            self._plan(controller)

    def _plan(self, one: Any) -> None:
        from sim.virtual.scheduler import SECOND

        self.building.scheduler.after(int(self._chance.uniform(0.2, 2 * TAP_S) * SECOND), self._tap, one)

    def _tap(self, one: Any) -> None:
        if self.on:
            door = self._chance.choice(one.doors)
            if one.chip.on and not door.busy(500_000):
                self.building.tap(door.name, self._chance.choice(self.building.description["people"]))
            self._plan(one)


def _figures(building: Any, cutter: Any, office: Any, seed: int, days: float, used: float) -> dict[str, Any]:
    from sim.virtual import flash
    from tools.cloud.models import Controller, Gap
    from tools.simulate.run import figures

    found = figures(building, seed, cutter.cuts.total(), True, 1.0)
    rows = {row.public_id: row for row in Controller.objects.all()}
    differ = 0
    for controller in building.controllers:
        row, held = (
            rows[controller.settings["controller"]],
            flash.access_list(flash.image(controller.chip.flash["acl"])),
        )
        ours = None if held is None else (held.version, f"{held.digest:016x}", f"{held.held:016x}")
        differ += ours != (row.acl_version, row.acl_digest, row.acl_digest)
    refused: dict[str, int] = {}
    for row in rows.values():
        for why, count in row.refused.items():
            refused[why] = refused.get(why, 0) + count
    return {
        "seed": seed,
        "cuts": dict(sorted(cutter.cuts.items())),
        "virtual days": round(days, 2),
        "cpu seconds": round(used, 1),
        "controllers": len(building.controllers),
        "starts": sum(one.chip.starts for one in building.controllers),
        "taps": building.verdicts.counts["taps"],
        "events recorded": found["events_recorded"],
        "events stored": found["events_stored"],
        "access changes": office.changed,
        "take-overs at the broker": building.broker.takeovers,
        "refused by the cloud": dict(sorted(refused.items())),
        "broken": [str(one) for one in building.promises.broken[:5]],
        "goals": [
            {**goal("cuts", cutter.cuts.total(), "cuts", 10_000), "met": cutter.cuts.total() >= 10_000},
            goal("events lost", found["lost"], "events", 0),
            goal("events doubled", found["duplicated"], "events", 0),
            goal("events altered", found["altered"], "events", 0),
            goal("gaps reported", Gap.objects.count(), "gaps", 0),
            goal("access lists that differ", differ, "boards", 0),
            goal("promises broken", len(building.promises.broken), "times", 0),
        ],
    }


def bench(
    count: Annotated[int, typer.Option("--count", help="How many ", min=1)] = CUTS,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, the same ")] = 1,
    json: Json = False,
) -> None:
    """Cuts of the link at any byte, of every kind, in virtual time: nothing lost, nothing twice, lists equal."""
    show(json, measure(count, seed))
