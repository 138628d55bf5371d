"""People, their cards, access groups and grants."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status

from tools.terminal import Problem

from .. import limits
from ..api.auth import Caller, caller
from ..api.body import Body
from ..api.errors import Error
from ..api.moments import Moment
from ..api.paging import Page, page
from ..audit import looks
from ..models import AccessGroup, Credential, Door, Grant, Look, Person, Right, lock
from ..privacy import archive, erasing
from ..services import clock
from . import births, groups, people, pictures, pins

router = Router(tags=["people"])
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}


class PersonIn(Body):
    name: str = Field(min_length=1, max_length=100)
    active: bool = True
    extended: bool = False  # doors stay unlocked longer
    escort: str = ""  # needs, gives
    group: int | None = None
    tenant: int | None = None


class PersonChange(Body):
    name: str | None = Field(None, min_length=1, max_length=100)
    active: bool | None = None
    extended: bool | None = None
    escort: str | None = None


class PersonOut(Schema):
    id: int
    name: str
    active: bool
    extended: bool
    escort: str


class BirthIn(Body):
    """guardian, agreed_on: of whoever is under 18, who has agreed and when."""

    born: date | None = None
    guardian: str = Field("", max_length=births.LONGEST)
    agreed_on: date | None = None


class BirthOut(Schema):
    """claimed: the sign-in provider has said it."""

    born: date | None
    guardian: str
    agreed_on: date | None
    claimed: bool


class CardIn(Body):
    """number: the payload of the card's frame; or facility and number as they are printed on it (26 and 34 bits)."""

    person: int
    bits: int = 26
    facility: int | None = None
    number: int
    valid_until: Moment | None = None


class CardOut(Schema):
    id: int
    person_id: int
    kind: str  # card, pin, duress
    bits: int | None
    number: int | None  # of a PIN nothing is told
    active: bool
    valid_until: datetime | None


class PinIn(Body):
    """kind: pin or duress. digits: left out, a PIN is made, which is best."""

    person: int
    kind: str = "pin"
    digits: str | None = None


class PinOut(Schema):
    """The digits are told this once."""

    credential: CardOut
    digits: str


class GroupIn(Body):
    name: str = Field(min_length=1, max_length=100)
    doors: list[int] = []
    tenant: int | None = None


class GroupChange(Body):
    name: str | None = Field(None, min_length=1, max_length=100)
    doors: list[int] | None = None


class GroupOut(Schema):
    id: int
    name: str
    doors: list[int]

    @staticmethod
    def resolve_doors(group: AccessGroup, context: dict[str, Any]) -> list[int]:
        mine = _mine(context["request"])
        return sorted(door.pk for door in group.doors.all() if mine is None or door.pk in mine)


class GrantIn(Body):
    person: int
    group: int
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    uses: int | None = Field(None, ge=limits.USES[0], le=limits.USES[1])  # passages, counted at the controller


class GrantOut(Schema):
    id: int
    person_id: int
    group_id: int
    valid_from: datetime | None
    valid_until: datetime | None
    uses: int | None


@router.get("/people", response=list[PersonOut])
def list_people(request: HttpRequest, response: HttpResponse, wanted: Query[Page], name: str = "") -> list[Person]:
    """name: of those who are called so, or have it in their name."""
    rows = caller(request).rows(Person)
    return page(request, response, rows.filter(name__icontains=name) if name else rows, wanted)


@router.post("/people", response={201: PersonOut, **REFUSED})
def add_person(request: HttpRequest, fields: PersonIn) -> Status[Person]:
    """group: they are in it from the beginning. Who looks after some doors only has to name one of theirs."""
    who = caller(request)
    tenant = who.tenant_somewhere(fields.tenant)
    group = None if fields.group is None else _group(who, fields.group, tenant)
    if group is None and tenant not in who.reach.whole(Right.CHANGE):
        raise Problem("you look after some doors only; name a group of theirs")
    with transaction.atomic():
        person = people.enter(tenant, **fields.dict(exclude={"tenant", "group"}))
        if group is not None:
            people.put_into(person, [group.pk])
    return Status(201, person)


