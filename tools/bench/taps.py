"""What many taps leave of the heap: one virtual board, the real broker, worker and database behind it."""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

import sim.mcu  # noqa: F401  before any firmware file is imported
from firmware.controller.cloud.wire import MAX_MESSAGE
from sim.world.building import BUILDING
from sim.world.wiegand import encode
from tools.bench.goals import goal, show
from tools.bench.memory import HEAP
from tools.terminal import Json, Problem, progress

TAPS = 10_000
_SAMPLES = 10  # looks at the heap on the way
_FRAME_S = 0.03  # a frame is over 25 ms after its last bit
_ANSWER_S = 5
_DRAIN_S = 60


def measure(taps: int = TAPS) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="portvakt-bench-") as folder:
        return asyncio.run(_measure(taps, Path(folder)))


async def _measure(taps: int, folder: Path) -> dict[str, Any]:
    from tools.run.environment import mqtt_of, prepare

    mqtt_url, own_broker = mqtt_of(None)
    prepare(folder, mqtt_url, "http://127.0.0.1")
    from tools.run.building import Building
    from tools.run.summary import compare

    one = {**BUILDING, "controllers": BUILDING["controllers"][:1]}
    building = Building(one, folder, "micropython", progress, mqtt_url, own_broker, rush=True)
    try:
        await building.start()
        free = await _tap(building, taps)
        if not await building.settle(_DRAIN_S):
            raise Problem(f"the log was not stored within {_DRAIN_S} s; {building.controllers[0].console()}")
        _, after, longest = await building.controllers[0].board.measure_heap()
        found = await building.in_thread(compare, building)
        log = building.controllers[0].log
        recorded = len(log.events)
        lost = sum(each.missing for each in found) + log.gaps()
        return {
            "interpreter": building.controllers[0].board.version,
            "heap_size": HEAP,
            "taps": taps,
            "events_recorded": recorded,
            "free_on_the_way": free,
            "free": after,
            "longest_free": longest,
            "goals": [
                goal("heap lost since 1/10 of the taps", free[0] - after, "bytes", 2048),
                {
                    "name": "longest free piece: a sealed message has to fit",
                    "value": longest,
                    "unit": "bytes",
                    "goal": MAX_MESSAGE,
                    "met": longest >= MAX_MESSAGE,
                },
                goal("events lost", lost, "events", 0),
                goal("taps not recorded", max(0, taps - recorded), "taps", 0),
            ],
        }
    finally:
        await building.stop()


async def _tap(building: Any, taps: int) -> list[int]:
    """Both readers in turn, cards that pass: of denials in a flood only the number is told. Free after each tenth."""
    board = building.controllers[0].board
    readers = [door["reader"] for door in board.board["doors"]]
    cards = [person["card"] for person in BUILDING["people"] if person["until"] is None]
    frames = [encode(card["bits"], card["facility"], card["number"]) for card in cards]
    free = []
    begun = time.monotonic()
    for tap in range(taps):
        reader = readers[tap % len(readers)]
        board.wiegand(reader["d0"], reader["d1"], frames[tap % len(frames)])
        await _until_recorded(building.controllers[0].log)
        if (tap + 1) % (taps // _SAMPLES) == 0:
            free.append(await _free(building))
            progress(f"{tap + 1} taps in {time.monotonic() - begun:.0f} s: {free[-1]} bytes free")
    return free


async def _until_recorded(log: Any) -> None:
    """Until flash holds one event more."""
    before, end = len(log.events), time.monotonic() + _ANSWER_S
    await asyncio.sleep(_FRAME_S)
    log.refresh()
    while len(log.events) == before and time.monotonic() < end:
        await asyncio.sleep(0.003)
        log.refresh()


async def _free(building: Any) -> int:
    free: int = (await building.controllers[0].board.measure_heap())[1]
    return free


def bench(taps_: Annotated[int, typer.Option("--taps", help="How many ", min=10)] = TAPS, json: Json = False) -> None:
    """What is left of the heap after many taps, with the sync going on."""
    show(json, measure(taps_))
