"""The privacy statement of an organisation, for its web pages and notice boards."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from ..api.auth import caller
from ..api.body import Body
from ..api.errors import Error
from ..models import Right, Tenant
from ..services import clock
from . import statement

router = Router(tags=["privacy"])
LANGUAGES = ("nb", "en")
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}


class StatedRow(Schema):
    label: str
    text: str


class StatedSection(Schema):
    title: str
    rows: list[StatedRow]


class StatementOut(Schema):
    """address: where anybody reads it. nb, en: what it says, in each language."""

    number: int
    at: datetime
    address: str
    contact: str
    nb: list[StatedSection]
    en: list[StatedSection]


class ContactIn(Body):
    """contact: whom people ask about their data."""

    contact: str = Field(max_length=Tenant.CONTACT)


@router.get("/tenants/{tenant_id}/statement", response={200: StatementOut, **REFUSED})
def privacy_statement(request: HttpRequest, tenant_id: int) -> dict[str, Any]:
    """The version that holds."""
    return _told(_tenant(request, tenant_id))


@router.patch("/tenants/{tenant_id}/statement", response={200: StatementOut, **REFUSED})
def change_contact(request: HttpRequest, tenant_id: int, fields: ContactIn) -> dict[str, Any]:
    """Whom people ask about their data; all else is put together from what is set up."""
    tenant = _tenant(request, tenant_id)
    statement.ask(tenant, fields.contact)
    return _told(tenant)


def _tenant(request: HttpRequest, tenant_id: int) -> Tenant:
    return Tenant.objects.get(pk=caller(request).must(tenant_id, Right.PRIVACY))


def _told(tenant: Tenant) -> dict[str, Any]:
    row = statement.now_of(tenant, clock.now())
    said = {
        "number": row.number,
        "at": row.at,
        **{language: statement.sections(row, language) for language in LANGUAGES},
    }
    return said | {"address": statement.address(tenant), "contact": tenant.privacy_contact}
