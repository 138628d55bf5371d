"""Updates on the real littlefs whose power fails: micropython tests/update/on_littlefs.py CUTS SEED

Each round brings a release to a board, cuts the power at a random program or erase (half of it done), starts the board
again with the real boot.py, and goes on, until the release is on trial; then the new firmware is well, or hangs, or
never keeps itself. Whatever happens, the slot that boot.py chooses is whole. One line of JSON at the end.
"""

# mypy: ignore-errors

import json
import os
import random
import sys
from binascii import hexlify
from hashlib import sha256

import vfs

ROOT = os.getcwd()
sys.path[:] = [ROOT, ".frozen"]

from sim.mcu import chip as chips  # noqa: E402
from sim.mcu import machine, network  # noqa: E402

sys.modules["machine"] = machine
sys.modules["network"] = network
with open(ROOT + "/firmware/boot.py") as _file:
    BOOT = _file.read()

import firmware.controller.delayed_restart  # noqa: E402, F401  before littlefs lies over every other file
from firmware.controller.cloud import trial, update, wire  # noqa: E402
from tests.firmware.release_bench import MODULUS, NEW, OLD, Release  # noqa: E402

BLOCK = 4096
BLOCKS = 48


class Cut(OSError):
    """The power fails."""


class Flash:
    """A block device in memory. left: programs and erases until the power fails; None: it does not.

    After a cut another takes its place: what is still open on this one changes nothing any more.
    """

    def __init__(self, data=None):
        self.data = data or bytearray(b"\xff" * BLOCK * BLOCKS)
        self.left = None
        self.dead = False
        self.done = 0

    def readblocks(self, block, buf, offset=0):
        if self.dead:
            return -5
        at = block * BLOCK + offset
        buf[:] = self.data[at : at + len(buf)]
        return 0

    def writeblocks(self, block, buf, offset=0):
        return -5 if self.dead else self.change(block * BLOCK + offset, bytes(buf))

    def change(self, at, data):
        self.done += 1
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.dead = True
                n = random.randrange(len(data) + 1)
                self.data[at : at + n] = data[:n]
                return -5
        self.data[at : at + len(data)] = data
        return 0

    def ioctl(self, op, arg):
        if op == 4:
            return BLOCKS
        if op == 5:
            return BLOCK
        if op == 6:
            return -5 if self.dead else self.change(arg * BLOCK, b"\xff" * BLOCK)
        return 0


class Chip(chips.Chip):
    def __init__(self):
        super().__init__(b"update")
        self.watchdogs = []

    def ticks_ms(self):
        return 0

    def moved(self, n, level):
        pass

    def watchdog(self, timeout_ms):
        self.watchdogs.append(timeout_ms)

    def reset(self, cause=2):
        raise Restart


class Restart(Exception):
    pass


class Outbox:
    def __init__(self):
        self.said = []

    def say(self, message):
        self.said.append(wire.read_json(message))

    def sent(self):
        return True


class Loop:
    """parts: it leaves at once."""

    def __init__(self):
        self.recorded = []
        self.parts = self.journal = self

    def get(self, kind):
        return 0

    def set(self, kind, value):
        pass

    def record(self, code, now, door=0, extra=0, key=None):
        self.recorded.append(code)

    def append(self, leaving):
        raise Restart


FILES = {
    "controller/app.mpy": bytes(range(256)) * 30,
    "controller/cloud/link.mpy": b"l" * 5000,
    "umqtt/simple.mpy": b"u" * 9,
}
RELEASE = Release(files=FILES)
BEFORE = Release(build=OLD, files={"controller/app.mpy": b"old app" * 400}, serial=3)


