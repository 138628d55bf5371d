"""Who may sign in to a tenant and as what, their sessions, and tokens: for owners. A token cannot do any of it."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from ...models import ApiToken, Membership, Right, Role, Session, Tenant
from ...services import links, members
from ...services.told import Told
from ..auth import Caller, caller
from ..body import Body
from ..errors import Error

router = Router(tags=["members"])
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}


class MemberIn(Body):
    email: str = Field(min_length=3, max_length=254)
    role: Role
    tenant: int | None = None


class RoleIn(Body):
    role: Role


class ActiveIn(Body):
    active: bool


class MemberOut(Schema):
    id: int
    tenant_id: int
    email: str
    role: Role
    active: bool
    sessions: int  # at how many places they are signed in

    @staticmethod
    def resolve_email(row: Membership) -> str:
        return row.user.email

    @staticmethod
    def resolve_active(row: Membership) -> bool:
        return row.user.is_active

    @staticmethod
    def resolve_sessions(row: Membership) -> int:
        return Session.living().filter(user=row.user_id).count()


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


class SignedOut(Schema):
    sessions: int  # how many have ended


@router.get("/members", response={200: list[MemberOut], **REFUSED})
def list_members(request: HttpRequest) -> list[Membership]:
    return list(caller(request).rows(Membership).select_related("user").order_by("tenant", "user__email"))


@router.post("/members", response={201: MemberOut, **REFUSED})
def invite(request: HttpRequest, fields: MemberIn) -> Status[Membership]:
    """Their account is made when there is none; they sign in with OpenID Connect or a link."""
    try:
        validate_email(fields.email)
    except ValidationError:
        raise Told("this is no e-mail address; give one like name@example.org") from None
    tenant = Tenant.objects.get(pk=caller(request).tenant(fields.tenant, Right.MEMBERS))
    return Status(201, members.invite(tenant, fields.email, fields.role))


@router.patch("/members/{member_id}", response={200: MemberOut, **REFUSED})
def set_role(request: HttpRequest, member_id: int, fields: RoleIn) -> Membership:
    row = _one(request, member_id)
    members.set_role(row, fields.role)
    return _one(request, member_id)


@router.delete("/members/{member_id}", response={204: None, **REFUSED})
def end(request: HttpRequest, member_id: int) -> Status[None]:
    """Their sessions and the tokens that they made end with it."""
    members.end(_one(request, member_id))
    return Status(204, None)


@router.post("/members/{member_id}/sign-out", response={200: SignedOut, **REFUSED})
def sign_out(request: HttpRequest, member_id: int) -> dict[str, Any]:
    """Ends all their sessions."""
    return {"sessions": members.sign_out(_one(request, member_id).user)}


@router.put("/members/{member_id}/active", response={200: MemberOut, **REFUSED})
def set_active(request: HttpRequest, member_id: int, fields: ActiveIn) -> Membership:
    """The whole account; where it belongs to other tenants too, only the host may."""
    who, row = caller(request), _one(request, member_id)
    if who.user is not None:  # no token has the right
        members.set_active_by(who.user, row.user, fields.active)
    return _one(request, member_id)


@router.get("/tokens", response={200: list[TokenOut], **REFUSED})
def list_tokens(request: HttpRequest) -> list[ApiToken]:
    """Those that work."""
    rows = caller(request).rows(ApiToken).filter(revoked_at=None)
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


def _those(request: HttpRequest) -> Caller:
    return caller(request)


def _one(request: HttpRequest, member_id: int) -> Membership:
    row: Membership = caller(request).one(Membership, member_id, "user", "tenant")
    return row
