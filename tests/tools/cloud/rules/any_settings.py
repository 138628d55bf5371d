"""Random settings, entered as anybody enters them: by services, API and pages. The same seed, the same settings."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from cloud_world import House, Stopped
from django.db import transaction
from django.test import Client

from firmware.controller.access.rules import Rules
from tools.cloud import limits
from tools.cloud.access_list import acl
from tools.cloud.doors import door_rules
from tools.cloud.members import links
from tools.cloud.models import AccessGroup, Area, Grant, Membership, Person, Role, Schedule, User
from tools.cloud.people import groups, people, pins
from tools.cloud.rules import holidays, rules, schedules
from tools.cloud.services import clock
from tools.cloud.sites import sites, tenants
from tools.terminal import Problem

CHANNELS = ("service", "api", "page")
FLAGS = ("pin", "hold", "office", "exempt", "lockdown", "no_clock")
NUMBERS = {
    "release_ms", "held_ms", "extended_ms", "retention_days", "offline_hours", "passback_minutes", "interlock",
    "relock_delay_ms", "pulse_ms", "warn_ms", "repeat_ms",
}  # fmt: skip
SECONDS = {name for name in NUMBERS if name.endswith("_ms")}
WORDS = {
    "passback": ("", "hard", "soft", "timed"),
    "relock": ("time", "open", "close"),
    "forced": ("alarm", "event"),
    "rex": ("release", "hold", "shunt"),
}
REASON = "Tyveri i kjelleren"
YES_NO = ("first_in", "two_person", "interlock_open", "unopened")
WHEN = ("free", "office", "two_person_when", "rex_when")
LEADS = ("leads_from", "leads_to")
ZONES = ("UTC", "Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Nowhere/Here")
# What is entered, and how often of so many.
KINDS = {
    "door": 8, "grant": 6, "schedule": 3, "group": 3, "area": 2, "holiday": 1, "person": 1, "tenant": 1, "zone": 1,
    "card": 1, "pin": 1, "later": 1,
}  # fmt: skip
Step = tuple[str, dict[str, Any], str, int]  # kind, what is said, channel, which door or person


class Chance:
    """Draws what somebody might enter: right, at the edge of what is right, and far beyond."""

    def __init__(self, seed: int):
        self._random = Random(seed)

    def story(self, steps: int, kinds: Collection[str] = ()) -> Iterator[Step]:
        names = [name for name, often in KINDS.items() for _ in range(often) if name in (kinds or KINDS)]
        for _ in range(steps):
            kind = self._random.choice(names)
            yield kind, getattr(self, f"_{kind}")(), self._random.choice(CHANNELS), self._random.randrange(2)

    def _maybe(self, chance: float) -> bool:
        return self._random.random() < chance

    def _number(self, least: int, most: int) -> int:
        edges = (least - 1, least, least + 1, most - 1, most, most + 1, 2 * most)
        if self._maybe(0.6):
            return self._random.choice(edges)
        return self._random.randint(least, most) if self._maybe(0.8) else self._random.randint(-3, 10**7)

    def _empty_or(self, least: int, most: int) -> int | None:
        return None if self._maybe(0.15) else self._number(least, most)

    def _place(self) -> int | None:
        """Which of those that there are; None: none, or a new one."""
        return None if self._maybe(0.3) else self._random.randrange(4)

    def _day(self) -> date | None:
        if self._maybe(0.3):
            return None
        if self._maybe(0.3):
            return self._random.choice((date.min, date(1969, 12, 31), date(1970, 1, 1), date(4900, 1, 1), date.max))
        return date(2024, 1, 1) + timedelta(days=self._random.randrange(4000))

    def _moment(self) -> datetime | None:
        if self._maybe(0.6):
            return None
        return datetime(2025, 6, 1, tzinfo=UTC) + timedelta(minutes=self._random.randrange(60 * 24 * 2000))

    def _some(self, fields: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
        names = self._random.sample(sorted(fields), min(len(fields), self._random.randint(1, 4)))
        return {name: fields[name]() for name in names}

    def _door(self) -> dict[str, Any]:
        fields: dict[str, Callable[[], Any]] = {"who": self._who}
        fields |= {name: partial(self._empty_or, *limits.door(name)) for name in NUMBERS}
        fields |= {name: partial(self._random.choice, (*values, *values, "x")) for name, values in WORDS.items()}
        fields["retention_reason"] = partial(self._random.choice, ("", REASON))
        fields |= dict.fromkeys(YES_NO, partial(self._maybe, 0.5)) | dict.fromkeys((*WHEN, *LEADS), self._place)
        return self._some(fields)

    def _who(self) -> list[tuple[str, int | None]]:
        what = ("card", "pin", "card+pin", "card/pin") * 10 + ("face",)
        count = self._random.choice((0, 1, 2, 3, 7, 8, 9))
        return [(self._random.choice(what), self._place()) for _ in range(count)]

    def _grant(self) -> dict[str, Any]:
        said = {"group": self._place(), "person": self._place(), "uses": self._empty_or(*limits.USES)}
        return said | {"valid_from": self._moment(), "valid_until": self._moment()}

    def _schedule(self) -> dict[str, Any]:
        times = [self._interval() for _ in range(self._random.choice((0, 1, 2, 3, 5, 19, 20, 21, 25)))]
        if self._maybe(0.5):  # so that they do not overlap
            times = [[1 << n % 7, 60 * (n // 7), 60 * (n // 7) + 1 + n] for n in range(len(times))]
        return {"row": self._place(), "times": times, "first": self._day(), "last": self._day(), "next": self._place()}

    def _interval(self) -> list[int]:
        begin = self._random.choice((-1, 0, 1, 480, 1439, self._random.randrange(1440)))
        end = self._random.choice((begin, begin + 1, 1440, self._random.randint(1, 1441)))
        return [self._random.choice((0, 256, *range(1, 256))), begin, end]

    def _group(self) -> dict[str, Any]:
        doors = {door: self._place() for door in range(2) if self._maybe(0.8)}
        return {"row": self._place(), "doors": doors, **{flag: self._maybe(0.5) for flag in FLAGS if self._maybe(0.5)}}

    def _area(self) -> dict[str, Any]:
        numbers = (1, 2, self._number(1, limits.AREAS))
        said = {name: self._empty_or(*limits.area(name)) for name in ("limit", "forget_hours") if self._maybe(0.6)}
        return {"number": self._random.choice(numbers), **said}

    def _holiday(self) -> dict[str, Any]:
        first = self._day()
        near = first and 1 < first.year < 9998 and first + timedelta(days=self._random.choice((-1, 0, 1, 20, 365, 366)))
        return {"first": first, "last": near or self._day()}

    def _person(self) -> dict[str, Any]:
        return {"extended": self._maybe(0.5), "escort": self._random.choice(("", "needs", "gives", "x"))}

    def _tenant(self) -> dict[str, Any]:
        days, digits = self._number(*limits.door("retention_days")), self._number(*limits.PIN_DIGITS)
        return {"retention_days": days} | ({"pin_digits": digits} if self._maybe(0.5) else {})

    def _zone(self) -> dict[str, Any]:
        return {"zone": self._random.choice(ZONES)}

    def _card(self) -> dict[str, Any]:
        bits = self._random.choice((*limits.CARD_BITS, 4, 35, 37, 48, 64, 65))
        return {"bits": bits, "number": self._random.randint(-1, 1 << self._random.choice((bits, bits - 2)))}

    def _pin(self) -> dict[str, Any]:
        return {"duress": self._maybe(0.3)}

    def _later(self) -> dict[str, Any]:
        return {"days": self._random.randint(1, 400)}


class Refused(Exception):
    """What was entered was not taken, and the one who did it was told why."""


class Entering:
    """One who administers a house of two doors, in each of the ways there are."""

    def __init__(self, house: House, time_now: Stopped):
        self.house, self.time = house, time_now
        token = links.make_token(house.tenant, "any", Role.ADMINISTRATOR)
        self._api = Client(headers={"Authorization": f"Bearer {token}"})
        self._page = Client(headers={"accept-language": "en"})
        user = User.objects.named("any@example.test")
        Membership.objects.get_or_create(user=user, tenant=house.tenant, role="owner")
        self._page.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        self.counts: Counter[str] = Counter()
        self._made = 0
        self._prepare()

    def _prepare(self) -> None:
        """Of each thing there is one in use: whatever is changed stands in the rules at once."""
        house, first = self.house, self.house.doors[0]
        areas = [Area.objects.create(site=house.site, number=n, name=str(n)) for n in (1, 2)]
        door_rules.change(first, {"leads_from": areas[0], "leads_to": areas[1]})
        row = schedules.save(Schedule(tenant=house.tenant), self._name(), [[31, 480, 960]], date(2026, 1, 1))
        groups.save(house.group, house.group.name, {}, {first.pk: row.pk, house.doors[1].pk: None})
        self.member(house.group, {})

    def member(self, group: AccessGroup, limited: dict[str, Any]) -> None:
        """Somebody new with a card in a group."""
        person = Person.objects.create(tenant=self.house.tenant, name=self._name())
        people.give_card(person, 34, person.pk)
        people.limit(Grant(person=person, group=group), **limited)

    def tell(self, steps: Iterable[Step]) -> None:
        """Enters these one after the other; after each that is taken, the board must take it, too."""
        with transaction.atomic():
            started = self.time.now
            for kind, said, channel, nth in steps:
                try:
                    with transaction.atomic():
                        getattr(self, f"_{kind}")(dict(said), channel, nth)
                except (Refused, Problem):
                    self.counts["refused"] += 1
                    continue
                self.counts["taken"] += 1
                self.counts[f"{kind} by {channel}"] += 1
                try:
                    self.check()
                except ValueError as error:
                    raise AssertionError(f"taken by {channel}: {kind} {said}; the board: {error}") from None
            self.time.now = started
            transaction.set_rollback(True)

    def check(self) -> None:
        """The real firmware's parser takes what its rules are now, byte for byte as they travel."""
        fields = rules.content(self.house.controller.pk)
        text = json.dumps({"version": rules.version(fields), **fields}, separators=(",", ":"))
        assert len(text) <= 16_384
        Rules(json.loads(text), len(self.house.doors))

    # What is entered

    def _door(self, said: dict[str, Any], channel: str, nth: int) -> None:
        door = self.house.doors[nth]
        said = {name: self._row(Schedule, value) if name in WHEN else value for name, value in said.items()}
        said |= {name: self._row(Area, said[name]) for name in LEADS if name in said}
        if "who" in said:
            said["who"] = [[what, self._row(Schedule, when)] for what, when in said["who"]]
        if channel == "service":
            door.refresh_from_db()
            door_rules.change(door, {f"{name}_id" if name in (*WHEN, *LEADS) else name: v for name, v in said.items()})
        elif channel == "api":
            if "who" in said:
                said["who"] = [{"what": what, "when": when} for what, when in said["who"]]
            self._call("PATCH", f"/doors/{door.pk}/rules", said)
        else:
            self._post(f"/doors/{door.pk}/", self._as_a_form(said))

    def _as_a_form(self, said: dict[str, Any]) -> dict[str, Any]:
        fields: dict[str, Any] = {"name": "Dør", "release_ms": "5", "held_ms": "30", "interlock_open": "on"}
        fields |= {"relock": "time", "forced": "alarm", "rex": "release"}
        when = said.pop("two_person_when", None)
        if said.pop("two_person", False):
            fields["two_person"] = str(when or 0)
        for place, (what, pk) in enumerate(said.pop("who", ())[:3]):
            fields |= {f"who-{place}": what, f"when-{place}": str(pk or 0)}
        for name, value in said.items():
            if name in YES_NO:
                fields.pop(name, None)
                fields |= {name: "on"} if value else {}
            elif value is not None:
                fields[name] = str(value / 1000 if name in SECONDS else value)
        return fields

    def _grant(self, said: dict[str, Any], channel: str, nth: int) -> None:
        person, group = self._one(Person, said["person"]), self._one(AccessGroup, said["group"])
        grant = Grant.objects.filter(person=person, group=group).first()
        limits = {name: said.get(name) for name in ("valid_from", "valid_until", "uses")}
        if channel == "api":
            limits |= {name: _text(limits[name]) for name in ("valid_from", "valid_until")}
            self._call("POST", "/grants", {"person": person.pk, "group": group.pk, **limits})
        elif channel == "page" and grant is not None:
            fields = {name: f"{limits[name]:%Y-%m-%dT%H:%M}" for name in ("valid_from", "valid_until") if limits[name]}
            fields |= {} if limits["uses"] is None else {"uses": str(limits["uses"])}
            self._post(f"/grants/{grant.pk}", fields)
        else:
            people.limit(grant or Grant(person=person, group=group), **limits)

    def _schedule(self, said: dict[str, Any], channel: str, nth: int) -> None:
        row = None if said["row"] is None else Schedule.objects.filter(pk=self._row(Schedule, said["row"])).first()
        following = self._row(Schedule, said.get("next"))
        name = row.name if row else self._name()
        first, last = said.get("first"), said.get("last")
        if channel == "service":
            row = row or Schedule(tenant=self.house.tenant)
            then = Schedule.objects.filter(pk=following).first()
            schedules.save(row, name, said["times"], first, last, then)
            return
        fields: dict[str, Any] = {"name": name, "first_day": _text(first), "last_day": _text(last)}
        if channel == "api":
            fields |= {"times": said["times"], "next": following}
            self._call("PUT" if row else "POST", f"/schedules/{row.pk}" if row else "/schedules", fields)
            return
        for bit in range(8):
            pairs = [(begin, end) for days, begin, end in said["times"] if days >> bit & 1]
            fields[f"from-{bit}"] = [f"{begin // 60:02}:{begin % 60:02}" for begin, _ in pairs]
            fields[f"to-{bit}"] = [f"{end // 60 % 24:02}:{end % 60:02}" for _, end in pairs]
        fields = {name: value for name, value in fields.items() if value is not None}
        self._post(f"/schedules/{row.pk}/" if row else "/schedules/new", fields | {"following": following or ""})

    def _group(self, said: dict[str, Any], channel: str, nth: int) -> None:
        row = None if said["row"] is None else self._one(AccessGroup, said["row"])
        name = row.name if row else self._name()
        flags = {flag: said[flag] for flag in FLAGS if flag in said}
        wanted = {self.house.doors[n].pk: self._row(Schedule, when) for n, when in said["doors"].items()}
        if channel == "api" and row:
            places = [{"door": door, "schedule": schedule} for door, schedule in wanted.items()]
            self._call("PATCH", f"/groups/{row.pk}/rules", {"doors": places, **flags})
        elif channel == "page":
            fields = {f"door-{door}": str(schedule or 0) for door, schedule in wanted.items()}
            fields |= {flag: "on" for flag, on in flags.items() if on}
            self._post(f"/groups/{row.pk}/" if row else "/groups/new", {"name": name, **fields})
        else:
            groups.save(row or AccessGroup(tenant=self.house.tenant), name, flags, wanted)

    def _area(self, said: dict[str, Any], channel: str, nth: int) -> None:
        said = {"number": 1, "name": "Område", "limit": None, "forget_hours": None} | said
        if channel == "page":
            fields = {name: str(value) for name, value in said.items() if value is not None}
            self._post(f"/sites/{self.house.site.pk}/areas", fields)
        else:
            self._call("PUT", f"/sites/{self.house.site.pk}/areas", said)

    def _holiday(self, said: dict[str, Any], channel: str, nth: int) -> None:
        first, last = said["first"], said["last"]
        if channel == "service" and first:
            holidays.add(self.house.tenant.pk, self._name(), first, last)
        elif channel == "api":
            self._call("POST", "/holidays", {"name": self._name(), "first": _text(first), "last": _text(last)})
        else:
            fields = {"name": self._name(), "first": _text(first) or "", "last": _text(last) or ""}
            self._post("/holidays/new", fields)

    def _person(self, said: dict[str, Any], channel: str, nth: int) -> None:
        person = self._one(Person, nth)
        if channel == "page":
            fields = {"escort": said.get("escort", "")} | ({"extended": "on"} if said.get("extended") else {})
            self._post(f"/people/{person.pk}/needs", fields)
        else:
            self._call("PATCH", f"/people/{person.pk}", said)

    def _tenant(self, said: dict[str, Any], channel: str, nth: int) -> None:
        if "pin_digits" in said:
            self.house.tenant.refresh_from_db()
            pins.set_length(self.house.tenant, said["pin_digits"])
        if channel == "api":
            days = said.get("retention_days", 90)
            self._call(
                "PATCH", f"/tenants/{self.house.tenant.pk}", {"retention_days": days, "retention_reason": REASON}
            )
        elif "retention_days" in said:
            tenants.keep_for(self.house.tenant, said["retention_days"], REASON)

    def _zone(self, said: dict[str, Any], channel: str, nth: int) -> None:
        site = self.house.site
        if channel == "service":
            sites.change(site, site.name, said["zone"])
        elif channel == "api":
            self._call("PATCH", f"/sites/{site.pk}", said)
        else:
            self._post(f"/sites/{site.pk}/", {"name": site.name, **said})

    def _card(self, said: dict[str, Any], channel: str, nth: int) -> None:
        person = self._one(Person, nth)
        if channel == "api":
            self._call("POST", "/credentials", {"person": person.pk, **said})
        else:
            people.give_card(person, said["bits"], said["number"])

    def _pin(self, said: dict[str, Any], channel: str, nth: int) -> None:
        person = self._one(Person, nth)
        kind = "duress" if said["duress"] else "pin"
        if channel == "api":
            self._call("POST", "/pins", {"person": person.pk, "kind": kind})
        else:
            pins.give(person, kind)

    def _later(self, said: dict[str, Any], channel: str, nth: int) -> None:
        self.time.now += 86_400 * said["days"]
        acl.refresh_due(clock.now())

    # How

    def _call(self, method: str, path: str, body: dict[str, Any]) -> None:
        answer = self._api.generic(method, f"/api{path}", json.dumps(body), content_type="application/json")
        if answer.status_code >= 400:
            assert answer.status_code in (400, 422) and answer.json()["error"], answer.content
            raise Refused(answer.json()["error"])

    def _post(self, path: str, fields: dict[str, Any]) -> None:
        answer = self._page.post(path, fields)
        if answer.status_code != 302:
            assert answer.status_code == 422, answer.content
            raise Refused

    def _row(self, model: Any, nth: int | None) -> int | None:
        """The primary key of one that there is; None where there is none, or none is meant."""
        found = None if nth is None else self._one(model, nth)
        return None if found is None else found.pk

    def _one(self, model: Any, nth: int | None) -> Any:
        rows = model.objects.of(self.house.tenant.pk).order_by("pk")
        count = rows.count()
        return rows[(nth or 0) % count] if count else None

    def _name(self) -> str:
        self._made += 1
        return f"{self._made}"


def _text(value: Any) -> str | None:
    return None if value is None else value.isoformat()
