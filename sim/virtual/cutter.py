"""Connections that are cut at any byte, in every way that a network, a broker, a cloud or a fuse box knows.

A cut is planned for a byte of what travels between a board and its broker, whichever way it goes; when that byte has
passed, it happens, and the next one is planned.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from .fault_kinds import connect_as_twin
from .net import VirtualConnection
from .scheduler import MS, SECOND

if TYPE_CHECKING:
    from .building import VirtualBuilding
    from .chip import VirtualChip
    from .controller import VirtualController

NEAR = 700  # bytes: a connection, its opening and the hello
FAR = 2_500
QUIET_US = 40 * SECOND  # a cut whose byte never comes, for the link is down, waits no longer


class CutLine(VirtualConnection):
    """A line that something happens to when `left` more bytes have passed. left: None while nothing is planned."""

    def __init__(self, cutter: "Cutter", chip: "VirtualChip", alive: Callable[[], bool]) -> None:
        super().__init__(cutter.building.network, alive)
        self.cutter = cutter
        self.board = cutter.boards[chip.name]
        self.lost_ways: set[bool] = set()  # ways on which nothing passes any more
        self.gap_us = 0  # so long between two bytes
        self._free = [0, 0]  # of each way: when what was held back has gone
        cutter.lines[self.board.name] = self

    def up(self, data: bytes | None) -> None:
        if data is None:
            super().up(None)
        else:
            self._pass(True, data)

    def down(self, data: bytes) -> None:
        if self.open:
            self._pass(False, data)

    def _pass(self, upward: bool, data: bytes) -> None:
        if upward in self.lost_ways or not data:
            return
        left = self.cutter.left(self)
        if left is None or left > len(data):
            self.cutter.passed(self, len(data))
            self.send(upward, data)
            return
        self.send(upward, data[:left])
        rest = self.cutter.strike(self, upward, data[left:])
        self._pass(upward, rest)

    def send(self, upward: bool, data: bytes) -> None:
        """Sends it on; a byte at a time and late, where that was planned."""
        scheduler = self.network.scheduler
        if not self.gap_us and self._free[upward] <= scheduler.now:
            self._go(upward, data)
            return
        at = max(self._free[upward], scheduler.now)
        pieces = [data[n : n + 1] for n in range(len(data))] if self.gap_us else [data]
        for piece in pieces:
            at += self.gap_us
            scheduler.at(at, self._go, upward, piece)
        self._free[upward] = at

    def hold(self, upward: bool, us: int) -> None:
        """What comes from now on waits so long."""
        self._free[upward] = max(self._free[upward], self.network.scheduler.now + us)

    def _go(self, upward: bool, data: bytes) -> None:
        if upward:
            super().up(data)
        else:
            super().down(data)


class Cutter:
    """kinds: what there is beside what lies in here: name: what to do with a controller. chance: the only source of it.

    cuts: how many of each kind there were.
    """

    def __init__(
        self,
        building: "VirtualBuilding",
        chance: Random,
        kinds: Mapping[str, Callable[["VirtualController"], None]],
    ) -> None:
        self.building = building
        self.cuts: Counter[str] = Counter()
        self.lines: dict[str, CutLine] = {}  # of each controller the newest
        self.boards = {controller.chip.name: controller for controller in building.controllers}
        self.on = False
        self._chance = chance
        self._more = dict(kinds)
        self._ways: dict[str, Callable[[CutLine, bool, bytes], bytes]] = {
            "cut, both ends learn": self._reset,
            "cut, the board learns": self._near_learns,
            "half-open: the broker learns": self._far_learns,
            "black hole": self._black_hole,
            "one way is lost": self._one_way,
            "garbage": self._garbage,
            "a bit": self._bit,
            "bytes are missing": self._missing,
            "slow drip": self._drip,
            "delay": self._delay,
        }
        self._planned: dict[str, tuple[str, int]] = {}  # of each controller: what, after how many more bytes
        building.network.line = partial(CutLine, self)

    @property
    def kinds(self) -> list[str]:
        return [*self._ways, *self._more]

    def start(self) -> None:
        self.on = True
        for controller in self.building.controllers:
            self._plan(controller)

    def stop(self) -> None:
        """Nothing is cut any more; what was cut or dripped stays so until its link is given up."""
        self.on = False
        self._planned.clear()

    def left(self, line: CutLine) -> int | None:
        planned = self._planned.get(line.board.name)
        return planned[1] if planned is not None and line is self.lines.get(line.board.name) else None

    def passed(self, line: CutLine, count: int) -> None:
        planned = self._planned.get(line.board.name)
        if planned is not None and line is self.lines.get(line.board.name):
            self._planned[line.board.name] = planned[0], planned[1] - count

    def strike(self, line: CutLine, upward: bool, rest: bytes) -> bytes:
        """The byte has come. Returns what of the rest is to go on."""
        one = line.board
        kind, _ = self._planned.pop(one.name)
        self.cuts[kind] += 1
        self.building.record(one.name, "cut", kind)
        if kind in self._ways:
            rest = self._ways[kind](line, upward, rest)
        else:
            # Not in the middle of what the board itself is doing: a power cut ends the task that sends.
            self.building.scheduler.after(0, self._more[kind], one)
        self.building.scheduler.after(1 + self._chance.randrange(2 * SECOND), self._plan, one)
        return rest

    def _plan(self, controller: "VirtualController") -> None:
        if self.on and controller.name not in self._planned:
            kind = self._chance.choice(self.kinds)
            self._planned[controller.name] = kind, 1 + self._chance.randrange(self._chance.choice((NEAR, FAR)))

    # What happens to a line. Each returns what of the rest goes on.

    def _reset(self, line: CutLine, upward: bool, rest: bytes) -> bytes:
        self.building.scheduler.after(0, line.reset)
        line.lost_ways = {True, False}
        return b""

    def _near_learns(self, line: CutLine, upward: bool, rest: bytes) -> bytes:
        near = line.near
        line.lost_ways = {True, False}
        if near is not None:
            self.building.scheduler.after(0, near.broken)
        return b""

    def _far_learns(self, line: CutLine, upward: bool, rest: bytes) -> bytes:
        line.lost_ways = {True, False}
        self.building.scheduler.after(0, line.closed)
        return b""

    def _black_hole(self, line: CutLine, upward: bool, rest: bytes) -> bytes:
        line.lost_ways = {True, False}
        return b""

    def _one_way(self, line: CutLine, upward: bool, rest: bytes) -> bytes:
        line.lost_ways.add(upward)
        return b""

    def _garbage(self, line: CutLine, upward: bool, rest: bytes) -> bytes:
        return self._chance.randbytes(1 + self._chance.randrange(60)) + rest

    def _bit(self, line: CutLine, upward: bool, rest: bytes) -> bytes:
        if not rest:
            return bytes((1 << self._chance.randrange(8),))
        return bytes((rest[0] ^ 1 << self._chance.randrange(8),)) + rest[1:]

    def _missing(self, line: CutLine, upward: bool, rest: bytes) -> bytes:
        return rest[1 + self._chance.randrange(40) :]

    def _drip(self, line: CutLine, upward: bool, rest: bytes) -> bytes:
        line.gap_us = self._chance.randrange(5, 400) * MS

        def over() -> None:
            line.gap_us = 0

        self.building.scheduler.after(self._chance.randrange(2, 20) * SECOND, over)
        return rest

    def _delay(self, line: CutLine, upward: bool, rest: bytes) -> bytes:
        line.hold(upward, self._chance.randrange(200, 15_000) * MS)
        return rest


def takes_over(building: "VirtualBuilding", controller: "VirtualController") -> None:
    """Another client connects under the board's name: the broker puts the board out."""
    connect_as_twin(building.broker, controller.settings["controller"], building.scheduler)


def broker_killed(building: "VirtualBuilding", chance: Random, controller: "VirtualController") -> None:
    """kill -9, and it starts again."""
    if not building.post.up:
        return
    building.post.stop()

    def back() -> None:
        if not building.post.up:
            building.post.start()

    building.scheduler.after(chance.randrange(50, 1_500) * MS, back)


def power_cut(building: "VirtualBuilding", chance: Random, controller: "VirtualController") -> None:
    building.power(controller, False)
    building.scheduler.after(chance.randrange(20, 1_500) * MS, building.power, controller, True)


def torn_write(building: "VirtualBuilding", chance: Random, controller: "VirtualController") -> None:
    """The power goes in the middle of one of the next flash operations, whichever."""
    chip = controller.chip
    chip.cut_label, chip.cut_turns, chip.cut_in = "", False, 1 + chance.randrange(6)

    def cut() -> None:
        building.scheduler.after(chance.randrange(20, 1_500) * MS, building.power, controller, True)

    chip.on_cut = cut
