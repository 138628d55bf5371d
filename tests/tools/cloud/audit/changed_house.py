"""A house with one of everything that can be changed, and what must hold of each entry that is kept of it."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from cloud_world import House, Stopped, ends
from django.test import Client
from photographs import photograph

from firmware.controller import events
from tools.cloud import models
from tools.cloud.breaches import breaches
from tools.cloud.doors import door_rules
from tools.cloud.guests import guests
from tools.cloud.help import requests as help_requests
from tools.cloud.lockers import allotments, deliveries
from tools.cloud.lockers.about import entered as as_entered
from tools.cloud.members import links
from tools.cloud.models import Alarm, Change, Command, Membership, Reading, Role, Schedule, User
from tools.cloud.people import pictures, pins
from tools.cloud.privacy import requests
from tools.cloud.residents import accounts
from tools.cloud.services import clock

PIN = "827364"

Entries = list[tuple[str, str]]


class Full(House):
    """A house with one of everything that somebody can change, and who may."""

    def __init__(self, time_now: Stopped, name: str = "Solsiden", seed: int = 0) -> None:
        super().__init__(name, time_now, seed)
        now = clock.now()
        self.schedule = Schedule.objects.create(tenant=self.tenant, name="dag", number=7, times=[[31, 480, 960]])
        self.holiday = models.Holiday.objects.create(
            tenant=self.tenant, name="fri", first=date(2027, 2, 1), last=date(2027, 2, 1)
        )
        self.area = models.Area.objects.create(site=self.site, number=1, name="gården")
        self.empty = models.Site.objects.create(tenant=self.tenant, name="tomt")
        self.other = models.AccessGroup.objects.create(tenant=self.tenant, name="ingen")
        self.grant = self.person.grants.get()
        pins.give(self.person, digits=PIN)
        self.bank, self.delivery = self.add_bank()
        self.lying, _ = deliveries.make(self.bank, as_entered(unit="H0302"))
        models.Delivery.objects.filter(pk=self.lying.pk).update(state="deposited", compartment=2)
        self.fetched_one, self.elsewhere = self.fetched(self.bank), self.another_bank(seed)
        self.users = {}
        for role in Role.values:
            user = self.users[role] = User.objects.named(f"{role}-{seed}@example.test")
            Membership.objects.create(user=user, tenant=self.tenant, role=role, **ends(role))
        self.member = Membership.objects.get(tenant=self.tenant, role="viewer")
        self.secret = links.make_token(self.tenant, "program", Role.ADMINISTRATOR, self.users["owner"])
        self.token = self.tenant.tokens.get()
        self.alarm = Alarm.objects.create(
            controller=self.controller, kind="event", code=events.DOOR_FORCED, door_number=1, raised_at=now
        )
        self.reading = self.read(17 << 16 | 815)
        Change.objects.all().delete()

    def shared(self) -> models.Allotment:
        """A compartment that somebody has taken."""
        row = models.Allotment(bank=self.bank, compartment=7, mark=1, hours=4, turn=1, made_at=clock.now())
        row.save()
        Change.objects.all().delete()
        return row

    def allotted(self) -> models.Allotment:
        """A compartment of the house's person."""
        row = allotments.give(self.bank, 6, self.person)
        Change.objects.all().delete()
        return row

    def asked(self) -> models.HelpRequest:
        """The house's person wants help."""
        return help_requests.write(self.users["viewer"], self.tenant, self.person, "fault", "Døren går ikke opp")

    def told(self, kind: str = "access") -> int:
        """The number of a request about the person's data."""
        row = requests.enter(self.person, kind, requests.Way.OFFICE)
        Change.objects.all().delete()
        return int(row.pk)

    def stands(self) -> int:
        """... that is granted and holds."""
        row = requests.enter(self.person, "objection", requests.Way.OFFICE)
        requests.answer(row, "Yes.", done=True)
        Change.objects.all().delete()
        return int(row.pk)

    def breached(self, ended: bool = False) -> int:
        """The number of a breach. ended: it can be closed."""
        now = clock.now()
        times = {"since": now - timedelta(hours=9), "until": now if ended else None, "known_at": now}
        row = breaches.open_one(self.tenant, "controller", said="innbrudd", of=self.controller, **times)
        for what in ("no authority", "no people") if ended else ():
            breaches.enter(row, what, "ingen risiko")
        Change.objects.all().delete()
        return int(row.pk)

    def resident(self) -> models.Person:
        """The house's person with an account."""
        accounts.invite(self.person, "ingrid@example.test", self.users["owner"])
        Change.objects.all().delete()
        return self.person

    def pictured(self) -> int:
        """The number of the house's person, with a picture."""
        pictures.give(self.person, photograph())
        Change.objects.all().delete()
        return int(self.person.pk)

    def twin(self) -> models.ScimUser:
        """Whom the directory entered, and who may be the house's person."""
        twin = models.Person.objects.create(tenant=self.tenant, name=self.person.name)
        said = {"display_name": twin.name}
        row = models.ScimUser.objects.create(tenant=self.tenant, person=twin, user_name="i", user_key="i", said=said)
        Change.objects.all().delete()
        return row

    def with_keypad(self) -> models.Door:
        """The first door takes a PIN."""
        door_rules.change(self.doors[0], {"who": [["card/pin", None]]})
        Change.objects.all().delete()
        return self.doors[0]

    def guest(self) -> models.Guest:
        row, _ = guests.invite_to([self.with_keypad()], None, clock.now() + timedelta(days=2), None, None)
        Change.objects.all().delete()
        return row

    def read(self, number: int) -> Reading:
        command = Command.objects.create(
            controller=self.controller, door=self.doors[0], do="learn", state="done", requested_at=clock.now(),
            expires_at=clock.now() + timedelta(seconds=45),
        )  # fmt: skip
        return Reading.objects.create(
            command=command, person=self.person, state="read", bits=26, number=number, read_at=clock.now()
        )

    def browser(self, role: str = "owner") -> Client:
        client = Client()
        client.force_login(self.users[role], backend="django.contrib.auth.backends.ModelBackend")
        return client

    def program(self) -> Client:
        return Client(headers={"authorization": f"Bearer {self.secret}"})

    def entries(self) -> list[Change]:
        return list(Change.objects.filter(tenant=self.tenant).order_by("pk"))


