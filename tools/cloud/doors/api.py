"""Doors: how they are, and unlocking them once."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError

from ..api.auth import Caller, caller
from ..api.errors import Error
from ..api.paging import Page, page
from ..models import Command, Door, Right
from ..services import clock
from . import commands, doors, locks

router = Router(tags=["doors"])


class LockOut(Schema):
    state: str  # locked, unlocked, lockdown; unknown before its controller has said
    why: str  # schedule, first_person, office_mode, hold, evacuation, fire, lockdown; empty when locked
    until: datetime | None  # None: until further notice, or not known
    since: datetime | None
    schedule: str  # the name of the schedule that unlocks it
    by: str  # the address of who asked for it here; empty for whom that is none of their business

    @classmethod
    def of(cls, lock: locks.LockState, named: bool) -> "LockOut":
        return cls(
            state=lock.state,
            why=lock.why,
            until=lock.until,
            since=lock.since,
            schedule=lock.schedule,
            by=lock.user.email if named and lock.user else "",
        )


class DoorOut(Schema):
    id: int
    name: str
    number: int
    controller: int
    site: str
    contact: str  # closed, open, held, forced, unknown
    lock: LockOut  # as its controller last said: see confirmed
    confirmed: bool  # the link to its controller is up
    in_sync: bool  # its controller holds the access list of this moment
    last_event: int | None

    @classmethod
    def of(cls, state: doors.DoorState, who: Caller) -> "DoorOut":
        door = state.door
        return cls(
            id=door.pk,
            name=door.name,
            number=door.number,
            controller=door.controller_id,
            site=door.controller.site.name,
            contact=state.contact,
            lock=LockOut.of(state.lock, door.controller.site.tenant_id in locks.told_who(who.tenants)),
            confirmed=state.confirmed,
            in_sync=state.in_sync,
            last_event=state.last_event.pk if state.last_event else None,
        )


class CommandOut(Schema):
    id: int
    door_id: int | None
    controller_id: int
    do: str
    state: str  # queued, sent, done, expired, refused, unknown
    why: str
    expires_at: datetime
    data: dict[str, Any]  # what diagnostics brought


@router.get("/doors", response=list[DoorOut])
def list_doors(request: HttpRequest, response: HttpResponse, wanted: Query[Page]) -> list[DoorOut]:
    who = caller(request)
    return [DoorOut.of(state, who) for state in doors.states(page(request, response, who.rows(Door), wanted))]


@router.get("/doors/{door_id}", response={200: DoorOut, 404: Error})
def one_door(request: HttpRequest, door_id: int) -> DoorOut:
    who = caller(request)
    return DoorOut.of(doors.state(who.one(Door, door_id)), who)


@router.post(
    "/doors/{door_id}/release", response={202: CommandOut, 403: Error, 404: Error, 409: Error}, summary="Unlock"
)
def release(request: HttpRequest, door_id: int, during_lockdown: bool = False) -> Status[Command]:
    """Asks the controller to unlock the door once. Poll the command for what became of it; it expires in 10 s.

    During a lockdown only with during_lockdown=true: whoever asks has to know.
    """
    who = caller(request)
    door = who.one(Door, door_id, "controller__site")
    who.must(door, Right.RELEASE)
    if not during_lockdown and locks.lock(door, clock.now()).state == "lockdown":
        raise HttpError(409, "There is a lockdown; add during_lockdown=true to unlock this door all the same.")
    return Status(202, commands.release(door, who.user))


@router.get("/commands/{command_id}", response={200: CommandOut, 404: Error})
def one_command(request: HttpRequest, command_id: int) -> Command:
    return caller(request).one(Command, command_id)
