"""Who may sign in to a tenant and as what, their sessions, and tokens: for owners. A token cannot do any of it."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest
from django.urls import reverse
from ninja import Field, Router, Schema, Status

from ..api.auth import caller
from ..api.body import Body
from ..api.errors import Error
from ..api.moments import Moment
from ..models import ApiToken, Membership, Right, Role, Session, Tenant, User
from ..services.refusal import Refusal
from ..sessions import hashed
from . import links, log_in_places, members, sign_in, terms
from .terms import Terms

router = Router(tags=["members"])
INVITED_MINUTES = 24 * 60
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}


class PlacesIn(Body):
    """A site is all of its doors and banks."""

    sites: list[int] = []
    doors: list[int] = []
    banks: list[int] = []


class MemberIn(Body):
    """until: it ends by itself; support always does. places: only there; null: everywhere in the tenant."""

    email: str = Field(min_length=3, max_length=254)
    role: Role
    until: Moment | None = None
    places: PlacesIn | None = None
    tenant: int | None = None


class RoleIn(Body):
    """What is left out stays as it is."""

    role: Role
    until: Moment | None = None
    places: PlacesIn | None = None


class ActiveIn(Body):
    active: bool


class MemberOut(Schema):
    id: int
    tenant_id: int
    email: str
    role: Role
    until: datetime | None
    places: PlacesIn | None  # null: everywhere in the tenant
    active: bool
    sessions: int | None  # at how many places they are signed in; null: the account belongs to others too

    @staticmethod
    def resolve_email(row: Membership) -> str:
        return row.user.email

    @staticmethod
    def resolve_places(row: Membership) -> terms.Places | None:
        return terms.of(row).places

    @staticmethod
    def resolve_active(row: Membership) -> bool:
        return row.user.is_active

    @staticmethod
    def resolve_sessions(row: Membership, context: dict[str, Any]) -> int | None:
        by = caller(context["request"]).user
        if by is None:
            return None
        known: dict[int, int] | None = getattr(row, "signed_in", None)  # of a list: asked once for all
        if known is None:
            known = _signed_in(by, [row])
        return known.get(row.user_id)


class Invited(Schema):
    invitation: str  # a link for them, told this once


class TokenIn(Body):
    name: str = Field(min_length=1, max_length=100)
    role: Role = Role("viewer")
    tenant: int | None = None


class TokenOut(Schema):
    id: int
    tenant_id: int
    name: str
    role: Role
    created_at: datetime
    used_at: datetime | None  # to the hour
    made_by: str | None  # null: on the command line

    @staticmethod
    def resolve_made_by(row: ApiToken) -> str | None:
        return row.made_by.email if row.made_by else None


class TokenMade(Schema):
    token: str  # told this once


class SignInIn(Body):
    """providers: their ids; none of them is all there are. directory: Entra's tenant ID; empty: none. log_in_places:
    whether roughly where from is kept with a log-in; left out it stays, false deletes what is kept."""

    providers: list[str] = []
    directory: str = ""
    log_in_places: bool | None = None


class SignInOut(Schema):
    """offered: the ids of all that this installation has."""

    providers: list[str]
    directory: str
    log_in_places: bool
    offered: list[str]


class SignedOut(Schema):
    sessions: int  # how many have ended


@router.get("/members", response={200: list[MemberOut], **REFUSED})
def list_members(request: HttpRequest) -> list[Membership]:
    who = caller(request)
    rows = who.rows(Membership).select_related("user").prefetch_related(*Membership.PLACES)
    found = list(rows.order_by("tenant", "user__email"))
    signed_in = _signed_in(who.user, found) if who.user else {}
    for row in found:
        row.signed_in = signed_in
    return found


def _signed_in(by: User, rows: list[Membership]) -> dict[int, int]:
    """{account: at how many places}, of those for whom this user may vouch."""
    vouched = links.vouched_for(by, {row.user_id for row in rows})
    counts = Session.living().filter(user__in=vouched).order_by().values_list("user").annotate(n=Count("pk"))
    return dict.fromkeys(vouched, 0) | dict(counts)


@router.post("/members", response={201: MemberOut, 202: Invited, **REFUSED})
def invite(request: HttpRequest, fields: MemberIn) -> Status[Any]:
    """Their account is made when there is none; they sign in with OpenID Connect or a link.

    Who has an account that belongs to others too gets an invitation: they are a member when they have accepted it.
    """
    try:
        validate_email(fields.email)
    except ValidationError:
        raise Refusal("this is no e-mail address; give one like name@example.org") from None
    who = caller(request)
    tenant = Tenant.objects.get(pk=who.tenant(fields.tenant, Right.MEMBERS))
    if who.user is None:  # no token has the right
        raise Http404
    wanted = Terms(fields.role, fields.until, None if fields.places is None else fields.places.dict())
    done = members.invite_by(who.user, tenant, fields.email, wanted, INVITED_MINUTES)
    if isinstance(done, str):
        return Status(202, {"invitation": settings.PORTVAKT_URL.rstrip("/") + reverse("enter", args=[done])})
    return Status(201, done)


@router.patch("/members/{member_id}", response={200: MemberOut, **REFUSED})
def set_role(request: HttpRequest, member_id: int, fields: RoleIn) -> Membership:
    row = _one(request, member_id)
    if fields.dict(exclude_unset=True).keys() == {"role"}:
        members.set_role(row, fields.role, _session(request))
    else:
        members.set_terms(row, terms.of(row)._replace(**fields.dict(exclude_unset=True)), _session(request))
    return _one(request, member_id)


@router.delete("/members/{member_id}", response={204: None, **REFUSED})
def end(request: HttpRequest, member_id: int) -> Status[None]:
    """Their sessions and the tokens that they made end with it."""
    members.end(_one(request, member_id), _session(request))
    return Status(204, None)


@router.post("/members/{member_id}/sign-out", response={200: SignedOut, **REFUSED})
def sign_out(request: HttpRequest, member_id: int) -> dict[str, Any]:
    """Ends all their sessions; where the account belongs to other tenants too, only the host may."""
    who, row = caller(request), _one(request, member_id)
    return {"sessions": members.sign_out_by(who.user, row.user) if who.user is not None else 0}


@router.put("/members/{member_id}/active", response={200: MemberOut, **REFUSED})
def set_active(request: HttpRequest, member_id: int, fields: ActiveIn) -> Membership:
    """The whole account; where it belongs to other tenants too, only the host may."""
    who, row = caller(request), _one(request, member_id)
    if who.user is not None:  # no token has the right
        members.set_active_by(who.user, row.user, fields.active, _session(request))
    return _one(request, member_id)


@router.get("/tenants/{tenant_id}/sign-in", response={200: SignInOut, **REFUSED})
def sign_in_of(request: HttpRequest, tenant_id: int) -> dict[str, Any]:
    return _sign_in(Tenant.objects.get(pk=caller(request).must(tenant_id, Right.MEMBERS)))


@router.put("/tenants/{tenant_id}/sign-in", response={200: SignInOut, **REFUSED})
def choose_sign_in(request: HttpRequest, tenant_id: int, fields: SignInIn) -> dict[str, Any]:
    """Through which OpenID Connect providers members sign in, and the directory of Entra's that they are of."""
    tenant = Tenant.objects.get(pk=caller(request).must(tenant_id, Right.MEMBERS))
    with transaction.atomic():
        sign_in.choose(tenant, fields.providers, fields.directory)
        if fields.log_in_places is not None:
            log_in_places.turn(tenant, fields.log_in_places)
    return _sign_in(tenant)


