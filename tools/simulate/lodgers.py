"""Who has compartments at the bank of a soak: their own, or shared ones; who gives them, and who looks into them."""

from collections.abc import Callable
from typing import Any

from firmware.controller.points.why import LEFT
from sim.virtual.bank import VirtualBank
from sim.virtual.building import EDGE_S, VirtualBuilding
from sim.virtual.scheduler import DAY, SECOND
from sim.virtual.visitors import Visitors
from sim.world.bank import READER
from sim.world.building import may_pass
from sim.world.tables import Holder
from sim.world.wiegand import card_bits
from tools.cloud.lockers import allotments, shared
from tools.cloud.models import Allotment, Bank, Controller, Person
from tools.cloud.services import clock
from tools.cloud.services.refusal import Refusal

EVERY = 4  # of all compartments one in so many is somebody's now and then
GIVES, LOOKS = 1 / 12, 1 / 4  # of all cards at the reader: so often one is given or taken back, and looked after
TAKES = 0.2  # ... and so often taken back, where each is somebody's
LEAVES, EMPTIES = 0.4, 0.3  # of who has a shared one, one of their own: so many take their things out
HOURS = (shared.DAY, 2, 24)
UNSURE_S = 900  # so long after a backup was put back nobody knows what the board is told


class Lodgers:
    """cards: so many are held to the bank's reader a day. Acts at random until stop()."""

    def __init__(self, building: VirtualBuilding, visitors: Visitors, cards: float) -> None:
        self.building = building
        self.scheduler = building.scheduler
        self.people = visitors
        self.controller = visitors.controller
        assert self.controller.bank is not None
        self.bank: VirtualBank = self.controller.bank
        self.on = False
        self.counts = visitors.counts
        self.own = building.promises.own
        self._chance = self.scheduler.chance("lodgers")
        marks: Any = (allotments, shared)
        for room in marks:
            room.secrets = self.scheduler.chance("marks of allotments")  # the soak follows from its seed
        self._holders: list[Holder] = building.description["people"]
        self._door = self.controller.doors[READER["cards"] - 1].name
        self._cards = cards
        self._ending: set[int] = set()  # compartments of which their holder was told that they are taken back
        self._leaving: set[int] = set()  # who takes their things out and does not come back for them
        self._restored = 0
        numbers = list(self.bank.bank.numbers)[EVERY - 1 :: EVERY]
        self._shared, self._personal = numbers[::2], numbers[1::2]
        building.promises.parcels.not_for_parcels.update(numbers)
        self.own.knows(self.controller, self._holders)
        visitors.on_own = self._opened

    def start(self) -> None:
        self.on = True
        bank = self._row()
        for n in self._shared:
            shared.share(bank, [n], self._chance.choice(HOURS))
        for n in self._personal:
            self._give(bank, n)
        for rate, act in ((1.0, self._come), (GIVES, self._give_or_take), (LOOKS, self._look)):
            self._plan(rate * self._cards, act)

    def stop(self) -> None:
        self.on = False

    def restored(self) -> None:
        self._restored = self.scheduler.now

    def _plan(self, rate: float, act: Callable[[], None]) -> None:
        self.scheduler.after(int(self._chance.expovariate(rate) * DAY), self._act, rate, act)

    def _act(self, rate: float, act: Callable[[], None]) -> None:
        if self.on:
            act()
            self.building.nudge()
            self._plan(rate, act)

    def _row(self) -> Bank:
        return Bank.objects.select_related("controller__site").get(controller__public_id=self._id)

    @property
    def _id(self) -> str:
        return str(self.controller.settings["controller"])

    # Who comes.

    def _come(self) -> None:
        """With a card: who has things there rather than who has none."""
        lodging = [n for n in range(1, len(self._holders) + 1) if self.own.has(self.controller, n)]
        who = self._chance.choice(lodging if lodging and self._chance.random() < 0.6 else range(1, 1 + self._all))
        at = self.own.has(self.controller, who)
        leaves = bool(at) and at[0] in self._shared and self._chance.random() < LEAVES
        opens = 0 if leaves else self._must_open(who)

        def done(sure: bool) -> None:
            self.counts["cards at the bank"] += 1
            (self._leaving.add if leaves else self._leaving.discard)(who)
            for n in at if leaves else ():
                if self.bank.bank[n].open:  # nothing opens once more
                    self.own.take_out(self.controller, n, who)
            self.building.verdicts.perhaps(self.controller.name, READER["cards"])
            self.own.held(self.controller, who, opens if sure else 0)

        self.people.card(card_bits(self._holders[who - 1]["card"]), done, leaves)

    @property
    def _all(self) -> int:
        return len(self._holders)

    def _must_open(self, who: int) -> int:
        """The compartment of their own that must open to them now; 0: none, or nobody can say."""
        holder, utc = self._holders[who - 1], int(self.building.utc())
        name = self.controller.name
        if not all(may_pass(holder, self._door, utc + way * EDGE_S) for way in (-1, 0, 1)):
            return 0
        unsure = holder.get("unsure") or holder.get("hours") or self.building.emergencies.unsure(name)
        if unsure or self.building.emergencies.locked(name) or self.scheduler.now < self._restored + UNSURE_S * SECOND:
            return 0
        if not Controller.objects.filter(public_id=self._id, in_sync=True).exists():
            return 0
        mine = Allotment.objects.filter(bank__controller__public_id=self._id, person__name=holder["name"])
        row = mine.filter(hours=None, valid_until=None, held=True, ending=False).first()
        return row.compartment if row is not None else 0

    def _opened(self, n: int) -> None:
        """A leaf has sprung open to a card: its holder puts things in, or takes them out."""
        who, why = self.own.opened_for.get((self.controller.name, n), (0, 0))
        if who > 0:
            self.scheduler.after(int(self._chance.uniform(3, 8) * SECOND), self._handles, n, who, why)

    def _handles(self, n: int, who: int, why: int) -> None:
        if not self.bank.bank[n].open:
            return
        takes = (
            why == LEFT
            or who in self._leaving
            or n in self._ending
            or (n in self._personal and self._chance.random() < EMPTIES)
        )
        self.counts["own things taken out" if takes else "own things put in"] += 1
        if takes:
            self.own.take_out(self.controller, n, who)
        else:
            self.own.put_in(self.controller, n, who)

    # Who looks after them.

    def _give_or_take(self) -> None:
        bank = self._row()
        rows = {row.compartment: row for row in bank.allotments.filter(compartment__in=self._personal)}
        free = [n for n in self._personal if n not in rows]
        if free:
            self._give(bank, self._chance.choice(free))
        elif rows and self._chance.random() < TAKES:
            self._take_back(self._chance.choice(list(rows.values())))

    def _give(self, bank: Bank, n: int) -> None:
        """To whoever has a card for this bank and no compartment here, where no parcel lies in it."""
        for holder in self._chance.sample(self._holders, len(self._holders)):
            try:
                allotments.give(bank, n, Person.objects.get(name=holder["name"]))
            except Refusal:
                continue
            self._ending.discard(n)
            self.counts["own compartments given"] += 1
            return
        self.counts["own compartments refused"] += 1

    def _take_back(self, row: Allotment) -> None:
        """Its holder has been told, and somebody has looked into it."""
        self._ending.add(row.compartment)
        self.own.take_out(self.controller, row.compartment)
        allotments.take_back(row)
        self.counts["own compartments taken back"] += 1

    def _look(self) -> None:
        """Into shared ones whose time is over, and into what is nobody's any more."""
        rows = self._row().allotments.select_related("bank__controller__site")
        for row in rows.filter(hours=None, person=None, ending=False):
            self._take_back(row)
        now = clock.now()
        for row in rows.exclude(hours=None).exclude(turn=0):
            if shared.is_over(row, now):
                self.own.take_out(self.controller, row.compartment)
                shared.empty(row, None)
                self.counts["shared compartments said to be empty"] += 1
