"""A soak: one building with its people, its administrators and every fault there is, against the real ingest."""

import copy
import gc
import json
import logging
import random
import struct
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from firmware.controller.cloud import wire
from tools.simulate.run import _ROOT, BOARD, answers, database, enrolled, import_path, in_sync, pauses
from tools.terminal import Problem

SETTLE_S = 3_600
STEP_S = 900
HEALTH_S = 3_600  # how often the database is held against what was recorded
BREAK_INS = 1.0  # a day
CHANGES = 6.0  # of rights, a day and door
# One of these days begins a soak: the last of a year, a 28 February before a leap day, two in whose night the clocks
# of Norway change, and one like any other.
DAYS = ("2026-11-22", "2027-03-27", "2027-10-30", "2027-12-31", "2028-02-28")
FIRE = {"kind": "fire", "pin": 39, "active": 1, "doors": [1, 2], "relock": 60}
BURNS_S = 300
ROW = "SELECT public_id, name, log_epoch, acked FROM cloud_controller WHERE id = %s"
ACKED = "SELECT acked FROM cloud_controller WHERE public_id = %s"
SHOWN = 20_000  # records in a picture: some weeks of a door
WORKER_KILLS, BACKUPS, RESTORES, ERRORS = 6.0, 1.0, 0.5, 6.0  # a day
EMERGENCIES, FIRES, UPDATES = 0.5, 0.3, 0.5
ODD_COMMANDS, QUICKER, INSTALLERS = 2.0, 4.0, 0.1
TRIAL_MINUTES, SHORT_TRIAL_MINUTES = 60, 6  # where a board has a day; in a soak of less than a day


def soak(
    seed: int,
    doors: int,
    days: float,
    taps: float = 200,
    rates: dict[str, float] | None = None,
    first: bool = False,
    tell: Callable[[float, int], None] = lambda days, events: None,
    changes: float | None = None,
    sectors: dict[str, int] | None = None,
    worn: bool = False,
    tls: bool = False,
    report: Path | None = None,
    readers: str = "wiegand",
) -> dict[str, Any]:
    """One building in this process, once a process.

    first: stop at the first broken promise. tell(days, events): how far it is.
    changes: of rights, a day; by default CHANGES a door. sectors: of partitions, when not the board's.
    worn: the stores of the boards are nearly full. tls: every connection costs a board a handshake's arithmetic.
    report: where a picture of the last of it goes. readers: "wiegand", or "osdp" for polled ones.
    """
    import_path()
    logging.disable(logging.CRITICAL)  # what the ingest refuses is what it is sent
    with tempfile.TemporaryDirectory() as scratch, database(Path(scratch)):
        many = CHANGES * doors if changes is None else changes
        how = dict(rates or {}), first, tell, many, sectors or {}, worn, tls, report, readers
        return _soak(Path(scratch), seed, doors, days, taps, *how)


