"""Two tenants with the same in every room, words that tell whose something is, and everybody who could ask for it."""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from cloud_world import BOARD, House, Stopped, counted_bytes, ends
from django.apps import apps
from django.db import connection, models
from django.test import Client
from photographs import photograph

from firmware.controller import events as codes
from firmware.controller.access import modes
from tools.cloud.breaches import breaches
from tools.cloud.controllers import enrol, lost
from tools.cloud.doors import commands
from tools.cloud.guests import guests
from tools.cloud.help import requests as help_requests
from tools.cloud.lockers import deliveries, notices
from tools.cloud.lockers.about import entered as as_entered
from tools.cloud.members import links, members
from tools.cloud.models import (
    AccessGroup,
    Alarm,
    Allotment,
    ApiToken,
    Area,
    Bank,
    Breach,
    Command,
    Controller,
    Credential,
    DataRequest,
    Delivery,
    Door,
    DoorRules,
    Event,
    Gap,
    Grant,
    Guest,
    HelpRequest,
    Holiday,
    Look,
    Membership,
    Notice,
    Partner,
    Person,
    Reading,
    Release,
    Right,
    Role,
    Rollout,
    RolloutBoard,
    Schedule,
    ScimToken,
    ScimUser,
    Site,
    Tenant,
    User,
)
from tools.cloud.models.rights import UNBOUND, rights_of
from tools.cloud.partners import feed, partners
from tools.cloud.people import births, groups, people, pictures, pins
from tools.cloud.privacy import requests
from tools.cloud.rules import holidays
from tools.cloud.scim import tokens as scim_tokens
from tools.cloud.sealing import SealedValue
from tools.cloud.services import clock
from tools.cloud.webhooks import hooks

OURS, THEIRS = "kveld", "zorn"  # stand in every name of a tenant
PART = "vinje"  # ... in every name of a part of ours: sites with all that belongs to them
# Facility and number of a card that nobody else has; of one that was read at a door, theirs have the first in use.
CARD = {OURS: (201, 60417), THEIRS: (201, 54321), PART: (201, 54326)}
READ = {OURS: (202, 54322), THEIRS: (203, 54323), PART: (204, 54324)}
FIRST = {OURS: 1, THEIRS: 1, PART: 3}  # of the numbers and days that a tenant has once
MISSING = 10**12  # a number that nothing has
# Which right somebody needs to be told a word: it is tag + right, as in zornpeople.
WORDS = {
    right.value: {right}
    for right in (
        *(Right.LOOK, Right.BANKS, Right.DELIVERIES, Right.PEOPLE, Right.AUDIT, Right.HELP, Right.MEMBERS),
        Right.PRIVACY,
        Right.BREACHES,
    )
}
WORDS |= {"gate": {Right.BANKS}, "days": {Right.LOOK}}  # of the tenant as a whole: its name; schedules, holidays
SHARED = ("gate", "days")
WORDS |= {
    "guests": {Right.GUESTS, Right.PEOPLE},
    "asker": {Right.RELEASE, Right.LOG},
    "duress": {Right.DURESS},
}  # one of these


