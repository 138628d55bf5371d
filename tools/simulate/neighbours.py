"""Two other tenants in the cloud's database during a soak: one whose rows are wrong, and one that must not notice.

Beside them what the building itself may suffer: a row that no command can be made of, a second worker that
is quicker, an installer who enrols boards while a right is taken away, two administrators at one door.
"""

from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from sim.virtual.scheduler import SECOND
from tools.cloud.controllers import enrol
from tools.cloud.doors import commands, door_rules
from tools.cloud.ingest import ingest
from tools.cloud.models import (
    AccessGroup,
    Alarm,
    Command,
    Controller,
    Credential,
    Door,
    Grant,
)
from tools.cloud.people import groups, people, pins
from tools.cloud.services import clock
from tools.cloud.sites import sites, tenants
from tools.simulate.worker import SoakWorker

SICK, WELL = "The sick neighbour", "The other neighbour"
BEHIND = timedelta(minutes=5)  # after a worker was killed it is back by then
MOST_STATEMENTS = 60  # in one transaction: everybody else's writes wait for it
BROKER = {"host": "broker.example", "port": 1883, "user": "", "password": ""}


def ours() -> QuerySet[Controller]:
    """The controllers of the building itself."""
    return Controller.objects.exclude(site__tenant__name__in=[SICK, WELL])


class Neighbours:
    """books: what the worker has sent. Made once the building is enrolled."""

    def __init__(self, building: Any, worker: SoakWorker, books: Any, board: dict[str, Any]) -> None:
        self.counts = {"poisoned commands": 0, "quicker workers": 0, "enrolled beside": 0, "two at one door": 0}
        self._building = building
        self._worker = worker
        self._books = books
        self._board = {**board, "doors": [*board["doors"]] * 8}
        self._numbers = count(1)
        self._rng = building.scheduler.chance("neighbours")
        self._sick, self._well = self._move_in(SICK), self._move_in(WELL)
        self._poison()
        self._quicker = 0
        self._listen()

    def _move_in(self, name: str) -> Controller:
        site = sites.make(tenants.make(name).pk, name)
        made = enrol.enrol(site, name, self._board, broker=BROKER, urandom=self._rng.randbytes)[0]
        places = dict.fromkeys(made.doors.values_list("pk", flat=True)[:2])
        group = groups.save(AccessGroup(tenant=site.tenant), name, {}, places)
        person = people.enter(site.tenant_id, name=name)
        begins = clock.now() + timedelta(minutes=2)
        with transaction.atomic():
            door_rules.change(made.doors.select_related("controller__site")[0], {"who": [["pin", None]]})
            people.limit(Grant(person=person, group=group), valid_from=begins)
            pins.give(person)
        return made

    def _poison(self) -> None:
        """Its PIN and its board's keys were sealed under another key: nothing that needs them can be worked out."""
        other = b"\x01" + bytes(60)
        Credential.objects.filter(tenant=self._sick.site.tenant).update(sealed=other)
        with connection.cursor() as rows:  # past the sealing, which would seal it anew
            rows.execute(
                f"update {Controller._meta.db_table} set table_key = %s, link_secret = %s where id = %s",
                [other, other, self._sick.pk],
            )

    def _listen(self) -> None:
        """A second worker may be the first to take a command."""
        take = ingest.store.take

        def taken(command: Command, now: Any) -> bool:
            if self._quicker and take(command, now):
                self._quicker -= 1
                self._books.commands.add(command.pk)  # the other one has sent it
                self.counts["quicker workers"] += 1
            return take(command, now)

        ingest.store.take = taken

    # What happens, at random

    def odd_command(self, chance: Random) -> None:
        """A row that no command can be made of, and behind it one like any other, which must go out."""
        one = chance.choice(self._building.controllers)
        row = ours().get(public_id=one.settings["controller"])
        door = Door.objects.filter(controller=row).first()
        self.counts["poisoned commands"] += 1
        Command.objects.filter(pk=commands.hold(door, None, None).pk).update(arguments=["no", "object"])
        good = commands.identify(row, None)
        kills = self._worker.kills
        self._building.nudge()
        self._building.scheduler.after(5 * SECOND, self._judge, one, good.pk, kills, self._started())

    def _started(self) -> Any:
        return self._worker.ingest

    def _judge(self, one: Any, command: int, kills: int, ran: Any) -> None:
        public_id = one.settings["controller"]
        calm = self._building.promises.faults.calm(one.name)
        if ran is None or self._started() is not ran or not self._worker.heard(public_id, 1.0) or not calm:
            return
        found = Command.objects.filter(pk=command).first()
        session = ran.sessions.get(public_id)
        if found is not None and session is not None and session.is_live():
            self._building.promises.checks["served"] += 1
            if found.state == Command.State.QUEUED:
                self._red(f"command {command} waits behind one that cannot be sent")

    def quicker(self, chance: Random) -> None:
        """At the next command."""
        self._quicker = 1

    def installer(self, chance: Random) -> None:
        """Somebody enrols a big board: how long does it hold the database?"""
        longest = now = 0

        def counted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal longest, now
            now = now + 1 if context["connection"].in_atomic_block else 0
            longest = max(longest, now)
            return execute(sql, params, many, context)

        self.counts["enrolled beside"] += 1
        with connection.execute_wrapper(counted):
            enrol.enrol(
                self._well.site, f"Board {next(self._numbers)} {chance.random()}", self._board,
                broker=BROKER, urandom=chance.randbytes,
            )  # fmt: skip
        self._building.promises.checks["served"] += 1
        if longest > MOST_STATEMENTS:
            self._red(f"enrolling a board holds the database for {longest} statements: a revocation waits for it")

    def two_at_one_door(self, chance: Random) -> None:
        """Two administrators have one door before them, and each changes something else of it."""
        first, second = (Door.objects.filter(controller=self._well).order_by("pk")[0] for _ in range(2))
        name, held_ms = f"Door {next(self._numbers)}", chance.randrange(20_000, 60_000)
        self.counts["two at one door"] += 1
        door_rules.change(first, {"name": name})
        door_rules.change(second, {"held_ms": held_ms})
        self._building.promises.checks["served"] += 1
        stands = Door.objects.values_list("name", "held_ms").get(pk=first.pk)
        if stands != (name, held_ms):
            self._red(f"of two changes of one door at once one is lost: {stands}, not {(name, held_ms)}")

    def look(self) -> None:
        """Whether the tenant who has done nothing wrong is served."""
        promises = self._building.promises
        promises.checks["served"] += 1
        well = Controller.objects.filter(pk=self._well.pk).first()
        if well is not None and well.acl_due is not None and well.acl_due < clock.now() - BEHIND:
            self._red(f"a right that began at {well.acl_due} is not worked out: another tenant's rows are wrong")
        blocked = Command.objects.filter(
            do__in=commands.EMERGENCY, state=Command.State.REFUSED, why=commands.TOO_MANY
        ).first()
        if blocked is not None:
            self._red(f"a board has refused {blocked.do}: too many at once")
        told = Alarm.objects.filter(kind=Alarm.Kind.TROUBLE)
        if told.filter(controller=self._well.pk).exists():
            self._red("another tenant's trouble is told to one who has none")

    def _red(self, what: str) -> None:
        self._building.promises.red("served", what)