def _sign_in(tenant: Tenant) -> dict[str, Any]:
    offered = [one for one, _name in sign_in.offered()]
    said = {"providers": tenant.providers, "directory": tenant.entra, "log_in_places": tenant.log_in_places}
    return said | {"offered": offered}


@router.get("/tokens", response={200: list[TokenOut], **REFUSED})
def list_tokens(request: HttpRequest) -> list[ApiToken]:
    """Those that work here: a partner's does not."""
    rows = caller(request).rows(ApiToken).filter(revoked_at=None).exclude(role=ApiToken.PARTNER)
    return list(rows.select_related("made_by").order_by("tenant", "name"))


@router.post("/tokens", response={201: TokenMade, **REFUSED})
def make_token(request: HttpRequest, fields: TokenIn) -> Status[dict[str, str]]:
    who = caller(request)
    tenant = Tenant.objects.get(pk=who.tenant(fields.tenant, Right.MEMBERS))
    return Status(201, {"token": links.make_token(tenant, fields.name, fields.role, by=who.user)})


@router.delete("/tokens/{token_id}", response={204: None, **REFUSED})
def revoke(request: HttpRequest, token_id: int) -> Status[None]:
    members.revoke(caller(request).one(ApiToken, token_id))
    return Status(204, None)


def _session(request: HttpRequest) -> str:
    return hashed(request.session.session_key or "")


def _one(request: HttpRequest, member_id: int) -> Membership:
    row: Membership = caller(request).one(Membership, member_id, "user", "tenant")
    return row
