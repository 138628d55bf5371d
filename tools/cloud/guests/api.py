"""Guests of the house: who may come in for a while, by a code, and under no name."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from ninja import Field, Router, Schema, Status

from .. import limits
from ..api.auth import caller
from ..api.body import Body
from ..api.errors import Error
from ..api.moments import Moment
from ..models import Door, Guest, Right
from . import guests

router = Router(tags=["guests"])
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}


class GuestIn(Body):
    """doors: of one organisation, with a keypad. valid_from: left out, from now on. uses: how often, on one controller.

    email: the invitation goes there, where e-mail is set up, and is forgotten with it.
    """

    doors: list[int] = Field(min_length=1, max_length=100)
    valid_from: Moment | None = None
    valid_until: Moment
    uses: int | None = Field(None, ge=limits.USES[0], le=limits.USES[1])
    email: str = Field("", max_length=254, pattern=r"^$|^[^@\s]+@[^@\s]+\.[^@\s]+$")


class GuestOut(Schema):
    """name: their pseudonym. house: invited by the house, not by a resident. opened: the link was used."""

    id: int
    name: str
    house: bool
    doors: list[int]
    valid_from: datetime
    valid_until: datetime
    uses: int | None
    opened: bool
    ended_at: datetime | None

    @classmethod
    def of(cls, row: Guest) -> "GuestOut":
        return cls(
            id=row.pk,
            name=str(row),
            house=row.house,
            doors=[place.door_id for place in row.places.all()],
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            uses=row.uses,
            opened=row.page is not None,
            ended_at=row.ended_at,
        )


class InvitedOut(Schema):
    """link: told this once."""

    guest: GuestOut
    link: str


@router.get("/guests", response=list[GuestOut])
def list_guests(request: HttpRequest) -> list[GuestOut]:
    rows = caller(request).rows(Guest).select_related("person").prefetch_related("places")
    return [GuestOut.of(row) for row in rows]


@router.post("/guests", response={201: InvitedOut, **REFUSED})
def invite_guest(request: HttpRequest, fields: GuestIn) -> Status[InvitedOut]:
    """A guest of the house, and the link behind which their code is."""
    who = caller(request)
    doors = [who.one(Door, pk, "controller__site") for pk in sorted(set(fields.doors))]
    for door in doors:
        who.must(door, Right.GUESTS)
    guest, token = guests.invite_to(doors, fields.valid_from, fields.valid_until, fields.uses, who.user, fields.email)
    link = settings.PORTVAKT_URL.rstrip("/") + reverse("pages:guest", args=[token])
    return Status(201, InvitedOut(guest=GuestOut.of(guest), link=link))


@router.delete("/guests/{guest_id}", response={204: None, **REFUSED})
def end_guest(request: HttpRequest, guest_id: int) -> Status[None]:
    """They may come in no longer."""
    who = caller(request)
    guests.end(who.must(who.one(Guest, guest_id, "person"), Right.GUESTS))
    return Status(204, None)