def _soak(
    scratch: Path,
    seed: int,
    doors: int,
    days: float,
    taps: float,
    rates: dict[str, float],
    first: bool,
    tell: Callable[[float, int], None],
    changes: float,
    sectors: dict[str, int],
    worn: bool,
    tls: bool,
    report: Path | None,
    readers: str,
) -> dict[str, Any]:
    from dataclasses import replace

    from sim.report.watch import watch
    from sim.story.outcome import promises as outcomes
    from sim.virtual.building import VirtualBuilding
    from sim.virtual.faults import EVERYTHING, Faults
    from sim.virtual.osdp import polled
    from sim.virtual.pace import ESP32, HANDSHAKE_US
    from sim.virtual.scheduler import DAY, SECOND
    from sim.world.building import generate
    from tools.cloud.services import clock
    from tools.simulate.administrators import Administrators
    from tools.simulate.cloud_errors import Errors
    from tools.simulate.neighbours import Neighbours
    from tools.simulate.rollouts import Rollouts
    from tools.simulate.worker import Worker
    from tools.simulate.worn_boards import wear
    from tools.story import DatabaseHand, picture

    chance = random.Random(f"{seed}/enrolment")
    described = copy.deepcopy(generate(doors, 5 + 3 * doors, chance))
    board = json.loads((_ROOT / "boards" / BOARD / "board.json").read_text())
    if readers == "osdp":
        board = polled(board)
    for label, count in sectors.items():
        board["flash"][label] = count * 4096
    board["inputs"] = [FIRE]
    day = datetime.fromisoformat(random.Random(f"{seed}/day").choice(DAYS)).replace(tzinfo=UTC)
    begins = int(day.timestamp())
    before = clock.source
    building: VirtualBuilding | None = None
    workers: list[Worker] = []

    def cloud(*given: Any) -> Worker:
        workers.append(Worker(*given))
        return workers[0]

    try:
        clock.source = lambda: building.utc() if building is not None else begins
        settings = enrolled(described, board, chance.randbytes)
        pace = replace(ESP32, handshake_us=HANDSHAKE_US) if tls else ESP32
        shown = report is not None
        how: dict[str, Any] = {"keep": shown, "pace": pace, "begins": begins}
        building = VirtualBuilding(described, settings, board, scratch, seed, cloud, taps, **how)
        if shown:
            watch(building, DatabaseHand())
        worker = workers[0]
        scheduler, promises = building.scheduler, building.promises
        worker.later = lambda seconds, call: scheduler.after(int(seconds * SECOND), call)
        known = promises.knows = Known()
        worker.said = lambda one, message: said_by_cloud(promises, books, one, message)
        listen_to_boards(promises, known)
        listen_to_channels(promises)
        if first:
            promises.on_broken = lambda broken: scheduler.stop()
        books = Books(building)
        worker.ended = lambda why: promises.red("served", f"the worker ended for everybody: {why}")
        if worn:
            for one in building.controllers:
                wear(one)
        gc.freeze()  # what is there now stays; collecting it again and again takes a tenth of the time
        gc.set_threshold(100_000, 20, 20)
        began, cpu = time.perf_counter(), time.process_time()
        building.start()
        if not building.run_until(lambda: bool(promises.broken) or in_sync(), at_most_s=300, step_s=1):
            raise Problem("the controllers were not in sync within 5 minutes; this is a defect, please report it")
        building.verdicts.ready = True

        people: Administrators
        neighbours = Neighbours(building, worker, books, board)
        end = scheduler.now + int(days * DAY)
        rollouts = Rollouts(building, TRIAL_MINUTES if days >= 1 else SHORT_TRIAL_MINUTES, end)

        def kill(luck_chance: random.Random) -> None:
            worker.kill(luck_chance)
            luck.disturb("", 300 * SECOND)

        def restore(luck_chance: random.Random) -> None:
            known.remember()
            if worker.restore():
                luck.disturb("", 300 * SECOND)
                people.restored()
                books.restored()

        def break_in(luck_chance: random.Random) -> None:
            one, door = building.doors[luck_chance.choice(sorted(building.doors))]
            building.record(one.name, "force", door.number)
            door.force(2_000)

        def emergency(luck_chance: random.Random) -> None:
            people.emergency(luck_chance)

        def burn(luck_chance: random.Random) -> None:
            one = luck_chance.choice(building.controllers)
            one.inputs.switch("fire", True)
            seconds = 1 + luck_chance.expovariate(1 / BURNS_S)
            scheduler.after(int(seconds * SECOND), one.inputs.switch, "fire", False)

        more = (
            (rates.pop("odd_command", ODD_COMMANDS), "odd row", neighbours.odd_command),
            (rates.pop("quicker", QUICKER), "second worker", neighbours.quicker),
            (rates.pop("installer", INSTALLERS), "board enrolled beside", neighbours.installer),
            (rates.pop("update", UPDATES), "update offered", rollouts.offer),
            (rates.pop("emergency", EMERGENCIES), "emergency", emergency),
            (rates.pop("fire", FIRES), "fire", burn),
            (rates.pop("break_in", BREAK_INS), "door forced", break_in),
            (rates.pop("worker", WORKER_KILLS), "cloud worker killed", kill),
            (rates.pop("backup", BACKUPS), "cloud backed up", worker.back_up),
            (rates.pop("restore", RESTORES), "cloud restored from backup", restore),
            (rates.pop("errs", ERRORS), "cloud errs", Errors(worker.sessions).err),
        )
        luck = promises.luck = Faults(building, replace(EVERYTHING, **rates), more)
        promises.heard = lambda one, seconds: worker.heard(one.settings["controller"], seconds)
        promises.acknowledged = acknowledged
        promises.logs.retention = kept
        people = Administrators(building, worker, luck, changes, changes / 2, 2 * changes)
        building.broker.subscribe("#", promises.carried)
        people.start()
        luck.start()
        checked = scheduler.now
        while scheduler.now < end and not (first and promises.broken):
            building.run(min(STEP_S, (end - scheduler.now) / SECOND))
            if scheduler.now - checked >= HEALTH_S * SECOND:
                checked = scheduler.now
                books.look()
                rollouts.look()
                neighbours.look()
            tell(scheduler.now / DAY, building.counts["events"])
            if len(building.records) > 2 * SHOWN:
                del building.records[:-SHOWN]
        building.rest()
        people.stop()
        luck.stop()
        worker.mend()
        if not (first and promises.broken):
            books.settle()
            rollouts.look()
            neighbours.look()
        wall, used = time.perf_counter() - began, time.process_time() - cpu
        facts = figures(building, seed, doors, wall, used, luck.counts(), worker.kills, people.counts)
        found = outcomes(building)
        if report is not None:
            del building.records[:-SHOWN]
            numbers = {name: value for name, value in facts.items() if type(value) is int and name != "seed"}
            picture(report, building, f"The last of a soak of {doors} doors", seed, numbers, found)
        return facts | {"outcomes": [[one.said, one.found, one.at] for one in found]}
    finally:
        clock.source = before
        if building is not None:
            building.close()


