"""A chip in real time, wired to the world by lines of text over one loopback connection (see world_wire.py).

Runs on MicroPython and on CPython. Inputs and the serial line are looked at while the main thread sleeps: a
handler never runs beside the control loop, as on the ESP32, where pin handlers wait for the interpreter.
"""
# mypy: ignore-errors

import _thread
import gc
import os
import select
import socket
import sys
import time

from ..mcu.chip import PERIOD, SOFT_RESET, Chip
from ..mcu.flash import NorFlash

FEED_EVERY_MS = 200  # a line to the host at most this often

# The real ones: the launcher puts the chip's in their place.
_sleep = time.sleep
if sys.implementation.name == "micropython":
    _real_us = time.ticks_us
    _stdin = sys.stdin.buffer
else:

    def _real_us():
        return time.monotonic_ns() // 1000

    _stdin = sys.stdin


class RealtimeChip(Chip):
    """how: {"name", "port", "identity", "cause", "flash": {label: [size, file]}} as host.py gives it."""

    def __init__(self, how):
        super().__init__(bytes.fromhex(how["identity"]), how["cause"])
        self._flash = {}
        for label, (size, file) in how["flash"].items():
            self._flash[label] = NorFlash(size, label, file)
        self.partitions = tuple(self._flash)
        self._us = _real_us()  # power on
        self._offset = PERIOD - 20000 - os.urandom(1)[0] * 80  # ticks wrap within 40 s of it
        self._main = _thread.get_ident()
        self._fed = None
        self._timeout = 0
        self._rest = b""
        self._key = bytearray(1)
        self.interrupt = 3  # the character that interrupts, -1: none
        self._world = socket.socket()
        self._world.connect(socket.getaddrinfo("127.0.0.1", how["port"])[0][-1])
        self._poll = select.poll()
        self._poll.register(self._world, select.POLLIN)
        self._poll.register(_stdin, select.POLLIN)
        self._greeted = False
        kind = "MicroPython" if sys.implementation.name == "micropython" else "CPython"
        self._tell("hello %s %s %d.%d.%d" % ((how["name"], kind) + tuple(sys.implementation.version[:3])))
        while not self._greeted:  # the levels were there before the board
            self._hear()

    # Time.

    def ticks_ms(self):
        return ((_real_us() - self._us) // 1000 + self._offset) & (PERIOD - 1)

    def ticks_us(self):
        return (_real_us() - self._us + self._offset) & (PERIOD - 1)

    def uptime(self):
        return (_real_us() - self._us) // 1000000

    def sleep_ms(self, ms):
        if _thread.get_ident() != self._main:
            _sleep(ms / 1000)
            return
        self.wait(ms, None)

    def wait(self, ms, pending):
        end = _real_us() + ms * 1000
        while pending is None or not pending():
            rest = (end - _real_us() + 999) // 1000
            timer = self.timers_due(self.ticks_ms())
            if rest <= 0:
                self._look(0)
                return
            self._look(rest if timer is None else min(rest, timer))

    # Watchdog and reset.

    def watchdog(self, timeout_ms):
        self._timeout = timeout_ms
        self._tell("f %d" % timeout_ms)

    def feed(self):
        now = self.ticks_ms()
        if self._fed is None or (now - self._fed) % PERIOD >= FEED_EVERY_MS:
            self._fed = now
            self._tell("f %d" % self._timeout)

    def reset(self, cause=SOFT_RESET):
        """The host ends this process, whatever it is doing, and starts another. An interrupt that waits comes first."""
        self.sleep_ms(0)
        self._tell("r %d" % cause)
        while True:
            _sleep(1)

    def partition(self, label):
        return self._flash.get(label)

    def urandom(self, n):
        return os.urandom(n)

    def moved(self, n, level):
        self._tell("p %d %d" % (n, level))

    def uart(self, number):
        port = super().uart(number)
        if port.listener is None:
            port.listener = lambda data: self._tell("u %d %s" % (number, data.hex()))
        return port

    # The world.

    def _tell(self, line):
        self._world.send(line.encode() + b"\n")

    def _look(self, ms):
        """Waits at most ms for the world or the serial line, and serves what came."""
        for ready in self._poll.poll(ms):
            if ready[0] is self._world or ready[0] == self._world.fileno():
                self._hear()
            else:
                self._serial()

    def _hear(self):
        data = self._world.recv(1024)
        if not data:
            raise SystemExit("the world has gone")
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            words = line.decode().split()
            if words[0] == "p":
                self.input(int(words[1]), int(words[2]))
            elif words[0] == "a":
                self.volts[int(words[1])] = int(words[2])
            elif words[0] == "b":
                for bit in words[3]:
                    pin = int(words[1] if bit == "0" else words[2])
                    self.input(pin, 0)
                    self.input(pin, 1)
            elif words[0] == "n":
                self.access_point = words[1] == "1"
                self._greeted = True
            elif words[0] == "h":
                gc.collect()
                self._tell("h %d %d %d" % (gc.mem_alloc(), gc.mem_free(), longest_piece()))
            elif words[0] == "u":
                self.uart(int(words[1])).feed(bytes.fromhex(words[2]))

    def _serial(self):
        """A program runs, so the only key that means something is the one that interrupts it."""
        if not _read(self._key):
            raise SystemExit("the serial line has gone")
        if self._key[0] == self.interrupt:
            raise KeyboardInterrupt


def longest_piece():
    """Bytes of the longest thing that the heap has room for now, to 32."""
    room, none = 0, gc.mem_free()
    while none - room > 32:
        size = (room + none) // 2
        try:
            bytearray(size)
            room = size
        except MemoryError:
            none = size
    gc.collect()
    return room


if sys.implementation.name == "micropython":

    def _read(buf):
        return _stdin.readinto(buf)

else:

    def _read(buf):
        data = os.read(0, 1)
        buf[:] = data or b"\0"
        return len(data)
