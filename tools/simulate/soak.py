"""A soak: one building with its people, its administrators and every fault there is, against the real ingest."""

import copy
import gc
import json
import logging
import random
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.simulate.plan import Plan
from tools.simulate.run import _ROOT, BOARD, answers, database, enrolled, import_path, in_sync, pauses
from tools.terminal import Problem

if TYPE_CHECKING:
    from sim.virtual.building import VirtualBuilding
    from tools.simulate.lockers import Lockers
    from tools.simulate.worker import SoakWorker

STEP_S = 900
HEALTH_S = 3_600  # how often the database is held against what was recorded
# One of these days begins a soak: the last of a year, a 28 February before a leap day, two in whose night the clocks
# of Norway change, and one like any other.
DAYS = ("2026-11-22", "2027-03-27", "2027-10-30", "2027-12-31", "2028-02-28")
FIRE = {"kind": "fire", "pin": 39, "active": 1, "doors": [1, 2], "relock": 60}
SHOWN = 20_000  # records in a picture: some weeks of a door
TRIAL_MINUTES, SHORT_TRIAL_MINUTES = 60, 6  # where a board has a day; in a soak of less than a day


def soak(plan: Plan) -> dict[str, Any]:
    """One building in this process, once a process: its figures, and what it broke."""
    import_path()
    logging.disable(logging.CRITICAL)  # what the ingest refuses is what it is sent
    with tempfile.TemporaryDirectory() as scratch, database(Path(scratch)):
        from tools.cloud.services import clock

        before = clock.source
        one = Soak(plan)
        try:
            one.build(Path(scratch))
            one.listen()
            one.start()
            one.trouble()
            one.run()
            one.settle()
            return one.facts()
        finally:
            clock.source = before
            one.close()


