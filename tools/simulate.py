"""`portvakt sim`: the firmware in virtual time, against the cloud's real ingest, from one seed."""

import copy
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from tools import umqtt
from tools.terminal import Json, Problem, progress, result

BOARD = "virtual-two-door"
_ROOT = Path(__file__).resolve().parent.parent
STEP_S = 600  # between two looks at how far it is
SETTLE_S = 3_600

app = typer.Typer(
    help="Run the firmware in virtual time, from a seed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def sim() -> None:
    """The simulator."""


@app.command()
def run(
    context: typer.Context,
    scenario: Annotated[
        str | None, typer.Argument(help="Play this: a name that `scenarios` lists, or a TOML file.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Everything that happens follows from it; by default 1.")] = None,
    events: Annotated[int, typer.Option(help="Stop when so many events are recorded.", min=0)] = 10_000,
    doors: Annotated[int, typer.Option(help="How many doors; 6 is the demo building.", min=1, max=500)] = 6,
    days: Annotated[float | None, typer.Option(help="Stop after so many days, whatever was recorded.")] = None,
    taps: Annotated[float, typer.Option(help="Visits a day at each door.", min=1)] = 200,
    faults: Annotated[bool, typer.Option(help="With failing power, networks and brokers.")] = True,
    report: Annotated[Path | None, typer.Option(help="Write a picture of it: one HTML file.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write what was kept and broken as JUnit XML.")] = None,
    as_json: Json = False,
) -> None:
    """A building with its people and its cloud; figures at the end. Exit code 1 when anything was wrong."""
    from tools import story

    story.writable(report, junit)
    if scenario is not None:
        story.alone(context, "events", "doors", "days", "taps", "faults")
        if not story.run_scenario(scenario, seed, report, junit, as_json):
            raise typer.Exit(1)
        return
    import_path()
    facts = simulate(1 if seed is None else seed, events, doors, days, taps, faults, report, junit)
    result(as_json, facts, *lines(facts))
    if facts["faults"] or facts["lost"] or facts["duplicated"] or facts["altered"] or not facts["settled"]:
        raise typer.Exit(1)


@app.command()
def scenarios(as_json: Json = False) -> None:
    """The scenarios that `run` can play."""
    from tools.story import list_scenarios

    list_scenarios(as_json)


@app.command()
def repeat(
    seed: Annotated[int, typer.Option(help="The seed that is run twice; the next one is run once.")] = 1,
    events: Annotated[int, typer.Option(help="How many events a run records at least.", min=1)] = 10_000,
    taps: Annotated[float, typer.Option(help="Visits a day at each door.", min=1)] = 6_000,
    as_json: Json = False,
) -> None:
    """Show that a run follows from its seed: twice the same seed with other hash seeds, and once another one."""
    facts = repeated(seed, events, taps)
    text = [
        f"seed {one['seed']}, PYTHONHASHSEED {n}: {one['log_sha256']}"
        for n, one in zip(HASH_SEEDS, facts["runs"], strict=True)
    ]
    result(as_json, facts, *text, "same" if facts["same"] else "NOT THE SAME")
    if not (facts["same"] and facts["different"]):
        raise typer.Exit(1)


@app.command()
def soak(
    seed: Annotated[int, typer.Option(help="Everything that happens follows from it.")] = 1,
    doors: Annotated[int, typer.Option(help="How many doors, in buildings of some each.", min=1, max=1000)] = 10,
    days: Annotated[float, typer.Option(help="How many days each building runs.", min=0.01)] = 1,
    taps: Annotated[float, typer.Option(help="Visits a day at each door.", min=1)] = 200,
    processes: Annotated[int, typer.Option(help="How many cores to use.", min=1)] = os.cpu_count() or 1,
    as_json: Json = False,
) -> None:
    """All faults at once, every promise judged all the time. Exit code 1 when one was broken, with the seed."""
    from tools.simulate_many import soak_all, soak_lines

    facts = soak_all(doors, days, seed, taps, processes)
    result(as_json, facts, *soak_lines(facts))
    if facts["broken_promises"]:
        raise typer.Exit(1)


@app.command()
def replay(
    seed: Annotated[int, typer.Argument(help="Of the building, as the soak told it.")],
    doors: Annotated[int, typer.Option(help="As in the soak's last line.", min=1)] = 5,
    days: Annotated[float, typer.Option(help="At the most.", min=0.01)] = 1,
    taps: Annotated[float, typer.Option(help="As in the soak.", min=1)] = 200,
    events: Annotated[int, typer.Option(help="How many of the last events are shown.", min=0)] = 24,
    as_json: Json = False,
) -> None:
    """Run one building of a soak again and stop at the first broken promise. Exit code 1 when there is one."""
    from tools.simulate_many import replay_lines
    from tools.simulate_soak import soak as one_building

    facts = one_building(seed, doors, days, taps, first=True)
    for one in facts["broken"]:
        one["last"] = one["last"][len(one["last"]) - min(events, len(one["last"])) :]
    result(as_json, facts, *replay_lines(facts))
    if facts["broken"]:
        raise typer.Exit(1)


@app.command()
def planted(
    only: Annotated[str, typer.Option(help="Only defects whose name contains this.")] = "",
    seed: Annotated[int, typer.Option(help="Of the short soaks.")] = 1,
    processes: Annotated[int, typer.Option(help="How many cores to use.", min=1)] = os.cpu_count() or 1,
    as_json: Json = False,
) -> None:
    """Show that the soak can fail: defects planted in memory, one at a time. Exit code 1 when one was not found."""
    from tools.simulate_many import in_processes
    from tools.simulate_many import planted as child
    from tools.simulate_planted import DEFECTS, summary

    names = [name for name in DEFECTS if only in name]
    if not names:
        raise Problem(f"no planted defect is called like '{only}'; run it without --only to see all")
    found = in_processes(child, [(name, seed) for name in names], processes, on_done=_tell_defect)
    facts = summary(found)
    result(as_json, facts, *facts["lines"])
    if facts["not_found"]:
        raise typer.Exit(1)


def _tell_defect(facts: dict[str, Any]) -> None:
    progress(f"{'found    ' if facts['found'] else 'NOT FOUND'}  {facts['name']}  ({facts['seconds']:.0f} s)")


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
        "events": [one["events_recorded"] for one in runs],
        "runs": runs,
    }


