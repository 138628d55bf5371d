"""A scanner of QR codes as a board's serial port hears it: the letters of what is held there, one after the other.

As such scanners come: 8 bits, no parity, one stop bit, and a suffix (CR is what they are set to).
"""


class Scanner:
    """Takes the place of sim.mcu.chip.Uart. now_us(): microseconds. noise(data): what arrives of it."""

    listener = True

    def __init__(self, now_us, baud=9600, suffix=b"\r"):
        self.now_us = now_us
        self.noise = None
        self.heard = b""  # what the board has said to it
        self._suffix = suffix
        self._byte_us = 10_000_000 // baud
        self._coming = []  # [when its stop bit is over, byte]

    def scan(self, text):
        """Somebody holds a code there."""
        data = text.encode() + self._suffix
        if self.noise:
            data = self.noise(data)
        begin = max([self.now_us()] + [at for at, _ in self._coming])
        for n, byte in enumerate(data, 1):
            self._coming.append([begin + n * self._byte_us, byte])

    def waiting(self):
        now = self.now_us()
        return len([at for at, _ in self._coming if at <= now])

    def take(self, count):
        count = min(count, self.waiting())
        data = bytes([byte for _, byte in self._coming[:count]])
        del self._coming[:count]
        return data

    def write(self, data):
        self.heard += bytes(data)

    def stop(self):
        self._coming = []
