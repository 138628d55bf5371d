"""What happens at the bank of a soak: who sends, brings and fetches parcels, who opens from afar, what ails it."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sim.virtual import parcels
from sim.virtual.bank import VirtualBank
from sim.virtual.building import VirtualBuilding
from sim.virtual.scheduler import DAY, SECOND
from sim.virtual.visitors import Visitors
from tools.cloud.lockers import deliveries, stock
from tools.cloud.lockers.about import entered
from tools.cloud.models import Command, Controller
from tools.cloud.models import Delivery as Row
from tools.cloud.services.refusal import Refusal
from tools.simulate.lodgers import Lodgers

ALL, WALKS = 1 / 30, 1 / 250  # of all openings from afar: of the whole bank, audit walks
CANCELLED = 0.04  # of all deliveries, before the courier comes
DECEMBER = 3  # times as many parcels
SIZES = (1, 1, 1, 2, 2, 3, 4)


class Lockers:
    """At the first controller. Acts at random until stop(). opens, brought: of compartments from afar, parcels; a day.

    patience_s: a recipient comes within. cards: held to its reader, a day; 0: no compartment is anybody's own.
    """

    def __init__(
        self, building: VirtualBuilding, opens: float, brought: float, patience_s: float, cards: float
    ) -> None:
        self.building = building
        self.scheduler = building.scheduler
        self.controller = building.controllers[0]
        assert self.controller.bank is not None
        self.bank: VirtualBank = self.controller.bank
        self.on = False
        self._chance = self.scheduler.chance("people at the bank")
        self.people = Visitors(building, self.controller, self._chance, patience_s)
        self.counts: Counter[str] = self.people.counts
        self.lodgers = Lodgers(building, self.people, cards) if cards else None
        self._rates = ((opens, self._open), (opens * ALL, self._open_all), (opens * WALKS, self._walk))
        self._brought = brought
        numbers: Any = stock
        numbers.secrets = self.scheduler.chance("numbers of deliveries")  # the soak follows from its seed

    def start(self) -> None:
        self.on = True
        for rate, act in self._rates:
            self._plan(rate, act)
        self._plan(self._brought * DECEMBER, self._send)
        if self.lodgers is not None:
            self.lodgers.start()

    def stop(self) -> None:
        self.on = self.people.on = False
        if self.lodgers is not None:
            self.lodgers.stop()
        self.bank.mend()

    def _plan(self, rate: float, act: Callable[[], None]) -> None:
        self.scheduler.after(int(self._chance.expovariate(rate) * DAY), self._act, rate, act)

    def _act(self, rate: float, act: Callable[[], None]) -> None:
        if self.on:
            act()
            self.building.nudge()
            self._plan(rate, act)

    # Who sends parcels.

    def _send(self) -> None:
        """Somebody makes a delivery; the courier comes some minutes later. In December there are more."""
        december = datetime.fromtimestamp(self.building.utc(), UTC).month == 12
        if not december and self._chance.random() > 1 / DECEMBER:
            return
        self.counts["deliveries made"] += 1
        row = Controller.objects.select_related("bank").get(public_id=self.controller.settings["controller"])
        try:
            made, codes = deliveries.make(row.bank, entered(name="Ingrid Solheim", unit="H0301"))
        except Refusal:
            self.counts["deliveries refused: no number"] += 1
            return
        digits = {parcels.DEPOSIT: codes.deposit, parcels.PICK_UP: codes.pick_up}
        delivery = parcels.KnownDelivery(made.number, digits, self._chance.choice(SIZES))
        self.building.promises.parcels.made(self.controller, delivery)
        self.people.brings(delivery, int(self._chance.uniform(20, 300) * SECOND))
        if self._chance.random() < CANCELLED:
            self.scheduler.after(int(self._chance.uniform(0, 200) * SECOND), self._cancel, made.pk)

    def _cancel(self, number: int) -> None:
        row = Row.objects.filter(pk=number).first()  # none: the cloud was put back to an older time
        if row is None:
            return
        self.counts["deliveries cancelled"] += 1
        try:
            deliveries.cancel(row, None)
        except Refusal:
            self.counts["deliveries cancelled too late"] += 1
        self.building.nudge()

    def restored(self) -> None:
        """The database is an older one: who has put it back says so, and no number is given twice."""
        if self.lodgers is not None:
            self.lodgers.restored()
        stock.restored(Controller.objects.get(public_id=self.controller.settings["controller"]).bank)

    # Who asks from afar.

    def _open(self) -> None:
        self.counts["compartments opened from afar"] += 1
        number = self._chance.choice(self.bank.bank.numbers)
        self._ask(number, "open", {"compartment": number})

    def _open_all(self) -> None:
        self.counts["all compartments opened"] += 1
        self._ask(0, "open", {"compartment": 0})

    def _walk(self) -> None:
        self.counts["audit walks"] += 1
        self.building.promises.compartments.audit_asked(self.controller, 60)
        self._command("audit", {}, 60)

    def _ask(self, number: int, do: str, arguments: dict[str, Any]) -> None:
        seconds = self._chance.randrange(2, 11)
        self.building.promises.compartments.asked(self.controller, number, seconds)
        self._command(do, arguments, seconds)

    def _command(self, do: str, arguments: dict[str, Any], seconds: int) -> None:
        now = datetime.fromtimestamp(self.building.utc(), UTC)
        row = Controller.objects.get(public_id=self.controller.settings["controller"])
        Command.objects.create(
            controller=row, do=do, arguments=arguments, requested_at=now, expires_at=now + timedelta(seconds=seconds)
        )

    # What ails latches and contacts.

    def jam(self, chance: Random) -> None:
        """One pulse lets go of nothing, or none does until somebody comes with oil."""
        one = self.bank.bank[chance.choice(self.bank.bank.numbers)]
        one.jams = chance.choice((1, 1, 99))
        self.scheduler.after(int(chance.expovariate(1 / 1_800) * SECOND), setattr, one, "jams", 0)

    def lie(self, chance: Random) -> None:
        """A contact is stuck, or bridged, until it is mended."""
        number = chance.choice(self.bank.bank.numbers)
        self.bank.bank.lie(number, chance.random() < 0.5)
        self.scheduler.after(int(chance.expovariate(1 / 1_800) * SECOND), self.bank.bank.lie, number, None)

    def guess(self, chance: Random) -> None:
        self.people.guess(chance.randrange(1, 9))

    def force(self, chance: Random) -> None:
        number = chance.choice(self.bank.bank.numbers)
        self.building.record(self.controller.name, "force", number)
        self.bank.bank.force(number)
