"""Schedules, holidays, areas, and a door's rules."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from .. import limits
from ..api.auth import Caller, caller
from ..api.body import Body
from ..api.errors import Error
from ..doors import door_rules
from ..models import (
    AccessGroup,
    Area,
    Controller,
    Door,
    DoorRules,
    GroupDoor,
    Holiday,
    Right,
    Schedule,
    Site,
    Tenant,
    lock,
)
from ..people import groups
from ..services.refusal import Refusal
from ..sites import tenants
from . import areas, holidays, rules, schedules

router = Router(tags=["rules"])
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}


class ScheduleIn(Body):
    """times: [[days, from, to], ...]: days is a sum of 1 Monday, 2 Tuesday ... 64 Sunday, 128 holidays; minutes."""

    name: str = Field(min_length=1, max_length=100)
    times: list[list[int]]
    first_day: date | None = None
    last_day: date | None = None
    next: int | None = None  # another schedule that counts as well
    tenant: int | None = None


class ScheduleOut(Schema):
    id: int
    name: str
    number: int
    times: list[list[int]]
    first_day: date | None
    last_day: date | None
    next_id: int | None


class HolidayIn(Body):
    name: str = Field(min_length=1, max_length=100)
    first: date
    last: date | None = None
    tenant: int | None = None


class HolidayOut(Schema):
    id: int
    name: str
    first: date
    last: date


class YearIn(Body):
    """The public holidays of Norway in a year."""

    year: int
    tenant: int | None = None


class AreaIn(Body):
    number: int = Field(ge=1, le=limits.AREAS)
    name: str = Field(min_length=1, max_length=100)
    limit: int | None = Field(None, ge=limits.area("limit")[0], le=limits.area("limit")[1])
    forget_hours: int | None = Field(None, ge=limits.area("forget_hours")[0], le=limits.area("forget_hours")[1])


class AreaOut(Schema):
    id: int
    site_id: int
    number: int
    name: str
    limit: int | None
    forget_hours: int | None


class Ask(Body):
    """what: card, pin, card+pin or card/pin; when: a schedule, null for always."""

    what: str
    when: int | None = None


class DoorRulesOut(Schema):
    """What is null or empty is the firmware's default: firmware/controller/access/README.md. Times in milliseconds."""

    name: str
    release_ms: int
    held_ms: int
    extended_ms: int | None
    retention_days: int | None
    retention_reason: str  # why, where that is more than 90
    who: list[Ask]
    offline_hours: int | None
    free: int | None
    first_in: bool
    office: int | None
    two_person: bool
    two_person_when: int | None
    leads_from: int | None
    leads_to: int | None
    passback: str
    passback_minutes: int | None
    interlock: int | None
    interlock_open: bool
    relock: str
    relock_delay_ms: int | None
    pulse_ms: int | None
    warn_ms: int | None
    repeat_ms: int | None
    unopened: bool
    forced: str
    rex: str
    rex_when: int | None
    residents: bool  # those whose card opens it now may unlock it on their own page


class DoorRulesIn(Body):
    """What is left out stays as it is."""

    name: str | None = None
    release_ms: int | None = None
    held_ms: int | None = None
    extended_ms: int | None = None
    retention_days: int | None = None
    retention_reason: str | None = None
    who: list[Ask] | None = None
    offline_hours: int | None = None
    free: int | None = None
    first_in: bool | None = None
    office: int | None = None
    two_person: bool | None = None
    two_person_when: int | None = None
    leads_from: int | None = None
    leads_to: int | None = None
    passback: str | None = None
    passback_minutes: int | None = None
    interlock: int | None = None
    interlock_open: bool | None = None
    relock: str | None = None
    relock_delay_ms: int | None = None
    pulse_ms: int | None = None
    warn_ms: int | None = None
    repeat_ms: int | None = None
    unopened: bool | None = None
    forced: str | None = None
    rex: str | None = None
    rex_when: int | None = None
    residents: bool | None = None


class PlaceIn(Body):
    door: int
    schedule: int | None = None


