"""Tap to strike on the real MicroPython while the link is as bad as can be, beside a board whose link is well.

A board for each of what can be wrong, all running at once and tapped one after the other, in another order each time:
whatever else this machine does, it does to all of them alike. From the card sent to the strike's pin.
"""

import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sim.board.host import VirtualBoard
from sim.mcu.flash import NorFlash
from sim.world.wiegand import encode
from tools import build
from tools.bench.images import fill, put_cards
from tools.bench.tap_links import CARDS, IDLE, RATIO, STATES, WAITING
from tools.install import payload
from tools.simulate.run import _ROOT, BOARD
from tools.terminal import Problem, progress

TAPS = 1_000
CARD = (34, 1, 4711)
ANSWER_S = 5.0
REST_S = 0.3  # before the same board is tapped again: its strike is back
RELEASE_MS = 150
PSK = "ab" * 32

Figures = dict[str, Any]


class Tapped:
    """One board and its strike."""

    def __init__(self, state: str, table: dict[str, Any], folder: Path) -> None:
        self.state = state
        self.waits: list[float] = []
        self.missed = 0
        self.rested = 0.0
        self._door = table["doors"][0]
        self._moved: asyncio.Future[float] | None = None
        self.board = VirtualBoard(state.replace(" ", "-").replace(",", ""), table, folder, self._output)

    def _output(self, pin: int, level: int) -> None:
        strike = self._door["strike"]
        moved = self._moved
        if pin == strike["pin"] and level == strike["active"] and moved is not None and not moved.done():
            moved.set_result(time.perf_counter())

    async def tap(self, counts: bool) -> None:
        await asyncio.sleep(max(0.0, self.rested - time.monotonic()))
        self._moved = asyncio.get_running_loop().create_future()
        begun = time.perf_counter()
        self.board.wiegand(self._door["reader"]["d0"], self._door["reader"]["d1"], encode(*CARD))
        try:
            moved = await asyncio.wait_for(self._moved, ANSWER_S)
            if counts:
                self.waits.append(1000 * (moved - begun))
        except TimeoutError:
            self.missed += counts
        self._moved = None
        self.rested = time.monotonic() + REST_S


def measure(taps: int = TAPS, seed: int = 1) -> Figures:
    with tempfile.TemporaryDirectory(prefix="portvakt-bench-") as folder:
        return asyncio.run(_measure(Path(folder), taps, random.Random(seed)))


async def _measure(folder: Path, taps: int, chance: random.Random) -> Figures:
    table = json.loads((_ROOT / "boards" / BOARD / "board.json").read_text())
    states = [IDLE, *STATES]
    tapped = [Tapped(state, table, folder / str(n)) for n, state in enumerate(states)]
    from sim.world.wiegand import payload as number_of

    cards = [(34, number_of(*CARD)), *((34, number) for number in range(CARDS))]
    rules = {"version": 1, "profiles": {"1": [1, 2]}, "doors": {"1": {"release_ms": RELEASE_MS}}}
    settings = [_settings(n, state) for n, state in enumerate(states)]
    plan: dict[str, Any] = {"rules": json.dumps(rules), "cards": cards}
    plan["boards"] = [{"state": state, "settings": each} for state, each in zip(states, settings, strict=True)]
    (folder / "plan.json").write_text(json.dumps(plan))
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.bench.links_child", str(folder / "plan.json"),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=_ROOT,
    )  # fmt: skip
    assert child.stdout is not None and child.stdin is not None
    try:
        ports = json.loads(await child.stdout.readline())
        ready = payload.assemble(build.make(), BOARD, None)
        for one, each, port in zip(tapped, settings, ports, strict=True):
            each["broker"]["port"] = port
            _flash(one.board, table, ready, each, rules, cards)
            if one.state == "10,000 events to send":
                fill(one.board.folder, WAITING)
            await one.board.start()
        await asyncio.sleep(8)
        for one in tapped:
            await one.tap(counts=True)
            if one.missed:
                said = " | ".join(list(one.board.log_tail)[-6:])
                raise Problem(f"{one.state}: the first card was not let in; the board said: {said}")
            one.waits.clear()
        for one in tapped:
            if one.state == "no network":
                one.board.set_network(False)
        child.stdin.write(b"go\n")
        await asyncio.sleep(15)
        shown = time.monotonic()
        for n in range(taps):
            order = list(tapped)
            chance.shuffle(order)
            for one in order:
                await one.tap(counts=True)
            if time.monotonic() - shown > 20:
                shown = time.monotonic()
                progress(f"{n + 1} taps at each board")
        restarts = sum(one.board.restarts for one in tapped)
        child.stdin.write(b"tell\n")
        busy = json.loads(await child.stdout.readline())
        return _figures(tapped, taps, busy, restarts)
    finally:
        for one in tapped:
            await one.board.stop()
        if child.returncode is None:
            child.kill()
        await child.wait()


