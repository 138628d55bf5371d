"""Plays a story in a virtual building: who does what when, and the figures when it is over."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from sim.cloud import Hand, MemoryCloud, settings_of
from sim.virtual.building import START, VirtualBuilding
from sim.virtual.controller import VirtualController
from sim.virtual.faults import FaultInjector
from sim.virtual.logs import days_of
from sim.virtual.pace import INSTANT, Pace
from sim.virtual.scheduler import DAY, MS, SECOND
from sim.world.building import Building
from sim.world.tables import Holder
from sim.world.wiegand import card_bits

from . import setting
from .script import Happening, Story
from .verbs import LINES, SWITCHES

BOARD = setting.BOARDS / setting.USUAL / "board.json"
EMERGENCIES = ("lockdown", "evacuation", "normal")
RINGS_US = SECOND
LOOK_US = SECOND  # when the story first looks whether the controllers have a change; then less and less often,
SELDOM_US = 60 * SECOND  # down to this
READY_S = 300  # from the first power to every board in sync
SETTLE_S = 3_600  # from the end of the story to everything stored
STEP_S = 600
REACH_US = 500 * MS  # from a verdict to a hand on the leaf
STAYS_MS = 3_000


@dataclass
class Played:
    """A story that is over. The building lives as long as the stage it was played on."""

    story: Story
    building: VirtualBuilding
    hand: Hand
    settled: bool
    figures: dict[str, float]


@contextmanager
def stage(
    description: Building,
    folder: Path,
    seed: int,
    visits: float = 0,
    board: dict[str, Any] | None = None,
    begins: int = START,
    bank: dict[str, Any] | None = None,
    pace: Pace = INSTANT,
) -> Iterator[tuple[VirtualBuilding, MemoryCloud]]:
    """A building whose cloud lives in memory, and the hand that acts there. Power is not on yet.

    board: its table. begins: Unix seconds. bank: of the first controller. pace: how long things take.
    """
    settings = settings_of(description, Random(f"{seed}/enrolment").randbytes)
    clouds: list[MemoryCloud] = []

    def cloud(*given: Any) -> MemoryCloud:
        clouds.append(MemoryCloud(description, settings, *given))
        return clouds[0]

    building = VirtualBuilding(
        description,
        settings,
        json.loads(BOARD.read_text()) if board is None else board,
        folder,
        seed,
        cloud=cloud,
        visits_a_day=visits or 1e-9,
        begins=begins,
        bank=bank,
        pace=pace,
    )
    try:
        yield building, clouds[0]
    finally:
        building.close()


def begin(building: VirtualBuilding, hand: Hand, walk: bool = True) -> None:
    """Power comes, and every board gets its access list. Raises RuntimeError when one does not."""
    promises = building.promises
    promises.logs.retention = days_of(building.description)
    promises.knows, promises.heard, promises.acknowledged = hand.knows, hand.heard, hand.acknowledged
    for controller in building.controllers:
        controller.chip.power_on()
    if not building.run_until(lambda: all(map(hand.in_sync, building.controllers)), READY_S, step_s=1):
        raise RuntimeError("the controllers were not in sync within 5 minutes; this is a defect, please report it")
    building.verdicts.ready = True
    if walk:
        building.walk()


def play(
    story: Story, building: VirtualBuilding, hand: Hand, progress: Callable[[str], None] = lambda text: None
) -> Played:
    """The whole story, from the first power to the last event stored."""
    begin(building, hand, walk=story.visits > 0)
    faults = building.promises.faults = (
        FaultInjector(building) if story.faults is None else FaultInjector(building, story.faults)
    )
    if story.faults is not None:
        faults.start()
    player = Player(building, hand)
    for happening in story.happenings:
        building.scheduler.at(max(happening.at, building.scheduler.now), player.do, happening)
    end = round(story.days * DAY)
    while building.scheduler.now < end:
        building.run(min(STEP_S, (end - building.scheduler.now) / SECOND))
        progress(f"day {building.scheduler.now / DAY:.2f} of {story.days:g}: {building.counts['events']} events")
    building.rest()
    faults.stop()  # the world is whole again: what was recorded must come through
    settled = settles(building, hand)
    return Played(story, building, hand, settled, figures(building, hand))


def mend(building: VirtualBuilding) -> None:
    """Everything works again."""
    FaultInjector(building).stop()


def settles(building: VirtualBuilding, hand: Hand) -> bool:
    """Whether within an hour everything that was recorded is stored, and every controller in sync."""

    def done() -> bool:
        return all(_complete(controller, hand) for controller in building.controllers)

    return building.run_until(done, SETTLE_S, step_s=10)


def _complete(controller: VirtualController, hand: Hand) -> bool:
    return bool(
        controller.chip.on
        and controller.recorded
        and hand.acknowledged(controller) >= controller.recorded[-1][0]
        and hand.in_sync(controller)
    )


def figures(building: VirtualBuilding, hand: Hand) -> dict[str, float]:
    """What happened, counted on flash and in the cloud."""
    counts = building.verdicts.counts
    recorded = stored = lost = altered = overwritten = twice = 0
    for controller in building.controllers:
        written = {event[0]: tuple(event[1:6]) for event in controller.recorded}
        kept, missing = hand.stored(controller), hand.overwritten(controller)
        recorded += len(written)
        stored += len(kept)
        overwritten += len(missing & written.keys())
        lost += len(written.keys() - kept.keys() - missing)
        altered += sum(1 for n in kept.keys() & written.keys() if tuple(kept[n]) != written[n])
        altered += len(kept.keys() - written.keys())
        twice += hand.twice(controller)
    return {
        "taps": counts["taps"],
        "granted": counts["granted"],
        "denied": counts["denied"],
        "misread": counts["misread"],
        "releases": building.counts["releases"],
        "released from afar": counts["released from afar"],
        "recorded": recorded,
        "stored": stored,
        "lost": lost,
        "duplicated": twice,
        "altered": altered,
        "overwritten": overwritten,
        "starts": sum(one.chip.starts for one in building.controllers),
        "broken promises": len(building.faults),
    }


class Player:
    """Does what a story or a test says, in the building and in its cloud."""

    def __init__(self, building: VirtualBuilding, hand: Hand) -> None:
        self.building = building
        self.scheduler = building.scheduler
        self.hand = hand
        people = building.description["people"] + building.description["strangers"]
        self.holders: dict[str, Holder] = {person["name"]: person for person in people}
        self.controllers = {controller.name: controller for controller in building.controllers}
        self._first = {name: list(one.get("doors", ())) for name, one in self.holders.items()}
        self._changes = 0
        self._backup: list[tuple[str, list[str]]] | None = None

    def do(self, happening: Happening) -> None:
        """One thing, now."""
        ms = None if happening.lasts is None else happening.lasts // MS
        if happening.where:
            for name in happening.where:
                self._board(self.controllers[name], happening)
        elif happening.do == "tap":
            self.building.tap(happening.door, self.holders[happening.who])
        elif happening.do == "misread":
            self.building.tap(
                happening.door, self.holders[happening.who], card_bits(self.holders[happening.who]["card"])[:-1]
            )
        elif happening.do == "pass":
            self.building.tap(happening.door, self.holders[happening.who])
            self._push_soon(happening.door, ms)
        elif happening.do == "exit button":
            door = self.building.doors[happening.door][1]
            door.press(True)
            self.scheduler.after(300 * MS, door.press, False)
            self._push_soon(happening.door, ms)
        elif happening.do == "force":
            self.force(happening.door, STAYS_MS if ms is None else ms)
        elif happening.do == "go out":
            self._push_soon(happening.door, ms)
        elif happening.do in SWITCHES or happening.do in LINES:
            self._wires(happening)
        elif happening.do in EMERGENCIES:
            self.emergency(happening.do)
        elif happening.do == "release":
            self.release(happening.door)
        elif happening.do == "revoke":
            self.rights(happening.who, [])
        elif happening.do == "grant":
            self.rights(happening.who, self._first[happening.who] if happening.doors is None else list(happening.doors))
        elif happening.do in ("cloud restarts", "cloud backed up", "cloud restored"):
            self.cloud(happening.do)
        elif happening.do == "people rest":
            self.building.rest()
        elif happening.do == "people walk":
            self.building.walk()
        else:
            self.broker(happening.do == "broker on")
            if happening.lasts is not None:
                self.scheduler.after(happening.lasts, self.broker, True)

    def _board(self, board: VirtualController, happening: Happening) -> None:
        if happening.do in ("network off", "network on"):
            self.building.connect(board, happening.do == "network on")
            self._later(happening, self.building.connect, board, True)
        elif happening.do in ("power off", "power on"):
            self.building.power(board, happening.do == "power on")
            self._later(happening, self.building.power, board, True)
        elif happening.do == "black hole":
            self.black_hole(board, True)
            self._later(happening, self.black_hole, board, False)
        elif happening.do in SWITCHES:
            kind, on = SWITCHES[happening.do]
            self.switch(board, kind, on)
            self._later(happening, self.switch, board, kind, not on)
        elif happening.do == "battery":
            board.inputs.battery(happening.mv)
        else:
            assert happening.lasts is not None
            self.torn_write(board, happening.operation, happening.lasts)

    def _wires(self, happening: Happening) -> None:
        """What is wired to one door."""
        board, door = self.building.doors[happening.door]
        if happening.do in LINES:
            self.line(happening.door, happening.line, LINES[happening.do])
            self._later(happening, self.line, happening.door, happening.line, None)
            return
        kind, on = SWITCHES[happening.do]
        self.switch(board, kind, on, door.number)
        lasts = RINGS_US if kind == "bell" and happening.lasts is None else happening.lasts
        if lasts is not None:
            self.scheduler.after(lasts, self.switch, board, kind, not on, door.number)

    def switch(self, board: VirtualController, kind: str, on: bool, door: int = 0) -> None:
        """An input of the board: "fire", "enclosure", "mains", ..., or of one of its doors: "reader", "bell"."""
        self.building.record(board.name, "input", kind, on, door)
        board.inputs.switch(kind, on, door)

    def line(self, name: str, role: str, fault: str | None) -> None:
        """The cable of a door's "contact" or "rex" is "cut" or "short"; None: it is mended."""
        controller, door = self.building.doors[name]
        self.building.record(controller.name, "line", door.number, role, fault or "whole")
        door.break_line(role, fault)

    def _later(self, happening: Happening, call: Callable[..., None], *arguments: Any) -> None:
        if happening.lasts is not None:
            self.scheduler.after(happening.lasts, call, *arguments)

    def _push_soon(self, door: str, stays_ms: int | None) -> None:
        self.scheduler.after(REACH_US, self.building.doors[door][1].push, STAYS_MS if stays_ms is None else stays_ms)

    def force(self, name: str, stays_ms: int) -> None:
        """The leaf is opened without a release."""
        controller, door = self.building.doors[name]
        self.building.record(controller.name, "force", door.number)
        door.force(stays_ms)

    def black_hole(self, board: VirtualController, on: bool) -> None:
        """Wi-Fi is there, and nothing gets through."""
        self.building.record(board.name, "black hole", on)
        if on:
            self.building.network.dead.add(board.chip.name)
        else:
            self.building.network.dead.discard(board.chip.name)
            self.building.network.revive()

    def torn_write(self, board: VirtualController, operation: int, back_us: int) -> None:
        """The power goes in the middle of the flash operation that comes as number `operation`, and then comes back."""

        def cut() -> None:
            self.building.record(board.name, "torn write")
            self.scheduler.after(back_us, self.building.power, board, True)

        board.chip.on_cut = cut
        board.chip.cut_in = operation

    def cloud(self, what: str) -> None:
        """Its worker is killed and starts again; its database is backed up; an older database takes its place."""
        self.building.record("", what)
        if what == "cloud backed up":
            self.hand.back_up()
            self._backup = copy.deepcopy(
                [(holder["name"], holder.get("doors", [])) for holder in self.holders.values()]
            )
            return
        if what == "cloud restored" and self._backup is not None:
            self.hand.restore()
            for who, doors in self._backup:
                self.holders[who]["doors"] = doors
                self._unsure(self.holders[who])
        self.hand.restart()

    def broker(self, on: bool) -> None:
        post = self.building.post
        if on == post.up:
            return
        self.building.record("", "broker", on)
        if on:
            post.start()
        else:
            post.stop()

    def release(self, name: str) -> None:
        """An administrator releases a door from afar."""
        controller, door = self.building.doors[name]
        self.building.record(controller.name, "asked to release", door.number)
        good_s = self.hand.release(controller, door.number)
        self.building.verdicts.may_release(controller.name, door.number, self.scheduler.now + (good_s + 1) * SECOND)
        self.building.nudge()

    def emergency(self, do: str) -> None:
        """Lockdown, evacuation, or normal again, for the whole building."""
        self.building.record("", "asked for", do)
        good_s = self.hand.emergency(do)
        for controller in self.building.controllers:
            self.building.emergencies.asked(controller.name, do, self.scheduler.now + (good_s + 1) * SECOND)
        self.building.nudge()

    def rights(self, who: str, doors: list[str]) -> None:
        """This person may pass these doors from now on. Until every controller has it, both verdicts are right."""
        holder = self.holders[who]
        before, holder["doors"] = holder.get("doors", []), doors
        if doors:
            self.hand.grant(who, doors)
        else:
            self.hand.revoke(who)
        self.building.record("", "rights", who, tuple(doors))
        self.building.nudge()
        change = self._unsure(holder)
        for controller in self.building.controllers:
            if any(door.name in before and door.name not in doors for door in controller.doors):
                self.building.promises.taken(controller, holder, lambda: holder["change"] == change)

    def _unsure(self, holder: Holder) -> int:
        """Until every controller has the change, both verdicts are right. Returns its number."""
        self._changes += 1
        holder["unsure"] = holder["change"] = self._changes
        self.scheduler.after(LOOK_US, self._look, holder, self._changes, LOOK_US)
        return self._changes

    def _look(self, holder: Holder, change: int, after: int) -> None:
        if holder["unsure"] != change:
            return
        if all(map(self.hand.in_sync, self.building.controllers)):
            holder["unsure"] = 0
        else:
            after = min(2 * after, SELDOM_US)
            self.scheduler.after(after, self._look, holder, change, after)