class AllowIn(Body):
    """Doors with their schedules (null: always), whole; and what the group allows beyond passing."""

    doors: list[PlaceIn] | None = None
    pin: bool | None = None
    hold: bool | None = None
    office: bool | None = None
    exempt: bool | None = None
    lockdown: bool | None = None
    no_clock: bool | None = None


class PlaceOut(Schema):
    door: int
    schedule: int | None


class AllowOut(Schema):
    id: int
    name: str
    doors: list[PlaceOut]
    pin: bool
    hold: bool
    office: bool
    exempt: bool
    lockdown: bool
    no_clock: bool

    @staticmethod
    def resolve_doors(group: AccessGroup, context: dict[str, Any]) -> list[dict[str, Any]]:
        rows = caller(context["request"]).rows(GroupDoor).filter(accessgroup=group)
        rows = rows.order_by("door").values_list("door", "schedule")
        return [{"door": door, "schedule": schedule} for door, schedule in rows]


class TenantOut(Schema):
    id: int
    name: str
    retention_days: int
    retention_reason: str
    pin_digits: int
    created_at: datetime


class TenantChange(Body):
    retention_days: int = Field(ge=limits.door("retention_days")[0], le=limits.door("retention_days")[1])
    retention_reason: str = Field("", max_length=200, description="needed above 90 days; people can read it")


@router.get("/tenants", response=list[TenantOut])
def list_tenants(request: HttpRequest) -> list[Tenant]:
    return list(caller(request).rows(Tenant).order_by("pk"))


@router.patch("/tenants/{tenant_id}", response={200: TenantOut, **REFUSED})
def change_tenant(request: HttpRequest, tenant_id: int, fields: TenantChange) -> Tenant:
    """How long logs are kept of doors that say nothing else."""
    who = caller(request)
    tenant = who.one(Tenant, who.change(tenant_id))
    tenants.keep_for(tenant, fields.retention_days, fields.retention_reason)
    return tenant


@router.get("/schedules", response=list[ScheduleOut])
def list_schedules(request: HttpRequest) -> list[Schedule]:
    return list(caller(request).rows(Schedule))


@router.post("/schedules", response={201: ScheduleOut, **REFUSED})
def add_schedule(request: HttpRequest, fields: ScheduleIn) -> Status[Schedule]:
    who = caller(request)
    return Status(201, _save(who, Schedule(tenant_id=who.tenant(fields.tenant)), fields))


@router.put("/schedules/{schedule_id}", response={200: ScheduleOut, **REFUSED})
def change_schedule(request: HttpRequest, schedule_id: int, fields: ScheduleIn) -> Schedule:
    """Controllers learn it with their rules; no credential is sent again."""
    who = caller(request)
    row = who.one(Schedule, schedule_id)
    who.change(row)
    return _save(who, row, fields)


@router.delete("/schedules/{schedule_id}", response={204: None, **REFUSED})
def remove_schedule(request: HttpRequest, schedule_id: int) -> Status[None]:
    who = caller(request)
    row = who.one(Schedule, schedule_id)
    who.change(row)
    schedules.remove(row)
    return Status(204, None)


@router.get("/holidays", response=list[HolidayOut])
def list_holidays(request: HttpRequest) -> list[Holiday]:
    return list(caller(request).rows(Holiday))


@router.post("/holidays", response={201: HolidayOut, **REFUSED})
def add_holiday(request: HttpRequest, fields: HolidayIn) -> Status[Holiday]:
    tenant = caller(request).tenant(fields.tenant)
    return Status(201, holidays.add(tenant, fields.name, fields.first, fields.last))


@router.post("/holidays/norway", response={200: list[HolidayOut], **REFUSED})
def fill_holidays(request: HttpRequest, fields: YearIn) -> list[Holiday]:
    who = caller(request)
    holidays.fill(who.tenant(fields.tenant), fields.year)
    return list(who.rows(Holiday))


@router.delete("/holidays/{holiday_id}", response={204: None, **REFUSED})
def remove_holiday(request: HttpRequest, holiday_id: int) -> Status[None]:
    who = caller(request)
    row = who.one(Holiday, holiday_id)
    who.change(row)
    holidays.remove(row)
    return Status(204, None)


