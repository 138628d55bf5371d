"""Many buildings at once: a soak is split into buildings with a seed each, one process a building, on all cores."""

import multiprocessing
import queue
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from tools import umqtt
from tools.simulate.run import latencies, latency_line
from tools.terminal import Problem, progress

SUMS = ("events", "taps", "granted", "denied", "misread", "releases", "released_from_afar", "starts", "frames_lost")
DOORS_EACH = 6  # of one building at the most: three controllers

_told: Any = None  # in a child: where it says how far it is


def seed_of(seed: int, number: int) -> int:
    """Of one building of a soak. The first has the soak's own seed."""
    if number == 0:
        return seed
    return int.from_bytes(sha256(f"{seed}/{number}".encode()).digest()[:4], "big")


def split(doors: int, processes: int) -> list[int]:
    """How many doors each building has: whole controllers of two, no building much bigger than another."""
    pairs = -(-doors // 2)
    buildings = min(pairs, max(processes, -(-doors // DOORS_EACH)))
    shares = [2 * (pairs // buildings + (n < pairs % buildings)) for n in range(buildings)]
    shares[-1] -= sum(shares) - doors
    return shares


def _child(told: Any) -> None:
    global _told
    _told = told


def building(
    number: int,
    seed: int,
    doors: int,
    days: float,
    taps: float,
    tls: bool,
    report: Path | None,
    readers: str,
    lockers: int,
) -> dict[str, Any]:
    """One building, in a child."""
    from tools.simulate.plan import Plan
    from tools.simulate.soak import soak

    tell = partial(_tell, number)
    return soak(Plan(seed, doors, days, taps, tell=tell, tls=tls, report=report, readers=readers, lockers=lockers))


def _tell(number: int, day: float, events: int) -> None:
    _told.put((number, day, events))


def planted(number: int, name: str, seed: int, turn: int, place: str) -> dict[str, Any]:
    """One planted defect, in a child."""
    from tools.simulate.planted import hunt

    return hunt(name, seed, turn, place)


def in_processes(
    work: Callable[..., dict[str, Any]],
    jobs: list[tuple[Any, ...]],
    processes: int,
    on_told: Callable[[int, float, int], None] = lambda number, day, events: None,
    on_done: Callable[[dict[str, Any]], None] = lambda facts: None,
) -> list[dict[str, Any]]:
    """work(number, *job) for every job, each in a process of its own."""
    umqtt.path()
    spawn = multiprocessing.get_context("spawn")
    told = spawn.Queue()
    found: dict[int, dict[str, Any]] = {}
    with ProcessPoolExecutor(
        processes, mp_context=spawn, max_tasks_per_child=1, initializer=_child, initargs=(told,)
    ) as pool:
        waiting = {pool.submit(work, number, *job): number for number, job in enumerate(jobs)}
        while waiting:
            try:
                for done in as_completed(list(waiting), timeout=1):
                    number = waiting.pop(done)
                    found[number] = done.result()
                    on_done(found[number])
            except TimeoutError:
                pass
            except BrokenProcessPool:
                raise Problem("a process of the simulator was killed; give it more memory or fewer doors") from None
            while True:
                try:
                    on_told(*told.get_nowait())
                except queue.Empty:
                    break
    return [found[number] for number in range(len(jobs))]


def soak_all(
    doors: int,
    days: float,
    seed: int,
    taps: float,
    processes: int,
    tls: bool = False,
    report: Path | None = None,
    junit: Path | None = None,
    readers: str = "wiegand",
    lockers: int = 0,
) -> dict[str, Any]:
    """The whole soak. Its figures: sums over all buildings, speeds a core.

    report: the picture of the first building; those of the others get their seed in the name. lockers: compartments of
    a bank in the first building.
    """
    shares = split(doors, processes)
    seeds = [seed_of(seed, n) for n in range(len(shares))]
    pictures = [report and (report.with_stem(f"{report.stem}-{one}") if n else report) for n, one in enumerate(seeds)]
    jobs = [
        (seeds[n], share, days, taps, tls, pictures[n], readers, 0 if n else lockers) for n, share in enumerate(shares)
    ]
    began = time.perf_counter()
    days_done: dict[int, float] = {}
    events_done: dict[int, int] = {}
    said = [began]

    def told(number: int, day: float, events: int) -> None:
        days_done[number], events_done[number] = min(day, days), events
        now = time.perf_counter()
        if now - said[0] >= 2:
            said[0] = now
            part = sum(days_done[n] * shares[n] for n in days_done) / (days * doors)
            eta = (now - began) * (1 - part) / part if part else 0
            progress(f"{part:6.1%}  {sum(events_done.values())} events  ready in {eta // 60:.0f} min {eta % 60:.0f} s")

    parts = in_processes(building, jobs, processes, told)
    wall = time.perf_counter() - began
    cpu = sum(one["cpu_seconds"] for one in parts)
    total: dict[str, Any] = {"seed": seed, "buildings": len(parts), "doors": doors, "days": days, "readers": readers}
    total["lockers"] = lockers
    for name in SUMS:
        total[name] = sum(one[name] for one in parts)
    for name in ("people", "faults", "checks", "judged", "held", "answers_ms"):
        total[name] = dict(sum((Counter(one[name]) for one in parts), Counter()))
    total["faults_total"] = sum(total["faults"].values())
    total["tap_to_strike_ms"] = latencies(total.pop("answers_ms"))
    total["slowest_answer_ms"] = max(one["slowest_answer_ms"] for one in parts)
    total["worker_kills"] = sum(one["worker_kills"] for one in parts)
    total["broken_promises"] = sum(one["broken_promises"] for one in parts)
    total["broken"] = [
        {"seed": one["seed"], "doors": one["doors"], "lockers": 0 if n else lockers, **each}
        for n, one in enumerate(parts)
        for each in one["broken"]
    ]
    if junit is not None:
        from sim.story.outcome import Outcome, write_junit

        found = [Outcome(f"seed {one['seed']}: {said}", *rest) for one in parts for said, *rest in one["outcomes"]]
        write_junit(junit, f"soak-{seed}", found, wall)
    total["virtual_days"] = round(sum(one["days"] for one in parts), 2)
    total["seconds"] = round(wall, 1)
    total["cpu_seconds"] = round(cpu, 1)
    total["door_speed_a_core"] = round(sum(one["days"] * one["doors"] for one in parts) * 86_400 / cpu, 0)
    return total


def soak_lines(facts: dict[str, Any]) -> list[str]:
    """The same for a person."""
    faults = ", ".join(f"{kind} {n}" for kind, n in sorted(facts["faults"].items()))
    text = [
        f"seed {facts['seed']}: {facts['doors']} doors in {facts['buildings']} buildings, {facts['days']} days each,"
        f" in {facts['seconds']} s ({facts['door_speed_a_core']:.0f} door seconds a second of one core)",
        f"  events {facts['events']}, taps {facts['taps']}, releases {facts['releases']}, starts {facts['starts']}",
        f"  faults {facts['faults_total']}: {faults}",
        latency_line(facts) + f"; cards not read because of it: {facts['frames_lost']}",
        f"  broken promises {facts['broken_promises']}",
    ]
    for broken in facts["broken"]:
        text.append(f"  BROKEN promise {broken['promise']}, step {broken['step']}: {broken['what']}")
        more = "" if facts["readers"] == "wiegand" else f" --readers {facts['readers']}"
        more += f" --lockers {broken['lockers']}" if broken["lockers"] else ""
        text.append(f"    portvakt sim replay {broken['seed']} --doors {broken['doors']} --days {facts['days']}{more}")
    return text
