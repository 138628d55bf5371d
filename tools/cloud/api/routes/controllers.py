"""Sites and controllers: how they are, and the enrolment of a new one."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from ...models import Controller, Site
from ...services import clock, doors, enrol
from ..auth import caller
from ..errors import Error

router = Router(tags=["controllers"])


class SiteOut(Schema):
    id: int
    name: str
    zone: str


class ControllerOut(Schema):
    id: int
    name: str
    public_id: str
    site_id: int
    firmware: str
    present: bool  # as the broker says: proves nothing
    confirmed: bool
    in_sync: bool
    acl_version: int
    held_acl_version: int
    log_epoch: int | None
    acked: int  # events up to this sequence number are stored
    last_seen: datetime | None
    refused: dict[str, int]

    @staticmethod
    def resolve_confirmed(controller: Controller) -> bool:
        return doors.is_confirmed(controller.confirmed_at, clock.now())


class EnrolIn(Schema):
    """board: the content of board.json. broker, wifi: as in settings.json; left out, the cloud's own broker."""

    site: int
    name: str = Field(min_length=1, max_length=100)
    board: dict[str, Any]
    doors: list[str] = []
    broker: dict[str, Any] | None = None
    wifi: dict[str, str] | None = None


class Enrolled(Schema):
    """settings: the settings.json for the board. Its secrets are told this once."""

    controller: ControllerOut
    settings: dict[str, Any]


@router.get("/sites", response=list[SiteOut])
def list_sites(request: HttpRequest) -> list[Site]:
    return list(caller(request).rows(Site).order_by("name"))


@router.get("/controllers", response=list[ControllerOut])
def list_controllers(request: HttpRequest) -> list[Controller]:
    return list(caller(request).rows(Controller).order_by("name"))


@router.get("/controllers/{controller_id}", response={200: ControllerOut, 404: Error})
def one_controller(request: HttpRequest, controller_id: int) -> Controller:
    return caller(request).one(Controller, controller_id)


@router.post("/controllers", response={201: Enrolled, 400: Error, 403: Error, 404: Error})
def enrol_controller(request: HttpRequest, fields: EnrolIn) -> Status[dict[str, Any]]:
    who = caller(request)
    site = who.one(Site, fields.site)
    who.change(site.tenant_id)
    controller, settings = enrol.enrol(
        site, fields.name, fields.board, doors=fields.doors, broker=fields.broker, wifi=fields.wifi
    )
    return Status(201, {"controller": controller, "settings": settings})