def told(entries: list[Change]) -> Entries:
    return [(one.kind, one.what) for one in entries]


def secrets_now() -> set[str]:
    """Everything secret that the database knows, as text; and whole numbers of cards."""
    found = set(models.SignInLink.objects.values_list("hash", flat=True))
    found |= set(models.ApiToken.objects.values_list("hash", flat=True))
    for row in models.Controller.objects.all():
        keys = (row.link_secret, row.next_secret, row.table_key, row.broker_key)
        found |= {bytes(key).hex() for key in keys if key}
    for row in models.Credential.objects.exclude(mark=""):
        found |= {row.mark, bytes(row.sealed).hex(), pins.digits(row.sealed)}
    found |= {str(number) for number in models.Credential.objects.filter(kind="card").values_list("number", flat=True)}
    return found


def secrets_before(full: Full) -> set[str]:
    found = secrets_now() | {full.secret, PIN, "long enough"}
    assert len(found) > 8
    return found


def assert_no_secret_is_kept(full: Full, before: set[str], answer: str) -> None:
    """before: what was secret before the change. Tokens and links that the answer tells are secret too."""
    secrets = before | secrets_now()
    secrets |= set(re.findall(r"\d+\.[A-Za-z0-9_-]{43}|(?<=/enter/)[A-Za-z0-9_-]{43}", answer))
    kept = json.dumps([[one.name, one.account, one.before, one.after] for one in full.entries()])
    words = set(re.findall(r"[\w.-]+", kept))
    assert kept != "[]" and not [one for one in secrets if one in (words if one.isdigit() else kept)]


Case = Callable[[Full], tuple[dict[str, Any], Any, Entries]]  # the numbers in the path, what is sent, what is kept


def assert_true_to_its_kind(one: Change) -> None:
    """A grant without an end has no values: that it is there says it."""
    if one.what == "made" or one.what == "asked":
        assert one.before == {} and (one.after or one.erased or one.kind == "grant")
    elif one.what == "removed":
        assert one.after == {} and (one.before or one.erased or one.kind == "grant")
    elif one.kind != "alarm" and "sessions" not in one.after:
        assert one.erased or (one.before.keys() == one.after.keys() and one.before != one.after)
