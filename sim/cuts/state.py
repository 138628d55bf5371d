"""A state journal that loses its power: what set() returned from is there, and no older value comes back."""

from random import Random

from firmware.controller.storage.state import StateJournal
from sim.mcu.flash import SECTOR

from .power import CutPartition, Tally, anywhere, flash_that_may_weaken, start


class StateWalk:
    def __init__(self, seed: int, sectors: int = 2, tally: Tally | None = None) -> None:
        self.random = Random(seed)
        self.tally = tally
        self.flash = flash_that_may_weaken(sectors * SECTOR, self.random)
        self.journal = self.make()
        self.values = dict.fromkeys(range(1, 9), 0)
        self.pending = (1, 0)
        self.cuts = 0
        for _ in range(self.random.randrange(260)):
            self.one_value()

    def make(self) -> StateJournal:
        return StateJournal(CutPartition(self.flash))

    def one_value(self) -> None:
        kind, value = self.pending = self.random.randrange(1, 9), self.random.getrandbits(64)
        self.journal.set(kind, value)
        self.values[kind] = value

    def some_values(self) -> None:
        for _ in range(self.random.choice((5, 10, 270))):
            self.one_value()
            if self.random.random() < 0.05:
                self.journal.prepare()

    def step(self) -> None:
        random = self.random
        if anywhere([self.flash], self.some_values, 6, random, self.tally):
            self.cuts += 1
            self.journal = start([self.flash], self.make, random, self.tally)
            kind, value = self.pending
            assert self.journal.get(kind) in (value, self.values[kind]), "a value is neither the old nor the new one"
            self.values[kind] = self.journal.get(kind)
        assert {kind: self.journal.get(kind) for kind in self.values} == self.values, "a value that was set is gone"