@router.get("/areas", response=list[AreaOut])
def list_areas(request: HttpRequest) -> list[Area]:
    return list(caller(request).rows(Area))


@router.put("/sites/{site_id}/areas", response={200: AreaOut, **REFUSED})
def put_area(request: HttpRequest, site_id: int, fields: AreaIn) -> Area:
    """Makes the area of that number, or changes it."""
    who = caller(request)
    site = who.one(Site, site_id)
    who.change(site)
    return areas.put(site, **fields.dict())


@router.get("/doors/{door_id}/rules", response={200: DoorRulesOut, **REFUSED})
def door_says(request: HttpRequest, door_id: int) -> DoorRulesOut:
    return _rules(caller(request).one(Door, door_id))


@router.patch("/doors/{door_id}/rules", response={200: DoorRulesOut, **REFUSED})
def change_door(request: HttpRequest, door_id: int, fields: DoorRulesIn) -> DoorRulesOut:
    """A number, schedule or area is taken away by null."""
    who = caller(request)
    door = who.one(Door, door_id, "controller__site")
    who.change(door)
    said = fields.dict(exclude_unset=True)
    for name in ("free", "office", "rex_when", "two_person_when", "leads_from", "leads_to"):
        if name in said:
            said[f"{name}_id"] = said.pop(name)
    if "who" in said:
        said["who"] = [[one["what"], one.get("when")] for one in said["who"] or []]
    empty = sorted(name for name, value in said.items() if value is None and name in NEVER_EMPTY)
    if empty:
        raise Refusal("%(field)s cannot be null; leave it out to keep it as it is", field=empty[0])
    door_rules.change(door, said)
    return _rules(Door.objects.get(pk=door_id))


@router.get("/groups/{group_id}/rules", response={200: AllowOut, **REFUSED})
def group_says(request: HttpRequest, group_id: int) -> AccessGroup:
    return caller(request).one(AccessGroup, group_id)


@router.patch("/groups/{group_id}/rules", response={200: AllowOut, **REFUSED})
def change_group_rules(request: HttpRequest, group_id: int, fields: AllowIn) -> AccessGroup:
    who = caller(request)
    group = who.one(AccessGroup, group_id)
    who.change(group)
    said = fields.dict(exclude_none=True)
    places = said.pop("doors", None)
    with transaction.atomic():
        lock(group)
        if places is None:
            wanted = dict(group.places.values_list("door", "schedule"))
        else:
            wanted = {place["door"]: place.get("schedule") for place in places}
            who.all_theirs(group.tenant_id, wanted)
        return groups.save(group, group.name, said, wanted)


@router.get("/controllers/{controller_id}/rules", response={200: dict[str, Any], **REFUSED})
def controller_rules(request: HttpRequest, controller_id: int) -> dict[str, Any]:
    """The rules as this controller gets them."""
    who = caller(request)
    controller = who.one(Controller, controller_id, "site")
    who.must(controller, Right.PEOPLE)
    return rules.content(controller.pk)


NEVER_EMPTY = {field.name for field in DoorRules._meta.fields if not field.null} | {"name", "release_ms", "held_ms"}


def _save(who: Caller, row: Schedule, fields: ScheduleIn) -> Schedule:
    following = None if fields.next is None else who.one(Schedule, fields.next)
    if following is not None and following.tenant_id != row.tenant_id:
        raise Refusal("there is no such schedule in this tenant; choose one of its own")
    return schedules.save(row, fields.name, fields.times, fields.first_day, fields.last_day, following)


def _rules(door: Door) -> DoorRulesOut:
    row = DoorRules.objects.filter(door=door).first() or DoorRules(door=door)
    said: dict[str, Any] = {
        name: getattr(row, f"{name}_id", None) if hasattr(row, f"{name}_id") else getattr(row, name, None)
        for name in DoorRulesOut.model_fields
        if name not in ("name", "release_ms", "held_ms", "who")
    }
    asks = [Ask(what=what, when=when) for what, when in row.who]
    return DoorRulesOut(name=door.name, release_ms=door.release_ms, held_ms=door.held_ms, who=asks, **said)
