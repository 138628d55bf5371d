"""`portvakt sim run SCENARIO --on board`: a story on real MicroPython in real time, and the same in virtual time.

The building of `portvakt run` plays it: virtual boards with littlefs, a real broker, the cloud's worker in a process of
its own. What both told must be the same: each verdict with its reason, what each board recorded and in which order,
each alarm.
"""

import asyncio
import importlib.util
import json
import multiprocessing
import sqlite3
import tempfile
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware.controller import events as codes
from sim import words
from sim.mcu.flash import SECTOR
from sim.story import outcome, script, short
from sim.story.script import Happening, Story
from sim.virtual.building import Record
from sim.virtual.scheduler import SECOND
from sim.world.network import BLACK_HOLE, PASS
from sim.world.wiegand import card_bits
from tools.terminal import Problem, progress

RELEASE_MS = 3_000  # as the building of `portvakt run` enrols its doors
REACH_S, PRESS_S, STAYS_MS = 0.5, 0.3, 3_000  # as in sim/story/play.py
LOOK_S = 0.1
SETTLE_S = 60
# When these come depends on the link alone, and a link in real time is never twice the same.
LINK = (codes.CLOCK_SET, codes.MESSAGE_REFUSED, codes.NETWORK_RESTARTED)

Told = dict[str, Any]


def compared(name: str, seed: int | None) -> Told:
    """Plays the story both ways at once. Raises Problem when it cannot be played on boards."""
    if importlib.util.find_spec("littlefs") is None:
        raise Problem("littlefs-python is missing; install the extra `dev`")
    story = _short(name, seed)
    minutes = (story.days * 86_400 - short.LEAD_S) / 60
    progress(f"{story.title}: {minutes:.1f} minutes of real time, and the same in virtual time")
    began = time.perf_counter()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        virtual = pool.submit(in_virtual_time, name, seed)
        board = on_boards(story)
        told = {"virtual": virtual.result(), "board": board}
    found = differences(told["virtual"], told["board"])
    kept = all(one["kept"] for side in told.values() for one in side["expectations"])
    return {
        "scenario": story.name,
        "title": story.title,
        "seed": story.seed,
        "same": not found,
        "kept": kept and not found,
        "differences": found,
        **told,
        "seconds": round(time.perf_counter() - began, 1),
    }


def _short(name: str, seed: int | None) -> Story:
    try:
        return short.shortened(script.load(script.find(name), seed))
    except script.Faulty as error:
        raise Problem(str(error)) from None


def in_virtual_time(name: str, seed: int | None) -> Told:
    """The story in virtual time, in a process of its own: Django is set up once in each."""
    from sim.story import play
    from tools.simulate import run as simulate
    from tools.story import real_stage

    simulate.import_path()
    story = _short(name, seed)
    with tempfile.TemporaryDirectory() as scratch:
        told = story.description, Path(scratch), story.seed, 0, story.board, story.begins
        with real_stage(*told) as (building, hand):
            from tools.cloud.models import Door

            for door in Door.objects.all():
                door.release_ms = RELEASE_MS
                door.save()
            played = play.play(story, building, hand)
            return tell(played, building.faults)


def on_boards(story: Story) -> Told:
    """The story on virtual boards, in real time."""
    from tools.run.environment import mqtt_of, prepare

    url, _ = mqtt_of(None)
    with tempfile.TemporaryDirectory() as scratch:
        prepare(Path(scratch), url, "http://127.0.0.1")
        return asyncio.run(_on_boards(story, Path(scratch), url))


async def _on_boards(story: Story, folder: Path, url: str) -> Told:
    from tools.run.building import Building

    class Installed(Building):
        """Its boards come with the firmware on their flash: the installer has tests of its own, and takes its time."""

        async def _start_controller(self, one: Any) -> None:
            await asyncio.to_thread(image, one)
            await one.network.start()
            await one.board.start()

    building = Installed(story.description, folder, "micropython", progress, url, own_broker=True)
    try:
        await building.start()
        stage = Stage(story, building, folder)
        return await stage.play()
    finally:
        await building.stop()


