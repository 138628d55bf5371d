"""Tap to strike while the link is as bad as can be, in virtual time with the chip's own pauses.

One board for each of what can be wrong, all in one building and tapped by turns. The same on the real MicroPython,
where the interpreter's own time counts: tap_links_live.py.
"""

import json
import random
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.bench.goals import goal, show
from tools.bench.images import put_into
from tools.simulate.run import _ROOT, BOARD, import_path
from tools.terminal import Json, progress

TAPS = 2_000  # at each board
PAUSE_S = 0.7  # between two taps at a board: no beat that pings or looks at the clock could keep
CARDS = 2_000
WAITING = 10_000  # events
PSK_US = 20_000  # what a handshake by key holds the interpreter: some hashes, and a generous measure
RESOLVE_S = 14  # lwIP asks a silent server again and again, so long
SILENT, STALLED = 2001, 2002  # ports of listeners that never say a word
IDLE = "idle"
RATIO = 1.5

Figures = dict[str, Any]


def measure(taps: int = TAPS, seed: int = 1) -> Figures:
    import_path()
    found = {}
    with tempfile.TemporaryDirectory(prefix="portvakt-bench-") as folder:
        for name, handshake_us in (("PSK", PSK_US), ("certificates", None)):
            found[name] = _run(Path(folder) / name, taps, seed, handshake_us)
            for state, figures in found[name].items():
                progress(f"{name}, {state}: {figures}")
    keyed, certified = found["PSK"], found["certificates"]
    goals = []
    for state, figures in keyed.items():
        if state != IDLE:
            ratio = round(figures["p99_ms"] / keyed[IDLE]["p99_ms"], 2)
            met = ratio <= RATIO
            goals.append({"name": f"{state}: p99 to idle", "value": ratio, "unit": "times", "goal": RATIO, "met": met})
    longest = max(figures["longest_ms"] for figures in certified.values())
    goals.append(goal("wait that meets a certificate", longest, "ms", 1_200))
    return {"taps": taps, "links": found, "goals": goals}


def both(taps: int, live: int) -> Figures:
    """In virtual time, and on MicroPython unless live is 0."""
    from tools.bench import tap_links_live

    found = {"chip": measure(taps)}
    if live:
        found["micropython"] = tap_links_live.measure(live)
    goals = [{**one, "name": f"{part}: {one['name']}"} for part in found for one in found[part].pop("goals")]
    return {**found, "goals": goals}


def _run(folder: Path, taps: int, seed: int, handshake_us: int | None) -> Figures:
    from sim.virtual.building import VirtualBuilding
    from sim.virtual.pace import ESP32, HANDSHAKE_US
    from sim.virtual.scheduler import SECOND
    from sim.world.wiegand import payload
    from tools.bench.cloud_stub import CloudStub

    chance = random.Random(seed)
    states = [IDLE, *STATES]
    board = json.loads((_ROOT / "boards" / BOARD / "board.json").read_text())
    doors = [{"name": f"{state} {n}"} for state in states for n in (1, 2)]
    card = {"bits": 34, "facility": 1, "number": 4711}
    holder = {"name": "Ingrid Solheim", "card": card, "doors": [door["name"] for door in doors], "until": None}
    described: Any = {
        "site": "Solsiden",
        "controllers": [{"name": state, "doors": doors[2 * n : 2 * n + 2]} for n, state in enumerate(states)],
        "people": [holder],
        "strangers": [],
    }
    settings = [
        {
            "controller": f"{n:016x}",
            "link_secret": chance.randbytes(32).hex(),
            "table_key": chance.randbytes(32).hex(),
            "broker": {"host": "broker.example", "port": 1883, "user": "", "password": ""},
            "wifi": {"name": "portvakt", "password": ""},
        }
        for n in range(len(states))
    ]
    pace = replace(ESP32, handshake_us=HANDSHAKE_US if handshake_us is None else handshake_us)
    building = VirtualBuilding(described, settings, board, folder, seed, keep=True, pace=pace)
    numbers = [(34, payload(34, 1, 4711)), *((34, number) for number in range(CARDS))]
    times = {str(n): {"release_ms": 500} for n in (1, 2)}
    rules = json.dumps({"version": 1, "profiles": {"1": [1, 2]}, "doors": times}).encode()
    ends = {
        controller.settings["controller"]: CloudStub(
            controller.settings, building.post.publish, building.utc,
            building.scheduler.chance(controller.name).randbytes, numbers, rules,
        )
        for controller in building.controllers
    }  # fmt: skip
    building.post.subscribe("portvakt/+/up", lambda topic, payload: ends[topic.split("/")[1]].receive(payload))
    for port in (SILENT, STALLED):
        building.network.listen(port, lambda line: None)
    try:
        for one in building.controllers:
            one.chip.power_on()
        assert building.run_until(lambda: all(end.ready for end in ends.values()), at_most_s=900, step_s=5)
        for one in building.controllers:
            if one.name != IDLE:
                STATES[one.name](building, one, ends[one.settings["controller"]])
        building.run(30)
        building.records.clear()
        for n in range(taps):
            for at, one in enumerate(building.controllers):
                later = int((at / len(states) + chance.random() * 0.3) * PAUSE_S * SECOND)
                door = one.doors[n % 2].name
                building.scheduler.after(later, building.tap, door, holder)
            building.run(PAUSE_S + chance.random() * 0.2)
        building.run(5)
        assert ends[settings[states.index("snapshot in progress")]["controller"]].parts > 50
        assert ends[settings[states.index("10,000 events to send")]["controller"]].stored > taps
        return _waits(building, states)
    finally:
        building.close()