def mount(flash):
    os.chdir("/")
    for point in ("/",):
        try:
            vfs.umount(point)
        except OSError:
            pass
    flash = Flash(flash.data)
    vfs.mount(vfs.VfsLfs2(flash, progsize=256), "/")
    return flash


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def new_board():
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    flash = mount(flash)
    write("/board.json", json.dumps({"doors": [{"strike": {"pin": 25, "active": 1}}]}).encode())
    write("/release.key", MODULUS.encode())
    os.mkdir("/slots")
    os.mkdir("/slots/" + OLD)
    os.mkdir("/slots/" + OLD + "/controller")
    write("/slots/" + OLD + "/release.json", BEFORE.head)
    write("/slots/" + OLD + "/controller/app.mpy", b"old app" * 400)
    write("/current", (OLD + "\n").encode())
    return flash


def boot():
    """The slot that the real boot.py chooses, after a look whether it is whole."""
    chip = Chip()
    chips.use(chip)
    before = sys.path[:]
    exec(BOOT, {"__name__": "__main__"})
    slot = sys.path[0]
    sys.path[:] = before
    with open(slot + "/release.json") as file:
        fields = json.load(file)
    for name, size, sha in fields["files"]:
        with open(slot + "/" + name, "rb") as file:
            body = file.read()
        assert len(body) == size and hexlify(sha256(body).digest()).decode() == sha, slot + name
    return slot[-12:], chip


def bring(updates):
    """Everything up to the trial. Raises Restart when it begins."""
    loop, outbox = Loop(), Outbox()
    updates.take(outbox, loop, RELEASE.offer(start=True), 0)
    for _ in range(200):
        said = outbox.said[-1]
        if said["state"] == "wanted":
            updates.take(outbox, loop, RELEASE.piece(said["next"], 1900), 0)
        elif said["state"] == "refused":
            assert said["why"].startswith("flash"), said  # the power is gone
            raise Cut(5)
        elif said["state"] == "running":
            return
        else:
            updates.take(outbox, loop, RELEASE.offer(start=True), 0)
    raise AssertionError("it does not end")


def keep():
    """What the new firmware does when it is well; the last steps of trial.py."""
    update.put("/current", NEW + "\n")
    update.remove("/trial")


def round(cuts, fate):
    """One board. cuts: how many power cuts on the way. Returns how many happened."""
    flash = new_board()
    happened = starts = 0
    for _ in range(400):
        flash.left = random.randrange(140) if happened < cuts else None
        try:
            slot, chip = boot()
            starts = starts + 1 if slot == NEW else 0
            if slot == NEW:
                assert starts <= 4, "a trial has three starts"
                assert NEW in update.read("/current") or (chip.watchdogs and chip.timers), "a trial without its end"
                if NEW in update.read("/current"):
                    trial.begin("/", Loop(), 0)
                    return happened, NEW
                if fate == "well":
                    keep()
                elif fate == "silent":  # runs, but never says that it is well: the trial's time ends it
                    try:
                        chip.timers[0][2](None)
                        raise AssertionError("the trial does not end")
                    except Restart:
                        pass
                continue  # hangs: the watchdog starts the board again
            if fate != "well" and ("returned" in os.listdir("/") or NEW not in os.listdir("/slots")):
                loop = Loop()
                told = trial.begin("/", FullLoop(loop), 0)
                if told is not None or happened:
                    return happened, slot
            bring(update.Updates("/"))
        except Restart:
            continue
        except OSError:
            if not flash.dead:
                raise
            happened += 1
            flash = mount(flash)
    raise AssertionError("it never comes to rest: " + fate)


class FullLoop:
    """A loop for trial.begin: it only records."""

    def __init__(self, loop):
        self.record = loop.record
        self.log = self

    last = 0


def main(cuts, seed):
    random.seed(seed)
    done = rounds = 0
    ends = {}
    while done < cuts:
        fate = ("well", "hangs", "silent")[rounds % 3]
        happened, slot = round(random.randrange(1, 6), fate)
        assert slot == (NEW if fate == "well" else OLD), (fate, slot)
        done += happened
        rounds += 1
        ends[fate] = ends.get(fate, 0) + 1
    print(json.dumps({"cuts": done, "boards": rounds, "ends": ends}))


main(int(sys.argv[1]), int(sys.argv[2]))
