"""What happens at the bank of a soak: who has compartments opened, how people leave them, and what ails latches."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sim.virtual.bank import VirtualBank
from sim.virtual.building import VirtualBuilding
from sim.virtual.scheduler import DAY, SECOND
from tools.cloud.models import Command, Controller

ALL, WALKS = 1 / 60, 1 / 250  # of all openings: of the whole bank, audit walks
LEFT = 0.04  # of all openings: so many are left open for minutes
SLIPS = 0.03  # so many latches do not catch when they are shut


class Lockers:
    """At the first controller. Acts at random until stop(). opens: of compartments, a day."""

    def __init__(self, building: VirtualBuilding, opens: float) -> None:
        self.building = building
        self.scheduler = building.scheduler
        self.one = building.controllers[0]
        assert self.one.bank is not None
        self.bank: VirtualBank = self.one.bank
        self.counts: Counter[str] = Counter()
        self.on = False
        self._chance = self.scheduler.chance("people at the bank")
        self._rates = ((opens, self._open), (opens * ALL, self._open_all), (opens * WALKS, self._walk))
        self.bank.bank.on_open = self._opened

    def start(self) -> None:
        self.on = True
        for rate, act in self._rates:
            self._plan(rate, act)

    def stop(self) -> None:
        self.on = False
        self.bank.mend()

    def _plan(self, rate: float, act: Callable[[], None]) -> None:
        self.scheduler.after(int(self._chance.expovariate(rate) * DAY), self._act, rate, act)

    def _act(self, rate: float, act: Callable[[], None]) -> None:
        if self.on:
            act()
            self.building.nudge()
            self._plan(rate, act)

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
        self.building.promises.compartments.audit_asked(self.one, 60)
        self._command("audit", {}, 60)

    def _ask(self, number: int, do: str, arguments: dict[str, Any]) -> None:
        seconds = self._chance.randrange(2, 11)
        self.building.promises.compartments.asked(self.one, number, seconds)
        self._command(do, arguments, seconds)

    def _command(self, do: str, arguments: dict[str, Any], seconds: int) -> None:
        now = datetime.fromtimestamp(self.building.utc(), UTC)
        row = Controller.objects.get(public_id=self.one.settings["controller"])
        Command.objects.create(
            controller=row, do=do, arguments=arguments, requested_at=now, expires_at=now + timedelta(seconds=seconds)
        )

    # Who stands there.

    def _opened(self, number: int) -> None:
        """Somebody takes out what lies in it, or puts something in, and shuts it; now and then he does not."""
        stays_s = self._chance.uniform(3, 25)
        if self._chance.random() < LEFT:
            self.counts["compartments left open"] += 1
            stays_s = self._chance.uniform(60, 900)
        self.scheduler.after(int(stays_s * SECOND), self._shut, number)

    def _shut(self, number: int) -> None:
        one = self.bank.bank[number]
        if one.open:
            one.slips = int(self._chance.random() < SLIPS)
            self.bank.shut(number)

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

    def force(self, chance: Random) -> None:
        number = chance.choice(self.bank.bank.numbers)
        self.building.record(self.one.name, "force", number)
        self.bank.bank.force(number)