def _waits(building: Any, states: list[str]) -> Figures:
    """Of each board, from the last bit of a card to the strike."""
    waits: dict[str, list[float]] = {state: [] for state in states}
    begun: dict[tuple[str, int], int] = {}
    damaged = dict.fromkeys(states, 0)  # frames of which bits were lost in a pause: the card is held there again
    for record in building.records:
        if record.what == "tap":
            damaged[record.where] += (record.where, record.detail[0]) in begun
            begun[record.where, record.detail[0]] = record.at
        elif record.what == "strike" and record.detail[1] and (record.where, record.detail[0]) in begun:
            waits[record.where].append((record.at - begun.pop((record.where, record.detail[0]))) / 1000)
    for where, _ in begun:
        damaged[where] += 1
    return {state: _told(waits[state]) | {"damaged": damaged[state]} for state in states}


def _told(waits: list[float]) -> Figures:
    waits = sorted(waits)
    at = {"p50_ms": 0.5, "p99_ms": 0.99}
    found = {name: round(waits[int(len(waits) * part)], 1) for name, part in at.items()}
    return found | {"longest_ms": round(waits[-1], 1), "taps": len(waits)}


# What can be wrong: each is called with building, controller and far end when the board is well.


def _no_network(building: Any, one: Any, end: Any) -> None:
    building.connect(one, False)


def _dead_dns(building: Any, one: Any, end: Any) -> None:
    """Its resolver is asked for long, and in vain."""
    from sim.virtual.scheduler import SECOND

    def getaddrinfo(host: str, port: int, *_: Any) -> Any:
        building.scheduler.block(building.scheduler.now + RESOLVE_S * SECOND)
        raise OSError(-202, "name not resolved")

    one.chip.sockets.getaddrinfo = getaddrinfo
    building.post.forget(one.chip)


def _black_hole(building: Any, one: Any, end: Any) -> None:
    building.network.dead.add(one.chip.name)


def _at_port(port: int) -> Callable[[Any, Any, Any], None]:
    """From now on it finds another one at the broker's address."""

    def change(building: Any, one: Any, end: Any) -> None:
        resolve = one.chip.sockets.getaddrinfo

        def getaddrinfo(host: str, _: int, *more: Any) -> Any:
            return resolve(host, port, *more)

        one.chip.sockets.getaddrinfo = getaddrinfo
        building.post.forget(one.chip)

    return change


def _half_open(building: Any, one: Any, end: Any) -> None:
    """The broker forgets it, without a word, whenever it is back."""
    from sim.virtual.scheduler import SECOND

    def again() -> None:
        building.post.forget(one.chip)
        building.scheduler.after(10 * SECOND, again)

    again()


def _snapshot(building: Any, one: Any, end: Any) -> None:
    end.mode = "snapshot"
    building.post.forget(one.chip)


def _events(building: Any, one: Any, end: Any) -> None:
    """So many lie on its log, and what is stored is asked for again."""
    end.mode = "events"
    building.power(one, False)
    put_into(one.chip.flash, WAITING)
    building.power(one, True)


STATES: dict[str, Callable[[Any, Any, Any], None]] = {
    "no network": _no_network,
    "dead DNS": _dead_dns,
    "black hole": _black_hole,
    "silent broker": _at_port(SILENT),
    "half-open": _half_open,
    "TLS stall": _at_port(STALLED),
    "snapshot in progress": _snapshot,
    "10,000 events to send": _events,
}


def bench(
    taps_: Annotated[int, typer.Option("--taps", help="How many at each simulated board.", min=50)] = TAPS,
    live: Annotated[int, typer.Option("--live", help="How many at each board on MicroPython; 0: none.")] = 1_000,
    json: Json = False,
) -> None:
    """Tap to strike with no network, a black hole, a stalled TLS, a snapshot ...: chip's pauses, and MicroPython."""
    show(json, both(taps_, live))