class Home(House):
    """A house with one of everything. ids: by kind, the number of the one that is attacked."""

    def __init__(self, tag: str, time_now: Stopped, seed: int, tenant: Tenant | None = None) -> None:
        self.tag, self.first = tag, FIRST[tag]
        super().__init__(f"{tag}gate", time_now, seed, tenant, 1200 + self.first)
        self._name()
        self._rules()
        self._people()
        self._happened()
        self._members()
        self._boards(seed)
        mine = f"{tag}deliveries"
        self.bank, self.delivery = self.add_bank(name=f"{mine} Ingrid", email=f"x@{mine}.test")
        self.lying, _ = deliveries.make(self.bank, as_entered(name=f"{mine} Ola", email=f"y@{mine}.test"))
        Delivery.objects.filter(pk=self.lying.pk).update(state="deposited", compartment=2, deposited_at=clock.now())
        self.lying.refresh_from_db()
        notices.make(self.lying, Notice.Kind.DEPOSITED, clock.now())
        Bank.objects.filter(pk=self.bank.pk).update(name=f"{tag}banks skap", address=f"{tag}banks gate 1")
        other = self.alone = Person.objects.create(tenant=self.tenant, name=f"{tag}people Nils")
        account = User.objects.named(f"x@{tag}people.test")
        Person.objects.filter(pk=self.person.pk).update(user=account)
        pictures.give(self.person, photograph())
        births.change(self.person, date(2010, 5, 17), f"{tag}people Kari", date(2025, 6, 1))
        self.fetched_one = self.fetched(self.bank, name=f"{mine} Kari", email=f"z@{mine}.test")
        self.elsewhere = self.another_bank(seed, name=f"{tag}banks annet")
        Controller.objects.filter(pk=self.elsewhere.controller_id).update(name=f"{tag}look annet", firmware="1.0")
        Door.objects.filter(controller=self.elsewhere.controller_id).update(name=f"{tag}look annet")
        self.allotment = Allotment.objects.create(
            bank=self.bank, compartment=5, mark=1, person=other, made_at=clock.now()
        )
        self.shared = Allotment.objects.create(
            bank=self.bank, compartment=4, mark=1, hours=4, turn=1, taken_by=other, made_at=clock.now(), held=True
        )
        self.guest, _ = guests.invite_to([self.doors[1]], None, clock.now() + timedelta(days=2), None, None)
        Person.objects.filter(pk=self.guest.pk).update(name=f"{tag}guests gjest")
        asker = User.objects.named(f"x@{tag}help.test")
        self.help = help_requests.write(asker, self.tenant, None, "question", f"{tag}help virker ikke")
        said = f"{tag}privacy"
        self.request, _ = requests.make(self.person, "correction", said, f"{said} mor", f"{said} pass")
        self.access, _ = requests.make(self.alone, "access", said, f"{said} mor", f"{said} pass")
        self.erasure, _ = requests.make(self.alone, "erasure", said, f"{said} mor", f"{said} pass")
        quiet = Person.objects.create(tenant=self.tenant, name=f"{tag}privacy stille")
        self.standing, _ = requests.make(quiet, "restriction", said, f"{said} mor", f"{said} pass")
        requests.answer(self.standing, f"{said} ja", done=True)
        self._breaches()
        self.door, self.event = self.doors[0], self.events[1]
        self.ids = self._ids()
        # Words that are numbers, and the right to be told them.
        self.numbers = {self.controller.public_id: Right.LOOK}
        secret = [(CARD[tag], Right.PEOPLE)] + ([(READ[tag], Right.CHANGE)] if tag == THEIRS else [])
        for (facility, number), right in secret:
            self.numbers |= {str(number): right, str(facility << 16 | number): right}

    def _breaches(self) -> None:
        """One that is being worked on, and one that can be closed."""
        now, said = clock.now(), f"{self.tag}breaches innbrudd"
        times = {"since": now - timedelta(days=3), "known_at": now - timedelta(hours=1)}
        made = [breaches.open_one(self.tenant, "whole", until=until, said=said, **times) for until in (None, now)]
        self.breach, self.ended = made
        breaches.enter(self.ended, "no authority", said)
        breaches.enter(self.ended, "no people", said)
        breaches.keep_notice(self.breach, "people", "nb", said)

    def _name(self) -> None:
        """Names without the services: nobody has to be told."""
        look, people_ = f"{self.tag}look", f"{self.tag}people"
        Site.objects.filter(pk=self.site.pk).update(name=f"{look} tun")
        Controller.objects.filter(pk=self.controller.pk).update(name=f"{look} skap", firmware="1.0")
        for door in self.doors:
            Door.objects.filter(pk=door.pk).update(name=f"{look} port {door.number}")
        type(self.group).objects.filter(pk=self.group.pk).update(name=f"{people_} alle")
        Person.objects.filter(pk=self.person.pk).update(name=f"{people_} Ingrid")
        for row in (self.site, self.controller, self.group, self.person):
            row.refresh_from_db()

    def _rules(self) -> None:
        self.schedule = Schedule.objects.create(
            tenant=self.tenant, name=f"{self.tag}days dag", number=6 + self.first, times=[[31, 480, 960]]
        )
        self.unused = Schedule.objects.create(
            tenant=self.tenant, name=f"{self.tag}days natt", number=7 + self.first, times=[]
        )
        self.holiday = holidays.add(self.tenant.pk, f"{self.tag}days fri", date(2026, 12, 23 + self.first))
        self.area = Area.objects.create(site=self.site, number=1, name=f"{self.tag}look gård")
        self.nowhere = Area.objects.create(site=self.site, number=2, name=f"{self.tag}look hage")
        keypad = [["card/pin", None]]
        DoorRules.objects.create(door=self.doors[0], leads_to=self.area, office=self.schedule, who=keypad)
        DoorRules.objects.create(door=self.doors[1], who=keypad)
        wanted = {self.doors[0].pk: None, self.doors[1].pk: self.schedule.pk}
        groups.save(self.group, self.group.name, {}, wanted)

    def _people(self) -> None:
        for facility, number in [CARD[self.tag], *([READ[OURS]] if self.tag == THEIRS else [])]:
            people.give_card(self.person, 26, facility << 16 | number)
        pins.give(self.person, digits=f"83127{self.first * 2}")
        self.duress, _ = pins.give(self.person, "duress", digits=f"83127{self.first * 2 + 1}")
        self.grant = self.person.grants.get()
        self.revoked = people.give_card(self.person, 26, 1300 + self.first)
        people.revoke(self.revoked)

    def _happened(self) -> None:
        now = clock.now()
        self.events = [
            Event.objects.create(
                controller=self.controller, epoch=5, sequence=number, utc=now, code=code, door_number=1, extra=0,
                flags=codes.TIME_TRUSTED, received_at=now, credential=card,
            )
            for number, (code, card) in enumerate(
                ((codes.DOOR_FORCED, None), (codes.GRANTED, self.card), (codes.GRANTED_DURESS, self.duress)), 1
            )
        ]  # fmt: skip
        # Whose card unlocked the first door: who looks after doors sees that it is, and not whose it was.
        Event.objects.create(
            controller=self.controller, epoch=5, sequence=4, utc=now, code=codes.FREE_BEGAN, door_number=1,
            extra=modes.FIRST_IN, flags=codes.TIME_TRUSTED, received_at=now, credential=self.card,
        )  # fmt: skip
        self.gap = Gap.objects.create(controller=self.controller, epoch=5, first=9, last=11, noticed_at=now)
        acker, asker = (User.objects.named(f"{who}@{self.tag}{who}.test") for who in ("look", "asker"))
        rows = [
            Alarm.objects.create(
                controller=self.controller, kind=Alarm.Kind.EVENT, code=event.code, event=event, raised_at=now,
                door_number=1, **said,
            )
            for event, said in ((self.events[0], {}), (self.events[2], {}))
        ]  # fmt: skip
        self.alarm, self.silent = rows
        Alarm.objects.create(
            controller=self.controller, kind=Alarm.Kind.GAP, gap=self.gap, raised_at=now, acknowledged_at=now,
            acknowledged_by=acker,
        )  # fmt: skip
        until = int((now + timedelta(hours=1)).timestamp())
        Command.objects.create(
            controller=self.controller, door=self.doors[1], do="hold", arguments={"until": until}, state="done",
            requested_by=asker, requested_at=now, expires_at=now, ended_at=now,
        )  # fmt: skip
        Controller.objects.filter(pk=self.controller.pk).update(
            door_status={"1": [modes.FIRST_IN, 0, 0], "2": [modes.COMMAND, until, 0]}, confirmed_at=now
        )
        self.command = commands.diagnostics(self.controller, asker)
        Command.objects.filter(pk=self.command.pk).update(state="done", data={"said": f"{self.tag}look diagnostics"})
        read = commands.learn(self.doors[0], asker)
        self.reading = Reading.objects.create(
            command=read,
            person=self.person,
            state="read",
            bits=26,
            read_at=now,
            number=READ[self.tag][0] << 16 | READ[self.tag][1],
        )
        Look.objects.create(
            tenant=self.tenant, user=User.objects.named(f"x@{self.tag}audit.test"), what=Look.What.EXPORT, at=now,
            until=now, person=self.person,
        )  # fmt: skip

    def _members(self) -> None:
        self.member = members.invite(self.tenant, f"x@{self.tag}members.test", Role.VIEWER)
        # A second owner: nothing is refused merely because somebody would be the last.
        second = members.invite(self.tenant, f"second@{self.tag}members.test", Role.OWNER)
        links.make_token(self.tenant, f"{self.tag}members program", Role.VIEWER, second.user)
        self.token = ApiToken.objects.get(tenant=self.tenant, made_by=second.user)
        partners.make(self.tenant, f"{self.tag}members partner", self.doors, list(Partner.Scope), second.user)
        self.partner = Partner.objects.get(token__made_by=second.user)
        feed.put(self.partner, f"https://{self.tag}members.example.test/partner")
        scim_tokens.make(self.tenant, f"{self.tag}members directory")
        self.scimtoken = ScimToken.objects.filter(tenant=self.tenant).latest("pk")
        # Of the same name as somebody who was entered by hand.
        twin = Person.objects.create(tenant=self.tenant, name=self.person.name)
        name = f"twin@{self.tag}people.test"
        self.scimuser = ScimUser.objects.create(tenant=self.tenant, person=twin, user_name=name, user_key=name)
        hooks.put(self.token, f"https://{self.tag}members.example.test/")

    def _boards(self, seed: int) -> None:
        # A site without boards: the only one that can be removed.
        self.empty = Site.objects.create(tenant=self.tenant, name=f"{self.tag}look tomt")
        self.lost, _ = enrol.enrol(
            self.site, f"{self.tag}look borte", BOARD, doors=["Bakdør", "Bod"], urandom=counted_bytes((seed + 7) << 32)
        )
        self.group.doors.add(*self.lost.doors.all())
        lost.lost(self.lost, None)
        Door.objects.filter(controller=self.lost).update(name=f"{self.tag}look borte")
        release = Release.objects.get_or_create(build="1.1", defaults={"size": 9, "added_at": clock.now()})[0]
        rollout = Rollout.objects.get_or_create(release=release, percent=50, defaults={"started_at": clock.now()})[0]
        RolloutBoard.objects.create(rollout=rollout, controller=self.controller, at=clock.now())

    def _ids(self) -> dict[str, int]:
        return {kind: getattr(self, ATTRIBUTES.get(kind, kind)).pk for kind in KINDS}