def listen_to_boards(promises: Any, known: "Known") -> None:
    """5: the access list that a board says it holds is one that the cloud made."""
    from tools.cloud.ingest import store

    keep = store.table
    boards = {one.settings["controller"]: one for one in promises.building.controllers}

    def table(controller: int, version: int, digest: int) -> None:
        from tools.cloud.models import Controller

        one = boards[Controller.objects.values_list("public_id", flat=True).get(pk=controller)]
        promises.checks["access list"] += 1
        if version and not known(one, version, digest):
            text = f"{one.name} says that it holds access list {version}, {digest:016x}: the cloud never made it"
            promises.red("access list", text)
        keep(controller, version, digest)

    store.table = table


def listen_to_channels(promises: Any) -> None:
    """7: what the boards and the cloud take for new."""
    from firmware.controller.cloud.channel import Channel

    opens, seals = Channel.open, Channel.seal

    def sealed_by(end: Any, message: Any) -> Any:
        sealed = seals(end, message)
        promises.messages.closed(end, sealed)
        return sealed

    def opened(end: Any, sealed: bytes) -> Any:
        message = opens(end, sealed)
        promises.opened(end, sealed)
        return message

    Channel.open, Channel.seal = opened, sealed_by  # type: ignore[method-assign]


def acknowledged(one: Any) -> int:
    """Up to which event the cloud has all that a controller recorded."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(ACKED, [one.settings["controller"]])
        return int(cursor.fetchone()[0])


def kept(one: Any, door: int) -> int | None:
    """Days that an event is kept."""
    from tools.cloud.services.rules import RETENTION_DAYS

    return RETENTION_DAYS if door else None


class Known:
    """Whether the cloud ever made an access list. It remembers what a restored cloud has forgotten."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, int, str]] = set()

    def remember(self) -> None:
        """Before a backup takes the place of this database."""
        from tools.cloud.models import AclChange

        self._seen.update(AclChange.objects.values_list("controller__public_id", "version", "digest"))

    def __call__(self, one: Any, version: int, digest: int) -> bool:
        from tools.cloud.models import AclChange, Controller

        wanted = one.settings["controller"], version, f"{digest:016x}"
        if wanted in self._seen:
            return True
        lists = AclChange.objects.filter(controller__public_id=wanted[0], version=version, digest=wanted[2])
        now = Controller.objects.filter(public_id=wanted[0], acl_version=version, acl_digest=wanted[2])
        if lists.exists() or now.exists():
            self._seen.add(wanted)
            return True
        return False


