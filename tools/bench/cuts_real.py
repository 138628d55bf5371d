"""The cuts of cuts.py with real parts: boards on MicroPython, mosquitto or amqtt, the worker and its database.

A proxy before each board cuts at a byte; processes are killed with -9. In real time, so there are fewer of them.
"""

import asyncio
import random
import socket
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.world.broker import CONNECT, packet, text
from sim.world.building import generate
from sim.world.network import KINDS
from sim.world.wiegand import encode
from tools.bench.goals import goal, show
from tools.bench.mosquitto import Mosquitto
from tools.terminal import Json, progress

CUTS = 1_000
BOARDS = 6
SHARED = 0.25  # of the cuts at one board's worth of time, how many end the broker or the worker of all boards
TAP_S = 0.7
CHANGE_S = 2.0
PATIENCE_S = 20.0  # a byte that has not come by then never comes
SETTLE_S = 240.0
TAKE_OVER, BROKER, WORKER, POWER = "client take-over", "broker killed", "cloud worker killed", "power"


def measure(broker: str, cuts: int = CUTS, boards: int = BOARDS, seed: int = 1) -> dict[str, Any]:
    """One building in this process, once a process. broker: "amqtt" or "mosquitto"."""
    with tempfile.TemporaryDirectory(prefix="portvakt-bench-") as folder:
        return asyncio.run(_measure(Path(folder), broker, cuts, boards, random.Random(seed)))


async def _measure(folder: Path, broker: str, cuts: int, boards: int, chance: random.Random) -> dict[str, Any]:
    from tools.run.environment import mqtt_of, prepare

    url, own = mqtt_of(None)
    mosquitto = None
    if broker == "mosquitto":
        own, mosquitto = False, Mosquitto(folder, int(url.rpartition(":")[2]))
    prepare(folder, url, "http://127.0.0.1")
    from tools.run.building import Building
    from tools.run.summary import compare

    described: Any = generate(2 * boards, 12, chance)
    building = Building(described, folder, "micropython", progress, url, own, rush=True)
    try:
        await building.start()
        campaign = Campaign(building, described["people"], mosquitto, chance)
        started = time.monotonic()
        await campaign.run(cuts)
        lasted = time.monotonic() - started
        began = time.monotonic()
        for controller in building.controllers:
            controller.network.mend()
        stored, behind = False, 1
        while (behind or not stored) and time.monotonic() - began < SETTLE_S:
            stored = await building.settle(20)
            behind = await building.in_thread(_behind)
        found = await building.in_thread(compare, building)
        lost = sum(each.missing for each in found) + sum(one.log.gaps() for one in building.controllers)
        return {
            "broker": broker,
            "interpreter": building.interpreter,
            "boards": boards,
            "seconds of cuts": round(lasted),
            "cuts": dict(sorted(campaign.cuts.items())),
            "events recorded": sum(len(one.log.events) for one in building.controllers),
            "events stored": sum(each.rows for each in found),
            "access changes": campaign.changes,
            "seconds until all was in line": round(time.monotonic() - began),
            "goals": [
                goal("events lost", lost, "events", 0),
                goal("events doubled", sum(each.rows - each.distinct for each in found), "events", 0),
                goal("events altered", sum(each.different for each in found), "events", 0),
                goal("access lists that differ", behind, "boards", 0),
            ],
        }
    finally:
        await building.stop()
        if mosquitto is not None:
            mosquitto.kill()


def _behind() -> int:
    """Boards whose own digest, sealed, is not the cloud's."""
    from tools.cloud.models import Controller

    return Controller.objects.filter(in_sync=False).count()