# Kind of row -> its model; and where a home has the one that is meant, if not under that name.
KINDS: dict[str, type[Any]] = {
    "tenant": Tenant, "site": Site, "empty": Site, "controller": Controller, "lost": Controller, "door": Door,
    "area": Area, "nowhere": Area, "schedule": Schedule, "unused": Schedule, "holiday": Holiday, "person": Person,
    "credential": Credential, "revoked": Credential, "group": AccessGroup, "grant": Grant, "alarm": Alarm,
    "command": Command, "reading": Reading, "event": Event, "member": Membership, "token": ApiToken,
    "bank": Bank, "delivery": Delivery, "lying": Delivery, "allotment": Allotment, "alone": Person, "partner": Partner,
    "scimtoken": ScimToken, "scimuser": ScimUser,
    "fetched": Delivery, "elsewhere": Bank,
    "shared": Allotment,
    "guest": Guest,
    "help": HelpRequest,
    "request": DataRequest,
    "erasure": DataRequest,
    "access": DataRequest,
    "standing": DataRequest,
    "breach": Breach,
    "ended": Breach,
}  # fmt: skip
ATTRIBUTES = {"credential": "card", "fetched": "fetched_one"}


@dataclass(eq=False)
class Caller:
    """Somebody who asks. roles: what they are, by the tag of the tenant."""

    name: str
    client: Client
    roles: dict[str, Role] = field(default_factory=dict)
    signed_in: bool = False
    bound: bool = False  # to places
    sites: bool = False  # ... and to whole sites among them

    def __post_init__(self) -> None:
        self._cookies = {name: morsel.value for name, morsel in self.client.cookies.items()}

    def rights(self, tag: str) -> frozenset[Right]:
        return rights_of(self.roles[tag], self.bound) if tag in self.roles else frozenset()

    def forget(self) -> None:
        """What an answer has put into the browser, or taken out of it, goes with all else that came of it."""
        self.client.cookies.clear()
        self.client.cookies.load(self._cookies)

    def __repr__(self) -> str:
        return self.name


