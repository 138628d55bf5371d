"""Allotments that lose their power: each compartment is whose it was or whose it was to be, no key outlives it."""

from random import Random

from firmware.controller.records import NO_END
from firmware.controller.storage.allotments import PERSONAL, Allotment, Allotments
from firmware.controller.storage.stock import Delivery, Stock
from sim.mcu.flash import SECTOR

from .power import CutPartition, Tally, anywhere, content, flash_that_may_weaken, start


class AllotmentWalk:
    """Deliveries lie on the same sectors, and come and go meanwhile."""

    def __init__(self, seed: int, sectors: int, tally: Tally | None = None) -> None:
        self.random = Random(seed)
        self.tally = tally
        self.flash = flash_that_may_weaken(sectors * SECTOR, self.random)
        self.count = self.random.choice((8, 48, 128))
        self.made = self.make()
        self.known = {n: Allotment(n).entry() for n in range(1, self.count + 1)}
        self.pending = self.known[1]
        self.number = 0
        self.cuts = 0
        for _ in range(self.random.randrange(700)):
            self.one_step()

    def make(self) -> Allotments:
        self.stock = Stock(CutPartition(self.flash), self.count)
        return Allotments(self.stock, self.count)

    def one_step(self) -> None:
        """A compartment becomes somebody's or nobody's, or a key of a delivery comes."""
        if self.random.random() < 0.4:
            one = Delivery()
            self.number += 1
            one.number, one.key = self.number, self.random.randbytes(16)
            self.stock.set(one)
            return
        n = self.random.randrange(1, self.count + 1)
        mine = Allotment(n)
        if self.random.random() < 0.7:
            until = self.random.choice((NO_END, self.random.randrange(NO_END)))
            mine = Allotment(n, self.random.randrange(1, 1 << 16), PERSONAL, until, self.random.randbytes(21))
        self.pending = mine.entry()
        self.made.set(mine)
        self.known[n] = self.pending

    def some_steps(self) -> None:
        for _ in range(self.random.choice((3, 10, 150))):
            self.one_step()
            if self.random.random() < 0.3:
                self.stock.prepare()

    def step(self) -> None:
        if anywhere([self.flash], self.some_steps, 8, self.random, self.tally):
            self.cuts += 1
            self.made = start([self.flash], self.make, self.random, self.tally)
            n = self.pending[0]
            found = self.made.get(n).entry()
            assert found in (self.pending, self.known[n]), "neither whose it was nor whose it was to be"
            gone = {self.pending[8:], self.known[n][8:]} - {found[8:], bytes(21)}
            assert not any(keys in content(self.flash) for keys in gone), "keys of the past are on flash"
            self.known[n] = found
        for n, entry in self.known.items():
            one = self.made.get(n)
            assert one.entry() == entry, "another allotment has changed"
            assert self.made.taken[n - 1] == (one.kind > 0), "it counts as free, or as somebody's, and is not"
