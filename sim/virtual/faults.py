"""Faults: networks that go, power that fails, also in the middle of a flash operation, brokers that die or are evil,
readers and contacts as they are, clocks that drift, clouds that are killed or put back in time."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from sim.world.hostile import Hostile

from . import fault_kinds
from .building import VirtualBuilding
from .controller import VirtualController
from .flash import crowd
from .scheduler import DAY, MS, SECOND

Where = TypeVar("Where", bound=VirtualController | None)  # a board, or None: the whole building
MOVES_US = 1_200 * SECOND  # so long a torn write waits for a bucket that moves
RECOVERY_US = 120 * SECOND  # after that a controller has its link again


@dataclass(frozen=True)
class Rates:
    """How often a day: of each controller, and of the broker."""

    network: float = 2
    black_hole: float = 1
    power: float = 1
    torn_write: float = 1
    broker: float = 0.5
    dns: float = 0
    crowd: float = 0  # of an access list a bucket is nearly full; when it moves to another sector, the power goes
    stuck: float = 0  # the network loop of a controller waits for ever
    # As fault_kinds.py has them.
    half_open: float = 0
    twin: float = 0
    silence: float = 0
    slow: float = 0
    heap: float = 0
    brown_out: float = 0
    reader: float = 0
    pulses: float = 0
    rot: float = 0
    worn: float = 0
    sway: float = 0
    # Not faults a day, but how things are.
    hostile: float = 0  # of a thousand messages, how many the broker meddles with
    noise: float = 0  # of all cards, how many lose or gain a bit on the cable
    bounce: float = 0  # of all movements of a leaf, how many let the contact bounce
    aimed: float = 0  # torn writes look for the access list and the journal as well, which are seldom written
    again: float = 0  # of all torn writes, how many are followed by one while the board starts
    weak: float = 0  # of all torn writes, how many leave bits that read now so and now so
    drift_ppm: float = 0  # clocks are wrong by so much at the most


EVERYTHING = Rates(
    dns=0.5, stuck=0.2, half_open=0.5, twin=0.3, silence=0.3, slow=0.3, heap=0.5, brown_out=0.3, reader=0.2, pulses=2,
    rot=1, worn=0.1, weak=0.1, sway=8, aimed=1, again=0.3, hostile=20, noise=0.01, bounce=0.5, drift_ppm=40,
)  # fmt: skip


class FaultInjector:
    """Brings them on until stop(); then mends everything.

    more: other faults of the whole building: (how often a day, name, what to do with a source of chance).
    disturbed: of each controller, "" for all of them, until when it may feel the last fault.
    """

    def __init__(
        self,
        building: VirtualBuilding,
        rates: Rates = Rates(),
        more: Sequence[tuple[float, str, Callable[[Random], None]]] = (),
    ) -> None:
        self.building = building
        self.scheduler = building.scheduler
        self.rates = rates
        self.kinds: Counter[str] = Counter()
        self.disturbed: dict[str, int] = {}
        self.on = False
        self._aimed: dict[str, int] = {}  # of each controller: until when no other torn write takes the place of one
        self.more = list(more)
        self._ids = {one.settings["controller"]: one.name for one in building.controllers}
        self._hostile = Hostile(
            building.broker,
            self.scheduler.chance("hostile"),
            lambda ms, call: self._later(ms, call),
            rates.hostile,
            lambda controller: self.disturb(self._ids.get(controller, ""), 30 * SECOND),
        )

    @property
    def happened(self) -> int:
        return self.kinds.total() + self._hostile.acts.total()

    def counts(self) -> dict[str, int]:
        """By kind."""
        return {**self.kinds, **{f"broker: {kind}": n for kind, n in self._hostile.acts.items()}}

    def calm(self, name: str) -> bool:
        """Whether nothing is wrong that this controller could feel."""
        return max(self.disturbed.get(name, 0), self.disturbed.get("", 0)) < self.scheduler.now

    def disturb(self, name: str, us: int) -> None:
        """A controller ("": all of them) may feel something for so long."""
        self.disturbed[name] = max(self.disturbed.get(name, 0), self.scheduler.now + us)

    def _later(self, ms: int, call: Callable[[], None]) -> None:
        self.scheduler.after(ms * MS, call)

    def start(self) -> None:
        self.on = True
        for controller in self.building.controllers:
            chance = self.scheduler.chance(f"faults of {controller.name}")
            for rate, fault in (
                (self.rates.network, self._network),
                (self.rates.black_hole, self._black_hole),
                (self.rates.power, self._power),
                (self.rates.torn_write, self._torn_write),
                (self.rates.stuck, self._stuck),
                (self.rates.crowd, self._crowd),
            ):
                self._plan(rate, fault, controller, chance)
            for act in fault_kinds.OF_A_BOARD:
                self._plan_kind(act, controller, f"{act.__name__} of {controller.name}")
        for act in fault_kinds.OF_A_BUILDING:
            self._plan_kind(act, None, act.__name__)
        self._plan(self.rates.broker, self._broker, None, self.scheduler.chance("faults of the broker"))
        self._plan(self.rates.dns, self._dns, None, self.scheduler.chance("faults of names"))
        for rate, name, act in self.more:

            def other(_: None, chance: Random, act: Callable[[Random], None] = act) -> None:
                act(chance)

            other.__name__ = name
            self._plan(rate, other, None, self.scheduler.chance(f"faults: {name}"))
        if self.rates.hostile:
            self._hostile.start()
        chance = self.scheduler.chance("how things are")
        if self.rates.noise:
            self.building.noise = lambda frame: self._noise(frame, chance)
        for one in self.building.controllers:
            if self.rates.drift_ppm:
                one.chip.drift_ppm = round(chance.uniform(-1, 1) * self.rates.drift_ppm)
            if self.rates.bounce:
                for door in one.doors:
                    door.bounces = lambda: self._bounces(chance)

    def stop(self) -> None:
        """No more faults: everything works again."""
        self.on = False
        building = self.building
        self._hostile.stop()
        building.noise = str
        building.network.dns = True
        building.network.dead.clear()
        building.network.stuck.clear()
        building.network.slow_us = 0
        building.post.silence(False)
        if not building.post.up:
            building.post.start()
        for controller in building.controllers:
            controller.chip.cut_in = controller.chip.starve_in = None
            for door in controller.doors:
                door.break_reader(None)
            if not controller.chip.access_point:
                building.connect(controller, True)
            if not controller.chip.on:
                building.power(controller, True)
        building.network.revive()

    def _plan(self, rate: float, fault: Callable[[Where, Random], None], one: Where, chance: Random) -> None:
        if rate:
            self.scheduler.after(int(chance.expovariate(rate) * DAY), self._strike, rate, fault, one, chance)

    def _plan_kind(self, act: Callable[..., None], controller: VirtualController | None, name: str) -> None:
        def fault(where: VirtualController | None, chance: Random) -> None:
            act(self, where, chance)

        fault.__name__ = act.__name__
        self._plan(getattr(self.rates, act.__name__), fault, controller, self.scheduler.chance(f"faults: {name}"))

    def _strike(self, rate: float, fault: Callable[[Where, Random], None], one: Where, chance: Random) -> None:
        if not self.on:
            return
        kind = fault.__name__.strip("_").replace("_", " ")
        self.kinds[kind] += 1
        self.building.record("" if one is None else one.name, "injected fault", kind)
        fault(one, chance)
        self._plan(rate, fault, one, chance)

    def until_mended(self, chance: Random, mean_s: float, name: str = "") -> int:
        us = SECOND + int(chance.expovariate(1 / mean_s) * SECOND)
        self.disturb(name, us + RECOVERY_US)
        return us

    def _noise(self, frame: str, chance: Random) -> str:
        """What a long cable makes of a frame: mostly nothing, else a bit less or more."""
        if chance.random() >= self.rates.noise:
            return frame
        at = chance.randrange(1, len(frame))
        self.kinds["reader bits"] += 1
        kind = chance.randrange(3)
        if kind == 0:  # missing, extra, turned over
            return frame[: at - 1] + frame[at:]
        return frame[:at] + ("10"[int(frame[at])] if kind == 2 else chance.choice("01")) + frame[at + (kind == 2) :]

    def _bounces(self, chance: Random) -> list[int]:
        if chance.random() >= self.rates.bounce:
            return []
        self.kinds["contact bounce"] += 1
        return [chance.randrange(50, 4_000) for _ in range(chance.randrange(7))]

    def _dns(self, _: None, chance: Random) -> None:
        self.building.network.dns = False

        def back() -> None:
            self.building.network.dns = True

        self.scheduler.after(self.until_mended(chance, 300), back)

    def _network(self, controller: VirtualController, chance: Random) -> None:
        self.building.connect(controller, False)
        self.scheduler.after(self.until_mended(chance, 300, controller.name), self.building.connect, controller, True)

    def _black_hole(self, controller: VirtualController, chance: Random) -> None:
        dead = self.building.network.dead
        dead.add(controller.chip.name)
        self.building.record(controller.name, "black hole", True)

        def over() -> None:
            dead.discard(controller.chip.name)
            self.building.record(controller.name, "black hole", False)
            self.building.network.revive()

        self.scheduler.after(self.until_mended(chance, 120, controller.name), over)

    def _stuck(self, controller: VirtualController, chance: Random) -> None:
        """Its link goes, and then the name of the broker is never resolved: the network loop is not told.

        Meanwhile its power stays: a start would end the wait.
        """
        network = self.building.network
        network.stuck.add(controller.chip.name)
        controller.chip.cut_in = None
        self.building.connect(controller, False)
        self.scheduler.after(int(chance.uniform(20, 40) * SECOND), self.building.connect, controller, True)
        us = int(chance.uniform(800, 1_500) * SECOND)
        self.disturb(controller.name, us + RECOVERY_US)
        self.scheduler.after(us, network.stuck.discard, controller.chip.name)

    def waits(self, controller: VirtualController) -> bool:
        """Whether its network loop hangs: that is to be seen to its end."""
        return controller.chip.name in self.building.network.stuck

    def _power(self, controller: VirtualController, chance: Random) -> None:
        if self.waits(controller):
            return
        self.building.power(controller, False)
        self.scheduler.after(self.until_mended(chance, 30, controller.name), self.building.power, controller, True)

    def _torn_write(self, controller: VirtualController, chance: Random) -> None:
        """The power goes in the middle of one of the next flash operations."""
        if controller.chip.cut_in is not None and self._aimed.get(controller.name, 0) > self.scheduler.now:
            return
        label = chance.choice(["", "acl", "state"]) if self.rates.aimed else ""
        self.tear(controller, chance, label, bool(self.rates.aimed) and chance.random() < 0.25)

    def tear(self, controller: VirtualController, chance: Random, label: str, turns: bool) -> None:
        """label: of the partition, "" for any. turns: only where a sector begins or ends."""
        if self.waits(controller):
            return
        chip = controller.chip
        chip.cut_label, chip.cut_turns = label, turns
        chip.cut_in = 1 + chance.randrange(4 if label or turns else 20)
        if self.rates.weak:
            for part in controller.parts.values():
                part.weakens = chance.random() < self.rates.weak

        def cut() -> None:
            self.building.record(controller.name, "torn write")
            self.scheduler.after(self.until_mended(chance, 5, controller.name), self.building.power, controller, True)
            if chance.random() < self.rates.again:
                self.kinds["torn write at a start"] += 1
                chip.cut_label, chip.cut_turns, chip.cut_in = "", False, 1 + chance.randrange(6)

        chip.on_cut = cut

    def _crowd(self, controller: VirtualController, chance: Random) -> None:
        """Many cards came and went: the next changes move a bucket, and then the power goes."""
        if self.waits(controller):
            return
        self.building.power(controller, False)
        crowd(controller.chip.flash["acl"], chance.randrange(1, 4))
        self.scheduler.after(self.until_mended(chance, 5, controller.name), self.building.power, controller, True)
        self.tear(controller, chance, "acl", True)
        self._aimed[controller.name] = self.scheduler.now + MOVES_US

    def _broker(self, _: None, chance: Random) -> None:
        post = self.building.post
        self.building.record("", "broker", False)
        post.stop()

        def back() -> None:
            self.building.record("", "broker", True)
            if not post.up:
                post.start()

        self.scheduler.after(self.until_mended(chance, 20), back)
