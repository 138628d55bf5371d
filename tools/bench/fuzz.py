"""Hostile messages in great number, to a controller and to the cloud's ingest: what they may not do, they do not.

At least half of them are sealed with the right keys and hostile inside. The rest is what an owner of the broker can
make: forged, cut, replayed, of another session.
"""

import gc
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Annotated, Any

import typer

from tools import umqtt
from tools.bench.goals import show
from tools.terminal import Json

BROKER = {"host": "broker.example", "port": 1883, "user": "", "password": ""}
MESSAGES = 1_000_000
UP_SHARE = 8  # every eighth message goes to the cloud: there it meets a database
SEALED_SHARE = 0.55
STEP_MS = 7  # between two messages to the controller
SESSION = 500  # messages of one session, then a new one begins
HEARD = 200  # payloads that are kept for replaying
SLICE = 20_000  # messages after which memory is looked at


class Broke(AssertionError):
    """Something that may not happen has happened."""


def controller(seed: int, count: int) -> dict[str, Any]:
    """So many messages to one controller."""
    sys.path.insert(0, str(umqtt.path()))
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - what the firmware says of every message
    from firmware.controller.cloud import wire
    from sim.fuzz import messages
    from sim.fuzz.board import BANK, UTC, HandBoard

    chance = Random(seed)
    with tempfile.TemporaryDirectory(prefix="portvakt-fuzz-") as folder:
        board = HandBoard(Path(folder), Random(seed + 1), bank=BANK)
        known = messages.Known(UTC)
        heard: list[bytes] = []
        sealed = refused = unsealed_changes = 0
        memory: list[int] = []
        for n in range(count):
            if n % SESSION == 0 or board.channel is None:
                board.connect(tell_time=chance.random() < 0.8)
                known.nonce = board.asked
            channel = board.channel
            assert channel is not None
            log, table = board.loop.log, board.loop.table
            known.epoch, known.last, known.acl = log.epoch, log.last, table.version
            before = sum(board.refused.values())
            if chance.random() < SEALED_SHARE:
                sealed += 1
                payload = channel.seal(messages.hostile(chance, known, messages.DOWN))
                board.deliver(payload)
            else:
                state = table.version, table.digest, board.loop.rules.version, log.acknowledged
                payload = messages.outside(chance, heard, channel.session)
                board.deliver(payload)
                unsealed_changes += state != (table.version, table.digest, board.loop.rules.version, log.acknowledged)
            refused += sum(board.refused.values()) > before
            heard.append(payload)
            del heard[: len(heard) - HEARD]
            for message in board.told():
                if message[0] == wire.TIME_ASKED:
                    known.nonce = bytes(message[1:9])
            board.chip.time = (board.chip.time + STEP_MS) % (1 << 30)
            known.utc = board.loop.clock.utc(board.chip.time) or UTC
            if (n + 1) % SLICE == 0:
                gc.collect()
                memory.append(sys.getallocatedblocks())
        board.connect()
        if not board.loop.sync.open or board.loop.clock.utc(board.chip.time) != UTC:
            raise Broke("the controller does not listen any more")
        return {
            "messages": count,
            "sealed": sealed,
            "refused": dict(board.refused),
            "counted": refused,
            "releases": board.chip.releases,
            "changes by who has no keys": unsealed_changes,
            "memory": memory,
        }


def cloud(seed: int, count: int) -> dict[str, Any]:
    """So many messages to the cloud's ingest, with a database in memory."""
    with tempfile.TemporaryDirectory(prefix="portvakt-fuzz-") as folder:
        os.environ |= {
            "PORTVAKT_DATA": folder,
            "DATABASE_URL": "sqlite://:memory:",
            "SECRET_KEY": "for a campaign",
            "DJANGO_SETTINGS_MODULE": "tools.cloud.settings",
        }
        import django

        django.setup()
        return _cloud(seed, count)


