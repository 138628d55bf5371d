"""One run of a building with its people and its cloud: what `portvakt sim run` and `repeat` do."""

import copy
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools import umqtt
from tools.terminal import Problem, progress

BOARD = "virtual-two-door"
_ROOT = Path(__file__).resolve().parents[2]
STEP_S = 600  # between two looks at how far it is
SETTLE_S = 3_600

HASH_SEEDS = ("1", "2", "3")


def repeated(seed: int, events: int, taps: float) -> dict[str, Any]:
    """Three runs in processes of their own, two at a time. same: the first two agree; different: the third does not."""
    umqtt.path()
    plan = ((seed, events), (seed, events), (seed + 1, max(1, events // 4)))
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda n: _child(*plan[n], taps, HASH_SEEDS[n]), range(3)))
    first, second, third = runs
    return {
        "same": first["log_sha256"] == second["log_sha256"] and first["logs_sha256"] == second["logs_sha256"],
        "different": not set(first["logs_sha256"].values()) & set(third["logs_sha256"].values()),
        "events": [run["events_recorded"] for run in runs],
        "runs": runs,
    }


def _child(seed: int, events: int, taps: float, hash_seed: str) -> dict[str, Any]:
    words = ["run", "--seed", str(seed), "--events", str(events), "--taps", str(taps), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", "from tools.simulate.command import app; app()", *words],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
        cwd=_ROOT,
    )
    if not done.stdout:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise Problem(f"a run of the simulator ended early: {last}; run `portvakt sim run --seed {seed}` to see it")
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


def import_path() -> None:
    """Lets the firmware find its MQTT client."""
    folder = str(umqtt.path())
    if folder not in sys.path:
        sys.path.insert(0, folder)


@contextmanager
def database(folder: Path) -> Iterator[None]:
    """The cloud's Django with an empty database in memory. Once a process: Django is set up only once."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="tools.cloud.settings",
        PORTVAKT_DATA=str(folder),
        DATABASE_URL="sqlite://:memory:",
        SECRET_KEY="the simulator's: nobody signs in",
    )
    import django
    from django.conf import settings
    from django.db import connection

    if settings.configured:
        raise Problem("Django is set up already; run the simulator in a process of its own")
    django.setup()
    try:
        yield
    finally:
        connection.close()


def simulate(
    seed: int,
    events: int,
    doors: int,
    days: float | None,
    taps: float,
    faults: bool,
    report: Path | None = None,
    junit: Path | None = None,
) -> dict[str, Any]:
    """One run. Returns its figures. report, junit: where its picture and its JUnit XML go."""
    with tempfile.TemporaryDirectory() as scratch, database(Path(scratch)):
        from sim.report.watch import watch
        from sim.virtual.building import START, VirtualBuilding
        from sim.virtual.faults import FaultInjector
        from sim.virtual.pace import ESP32
        from sim.world.building import BUILDING, doors_of, generate
        from tools.cloud.ingest.ingest import Ingest
        from tools.cloud.services import clock
        from tools.simulate.office import Office
        from tools.story import DatabaseHand, keep_run

        chance = random.Random(f"{seed}/enrolment")
        described = copy.deepcopy(BUILDING)  # the office changes what people may
        if doors != len(doors_of(BUILDING)):
            described = generate(doors, 5 + 3 * doors, chance)
        board = json.loads((_ROOT / "boards" / BOARD / "board.json").read_text())
        before = clock.source
        building: VirtualBuilding | None = None
        try:
            clock.source = lambda: building.utc() if building is not None else START
            settings = enrolled(described, board, chance.randbytes)
            building = VirtualBuilding(
                described,
                settings,
                board,
                Path(scratch),
                seed,
                cloud=Ingest,
                visits_a_day=taps,
                keep=report is not None,
                pace=ESP32,
            )
            if report is not None:
                watch(building, DatabaseHand())
            injected, office = FaultInjector(building), Office(building)
            began = time.perf_counter()
            building.start()
            if not building.run_until(in_sync, at_most_s=300, step_s=1):
                raise Problem("the controllers were not in sync within 5 minutes; this is a defect, please report it")
            building.verdicts.ready = True
            office.start()
            if faults:
                injected.start()
            drive(building, events, days)
            building.rest()
            office.stop()
            injected.stop()
            settled = building.run_until(lambda: all_stored(building) and in_sync(), at_most_s=SETTLE_S, step_s=10)
            took = time.perf_counter() - began
            facts = figures(building, seed, injected.happened, settled, took) | {"access_changes": office.changed}
            keep_run(building, facts, report, junit)
            return facts
        finally:
            clock.source = before
            if building is not None:
                building.close()


def enrolled(
    described: dict[str, Any],
    board: dict[str, Any],
    urandom: Callable[[int], bytes],
    bank: dict[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Fills the cloud with the building. Returns the settings of each controller. bank: of the first one."""
    from tools.cloud.controllers.enrol import enrol
    from tools.cloud.models import Site
    from tools.run import seed as demo

    _make_tables()
    demo.tenancy(described)
    broker = {"host": "broker.example", "port": 1883, "user": "", "password": ""}
    wifi = {"name": "portvakt", "password": ""}
    settings = [
        enrol(
            Site.objects.get(),
            one["name"],
            board if bank is None or n else {**board, "bank": bank},
            doors=[door["name"] for door in one["doors"]],
            broker=broker,
            wifi=wifi,
            urandom=urandom,
        )[1]
        for n, one in enumerate(described["controllers"])
    ]
    demo.people(described)
    return settings


def _make_tables() -> None:
    """As the models say, at once: migrations take seconds in every simulated run, and no run migrates."""
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command

    settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}
    call_command("migrate", run_syncdb=True, verbosity=0)


