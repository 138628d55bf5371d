"""A bank's stock that loses its power: each slot has its old or its new delivery, and no key outlives its delivery."""

from random import Random

from firmware.controller.access.codes import SLOTS
from firmware.controller.storage.stock import ENDED, HELD, LIES, Delivery, Stock
from sim.mcu.flash import SECTOR

from .power import CutPartition, Tally, anywhere, content, flash_that_may_weaken, start

Told = tuple[int, int, int, bytes]  # number, state, compartment, key
NOBODY: Told = (0, HELD, 0, bytes(16))


def told(one: Delivery) -> Told:
    return one.number, one.state, one.compartment, bytes(one.key)


class StockWalk:
    def __init__(self, seed: int, sectors: int, tally: Tally | None = None) -> None:
        self.random = Random(seed)
        self.tally = tally
        self.flash = flash_that_may_weaken(sectors * SECTOR, self.random)
        self.stock = self.make()
        self.known = dict.fromkeys(range(SLOTS), NOBODY)
        self.pending: Told = NOBODY
        self.cuts = 0
        self.slots = self.random.choice((8, 60, SLOTS))  # so many are in use
        for _ in range(self.random.randrange(700)):
            self.one_step()

    def make(self) -> Stock:
        return Stock(CutPartition(self.flash))

    def one_step(self) -> None:
        """A delivery goes on: its key comes, its parcel is put in or elsewhere, it ends."""
        slot = self.random.randrange(self.slots)
        number, state, _, key = self.known[slot]
        one = Delivery()
        one.number, one.key, one.compartment = number, key, self.random.randrange(1, 129)
        if number == 0 or state == ENDED:
            one.number = number + SLOTS if number else slot + SLOTS
            one.key, one.state, one.compartment = self.random.randbytes(16), HELD, 0
        else:
            one.state = self.random.choice((LIES, ENDED))
        self.pending = (*told(one)[:3], bytes(16) if one.state == ENDED else bytes(one.key))
        self.stock.set(one)
        self.known[slot] = self.pending

    def some_steps(self) -> None:
        for _ in range(self.random.choice((3, 10, 150))):
            self.one_step()
            if self.random.random() < 0.3:
                self.stock.prepare()

    def step(self) -> None:
        if anywhere([self.flash], self.some_steps, 8, self.random, self.tally):
            self.cuts += 1
            self.stock = start([self.flash], self.make, self.random, self.tally)
            slot = self.pending[0] % SLOTS
            found = told(self.stock.get(slot))
            assert found in (self.pending, self.known[slot]), "a delivery is neither as it was nor as it was to be"
            gone = {self.pending[3], self.known[slot][3]} - {found[3], bytes(16)}
            assert not any(key in content(self.flash) for key in gone), "a key of the past is on flash"
            self.known[slot] = found
        for slot in range(SLOTS):
            assert told(self.stock.get(slot)) == self.known[slot], "another delivery has changed"
