"""NOR flash: a program only clears bits, an erase sets a whole sector to 0xFF, and the power may go half-way."""

SECTOR = 4096
_ERASED = b"\xff" * 256  # in pieces: a board's heap has no 4 KB in one piece to spare


class PowerCut(BaseException):
    """The power went during a flash operation. No `except Exception` keeps a board alive that has none."""


class NorFlash:
    """One partition of flash, in memory or in a file.

    file: a path (made and filled with 0xFF where missing or short) or a binary file open for reading and writing.
        Every operation is flushed: killing the process loses nothing.
    fault: called as fault(op, offset, length) before each operation, op "read", "program" or "erase". It may raise,
        or return how many bytes are still done before the power goes; None lets the operation happen.
    """

    def __init__(self, size, label="", file=None):
        if size <= 0 or size % SECTOR:
            raise ValueError(f"flash size must be whole sectors of {SECTOR} bytes, is {size}")
        self.size = size
        self.label = label
        self.fault = None
        self.reads = self.bytes_read = 0
        self.programs = self.bytes_programmed = 0
        self.erases = 0
        self.contents = self._file = None
        if file is None:
            self.contents = bytearray(b"\xff" * size)
            return
        if isinstance(file, str):
            open(file, "ab").close()
            file = open(file, "r+b")
        self._file = file
        end = self._file.seek(0, 2)
        while end < size:
            end += self._file.write(_ERASED[: size - end])
        self._file.flush()

    def read(self, offset, buf):
        """Fills buf from offset."""
        length = len(buf)
        self._check(offset, length)
        if self.fault and self.fault("read", offset, length) is not None:
            raise PowerCut(f"read at {offset}")
        self.reads += 1
        self.bytes_read += length
        if self._file is None:
            buf[:] = self.contents[offset : offset + length]
        else:
            self.peek(offset, buf)

    def program(self, offset, data):
        """Clears the bits that are 0 in data; it cannot set any."""
        length = len(data)
        self._check(offset, length)
        done = self.fault("program", offset, length) if self.fault else None
        self.programs += 1
        self.bytes_programmed += length
        apply = length if done is None else min(done, length)
        now = bytearray(apply)
        self.peek(offset, now)
        for i in range(apply):
            now[i] &= data[i]
        self.poke(offset, now)
        if done is not None:
            raise PowerCut(f"program at {offset} after {apply} of {length} bytes")

    def erase(self, sector):
        """Sets every bit of a sector."""
        offset = sector * SECTOR
        self._check(offset, SECTOR)
        done = self.fault("erase", offset, SECTOR) if self.fault else None
        self.erases += 1
        apply = SECTOR if done is None else min(done, SECTOR)
        for at in range(0, apply, len(_ERASED)):
            self.poke(offset + at, _ERASED[: apply - at])
        if done is not None:
            raise PowerCut(f"erase of sector {sector}")

    def poke(self, offset, data):
        """Puts data there against the rules of flash and uncounted: for flipped bits and torn cells."""
        self._check(offset, len(data))
        if self._file is None:
            self.contents[offset : offset + len(data)] = data
        else:
            self._file.seek(offset)
            self._file.write(data)
            self._file.flush()

    def close(self):
        if self._file is not None:
            self._file.close()

    def peek(self, offset, buf):
        """What lies there, seen from outside: no read is counted."""
        if self._file is None:
            buf[:] = self.contents[offset : offset + len(buf)]
        elif len(buf):
            self._file.seek(offset)
            if self._file.readinto(buf) != len(buf):
                raise OSError(f"flash file is shorter than its partition: {self.label}")

    def _check(self, offset, length):
        if offset < 0 or offset + length > self.size:
            raise ValueError(f"flash {self.label} has no bytes {offset} to {offset + length}")
