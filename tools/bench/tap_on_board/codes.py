"""Runs on MicroPython: a bank of compartments and a door at one controller, by turns a code and a card.

Each time is from the step of the control loop that reads the last key, or the card, to the byte that opens the lock, or
the strike: all that the interpreter does in between, in as many steps as it takes. The last line is JSON.
"""

# mypy: ignore-errors

import gc
import json
from array import array

from stand_ins import PLAN, Flash, Quiet, build, nanoseconds, spent  # before what follows: it sets the path

from sim.mcu import chip, esp32  # isort: skip
from sim.world.lock_boards import LockBus, XorBoard  # isort: skip
from firmware.controller.access.codes import DEPOSIT, PICK_UP, SHORT, code  # isort: skip  as the cloud has them
from firmware.controller.cloud.wire import STOCK  # isort: skip

BITS, END = 4, 11  # of a key; the key #
OPENS = 0x8A  # first byte of a frame of XorBoard that opens
PAUSE_MS = 6000  # a door is locked again, and its reader forgets its card
STEPS = 400  # of the control loop, after which nothing comes any more


class BankFlash(Flash):
    """The partition of the deliveries' keys, as esp32.Partition finds it."""

    TYPE_DATA = esp32.Partition.TYPE_DATA

    @staticmethod
    def find(kind, label=None):
        return [BankFlash(7)]


class FrameSource(Quiet):
    """Reads what is put into `frame`."""

    frame = None

    def poll(self, now):
        frame, self.frame = self.frame, None
        return frame


class QuietSync(Quiet):
    """Takes whatever it is to send, and has what the parts of the board registered with it."""

    def __init__(self):
        self.handlers = {}

    def step(self, loop, now):
        pass

    def say(self, message):
        return True


class Timed:
    """When the last lock got its current. What the model of the world takes meanwhile counts apart."""

    moved = 0

    def model(self, function, *arguments):
        begun = nanoseconds()
        try:
            return function(*arguments)
        finally:
            spent[0] += nanoseconds() - begun


timed = Timed()
esp32.Partition = BankFlash


class TimedBus(LockBus):
    def write(self, data):
        if data[0] == OPENS and not timed.moved:
            timed.moved = nanoseconds() - spent[0]
        timed.model(LockBus.write, self, data)

    def waiting(self):
        return timed.model(LockBus.waiting, self)

    def take(self, most):
        return timed.model(LockBus.take, self, most)


class BankChip(chip.Chip):
    """Time goes on when the bench says so. ms: since it began, and never wraps."""

    def __init__(self):
        super().__init__(b"bench1")
        self.ms = 1000

    def ticks_ms(self):
        return self.ms & chip.PERIOD - 1

    def moved(self, n, level):
        pass


class CodeBench:
    """table: `bank` of board.json."""

    def __init__(self, table):
        self.chip = BankChip()
        chip.use(self.chip)
        self._wire(table["locks"])
        self.loop, self.time, _, _ = build(PLAN["rules"])
        from controller.bank import Bank

        self.reader = FrameSource()
        self.loop.doors[0].pins.reader = self.reader
        self.loop.parts = [Bank(table, self.chip.ms)]
        self.loop.sync = self.sync = QuietSync()
        self.run(5000)

    def _wire(self, locks):
        us = lambda: self.chip.ms * 1000  # noqa: E731
        self.boards = [XorBoard(address, locks["locks"], locks["sensor"]) for address in locks["addresses"]]
        self.chip.uarts[locks["uart"]] = TimedBus(self.boards, us, locks.get("baud", 9600))

    def run(self, ms, until=None):
        """From deadline to deadline."""
        end = self.chip.ms + ms
        while self.chip.ms < end and not (until and until()):
            self.step()

    def step(self):
        now = self.chip.ticks_ms()
        self.time.now = now
        self.loop.step(now)
        due = self.loop.deadline()
        left = chip.left(due, now)
        next_timer = self.chip.timers_due(now)
        if next_timer is not None:
            left = min(left, next_timer)
        self.chip.ms += max(1, min(left, 50))

    def reads(self, frame, what):
        """What a reader gives, until what.moved: nanoseconds, 0 for never."""
        self.reader.frame = frame
        what.moved = 0
        gc.collect()
        bytes(1)
        spent[0] = 0
        begun = nanoseconds()
        for _ in range(STEPS):
            self.step()
            if what.moved:
                return what.moved - begun
        return 0

    def wait(self):
        self.chip.ms += PAUSE_MS
        self.run(300)

    def keys(self, digits):
        for digit in digits:
            self.reader.frame = (BITS, ord(digit) - 48)
            self.step()
            self.run(100)
        return self.reads((BITS, END), timed)

    def give(self, number, key):
        """The key of a delivery comes from the cloud."""
        self.sync.handlers[STOCK](self.loop, bytes((STOCK,)) + number.to_bytes(4, "little") + key, self.time.now)
        self.run(1000)

    def shut(self):
        """Whatever stands open. How many."""
        self.run(1000)
        count = 0
        for board in self.boards:
            count += sum(board.doors)
            for n in range(board.locks):
                board.doors[n] = False
        self.run(1500)
        return count


def main():
    bench = CodeBench(PLAN["bank"])
    gc.collect()
    gc.disable()
    n = PLAN["n"]
    taps, picks, deposits = [array("I", bytes(4 * n)) for _ in range(3)]
    opened = 0
    for i in range(n):
        number = 1 + i
        key = bytes((number >> 8, number & 255)) * 8
        bench.give(number, key)
        bench.keys(code(key, DEPOSIT, number)[:SHORT])
        deposits[i] = bench.keys("1")
        opened += bench.shut()
        bench.wait()
        taps[i] = bench.reads((26, i % PLAN["cards"]), bench.loop.doors[0].pins.strike)
        bench.wait()
        picks[i] = bench.keys(code(key, PICK_UP, number)[:SHORT])
        opened += bench.shut()
        gc.collect()
    return {"taps": list(taps), "picks": list(picks), "deposits": list(deposits), "opened": opened}


print(json.dumps(main()))
