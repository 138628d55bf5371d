"""Questions through the API: answers only."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from ..api.auth import Caller, caller
from ..api.errors import Error
from ..api.moments import Moment
from ..api.paging import Page, page, part
from ..audit import looks
from ..models import AccessGroup, Controller, Credential, Door, Event, Look, Person, Right, Site, Tenant
from ..services import clock
from . import held, inside, since, unused, who, words
from .access_at import Answer

router = Router(tags=["questions"])
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}


class PassOut(Schema):
    """may: with what it takes (by) and needs besides (needs: second, escort). also: rules that look at what happened
    before, which nobody can know. code, extra: what would be on record."""

    may: bool
    code: int
    extra: int
    by: str
    needs: str
    also: list[str]


class PersonPass(PassOut):
    person: int
    name: str


class DoorPass(PassOut):
    """changed_since: rights of the person, or rules of the door, were changed after a moment that is past; or nobody
    knows: the record of changes does not go back so far. The answer is by today's."""

    door: int
    name: str
    changed_since: bool


class RuleOut(Schema):
    """kind: group, schedule, holiday, door, area, site or controller. at: when it was changed last."""

    kind: str
    name: str
    at: datetime


class WhoOut(Schema):
    """open_to_all: the door is to stand unlocked then. The answer is by today's rights and rules: of a moment that is
    past, changed_since has the people whose own rights were changed after it, also those who are not in `people`, and
    rules_changed_since what else was. whole: false where more may have been: the record of changes does not go back so
    far, or somebody was erased since."""

    open_to_all: bool
    people: list[PersonPass]
    changed_since: list[int]
    rules_changed_since: list[RuleOut]
    whole: bool


class WhyOut(Schema):
    rule: str
    more: str
    cure: str


class ThereOut(Schema):
    person: int
    name: str
    since: datetime
    door: str


class InsideOut(Schema):
    area: int
    name: str
    people: list[ThereOut]


class UnusedOut(Schema):
    credential: int
    person: int
    name: str
    last: datetime | None


class HeldOut(Schema):
    """same: by version and digest. behind: changes it has not reported. strange: this version with another content."""

    same: bool
    behind: int
    strange: bool
    rules: bool
    to_come: list[int]
    to_go: list[int]


@router.get("/doors/{door_id}/who", response={200: WhoOut, **REFUSED})
def who_can_open(
    request: HttpRequest, response: HttpResponse, door_id: int, wanted: Query[Page], at: Moment | None = None
) -> dict[str, Any]:
    """Who can open a door at a moment, left out: now. after: the last person of the page before."""
    asks = caller(request)
    door = asks.one(Door, door_id, "controller__site__tenant", "rules")
    _must_somewhere(asks, door.controller.site.tenant_id)
    now = clock.now()
    seen = asks.rows(Person)
    groups = set(asks.rows(AccessGroup).values_list("pk", flat=True))
    found = who.of_door(door, at or now, now, seen, groups)
    told = part(request, response, [*found.may, *found.not_now], wanted, lambda one: int(one.person))
    people = [{"person": one.person, "name": one.name, **_pass(one.answer)} for one in told]
    changed = seen.filter(pk__in=found.since.people).values_list("pk", flat=True)
    return {
        "open_to_all": found.all,
        "people": people,
        "changed_since": sorted(changed),
        "rules_changed_since": [rule._asdict() for rule in found.since.rules(door)],
        "whole": found.since.whole and not found.since.erased,
    }


@router.get("/people/{person_id}/doors", response={200: list[DoorPass], **REFUSED})
def what_can_open(request: HttpRequest, person_id: int, at: Moment | None = None) -> list[dict[str, Any]]:
    """What somebody can open at a moment, left out: now."""
    asks = caller(request)
    person = asks.one(Person, person_id)
    doors = asks.rows(Door).filter(controller__site__tenant=person.tenant_id, controller__lost_at=None)
    now = clock.now()
    found = who.of_person(person, doors.select_related("controller__site__tenant", "rules"), at or now)
    later = since.of(person.tenant_id, at or now, now)
    own = person.pk in later.people or not later.whole
    return [
        {"door": door.pk, "name": door.name, "changed_since": own or bool(later.rules(door)), **_pass(told)}
        for door, told in found
    ]


