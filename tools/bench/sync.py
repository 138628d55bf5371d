"""The sync over a link of 50 ms: events up beside plain QoS 1, and one changed card; with amqtt and with mosquitto.

The board is the real firmware on the real MicroPython; between it and a real broker lies a proxy that takes 25 ms each
way. Behind the broker are the real worker and its database.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from sim.world.building import BUILDING
from tools import umqtt
from tools.bench.goals import goal, show
from tools.bench.images import fill
from tools.bench.mosquitto import Mosquitto
from tools.terminal import Json, Problem, progress

EVENTS = 3000
ROUND_TRIP_S = 0.05
PLAIN = 60
_WAIT_S = 60

PLAIN_SCRIPT = """
import sys, time
sys.path.insert(0, {umqtt!r})
from umqtt.simple import MQTTClient
client = MQTTClient(b"plain", "127.0.0.1", {port}, {user!r}, {password!r}, keepalive=60)
client.set_callback(lambda *_: None)
client.connect()
start = time.ticks_ms()
for n in range({count}):
    client.publish(b"portvakt/0000000000000000/down", bytes(32), qos=1)
print({count} * 1000 / time.ticks_diff(time.ticks_ms(), start))
"""


def measure(events: int = EVENTS, broker: str = "") -> dict[str, Any]:
    """broker: "amqtt" or "mosquitto"; with neither both, each in a process of its own."""
    if broker:
        with tempfile.TemporaryDirectory(prefix="portvakt-bench-") as folder:
            return asyncio.run(_measure(Path(folder), events, broker))
    found: dict[str, Any] = {}
    goals = []
    for name in ("amqtt", "mosquitto"):
        words = ["bench", "sync", "--broker", name, "--events", str(events), "--json"]
        command = [sys.executable, "-c", "from tools.cli import app; app()", *words]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if not done.stdout:
            raise Problem(f"the bench with {name} ended early; run `portvakt {' '.join(words)}` to see why")
        found[name] = json.loads(done.stdout.splitlines()[-1])
        goals += [{**one, "name": f"{name}: {one['name']}"} for one in found[name].pop("goals")]
    return {**found, "goals": goals}


async def _measure(folder: Path, events: int, broker: str) -> dict[str, Any]:
    from tools.run.environment import mqtt_of, prepare

    mqtt_url, own_broker = mqtt_of(None)
    if broker == "mosquitto":
        own_broker = False
        mosquitto = Mosquitto(folder, int(mqtt_url.rpartition(":")[2]))
    prepare(folder, mqtt_url, "http://127.0.0.1")
    from tools.run.building import Building

    one = {**BUILDING, "controllers": BUILDING["controllers"][:1]}
    building = Building(one, folder, "micropython", progress, mqtt_url, own_broker, rush=True)
    try:
        await building.start()
        controller = building.controllers[0]
        network = controller.network
        network.delay_s = ROUND_TRIP_S / 2
        plain = await _plain(network.port, mqtt_url)
        progress(f"plain umqtt, QoS 1: {plain:.1f} events/s")
        rate, size, batch_turns = await _up(building, controller, events)
        progress(f"{rate:.0f} events/s, {size:.1f} bytes an event")
        trips, card = await _card(building, controller)
        return {
            "interpreter": building.interpreter,
            "round trip ms": 1000 * ROUND_TRIP_S,
            "events": events,
            "plain QoS 1, events/s": round(plain, 1),
            "turns of the line while events went up": batch_turns,
            "goals": [
                {**goal("events up", round(rate), "1/s", 500), "met": rate >= 500},
                goal("bytes an event", round(size, 1), "bytes", 48),  # type: ignore[arg-type]
                goal("one changed card", trips, "trips", 3),
                goal("one changed card", card, "bytes", 400),
            ],
        }
    finally:
        await building.stop()
        if not own_broker:
            mosquitto.kill()


async def _plain(port: int, url: str) -> float:
    """Events a second by umqtt.simple alone, each one acknowledged by the broker before the next."""
    who = urlsplit(url)
    script = PLAIN_SCRIPT.format(
        umqtt=str(umqtt.path()), port=port, count=PLAIN, user=who.username, password=who.password
    )
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
    first = next((moment for moment in moments if moment[1] > 0), None)
    last = next((moment for moment in moments if moment[1] >= events), None)
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
    from tools.cloud.people.people import give_card

    give_card(Person.objects.filter(active=True, grants__isnull=False).order_by("pk")[0], 34, number)


def _in_sync() -> bool:
    from tools.cloud.models import Controller

    return bool(Controller.objects.get().in_sync)


def bench(
    events: Annotated[int, typer.Option("--events", help="How many wait to be sent.", min=600)] = EVENTS,
    broker: Annotated[str, typer.Option("--broker", help="amqtt or mosquitto; by default one after the other.")] = "",
    json: Json = False,
) -> None:
    """Events up and a card down over a link of 50 ms, with amqtt and with mosquitto."""
    show(json, measure(events, broker))
