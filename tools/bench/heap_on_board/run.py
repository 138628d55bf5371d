"""Runs on MicroPython, step by step (tools/wasm): a controller is loaded, built, tapped at, and its link opened.

The argument names a file with {"board", "settings", "rules"}. Its last line is JSON: bytes in use and names known after
each stage. The chip's modules and flash come first and are not counted.
"""

# mypy: ignore-errors
# ruff: noqa: F821

import gc
import json
import os
import sys
from binascii import crc32

import micropython

sys.path[:] = [ROOT, ROOT + "/slot", ".frozen"]

from sim.mcu import chip, esp32, flash, machine, network  # noqa: E402

for module in (esp32, machine, network):
    sys.modules[module.__name__.split(".")[-1]] = module

import _thread  # noqa: E402, F401
import array  # noqa: E402, F401
import hashlib  # noqa: E402, F401
import random  # noqa: E402, F401
import select  # noqa: E402, F401
import socket  # noqa: E402, F401
import ssl  # noqa: E402, F401
import struct  # noqa: E402, F401
import time  # noqa: E402, F401

import cryptolib  # noqa: E402, F401

LONGEST = 1024  # bytes of a message
FOLDER = ROOT + "/files/"


class BenchChip(chip.Chip):
    def __init__(self, sizes):
        super().__init__(b"bench1")
        self.now = 1000
        self.partitions = tuple(name for name in ("acl", "log", "state", "bank") if name in sizes)
        self.flashes = {name: flash.NorFlash(sizes[name], name, file=ROOT + "/" + name) for name in self.partitions}

    def partition(self, name):
        return self.flashes.get(name)

    def ticks_ms(self):
        return self.now

    def ticks_us(self):
        return self.now * 1000 & (1 << 30) - 1

    def uptime(self):
        return self.now // 1000

    def sleep_ms(self, ms):
        self.now += ms

    def watchdog(self, ms):
        pass

    def feed(self):
        pass

    def urandom(self, n):
        return os.urandom(n)

    def moved(self, n, level):
        pass


class StandInBroker:
    """Says what a broker says to a client that connects and subscribes."""

    def __init__(self):
        self.says = b"\x20\x02\x00\x00\x90\x03\x00\x01\x00"

    def settimeout(self, seconds):
        pass

    def connect(self, address):
        pass

    def write(self, data):
        return len(data)

    def recv(self, size):
        said, self.says = self.says[:size], self.says[size:]
        return said

    def close(self):
        pass


class StandInSockets:
    def socket(self):
        return StandInBroker()

    def getaddrinfo(self, host, port, *how):
        return [(2, 1, 0, "", ("127.0.0.1", 1))]


def write(name, text):
    with open(name, "w") as file:
        file.write(text)


def put_files(case):
    os.mkdir(FOLDER[:-1])
    write(FOLDER + "board.json", json.dumps(case["board"]))
    write(FOLDER + "settings.json", json.dumps(case["settings"]))
    if case["rules"]:
        text = json.dumps(case["rules"])[:-1]
        write(FOLDER + "rules.json", text + ', "crc": "%08x"}' % crc32(text.encode()))
    pins = [door["reader"] for door in case["board"]["doors"] if door["reader"]["kind"] == "wiegand"]
    the = BenchChip(case["board"]["flash"])
    for reader in pins:
        the.inputs[reader["d0"]] = the.inputs[reader["d1"]] = 1
    chip.use(the)
    return the, tuple((reader["d0"], reader["d1"]) for reader in pins)


with open(arguments[0]) as file:
    the, PINS = put_files(json.load(file))
marks = {}


def mark(name):
    """Printed by the interpreter: what its names take. The host reads both."""
    marks[name] = gc.mem_alloc()
    print("names", name)
    micropython.qstr_info()


def load():
    global app
    import controller.app as app


def build():
    global loop
    loop = app.build(FOLDER)


def steps(count):
    for _ in range(count):
        the.now += 500
        loop.wake[0] = 0
        loop.step(the.now)


def taps():
    for n in range(20):
        frame = "{:026b}".format(0x2AAAAAA ^ n)
        for lines in PINS:
            for bit in frame:
                pin = lines[bit == "1"]
                the.input(pin, 0)
                the.input(pin, 1)
                the.now += 2
            the.now += 40
            loop.wake[0] = 0
            loop.step(the.now)
    steps(20)


def open_link():
    """As the network loop does it, with a broker that answers; then a session, and one of the longest messages."""
    global held
    app.socket = StandInSockets()
    app.link_wait = lambda sock, ms, pending: True
    link = loop.link
    link._connect()
    link.session._channel = app.Channel(bytes(32), bytes(16), bytes(16))
    held = bytearray(LONGEST), bytearray(LONGEST)


def tell():
    print(json.dumps({"marks": marks, "names": [name for name in sys.modules if name.startswith("controller")]}))


def nothing():
    """A step between: what was left over goes."""


def again(name):
    return lambda: mark(name)


todo = [nothing, again("before"), again("before"), load, nothing, again("imported"), build, nothing, again("built")]
todo += [lambda: steps(100), nothing, taps, nothing, nothing, again("running")]
todo += [open_link, nothing, again("linked"), tell]


def step():
    todo.pop(0)()
    return len(todo) > 0


code = 0
