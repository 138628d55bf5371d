"""Doors: how they are, and their release."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from ...models import Command, Door, Right
from ...services import commands, doors
from ..auth import caller
from ..errors import Error

router = Router(tags=["doors"])


class DoorOut(Schema):
    id: int
    name: str
    number: int
    controller: int
    site: str
    contact: str  # closed, open, held, forced, unknown
    confirmed: bool  # the link to its controller is up
    in_sync: bool  # its controller holds the access list of this moment
    last_event: int | None

    @classmethod
    def of(cls, state: doors.DoorState) -> "DoorOut":
        door = state.door
        return cls(
            id=door.pk,
            name=door.name,
            number=door.number,
            controller=door.controller_id,
            site=door.controller.site.name,
            contact=state.contact,
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
def list_doors(request: HttpRequest) -> list[DoorOut]:
    return [DoorOut.of(state) for state in doors.states(caller(request).rows(Door))]


@router.get("/doors/{door_id}", response={200: DoorOut, 404: Error})
def one_door(request: HttpRequest, door_id: int) -> DoorOut:
    return DoorOut.of(doors.state(caller(request).one(Door, door_id)))


@router.post("/doors/{door_id}/release", response={202: CommandOut, 403: Error, 404: Error})
def release(request: HttpRequest, door_id: int) -> Status[Command]:
    """Asks the controller to release the door once. Poll the command for what became of it; it expires in 10 s."""
    who = caller(request)
    door = who.one(Door, door_id, "controller__site")
    who.must(door.controller.site.tenant_id, Right.RELEASE)
    return Status(202, commands.release(door, who.user))


@router.get("/commands/{command_id}", response={200: CommandOut, 404: Error})
def one_command(request: HttpRequest, command_id: int) -> Command:
    return caller(request).one(Command, command_id)
