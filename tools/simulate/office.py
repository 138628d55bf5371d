"""What administrators do during a simulated run: take rights away, give them back, release doors from afar."""

from random import Random
from typing import Any

from sim.virtual.building import VirtualBuilding
from sim.virtual.scheduler import DAY, SECOND
from sim.world.tables import Holder

LOOK_US = SECOND  # how often the office looks whether the controllers have a change


class Office:
    """Acts at random until stop(). changes, releases: how many a day, in the whole building."""

    def __init__(self, building: VirtualBuilding, changes: float = 40, releases: float = 20) -> None:
        self.building = building
        self.scheduler = building.scheduler
        self.changed = self.released = 0
        self.on = False
        self._chance = self.scheduler.chance("office")
        self._rates = ((changes, self._change), (releases, self._release))
        self._taken: dict[str, list[str]] = {}  # who has no grant now: the doors of before

    def start(self) -> None:
        self.on = True
        for rate, act in self._rates:
            self._plan(rate, act)

    def stop(self) -> None:
        self.on = False

    def _plan(self, rate: float, act: Any) -> None:
        if rate:
            self.scheduler.after(int(self._chance.expovariate(rate) * DAY), self._act, rate, act)

    def _act(self, rate: float, act: Any) -> None:
        if self.on:
            act(self._chance)
            self.building.nudge()
            self._plan(rate, act)

    def _change(self, chance: Random) -> None:
        """One person's grant ends, or comes back. Until every controller has it, both verdicts are right."""
        from tools.cloud.models import AccessGroup, Grant, Person
        from tools.cloud.people import people

        holder = chance.choice(self.building.description["people"])
        person = Person.objects.get(name=holder["name"])
        doors = self._taken.pop(holder["name"], None)
        if doors is None:
            self._taken[holder["name"]] = holder["doors"]
            holder["doors"] = []
            people.take_out(Grant.objects.get(person=person))
        else:
            holder["doors"] = doors
            group = next(
                access_group
                for access_group in AccessGroup.objects.order_by("pk")
                if set(access_group.doors.values_list("name", flat=True)) == set(doors)
            )
            people.limit(Grant(person=person, group=group))
        self.changed += 1
        holder["unsure"] = self.changed
        self.scheduler.after(LOOK_US, self._look, holder, self.changed)

    def _look(self, holder: Holder, change: int) -> None:
        from tools.cloud.models import Controller

        if holder["unsure"] != change:
            return
        if Controller.objects.filter(in_sync=False).exists():
            self.scheduler.after(LOOK_US, self._look, holder, change)
        else:
            holder["unsure"] = 0

    def _release(self, chance: Random) -> None:
        from tools.cloud.doors.commands import SECONDS, release
        from tools.cloud.models import Door

        name = chance.choice(sorted(self.building.doors))
        controller, door = self.building.doors[name]
        row = Door.objects.get(controller__public_id=controller.settings["controller"], number=door.number)
        release(row, None)
        self.released += 1
        self.building.verdicts.may_release(controller.name, door.number, self.scheduler.now + (SECONDS + 1) * SECOND)
