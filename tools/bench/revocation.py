"""From an administrator's save to the boards that no longer hold the card: a thousand controllers on one mosquitto.

The boards are the firmware's own application, a thousand in one process (fleet.py); the worker, its database and
the broker are processes of their own, as they are run.
"""

import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import psutil  # type: ignore[import-untyped]
import typer

from tools.bench.goals import goal, show
from tools.bench.mosquitto import Mosquitto
from tools.simulate.run import _ROOT, BOARD
from tools.terminal import Json, Problem, progress

BOARDS = 1_000
SITE = 5  # controllers of one customer: a card passes at all of them
REVOCATIONS = 150
PAUSE_S = 0.35
CONFIRMED_S = 5.0
READY_S = 900

Figures = dict[str, Any]
Take = Callable[[int], None]


def measure(
    boards: int = BOARDS,
    revocations: int = REVOCATIONS,
    take: Take | None = None,
    ready: Callable[[], None] = lambda: None,
) -> Figures:
    """take: how a card is taken away, given its number; None: as an administrator revokes it. ready: before all."""
    with tempfile.TemporaryDirectory(prefix="portvakt-bench-") as folder:
        return asyncio.run(_measure(Path(folder), boards, revocations, take or _revoked, ready))


async def _measure(folder: Path, count: int, revocations: int, take: Take, ready: Callable[[], None]) -> Figures:
    from tools.run.environment import mqtt_of, prepare

    url, _ = mqtt_of(None)
    port = int(url.rpartition(":")[2])
    prepare(folder, url, "http://127.0.0.1")
    settings, cards = await asyncio.to_thread(_enrol, count, revocations, port)
    await asyncio.to_thread(ready)
    progress(f"{count} controllers enrolled")
    (folder / "plan.json").write_text(json.dumps({"port": port, "settings": settings}))
    quiet: Any = {"stdout": asyncio.subprocess.DEVNULL, "stderr": asyncio.subprocess.DEVNULL}
    children: list[asyncio.subprocess.Process] = []
    mosquitto = Mosquitto(folder, port)
    try:
        children.append(
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tools.run.child", "worker", stdin=asyncio.subprocess.PIPE, cwd=_ROOT, **quiet
            )
        )
        boards = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tools.bench.fleet", str(folder / "plan.json"),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=_ROOT,
        )  # fmt: skip
        children.append(boards)
        held = HeldVersions(boards)
        await _until_ready(held, count)
        worker, boards_end = psutil.Process(children[0].pid), psutil.Process(boards.pid)
        began, before = time.monotonic(), [_used(one) for one in (worker, boards_end)]
        found = await _revoke(held, cards, count, take)
        seconds, after = time.monotonic() - began, [_used(one) for one in (worker, boards_end)]
        shares = [round((b - a) / seconds, 3) for a, b in zip(before, after, strict=True)]
        return {**found, "of one core: worker, all boards": shares, "load of the machine": os.getloadavg()[0]}
    finally:
        for child in reversed(children):
            if child.returncode is None:
                child.kill()
            await child.wait()
        mosquitto.kill()


def _used(process: psutil.Process) -> float:
    """Seconds of a core."""
    times = process.cpu_times()
    return float(times.user + times.system)


