"""`portvakt run`: the building from start to end, for a person at a browser or for a machine."""

import asyncio
import os
import signal
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.board.rom import micropython_exists
from sim.world.building import BUILDING
from tools.terminal import Json, Problem, progress, result

from .children import ChildFailed
from .described import with_bank
from .environment import bind, mqtt_of, prepare
from .folder import fresh
from .report import lines

if TYPE_CHECKING:
    from .building import Building
    from .figures import StoredEvents

ROOT = Path(__file__).resolve().parents[2]
_DRAIN_S = 15.0


class Interpreter(StrEnum):
    micropython = "micropython"
    cpython = "cpython"


def run(
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Run for so long with a crowd in a hurry, then sum up.")
    ] = None,
    json: Json = False,
    port: Annotated[int | None, typer.Option(help="Port of the pages; 8000 or a free one.")] = None,
    data: Annotated[Path, typer.Option(help="Data folder, made anew by every run.")] = ROOT / "var" / "run",
    walk: Annotated[bool, typer.Option("--walk/--no-walk", help="People walk by themselves.")] = True,
    interpreter: Annotated[
        Interpreter | None, typer.Option(help="What the boards run on; MicroPython where it is installed.")
    ] = None,
) -> None:
    """The building: broker, cloud end, controllers at doors and at a bank of lockers, shown on a page."""
    lock = fresh(data.absolute())
    try:
        with asyncio.Runner() as runner:
            facts = runner.run(_run(seconds, port, data.absolute(), walk, _interpreter(interpreter)))
    except ChildFailed as failed:
        raise Problem(f"{failed}; look above for why, and at {data}") from None
    finally:
        os.close(lock)
    if seconds is None and not json:
        return
    result(json, facts, *lines(facts))
    if facts["lost"] or facts["duplicated"]:
        raise typer.Exit(1)


async def _run(seconds: float | None, port: int | None, data: Path, walk: bool, interpreter: str) -> dict[str, Any]:
    """From start to end. Returns what the run came to."""
    told = _told_to_end()
    try:
        bound = bind(port)
    except OSError:
        raise Problem(f"port {port} is taken; name another with --port") from None
    address = f"http://127.0.0.1:{bound.getsockname()[1]}"
    mqtt_url, own_broker = mqtt_of(os.environ.get("MQTT_URL"))
    prepare(data, mqtt_url, address)
    # Only now: models can be imported when Django knows its settings.
    from . import live, seed, server
    from .building import Building
    from .summary import summary

    building = Building(
        with_bank(BUILDING), data, interpreter, progress, mqtt_url, own_broker, rush=seconds is not None
    )
    pages = server.Pages(bound)
    live.put(building)
    try:
        started = asyncio.create_task(building.start())
        await _first(started, told)
        if told.is_set():
            return summary(building, [], 0)
        await pages.start()
        token = await building.in_thread(seed.sign_in_link)
        progress(f"open {address}/enter/{token}?next=/building/")
        begun = time.monotonic()
        if walk:
            building.walks.start()
        building.start_parcels()
        if seconds is None:
            progress("the link signs in once; Ctrl-C ends the building")
        await _first(asyncio.create_task(told.wait()), told, seconds)
        ran = time.monotonic() - begun
        return summary(building, await _held(building), ran)
    finally:
        progress("ending")
        building.end_streams()
        await pages.stop()
        await building.stop()


async def _held(building: "Building") -> list["StoredEvents"]:
    """What the database holds in the end. A contact that bounced may still add an event: so it is asked again."""
    from .summary import compare

    end = time.monotonic() + _DRAIN_S
    while True:
        await building.settle(end - time.monotonic())
        held = await building.in_thread(compare, building)
        if not any(each.missing for each in held) or time.monotonic() > end:
            return held


def _told_to_end() -> asyncio.Event:
    """Set by Ctrl-C, by kill and by the terminal's end."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    return told


async def _first(task: asyncio.Task[Any], told: asyncio.Event, seconds: float | None = None) -> None:
    """Waits for the task, for the end, or so long. What a task raises is raised here."""
    end = asyncio.create_task(told.wait())
    await asyncio.wait([task, end], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    end.cancel()
    if task.done():
        await task
    else:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _interpreter(wanted: Interpreter | None) -> str:
    """MicroPython where its wheel is installed, else CPython."""
    if wanted is not None:
        return wanted.value
    if micropython_exists():
        return "micropython"
    progress("the MicroPython wheel does not exist for this machine: boards run on CPython")
    return "cpython"