def in_sync() -> bool:
    from tools.simulate.neighbours import ours

    return not ours().filter(in_sync=False).exists()


def drive(building: Any, events: int, days: float | None) -> None:
    """Lets time pass until there are enough events or days, and says how far it is."""
    end = None if days is None else building.scheduler.now + days * 86_400e6
    shown = time.perf_counter()
    while building.counts["events"] < events if end is None else building.scheduler.now < end:
        step = STEP_S if end is None else min(STEP_S, (end - building.scheduler.now) / 1e6)
        building.run(step)
        if time.perf_counter() - shown > 2:
            shown = time.perf_counter()
            progress(f"day {building.scheduler.now / 86_400e6:.1f}: {building.counts['events']} events recorded")


def stored(one: Any) -> dict[tuple[int, int], tuple[int, ...]]:
    """What the cloud keeps of a controller: {(epoch, sequence): (utc, code, door, extra, flags)}."""
    from tools.cloud.models import Event

    rows = Event.objects.filter(controller__public_id=one.settings["controller"]).order_by("pk")
    return {
        (epoch, sequence): (int(utc.timestamp()) if utc else 0, *rest)
        for epoch, sequence, utc, *rest in rows.values_list(
            "epoch", "sequence", "utc", "code", Event.POINT, "extra", "flags"
        )
    }


def all_stored(building: Any) -> bool:
    from tools.cloud.models import Controller

    upto = dict(Controller.objects.values_list("public_id", "acked"))
    return all(
        controller.chip.on
        and controller.recorded
        and upto[controller.settings["controller"]] >= controller.recorded[-1][0]
        for controller in building.controllers
    )


