"""Runs on MicroPython: the controller of a board with OSDP readers, and what a poll allocates and takes there.

argv: folder with board.json, polls. Ends with its figures as a line of JSON.
"""

# mypy: ignore-errors

import gc
import json
import sys
import time

from sim.mcu import chip, esp32, machine, network

for module in (esp32, machine, network):
    sys.modules[module.__name__.split(".")[-1]] = module
import _thread  # noqa: E402, F401
import binascii  # noqa: E402, F401
import hashlib  # noqa: E402, F401
import io  # noqa: E402, F401
import os  # noqa: E402
import random  # noqa: E402, F401
import socket  # noqa: E402, F401
import ssl  # noqa: E402, F401
import struct  # noqa: E402, F401

import cryptolib  # noqa: E402, F401

FOLDER, POLLS = sys.argv[1] + "/", int(sys.argv[2])


class LineChip(chip.Chip):
    """Its clock stands until the bench moves it."""

    def __init__(self):
        super().__init__(b"bench1")
        self.now = 5

    def ticks_ms(self):
        return self.now

    def moved(self, n, level):
        pass

    def timer_start(self, *_):
        pass


class Port:
    """A serial port that allocates nothing: it holds one answer."""

    def __init__(self):
        self.answer = b""
        self.sent = b""

    def any(self):
        return len(self.answer)

    def readinto(self, buf):
        size = len(self.answer)
        for n in range(size):
            buf[n] = self.answer[n]
        self.answer = b""
        return size

    def write(self, data):
        self.sent = data


class BenchLoop:
    """What a line asks of the control loop."""

    parts = ()
    folder = FOLDER

    def record(self, *event):
        pass


chip.use(LineChip())
had = set(sys.modules)
gc.collect()
before = gc.mem_alloc()
from controller import app  # noqa: E402
from controller.start import Board  # noqa: E402  a slot has it there (tools/bundle.py)

app.time = chip.current()
with open(FOLDER + "board.json") as file:
    table = json.load(file)
gc.collect()
imported = gc.mem_alloc()
board = Board(table)
gc.collect()
built = gc.mem_alloc()
files = [getattr(sys.modules[name], "__file__", "") for name in sys.modules if name not in had]

from sim.world.osdp import PeripheralDevice  # noqa: E402

secure = table["doors"][0]["reader"].get("secure", True)
world = [PeripheralDevice(n, bytes(16), os.urandom, secure) for n in range(len(table["doors"]))]
if not secure:
    for reader in world:
        reader.key = None
line = board.parts[0]
port = line._uart = Port()
line._drives = None  # pins and timers of the simulated chip allocate, those of the real one do not
loop = BenchLoop()


def turn():
    """Up to the next deadline and one turn of the line. Bytes that it allocated, microseconds that it took."""
    current = chip.current()
    current.now = line.deadline()
    now = current.now
    gc.collect()
    gc.disable()
    was, began = gc.mem_alloc(), time.ticks_us()
    line.watch(loop, now)
    took = time.ticks_diff(time.ticks_us(), began)
    made = gc.mem_alloc() - was
    gc.enable()
    if port.sent:
        sent, port.sent = bytes(port.sent).lstrip(b"\xff"), b""
        for reader in world:
            port.answer = port.answer or reader.hear(sent, now * 1000)
    return made, took


for _ in range(60):
    turn()
answers = [pins.reader.answers for pins in board.doors]
figures = [turn() for _ in range(POLLS)]
print(
    json.dumps(
        {
            "heap": imported - before,
            "board": built - imported,
            "files": files,
            "answers": answers,
            "sealed": [reader.sealed for reader in world],
            "most": max(made for made, _ in figures),
            "microseconds": sorted(took for _, took in figures)[POLLS // 2],
        }
    )
)