def _child(seed: int, events: int, taps: float, hash_seed: str) -> dict[str, Any]:
    words = ["run", "--seed", str(seed), "--events", str(events), "--taps", str(taps), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", "from tools.simulate import app; app()", *words],
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
        from sim.virtual.faults import Faults
        from sim.world.building import BUILDING, doors_of, generate
        from tools.cloud.ingest.ingest import Ingest
        from tools.cloud.services import clock
        from tools.simulate_office import Office
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
            )
            if report is not None:
                watch(building, DatabaseHand())
            luck, office = Faults(building), Office(building)
            began = time.perf_counter()
            building.start()
            if not building.run_until(in_sync, at_most_s=300, step_s=1):
                raise Problem("the controllers were not in sync within 5 minutes; this is a defect, please report it")
            building.verdicts.ready = True
            office.start()
            if faults:
                luck.start()
            drive(building, events, days)
            building.rest()
            office.stop()
            luck.stop()
            settled = building.run_until(lambda: all_stored(building) and in_sync(), at_most_s=SETTLE_S, step_s=10)
            took = time.perf_counter() - began
            facts = figures(building, seed, luck.happened, settled, took) | {"access_changes": office.changed}
            keep_run(building, facts, report, junit)
            return facts
        finally:
            clock.source = before
            if building is not None:
                building.close()


def enrolled(described: dict[str, Any], board: dict[str, Any], urandom: Callable[[int], bytes]) -> list[dict[str, Any]]:
    """Fills the cloud with the building. Returns the settings of each controller."""
    from tools.cloud.models import Site
    from tools.cloud.services.enrol import enrol
    from tools.run import seed as demo

    demo.places(described)
    broker = {"host": "broker.example", "port": 1883, "user": "", "password": ""}
    wifi = {"name": "portvakt", "password": ""}
    settings = [
        enrol(
            Site.objects.get(),
            one["name"],
            board,
            doors=[door["name"] for door in one["doors"]],
            broker=broker,
            wifi=wifi,
            urandom=urandom,
        )[1]
        for one in described["controllers"]
    ]
    demo.people(described)
    return settings


def in_sync() -> bool:
    from tools.cloud.models import Controller

    return not Controller.objects.filter(in_sync=False).exists()


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
            "epoch", "sequence", "utc", "code", "door_number", "extra", "flags"
        )
    }


def all_stored(building: Any) -> bool:
    from tools.cloud.models import Controller

    upto = dict(Controller.objects.values_list("public_id", "acked"))
    return all(
        one.chip.on and one.recorded and upto[one.settings["controller"]] >= one.recorded[-1][0]
        for one in building.controllers
    )


def figures(building: Any, seed: int, faults: int, settled: bool, took: float) -> dict[str, Any]:
    """What happened, counted on flash and in the database."""
    from tools.cloud.models import Controller, Event, Gap

    recorded = lost = altered = overwritten = 0
    logs = {}
    for one in building.controllers:
        written = {event[0]: (event[1], event[2], event[3], event[4], event[5]) for event in one.recorded}
        kept = {sequence: fields for (_, sequence), fields in stored(one).items()}
        gaps = Gap.objects.filter(controller__public_id=one.settings["controller"]).values_list("first", "last")
        missing = {n for first, last in gaps for n in range(first, last + 1)}
        recorded += len(written)
        overwritten += len(missing & written.keys())
        lost += len(written.keys() - kept.keys() - missing)
        altered += sum(1 for n in kept.keys() & written.keys() if kept[n] != written[n])
        altered += len(kept.keys() - written.keys())
        logs[one.name] = one.log_digest()
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
        "bad_luck": faults,
        "starts": sum(one.chip.starts for one in building.controllers),
        "busy_ms": sum(one.chip.busy_ms for one in building.controllers),
        "refused": refused,
        "faults": building.faults[:20],
        "virtual_seconds": round(virtual, 3),
        "seconds": round(took, 3),
        "speed": round(virtual / took, 1),
        "door_speed": round(virtual * len(building.doors) / took, 1),
        "logs_sha256": logs,
        "log_sha256": hashlib.sha256("".join(logs.values()).encode()).hexdigest(),
    }


def lines(facts: dict[str, Any]) -> list[str]:
    """The same for a person."""
    text = [
        f"seed {facts['seed']}: {facts['virtual_seconds'] / 86_400:.2f} days of {facts['doors']} doors"
        f" in {facts['seconds']:.1f} s ({facts['speed']:.0f} times real time)",
        f"  taps {facts['taps']}: granted {facts['granted']}, denied {facts['denied']}, misread {facts['misread']},"
        f" cut off by the power {facts['cut_off']}",
        f"  events recorded {facts['events_recorded']}, stored {facts['events_stored']}, lost {facts['lost']},"
        f" duplicated {facts['duplicated']}, altered {facts['altered']}, overwritten {facts['overwritten']}",
        f"  strokes of bad luck {facts['bad_luck']}, starts {facts['starts']}, refused {facts['refused'] or 'nothing'}",
        *(f"  {name}: log {digest}" for name, digest in facts["logs_sha256"].items()),
    ]
    return text + [f"  WRONG {sentence}" for sentence in facts["faults"]]