@router.get("/people/{person_id}", response={200: PersonOut, **REFUSED})
def one_person(request: HttpRequest, person_id: int) -> Person:
    return caller(request).one(Person, person_id)


@router.patch("/people/{person_id}", response={200: PersonOut, **REFUSED})
def change_person(request: HttpRequest, person_id: int, fields: PersonChange) -> Person:
    """A person who is not active passes no door, whatever they hold."""
    return people.change(_person(caller(request), person_id), **fields.dict(exclude_none=True))


@router.get("/people/{person_id}/export", response={200: dict[str, Any], **REFUSED})
def export_person(request: HttpRequest, person_id: int, birth_date: bool = False) -> dict[str, Any]:
    """All that is kept about a person, for them; their birth date where that is asked for. That it was is kept, too."""
    who = caller(request)
    person = _person(who, person_id)
    looks.note([person.tenant_id], Look.What.EXPORT, clock.now(), user=who.user, token=who.token, person=person)
    return archive.for_office(person, who.reach, clock.now(), birth_date)


@router.get("/people/{person_id}/birth", response={200: BirthOut, **REFUSED})
def person_birth(request: HttpRequest, person_id: int) -> births.KnownBirth:
    """For who may change them."""
    return births.of(_person(caller(request), person_id))


@router.put("/people/{person_id}/birth", response={200: BirthOut, **REFUSED})
def put_birth(request: HttpRequest, person_id: int, fields: BirthIn) -> births.KnownBirth:
    """All of it: what is left out is known no more. Who is under 18 needs the word of a guardian."""
    person = _person(caller(request), person_id)
    births.change(person, fields.born, fields.guardian, fields.agreed_on)
    return births.of(person)


@router.delete("/people/{person_id}/picture", response={204: None, **REFUSED})
def delete_picture(request: HttpRequest, person_id: int) -> Status[None]:
    """The profile picture, which the person alone can give. Where there is none, none is there."""
    pictures.forget(_person(caller(request), person_id))
    return Status(204, None)


@router.get("/credentials", response=list[CardOut])
def list_credentials(
    request: HttpRequest, response: HttpResponse, wanted: Query[Page], person: int | None = None
) -> list[Credential]:
    rows = caller(request).rows(Credential)
    return page(request, response, rows if person is None else rows.filter(person=person), wanted)


@router.post("/credentials", response={201: CardOut, **REFUSED})
def add_credential(request: HttpRequest, fields: CardIn) -> Status[Credential]:
    person = _person(caller(request), fields.person)
    number = fields.number
    if fields.facility is not None:
        number = people.card_number(fields.bits, fields.facility, number)
    return Status(201, people.give_card(person, fields.bits, number, fields.valid_until))


@router.post("/pins", response={201: PinOut, **REFUSED})
def add_pin(request: HttpRequest, fields: PinIn) -> Status[PinOut]:
    """A PIN in place of the one before."""
    row, digits = pins.give(_person(caller(request), fields.person), fields.kind, fields.digits)
    return Status(201, PinOut(credential=CardOut.from_orm(row), digits=digits))


@router.post("/credentials/{credential_id}/revoke", response={200: CardOut, **REFUSED})
def revoke_credential(request: HttpRequest, credential_id: int) -> Credential:
    """The card stops working; what it did stays in the log under its name."""
    who = caller(request)
    credential = who.one(Credential, credential_id)
    who.change(credential)
    people.revoke(credential)
    return credential


@router.get("/groups", response=list[GroupOut])
def list_groups(request: HttpRequest, response: HttpResponse, wanted: Query[Page]) -> list[AccessGroup]:
    return page(request, response, caller(request).rows(AccessGroup).prefetch_related("doors"), wanted)


