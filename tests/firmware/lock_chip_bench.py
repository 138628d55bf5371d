"""Locks behind shift registers and expanders of sim/world, switched by the firmware's own driver."""

from firmware.controller.outputs.locks import locks
from sim.world.lock_chips import I2cBus, Locks, Mcp23017, Pcf8574, RegisterChain
from tests.firmware.bench import BenchChip
from tests.firmware.lock_bench import LockBench

PINS = {"data": 13, "clock": 14, "latch": 25, "load": 26, "enable": 27}
BACK = 33
RESET = 32


class ChipBench(LockBench):
    """driver: shift, mcp23017 or pcf8574. count: locks."""

    def __init__(self, driver, count, open_level=1, **how):
        self.chip = BenchChip()
        self.elapsed = self.steps = 0
        self.locks = Locks(count, lambda: self.elapsed * 1000, open_level)
        self.table = {"driver": driver, "locks": count, "sensor": open_level}
        if driver == "shift":
            self.table.update(PINS)
            self.table["back"] = BACK
            self.chain = RegisterChain(PINS, (count + 7) // 8, self.locks, lambda level: self.chip.input(BACK, level))
        else:
            self._wire(driver, count, how)
        self.table.update(how)
        self.chip.moved = self._moved
        self.line = locks(self.table, self.chip.now)

    def _wire(self, driver, count, how):
        large = driver == "mcp23017"
        outs = [0x20 + n for n in range((count + (15 if large else 7)) // (16 if large else 8))]
        ins = [0x20 + len(outs) + n for n in range((count + (13 if large else 7)) // (14 if large else 8))]
        chips = {}
        for n, address in enumerate(outs):
            if large:
                chips[address] = Mcp23017(self.locks, 1 + 16 * n, how.get("active", 1))
            else:
                chips[address] = Pcf8574(self.locks, 1 + 8 * n)
        for n, address in enumerate(ins):
            chips[address] = Mcp23017(self.locks, 1 + 14 * n, None) if large else Pcf8574(self.locks, 1 + 8 * n, False)
        self.outs = [chips[address] for address in outs]
        self.ins = [chips[address] for address in ins]
        self.bus = I2cBus(chips)
        self.chip.i2cs[0] = self.bus
        self.table.update({"scl": 22, "sda": 21, "outputs": outs, "inputs": ins})

    def _moved(self, pin, level):
        if self.table["driver"] == "shift":
            self.chain.moved(pin, level)
        elif pin == RESET:
            for chip in self.outs + self.ins:
                chip.dead = not level
                chip.restart()

    def pulses(self):
        return [lock for lock, _ in self.locks.pulses]