class Soak:
    """A building at its soak, in the steps of soak()."""

    building: "VirtualBuilding"
    worker: "SoakWorker"

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.lockers: Lockers | None = None
        self._built = False

    def build(self, scratch: Path) -> None:
        """The board, the enrolment, and a building of virtual boards with the cloud's worker."""
        from sim.virtual.building import VirtualBuilding
        from sim.virtual.pace import ESP32, HANDSHAKE_US
        from sim.world.building import generate
        from tools.cloud.services import clock

        plan = self.plan
        chance = random.Random(f"{plan.seed}/enrolment")
        described = copy.deepcopy(generate(plan.doors, 5 + 3 * plan.doors, chance))
        self.board = self._board()
        day = datetime.fromisoformat(random.Random(f"{plan.seed}/day").choice(DAYS)).replace(tzinfo=UTC)
        begins = int(day.timestamp())
        clock.source = lambda: self.building.utc() if self._built else begins
        bank = self._bank()
        settings = enrolled(described, self.board, chance.randbytes, bank)
        self.building = VirtualBuilding(
            described,
            settings,
            self.board,
            scratch,
            plan.seed,
            self._cloud,
            plan.taps,
            keep=plan.report is not None,
            pace=replace(ESP32, handshake_us=HANDSHAKE_US) if plan.tls else ESP32,
            begins=begins,
            bank=bank,
        )
        self._built = True

    def _board(self) -> dict[str, Any]:
        from sim.virtual.osdp import polled

        board: dict[str, Any] = json.loads((_ROOT / "boards" / BOARD / "board.json").read_text())
        if self.plan.readers == "osdp":
            board = polled(board)
        for label, count in self.plan.sectors.items():
            board["flash"][label] = count * 4096
        board["inputs"] = [FIRE]
        return board

    def _bank(self) -> dict[str, Any] | None:
        from sim.world.bank import FAMILIES, table

        plan = self.plan
        locks = plan.locks or random.Random(f"{plan.seed}/locks").choice(sorted(FAMILIES))
        return table(plan.lockers, locks, plan.doors, plan.cards_a_day > 0) if plan.lockers else None

    def _cloud(self, *given: Any) -> "SoakWorker":
        from tools.simulate.worker import SoakWorker

        self.worker = SoakWorker(*given)
        return self.worker

    def listen(self) -> None:
        """The checks hear of everything that boards and cloud say."""
        from sim.report.watch import watch
        from sim.virtual.scheduler import SECOND
        from tools.simulate.books import Books
        from tools.simulate.listening import KnownVersions, listen_to_boards, listen_to_channels, said_by_cloud
        from tools.story import DatabaseHand

        building, worker, promises = self.building, self.worker, self.building.promises
        if self.plan.report is not None:
            watch(building, DatabaseHand())
        worker.later = lambda seconds, call: building.scheduler.after(int(seconds * SECOND), call)
        self.known = promises.knows = KnownVersions()
        listen_to_boards(promises, self.known)
        listen_to_channels(promises)
        if self.plan.first:
            promises.on_broken = lambda broken: building.scheduler.stop()
        books = self.books = Books(building)
        worker.said = lambda one, message: said_by_cloud(promises, books, one, message)
        worker.ended = lambda why: promises.red("served", f"the worker ended for everybody: {why}")

    def start(self) -> None:
        """The boards get power and come in line, before anything goes wrong."""
        from tools.simulate.worn_boards import wear

        building = self.building
        if self.plan.worn:
            for controller in building.controllers:
                wear(controller)
        gc.freeze()  # what is there now stays; collecting it again and again takes a tenth of the time
        gc.set_threshold(100_000, 20, 20)
        self._began, self._cpu = time.perf_counter(), time.process_time()
        building.start()
        if not building.run_until(lambda: bool(building.promises.broken) or in_sync(), at_most_s=300, step_s=1):
            raise Problem("the controllers were not in sync within 5 minutes; this is a defect, please report it")
        building.verdicts.ready = True

    def trouble(self) -> None:
        """Administrators, neighbours, rollouts, and every fault at its rate."""
        from sim.virtual.faults import EVERYTHING, FaultInjector
        from sim.virtual.scheduler import DAY
        from tools.simulate.administrators import Administrators
        from tools.simulate.listening import acknowledged, kept
        from tools.simulate.lockers import Lockers
        from tools.simulate.neighbours import Neighbours
        from tools.simulate.rollouts import Rollouts
        from tools.simulate.soak_faults import faults

        building, worker, promises, plan = self.building, self.worker, self.building.promises, self.plan
        self.neighbours = Neighbours(building, worker, self.books, self.board)
        self.end = building.scheduler.now + int(plan.days * DAY)
        minutes = TRIAL_MINUTES if plan.days >= 1 else SHORT_TRIAL_MINUTES
        self.rollouts = Rollouts(building, minutes, self.end)
        if plan.lockers:
            parcels = plan.lockers if plan.parcels is None else plan.parcels
            self.lockers = Lockers(building, plan.opens, parcels, plan.patience_s, plan.cards_a_day)
        rates = dict(plan.rates)
        more = faults(self, rates)  # takes its own rates out
        self.faults = promises.faults = FaultInjector(building, replace(EVERYTHING, **rates), more)
        promises.heard = lambda one, seconds: worker.heard(one.settings["controller"], seconds)
        promises.acknowledged = acknowledged
        promises.logs.retention = kept
        changes = plan.changes_a_day
        self.people = Administrators(building, worker, self.faults, changes, changes / 2, 2 * changes)
        building.broker.subscribe("#", promises.carried)
        self.people.start()
        if self.lockers is not None:
            self.lockers.start()
        self.faults.start()

    @property
    def over(self) -> bool:
        """Whether it was to stop at the first broken promise, and there is one."""
        return self.plan.first and bool(self.building.promises.broken)

    def look(self) -> None:
        self.rollouts.look()
        self.neighbours.look()

    def run(self) -> None:
        from sim.virtual.scheduler import DAY, SECOND

        building = self.building
        scheduler = building.scheduler
        checked = scheduler.now
        while scheduler.now < self.end and not self.over:
            building.run(min(STEP_S, (self.end - scheduler.now) / SECOND))
            if scheduler.now - checked >= HEALTH_S * SECOND:
                checked = scheduler.now
                self.books.look()
                self.look()
            self.plan.tell(scheduler.now / DAY, building.counts["events"])
            if len(building.records) > 2 * SHOWN:
                del building.records[:-SHOWN]

    def settle(self) -> None:
        """Nothing goes wrong any more: what is owed then comes true."""
        self.building.rest()
        self.people.stop()
        if self.lockers is not None:
            self.lockers.stop()
        self.faults.stop()
        self.worker.mend()
        if not self.over:
            self.books.settle()
            self.look()

    def facts(self) -> dict[str, Any]:
        from sim.story.outcome import promises as outcomes
        from tools.story import picture

        building, plan = self.building, self.plan
        facts = self._figures(time.perf_counter() - self._began, time.process_time() - self._cpu)
        found = outcomes(building)
        if plan.report is not None:
            del building.records[:-SHOWN]
            numbers = {name: value for name, value in facts.items() if type(value) is int and name != "seed"}
            picture(plan.report, building, f"The last of a soak of {plan.doors} doors", plan.seed, numbers, found)
        return facts | {"outcomes": [[one.said, one.found, one.at] for one in found]}

    def _figures(self, wall: float, used: float) -> dict[str, Any]:
        """wall, used: seconds that it took, and those of a core."""
        building, promises = self.building, self.building.promises
        virtual = building.scheduler.now / 1e6
        said = building.verdicts.counts
        return {
            "seed": self.plan.seed,
            "doors": self.plan.doors,
            "days": round(virtual / 86_400, 3),
            "steps": building.scheduler.happened,
            "events": sum(len(controller.recorded) for controller in building.controllers),
            "taps": said["taps"],
            "granted": said["granted"],
            "denied": said["denied"],
            "misread": said["misread"],
            "releases": building.counts["releases"],
            "released_from_afar": said["released from afar"],
            "starts": sum(controller.chip.starts for controller in building.controllers),
            "worker_kills": self.worker.kills,
            "people": self.people.counts | (self.lockers.counts if self.lockers is not None else {}),
            "faults": self.faults.counts(),
            "checks": dict(sorted(promises.checks.items())),
            "judged": {str(number): n for number, n in sorted(promises.judged.items())},
            "answers_ms": answers(building),
            **pauses(building),
            "slowest_answer_ms": promises.slowest_us / 1000,
            "broken": [
                {
                    "promise": one.number,
                    "check": one.check,
                    "step": one.step,
                    "at": one.at / 1e6,
                    "what": one.what,
                    "last": list(one.last),
                }
                for one in promises.broken[:5]
            ],
            "broken_promises": len(promises.broken),
            "seconds": round(wall, 2),
            "cpu_seconds": round(used, 2),
            "speed": round(virtual / used, 1),
            "door_speed": round(virtual * self.plan.doors / used, 1),
        }

    def close(self) -> None:
        if self._built:
            self.building.close()