class Campaign:
    """One cut after the other at every board; somebody taps, and rights change."""

    def __init__(self, building: Any, people: Any, mosquitto: Mosquitto | None, chance: random.Random) -> None:
        self.building = building
        self._cards = [encode(**person["card"]) for person in people]
        self.changes = 0
        self.processes: Counter[str] = Counter()
        self._mosquitto = mosquitto
        self._chance = chance
        self._left = 0

    @property
    def cuts(self) -> Counter[str]:
        return sum((controller.network.cuts for controller in self.building.controllers), Counter(self.processes))

    async def run(self, cuts: int) -> None:
        self._left = cuts
        others = [asyncio.create_task(self._change())]
        others += [asyncio.create_task(self._tap(controller)) for controller in self.building.controllers]
        try:
            await asyncio.gather(*[self._cut(controller) for controller in self.building.controllers])
        finally:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    async def _cut(self, one: Any) -> None:
        while self._left > 0:
            shared = self._chance.random() < SHARED / len(self.building.controllers)
            kind = self._chance.choice((BROKER, WORKER) if shared else (*KINDS, TAKE_OVER, POWER))
            if kind in KINDS:
                one.network.planned = kind, self._chance.randrange(1, self._chance.choice((700, 2_000)))
                end = time.monotonic() + PATIENCE_S
                while one.network.planned is not None and time.monotonic() < end:
                    await asyncio.sleep(0.02)
                if one.network.planned is not None:
                    one.network.planned = None
                    continue
            else:
                await asyncio.sleep(self._chance.random())
                await self._kill(kind, one)
                self.processes[kind] += 1
            self._left -= 1
            if self._left % 20 == 0:
                progress(f"{self._left} cuts to go")
            await asyncio.sleep(self._chance.random() * 1.5)

    async def _kill(self, kind: str, one: Any) -> None:
        building = self.building
        if kind == TAKE_OVER:
            await asyncio.to_thread(_take_over, one.settings["broker"], one.identity)
        elif kind == POWER:
            await one.set_power(False)
            await asyncio.sleep(self._chance.random())
            await one.set_power(True)
        elif kind == WORKER:
            building.worker.kill()
            building.worker.restarts = 0  # it is no fault of its own
        elif self._mosquitto is None:
            building.broker.kill()
            building.broker.restarts = 0
        else:
            await asyncio.to_thread(self._mosquitto.kill)
            await asyncio.sleep(self._chance.random())
            await asyncio.to_thread(self._mosquitto.start)

    async def _tap(self, one: Any) -> None:
        while True:
            await asyncio.sleep(TAP_S * 2 * self._chance.random())
            reader = self._chance.choice(one.board.board["doors"])["reader"]
            if one.board.alive:
                one.board.wiegand(reader["d0"], reader["d1"], self._chance.choice(self._cards))

    async def _change(self) -> None:
        while True:
            await asyncio.sleep(CHANGE_S * 2 * self._chance.random())
            await self.building.in_thread(_give_or_take, 70_000 + self._chance.randrange(12))
            self.changes += 1


def _give_or_take(number: int) -> None:
    """A card is given, or taken away when it is there."""
    from tools.cloud.models import Credential, Person
    from tools.cloud.people.people import give_card, revoke

    held = Credential.objects.filter(bits=34, number=number, active=True).first()
    if held is not None:
        revoke(held)
    else:
        give_card(Person.objects.filter(active=True, grants__isnull=False).order_by("pk")[0], 34, number)


def _take_over(broker: dict[str, Any], name: str) -> None:
    """Another client connects under the board's name."""
    body = text("MQTT") + b"\x04\xc2\x00\x1e" + text(name) + text(broker["user"]) + text(broker["password"])
    if not broker["user"]:
        body = text("MQTT") + b"\x04\x02\x00\x1e" + text(name)
    try:
        with socket.create_connection((broker["host"], broker["port"]), 2) as sock:
            sock.sendall(packet(CONNECT, 0, body))
            sock.settimeout(2)
            sock.recv(4)
    except OSError as error:
        progress(f"no take-over: {error}")


def bench(
    broker: Annotated[str, typer.Option("--broker", help="amqtt or mosquitto.")] = "mosquitto",
    count: Annotated[int, typer.Option("--count", help="How many cuts.", min=1)] = CUTS,
    boards: Annotated[int, typer.Option("--boards", help="How many controllers.", min=1)] = BOARDS,
    seed: Annotated[int, typer.Option("--seed", help="Of what is cut where.")] = 1,
    json: Json = False,
) -> None:
    """The same with a real broker and MicroPython: a proxy cuts at a byte, processes are killed with -9."""
    show(json, measure(broker, count, boards, seed))
