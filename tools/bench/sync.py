"""The sync over a link of 50 ms: events up beside plain QoS 1, one changed card, and how a million boards come back.

The board is the real firmware on the real MicroPython; between it and a real broker lies a proxy that takes 25 ms each
way. Behind the broker are the real worker and its database.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from sim.world.building import BUILDING
from tools import umqtt
from tools.bench.images import fill
from tools.bench.memory import goal
from tools.terminal import Problem, progress

EVENTS = 3000
ROUND_TRIP_S = 0.05
BOARDS = 1_000_000
PLAIN = 60
_WAIT_S = 60

PLAIN_SCRIPT = """
import sys, time
sys.path.insert(0, {umqtt!r})
from umqtt.simple import MQTTClient
client = MQTTClient(b"plain", "127.0.0.1", {port}, keepalive=60)
client.set_callback(lambda *_: None)
client.connect()
start = time.ticks_ms()
for n in range({count}):
    client.publish(b"plain/events", bytes(32), qos=1)
print({count} * 1000 / time.ticks_diff(time.ticks_ms(), start))
"""


def measure(events: int = EVENTS) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="portvakt-bench-") as folder:
        return asyncio.run(_measure(Path(folder), events))


async def _measure(folder: Path, events: int) -> dict[str, Any]:
    from tools.run.environment import mqtt_of, prepare

    mqtt_url, own_broker = mqtt_of(None)
    prepare(folder, mqtt_url, "http://127.0.0.1")
    from tools.run.building import Building

    one = {**BUILDING, "controllers": BUILDING["controllers"][:1]}
    building = Building(one, folder, "micropython", progress, mqtt_url, own_broker, rush=True)
    try:
        await building.start()
        controller = building.controllers[0]
        network = controller.network
        network.delay_s = ROUND_TRIP_S / 2
        plain = await _plain(network.port)
        progress(f"plain umqtt, QoS 1: {plain:.1f} events/s")
        rate, size, batch_turns = await _up(building, controller, events)
        progress(f"{rate:.0f} events/s, {size:.1f} bytes an event")
        trips, card = await _card(building, controller)
        curve = {f"broker away {away} s": returning(away) for away in (1, 10, 60)}
        return {
            "interpreter": building.interpreter,
            "round trip ms": 1000 * ROUND_TRIP_S,
            "events": events,
            "plain QoS 1, events/s": round(plain, 1),
            "turns of the line while events went up": batch_turns,
            "boards coming back": curve,
            "goals": [
                {**goal("events up", round(rate), "1/s", 500), "met": rate >= 500},
                goal("bytes an event", round(size, 1), "bytes", 48),  # type: ignore[arg-type]
                goal("one changed card", trips, "trips", 3),
                goal("one changed card", card, "bytes", 400),
            ],
        }
    finally:
        await building.stop()


async def _plain(port: int) -> float:
    """Events a second by umqtt.simple alone, each one acknowledged by the broker before the next."""
    script = PLAIN_SCRIPT.format(umqtt=str(umqtt.path()), port=port, count=PLAIN)
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("micropython")), "-c", script,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await asyncio.wait_for(process.communicate(), _WAIT_S)
    if process.returncode:
        raise Problem(f"plain umqtt broke off ({(output + errors).decode().strip().splitlines()[-1:]}); try again")
    return float(output.decode().split()[-1])


async def _up(building: Any, controller: Any, events: int) -> tuple[float, float, int]:
    """(events a second, bytes an event on the wire, turns) of a log that waited."""
    if not await building.settle(_WAIT_S):
        raise Problem("the building did not come to rest; try again")
    await controller.board.power_cut()
    await asyncio.to_thread(fill, controller.folder, events)
    before = await building.in_thread(_stored)
    await controller.board.power_on()
    moments: list[tuple[float, int, int, int]] = []
    end = time.monotonic() + _WAIT_S
    while time.monotonic() < end:
        stored = await building.in_thread(_stored) - before
        moments.append((time.monotonic(), stored, controller.network.carried, controller.network.turns))
        if stored >= events:
            break
        await asyncio.sleep(0.02)
    first = next((one for one in moments if one[1] > 0), None)
    last = next((one for one in moments if one[1] >= events), None)
    if first is None or last is None or last[0] == first[0]:
        raise Problem("the events did not come up in time; try again")
    sent = last[1] - first[1]
    return sent / (last[0] - first[0]), (last[2] - first[2]) / sent, last[3] - first[3]


def _stored() -> int:
    from tools.cloud.models import Event

    return Event.objects.count()


async def _card(building: Any, controller: Any) -> tuple[int, int]:
    """(round trips, bytes) from a card given until the cloud knows that the board holds it; the least of some tries.

    The least, for pings pass as well.
    """
    found = []
    for number in range(6):
        if not await building.settle(_WAIT_S):
            raise Problem("the building did not come to rest; try again")
        turns, carried = controller.network.turns, controller.network.carried
        await building.in_thread(lambda number=number: _give(90_000 + number))
        end = time.monotonic() + _WAIT_S
        while not await building.in_thread(_in_sync):
            if time.monotonic() > end:
                raise Problem("the card did not reach the board; try again")
            await asyncio.sleep(0.01)
        found.append((-(-(controller.network.turns - turns) // 2), controller.network.carried - carried))
    return min(trips for trips, _ in found), min(size for _, size in found)


def _give(number: int) -> None:
    from tools.cloud.models import Person
    from tools.cloud.services.people import give_card

    give_card(Person.objects.filter(active=True, grants__isnull=False).order_by("pk")[0], 34, number)


def _in_sync() -> bool:
    from tools.cloud.models import Controller

    return bool(Controller.objects.get().in_sync)


def returning(away_s: float, boards: int = BOARDS, seed: int = 1) -> dict[str, Any]:
    """How boards that lost one broker in the same moment come back when it was away for so long.

    By the rule of link.py: a pause of nothing to twice of what doubles from 2 s to 20 s.
    """
    chance = random.Random(seed)
    arrivals: Counter[int] = Counter()
    for _ in range(boards):
        at, pause = 0.0, 2.0
        while True:
            at += pause * 2 * chance.random()
            if at >= away_s:
                break
            pause = min(2 * pause, 20.0)
        arrivals[int(at - away_s)] += 1
    seconds = [arrivals[second] for second in range(max(arrivals) + 1)]
    return {"boards": boards, "most in a second": max(seconds), "all back after s": len(seconds), "a second": seconds}
