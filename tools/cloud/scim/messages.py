"""What is said over SCIM: our part of the core schemas, what we tolerate of directories, and answers in its form.

RFC 7643 and 7644 by scim2-models. Of a user only names, the switch and the directory's own numbers are taken: what else
it sends is let pass and not kept. What Entra ID does otherwise: learn.microsoft.com, "Develop and plan provisioning
for a SCIM endpoint" (op in capitals, "False" as text, removal of members by a value, paths with a filter).
"""

import hashlib
import json
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from pydantic import Field
from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    Context,
    Error,
    ETag,
    Filter,
    GroupMembership,
    Mutability,
    Patch,
    Reference,
    Required,
    Resource,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

TYPE = "application/scim+json"
PAGE = 100
MOST_PAGE = 200
MOST_BYTES = 1_000_000
MOST_SEEN = 20_000  # resources that are looked through where a filter has no index
LONGEST = 254


class Name(ComplexAttribute):
    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None


class User(Resource[Any]):
    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    active: bool | None = None
    groups: Annotated[list[GroupMembership] | None, Mutability.read_only] = None


class Member(ComplexAttribute):
    """A user. What they are called stands with them: nobody's name is told twice."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference[User] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )


class Group(Resource[Any]):
    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = None
    members: list[Member] | None = None


POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
    filter=Filter(supported=True, max_results=MOST_PAGE),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=False),
    etag=ETag(supported=True),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="Bearer token",
            description="A token that an owner of the organisation made for its directory.",
            primary=True,
        )
    ],
)
PROVIDER = ScimProvider(models=[User, Group], config=CONFIG, policy=POLICY)


def version(resource: Resource[Any]) -> str:
    """A weak ETag made of what the resource says: without a counter, also after a change on our own pages."""
    said = resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    said.get("meta", {}).pop("version", None)
    said.get("meta", {}).pop("lastModified", None)
    digest = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
    return f'W/"{digest[:24]}"'


def base(request: HttpRequest) -> str:
    """The address that a directory is told."""
    return str(request.build_absolute_uri("/scim/v2"))


def answer(said: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(json.dumps(said, default=str), content_type=TYPE, status=status)


def refusal(status: int, detail: str, scim_type: str | None = None) -> HttpResponse:
    error = Error(status=status, scim_type=scim_type, detail=detail)
    return answer(error.model_dump(scim_ctx=Context.DEFAULT), status)
