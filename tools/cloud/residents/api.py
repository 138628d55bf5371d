"""What residents may do on their own page, and who has an account for it."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from ninja import Field, Router, Schema, Status

from ..api.auth import caller
from ..api.body import Body
from ..api.errors import Error
from ..models import Person, ResidentPolicy, Right, Tenant
from ..models.residents import AT_ONCE, DAYS, PARCEL_DAYS
from . import accounts, policy

router = Router(tags=["residents"])
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}


class PolicyOut(Schema):
    unlock: bool  # doors, where these say so as well (`residents` of a door's rules)
    guests: bool
    guests_at_once: int
    guest_days: int
    parcels: bool  # they leave parcels for others, send back, take more time
    parcel_days: int  # that one may lie, as far as they decide
    birth_dates: bool  # are taken from the sign-in, where its provider tells them


class PolicyChange(Body):
    """What is left out stays."""

    unlock: bool | None = None
    guests: bool | None = None
    guests_at_once: int | None = Field(None, ge=AT_ONCE[0], le=AT_ONCE[1])
    guest_days: int | None = Field(None, ge=DAYS[0], le=DAYS[1])
    parcels: bool | None = None
    parcel_days: int | None = Field(None, ge=PARCEL_DAYS[0], le=PARCEL_DAYS[1])
    birth_dates: bool | None = None


class AccountIn(Body):
    email: str = Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


class AccountOut(Schema):
    """link: signs them in, once, told this once; null: they sign in as they are used to, or a program asked."""

    email: str
    link: str | None


@router.get("/tenants/{tenant_id}/residents", response={200: PolicyOut, **REFUSED})
def resident_policy(request: HttpRequest, tenant_id: int) -> ResidentPolicy:
    return policy.of(caller(request).must(tenant_id, Right.PEOPLE))


@router.patch("/tenants/{tenant_id}/residents", response={200: PolicyOut, **REFUSED})
def change_resident_policy(request: HttpRequest, tenant_id: int, fields: PolicyChange) -> ResidentPolicy:
    tenant = Tenant.objects.get(pk=caller(request).change(tenant_id))
    said = {name: value for name, value in fields.dict(exclude_unset=True).items() if value is not None}
    return policy.change(tenant, said)


@router.put("/people/{person_id}/account", response={200: AccountOut, **REFUSED})
def give_account(request: HttpRequest, person_id: int, fields: AccountIn) -> AccountOut:
    """The account with which a person sees their own page.

    A link is for somebody who is signed in to make: who made it answers for whom it lets in.
    """
    who = caller(request)
    person = who.change(who.one(Person, person_id, "user"))
    token = accounts.invite(person, fields.email, who.user, linked=who.user is not None)
    link = token and settings.PORTVAKT_URL.rstrip("/") + reverse("enter", args=[token])
    return AccountOut(email=person.user.email if person.user else "", link=link)


@router.delete("/people/{person_id}/account", response={204: None, **REFUSED})
def end_account(request: HttpRequest, person_id: int) -> Status[None]:
    """They see their own page no longer."""
    who = caller(request)
    accounts.end(who.change(who.one(Person, person_id, "user")))
    return Status(204, None)
