"""Commissioning of a controller: begun, ended, and what has been tried."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from ..api.auth import Caller, caller
from ..api.body import Body
from ..api.errors import Error
from ..doors import commands
from ..doors.api import CommandOut
from ..models import Command, Controller, Right
from ..services import clock
from . import commissioning as service

router = Router(tags=["controllers"])
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}


class CommissioningIn(Body):
    """minutes: 0 ends it."""

    minutes: int = Field(service.MINUTES, ge=0, le=service.MOST_MINUTES)


class CheckOut(Schema):
    door_id: int | None  # None: the controller itself
    what: str  # reader, keys, contact, exit, lock, strike, or the kind of an input
    input: int | None  # its number
    at: datetime | None  # when it worked


class CommissioningOut(Schema):
    """The last one; all empty when there was none lately."""

    on: bool
    begun: datetime | None
    until: datetime | None
    checks: list[CheckOut]
    misread: dict[int, dict[int, int]]  # {door: {bits: how often}}


@router.get("/controllers/{controller_id}/commissioning", response={200: CommissioningOut, 404: Error})
def one_commissioning(request: HttpRequest, controller_id: int) -> dict[str, Any]:
    found = service.last(caller(request).one(Controller, controller_id), clock.now())
    if found is None:
        return {"on": False, "begun": None, "until": None, "checks": [], "misread": {}}
    return {
        "on": found.on,
        "begun": found.begun,
        "until": found.until,
        "checks": [
            CheckOut(
                door_id=place.door.pk if place.door else None, what=check.what, input=check.number or None, at=check.at
            )
            for place in found.places
            for check in place.checks
        ],
        "misread": {place.door.pk: place.misread for place in found.places if place.door and place.misread},
    }


@router.post("/controllers/{controller_id}/commissioning", response={202: CommandOut, **REFUSED})
def commission(request: HttpRequest, controller_id: int, fields: CommissioningIn) -> Status[Command]:
    """For so many minutes the readers answer to every card, key and wire that works. Nobody passes by it."""
    who = caller(request)
    return Status(202, commands.commission(_installable(who, controller_id), who.user, fields.minutes))


@router.post("/controllers/{controller_id}/commissioning/alarm", response={202: CommandOut, **REFUSED})
def try_alarm(request: HttpRequest, controller_id: int) -> Status[Command]:
    """The alarm relay for two seconds, while commissioning is on."""
    who = caller(request)
    return Status(202, commands.try_alarm(_installable(who, controller_id), who.user))


def _installable(who: Caller, controller_id: int) -> Controller:
    controller = who.one(Controller, controller_id, "site")
    who.must(controller, Right.INSTALL)
    return controller