HEADERS = {"accept-language": "en"}


def browser(user: User | None, *, csrf: bool = False) -> Client:
    client = Client(headers=HEADERS, enforce_csrf_checks=csrf)
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        client.user = user  # type: ignore[attr-defined]
    client.raise_request_exception = False
    return client


def program(token: str) -> Client:
    client = Client(headers={**HEADERS, "authorization": f"Bearer {token}"})
    client.raise_request_exception = False
    return client


class World:
    """theirs has things that ours has; ours is the one that is asked as, theirs the one that is asked for."""

    own, others = OURS, THEIRS  # their tags
    shared = False  # whether the two are of one tenant

    def __init__(self, time_now: Stopped) -> None:
        _number_from_far_up()
        self.theirs = Home(THEIRS, time_now, 2)
        self.ours = Home(OURS, time_now, 1)
        self.homes = {home.tag: home for home in (self.ours, self.theirs)}
        self.nobody = Caller("nobody", browser(None))
        self.roles = [self._member(self.ours, role) for role in Role]
        self.strangers = [self._member(self.theirs, role) for role in Role]
        self.tokens = [
            Caller(f"token of {role}", program(links.make_token(self.ours.tenant, "t", role)), {OURS: role}, True)
            for role in ApiToken.ROLES
        ]
        self.guests = [self._guest(role) for role in (Role.VIEWER, Role.GUARD, Role.INSTALLER)]
        self.outside = Caller("an account of no tenant", browser(User.objects.named("outside@example.test")), {}, True)
        self.shut_out = self._shut_out()
        self.rows = rows_of(self.theirs)
        # Told to somebody else they are as good as a word: no other row has these numbers.
        self.their_numbers = {
            str(row[0]).encode() for name, rows in self.rows.items() for row in rows if isinstance(row[0], int)
        }

    def _member(self, home: Home, role: Role) -> Caller:
        user = User.objects.named(f"{role}@{home.tag}.test")
        Membership.objects.create(user=user, tenant=home.tenant, role=role, **ends(role))
        return Caller(f"{role} of {home.tag}", browser(user), {home.tag: role}, True)

    def _guest(self, role: Role) -> Caller:
        """Owns one tenant, and is less in the other."""
        user = User.objects.named(f"guest-{role}@example.test")
        for home, as_what in ((self.ours, Role.OWNER), (self.theirs, role)):
            Membership.objects.create(user=user, tenant=home.tenant, role=as_what)
        return Caller(f"owner here and guest {role}", browser(user), {OURS: Role.OWNER, THEIRS: role}, True)

    def _shut_out(self) -> list[Caller]:
        """Whoever could once, each in another way: to them everything is as to nobody."""
        home = self.ours

        def invited(name: str) -> tuple[Membership, Client]:
            row = members.invite(home.tenant, f"{name}@example.test", Role.OWNER)
            return row, browser(row.user)

        ended, of_ended = invited("ended")
        by = program(links.make_token(home.tenant, "by", Role.ADMINISTRATOR, ended.user))
        members.end(ended)
        inactive, of_inactive = invited("inactive")
        by_inactive = program(links.make_token(home.tenant, "by", Role.ADMINISTRATOR, inactive.user))
        members.set_active(inactive.user, False)
        again = browser(None)
        User.objects.filter(pk=inactive.user_id).update(is_active=True)
        again.force_login(inactive.user, backend="django.contrib.auth.backends.ModelBackend")
        again.user = inactive.user  # type: ignore[attr-defined]
        User.objects.filter(pk=inactive.user_id).update(is_active=False)
        old, of_old = invited("old")
        old.user.sessions.update(used_at=clock.now() - timedelta(days=400))
        revoked = links.make_token(home.tenant, "revoked", Role.ADMINISTRATOR)
        members.revoke(ApiToken.objects.get(name="revoked"))
        other = links.make_token(home.tenant, "other", Role.ADMINISTRATOR)
        return [
            Caller("a member removed", of_ended),
            Caller("a token of a member removed", by),
            Caller("an inactive account", of_inactive),
            Caller("an inactive account with a session", again),
            Caller("a token of an inactive account", by_inactive),
            Caller("a session that is over", of_old),
            Caller("a token revoked", program(revoked)),
            Caller("a token with another's secret", program(f"{other.split('.')[0]}.{revoked.split('.')[1]}")),
            Caller("a token without a secret", program(f"{other.split('.')[0]}.")),
        ]


