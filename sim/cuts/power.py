"""Flash that loses its power at a chosen operation, and that watches how it is written."""

from collections.abc import Callable
from random import Random
from typing import Any

from sim.mcu.flash import SECTOR, NorFlash, PowerCut


class Partition:
    """What the firmware uses of esp32.Partition. No program may need a bit that is already cleared."""

    def __init__(self, flash: NorFlash) -> None:
        self.flash = flash

    def readblocks(self, n: int, buf: Any, offset: int = 0) -> None:
        self.flash.read(n * SECTOR + offset, buf)

    def writeblocks(self, n: int, buf: Any, offset: int) -> None:
        at = n * SECTOR + offset
        there = bytearray(len(buf))
        self.flash._get(at, there)
        wanted = bytes(buf)
        assert bytes(a & b for a, b in zip(there, wanted, strict=True)) == wanted, f"written over at {at}"
        self.flash.program(at, buf)

    def ioctl(self, op: int, arg: int) -> int:
        if op == 6:
            self.flash.erase(arg)
        return self.flash.size // SECTOR


def content(flash: NorFlash) -> bytes:
    """What is on flash, uncounted and with the power off as well."""
    assert flash._bytes is not None
    return bytes(flash._bytes)


Note = Callable[[list[NorFlash]], object]  # told of every cut, with what it left on flash


class Cut:
    """Lets `after` programs and erases of several flashes pass, then cuts the power within the next.

    how: 0 to 1, how much of it is still done. Of a half erase either end may be done, or cells may hold nonsense.
    """

    def __init__(self, flashes: list[NorFlash], after: int, how: float, random: Random) -> None:
        self.flashes = flashes
        self.after = after
        self.how = how
        self.random = random
        self.seen = 0
        for flash in flashes:
            flash.fault = self.hook(flash)

    def hook(self, flash: NorFlash) -> Callable[[str, int, int], int | None]:
        def fault(op: str, offset: int, length: int) -> int | None:
            if self.seen > self.after:
                raise PowerCut("no power")
            if op == "read":
                return None
            self.seen += 1
            if self.seen <= self.after:
                return None
            done = round(length * self.how)
            if op == "erase" and 0 < done < length:
                way = self.random.randrange(3)
                if way == 1:
                    flash.poke(offset + length - done, b"\xff" * done)
                    raise PowerCut("erase, from its end")
                if way == 2:
                    there = content(flash)[offset : offset + length]
                    flash.poke(offset, bytes(byte | self.random.getrandbits(8) for byte in there))
                    raise PowerCut("erase, weak")
            return done

        return fault

    def restore(self) -> None:
        for flash in self.flashes:
            flash.fault = None


HOW = (0.0, 0.04, 0.3, 0.5, 0.8, 0.97, 1.0)


def survive(
    flashes: list[NorFlash], act: Callable[[], object], after: int, how: float, random: Random, note: Note | None = None
) -> bool:
    """Runs act() with a power cut. Whether the cut came before act() was through."""
    cut = Cut(flashes, after, how, random)
    try:
        act()
    except PowerCut:
        if note is not None:
            note(flashes)
        return True
    finally:
        cut.restore()
    return False


def start(flashes: list[NorFlash], make: Callable[[], Any], random: Random, note: Note | None = None) -> Any:
    """Starts the stores, with the power going again while they recover, up to three times."""
    for _ in range(random.randrange(4)):
        survive(flashes, make, random.randrange(3), random.choice(HOW), random, note)
    return make()


def operations(flashes: list[NorFlash], act: Callable[[], object]) -> int:
    """How many programs and erases act() takes."""
    before = sum(flash.programs + flash.erases for flash in flashes)
    act()
    return sum(flash.programs + flash.erases for flash in flashes) - before
