"""Flash that loses its power at a chosen operation, and that watches how it is written."""

import hashlib
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from sim.mcu.flash import SECTOR, NorFlash, PowerCut
from sim.virtual.flash import TiredFlash


class CutPartition:
    """What the firmware uses of esp32.Partition. No program may need a bit that is already cleared."""

    def __init__(self, flash: NorFlash) -> None:
        self.flash = flash

    def readblocks(self, n: int, buf: Any, offset: int = 0) -> None:
        self.flash.read(n * SECTOR + offset, buf)

    def writeblocks(self, n: int, buf: Any, offset: int) -> None:
        at = n * SECTOR + offset
        there = bytearray(len(buf))
        self.flash.peek(at, there)
        wanted = bytes(buf)
        assert bytes(a & b for a, b in zip(there, wanted, strict=True)) == wanted, f"written over at {at}"
        self.flash.program(at, buf)

    def ioctl(self, op: int, arg: int) -> int:
        if op == 6:
            self.flash.erase(arg)
        return self.flash.size // SECTOR


def content(flash: NorFlash) -> bytes:
    """What is on flash, uncounted and with the power off as well."""
    assert flash.contents is not None
    return bytes(flash.contents)


def flash_that_may_weaken(size: int, random: Random, label: str = "") -> NorFlash:
    """Flash for a walk. Every other one leaves bits of what a cut tore weak: they read now so, now so."""
    flash = TiredFlash(size, label, Random(random.getrandbits(32)))
    flash.weakens = random.random() < 0.5
    return flash


class Tally:
    """Counts cuts, and tells which of them left something on flash that no other cut did."""

    def __init__(self) -> None:
        self.images: set[bytes] = set()
        self.cuts = self.torn_programs = self.half_erases = self.recovering = 0
        self.ends = Counter[str]()  # how often what was cut came to which end

    def cut(self, cut: "Cut", recovering: bool) -> None:
        image = hashlib.blake2b(digest_size=8)
        for flash in cut.flashes:
            assert flash.contents is not None
            image.update(flash.contents)
        if image.digest() in self.images:
            return
        self.images.add(image.digest())
        self.cuts += 1
        self.recovering += recovering
        self.torn_programs += cut.op == "program" and cut.torn
        self.half_erases += cut.op == "erase" and cut.torn

    def figures(self) -> dict[str, int]:
        names = ("cuts", "torn_programs", "half_erases", "recovering")
        return {name: getattr(self, name) for name in names} | self.ends


class Cut:
    """Lets `after` programs and erases of several flashes pass, then cuts the power within the next.

    how: 0 to 1, how much of it is still done. Of a half erase either end may be done, or cells may hold nonsense.
    only: "erase" counts and cuts erases alone.
    """

    def __init__(self, flashes: list[NorFlash], after: int, how: float, random: Random, only: str = "") -> None:
        self.flashes = flashes
        self.after = after
        self.how = how
        self.only = only
        self.random = random
        self.seen = 0
        self.op = ""  # in which it was cut
        self.torn = False
        for flash in flashes:
            flash.fault = self.hook(flash)

    def hook(self, flash: NorFlash) -> Callable[[str, int, int], int | None]:
        def fault(op: str, offset: int, length: int) -> int | None:
            if self.seen > self.after:
                raise PowerCut("no power")
            if op == "read" or (self.only and op != self.only):
                return None
            self.seen += 1
            if self.seen <= self.after:
                return None
            done = round(length * self.how)
            self.op, self.torn = op, 0 < done < length
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
    flashes: list[NorFlash],
    act: Callable[[], object],
    after: int,
    how: float,
    random: Random,
    tally: Tally | None = None,
    recovering: bool = False,
    only: str = "",
) -> bool:
    """Runs act() with a power cut. Whether the cut came before act() was through."""
    cut = Cut(flashes, after, how, random, only)
    try:
        act()
    except PowerCut:
        if tally is not None:
            tally.cut(cut, recovering)
        return True
    finally:
        cut.restore()
    return False


def start(flashes: list[NorFlash], make: Callable[[], Any], random: Random, tally: Tally | None = None) -> Any:
    """Starts the stores, with the power going again while they recover, up to three times."""
    for _ in range(random.randrange(4)):
        survive(flashes, make, random.randrange(3), random.choice(HOW), random, tally, recovering=True)
    return make()


def operations(flashes: list[NorFlash], act: Callable[[], object]) -> int:
    """How many programs and erases act() takes."""
    before = sum(flash.programs + flash.erases for flash in flashes)
    act()
    return sum(flash.programs + flash.erases for flash in flashes) - before


def anywhere(
    flashes: list[NorFlash],
    act: Callable[[], object],
    most: int,
    random: Random,
    tally: Tally | None = None,
    recovering: bool = False,
) -> bool:
    """Runs act() with a cut in one of its first operations, `most` or so; one time in four in an erase."""
    how = random.choice((random.random(), *HOW))
    if random.random() < 0.25:
        return survive(flashes, act, 0, how, random, tally, recovering, only="erase")
    return survive(flashes, act, random.randrange(most), how, random, tally, recovering)
