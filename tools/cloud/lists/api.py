"""Lists through the API: tried and kept, and written out."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema

from ..api.auth import caller
from ..api.body import Body
from ..api.errors import Error
from ..audit import looks
from ..models import Look, Right, Tenant
from ..services import clock, local_time
from . import group_list, people_list, tables
from .people_rows import Options

router = Router(tags=["lists"])
REFUSED = {400: Error, 403: Error, 422: Error}


class ListIn(Body):
    """text: CSV, TSV, or JSON with a list of objects. keep: false tries it, and nothing is changed.

    apart: rows that are right are kept also where others are refused; otherwise all rows or none.
    """

    text: str = Field(max_length=tables.MOST_BYTES)
    keep: bool = False
    apart: bool = False
    tenant: int | None = None


class PeopleListIn(ListIn):
    """source: who wrote it; left out, as it shows. form, bits: how the cards are written, and their frame.

    groups: names of the groups of rows that name none. whole: groups and cards that a row does not name are taken away
    from its person.
    """

    source: Literal["", "sheet", "uhppoted", "esp-rfid"] = ""
    form: Literal["any", "facility", "number", "hex", "hex-reversed", "number-reversed"] = "any"
    bits: Literal[26, 34] | None = None
    in_groups: list[str] = []
    whole: bool = False


class RowOut(Schema):
    """line: of the text; of JSON which object. what: made, changed, same, refused."""

    line: int
    name: str
    what: str
    says: list[str]


class ReportOut(Schema):
    """done: it is kept. counts: how many rows, by what. wrong: what is wrong with all of it."""

    done: bool
    counts: dict[str, int]
    wrong: str
    rows: list[RowOut]


class PersonRow(Schema):
    """As a list of people has it; somebody whose rights or cards end at several times has several rows."""

    id: int
    name: str
    active: bool
    extended: bool
    escort: str
    groups: list[str]
    valid_from: str = Field(alias="from")
    until: str
    uses: int | None
    cards: list[str]
    card_until: str
    pin: bool


class GroupRow(Schema):
    id: int
    name: str
    doors: list[str]
    pin: bool
    hold: bool
    office: bool
    exempt: bool
    lockdown: bool
    no_clock: bool


@router.post("/lists/people", response={200: ReportOut, **REFUSED})
def bring_people(request: HttpRequest, body: PeopleListIn) -> dict[str, Any]:
    """A list of people, their cards, PINs and groups: tried, or kept."""
    tenant = Tenant.objects.get(pk=caller(request).tenant(body.tenant))
    zone = local_time.of_tenant(tenant.pk)[0]
    options = Options(body.form, body.bits, body.whole, body.apart, tuple(body.in_groups), zone)
    return people_list.carry_out(
        tenant, tables.read(body.text.encode(), tables.most()), options, body.keep, body.source
    ).told()


@router.post("/lists/groups", response={200: ReportOut, **REFUSED})
def bring_groups(request: HttpRequest, body: ListIn) -> dict[str, Any]:
    """A list of access groups: tried, or kept."""
    tenant = Tenant.objects.get(pk=caller(request).tenant(body.tenant))
    return group_list.carry_out(tenant, tables.read(body.text.encode(), tables.most()), body.keep, body.apart).told()


@router.get("/lists/people", response={200: list[PersonRow], **REFUSED}, by_alias=True)
def write_people(request: HttpRequest, tenant: int | None = None) -> list[dict[str, Any]]:
    """Everybody but guests, as a list that is read in again without a change. Of a PIN only that there is one."""
    who = caller(request)
    row = Tenant.objects.get(pk=who.tenant(tenant, Right.CHANGE))
    _noted(row, who, clock.now())
    return people_list.export(row)


@router.get("/lists/groups", response={200: list[GroupRow], **REFUSED})
def write_groups(request: HttpRequest, tenant: int | None = None) -> list[dict[str, Any]]:
    """Every access group, as a list that is read in again without a change."""
    return group_list.export(Tenant.objects.get(pk=caller(request).tenant(tenant, Right.CHANGE)))


def _noted(tenant: Tenant, who: Any, now: datetime) -> None:
    looks.note([tenant.pk], Look.What.EXPORT, now, user=who.user, token=who.token)