class Part:
    """A part of our tenant beside the rest of it: ours is the part, theirs all else. Who is bound to the part asks."""

    own, others = PART, OURS
    shared = True

    def __init__(self, time_now: Stopped) -> None:
        _number_from_far_up()
        self.theirs = Home(OURS, time_now, 1)
        self._apart = {name: {row[0] for row in rows} for name, rows in rows_of(self.theirs).items()}
        self.ours = Home(PART, time_now, 3, self.theirs.tenant)
        self.homes = {home.tag: home for home in (self.ours, self.theirs)}
        sites, places = [self.ours.site, self.ours.empty], list(Door.objects.filter(controller__site=self.ours.site))
        self.at_sites = {role: self._bound(role, sites=sites) for role in Role if role not in UNBOUND}
        self.at_doors = self._bound(Role.ADMINISTRATOR, doors=places, banks=[self.ours.bank, self.ours.elsewhere])
        self.at_nothing = self._bound(Role.ADMINISTRATOR)
        self.crossing = crossing(self)
        self.rows = self.rows_of()
        self.their_numbers = {
            str(row[0]).encode()
            for name, rows in self.rows.items()
            for row in rows
            if isinstance(row[0], int) and name not in SHARED_MODELS
        }

    def _bound(self, role: Role, **places: list[Any]) -> Caller:
        at = "-".join(places) or "nothing"
        user = User.objects.named(f"{role}-{at}@example.test")
        row = Membership.objects.create(user=user, tenant=self.theirs.tenant, role=role, bound=True, **ends(role))
        for name, found in places.items():
            getattr(row, name).set(found)
        return Caller(f"{role} bound to {at}", browser(user), {PART: role}, True, bound=True, sites="sites" in places)

    def rows_of(self, tables: set[str] | None = None) -> dict[str, list[Any]]:
        """What was there before the part was."""
        rows = rows_of(self.theirs, tables)
        return {name: [row for row in found if row[0] in self._apart[name]] for name, found in rows.items()}


