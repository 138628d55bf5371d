"""A chip on the bench: time moves when the test says so, pins are plugged by hand. Runs on both interpreters."""

import os
import sys

from sim.mcu import machine
from sim.mcu.chip import Chip, use

sys.modules["machine"] = machine

from firmware.controller import clock  # noqa: E402


class BenchChip(Chip):
    """now: ticks. moves: [(ticks, pin, level)] of every output that moved."""

    def __init__(self, now=(1 << 30) - 1000):
        super().__init__(b"bench1")
        self.now = now
        self.moves = []
        use(self)
        clock.time = self

    def ticks_ms(self):
        return self.now

    def urandom(self, n):
        return os.urandom(n)

    def sleep_ms(self, ms):
        self.now = (self.now + ms) & ((1 << 30) - 1)

    def wait(self, ms, pending):
        """The clock's own wait, where a simulated building of the same process has put a jump in its place."""
        for _ in range(0, ms, 5):
            if pending():
                return
            self.sleep_ms(5)

    def moved(self, n, level):
        self.moves.append((self.now, n, level))

    def pulse(self, n):
        self.input(n, 0)
        self.input(n, 1)

    def swipe(self, d0, d1, bits):
        """A Wiegand frame: "0" pulses d0, "1" pulses d1, 2 ms from bit to bit."""
        for bit in bits:
            self.pulse(d1 if bit == "1" else d0)
            self.sleep_ms(2)


def frame26(facility, number):
    """The bits of a 26-bit card (H10301)."""
    payload = "{:08b}{:016b}".format(facility, number)
    even = payload[:12].count("1") % 2
    odd = 1 - payload[12:].count("1") % 2
    return str(even) + payload + str(odd)
