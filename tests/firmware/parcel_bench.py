"""A whole controller with a bank of compartments and a keypad: who stands there types, puts in, takes out and shuts."""

from firmware.controller import events as codes
from firmware.controller.access.codes import DEPOSIT, LONG, PICK_UP, SHORT, code
from firmware.controller.cloud import wire
from firmware.protocol.deliveries import delivery_key
from sim.world.lock_chips import Locks, RegisterChain
from tests.firmware import controller_bench
from tests.firmware.controller_bench import RULES, TABLE, UTC, nor_flash

CHAIN = {"data": 13, "clock": 12, "latch": 5, "load": 26, "enable": 27}
BACK = 33
KEYPAD = {"d0": 16, "d1": 17, "light": 15, "sound": 2}
SECRET = b"the secret of a bank, in the cloud only"[:32]
BANK = {
    "supply_ma": 1000,
    "coil_ma": 600,
    "locks": dict(CHAIN, driver="shift", locks=8, sensor=1, back=BACK),
    "sizes": "SSSMMMLL",
    "keypad": KEYPAD,
}

KINDS = ("DELIVERY", "NO", "CODE", "CODES")  # of events


def key(number):
    return delivery_key(SECRET, number)


def deposit_code(number):
    return code(key(number), DEPOSIT, number)[:SHORT]


def pick_up_code(number):
    return code(key(number), PICK_UP, number)[:SHORT]


def long_code(number, kind=PICK_UP):
    return code(key(number), kind, number)[:LONG]


def flash():
    sizes = {"acl": 24576, "log": 16384, "state": 8192, "bank": 6 * 4096}
    return {name: nor_flash(size) for name, size in sizes.items()}


class ParcelBench(controller_bench.Bench):
    """bank: of board.json. locks: of an earlier bench, whose doors stand as they were left. known: is the time."""

    def __init__(self, flash_=None, folder=None, bank=BANK, locks=None, known=True, stock=(), table=TABLE, rules=RULES):
        bench = self
        kind = controller_bench.BenchChip
        count = bank["locks"]["locks"]
        flash_ = flash_ or flash()

        class Wired(kind):
            def __init__(self):
                super().__init__()
                self.partitions = flash_
                bench.chain = RegisterChain(CHAIN, (count + 7) // 8, bench.locks, lambda level: self.input(BACK, level))

            def moved(self, n, level):
                bench.chain.moved(n, level)

        self.locks = locks or Locks(count, lambda: self.chip.now * 1000)
        self.locks.now_us = lambda: self.chip.now * 1000
        self.locks._on = [False] * self.locks.count
        levels = {KEYPAD["d0"]: 1, KEYPAD["d1"]: 1}
        controller_bench.BenchChip = Wired
        try:
            super().__init__(flash=flash_, folder=folder, table=dict(table, bank=bank), levels=levels, rules=rules)
        finally:
            controller_bench.BenchChip = kind
        self.bank = self.loop.parts[0]
        if known:
            self.connect()
        self.run(1000)
        self.said()
        self.last = self.loop.log.last
        for number in stock:
            self.stock_comes(number)

    def again(self, **more):
        """The power was off. What stood open still does, unless somebody shut it."""
        return ParcelBench(self.flash, self.folder, locks=self.locks, **more)

    def stock_comes(self, *numbers):
        said = self.said()  # while there is no room for answers nothing is taken in
        self.hear(bytes((wire.STOCK,)) + b"".join(number.to_bytes(4, "little") + key(number) for number in numbers))
        self.run(200)
        assert not self.inbox.waiting()
        return said + self.said()

    def keys(self, text):
        for letter in text:
            value = {"*": 10, "#": 11}.get(letter)
            bits = "{:04b}".format(int(letter) if value is None else value)
            self.chip.swipe(KEYPAD["d0"], KEYPAD["d1"], bits)
            self.run(100)

    def type(self, text):
        """Then it takes a moment until a door has popped. Which ones did."""
        before = len(self.locks.pulses)
        self.keys(text + "#")
        self.run(1000)
        return [lock for lock, _ in self.locks.pulses[before:]]

    def deposit(self, number, size=1):
        """The courier's part, up to the open door. Which doors popped."""
        return self.type(deposit_code(number)) + self.type(str(size))

    def shut(self, lock):
        self.locks.doors[lock - 1] = False
        self.run(500)

    def put_in(self, number, size=1):
        """All of a deposit. The compartment."""
        (lock,) = self.deposit(number, size)
        self.shut(lock)
        return lock

    def told_ever(self):
        """As told(), of all that is on flash."""
        self.last = 0
        return self.told()

    def told(self):
        """[(name, compartment, extra, number)] since the last look, without what compartments say of themselves."""
        found = []
        names = {getattr(codes, name): name for name in dir(codes) if name.split("_")[0] in KINDS}
        for event in self.events()[self.last :]:
            if event[0] in names:
                number = int.from_bytes(event[3][:4], "little") if event[3] else 0
                found.append((names[event[0]], event[1], event[2], number))
        self.last = self.loop.log.last
        return found

    def shown(self):
        """What the keypad shows from now on, in place of showing it."""
        patterns = []
        self.bank._parcels.entry._signal.show = lambda pattern, now: patterns.append(pattern)
        return patterns

    def cancel(self, number, name):
        fields = {"id": name, "do": "cancel", "delivery": number, "expires": UTC + 20}
        self.said()
        self.hear(wire.json_message(wire.COMMAND, fields))
        (answer,) = [wire.read_json(one) for one in self.said() if one[0] == wire.RESULT]
        return answer["result"], answer["why"]