def _settings(n: int, state: str) -> dict[str, Any]:
    broker: dict[str, Any] = {"host": "127.0.0.1", "port": 0, "user": "", "password": ""}
    if state == "dead DNS":
        broker["host"] = "broker.invalid"  # RFC 2606: no such name, for ever
    if state == "TLS stall":
        broker |= {"tls": "psk", "user": f"{n:016x}", "key": PSK}
    return ({"since": int(time.time())} if "tls" in broker else {}) | {
        "controller": f"{n:016x}",
        "link_secret": random.randbytes(32).hex(),
        "table_key": random.randbytes(32).hex(),
        "broker": broker,
        "wifi": {"name": "portvakt", "password": ""},
    }


def _flash(
    board: VirtualBoard, table: dict[str, Any], ready: payload.Payload, settings: Any, rules: Any, cards: Any
) -> None:
    """The board as an installer and a cloud left it."""
    from littlefs import LittleFS

    from firmware.controller.storage.settings_save import save

    board.folder.mkdir(parents=True)
    save(f"{board.folder}/", settings)
    save(f"{board.folder}/", rules, "rules")
    size = table["flash"]["littlefs"]
    files = LittleFS(block_size=4096, block_count=size // 4096, prog_size=256, read_size=256)
    saved = {f"/{name}": (board.folder / name).read_bytes() for name in ("settings.json", "rules.json")}
    for path, content in {**ready.files, **saved}.items():
        files.makedirs(path.rpartition("/")[0] or "/", exist_ok=True)
        with files.open(path, "wb") as file:
            file.write(content)
    (board.folder / "littlefs.img").write_bytes(bytes(files.context.buffer))
    acl = NorFlash(table["flash"]["acl"], "acl", file=str(board.folder / "acl.img"))
    put_cards(acl, bytes.fromhex(settings["table_key"]), cards)
    for label in ("log", "state"):
        NorFlash(table["flash"][label], label, file=str(board.folder / f"{label}.img"))


def _figures(tapped: list[Tapped], taps: int, busy: dict[str, list[int]], restarts: int) -> Figures:
    links = {}
    for one in tapped:
        waits = sorted(one.waits)
        if len(waits) < taps * 0.9:
            raise Problem(f"{one.state}: only {len(waits)} of {taps} taps were answered; look at the last change")
        at = {"p50_ms": 0.5, "p99_ms": 0.99}
        links[one.state] = {name: round(waits[int(len(waits) * part)], 2) for name, part in at.items()} | {
            "longest_ms": round(waits[-1], 1),
            "taps": len(waits),
            "missed": one.missed,
        }
        progress(f"{one.state}: {links[one.state]}")
    goals = []
    for state, found in links.items():
        if state != IDLE:
            ratio = round(found["p99_ms"] / links[IDLE]["p99_ms"], 2)
            goal = {"name": f"{state}: p99 to idle", "value": ratio, "unit": "times", "goal": RATIO}
            goals.append({**goal, "met": ratio <= RATIO})
    return {
        "interpreter": tapped[0].board.version,
        "taps": taps,
        "links": links,
        "events taken in meanwhile": busy["10,000 events to send"][0],
        "parts of snapshots taken meanwhile": busy["snapshot in progress"][1],
        "starts nobody asked for": restarts,
        "goals": goals,
    }