@router.post("/groups", response={201: GroupOut, **REFUSED})
def add_group(request: HttpRequest, fields: GroupIn) -> Status[AccessGroup]:
    who = caller(request)
    tenant = who.tenant_somewhere(fields.tenant)
    doors = {door.pk: None for door in _doors(who, tenant, fields.doors)}
    return Status(201, groups.save(AccessGroup(tenant_id=tenant), fields.name, {}, doors))


@router.patch("/groups/{group_id}", response={200: GroupOut, **REFUSED})
def change_group(request: HttpRequest, group_id: int, fields: GroupChange) -> AccessGroup:
    who = caller(request)
    group = who.one(AccessGroup, group_id)
    who.change(group)
    with transaction.atomic():
        lock(group)
        held = dict(group.places.values_list("door", "schedule"))  # a door that stays keeps its schedule
        doors = held if fields.doors is None else [door.pk for door in _doors(who, group.tenant_id, fields.doors)]
        return groups.save(group, fields.name or group.name, {}, {door: held.get(door) for door in doors})


@router.get("/grants", response=list[GrantOut])
def list_grants(
    request: HttpRequest, response: HttpResponse, wanted: Query[Page], person: int | None = None
) -> list[Grant]:
    rows = caller(request).rows(Grant)
    return page(request, response, rows if person is None else rows.filter(person=person), wanted)


@router.post("/grants", response={201: GrantOut, **REFUSED})
def add_grant(request: HttpRequest, fields: GrantIn) -> Status[Grant]:
    """Granting again what is granted changes from when, until when and how often."""
    who = caller(request)
    person = who.one(Person, fields.person)
    who.somewhere(person.tenant_id)
    group = _group(who, fields.group, person.tenant_id)
    grant = Grant.objects.filter(person=person, group=group).first() or Grant(person=person, group=group)
    return Status(201, people.limit(grant, fields.valid_from, fields.valid_until, fields.uses))


@router.delete("/people/{person_id}", response={204: None, **REFUSED})
def erase_person(request: HttpRequest, person_id: int) -> Status[None]:
    """Erases a person for good: name, cards, PINs, groups. To stop the cards only, set active to false."""
    who = caller(request)
    person = _person(who, person_id)
    erasing.at_once(person, who.reach.may(person.tenant_id, Right.MEMBERS))
    return Status(204, None)


@router.delete("/grants/{grant_id}", response={204: None, **REFUSED})
def remove_grant(request: HttpRequest, grant_id: int) -> Status[None]:
    who = caller(request)
    grant = who.one(Grant, grant_id, "person")
    who.change(grant)
    people.take_out(grant)
    return Status(204, None)


def _group(who: Caller, group_id: int, tenant: int) -> AccessGroup:
    """A group that the caller may change, so put people into."""
    group = who.one(AccessGroup, group_id)
    if group.tenant_id != tenant:
        raise Problem("the person and the group belong to different tenants; choose a group of the person's own")
    who.change(group)
    return group


def _person(who: Caller, person_id: int) -> Person:
    """A person whom the caller may change."""
    person = who.one(Person, person_id)
    who.change(person)
    return person


def _mine(request: HttpRequest) -> set[int] | None:
    """The doors of a caller who has some only; asked once an answer."""
    who = caller(request)
    if not who.reach.parts(Right.PEOPLE):
        return None
    if not hasattr(request, "_mine"):
        request._mine = set(who.rows(Door).values_list("pk", flat=True))  # type: ignore[attr-defined]
    found: set[int] = request._mine  # type: ignore[attr-defined]
    return found


def _doors(who: Caller, tenant: int, numbers: list[int]) -> list[Door]:
    doors = list(Door.objects.of(tenant).filter(pk__in=numbers))
    who.all_theirs(tenant, numbers)
    missing = sorted(set(numbers) - {door.pk for door in doors})
    if missing:
        raise Problem(f"there is no door {missing[0]} in this tenant; see /api/doors for those there are")
    return doors