@router.get("/events/{event_id}/why", response={200: WhyOut, **REFUSED})
def why(request: HttpRequest, event_id: int) -> dict[str, str]:
    """Which rule decided what is on record, in words."""
    asks = caller(request)
    event = asks.one(Event, event_id, "controller__site", "credential")
    door = Door.objects.filter(controller=event.controller_id, number=event.door_number).first()
    looks.note([event.controller.site.tenant_id], Look.What.LOG, clock.now(), user=asks.user, token=asks.token)
    all_of_it = event.controller.site.tenant_id in asks.tenants(Right.DURESS)
    return words.of_event(event, door, all_of_it)._asdict()


@router.get("/sites/{site_id}/inside", response={200: list[InsideOut], **REFUSED})
def who_is_inside(request: HttpRequest, site_id: int) -> list[dict[str, Any]]:
    """A roll call: who is in each area of a site, as the log tells it."""
    asks = caller(request)
    site = asks.one(Site, site_id)
    asks.must(site, Right.LOG)
    asks.must(site, Right.PEOPLE)
    looks.note([site.tenant_id], Look.What.LOG, clock.now(), user=asks.user, token=asks.token)
    return [
        {
            "area": one.area.number,
            "name": one.area.name,
            "people": [
                {"person": it.person.pk, "name": it.person.name, "since": it.since, "door": it.door}
                for it in one.people
            ],
        }
        for one in inside.of_site(site, clock.now())
    ]


@router.get("/cards/unused", response={200: list[UnusedOut], **REFUSED})
def unused_cards(
    request: HttpRequest,
    response: HttpResponse,
    wanted: Query[Page],
    days: int = unused.DAYS,
    tenant: int | None = None,
) -> list[dict[str, Any]]:
    """Cards that work and were not used for so many days, as far as the log goes back."""
    asks = caller(request)
    row = Tenant.objects.get(pk=asks.tenant(tenant, Right.LOG))
    asks.must(row.pk, Right.PEOPLE)
    looks.note([row.pk], Look.What.LOG, clock.now(), user=asks.user, token=asks.token)
    found = unused.of_tenant(row, min(max(days, 1), 3650), clock.now(), asks.rows(Credential))
    return [
        {"credential": card.pk, "person": card.person_id, "name": card.person.name, "last": card.last}
        for card in page(request, response, found.cards, wanted)
    ]


@router.get("/controllers/{controller_id}/held", response={200: HeldOut, **REFUSED})
def compare(request: HttpRequest, controller_id: int) -> dict[str, Any]:
    """What a controller reports that it holds, beside what it should; and the people between."""
    asks = caller(request)
    row = asks.one(Controller, controller_id, "site")
    asks.must(row, Right.PEOPLE)
    found = held.of(row, asks.rows(Person))
    people: dict[bool, set[int]] = {True: set(), False: set()}
    for one in found.between:
        if one.person is not None:
            people[one.comes].add(one.person.pk)
    said = {name: getattr(found, name) for name in ("same", "behind", "strange", "rules")}
    return said | {"to_come": sorted(people[True]), "to_go": sorted(people[False])}


def _pass(told: Answer) -> dict[str, Any]:
    return {
        "may": told.may, "code": told.code, "extra": told.extra, "by": told.by, "needs": told.needs,
        "also": list(told.also),
    }  # fmt: skip


def _must_somewhere(asks: Caller, tenant: int) -> None:
    """Whoever sees a door and no people is told nobody's name: refused, and not answered with nobody."""
    if tenant not in asks.tenants(Right.PEOPLE):
        asks.must(tenant, Right.PEOPLE)
