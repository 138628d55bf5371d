"""Ordinary bad luck: networks that go, power that fails, also in the middle of a flash operation, brokers that die."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from .building import VirtualBuilding
from .controller import VirtualController
from .scheduler import DAY, SECOND

Fault = Callable[[Any, Random], None]


@dataclass(frozen=True)
class Rates:
    """How often a day: of each controller, and of the broker."""

    network: float = 2
    black_hole: float = 1
    power: float = 1
    torn_write: float = 1
    broker: float = 0.5


class Faults:
    """Brings them on until stop(); then mends everything."""

    def __init__(self, building: VirtualBuilding, rates: Rates = Rates()) -> None:
        self.building = building
        self.scheduler = building.scheduler
        self.rates = rates
        self.happened = 0
        self.on = False

    def start(self) -> None:
        self.on = True
        for one in self.building.controllers:
            chance = self.scheduler.chance(f"faults of {one.name}")
            for rate, fault in (
                (self.rates.network, self._network),
                (self.rates.black_hole, self._black_hole),
                (self.rates.power, self._power),
                (self.rates.torn_write, self._torn_write),
            ):
                self._plan(rate, fault, one, chance)
        self._plan(self.rates.broker, self._broker, None, self.scheduler.chance("faults of the broker"))

    def stop(self) -> None:
        """No more faults: everything works again."""
        self.on = False
        building = self.building
        building.network.dead.clear()
        if not building.post.up:
            building.post.start()
        for one in building.controllers:
            one.chip.cut_in = None
            if not one.chip.access_point:
                building.connect(one, True)
            if not one.chip.on:
                building.power(one, True)
        building.network.revive()

    def _plan(self, rate: float, fault: Fault, one: Any, chance: Random) -> None:
        if rate:
            self.scheduler.after(int(chance.expovariate(rate) * DAY), self._strike, rate, fault, one, chance)

    def _strike(self, rate: float, fault: Fault, one: Any, chance: Random) -> None:
        if not self.on:
            return
        self.happened += 1
        fault(one, chance)
        self._plan(rate, fault, one, chance)

    def _until_mended(self, chance: Random, mean_s: float) -> int:
        return SECOND + int(chance.expovariate(1 / mean_s) * SECOND)

    def _network(self, one: VirtualController, chance: Random) -> None:
        self.building.connect(one, False)
        self.scheduler.after(self._until_mended(chance, 300), self.building.connect, one, True)

    def _black_hole(self, one: VirtualController, chance: Random) -> None:
        dead = self.building.network.dead
        dead.add(one.chip.name)
        self.building.record(one.name, "black hole", True)

        def over() -> None:
            dead.discard(one.chip.name)
            self.building.record(one.name, "black hole", False)
            self.building.network.revive()

        self.scheduler.after(self._until_mended(chance, 120), over)

    def _power(self, one: VirtualController, chance: Random) -> None:
        self.building.power(one, False)
        self.scheduler.after(self._until_mended(chance, 30), self.building.power, one, True)

    def _torn_write(self, one: VirtualController, chance: Random) -> None:
        """The power goes in the middle of one of the next flash operations."""
        one.chip.cut_in = 1 + chance.randrange(20)

        def cut() -> None:
            self.building.record(one.name, "torn write")
            self.scheduler.after(self._until_mended(chance, 5), self.building.power, one, True)

        one.chip.on_cut = cut

    def _broker(self, _: None, chance: Random) -> None:
        post = self.building.post
        self.building.record("", "broker", False)
        post.stop()

        def back() -> None:
            self.building.record("", "broker", True)
            if not post.up:
                post.start()

        self.scheduler.after(self._until_mended(chance, 20), back)