def _out_of(part: Part) -> list[str]:
    found = []
    for model in WAYS:
        for one in model._meta.get_fields():
            to = one.related_model if isinstance(one, models.ForeignKey) else None
            if to in WAYS and to.__name__ not in SHARED_MODELS | {"ApiToken"}:
                rows = model._base_manager.filter(**{f"{one.name}__in": part._apart[to.__name__]})
                if rows.exclude(pk__in=part._apart[model.__name__]).exists():
                    found.append(f"{model.__name__}.{one.name}")
    before = getattr(part, "crossing", None)
    return [name for name in found if before is None or name not in before]


FAR_UP = 1_000_000


def _number_from_far_up() -> None:
    """Every row that is made from now on has a number that no other has, of any model."""
    for n, model in enumerate(apps.get_models()):
        if isinstance(model._meta.pk, models.AutoField):
            table, first = model._meta.db_table, FAR_UP + 10_000 * n
            with connection.cursor() as cursor:
                if connection.vendor == "sqlite":
                    cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                    cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, first])
                else:
                    cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [f'"{table}"', first])


SHARED_MODELS = {"Tenant", "Schedule", "Holiday"}
SHARED_KINDS = {"tenant", "schedule", "unused", "holiday"}
# Models that belong to no tenant; what they tell goes by what refers to them.
NOBODYS = {"Release", "Rollout", "Progress", "LogoutHeard"}
# Models of accounts, and where the address is by which somebody is of a tenant and no other.
ACCOUNTS = {"User": "email", "Session": "user__email", "SignInLink": "user__email", "LogIn": "user__email"}


