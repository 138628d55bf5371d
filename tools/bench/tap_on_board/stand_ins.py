"""A controller on MicroPython that stands on nothing but stand-ins, for measurements: plan.json says which.

Times are the interpreter's own in nanoseconds; what the model of flash takes, in time and heap, is counted apart.
"""

# mypy: ignore-errors

import gc
import json
import sys
import time

with open(sys.argv[1]) as file:  # an argument is cut short at 255 bytes
    PLAN = json.load(file)
sys.path[:] = [PLAN["root"], PLAN["slot"], ".frozen"]

from sim.mcu import esp32, machine, network  # noqa: E402

for module in (esp32, machine, network):
    sys.modules[module.__name__.split(".")[-1]] = module

had = set(sys.modules)
from controller import app  # noqa: E402  a slot has all of these in one file (tools/bundle.py)
from controller.app import (  # noqa: E402
    CredentialTable,
    EventLog,
    Loop,
    Rules,
    StateJournal,
    pads,
)

UTC = 1800000000
SECTOR = 4096
spent = [0, 0]  # in the model of flash: nanoseconds, bytes of heap
KIND = PLAN["kind"]
used = gc.mem_alloc if KIND == "heap" else lambda: 0  # it looks at the whole heap: not while time is taken
nanoseconds = (lambda: 1) if KIND in ("heap", "soak") else time.time_ns  # which makes a long integer in the heap


class Flash:
    """NOR flash as esp32.Partition, in a file: on a chip it is not in the heap either."""

    def __init__(self, sectors, path=None):
        self.sectors = sectors
        self.file = open(path or PLAN["folder"] + "/flash%d" % sectors, "r+b" if path else "w+b")
        self.blank = b"\xff" * SECTOR
        if not path:
            for sector in range(sectors):
                self.ioctl(6, sector)

    def readblocks(self, n, buf, offset=0):
        begun, heap = nanoseconds(), used()
        self.file.seek(n * SECTOR + offset)
        self.file.readinto(buf)
        spent[1] += used() - heap
        spent[0] += nanoseconds() - begun

    def writeblocks(self, n, buf, offset=0):
        begun, heap = nanoseconds(), used()
        at = n * SECTOR + offset
        now = bytearray(len(buf))
        self.file.seek(at)
        self.file.readinto(now)
        if min(now) < 0xFF:
            for i in range(len(buf)):
                now[i] &= buf[i]
            buf = now
        self.file.seek(at)
        self.file.write(buf)
        spent[1] += used() - heap
        spent[0] += nanoseconds() - begun

    def ioctl(self, op, arg):
        if op == 6:
            self.file.seek(arg * SECTOR)
            self.file.write(self.blank)
        return self.sectors if op == 4 else 0


class Quiet:
    on = open = False
    handlers = {"door_status": None}  # as of Sync: nobody is told how the doors stand

    def poll(self, now):
        return None

    def set(self, on):
        pass

    def tick(self, now):
        pass

    def show(self, pattern, now):
        pass

    def deadline(self):
        return None

    def feed(self):
        pass


class Strike(Quiet):
    moved = 0

    def set(self, on):
        if on and not self.moved:
            self.moved = nanoseconds() - spent[0]


class BenchPins:
    def __init__(self):
        self.contact, self.rex, self.signal, self.reader, self.strike = Quiet(), Quiet(), Quiet(), Quiet(), Strike()


class BenchBoard:
    def __init__(self):
        self.wake, self.status, self.parts = bytearray(1), Quiet(), ()
        self.doors = [BenchPins(), BenchPins()]


class BenchTime:
    now = 1000

    def ticks_ms(self):
        return self.now


def build(rules):
    """(a controller with no parts, its time, its key, what it takes of the heap)."""
    ticking = BenchTime()
    app.time = ticking
    journal = StateJournal(Flash(2))
    log = EventLog(Flash(PLAN["log"]), journal, lambda n: bytes(range(n)))
    table = CredentialTable(Flash(PLAN["acl"], PLAN["image"]))
    key = pads(b"a table key for this bench only!")
    sync = Quiet()
    gc.collect()
    before = gc.mem_alloc()
    checked = Rules(rules, 2)
    loop = Loop(BenchBoard(), table, log, journal, checked, key, sync, None, Quiet(), None, PLAN["folder"] + "/")
    sync.open = True
    loop.clock.set(UTC * 1000, ticking.now)
    gc.collect()
    return loop, ticking, key, gc.mem_alloc() - before
