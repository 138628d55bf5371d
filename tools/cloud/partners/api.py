"""The partners' API, at /partner/v1: of chosen doors what was allowed, and 404 for all else."""

import base64
from binascii import Error as NoBase64
from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Field, Query, Schema
from ninja.errors import HttpError
from ninja.security import HttpBearer

from .. import sealing
from ..alarms import codes
from ..api.asked import known_only
from ..api.bounds import Bounded
from ..api.described import DescribedOnce
from ..api.errors import Error, explain
from ..audit import looks
from ..log import retention
from ..members import links
from ..models import Look, Partner
from ..services import clock
from . import partners, said

MOST = 500
CURSOR = "partner cursor"
REFUSED = {401: Error, 404: Error, 422: Error, 429: Error}


class PartnerBearer(HttpBearer):
    """Authorization: Bearer <what was told when the partner was made>."""

    def authenticate(self, request: HttpRequest, token: str) -> Partner | None:
        row = links.read_token(token, partner=True)
        return None if row is None else partners.of(row)


api = DescribedOnce(
    title="Portvakt for partners",
    version="1",
    description="Of the doors that were chosen: which they are, who belongs to them, what happened there. Where an "
    "owner has set a webhook, these tell of themselves, in the same words, signed (standardwebhooks.com).",
    urls_namespace="partner",
    docs_url=None,
    auth=[PartnerBearer()],
    parser=Bounded(),
)
explain(api)
api.add_decorator(known_only)


class DoorOut(Schema):
    id: int
    name: str
    site: str
    zone: str


class PersonOut(Schema):
    """id: by which this partner knows them; another partner has another one. birth_date: where that is shared, too."""

    id: str
    name: str
    birth_date: date | None


class EventOut(Schema):
    """person: as in /people, also of who does not belong here any more; null: nobody that is known."""

    at: datetime
    at_is_sure: bool  # false: the controller was not sure of the time
    door: int
    what: str
    person: str | None


class PersonPage(Schema):
    people: list[PersonOut]
    next: str | None  # give this as `after` for the page that follows; null: that is all


class EventPage(Schema):
    events: list[EventOut]
    next: str  # give this as `after` for what follows, now or later


class Asked(Schema):
    after: str = Field("", max_length=200)
    limit: int = Field(100, ge=1, le=MOST)


def counted(scope: Any, what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A call that needs a scope (None: none), within what a minute bears; it is counted, refused or not."""

    def guard(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            partner: Partner = request.auth  # type: ignore[attr-defined]
            if not partners.has_room(partner):
                partners.count(partner, what, refused=True)
                raise HttpError(429, f"More than {partners.A_MINUTE} calls in a minute; go on in the next one.")
            allowed = scope is None or scope in partner.scopes
            partners.count(partner, what, refused=not allowed)
            if not allowed:
                raise Http404
            return view(request, *args, **kwargs)

        return answer

    return guard


@api.get("/doors", response={200: list[DoorOut], **REFUSED})
@counted(None, "doors")
def list_doors(request: HttpRequest) -> list[dict[str, Any]]:
    return [said.door(door) for door in partners.doors(_partner(request))]


@api.get("/people", response={200: PersonPage, **REFUSED})
@counted(Partner.Scope.PEOPLE, "people")
def list_people(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """Who may pass one of the doors now."""
    partner = _partner(request)
    rows = partners.people(partner, clock.now()).filter(pk__gt=_after(partner, asked.after))
    found = list(rows[: asked.limit + 1])
    page = found[: asked.limit]
    return {
        "people": [said.person(partner, one) for one in page],
        "next": _cursor(partner, page[-1].pk) if len(found) > len(page) else None,
    }


@api.get("/events", response={200: EventPage, **REFUSED})
@counted(Partner.Scope.LOG, "log")
def list_events(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """What was recorded at the doors, oldest first. Nobody is told of duress here: it is a grant."""
    partner = _partner(request)
    looks.note([partner.token.tenant_id], Look.What.LOG, clock.now(), token=partner.token)
    doors = partners.at(partner)
    rows = partners.events(partner).exclude(code=codes.EXPIRED, extra=retention.ERASED_HERE)
    rows = rows.filter(pk__gt=_after(partner, asked.after)).select_related("credential")
    page = list(rows[: asked.limit])
    return {
        "events": [said.event(partner, one, doors[one.controller_id, one.door_number]) for one in page],
        "next": _cursor(partner, page[-1].pk) if page else asked.after,
    }


def _partner(request: HttpRequest) -> Partner:
    return request.auth  # type: ignore[attr-defined, no-any-return]


def _cursor(partner: Partner, pk: int) -> str:
    """Where a page ended. Sealed: row numbers would tell how much happens elsewhere."""
    where = partner.pk.to_bytes(8, "big") + pk.to_bytes(8, "big")
    return base64.urlsafe_b64encode(sealing.seal(CURSOR, where)).decode()


def _after(partner: Partner, cursor: str) -> int:
    if not cursor:
        return 0
    try:
        where = sealing.unseal(CURSOR, base64.urlsafe_b64decode(cursor.encode()))
    except (sealing.Unreadable, NoBase64, ValueError):
        where = b""
    if where[:8] != partner.pk.to_bytes(8, "big"):
        raise HttpError(422, "after: this is no `next` of an answer; leave it out to begin.")
    return int.from_bytes(where[8:], "big")
