"""Lock boards of sim/world on a simulated line, opened and asked by the firmware's own driver. No bank above it."""

from firmware.controller import ticks
from firmware.controller.outputs.locks import locks
from sim.world.lock_boards import Kerong12Board, KerongBoard, LockBus, ModbusRelays, XorBoard
from tests.firmware.bench import BenchChip

DE = 4
UART = 2


class LockBench:
    """boards: of the world. how: fields of `locks` beside those that follow from the boards."""

    def __init__(self, driver, boards, **how):
        self.boards = boards
        self.chip = BenchChip()
        self.elapsed = 0
        self.table = {"driver": driver, "uart": UART, "tx": 17, "rx": 16, "sensor": boards[0].open_bit}
        self.table["addresses"] = [board.address for board in boards]
        self.table["locks"] = boards[0].locks
        self.table.update(how)
        self.bus = LockBus(boards, lambda: self.elapsed * 1000, self.table.get("baud", 9600), "de" in self.table)
        self.chip.uarts[UART] = self.bus
        self.chip.moved = self._moved
        self.line = locks(self.table, self.chip.now)
        self.steps = 0

    def _moved(self, pin, level):
        if pin == self.table.get("de"):
            self.bus.drive(level)

    def run(self, ms, until=None):
        """From deadline to deadline. until(): it may end sooner. How many milliseconds it took."""
        begin, end = self.elapsed, self.elapsed + ms
        while True:
            now = self.chip.now
            self.steps += 1
            self.line.watch(now)
            if until is not None and until():
                return self.elapsed - begin
            left = max(0, ticks.diff(self.line.deadline(), now))
            timer = self.chip.timers_due(now)
            if timer is not None:
                left = min(left, timer)
            left = min(left, end - self.elapsed)
            self.elapsed += left
            self.chip.now = ticks.add(now, left)
            if self.elapsed >= end:
                self.chip.timers_due(self.chip.now)
                return ms

    def unlock(self, n):
        return self.line.unlock(n, self.chip.now)

    def opened(self, ms=3000):
        """Runs until nothing waits to be opened. How long that took."""
        return self.run(ms, lambda: not self.line.busy())

    def known(self, n, ms=5000):
        """Runs until the contact is known; what it is."""
        self.run(ms, lambda: self.line.is_open(n) is not None)
        return self.line.is_open(n)

    def pulses(self):
        """[(address, lock)] of all that were opened."""
        return [(board.address, lock) for board in self.boards for lock, _ in board.pulses]

    def told(self):
        told = list(self.line.troubles)
        self.line.troubles[:] = []
        return told


FAMILIES = {
    "kerong": (KerongBoard, 16, {"baud": 9600}),
    "kerong12": (Kerong12Board, 12, {"baud": 9600}),
    "modbus": (ModbusRelays, 16, {}),
    "xor": (XorBoard, 24, {}),
}


def benches(count=3, **how):
    """A bench of each family with so many boards."""
    for driver in sorted(FAMILIES):
        board, locks, more = FAMILIES[driver]
        more = dict(more)
        more.update(how)
        yield LockBench(driver, [board(address, locks) for address in range(1, count + 1)], **more)


def ready(bench):
    """Each board has answered."""
    each = bench.table["locks"]
    firsts = range(1, len(bench.boards) * each, each)
    bench.run(5000, lambda: all(bench.line.is_open(n) is not None for n in firsts))
    assert all(bench.line.is_open(n) is False for n in firsts), bench.table["driver"]
    assert bench.told() == []
    return bench


def second(bench, lock=3):
    """The number of a lock of the second board."""
    return bench.table["locks"] + lock
