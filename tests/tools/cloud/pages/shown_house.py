"""A tenant that has something to show on every page, and one that has nothing yet."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Value
from django.db.models.functions import Concat
from photographs import portrait

from firmware.controller import events
from firmware.controller.access import modes
from tools import boards
from tools.cloud.access_list import acl
from tools.cloud.alarms import alarms
from tools.cloud.audit import author
from tools.cloud.breaches import breaches
from tools.cloud.controllers import enrol, lost
from tools.cloud.doors import commands, door_rules
from tools.cloud.guests import guests, invitations
from tools.cloud.help import requests as help_requests
from tools.cloud.lockers import banks, deliveries, notices
from tools.cloud.lockers.about import entered as as_entered
from tools.cloud.members import links
from tools.cloud.models import (
    AccessGroup,
    Alarm,
    Allotment,
    Area,
    Change,
    Command,
    Compartment,
    Controller,
    DataRequest,
    Delivery,
    DoorRules,
    Event,
    Gap,
    Grant,
    HelpLetter,
    Look,
    Membership,
    Notice,
    Partner,
    PartnerCall,
    Person,
    Reading,
    Release,
    Role,
    Rollout,
    RolloutBoard,
    Schedule,
    ScimUser,
    Site,
    Tenant,
    User,
    WebhookCall,
)
from tools.cloud.partners import feed, partners
from tools.cloud.people import births, erasure, groups, people, pictures, pins
from tools.cloud.privacy import copies, erasing, leaving, requests, statement
from tools.cloud.residents import policy
from tools.cloud.rules import holidays
from tools.cloud.rules import schedules as weeks
from tools.cloud.services import clock
from tools.cloud.sites import tenants

# Long, as names of places and people are.
TENANT = "Borettslaget Solsiden og Strandkanten"
DOORS = ["Hovedinngang mot Dronning Eufemias gate", "Sykkelparkering"]


class Shown:
    """The first tenant's rows by what the addresses of pages call them."""

    def __init__(self) -> None:
        self.now = clock.now()
        self.tenant = Tenant.objects.create(name=TENANT)
        self.owner = member(self.tenant, Role.OWNER, "Kristoffer Fredriksen-Bjørnstad")
        self.site = Site.objects.create(tenant=self.tenant, name="Dronning Eufemias gate 20–24")
        self.controller = self.board("Oppgang A, teknisk rom", DOORS)
        self.silent = self.board("Garasje", ["Garasjeport", "Heisrom"])
        self.gone = self.board("Portrom (gammelt kort)", ["Port", "Grind"], "virtual-two-door")
        self.doors = list(self.controller.doors.order_by("number"))
        self.rules()
        self.people()
        self.state()
        self.log()
        self.alarms()
        self.commands()
        self.lookers()
        self.changes()
        self.updates()
        self.lockers()
        self.residents()
        self.partners()
        self.help()
        self.requests()
        self.breaches()
        lost.lost(self.gone, self.owner)

    def ago(self, **past: float) -> datetime:
        return self.now - timedelta(**past)

    def board(self, name: str, doors: list[str], board: str = "virtual-two-door-inputs") -> Controller:
        return enrol.enrol(self.site, name, boards.load(board), doors=doors)[0]

    def rules(self) -> None:
        times = weeks.of_days([[(480, 960)]] * 5 + [[]] * 3)
        self.schedule = weeks.save(Schedule(tenant=self.tenant), "Kontortid", times)
        self.holiday = holidays.add(self.tenant.pk, "Inneklemt fredag etter Kristi himmelfartsdag", self.now.date())
        holidays.fill(self.tenant.pk, self.now.year + 1)
        self.area = Area.objects.create(site=self.site, number=1, name="Sykkelparkering i kjelleren", limit=40)
        self.group = groups.save(
            AccessGroup(tenant=self.tenant), "Beboere i oppgang A", {}, {door.pk: None for door in self.doors}
        )
        self.cleaners = groups.save(
            AccessGroup(tenant=self.tenant), "Renhold og vaktmestertjeneste", {}, {self.doors[0].pk: self.schedule.pk}
        )
        DoorRules.objects.create(door=self.doors[0], who=[["card+pin", self.schedule.pk]])

    def people(self) -> None:
        name = "Ingrid Marie Solheim-Kristoffersen"
        self.person = Person.objects.create(tenant=self.tenant, name=name, escort="gives")
        self.grant = Grant.objects.create(person=self.person, group=self.group)
        Grant.objects.create(
            person=self.person, group=self.cleaners, valid_from=self.ago(days=3), valid_until=self.ago(days=-30)
        )
        self.card = people.give_card(self.person, 26, people.card_number(26, 17, 1204), self.ago(days=-90))
        gone = people.give_card(self.person, 34, 70_004_711)
        acl.refresh(self.tenant.pk, self.now)
        Controller.objects.filter(pk=self.silent.pk).update(held_acl_version=1)
        people.revoke(gone)
        pins.give(self.person)
        pins.give(self.person, "duress")
        away = Person.objects.create(tenant=self.tenant, name="Ola", active=False)
        people.give_card(away, 26, 4711)
        Person.objects.bulk_create(Person(tenant=self.tenant, name=f"Beboer {n:03d}") for n in range(120))
        erased = Person.objects.create(tenant=self.tenant, name="Slettet")
        at = self.ago(hours=2)
        Look.objects.create(tenant=self.tenant, user=self.owner, what="log", person=erased, at=at, until=at)
        erasure.erase(erased, self.now, user=self.owner)

    def state(self) -> None:
        """The first controller speaks: one door is held unlocked, the other locked down; its rules are refused."""
        until = int(self.ago(hours=-1).timestamp())
        since = int(self.ago(minutes=12).timestamp())
        one = Controller.objects.get(pk=self.controller.pk)
        one.door_status = {"1": [modes.COMMAND, until, since], "2": [modes.LOCKDOWN, 0, since]}
        one.last_seen = one.confirmed_at = self.now
        one.firmware, one.health = "0.1.0+abcdef012345", {"boot": 12, "heap": 81_920}
        one.refused = {"forged": 3, "old": 2}
        one.rules_refused, one.rules_fault = one.rules_version, "doors.1.release_ms: must be 500 to 60000"
        one.save()
        Controller.objects.filter(pk=self.silent.pk).update(last_seen=self.ago(hours=5), firmware="0.1.0+abcdef012345")

    def log(self) -> None:
        self.sequence = 0
        passed = self.card
        self.event(events.STARTED, 0, extra=1, utc=None)
        for hours, code, door, more in (
            (27, events.DOOR_OPENED, 1, {}), (27, events.DENIED_UNKNOWN, 2, {"count": 3}),
            (26, events.DENIALS_REPEATED, 2, {"extra": events.DENIED_UNKNOWN, "count": 41}),
            (5, events.READER_MISREAD, 1, {"extra": 35}), (4, events.GRANTED, 1, {"credential": passed, "extra": 3}),
            (4, events.DENIED_PASSBACK, 2, {"credential": passed, "extra": 1}), (3, events.FREE_BEGAN, 1, {"extra": 1}),
            (2, events.DOOR_HELD, 1, {}), (2, events.READER_LOST, 2, {"extra": 3}),
            (1, events.DOOR_FORCED, 2, {}), (1, events.DOOR_FORCED, 2, {}), (1, events.ENCLOSURE_OPENED, 0, {}),
            (0.5, events.GRANTED_DURESS, 1, {"credential": passed}),
        ):  # fmt: skip
            self.event(code, door, utc=self.ago(hours=hours), **more)
        for sequence in range(80):
            self.event(events.GRANTED, 1 + sequence % 2, utc=self.ago(minutes=60 - sequence / 2), credential=passed)
        Gap.objects.create(controller=self.controller, epoch=1, first=901, last=914, noticed_at=self.ago(hours=3))
        self.event(events.COMMISSIONING_BEGAN, 0, utc=self.ago(minutes=3), extra=15)
        for door, extra in ((1, 1), (1, 3), (2, 2)):
            self.event(events.TRIED, door, utc=self.ago(minutes=2), extra=extra)

    def event(self, code: int, door: int, **fields: Any) -> Event:
        self.sequence += 1
        at = fields.get("utc") or self.now
        values = {"extra": 0, "flags": 1, "epoch": 1, "sequence": self.sequence, "received_at": at, **fields}
        return Event.objects.create(controller=self.controller, code=code, door_number=door, **values)

    def alarms(self) -> None:
        alarms.gather(self.now)
        held = Alarm.objects.get(code=events.DOOR_HELD)
        alarms.acknowledge(held, self.owner, self.ago(minutes=90))

    def commands(self) -> None:
        data = {
            "firmware": "0.1.0+abcdef012345", "boots": 12, "heap": 81_920, "log": [1, 1, 4711, 4700],
            "acl": [1, "0" * 16, 214], "rules": 3, "doors": [[0, 1], [1, 0]],
        }  # fmt: skip
        for do, state, door, more in (
            ("diagnostics", "done", None, {"data": data}), ("restart", "refused", None, {"why": "too many at once"}),
            ("hold", "done", self.doors[0], {"arguments": {"until": int(self.ago(hours=-1).timestamp())}}),
            ("release", "queued", self.doors[1], {}), ("identify", "queued", None, {}),
        ):  # fmt: skip
            Command.objects.create(
                controller=self.controller, door=door, do=do, state=state, requested_by=self.owner,
                requested_at=self.ago(seconds=20), expires_at=self.ago(seconds=-600), **more,
            )  # fmt: skip
        read = Command.objects.create(
            controller=self.controller, door=self.doors[0], do="learn", state="done", requested_by=self.owner,
            requested_at=self.now, expires_at=self.ago(seconds=-45),
        )  # fmt: skip
        self.reading = Reading.objects.create(
            command=read, person=self.person, state="read", bits=26, number=17 << 16 | 815, read_at=self.now
        )

    def lookers(self) -> None:
        self.member = Membership.objects.get(user=member(self.tenant, Role.INSTALLER, "Montør hos Låsteknikk Øst AS"))
        User.objects.filter(pk=member(self.tenant, Role.VIEWER).pk).update(is_active=False)
        links.make_token(self.tenant, "Heissentral og bookingsystem", Role.VIEWER, by=self.owner)
        self.token = self.tenant.tokens.get()
        for what, person, user in (
            ("log", None, self.owner), ("export", self.person, self.owner), ("armed", self.person, self.member.user),
            ("gave", self.person, None),
        ):  # fmt: skip
            Look.objects.create(
                tenant=self.tenant, user=user, token=None if user else self.token, what=what, person=person,
                at=self.ago(hours=1), until=self.ago(hours=1), times=3,
            )  # fmt: skip

    def changes(self) -> None:
        """By each kind of author: what was made above was made by none of them."""
        doors, who = self.doors, author.Author
        with author.speaking(lambda: who(Change.Way.PAGE, user=self.owner)):
            rules = {"held_ms": 45_000, "retention_days": 7, "who": [["card+pin", self.schedule.pk], ["card", None]]}
            door_rules.change(doors[0], rules)
            people.limit(self.grant, valid_until=self.ago(days=-12))
        with author.speaking(lambda: who(Change.Way.API, token=self.token)):
            groups.save(self.cleaners, self.cleaners.name, {"lockdown": True}, {doors[1].pk: None})
            commands.hold(doors[0], None, int(self.ago(hours=-1).timestamp()))
        with author.speaking(lambda: who(Change.Way.COMMAND, account="root")):
            tenants.keep_for(self.tenant, 60)
            weeks.save(self.schedule, "Kontortid", [[31, 480, 960], [64 | 128, 600, 720]])

    def lockers(self) -> None:
        """A bank of 24: parcels of all kinds, one compartment open, one out of use."""
        sizes = "SSSSSSSSSSSSMMMMMMLLLXXS"
        locks = {"driver": "xor", "uart": 2, "tx": 17, "rx": 16, "addresses": [1], "locks": len(sizes), "sensor": 1}
        columns = [[*range(1, 13)], [13, 14, 15, 16, 17, 18], [19, 20, 21], [22, 23]]
        columns[3].append(24)
        bank: dict[str, Any] = {"locks": locks, "supply_ma": 4000, "coil_ma": 500, "sizes": sizes}
        bank["keypad"] = {"d0": 32, "d1": 33, "light": 23, "sound": 27, "cards": 1}
        board = {
            **boards.load("virtual-two-door-inputs"),
            "bank": {**bank, "rows": columns, "low": [10, 11, 12, 17, 18, 23]},
        }
        self.bank = enrol.enrol(self.site, "Pakkeskapet i portrommet", board, doors=["Postrom"])[0].bank
        banks.change(self.bank, "Pakkeskapet i portrommet", "Dronning Eufemias gate 22, 0191 Oslo", 59.9077, 10.7583)
        Controller.objects.filter(pk=self.bank.controller_id).update(confirmed_at=self.now, last_seen=self.now)
        self.bank.keep_numbers(self.bank.wanted_numbers(), self.bank.wanted_numbers())
        self.bank.refresh_from_db()
        own: dict[str, Any] = {"bank": self.bank, "made_at": self.now, "held": True}
        Allotment.objects.create(compartment=21, mark=1, **own)
        self.allotment = Allotment.objects.create(compartment=22, mark=1, person=self.person, **own)
        Allotment.objects.create(compartment=11, mark=1, hours=0, **own)
        taken = {"hours": 4, "turn": 1, "taken_by": self.person, "taken_at": self.ago(hours=6)}
        Allotment.objects.create(compartment=12, mark=1, taken_until=self.ago(hours=2), **taken, **own)
        Allotment.objects.create(compartment=13, mark=1, taken_until=self.ago(hours=-2), **taken, **own)
        for n, (state, compartment, hours) in enumerate((
            ("deposited", 2, 3), ("deposited", 3, 5), ("deposited", 7, 26), ("deposited", 14, 1), ("deposited", 20, 2),
            ("deposited", 22, 100), ("deposited", 10, 9), ("made", None, 0), ("picked up", 16, 30),
            ("cancelled", None, 50), ("cancelling", None, 1),
        )):  # fmt: skip
            said = as_entered(
                name=("Ingrid Marie Solheim-Kristoffersen", "Ola Nordmann", "Fatima Hussain")[n % 3],
                email="ingrid@nordre-strandkanten-borettslag.example", unit=f"H0{n % 5 + 1}0{n % 4 + 1}",
                description=("Pakke fra Posten", "", "Blomster")[n % 3],
            )  # fmt: skip
            row, _ = deliveries.make(self.bank, said, user=self.owner, due_at=self.ago(days=-2))
            row.state, row.compartment, row.size = state, compartment, (compartment and sizes[compartment - 1]) or ""
            row.deposited_at = self.ago(hours=hours) if compartment else None
            row.ended_at = self.ago(hours=hours / 2) if row.is_over else None
            row.due_at = self.ago(hours=1) if hours == 100 else row.due_at
            row.save()
            if state == "deposited":
                notices.make(row, "overdue" if hours == 100 else "deposited", row.deposited_at)
            self.delivery = row if compartment == 2 else getattr(self, "delivery", row)
        Notice.objects.filter(pk__in=Notice.objects.all()[:3]).update(state="sent", tries=1, ended_at=self.now)
        Compartment.objects.filter(bank=self.bank).update(open=False)
        Compartment.objects.filter(bank=self.bank, number=5).update(open=True)
        Compartment.objects.filter(bank=self.bank, number=18).update(fault=events.COMPARTMENT_STUCK)

    def residents(self) -> None:
        """The owner lives there, too: their own page, a door with a button, one that was not reached, parcels."""
        policy.change(self.tenant, {"unlock": True, "guests": True, "parcels": True})
        door_rules.change(self.doors[0], {"residents": True})
        Person.objects.filter(pk=self.person.pk).update(user=self.owner)
        mine = Delivery.objects.filter(bank=self.bank, state__in=["deposited", "made", "picked up"])
        mine.update(recipient=self.person, reference=Concat(Value("RR"), "number", output_field=CharField()))
        for name, phone in (("Fatima Hussain", "+47 900 00 000"), ("Nils Ánde Eira-Somby", "")):
            told = as_entered(name=name, email="x@example.test", phone=phone, description="Nøkler", giver="Ingrid")
            row, _ = deliveries.make(self.bank, told, user=self.owner, due_at=self.ago(days=-3))
            Delivery.objects.filter(pk=row.pk).update(giver=self.person)
        Delivery.objects.filter(pk=row.pk).update(state="deposited", compartment=15, deposited_at=self.now)
        twin = Person.objects.create(tenant=self.tenant, name=self.person.name)
        ScimUser.objects.create(
            tenant=self.tenant, person=twin, user_name="ingrid.solheim-kristoffersen@nordre-strandkanten.example"
        )
        born, agreed = (self.ago(days=days).date() for days in (16 * 365, 90))
        pictures.give(self.person, portrait())
        Tenant.objects.filter(pk=self.tenant.pk).update(log_in_places=True)
        births.change(self.person, born, "Anne-Kristine Solheim-Kristoffersen", agreed, claimed=True)
        keypad = [["card+pin", self.schedule.pk], ["card/pin", None]]
        door_rules.change(self.doors[0], {"who": keypad})
        asked = {"valid_from": None, "by": self.owner, "doors": [self.doors[0].pk]}
        until = self.ago(days=-2)
        _, waiting = guests.invite(self.person, valid_until=until, uses=None, **asked)
        self.guest, token = guests.invite(self.person, valid_until=until, uses=3, **asked)
        page = invitations.take_up(token)
        self.tokens = {"guest": waiting, "pass": page}
        over, _ = guests.invite(self.person, valid_until=until, uses=None, **asked)
        guests.end(over)
        guests.invite_to([self.doors[0]], None, until, None, self.owner)
        Command.objects.create(
            controller=self.controller, door=self.doors[0], do="release", state="expired", person=self.person,
            requested_at=self.now, expires_at=self.now,
        )  # fmt: skip

    def help(self) -> None:
        """Asked by the owner, who lives there: answered once, and asked again; and one that is closed."""
        about = {
            "page": f"/me/{self.person.pk}/", "time": self.now.isoformat(), "browser": "Firefox, Android",
            "error": "500",
        }  # fmt: skip
        asked = "Hovedinngangen låser seg ikke opp fra telefonen.\nDet sto «ikke nådd» i går kveld også."
        self.asked = help_requests.write(self.owner, self.tenant, self.person, "fault", asked, about)
        help_requests.answer(self.asked, "Kontrolleren i oppgang A var uten nett. Den er tilbake nå.", self.owner)
        letter = {"made_at": self.now, "next_at": self.now, "state": "failed", "why": "the mail server said no"}
        HelpLetter.objects.create(message=self.asked.messages.filter(by_house=True).get(), **letter)
        help_requests.add(self.asked, "Takk! Nå virker det.", self.owner)
        over = help_requests.write(self.owner, self.tenant, None, "feedback", "Fin side.")
        help_requests.close(over)

    def requests(self) -> None:
        """One of each state: open, overdue, being erased with boards that are away and lost, a copy to be fetched."""
        words = "Etternavnet mitt er Solheim-Kristoffersen,\nikke Kristoffersen Solheim."
        self.request, self.tokens["request_followed"] = requests.make(self.person, "correction", words)
        late, _ = requests.make(self.person, "objection", words, "Ingrid Marie per telefon", "ringte tilbake")
        DataRequest.objects.filter(pk=late.pk).update(made_at=self.ago(days=33), due_at=self.ago(days=3))
        copy, _ = requests.make(self.person, "access")
        self.tokens["copy"] = copies.answer(copy, themself=True).token
        statement.renew(self.tenant, self.ago(days=40))
        statement.ask(self.tenant, "Kristoffer Fredriksen-Haugland, personvern@solsiden-og-strandkanten.example")
        self.tokens["statement"] = self.tenant.statement_key
        moved = Person.objects.create(tenant=self.tenant, name="Utflyttet")
        Grant.objects.create(person=moved, group=self.group)
        people.give_card(moved, 26, people.card_number(26, 18, 4711))
        self.erasure, _ = requests.make(moved, "erasure")
        erasing.begin(self.erasure, members=True)
        erasing.carry_out(self.erasure)
        asked = Person.objects.create(tenant=self.tenant, name="Nils Ánde Eira-Somby")
        self.leaver, _ = requests.make(asked, "erasure")
        Person.objects.filter(pk=asked.pk).update(active=False)
        leaving.note(self.now)

    def breaches(self) -> None:
        """A stolen board, in time; an account, late and with what it looked at; one that is closed."""
        with author.speaking(lambda: author.Author(Change.Way.PAGE, user=self.owner)):
            self._breaches()

    def _breaches(self) -> None:
        said = "Noen brøt opp skapet i oppgang A natt til lørdag og tok kontrolleren med seg.\nPolitiet er varslet."
        stolen = {"since": self.ago(days=2), "until": None, "known_at": self.ago(hours=20), "said": said}
        self.breach = breaches.open_one(self.tenant, "controller", of=self.controller, **stolen)
        breaches.enter(self.breach, "note", "Nye kort er bestilt til alle i oppgangen.")
        breaches.keep_notice(self.breach, "people", "nb", "Til alle i oppgang A:\n\nNatt til lørdag ble …")
        used = {"since": self.ago(days=9), "until": self.ago(days=8), "known_at": self.ago(days=4), "said": said}
        self.account_breach = breaches.open_one(self.tenant, "account", of=self.owner, **used)
        kept = {"tenant": self.tenant, "user": self.owner, "at": self.ago(days=9, hours=-2)}
        Look.objects.create(what="export", person=self.person, until=self.ago(days=9, hours=-2), times=3, **kept)
        over = breaches.open_one(self.tenant, "whole", **{**used, "known_at": self.ago(days=8)})
        breaches.enter(over, "authority", "Meldt i Altinn, sak 25/01234-1", self.ago(days=7))
        breaches.enter(over, "people", "Oppslag i oppgangene og e-post til alle", clock.now())
        breaches.close(over, "Sikkerhetskopier ligger nå kryptert.")
        self.closed_breach = over

    def partners(self) -> None:
        scopes = list(Partner.Scope)
        partners.make(self.tenant, "Ren og Pen Eiendomsservice AS", self.doors[:2], scopes, by=self.owner)
        self.partner = Partner.objects.get()
        feed.put(self.partner, "https://adgang.renogpen-eiendomsservice.example/portvakt/hendelser?kilde=solsiden")
        for n, (state, kind, why) in enumerate(
            (("sent", "people", ""), ("failed", "passages", "it answered 503"), ("waiting", "passages", "timed out"))
        ):
            at = self.ago(hours=n)
            WebhookCall.objects.create(
                webhook=self.partner.token.webhook, kind=kind, at=at, made_at=at, next_at=self.ago(hours=-1),
                state=state, tries=1 + n, why=why,
            )  # fmt: skip
        for hour, what in enumerate(("doors", "people", "log")):
            PartnerCall.objects.create(
                partner=self.partner, hour=self.ago(hours=hour), what=what, count=1 + 40 * hour, refused=hour
            )

    def updates(self) -> None:
        for build, state, boards_are, percent in (
            ("0123456789ab", "aborted", ("kept", "returned"), 50),
            ("abcdef012345", "running", ("sending", "waiting"), 10),
        ):
            release = Release.objects.create(build=build, folder="", size=1000, added_at=self.now)
            begun = {"percent": percent, "started_at": self.ago(hours=4), "state": state}
            rollout = Rollout.objects.create(release=release, **begun)
            for one, at in zip((self.controller, self.silent), boards_are, strict=True):
                RolloutBoard.objects.create(rollout=rollout, controller=one, state=at, at=self.ago(hours=1), sent=420)


def member(tenant: Tenant, role: Role, name: str = "") -> User:
    user = User.objects.named(f"{role}-{tenant.pk}@nordre-strandkanten-borettslag.example")
    user.name = name
    user.save()
    Membership.objects.create(user=user, tenant=tenant, role=role)
    return user