def figures(building: Any, seed: int, faults: int, settled: bool, took: float) -> dict[str, Any]:
    """What happened, counted on flash and in the database."""
    from tools.cloud.models import Controller, Event, Gap

    recorded = lost = altered = overwritten = 0
    logs = {}
    for controller in building.controllers:
        written = {event[0]: (event[1], event[2], event[3], event[4], event[5]) for event in controller.recorded}
        kept = {sequence: fields for (_, sequence), fields in stored(controller).items()}
        gaps = Gap.objects.filter(controller__public_id=controller.settings["controller"]).values_list("first", "last")
        missing = {n for first, last in gaps for n in range(first, last + 1)}
        recorded += len(written)
        overwritten += len(missing & written.keys())
        lost += len(written.keys() - kept.keys() - missing)
        altered += sum(1 for n in kept.keys() & written.keys() if kept[n] != written[n])
        altered += len(kept.keys() - written.keys())
        logs[controller.name] = controller.log_digest()
    in_database = Event.objects.count()
    distinct = Event.objects.values("controller", "sequence").distinct().count()
    virtual = building.scheduler.now / 1e6
    refused: dict[str, int] = {}
    for counts in Controller.objects.values_list("refused", flat=True):
        for why, count in counts.items():
            refused[why] = refused.get(why, 0) + count
    return {
        "seed": seed,
        "controllers": len(building.controllers),
        "doors": len(building.doors),
        "taps": building.verdicts.counts["taps"],
        "granted": building.verdicts.counts["granted"],
        "denied": building.verdicts.counts["denied"],
        "misread": building.verdicts.counts["misread"],
        "cut_off": building.verdicts.counts["cut off"],
        "released_from_afar": building.verdicts.counts["released from afar"],
        "releases": building.counts["releases"],
        "events_recorded": recorded,
        "events_stored": in_database,
        "lost": lost,
        "duplicated": in_database - distinct,
        "altered": altered,
        "overwritten": overwritten,
        "settled": settled,
        "injected_faults": faults,
        "starts": sum(one.chip.starts for one in building.controllers),
        "busy_ms": sum(one.chip.busy_ms for one in building.controllers),
        "tap_to_strike_ms": latencies(answers(building)),
        **pauses(building),
        "refused": refused,
        "faults": building.faults[:20],
        "virtual_seconds": round(virtual, 3),
        "seconds": round(took, 3),
        "speed": round(virtual / took, 1),
        "door_speed": round(virtual * len(building.doors) / took, 1),
        "logs_sha256": logs,
        "log_sha256": hashlib.sha256("".join(logs.values()).encode()).hexdigest(),
    }


def answers(building: Any) -> dict[str, int]:
    """Of all grants, how many came so many whole milliseconds after the card's last bit."""
    return {str(ms): n for ms, n in sorted(Counter(us // 1000 for us in building.answers).items())}


def pauses(building: Any) -> dict[str, Any]:
    """What held the boards' interpreters, how often, and how many cards were not read because of it."""
    held: Counter[str] = sum((controller.chip.held for controller in building.controllers), Counter())
    return {"held": dict(held), "frames_lost": building.counts["frames lost in a pause"]}


def latencies(counts: dict[str, int]) -> dict[str, int | None]:
    """counts: as answers() has them. The milliseconds under which such a share of them stays."""
    left = {int(ms): n for ms, n in counts.items()}
    total = sum(left.values())
    found: dict[str, int | None] = {}
    for name, share in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("slowest", 1.0)):
        seen = 0
        found[name] = None
        for ms in sorted(left):
            seen += left[ms]
            if seen >= share * total:
                found[name] = ms + 1
                break
    return found


def latency_line(facts: dict[str, Any]) -> str:
    at = facts["tap_to_strike_ms"]
    held = ", ".join(f"{why} {n}" for why, n in sorted(facts["held"].items()))
    return (
        f"  from a card's last bit to the strike: half within {at['p50']} ms, 99 % within {at['p99']},"
        f" 99.9 % within {at['p99.9']}, all within {at['slowest']}; the interpreter was held by: {held or 'nothing'}"
    )


def lines(facts: dict[str, Any]) -> list[str]:
    """The same for a person."""
    text = [
        f"seed {facts['seed']}: {facts['virtual_seconds'] / 86_400:.2f} days of {facts['doors']} doors"
        f" in {facts['seconds']:.1f} s ({facts['speed']:.0f} times real time)",
        f"  taps {facts['taps']}: granted {facts['granted']}, denied {facts['denied']}, misread {facts['misread']},"
        f" cut off by the power {facts['cut_off']}",
        f"  events recorded {facts['events_recorded']}, stored {facts['events_stored']}, lost {facts['lost']},"
        f" duplicated {facts['duplicated']}, altered {facts['altered']}, overwritten {facts['overwritten']}",
        latency_line(facts),
        f"  injected faults {facts['injected_faults']}, starts {facts['starts']},"
        f" refused {facts['refused'] or 'nothing'}",
        *(f"  {name}: log {digest}" for name, digest in facts["logs_sha256"].items()),
    ]
    return text + [f"  WRONG {sentence}" for sentence in facts["faults"]]