def _cloud(seed: int, count: int) -> dict[str, Any]:
    from django.core.management import call_command
    from django.db import transaction

    import sim.mcu  # noqa: F401  before any firmware file is imported
    from firmware.controller.cloud import wire
    from sim.fuzz import messages
    from sim.fuzz.board import UTC
    from tools.cloud.controllers import enrol
    from tools.cloud.ingest.ingest import Ingest
    from tools.cloud.models import Command, Controller
    from tools.cloud.services import clock
    from tools.cloud.sites import sites, tenants

    call_command("migrate", verbosity=0)
    chance, moment = Random(seed), [float(UTC)]
    clock.source = lambda: moment[0]
    site = sites.make(tenants.make("Fuzz").pk, "Fuzz")
    board = {"name": "test", "doors": [{}, {}]}
    row, settings = enrol.enrol(site, "A", board, broker=BROKER, urandom=chance.randbytes)
    down: list[bytes] = []
    ingest = Ingest(lambda topic, payload: down.append(payload), lambda: moment[0], chance.randbytes)
    up = wire.topics(settings["controller"])[0]
    wanted = _wanted(row.pk)
    known, heard, sealed = messages.Known(UTC), [b"x"], 0
    memory: list[int] = []
    channel: Any = None
    for n in range(count):
        if n % SESSION == 0:
            channel = _opened(ingest, down, settings, chance.randbytes(16))
            ingest.on_message(up, channel.seal(bytes((wire.PING,))))
        with transaction.atomic():
            if chance.random() < SEALED_SHARE:
                sealed += 1
                payload = channel.seal(messages.hostile(chance, known, messages.UP))
            else:
                payload = messages.outside(chance, heard, channel.session)
            ingest.on_message(up, payload)
        heard.append(payload)
        heard += [one for one in down[-1:] if one]
        del heard[: len(heard) - HEARD]
        down.clear()
        moment[0] += 0.03
        if n % 20 == 0:
            known.epoch, known.last = Controller.objects.values_list("log_epoch", "acked").get(pk=row.pk)
            known.epoch = known.epoch or 0
            ingest.poll()
        if (n + 1) % SLICE == 0:
            gc.collect()
            memory.append(sys.getallocatedblocks())
    moment[0] += 2
    ingest.poll()
    row.refresh_from_db()
    refused = Counter(row.refused)
    if refused["error"] or refused["database"]:
        raise Broke(f"messages that the ingest did not understand: {dict(refused)}")
    return {
        "messages": count,
        "sealed": sealed,
        "refused": dict(refused),
        "counted": sum(refused.values()),
        "releases": Command.objects.count(),
        "changes by who has no keys": int(_wanted(row.pk) != wanted),
        "memory": memory,
    }


def _opened(ingest: Any, down: list[bytes], settings: dict[str, Any], nonce: bytes) -> Any:
    """The board's end of a new session. down: what the ingest has sent."""
    from firmware.controller.cloud import wire
    from firmware.controller.cloud.channel import ACCEPT, Channel, open_message, read_accept

    secret, name = bytes.fromhex(settings["link_secret"]), settings["controller"]
    down.clear()
    ingest.on_message(wire.topics(name)[0], open_message(secret, name, nonce))
    answer = next(payload for payload in reversed(down) if payload[0] == ACCEPT)
    return Channel(secret, nonce, read_accept(secret, name, nonce, answer))


def _wanted(controller: int) -> tuple[Any, ...]:
    """What the cloud wants the board to hold: nothing that a board says changes it."""
    from tools.cloud.models import Controller

    row = Controller.objects.get(pk=controller)
    return bytes(row.link_secret), bytes(row.table_key), max(1, row.acl_version), row.acl_digest, row.rules_version


def measure(count: int = MESSAGES, seed: int = 1, processes: int = 2) -> dict[str, Any]:
    """Two thirds of the work in one process, the rest in the other: the cloud's part takes longer a message."""
    to_cloud = count // UP_SHARE
    half = (count - to_cloud) // 2
    jobs = [(cloud, seed, to_cloud), (controller, seed, half), (controller, seed + 1, count - to_cloud - half)]
    begun = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=1) as pool:
        pending = [pool.apply_async(job, (number, n)) for job, number, n in jobs]
        done = [one.get() for one in pending]
    sealed = sum(part["sealed"] for part in done)
    kinds: Counter[str] = Counter()
    for part in done:
        kinds.update(part["refused"])
    growth = max(_growth(part["memory"]) for part in done)
    figures = {
        "messages": count,
        "seconds": round(time.monotonic() - begun, 1),
        "to the cloud": to_cloud,
        "sealed with the right keys": sealed,
        "refused": dict(sorted(kinds.items())),
        "memory": [part["memory"] for part in done],
    }
    goals = [
        _goal("sealed and hostile inside", round(100 * sealed / count, 1), "%", 50, sealed * 2 >= count),
        _goal("releases", sum(part["releases"] for part in done), "", 0),
        _goal("changes by who has no keys", sum(part["changes by who has no keys"] for part in done), "", 0),
        _goal("blocks of memory kept in 1,000", growth, "blocks", 100),
        _goal("kinds of refusal counted", len([kind for kind in kinds.values() if kind]), "", 7, len(kinds) >= 7),
    ]
    return {**figures, "goals": goals}


def _growth(memory: list[int]) -> float:
    """Blocks kept for every 1,000 messages, after the first slices."""
    if len(memory) < 4:
        return 0.0
    settled = memory[len(memory) // 2 :]
    return round(max(0, settled[-1] - settled[0]) * 1000 / (SLICE * max(1, len(settled) - 1)), 1)


def _goal(name: str, value: float, unit: str, limit: float, met: bool | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "goal": limit, "met": value <= limit if met is None else met}


def bench(
    messages: Annotated[int, typer.Option("--messages", help="How many.", min=1000)] = MESSAGES,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, the same messages.")] = 1,
    json: Json = False,
) -> None:
    """Hostile messages to a controller and to the cloud, at least half of them sealed with the right keys."""
    show(json, measure(messages, seed))
