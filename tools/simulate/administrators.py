"""What administrators do during a soak, and what is true afterwards: rights come, go and end, doors are released."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from django.db.models import Q

from firmware.controller.events import GRANTED
from sim.virtual.building import VirtualBuilding
from sim.virtual.faults import FaultInjector
from sim.virtual.scheduler import DAY, MS, SECOND
from sim.virtual.verdicts import ANYTHING, DENIED
from sim.world.tables import Holder
from sim.world.wiegand import card_bits
from tools.cloud.audit import changes
from tools.cloud.doors import commands
from tools.cloud.models import AccessGroup, Controller, Credential, Door, Grant, Person, Site
from tools.cloud.models import Command as Row
from tools.cloud.people import people
from tools.cloud.services import propagate
from tools.simulate.neighbours import ours
from tools.simulate.worker import SoakWorker

LOOK_US, LONGEST_LOOK_US = SECOND, 32 * SECOND  # between two looks whether all controllers have a change
ANSWER_US = 60 * MS
AGAIN_US = 660 * SECOND  # an emergency's command is good for ten minutes: a board that missed its end is told again
LOCKED_OUT = 0.3  # of all people: so many have no right at a time, or one that has run out
REVOKED_US = 1_050 * MS  # the design says a second


class Administrators:
    """Acts at random until stop(). Rates are a day, in the whole building."""

    def __init__(
        self,
        building: VirtualBuilding,
        worker: SoakWorker,
        faults: FaultInjector,
        changes: float,
        ends: float,
        releases: float,
    ) -> None:
        self.building = building
        self.worker = worker
        self.faults = faults
        self.scheduler = building.scheduler
        self.counts = {"changes": 0, "ends": 0, "releases": 0, "revoked taps": 0, "restored": 0, "emergencies": 0}
        self.counts["nervous hands"] = 0
        self.on = False
        self._chance = self.scheduler.chance("administrators")
        self._rates = ((changes, self._change), (ends, self._end), (releases, self._release))
        self._people = {one["name"]: one for one in building.description["people"]}
        self._turn = 0
        self._restored_at = datetime.fromtimestamp(0, UTC)

    def start(self) -> None:
        self.on = True
        for rate, act in self._rates:
            if rate:
                self._plan(rate, act)

    def stop(self) -> None:
        self.on = False

    def restored(self) -> None:
        """The database is an older one: what is true now stands there."""
        self.counts["restored"] += 1
        self._restored_at = datetime.fromtimestamp(self.building.utc(), UTC)
        for who in self._people.values():
            self._read(who)
            self._unsure(who)

    def _plan(self, rate: float, act: Callable[[Random], None]) -> None:
        self.scheduler.after(int(self._chance.expovariate(rate) * DAY), self._act, rate, act)

    def _act(self, rate: float, act: Callable[[Random], None]) -> None:
        if self.on:
            act(self._chance)
            self.building.nudge()
            self._plan(rate, act)

    def _change(self, chance: Random) -> None:
        """Someone's right is taken away; when too many have none, someone is given one."""
        self.counts["changes"] += 1
        out = [name for name, holder in sorted(self._people.items()) if not self._may(holder)]
        if len(out) > LOCKED_OUT * len(self._people):
            holder = self._people[chance.choice(out)]
            self._give(holder, chance)
        else:
            holder = self._people[chance.choice(sorted(self._people.keys() - set(out)))]
            self._take(holder, chance)
        self._unsure(holder)

    def _may(self, holder: Holder) -> bool:
        until = holder.get("until")
        return bool(holder["doors"]) and (until is None or until > self.building.utc())

    def _give(self, holder: Holder, chance: Random, until: datetime | None = None) -> None:
        """A right to the doors of one group, instead of what was before."""
        person = Person.objects.get(name=holder["name"])
        for grant in Grant.objects.filter(person=person):
            people.take_out(grant)
        group = chance.choice(list(AccessGroup.objects.filter(tenant=person.tenant_id).order_by("pk")))
        people.limit(Grant(person=person, group=group), valid_until=until)
        if until is None:  # a card that has run out serves again
            for card in Credential.objects.filter(person=person, valid_until__isnull=False):
                with changes.of(card):
                    card.valid_until = None
                    card.save()
                    propagate.access_of(person.tenant_id, [person.pk])
        self._read(holder)

    def _take(self, holder: Holder, chance: Random) -> None:
        before = [door for door in self.building.doors if door in holder["doors"]]
        in_line = set(Controller.objects.filter(in_sync=True).values_list("public_id", flat=True))
        sure = not holder.get("unsure")
        until = holder.get("until")
        grants = Grant.objects.filter(person__name=holder["name"])
        for grant in grants:
            people.take_out(grant)
        self._read(holder)
        for controller in self.building.controllers:
            if any(door.name in before for door in controller.doors):
                self.building.promises.taken(controller, holder, lambda: not grants.all().exists())
        if sure and (until is None or until > self.building.utc() + 60):
            self._try_after(holder, chance.choice(before), in_line)

    def _try_after(self, holder: Holder, door_name: str, in_line: set[str]) -> None:
        """Promise 8: a second later the card is held to a reader."""
        one, door = self.building.doors[door_name]
        row = Controller.objects.get(public_id=one.settings["controller"])
        if row.public_id not in in_line or not self.worker.heard(row.public_id, 5.0) or not self.faults.calm(one.name):
            return
        starts = one.chip.starts

        def check(before: int) -> None:
            granted = any(event[2] == GRANTED and event[3] == door.number for event in one.recorded[before:])
            self.building.promises.revoked(one, holder["name"], granted)

        def over(began: int) -> None:
            if not (self.faults.calm(one.name) and one.chip.on and one.chip.starts == starts):
                return
            right = door_name in holder["doors"]
            self.building.record(one.name, "tap", door.number, holder["name"], right)
            unsure = right or not self.building.seen(one, door, began)
            self.building.verdicts.tapped(one.name, door.number, ANYTHING if unsure else DENIED)
            self.building.promises.tapped(one.name, door.number, right)
            if not right:
                self.counts["revoked taps"] += 1
                self.scheduler.after(ANSWER_US, check, len(one.recorded))

        def tap() -> None:
            if self.faults.calm(one.name) and one.chip.on and one.chip.starts == starts:
                door.tap(card_bits(holder["card"]), over)

        self.scheduler.after(REVOKED_US, tap)

    def _end(self, chance: Random) -> None:
        """Someone's right runs out in some minutes; they come shortly before and shortly after."""
        holder = self._people[chance.choice(sorted(self._people))]
        at = (int(self.building.utc()) // 60 + chance.randrange(3, 20)) * 60
        self._give(holder, chance, datetime.fromtimestamp(at, UTC))
        self.counts["ends"] += 1
        self._unsure(holder)
        if holder["doors"]:
            door = chance.choice(holder["doors"])
            for moment in (at - chance.randrange(15, 50), at + chance.randrange(5, 50), at + 3_000):
                self.scheduler.after(int((moment - self.building.utc()) * SECOND), self.building.tap, door, holder)

    def _release(self, chance: Random) -> None:
        """A door is released from afar; the request is good for some seconds."""
        name = chance.choice(sorted(self.building.doors))
        one, door = self.building.doors[name]
        row = Door.objects.get(controller__public_id=one.settings["controller"], number=door.number)
        seconds = chance.randrange(1, 11)
        now = datetime.fromtimestamp(self.building.utc(), UTC)
        Row.objects.create(
            controller_id=row.controller_id, door=row, requested_at=now, expires_at=now + timedelta(seconds=seconds)
        )
        self.counts["releases"] += 1
        # What the wire says is in whole seconds, rounded up, and a board's clock may be a little behind.
        self.building.verdicts.may_release(one.name, door.number, self.scheduler.now + (seconds + 2) * SECOND)

    def emergency(self, chance: Random) -> None:
        """Lockdown or evacuation for all, for some minutes."""
        if any(self.building.emergencies.lasts(controller.name) for controller in self.building.controllers):
            return
        self.counts["emergencies"] += 1
        self._ask_for(chance.choice(("lockdown", "evacuation")))
        self.scheduler.after(SECOND + int(chance.expovariate(1 / 240) * SECOND), self._end_emergency)

    def nervous(self, chance: Random) -> None:
        """Somebody presses lockdown and normal by turns within seconds, and normal in the end."""
        if any(self.building.emergencies.lasts(controller.name) for controller in self.building.controllers):
            return
        self.counts["nervous hands"] += 1
        at = 0
        longest_s = chance.choice((0.1, 2))  # many within one second share what they expire at
        for _ in range(chance.randrange(2, 7)):
            self.scheduler.after(at, self._ask_for, "lockdown")
            at += int(chance.uniform(0.05, longest_s) * SECOND)
            self.scheduler.after(at, self._ask_for, "normal")
            at += int(chance.uniform(0.05, longest_s) * SECOND)
        self.scheduler.after(at + AGAIN_US, self._look_for_emergency)

    def _end_emergency(self) -> None:
        """Asked again until every board has heard of it, also when the administrators have gone home."""
        self._ask_for("normal")
        self.scheduler.after(AGAIN_US, self._look_for_emergency)

    def _look_for_emergency(self) -> None:
        if any(self.building.emergencies.lasts(controller.name) for controller in self.building.controllers):
            self._end_emergency()

    def _ask_for(self, do: str) -> None:
        self.building.record("", "asked for", do)
        asked = commands.emergency(Site.objects.order_by("pk")[0], do, None)
        good_s = max(int((one.expires_at - one.requested_at).total_seconds()) for one in asked)
        for controller in self.building.controllers:
            self.building.emergencies.asked(controller.name, do, self.scheduler.now + (good_s + 2) * SECOND)
        self.building.nudge()

    def _read(self, holder: Holder) -> None:
        """What the database says this person may."""
        doors: set[str] = set()
        until: int | None = 0
        for grant in Grant.objects.filter(person__name=holder["name"]):
            doors.update(grant.group.doors.values_list("name", flat=True))
            if grant.valid_until is None:
                until = None
            elif until is not None:
                until = max(until, int(grant.valid_until.timestamp()))
        holder["doors"] = [name for name in self.building.doors if name in doors]
        card = Credential.objects.get(person__name=holder["name"]).valid_until
        if card is not None:
            until = int(card.timestamp()) if until is None else min(until, int(card.timestamp()))
        holder["until"] = until

    def _unsure(self, holder: Holder) -> None:
        """Until every controller has the change, both verdicts are right."""
        self._turn += 1
        holder["unsure"] = self._turn
        self.scheduler.after(LOOK_US, self._look, holder, self._turn)

    def _look(self, holder: Holder, turn: int, pause: int = LOOK_US) -> None:
        if holder["unsure"] != turn:
            return
        behind = ours().filter(Q(in_sync=False) | Q(confirmed_at__lte=self._restored_at))
        if behind.exists():
            self.scheduler.after(pause, self._look, holder, turn, min(2 * pause, LONGEST_LOOK_US))
        else:
            holder["unsure"] = 0