def said_by_cloud(promises: Any, books: "Books", controller: int, message: bytes) -> None:
    """3, 7 and 9, as the cloud seals a message: what it calls stored is committed, no command comes twice, no name."""
    promises.sealed(message)
    if message[0] == wire.COMMAND:
        number = wire.read_json(message)["id"]
        if number in books.commands:
            promises.red("command", f"the cloud sends command {number} a second time")
        books.commands.add(number)
    elif message[0] == wire.STORED:
        from django.db import connection

        epoch, sequence = struct.unpack("<II", message[1:9])
        with connection.cursor() as cursor:  # often, and a queryset takes ten times as long
            cursor.execute(ROW, [controller])
            public_id, name, log_epoch, acked = cursor.fetchone()
        promises.links.told[name] = sequence
        promises.checks["acknowledged"] += 1
        books.most[public_id] = max(books.most.get(public_id, 0), sequence)
        if connection.in_atomic_block or (log_epoch == epoch and sequence > acked):
            promises.red("acknowledged", f"{name}: the cloud acknowledges event {sequence} before it is committed")


class Books:
    """Promise 3: what the boards recorded against what the cloud keeps."""

    def __init__(self, building: Any) -> None:
        self.building = building
        for one in building.controllers:
            one.on_note = partial(self.noted, one)
        self._upto: dict[str, int] = {}  # of each controller: compared so far
        self.commands: set[Any] = set()  # that it sent
        self.most: dict[str, int] = {}  # by public id: up to which event the cloud ever said that it has all

    def restored(self) -> None:
        self._upto.clear()
        self.commands.clear()

    def noted(self, one: Any, upto: int) -> None:
        """A board writes down up to which event the cloud has all."""
        if upto > self.most.get(one.settings["controller"], 0):
            text = f"{one.name} counts on the cloud's having event {upto}, and it never said so"
            self.building.promises.red("acknowledged", text)

    def look(self) -> None:
        """While things happen: whatever the cloud says it has, it has, as it was recorded."""
        from tools.cloud.models import Controller

        for one in self.building.controllers:
            row = Controller.objects.get(public_id=one.settings["controller"])
            acked = row.acked
            self._compare(one, self._upto.get(one.name, 0), acked)
            self._upto[one.name] = acked
            self.building.promises.plain(one)

    def _compare(self, one: Any, after: int, upto: int) -> None:
        from tools.cloud.models import Event, Gap
        from tools.cloud.services import codes
        from tools.cloud.services.chain import OWN_EPOCH

        promises = self.building.promises
        promises.checks["stored"] += 1
        mine = {"controller__public_id": one.settings["controller"]}
        kept: dict[int, tuple[Any, ...]] = {}
        rows = Event.objects.filter(**mine, epoch__lt=OWN_EPOCH, sequence__gt=after, sequence__lte=upto).order_by("pk")
        for sequence, utc, *rest in rows.values_list("sequence", "utc", "code", "door_number", "extra", "flags"):
            if sequence in kept:
                promises.red("stored", f"{one.name}: event {sequence} is counted twice")
            kept[sequence] = (int(utc.timestamp()) if utc else 0, *rest)
        gaps = Gap.objects.filter(**mine, last__gt=after).values_list("first", "last")
        gone = {n for first, last in gaps for n in range(first, last + 1)}
        written: dict[int, tuple[Any, ...]] = {}
        for event in reversed(one.recorded):
            if event[0] <= after:
                break
            if event[0] <= upto:
                if event[0] in written:
                    promises.red("stored", f"{one.name}: number {event[0]} was given twice")
                written[event[0]] = event[1:6]
        over = self._over(written)
        for sequence, fields in written.items():
            if promises.rot.told(one, sequence, kept.get(sequence)):
                continue
            if sequence <= over and sequence in kept and kept[sequence][1] == codes.EXPIRED:
                continue
            if sequence in gone and sequence not in kept:
                sectors = one.chip.flash["log"].size // 4096 - 3 - len(one.parts["log"].worn)
                if promises.links.behind[one.name] < sectors * 127:
                    promises.red("stored", f"{one.name}: event {sequence} is reported as overwritten, and was not")
            elif kept.get(sequence) != fields:
                promises.red(
                    "stored", f"{one.name}: event {sequence} was {fields}, the cloud keeps {kept.get(sequence)}"
                )
            if len(promises.broken) > 50:
                return
        for sequence in kept.keys() - written.keys() - one.perhaps:
            promises.red("stored", f"{one.name}: the cloud keeps event {sequence}, which nobody recorded")

    def _over(self, written: dict[int, tuple[Any, ...]]) -> int:
        """Up to which event the days are over for which the cloud keeps what they say."""
        from tools.cloud.services.rules import RETENTION_DAYS

        then = self.building.utc() - RETENTION_DAYS * 86_400
        return max((sequence for sequence, fields in written.items() if 0 < fields[0] <= then), default=0)

    def settle(self) -> None:
        """Everything works again: within an hour everything that was recorded is in the cloud, and all are in line."""
        from tools.cloud.models import Controller

        def done() -> bool:
            upto = dict(Controller.objects.values_list("public_id", "acked"))
            return in_sync() and all(
                one.chip.on and upto[one.settings["controller"]] >= one.recorded[-1][0]
                for one in self.building.controllers
            )

        if not self.building.run_until(done, at_most_s=SETTLE_S, step_s=10):
            late = [
                f"{one.name}: {row.acked} of {one.recorded[-1][0]} events, access list {row.held_acl_version}"
                f" of {row.acl_version}"
                for one in self.building.controllers
                for row in [Controller.objects.get(public_id=one.settings["controller"])]
                if not row.in_sync or row.acked < one.recorded[-1][0]
            ]
            self.building.promises.red(
                "late", "an hour after the last fault not all is in the cloud: " + "; ".join(late)
            )
        self._upto.clear()
        for one in self.building.controllers:
            acked = Controller.objects.get(public_id=one.settings["controller"]).acked
            self._compare(one, 0, acked)
            self.building.promises.audit(one)


def figures(
    building: Any,
    seed: int,
    doors: int,
    wall: float,
    used: float,
    faults: dict[str, int],
    kills: int,
    people: dict[str, int],
) -> dict[str, Any]:
    promises = building.promises
    virtual = building.scheduler.now / 1e6
    said = building.verdicts.counts
    return {
        "seed": seed,
        "doors": doors,
        "days": round(virtual / 86_400, 3),
        "steps": building.scheduler.happened,
        "events": sum(len(one.recorded) for one in building.controllers),
        "taps": said["taps"],
        "granted": said["granted"],
        "denied": said["denied"],
        "misread": said["misread"],
        "releases": building.counts["releases"],
        "released_from_afar": said["released from afar"],
        "starts": sum(one.chip.starts for one in building.controllers),
        "worker_kills": kills,
        "people": people,
        "faults": faults,
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
        "door_speed": round(virtual * doors / used, 1),
    }