class HeldVersions:
    """What the boards say they hold, and since when. version: of each board; at[board, version]: when."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.version: dict[int, int] = {}
        self.at: dict[tuple[int, int], float] = {}
        self.ended = False
        self._process = process
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said = json.loads(line)
            if said != "built":
                place, version, _, at = said
                for each in range(self.version.get(place, 0) + 1, version + 1):
                    self.at[place, each] = at
                self.version[place] = version
        self.ended = True


def _enrol(count: int, revocations: int, port: int) -> tuple[list[dict[str, Any]], list[tuple[int, list[int]]]]:
    """(settings of the boards, [(card, boards that hold it)])."""
    from django.core.management import call_command
    from django.db import transaction

    from tools.cloud.controllers import enrol
    from tools.cloud.models import AccessGroup, Door
    from tools.cloud.people import groups as access_groups
    from tools.cloud.people import people
    from tools.cloud.sites import sites, tenants

    call_command("migrate", verbosity=0)
    table = json.loads((_ROOT / "boards" / BOARD / "board.json").read_text())
    broker = {"host": "127.0.0.1", "port": port, "user": "", "password": ""}
    wifi = {"name": "portvakt", "password": ""}
    settings: list[dict[str, Any]] = []
    cards: list[tuple[int, list[int]]] = []
    groups = []
    for first in range(0, count, SITE):
        with transaction.atomic():
            tenant = tenants.make(f"Borettslag {first}")
            site = sites.make(tenant.pk, tenant.name)
            places = list(range(first, min(first + SITE, count)))
            settings += [enrol.enrol(site, f"Controller {n}", table, broker=broker, wifi=wifi)[1] for n in places]
            doors = Door.objects.filter(controller__site=site).values_list("pk", flat=True)
            group = access_groups.save(AccessGroup(tenant=tenant), "Everybody", {}, dict.fromkeys(doors))
            groups.append((tenant, group, places))
    chance = random.Random(1)
    for n in range(revocations):
        tenant, group, places = chance.choice(groups)
        with transaction.atomic():
            person = people.enter(tenant.pk, name=f"Person {n}")
            people.put_into(person, [group.pk])
            cards.append((people.give_card(person, 34, 1_000 + n).pk, places))
    return settings, cards


async def _until_ready(held: HeldVersions, count: int) -> None:
    """Until every controller holds what it should."""
    began = shown = time.monotonic()
    while True:
        behind = await asyncio.to_thread(_behind)
        if not behind and len(held.version) == count:
            progress(f"all in line after {time.monotonic() - began:.0f} s")
            return
        if held.ended or time.monotonic() - began > READY_S:
            raise Problem(f"{behind} of {count} controllers are not in line after {time.monotonic() - began:.0f} s")
        if time.monotonic() - shown > 10:
            shown = time.monotonic()
            progress(f"{behind} controllers behind")
        await asyncio.sleep(1)


def _behind() -> int:
    from tools.cloud.models import Controller

    return Controller.objects.filter(in_sync=False).count()


def _unconfirmed() -> int:
    """Controllers that the pages show as without a link at this moment."""
    from tools.cloud.doors.doors import is_confirmed
    from tools.cloud.models import Controller
    from tools.cloud.services import clock

    now = clock.now()
    return sum(not is_confirmed(at, now) for at in Controller.objects.values_list("confirmed_at", flat=True))


def _revoked(card: int) -> None:
    from tools.cloud.models import Credential
    from tools.cloud.people.people import revoke

    revoke(Credential.objects.get(pk=card))


def _take(card: int, take: Take) -> tuple[float, float, dict[int, int]]:
    """Takes a card away. (the moment of the save, of its end, {controller: version to come})."""
    from tools.cloud.models import Controller

    at = time.monotonic()
    take(card)
    saved = time.monotonic()
    return at, saved, dict(enumerate(Controller.objects.order_by("pk").values_list("acl_version", flat=True)))


async def _revoke(held: HeldVersions, cards: list[tuple[int, list[int]]], count: int, take: Take) -> Figures:
    chance = random.Random(2)
    waits: list[float] = []
    last: list[float] = []
    saves: list[float] = []  # how long the save itself took
    looks = unconfirmed = 0
    await asyncio.sleep(2 * CONFIRMED_S)
    pending = []
    for card, places in cards:
        at, saved, versions = await asyncio.to_thread(_take, card, take)
        saves.append(saved - at)
        pending.append((at, [(place, versions[place]) for place in places]))
        looks += count
        unconfirmed += await asyncio.to_thread(_unconfirmed)
        await asyncio.sleep(PAUSE_S * (0.5 + chance.random()))
    await asyncio.sleep(5)
    missing = 0
    for at, wanted in pending:
        there = [held.at[one] - at for one in wanted if one in held.at]
        missing += len(wanted) - len(there)
        waits += there
        last.append(max(there, default=99.0))
    told = _percentiles(waits)
    progress(f"save to table: {told} ms")
    share = round(unconfirmed / looks, 5)
    return {
        "controllers": count,
        "revocations": len(pending),
        "boards a revocation": SITE,
        "save to table, ms": told,
        "of it the save itself, ms": _percentiles(saves),
        "save to the last board of a site, ms": _percentiles(last),
        "goals": [
            {**goal("revocation p99", told["p99"], "ms", 1_000), "met": told["p99"] < 1_000},
            goal("revocations that did not arrive", missing, "boards", 0),
            {
                "name": "links not confirmed in 5 s", "value": share, "unit": "share", "goal": 0.001,
                "met": share <= 0.001,
            },
        ],
    }  # fmt: skip


def _percentiles(waits: list[float]) -> dict[str, int]:
    """Milliseconds."""
    waits = sorted(waits)
    found = {name: round(1000 * waits[int(len(waits) * part)]) for name, part in (("p50", 0.5), ("p99", 0.99))}
    return found | {"longest": round(1000 * waits[-1])}


def bench(
    boards: Annotated[int, typer.Option("--boards", help="How many controllers.", min=5)] = BOARDS,
    count: Annotated[int, typer.Option("--count", help="How many cards.", min=10)] = REVOCATIONS,
    json: Json = False,
) -> None:
    """From the save to the boards' tables, with a thousand controllers on one mosquitto."""
    show(json, measure(boards, count))
