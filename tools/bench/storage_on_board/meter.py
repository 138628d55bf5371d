"""The NOR flash that every contender stands on: counts what it does, and keeps its own time out of theirs."""

# mypy: ignore-errors

import gc
import time
from array import array

from sim.mcu.flash import SECTOR, NorFlash

# W25Q32 class, microseconds.
READ, READ_BYTE = 20, 0.1
PROGRAM, PROGRAM_BYTE = 30, 2.5
ERASE, ERASE_WORST = 45_000, 400_000
SLOWER = 200  # so much slower than here the chip runs this interpreter
_COLLECT = 6 * 20  # garbage is collected between operations, after so many of them, as a board does when it is idle


class Meter(NorFlash):
    """A block device and an esp32.Partition alike. ns: spent in the model, which a chip has in hardware."""

    def __init__(self, file, sectors):
        super().__init__(sectors * SECTOR, file, file)
        self.ns = 0
        self.worn = array("I", [0] * sectors)  # erases of each sector

    def readblocks(self, n, buf, offset=0):
        begun = time.time_ns()
        self.read(n * SECTOR + offset, buf)
        self.ns += time.time_ns() - begun

    def writeblocks(self, n, buf, offset=None):
        begun = time.time_ns()
        if offset is None:
            for sector in range(n, n + len(buf) // SECTOR):
                self.erase(sector)
        self.program(n * SECTOR + (offset or 0), buf)
        self.ns += time.time_ns() - begun

    def ioctl(self, op, arg):
        if op == 4:
            return self.size // SECTOR
        if op == 5:
            return SECTOR
        if op == 6:
            begun = time.time_ns()
            self.erase(arg)
            self.ns += time.time_ns() - begun
        return 0

    def program(self, offset, data):
        """As NorFlash does it; in one go where nothing is programmed yet."""
        now = bytearray(len(data))
        self.peek(offset, now)
        if len(now) and min(now) < 0xFF:
            super().program(offset, data)
            return
        self.programs += 1
        self.bytes_programmed += len(data)
        self.poke(offset, data)

    def poke(self, offset, data):
        """Without the flush, which costs a disk more than all the rest: here nobody cuts the power."""
        self._file.seek(offset)
        self._file.write(data)

    def erase(self, sector):
        super().erase(sector)
        self.worn[sector] += 1


def counted(meters):
    return [
        sum(m.reads for m in meters),
        sum(m.bytes_read for m in meters),
        sum(m.programs for m in meters),
        sum(m.bytes_programmed for m in meters),
        sum(m.erases for m in meters),
        sum(m.ns for m in meters),
    ]


class Samples:
    """What up to n operations of one kind took: the columns of counted(), the last as the interpreter's own ns.

    They lie in one array made before: small blocks left all over the heap would tear holes into it.
    """

    def __init__(self, meters, n):
        self._meters = meters
        self._all = array("q", bytes(48 * n))
        self._end = 0

    def time(self, work, *args):
        if self._end % _COLLECT == 0:
            gc.collect()
        before = counted(self._meters)
        begun = time.time_ns()
        found = work(*args)
        took = time.time_ns() - begun
        after = counted(self._meters)
        for column in range(5):
            self._all[self._end + column] = after[column] - before[column]
        self._all[self._end + 5] = took - (after[5] - before[5])
        self._end += 6
        return found

    def __len__(self):
        return self._end // 6

    def modelled(self, n):
        """Of the n-th operation, in microseconds."""
        at = 6 * n
        return _flash_us(self._all, at) + SLOWER * self._all[at + 5] / 1000

    def summary(self):
        """Flash and modelled times in microseconds."""
        figures = {"n": self._end // 6}
        for name, of in _COLUMNS:
            gc.collect()
            values = [0] * (self._end // 6)
            for i in range(len(values)):
                values[i] = of(self._all, 6 * i)
            values.sort()
            figures[name] = {
                "min": round(values[0], 2),
                "mean": round(sum(values) / len(values), 4),
                "p50": round(values[len(values) // 2], 2),
                "p99": round(values[len(values) * 99 // 100], 2),
                "max": round(values[-1], 2),
            }
        gc.collect()
        figures["flash_us_worst_erase"] = max(_flash_us(self._all, at, ERASE_WORST) for at in range(0, self._end, 6))
        return figures


def _flash_us(all, at, erase=ERASE):
    programs = PROGRAM * all[at + 2] + PROGRAM_BYTE * all[at + 3]
    return READ * all[at] + READ_BYTE * all[at + 1] + programs + erase * all[at + 4]


_COLUMNS = (
    ("reads", lambda all, at: all[at]),
    ("bytes_read", lambda all, at: all[at + 1]),
    ("programs", lambda all, at: all[at + 2]),
    ("erases", lambda all, at: all[at + 4]),
    ("flash_us", _flash_us),
    ("interpreter_us", lambda all, at: all[at + 5] / 1000),
    ("modelled_us", lambda all, at: _flash_us(all, at) + SLOWER * all[at + 5] / 1000),
)
