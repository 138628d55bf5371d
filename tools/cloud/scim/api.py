"""People of the directory who may be somebody that was entered by hand, through the API."""

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status

from ..api.auth import Caller, caller
from ..api.body import Body
from ..api.errors import Error
from ..models import Person, ScimUser
from . import joining

router = Router(tags=["people"])
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}


class SuggestionOut(Schema):
    """person: entered by hand. scim_user: of the directory, who is `other` here until they are joined. same_name,
    same_address: why it is suggested; neither proves anything."""

    person: int
    scim_user: int
    other: int
    user_name: str
    same_name: bool
    same_address: bool


class JoinIn(Body):
    """same: they are one person, which nobody can take back; false: they are two, and it is suggested no more."""

    scim_user: int
    same: bool


@router.get("/people/{person_id}/directory", response={200: list[SuggestionOut], **REFUSED})
def suggested(request: HttpRequest, person_id: int) -> list[dict[str, Any]]:
    """Who of the directory and who that was entered by hand may be the same person, one of them this one."""
    return [
        {
            "person": one.person.pk,
            "scim_user": one.row.pk,
            "other": one.row.person_id,
            "user_name": one.row.user_name,
            "same_name": one.name,
            "same_address": one.address,
        }
        for one in joining.suggestions(_person(caller(request), person_id))
    ]


@router.post("/people/{person_id}/directory", response={204: None, **REFUSED})
def join(request: HttpRequest, person_id: int, fields: JoinIn) -> Status[None]:
    """Says of somebody who was entered by hand whether they are that user of the directory."""
    who = caller(request)
    person = _person(who, person_id)
    row = who.one(ScimUser, fields.scim_user)
    if row.tenant_id != person.tenant_id:
        raise Http404
    (joining.join if fields.same else joining.set_apart)(person, row)
    return Status(204, None)


def _person(who: Caller, pk: int) -> Person:
    """The directory is the organisation's as a whole."""
    person = who.one(Person, pk, "user")
    who.must(person.tenant_id, joining.RIGHT)
    return person
