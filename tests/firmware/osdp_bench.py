"""OSDP readers of sim/world on a simulated serial line, asked by the firmware's own driver. No door behind it."""

import os
import time

from firmware.controller import ticks
from firmware.controller.board import Board
from firmware.controller.storage import settings
from firmware.controller.storage.settings_save import save
from sim.world.osdp import OsdpLine, PeripheralDevice
from tests.firmware.bench import BenchChip

DE = 4
KEY = bytes(range(100, 116))


def table(count=1, **line):
    """A board with so many doors, their readers on one line."""
    how = {"tx": 17, "rx": 16, "de": DE, "baud": 38400}
    how.update(line)
    doors = [
        {"reader": {"kind": "osdp", "address": n}, "strike": {"pin": (25, 26)[n], "active": 1}} for n in range(count)
    ]
    return {"status": 14, "osdp": [how], "doors": doors}


class Commissioner:
    """A part of the loop as commissioning.py makes one."""

    def __init__(self):
        self.on = False

    def is_on(self):
        return self.on


class OsdpBench:
    """readers: of the world. kept: keys that the board has for its doors. board: its table."""

    def __init__(self, *readers, kept=None, board=None):
        self.readers = readers
        self.chip = BenchChip()
        self.elapsed = 0
        board = board or table(len(readers))
        line = board["osdp"][0]
        self.line = OsdpLine(readers, lambda: self.elapsed * 1000, line["baud"], "de" in line)
        self.chip.uarts[1] = self.line
        self.chip.moved = self._moved
        self.folder = "osdp-%d-" % time.time_ns()
        self.kept({} if kept is None else {str(door): key.hex() for door, key in kept.items()})
        self.board = Board(board)
        self.bus = self.board.parts[0]
        self.commissioner = Commissioner()
        self.parts = [self.bus, self.commissioner]
        self.recorded = []
        self.read = []
        self.steps = 0

    def kept(self, keys=None):
        """The keys that lie on flash; puts them there when they are given."""
        if keys:
            save(self.folder, keys, "osdp")
        return {int(door): bytes.fromhex(key) for door, key in settings.load(self.folder, "osdp")[0].items()}

    def clean(self):
        for name in os.listdir("."):
            if name.startswith(self.folder):
                os.remove(name)

    def _moved(self, pin, level):
        if pin == DE:
            self.line.drive(level)

    def record(self, code, now, door=0, extra=0, key=None):
        self.recorded.append((code, door, extra))

    def told(self):
        told, self.recorded = self.recorded, []
        return told

    def run(self, ms):
        """From deadline to deadline; what doors would take is in `read`: (door, bits, number)."""
        end = self.elapsed + ms
        while True:
            now = self.chip.now
            self.steps += 1
            self.bus.watch(self, now)
            for number, pins in enumerate(self.board.doors, 1):
                while pins.reader.deadline() is not None:
                    self.read.append((number,) + pins.reader.poll(now))
                pins.signal.tick(now)
            left = max(0, ticks.diff(self.bus.deadline(), now))
            timer = self.chip.timers_due(now)
            if timer is not None:
                left = min(left, timer)
            left = min(left, end - self.elapsed)
            self.elapsed += left
            self.chip.now = ticks.add(now, left)
            if self.elapsed >= end:
                self.chip.timers_due(self.chip.now)
                return

    def answers(self, door=1):
        return self.board.doors[door - 1].reader.answers


def plain(board=None):
    """One reader that works without a key."""
    board = board or table()
    board["doors"][0]["reader"]["secure"] = False
    return OsdpBench(PeripheralDevice(0), board=board)


def sealed():
    """One reader that shares a key with the board."""
    return OsdpBench(PeripheralDevice(0, KEY, os.urandom, secure=True), kept={1: KEY})
