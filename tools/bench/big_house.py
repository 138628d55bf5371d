"""A house of any size, with something on every page, straight into the tables: for figures, and to count queries.

Nothing here goes through the services, which would take hours: what a page shows is as they would have left it, and the
pseudonyms and chains of the boards are random.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.db.models import Max, Model, QuerySet

from firmware.controller import events as codes
from tools import boards
from tools.cloud import limits
from tools.cloud import models as m
from tools.cloud.access_list.prepared import Insert
from tools.cloud.controllers import enrol
from tools.cloud.services import clock

DAYS = 90  # that the log goes back
BOARD = "virtual-two-door"
# Of a door in use, in the order in which they come; how often.
HAPPENS = (
    (codes.GRANTED, 40), (codes.DOOR_OPENED, 25), (codes.DOOR_CLOSED, 25), (codes.DENIED_UNKNOWN, 4),
    (codes.DENIED_TIME, 3), (codes.DOOR_HELD, 2), (codes.DOOR_FORCED, 1),
)  # fmt: skip
QUIET = 10  # every so manieth door has no reader: nobody passes it by card


class Size(NamedTuple):
    """events: of the log; records: of each other thing that grows for ever; few: of what a house has some of."""

    people: int = 50_000
    events: int = 1_000_000
    doors: int = 200
    records: int = 20_000
    few: int = 60

    @classmethod
    def all(cls, n: int) -> "Size":
        return cls(n, n, n, n, n)


def put(model: type[Model], rows: Iterable[Model]) -> list[Any]:
    """As rows are, past everything that services and signals would do."""
    made, these = [], iter(rows)
    while part := list(islice(these, 5000)):
        made += QuerySet(model).bulk_create(part, batch_size=500)
    return made


def pour(model: type[Model], rows: Iterable[dict[str, Any]]) -> None:
    """The same for a million: by the names of their columns, as the worker keeps events."""
    insert, these = Insert(model), iter(rows)
    while part := list(islice(these, 5000)):
        insert.rows(part)


class BigHouse:
    """rows: by what addresses call them, of each kind the one to look at. owner sees all, keeper some doors only,
    resident their own page."""

    def __init__(self, size: Size, seed: int = 1) -> None:
        self.size, self.random, self.now = size, Random(seed), clock.now()
        self.rows: dict[str, Any] = {}
        self.places()
        self.access()
        self.people()
        self.accounts()
        self.tables()
        self.log()
        self.records()
        self.lockers()
        self.guests()
        self.help()

    def ago(self, **past: float) -> datetime:
        return self.now - timedelta(**past)

    def some_time(self) -> datetime:
        return self.ago(seconds=self.random.random() * DAYS * 86_400)

    def few(self) -> range:
        return range(self.size.few)

    def places(self) -> None:
        """Boards of two doors, half of them at the first site; schedules, holidays and areas."""
        self.tenant = put(m.Tenant, [m.Tenant(name="Storgården")])[0]
        self.sites = put(m.Site, (m.Site(tenant=self.tenant, name=f"Hus {n:03d}") for n in self.few()))
        table = boards.load(BOARD)
        for n in range(-(-self.size.doors // 2)):
            site = self.sites[n % len(self.sites) if n % 2 else 0]
            enrol.enrol(site, f"Skap {n:03d}", table, doors=[f"Dør {n:03d} A", f"Dør {n:03d} B"])
        m.Controller.objects.all().update(
            confirmed_at=self.now, last_seen=self.now, firmware="1.0", door_status={}, log_epoch=1
        )
        self.controllers = list(m.Controller.objects.order_by("pk"))
        self.doors = list(m.Door.objects.order_by("pk"))
        put(m.Schedule, (self._schedule(n) for n in self.few()))
        self.schedules = list(m.Schedule.objects.all())
        first = self.now.date()
        days = (first + timedelta(days=n) for n in self.few())
        put(m.Holiday, (m.Holiday(tenant=self.tenant, name=f"Fri {day}", first=day, last=day) for day in days))
        areas = [(self.sites[0], n) for n in range(min(limits.AREAS, self.size.few))]
        areas += [(site, 0) for site in self.sites[1:]]
        put(m.Area, (m.Area(site=site, number=1 + n, name=f"Område {n}") for site, n in areas))
        self.rows |= {
            "tenants": self.tenant, "sites": self.sites[0], "controllers": self.controllers[0], "doors": self.doors[0],
            "schedules": self.schedules[0], "holidays": m.Holiday.objects.first(), "areas": m.Area.objects.first(),
            "statement": SimpleNamespace(pk=self.tenant.statement_key),  # its address has no number
        }  # fmt: skip

    def _schedule(self, n: int) -> Any:
        return m.Schedule(tenant=self.tenant, name=f"Tid {n:03d}", number=1 + n % 200, times=[[31, 480, 960 + n]])

    def access(self) -> None:
        """Everybody passes the first four doors; each other group has ten."""
        self.groups = put(
            m.AccessGroup, (m.AccessGroup(tenant=self.tenant, name=f"Gruppe {n:03d}") for n in self.few())
        )
        places = [(self.groups[0], door) for door in self.doors[:4]]
        for group in self.groups[1:]:
            places += [(group, door) for door in self.random.sample(self.doors, min(10, len(self.doors)))]
        put(m.GroupDoor, (m.GroupDoor(accessgroup=group, door=door) for group, door in places))
        self.rows["groups"] = self.groups[0]

    def people(self) -> None:
        """Each with a card, and in two groups; every tenth lost a card once."""
        first, last = (
            ("Ingrid", "Ola", "Fatima", "Nils", "Marte", "Åse", "Jonas", "Sunniva"),
            ("Solheim", "Eira", "Lunde"),
        )
        names = (f"{self.random.choice(first)} {self.random.choice(last)} {n:05d}" for n in range(self.size.people))
        self.persons = put(m.Person, (m.Person(tenant=self.tenant, name=name) for name in names))
        put(m.Credential, self._cards())
        self.cards = list(m.Credential.objects.filter(active=True).order_by("pk"))
        put(m.Grant, self._grants())
        self.person = self.persons[0]
        self.lost = m.Credential.objects.filter(active=False).earliest("pk")
        self.rows |= {"people": self.person, "me": self.person, "cards": self.lost}
        self.rows["grants"] = m.Grant.objects.first()
        put(m.Picture, [m.Picture(person=self.person, content=b"a picture", given_at=self.now)])

    def _cards(self) -> Iterator[Model]:
        for n, person in enumerate(self.persons):
            yield m.Credential(tenant=self.tenant, person=person, bits=34, number=n)
            if n % 10 == 0:
                yield m.Credential(tenant=self.tenant, person=person, bits=34, number=1_000_000 + n, active=False)

    def _grants(self) -> Iterator[Model]:
        for n, person in enumerate(self.persons):
            yield m.Grant(person=person, group=self.groups[0])
            if len(self.groups) > 1:
                yield m.Grant(person=person, group=self.groups[1 + n % (len(self.groups) - 1)])

    def accounts(self) -> None:
        """Members, tokens, partners; a keeper of the first doors; somebody who lives there."""
        users = put(
            m.User, (m.User(email=f"member{n}@example.test", name=f"Medlem {n}") for n in range(self.size.few + 3))
        )
        self.owner, self.keeper, self.resident, *others = users
        held = [m.Membership(user=user, tenant=self.tenant, role="viewer") for user in others]
        held.append(m.Membership(user=self.owner, tenant=self.tenant, role="owner"))
        held.append(m.Membership(user=self.keeper, tenant=self.tenant, role="administrator", bound=True))
        put(m.Membership, held)
        m.Membership.objects.get(user=self.keeper).doors.set(self.doors[:20])
        m.Person.objects.filter(pk=self.person.pk).update(user=self.resident)
        tokens = [
            m.ApiToken(tenant=self.tenant, name=f"{role} {n}", role=role, hash=f"{role}{n}", made_by=self.owner)
            for role in ("viewer", "partner")
            for n in self.few()
        ]
        put(m.ApiToken, tokens)
        partners = put(
            m.Partner,
            (
                m.Partner(token=token, scopes=["people", "log"], pseudonym_key=b"key")
                for token in m.ApiToken.objects.filter(role="partner")
            ),
        )
        put(m.Partner.doors.through, (m.Partner.doors.through(partner=one, door=self.doors[0]) for one in partners))
        put(
            m.ScimToken,
            (m.ScimToken(tenant=self.tenant, name=f"Katalog {n}", hash=f"katalog{n}") for n in self.few()),
        )
        self.rows |= {
            "members": m.Membership.objects.get(user=others[0]) if others else m.Membership.objects.first(),
            "tokens": m.ApiToken.objects.filter(role="viewer").first(), "partners": partners[0],
            "directory": m.ScimToken.objects.first(),
        }  # fmt: skip

    def tables(self) -> None:
        """What the boards of the first four doors hold: everybody's card."""
        at = [(one.pk, n, card.pk) for one in self.controllers[:2] for n, card in enumerate(self.cards, 1)]
        key, now = self.random.randbytes, self.now
        entry = {"profile": 1, "until": 0, "due": None}
        step = {"op": int(m.AclChange.Op.PUT), "digest": "0" * 16, "at": now}
        pour(
            m.AclEntry, ({"controller_id": one, "credential_id": card, "key": key(7), **entry} for one, _n, card in at)
        )
        pour(
            m.AclChange,
            (
                {"controller_id": one, "version": n, "record": key(12), "key": key(7), "credential_id": card, **step}
                for one, n, card in at
            ),
        )
        held = {"acl_version": len(self.cards), "held_acl_version": len(self.cards)}
        m.Controller.objects.filter(pk__in=[one.pk for one in self.controllers[:2]]).update(**held)

    def log(self) -> None:
        """In the order of time, at all doors alike; each board said first that it started."""
        pour(m.Event, self._events())
        put(
            m.Gap,
            (
                m.Gap(
                    controller=self.controllers[0],
                    epoch=1,
                    first=10**7 + 9 * n,
                    last=10**7 + 9 * n + 3,
                    noticed_at=self.now,
                )
                for n in self.few()
            ),
        )
        last = {one["controller"]: one["last"] for one in self._last()}
        for one in self.controllers:
            m.Controller.objects.filter(pk=one.pk).update(acked=last.get(one.pk, 0))
        put(m.Alarm, self._alarms())
        self.rows["events"] = m.Event.objects.filter(code=codes.DENIED_TIME).first() or m.Event.objects.first()

    def _last(self) -> Any:
        return m.Event.objects.values("controller").annotate(last=Max("sequence"))

    def _events(self) -> Iterator[dict[str, Any]]:
        numbers = {one.pk: 1 for one in self.controllers}
        for one in self.controllers:
            yield self._event(one.pk, 1, 0, codes.STARTED, None, self.ago(days=DAYS))
        often = [code for code, n in HAPPENS for _ in range(n)]
        choose, whose = self.random.choice, (codes.GRANTED, codes.DENIED_TIME)
        for n in range(self.size.events):
            place = self.random.randrange(len(self.doors))
            door, code = self.doors[place], choose(often)
            if place % QUIET == QUIET - 1 and code not in (codes.DOOR_OPENED, codes.DOOR_CLOSED):
                code = codes.DOOR_OPENED
            code = code if n else codes.DENIED_TIME  # of which there is one at least
            numbers[door.controller_id] += 1
            at = self.ago(seconds=DAYS * 86_400 * (1 - n / self.size.events))
            card = choose(self.cards).pk if code in whose else None
            yield self._event(door.controller_id, numbers[door.controller_id], door.number, code, card, at)

    def _event(
        self, controller: int, number: int, door: int, code: int, card: int | None, at: datetime
    ) -> dict[str, Any]:
        return {
            "tenant_id": self.tenant.pk, "controller_id": controller, "epoch": 1, "sequence": number, "utc": at,
            "code": code, "door_number": door, "compartment": 0, "extra": 0, "flags": codes.TIME_TRUSTED, "count": 0,
            "key": None if card is None else b"1234567", "credential_id": card, "received_at": at, "chain": b"12345678",
            "chain_ok": True, "anonymous": False,
        }  # fmt: skip

    def _alarms(self) -> Iterator[Model]:
        """All but the newest few are acknowledged."""
        forced = m.Event.objects.filter(code__in=(codes.DOOR_FORCED, codes.DOOR_HELD)).order_by("-pk")
        for n, event in enumerate(forced[: self.size.records]):
            done = {} if n < 20 else {"acknowledged_at": self.now, "acknowledged_by": self.owner, "ended_at": self.now}
            yield m.Alarm(
                controller_id=event.controller_id, kind="event", code=event.code, door_number=event.door_number,
                event=event, raised_at=event.received_at, **done,
            )  # fmt: skip

    def records(self) -> None:
        """What is kept of changes, looks and commands; a rollout to every board; requests about one's own data."""
        of = self.random.choice
        put(m.Change, (self._change(of(self.persons)) for _ in range(self.size.records)))
        put(m.Look, (self._look(of(self.persons)) for _ in range(self.size.records)))
        put(m.Command, (self._command(of(self.doors), n) for n in range(self.size.records)))
        release = m.Release.objects.create(build="0123456789ab", folder="", size=1000, added_at=self.now)
        rollouts = put(
            m.Rollout,
            (
                m.Rollout(release=release, percent=10, state="done", started_at=self.now)
                for _ in range(len(self.few()) - 1)
            ),
        )
        rollouts.append(m.Rollout.objects.create(release=release, percent=10, started_at=self.now))
        put(
            m.RolloutBoard,
            (
                m.RolloutBoard(rollout=one, controller=board, at=self.now)
                for one in rollouts[-5:]
                for board in self.controllers
            ),
        )
        learn = self._command(self.doors[0], 0, do="learn")
        learn.save()
        reading = {"person": self.person, "state": "read", "bits": 26, "number": 815, "read_at": self.now}
        self.rows["readings"] = m.Reading.objects.create(command=learn, **reading)
        asked = put(
            m.DataRequest, (self._request(self.persons[n]) for n in range(min(len(self.persons), self.size.few)))
        )
        put(m.RequestStep, (m.RequestStep(request=one, what="made", at=self.now) for one in asked))
        known = {"known_at": self.now, "opened_at": self.now, "opened_by": self.owner, "said": b"innbrudd"}
        hit = [m.Breach(tenant=self.tenant, scope="whole", since=self.now, **known) for _ in range(self.size.few)]
        hit = put(m.Breach, iter(hit))
        put(m.BreachEntry, (m.BreachEntry(breach=hit[0], what="note", at=self.now) for _ in range(self.size.few)))
        self.rows |= {"requests": asked[0], "commands": learn, "breaches": hit[0]}
        self.unlocked = m.Command.objects.filter(person=self.person).earliest("pk")

    def _change(self, person: Any) -> Model:
        return m.Change(
            tenant=self.tenant, at=self.some_time(), way="page", user=self.owner, kind="person", what="changed",
            object=person.pk, name=person.name, person=person, before={"active": True}, after={"active": False},
        )  # fmt: skip

    def _look(self, person: Any) -> Model:
        at = self.some_time()
        return m.Look(tenant=self.tenant, user=self.owner, what="log", person=person, at=at, until=at)

    def _command(self, door: Any, n: int, do: str = "release") -> Model:
        at = self.some_time()
        person = self.person if n % 4 == 0 else None
        return m.Command(
            controller_id=door.controller_id, door=door, do=do, state="done", requested_by=self.owner, requested_at=at,
            expires_at=at, ended_at=at, person=person,
        )  # fmt: skip

    def _request(self, person: Any) -> Model:
        due = self.now + timedelta(days=30)
        return m.DataRequest(tenant=self.tenant, person=person, kind="access", way="own", made_at=self.now, due_at=due)

    def lockers(self) -> None:
        """Two banks of 48, half of each somebody's own; parcels of which most were fetched."""
        bank = {
            "locks": {"driver": "xor", "uart": 2, "tx": 17, "rx": 16, "addresses": [1], "locks": 48, "sensor": 1},
            "supply_ma": 2000, "coil_ma": 500, "sizes": "S" * 48,
            "keypad": {"d0": 32, "d1": 33, "light": 23, "sound": 27, "cards": 1},
        }  # fmt: skip
        made = []
        for n in range(2):
            board = enrol.enrol(self.sites[0], f"Skapvegg {n}", {**boards.load(BOARD), "bank": bank})[0]
            made.append(m.Bank.objects.get(controller=board))
        own = [(one, n) for one in made for n in range(min(24, len(self.persons)))]
        allotments = put(
            m.Allotment,
            (
                m.Allotment(bank=one, compartment=1 + n, mark=1, person=self.persons[n], made_at=self.now, held=True)
                for one, n in own
            ),
        )
        parcels = put(m.Delivery, (self._delivery(made[n % 2], n) for n in range(self.size.records)))
        put(
            m.Notice,
            (
                m.Notice(delivery=one, kind="deposited", way="email", state="sent", made_at=self.now, next_at=self.now)
                for one in parcels
            ),
        )
        self.rows |= {"lockers": made[0], "banks": made[0], "allotments": allotments[0], "deliveries": parcels[0]}

    def _delivery(self, bank: Any, n: int) -> Model:
        """Of every fifty one waits; every seventh is for who lives there."""
        at, waits = self.some_time(), n % 50 == 0
        mine = self.person if n % 7 == 0 else None
        return m.Delivery(
            bank=bank, number=1000 + n, state="made" if waits else "picked up", made_at=at, made_by=self.owner,
            compartment=None if waits else 30, size="" if waits else "S", ended_at=None if waits else at,
            deposited_at=None if waits else at, recipient=mine, about=b'{"name":"Ingrid"}',
        )  # fmt: skip

    def guests(self) -> None:
        """Half of them of who lives there, half of the house; of ten one may still come."""
        put(m.ResidentPolicy, [m.ResidentPolicy(tenant=self.tenant, unlock=True, guests=True, parcels=True)])
        count = self.size.few * 5
        pseudonyms = put(m.Person, (m.Person(tenant=self.tenant, name=f"Gjest {n}") for n in range(count)))
        made = put(m.Guest, (self._guest(person, n) for n, person in enumerate(pseudonyms)))
        put(m.GuestDoor, (m.GuestDoor(guest=one, door=door) for one in made for door in self.doors[:2]))
        self.rows["guests"] = made[0]

    def _guest(self, person: Any, n: int) -> Model:
        over = n % 10 != 0
        host = {"host": self.person} if n % 2 else {"house": True}
        return m.Guest(
            person=person, made_at=self.now, valid_from=self.ago(days=3), valid_until=self.ago(days=2 if over else -2),
            ended_at=self.now if over else None, invited_by=self.owner, **host,
        )  # fmt: skip

    def help(self) -> None:
        asked = put(
            m.HelpRequest,
            (
                m.HelpRequest(
                    tenant=self.tenant, user=self.resident, person=self.person, kind="question", made_at=self.now,
                    changed_at=self.now,
                )
                for _ in self.few()
            ),
        )  # fmt: skip
        put(
            m.HelpMessage,
            (m.HelpMessage(request=one, user=self.resident, by_house=False, at=self.now, said=b"Hei") for one in asked),
        )
        self.rows["help"] = asked[0]