def image(one: Any) -> None:
    """The board's file system as an installer leaves it."""
    from littlefs import LittleFS

    from tools import build
    from tools.install import payload
    from tools.run.controllers import BOARD

    settings = one.folder / "settings.json"
    settings.write_text(json.dumps(one.settings))
    files = LittleFS(block_size=SECTOR, block_count=one.board.board["flash"]["littlefs"] // SECTOR, prog_size=256)
    for path, content in payload.assemble(build.make(), BOARD, settings).files.items():
        files.makedirs(path.rpartition("/")[0] or "/", exist_ok=True)
        with files.open(path, "wb") as file:
            file.write(content)
    (one.folder / "littlefs.img").write_bytes(bytes(files.context.buffer))


@dataclass
class Stage:
    """A story on its boards. records, doors: as a building in virtual time has them, for the checks."""

    story: Story
    building: Any
    folder: Path
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        from tools.run.flash import FlashLog
        from tools.story import DatabaseHand

        self.hand = DatabaseHand()
        people = self.story.description["people"] + self.story.description["strangers"]
        self.holders = {one["name"]: one for one in people}
        self.first = {name: list(one.get("doors", ())) for name, one in self.holders.items()}
        self.doors = {door.name: (one, door) for one in self.building.controllers for door in one.doors}
        self.controllers = {one.name: one for one in self.building.controllers}
        self.logs = {one.name: FlashLog(one.folder / "log.img") for one in self.building.controllers}
        self.backup: sqlite3.Connection | None = None
        self.begun = 0.0

    @property
    def now(self) -> int:
        """Microseconds of the story."""
        return int((time.monotonic() - self.begun) * SECOND)

    def record(self, where: str, what: str, *detail: Any) -> None:
        self.records.append(Record(self.now, where, what, detail))

    async def play(self) -> Told:
        for log in self.logs.values():
            log.refresh()
        self.begun = time.monotonic() - short.LEAD_S
        looking = asyncio.create_task(self._look())
        tasks = [asyncio.create_task(self._at(one.at, self.do(one))) for one in self.story.happenings]
        try:
            await self._until(round(self.story.days * 86_400 * SECOND))
            await asyncio.gather(*tasks)
            self.mend()
            settled, figures = await self.settled()
        finally:
            for task in (*tasks, looking):
                task.cancel()
        return tell(Over(self.story, self, settled, figures), [])

    async def settled(self) -> tuple[bool, dict[str, float]]:
        """Whether everything is stored in the end, and the figures then. A leaf that falls shut is another event."""
        end = time.monotonic() + SETTLE_S
        while True:
            settled = await self.building.settle(end - time.monotonic())
            figures = await self.building.in_thread(self.figures)
            if not figures["lost"] or time.monotonic() > end:
                return settled, figures

    async def _until(self, at: int) -> None:
        await asyncio.sleep(max(0, at - self.now) / SECOND)

    async def _at(self, at: int, act: Coroutine[Any, Any, None]) -> None:
        await self._until(at)
        await act

    async def _look(self) -> None:
        """Puts on record what the boards put on flash."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        for name, log in self.logs.items():
            for one in log.refresh():
                said = one.sequence, one.utc, one.code, one.door, one.extra, one.flags, one.count
                self.record(name, "event", *said)

    # What happens.

    async def do(self, one: Happening) -> None:
        if one.do in ("tap", "misread", "pass"):
            await self.tap(one)
        elif one.do == "exit button":
            door = self.doors[one.door][1]
            door.press(True)
            await asyncio.sleep(PRESS_S)
            door.press(False)
            await asyncio.sleep(REACH_S - PRESS_S)
            door.push(self.stays_ms(one))
        elif one.do == "force":
            self.doors[one.door][1].force(self.stays_ms(one))
        elif one.do == "go out":
            await asyncio.sleep(REACH_S)
            self.doors[one.door][1].push(self.stays_ms(one))
        elif one.do in ("release", "lockdown", "evacuation", "normal", "revoke", "grant"):
            await self.building.in_thread(self.ask, one)
        else:
            await self.switch(one)

    @staticmethod
    def stays_ms(one: Happening) -> int:
        return STAYS_MS if one.lasts is None else one.lasts * 1000 // SECOND

    async def tap(self, one: Happening) -> None:
        controller, door = self.doors[one.door]
        bits = card_bits(self.holders[one.who]["card"])
        self.record(controller.name, "tap", door.number, one.who)
        if one.do == "misread":
            door.misread(bits)
            return
        answer = asyncio.create_task(door.tap(one.who, bits))
        if one.do == "pass":
            await asyncio.sleep(REACH_S)
            door.push(self.stays_ms(one))
        await answer

    def ask(self, one: Happening) -> None:
        """What administrators do: in the cloud's database."""
        if one.do == "release":
            controller, door = self.doors[one.door]
            self.hand.release(controller, door.number)
        elif one.do == "revoke":
            self.hand.revoke(one.who)
        elif one.do == "grant":
            self.hand.grant(one.who, self.first[one.who] if one.doors is None else list(one.doors))
        else:
            self.hand.emergency(one.do)

    async def switch(self, one: Happening) -> None:
        """What goes wrong, and is right again when its time is over."""
        turns = [self.turn(one.do, self.controllers[name]) for name in one.where] or [self.turn(one.do, None)]
        for turn in turns:
            await turn(False)
        if one.lasts is not None:
            await asyncio.sleep(one.lasts / SECOND)
            for turn in turns:
                await turn(True)

    def turn(self, do: str, board: Any) -> Callable[[bool], Coroutine[Any, Any, None]]:
        """The switch behind a happening: it is called with whether all is well again."""
        building = self.building

        async def turned(well: bool) -> None:
            on = well or do.endswith(" on")
            if do in ("network off", "network on"):
                await building.set_network(board, on)
            elif do in ("power off", "power on"):
                await building.set_power(board, on)
            elif do == "black hole":
                await board.network.set(PASS if well else BLACK_HOLE)
            elif do in ("broker off", "broker on"):
                await (building.broker.start() if on else building.broker.stop())
            else:
                await self.cloud(do)

        return turned

    async def cloud(self, do: str) -> None:
        worker = self.building.worker
        if do == "cloud backed up":
            self.backup = sqlite3.connect(":memory:", check_same_thread=False)
            with sqlite3.connect(self.folder / "portvakt.sqlite3") as there:
                there.backup(self.backup)
        elif do == "cloud restored" and self.backup is not None:
            await worker.stop()
            with sqlite3.connect(self.folder / "portvakt.sqlite3") as there:
                self.backup.backup(there)
            await worker.start()
        else:
            worker.kill()

    def mend(self) -> None:
        """A story that leaves something broken leaves the comparison nothing to say."""
        down = [one.name for one in self.building.controllers if not (one.power and one.network_up)]
        if down:
            raise Problem(f"{self.story.name}: it ends with {down[0]} without power or network; mend it in the story")

    def figures(self) -> dict[str, float]:
        """What can be counted on real boards, by the names that stories know."""
        from tools.run.summary import compare

        self.look()
        held = compare(self.building)
        said = [record.detail[2] for record in self.records if record.what == "event"]
        kinds = [words.VERDICTS.get(code) for code in said]
        return {
            "taps": sum(record.what == "tap" for record in self.records),
            "granted": kinds.count(words.GRANTED),
            "denied": kinds.count(words.DENIED),
            "misread": kinds.count(words.MISREAD),
            "released from afar": said.count(codes.RELEASED_REMOTE),
            "recorded": sum(len(one.log.events) for one in self.building.controllers),
            "stored": sum(one.rows for one in held),
            "lost": sum(one.missing for one in held),
            "duplicated": sum(one.rows - one.distinct for one in held),
            "altered": sum(one.different for one in held),
        }


@dataclass
class Over:
    """A story that is over, as sim.story.outcome wants it."""

    story: Story
    building: Any
    settled: bool
    figures: dict[str, float]


def tell(played: Any, faults: list[str]) -> Told:
    """What a run came to, in words that are the same on both sides."""
    stage, begins = played.building, short.LEAD_S * SECOND
    records = [one for one in stage.records if one.at >= begins]
    names = {(one.name, door.number): name for name, (one, door) in stage.doors.items()}
    taps = []
    for one in records:
        if one.what == "tap":
            code = outcome.verdict_on(stage.records, one)
            said = "nothing" if code is None else words.word(code)
            taps.append([names[one.where, one.detail[0]], one.detail[1], said])
    recorded: dict[str, list[str]] = {one.name: [] for one, _ in stage.doors.values()}
    alarms: dict[str, int] = {}
    for one in records:
        if one.what == "event" and one.detail[2] not in LINK:
            word = words.word(one.detail[2])
            place = names.get((one.where, one.detail[3]), "")
            recorded[one.where].append(f"{place}: {word}" if place else word)
            if words.EVENTS.get(one.detail[2], ("", ""))[1] == "alarm":
                alarms[word] = alarms.get(word, 0) + 1
    known = [one for one in played.story.expects if not one.figure or one.figure in played.figures]
    judged = [outcome.judged(played, one) for one in known]
    settled = "" if played.settled else "something was still not stored or not in sync"
    judged += [outcome.Outcome("when all is mended, everything is stored", settled)]
    judged += [outcome.Outcome("no promise is broken", sentence) for sentence in faults[:5]]
    return {
        "taps": taps,
        "recorded": recorded,
        "alarms": dict(sorted(alarms.items())),
        "figures": played.figures,
        "expectations": [{"said": one.said, "kept": one.kept, "found": one.found} for one in judged],
    }


def differences(virtual: Told, board: Told) -> list[str]:
    """Each difference in a sentence."""
    found = []
    for n in range(max(len(virtual["taps"]), len(board["taps"]))):
        both = [side["taps"][n] if n < len(side["taps"]) else None for side in (virtual, board)]
        if both[0] != both[1]:
            found.append(f"tap {n + 1}: {_tap(both[0])} in virtual time, {_tap(both[1])} on the boards")
    for name, ours in virtual["recorded"].items():
        theirs = board["recorded"][name]
        if ours != theirs:
            at = next(
                (n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs))
            )
            seen = [side[at] if at < len(side) else "nothing more" for side in (ours, theirs)]
            found.append(f"{name}, record {at + 1}: {seen[0]} in virtual time, {seen[1]} on the board")
    if virtual["alarms"] != board["alarms"]:
        found.append(f"alarms: {virtual['alarms']} in virtual time, {board['alarms']} on the boards")
    return found


