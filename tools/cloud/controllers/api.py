"""Sites and controllers: how they are, and the enrolment of a new one."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import override
from ninja import Field, Query, Router, Schema, Status

from tools import boards
from tools.terminal import Problem

from ..api.auth import Caller, caller
from ..api.body import Body
from ..api.errors import Error
from ..api.paging import Page, page
from ..doors import doors
from ..models import Controller, Credential, Right, Site
from ..rules import faults, zones
from ..services import clock
from ..sites import sites
from . import controllers, enrol, lost

router = Router(tags=["controllers"])
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}


class SiteOut(Schema):
    id: int
    name: str
    zone: str
    warnings: list[str]  # what may be wrong with the zone's clock on controllers, now or later

    @staticmethod
    def resolve_warnings(site: Site) -> list[str]:
        return [str(doubt) for doubt in zones.doubts(site.zone, clock.now())]


class ControllerOut(Schema):
    id: int
    name: str
    public_id: str
    site_id: int
    firmware: str
    confirmed: bool  # it has spoken within the last seconds, and nobody else could have
    in_sync: bool
    acl_version: int
    held_acl_version: int
    log_epoch: int | None
    acked: int  # events up to this sequence number are stored
    last_seen: datetime | None
    rules_fault: str | None  # why it refuses the rules it was sent, and what to correct; null: it refuses none
    refused: dict[str, int]  # messages that the cloud did not accept, by why
    health: dict[str, Any]  # what the board last said of itself, with what it refused
    lost_at: datetime | None

    @staticmethod
    def resolve_confirmed(controller: Controller) -> bool:
        return doors.is_confirmed(controller.confirmed_at, clock.now())

    @staticmethod
    def resolve_rules_fault(controller: Controller, context: dict[str, Any]) -> str | None:
        who = caller(context["request"])
        with override("en"):
            return faults.of(controller, controller.site.tenant_id in who.tenants(Right.PEOPLE))


class SiteIn(Body):
    """zone: as IANA names it, like Europe/Oslo."""

    name: str = Field(min_length=1, max_length=100)
    zone: str = "Europe/Oslo"
    tenant: int | None = None


class SiteChange(Body):
    name: str | None = Field(None, min_length=1, max_length=100)
    zone: str | None = None


class ControllerChange(Body):
    name: str = Field(min_length=1, max_length=100)


class Replace(Schema):
    """A card or PIN that a lost board knew. Whose it is, is told to those who may see people."""

    credential: int
    kind: str
    person: int | None
    name: str | None


class Lost(Schema):
    controller: ControllerOut
    replace: list[Replace]


class EnrolIn(Body):
    """board: the content of board.json. broker, wifi: as in settings.json; left out, the cloud's own broker."""

    site: int
    name: str = Field(min_length=1, max_length=100)
    board: dict[str, Any]
    doors: list[str] = []
    broker: dict[str, Any] | None = None
    wifi: dict[str, str] | None = None
    replaces: int | None = None  # a lost controller whose doors this one takes over


class Enrolled(Schema):
    """settings: the settings.json for the board. Its secrets are told this once."""

    controller: ControllerOut
    settings: dict[str, Any]


@router.get("/sites", response=list[SiteOut])
def list_sites(request: HttpRequest) -> list[Site]:
    return list(caller(request).rows(Site).order_by("name"))


@router.post("/sites", response={201: SiteOut, **REFUSED})
def add_site(request: HttpRequest, fields: SiteIn) -> Status[Site]:
    tenant = caller(request).tenant(fields.tenant, Right.INSTALL)
    return Status(201, sites.make(tenant, fields.name, fields.zone))


@router.patch("/sites/{site_id}", response={200: SiteOut, **REFUSED})
def change_site(request: HttpRequest, site_id: int, fields: SiteChange) -> Site:
    """Controllers of the site learn another zone with their rules."""
    who = caller(request)
    site = who.one(Site, site_id)
    who.must(site, Right.INSTALL)
    return sites.change(site, fields.name, fields.zone)


@router.delete("/sites/{site_id}", response={204: None, **REFUSED})
def remove_site(request: HttpRequest, site_id: int) -> Status[None]:
    who = caller(request)
    site = who.one(Site, site_id)
    who.must(site, Right.INSTALL)
    sites.remove(site)
    return Status(204, None)


@router.get("/controllers", response=list[ControllerOut])
def list_controllers(request: HttpRequest, response: HttpResponse, wanted: Query[Page]) -> list[Controller]:
    return page(request, response, caller(request).rows(Controller).select_related("site"), wanted)


@router.get("/controllers/{controller_id}", response={200: ControllerOut, 404: Error})
def one_controller(request: HttpRequest, controller_id: int) -> Controller:
    return caller(request).one(Controller, controller_id)


@router.post("/controllers", response={201: Enrolled, 400: Error, 403: Error, 404: Error})
def enrol_controller(request: HttpRequest, fields: EnrolIn) -> Status[dict[str, Any]]:
    who = caller(request)
    site = who.one(Site, fields.site)
    who.must(site, Right.INSTALL)
    complaints = boards.check(fields.board)
    if complaints:
        raise Problem(f"this board cannot be used: {'; '.join(complaints)}; correct its board.json")
    controller, settings = enrol.enrol(
        site,
        fields.name,
        fields.board,
        doors=fields.doors,
        broker=fields.broker,
        wifi=fields.wifi,
        replaces=None if fields.replaces is None else who.one(Controller, fields.replaces),
    )
    return Status(201, {"controller": controller, "settings": settings})


@router.patch("/controllers/{controller_id}", response={200: ControllerOut, **REFUSED})
def rename_controller(request: HttpRequest, controller_id: int, fields: ControllerChange) -> Controller:
    controller = _installable(caller(request), controller_id)
    controllers.rename(controller, fields.name)
    return controller


@router.post("/controllers/{controller_id}/lost", response={200: Lost, **REFUSED})
def lose_controller(request: HttpRequest, controller_id: int) -> dict[str, Any]:
    """Gives a board up: nothing it says is taken any more. Answers with what it knew and is to be replaced."""
    who = caller(request)
    controller = _installable(who, controller_id)
    lost.lost(controller, who.user)
    return _lost(who, Controller.objects.get(pk=controller_id))


@router.get("/controllers/{controller_id}/lost", response={200: Lost, **REFUSED})
def lost_controller(request: HttpRequest, controller_id: int) -> dict[str, Any]:
    """What a lost board knew and is still to be replaced."""
    who = caller(request)
    return _lost(who, who.one(Controller, controller_id))


def _lost(who: Caller, controller: Controller) -> dict[str, Any]:
    mine = set(who.rows(Credential).filter(exposures__controller=controller).values_list("pk", flat=True))
    replace = [
        Replace(
            credential=one.pk,
            kind=one.kind,
            person=one.person_id if one.pk in mine else None,
            name=one.person.name if one.pk in mine else None,
        )
        for one in lost.to_replace(controller, duress=controller.site.tenant_id in who.tenants(Right.DURESS))
    ]
    return {"controller": controller, "replace": replace}


def _installable(who: Caller, controller_id: int) -> Controller:
    controller = who.one(Controller, controller_id, "site")
    who.must(controller, Right.INSTALL)
    return controller
