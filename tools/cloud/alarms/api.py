"""Alarms, commands beyond unlocking once, and emergencies."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from ..api.auth import Caller, caller
from ..api.body import Body
from ..api.errors import Error
from ..doors import commands
from ..doors.api import CommandOut
from ..models import Alarm, Command, Controller, Door, Right, Site
from ..services import clock
from ..services.refusal import Refusal
from . import alarms, codes

router = Router(tags=["alarms"])
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}
LONGEST_HOLD_S = 24 * 3600


class AlarmOut(Schema):
    """kind: event, gap, silent, trouble or twins. count: how many of the same stand at this place.

    trouble: work for the controller that was left aside and is tried again; twins: two boards have its settings. text
    says what is wrong.
    """

    id: int
    controller: int
    door: int  # its number on the controller
    compartment: int = 0  # ... or of its bank; both 0: the controller itself
    kind: str
    name: str
    text: str = ""
    raised_at: datetime
    ended_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str  # of who acknowledged it
    event: int | None
    count: int = 1

    @classmethod
    def of(cls, alarm: Alarm, count: int = 1, all_of_it: bool = True) -> "AlarmOut":
        return cls(
            id=alarms.number(alarm, all_of_it),
            controller=alarm.controller_id,
            door=alarm.door_number,
            compartment=alarm.compartment,
            kind=alarm.kind,
            name=codes.NAMES.get(alarm.code, "unknown") if alarm.kind == Alarm.Kind.EVENT else alarm.kind,
            text=Refusal(alarm.said["text"], **alarm.said.get("values", {})).args[0] if alarm.said else "",
            raised_at=alarm.raised_at,
            ended_at=alarm.ended_at,
            acknowledged_at=alarm.acknowledged_at,
            acknowledged_by=alarm.acknowledged_by.email if alarm.acknowledged_by else None,
            note=alarm.note,
            event=alarm.event_id,
            count=count,
        )


class AcknowledgeIn(Body):
    note: str = Field("", max_length=alarms.NOTE_LONGEST, description="what it was")


class HoldIn(Body):
    """until: Unix seconds UTC, at most a day ahead; null: no longer held."""

    until: int | None


class EmergencyIn(Body):
    do: str = Field(description="lockdown, evacuation or normal")


@router.get("/alarms", response=list[AlarmOut])
def list_alarms(request: HttpRequest) -> list[AlarmOut]:
    """What stands now."""
    who = caller(request)
    rows = who.rows(Alarm)
    duress = who.tenants(Right.DURESS)
    return [
        AlarmOut.of(one.alarm, one.count, all_of_it=one.alarm.controller.site.tenant_id in duress)
        for one in alarms.standing(rows)
    ]


@router.post("/alarms/{alarm_id}/acknowledge", response={200: AlarmOut, **REFUSED})
def acknowledge(request: HttpRequest, alarm_id: int, fields: AcknowledgeIn | None = None) -> AlarmOut:
    """With all of the same kind at the same place before it. Who did it is kept."""
    who = caller(request)
    mine = who.tenants(Right.ALARMS)
    if not mine:  # whichever alarm it is: the answer tells nothing of those that are hidden
        raise HttpError(403, "You may look at this but not change it; ask an administrator.")
    alarm = who.rows(Alarm).filter(pk=alarm_id, controller__site__tenant__in=mine).first()
    if alarm is None:
        raise Http404
    alarms.acknowledge(alarm, who.user, clock.now(), fields.note if fields else "")
    return AlarmOut.of(Alarm.objects.select_related("acknowledged_by").get(pk=alarm_id))


@router.post("/doors/{door_id}/hold", response={202: CommandOut, **REFUSED})
def hold(request: HttpRequest, door_id: int, fields: HoldIn) -> Status[Command]:
    """Holds a door unlocked until then."""
    who = caller(request)
    door = who.one(Door, door_id, "controller__site")
    who.must(door, Right.RELEASE)
    now = int(clock.now().timestamp())
    if fields.until is not None and not now < fields.until <= now + LONGEST_HOLD_S:
        raise Refusal("a door is held for at most a day from now; give a time in between")
    return Status(202, commands.hold(door, who.user, fields.until))


@router.post("/sites/{site_id}/emergency", response={202: list[CommandOut], **REFUSED})
def emergency(request: HttpRequest, site_id: int, fields: EmergencyIn) -> Status[list[Command]]:
    """Lockdown or evacuation of a site, or back to normal: one command a controller."""
    who = caller(request)
    site = who.one(Site, site_id)
    who.must(site, Right.RELEASE)
    if fields.do not in (Command.Do.LOCKDOWN, Command.Do.EVACUATION, Command.Do.NORMAL):
        raise Refusal("an emergency is lockdown, evacuation or normal; choose one")
    return Status(202, commands.emergency(site, fields.do, who.user))


@router.post("/controllers/{controller_id}/identify", response={202: CommandOut, **REFUSED})
def identify(request: HttpRequest, controller_id: int) -> Status[Command]:
    who = caller(request)
    return Status(202, commands.identify(_workable(who, controller_id), who.user))


@router.post("/controllers/{controller_id}/restart", response={202: CommandOut, **REFUSED})
def restart(request: HttpRequest, controller_id: int) -> Status[Command]:
    who = caller(request)
    return Status(202, commands.restart(_workable(who, controller_id), who.user))


@router.post("/controllers/{controller_id}/diagnostics", response={202: CommandOut, **REFUSED})
def diagnostics(request: HttpRequest, controller_id: int) -> Status[Command]:
    """Poll the command: what it brought is in its data."""
    who = caller(request)
    return Status(202, commands.diagnostics(_workable(who, controller_id), who.user))


def _workable(who: Caller, controller_id: int) -> Any:
    controller = who.one(Controller, controller_id, "site")
    who.must(controller, Right.INSTALL)
    return controller