def _tap(one: list[str] | None) -> str:
    return "no tap" if one is None else f"{one[1]} at {one[0]}, {one[2]}"


def lines(facts: Told) -> list[str]:
    """The same for a person: both sides, and where they differ."""
    virtual, board = facts["virtual"], facts["board"]
    text = [f"{facts['title']} (seed {facts['seed']}): on boards and in virtual time, {facts['seconds']:.0f} s"]
    for n, (place, who, said) in enumerate(virtual["taps"]):
        other = board["taps"][n][2] if n < len(board["taps"]) else "no tap"
        text.append(f"  {'same  ' if said == other else 'DIFFER'}  {who} at {place}: {said} | {other}")
    for name, ours in virtual["recorded"].items():
        theirs = board["recorded"][name]
        text.append(f"  {'same  ' if ours == theirs else 'DIFFER'}  {name}: {len(ours)} | {len(theirs)} records")
    text.append(f"  alarms: {virtual['alarms']} | {board['alarms']}")
    for side, name in ((virtual, "in virtual time"), (board, "on the boards")):
        kept = [one for one in side["expectations"] if one["kept"]]
        text.append(f"  {name} {len(kept)} of {len(side['expectations'])} expectations kept")
        text += [f"  BROKEN  {one['said']}: {one['found']}" for one in side["expectations"] if not one["kept"]]
    return [*text, *(f"  DIFFER  {sentence}" for sentence in facts["differences"])]