def _ways() -> dict[type[models.Model], str]:
    """How each model leads to its tenant: the shortest way over foreign keys."""
    ways: dict[type[models.Model], str] = {Tenant: "pk"}
    models_ = list(apps.get_app_config("cloud").get_models())
    for _ in models_:
        for model in models_:
            for one in model._meta.get_fields():
                to = one.related_model if isinstance(one, models.ForeignKey) else None
                if model not in ways and to in ways:
                    ways[model] = one.name if to is Tenant else f"{one.name}__{ways[to]}"
    left = {model.__name__ for model in models_} - {model.__name__ for model in ways} - ACCOUNTS.keys() - NOBODYS
    assert not left, f"whose are the rows of {left}? Say it in attack_world.py"
    return ways


WAYS = _ways()


def rows_of(home: Home, tables: set[str] | None = None) -> dict[str, list[Any]]:
    """Every row of a tenant, of every model there is (or of those that are kept in these tables)."""
    found = {}
    for model in apps.get_app_config("cloud").get_models():
        name = model.__name__
        if name in NOBODYS or (tables is not None and model._meta.db_table not in tables):
            continue
        whose = {f"{ACCOUNTS[name]}__contains": home.tag} if name in ACCOUNTS else {WAYS[model]: home.tenant.pk}
        fields = ("pk", *(one.attname for one in model._meta.concrete_fields))  # not every model has its key first
        rows = model._base_manager.filter(**whose).order_by("pk").values_list(*fields)
        found[name] = [tuple(map(_plain, row)) for row in rows]
    return found


def _plain(value: Any) -> Any:
    return value.kept if isinstance(value, SealedValue) else bytes(value) if isinstance(value, memoryview) else value


def changed(was: dict[str, list[Any]], now: dict[str, list[Any]]) -> list[str]:
    return [name for name in now if was[name] != now[name]]


def crossing(world: World | Part) -> list[str]:
    """Rows of one tenant that refer to rows of the other; of a part, those made since that refer to the rest."""
    if isinstance(world, Part):
        return _out_of(world)
    ours, theirs = world.ours.tenant.pk, world.theirs.tenant.pk
    found = []
    for model, way in WAYS.items():
        for one in model._meta.get_fields():
            if isinstance(one, models.ForeignKey) and one.related_model in WAYS and not way.startswith(one.name):
                for here, there in ((ours, theirs), (theirs, ours)):
                    to = {f"{one.name}__{WAYS[one.related_model]}": there}
                    if model._base_manager.filter(**{way: here}, **to).exists():
                        found.append(f"{model.__name__}.{one.name}")
    return found


_TAGGED = re.compile(rb"(?i)(%s)(%s)?" % ("|".join((OURS, THEIRS, PART)).encode(), "|".join(WORDS).encode()))


# Tokens of forms, links and bearers: in one of many a word comes about by chance.
_RANDOM = re.compile(rb"(?<![\w-])[\w-]{43,64}(?![\w-])")
_NUMBER = re.compile(rb"(?<!\d)1\d{6}(?!\d)")


def told(world: World | Part, content: bytes, asked: set[bytes]) -> dict[str, set[frozenset[Right]]]:
    """Whose words an answer has: by tag, the rights of which one is needed for each. An empty set: any.

    asked: numbers that stood in the question.
    """
    found: dict[str, set[frozenset[Right]]] = {}
    content = _RANDOM.sub(b"", content)
    for tag, word in ((one.lower().decode(), more.lower().decode()) for one, more in _TAGGED.findall(content)):
        # The name of the tenant, schedules and holidays show in every part of it.
        whose = world.own if world.shared and word in SHARED else tag
        found.setdefault(whose, set()).add(frozenset(WORDS.get(word, ())))
    if world.their_numbers & (set(_NUMBER.findall(content)) - asked):
        found.setdefault(world.others, set()).add(frozenset())
    for tag, home in world.homes.items():
        for text, right in home.numbers.items():
            if text.encode() in content:
                found.setdefault(tag, set()).add(frozenset({right}))
    return found
