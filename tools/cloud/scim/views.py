"""/scim/v2: who asks, what they may send, and what they are answered. users.py and groups.py do the work."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from ninja.errors import HttpError
from pydantic import ValidationError
from scim2_models import (
    Context,
    Error,
    InvalidSyntaxException,
    ListResponse,
    NotFoundException,
    PatchOp,
    PayloadTooLargeException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    Schema,
    SCIMException,
    SearchRequest,
    TooManyException,
)

from tools.terminal import Problem

from ..api import bounds
from ..audit import author
from ..audit.author import Author
from ..models import Change, ScimToken
from . import groups, tokens, users
from .messages import (
    CONFIG,
    MOST_BYTES,
    MOST_PAGE,
    MOST_SEEN,
    PAGE,
    POLICY,
    PROVIDER,
    Group,
    User,
    answer,
    base,
    refusal,
)

# What a filter may compare with by an index, by the name of the attribute in small letters.
USER_COLUMNS = {"username": "user_key", "externalid": "external_id", "id": "pk"}
GROUP_COLUMNS = {"displayname": "group__name", "externalid": "external_id", "id": "pk"}
View = Callable[..., HttpResponse]


def scim(view: View) -> View:
    """Only for a directory with a good token; whatever is wrong is said as RFC 7644 3.12 has it."""

    @csrf_exempt
    @never_cache
    @wraps(view)
    def served(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        token = tokens.read(secret.strip()) if kind.lower() == "bearer" else None
        if token is None:
            denied = refusal(401, "Send the bearer token of a directory.")
            denied["WWW-Authenticate"] = "Bearer"
            return denied
        by = Author(Change.Way.API, account=f"SCIM: {token.name}"[:64])
        with author.speaking(lambda: by), POLICY:
            return _told(lambda: view(request, token, *args, **kwargs))

    return served


def _told(do: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        with transaction.atomic():
            return do()
    except SCIMException as error:
        return answer(error.to_error().model_dump(scim_ctx=Context.DEFAULT), error.status)
    except ValidationError as error:
        found = Error.from_validation_error(error.errors(include_url=False)[0])
        return answer(found.model_dump(scim_ctx=Context.DEFAULT), found.status or 400)
    except HttpError as error:
        return refusal(400, error.message, "invalidValue")
    except Problem as problem:
        return refusal(400, str(problem)[:1].upper() + str(problem)[1:] + ".", "invalidValue")
    except IntegrityError:
        return refusal(409, "Somebody made the same at this moment; ask again.", "uniqueness")


@scim
def user_list(request: HttpRequest, token: ScimToken) -> HttpResponse:
    if request.method == "POST":
        said = User.model_validate(_body(request), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
        return _one(request, users.resource(users.create(token.tenant, said), base(request)), 201)
    _only(request, "GET", "POST")
    return _list(request, User, users.rows(token.tenant), users.resources, USER_COLUMNS)


@scim
def user_search(request: HttpRequest, token: ScimToken) -> HttpResponse:
    _only(request, "POST")
    return _list(request, User, users.rows(token.tenant), users.resources, USER_COLUMNS)


@scim
def group_search(request: HttpRequest, token: ScimToken) -> HttpResponse:
    _only(request, "POST")
    return _list(request, Group, groups.rows(token.tenant), groups.resources, GROUP_COLUMNS)


@scim
def search(request: HttpRequest, token: ScimToken) -> HttpResponse:
    """Users and groups alike: looked through."""
    _only(request, "POST")
    asked = SearchRequest[User | Group].model_validate(_body(request))
    at, tenant = base(request), token.tenant
    if users.rows(tenant).count() + groups.rows(tenant).count() > MOST_SEEN:
        raise TooManyException(detail="Search users and groups apart: there are too many here.")
    every: list[Any] = [*users.resources(users.rows(tenant), at), *groups.resources(groups.rows(tenant), at)]
    found = [one for one in every if asked.filter is None or asked.filter.match(one)]
    return _paged(User | Group, asked, len(found), lambda first, last: found[first:last])


@scim
def user(request: HttpRequest, token: ScimToken, number: str) -> HttpResponse:
    _only(request, "GET", "PUT", "PATCH", "DELETE")
    row = users.find(token.tenant, number, locked=request.method != "GET")
    now = users.resource(row, base(request))
    _check_match(request, now)
    if request.method == "GET":
        return _one(request, now)
    if request.method == "DELETE":
        users.remove(row)
        return HttpResponse(status=204)
    return _one(request, users.resource(users.change(row, _after(request, now, User)), base(request)))


@scim
def group_list(request: HttpRequest, token: ScimToken) -> HttpResponse:
    if request.method == "POST":
        said = Group.model_validate(_body(request), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
        return _one(request, groups.resource(groups.create(token.tenant, said), base(request)), 201)
    _only(request, "GET", "POST")
    return _list(request, Group, groups.rows(token.tenant), groups.resources, GROUP_COLUMNS)


@scim
def group(request: HttpRequest, token: ScimToken, number: str) -> HttpResponse:
    _only(request, "GET", "PUT", "PATCH", "DELETE")
    row = groups.find(token.tenant, number, locked=request.method != "GET")
    now = groups.resource(row, base(request))
    _check_match(request, now)
    if request.method == "GET":
        return _one(request, now)
    if request.method == "DELETE":
        groups.remove(row)
        return HttpResponse(status=204)
    return _one(request, groups.resource(groups.change(row, _after(request, now, Group)), base(request)))


@scim
def config(request: HttpRequest, token: ScimToken) -> HttpResponse:
    _only(request, "GET")
    return answer(CONFIG.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))


@scim
def resource_types(request: HttpRequest, token: ScimToken, name: str = "") -> HttpResponse:
    return _described(request, ResourceType, list(PROVIDER.resource_types), name)


@scim
def schemas(request: HttpRequest, token: ScimToken, name: str = "") -> HttpResponse:
    return _described(request, Schema, list(PROVIDER.schemas), name)


@scim
def nothing(request: HttpRequest, token: ScimToken, rest: str = "") -> HttpResponse:
    raise NotFoundException(detail="There is no such address here.")


def _described(request: HttpRequest, model: Any, found: list[Any], name: str) -> HttpResponse:
    """Discovery: a filter is refused there (RFC 7644, 4)."""
    _only(request, "GET")
    if "filter" in request.GET:
        return refusal(403, "Discovery is not filtered.")
    if name:
        one = next((one for one in found if str(one.id or one.name).casefold() == name.casefold()), None)
        if one is None:
            raise NotFoundException(detail="There is no such description here.")
        return answer(one.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))
    listed = ListResponse[model](total_results=len(found), start_index=1, items_per_page=len(found), resources=found)
    return answer(listed.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))


def _list(request: HttpRequest, model: Any, rows: Any, told: Any, columns: dict[str, str]) -> HttpResponse:
    said = _body(request) if request.method == "POST" else {name: request.GET[name] for name in request.GET}
    asked: Any = SearchRequest[model].model_validate(said)
    at = base(request)
    slim = {} if model is User or not _without_members(asked) else {"members": False}
    narrowed = _indexed(rows, asked.filter, columns)
    if narrowed is not None:
        return _paged(model, asked, narrowed.count(), lambda first, last: told(narrowed[first:last], at, **slim))
    if rows.count() > MOST_SEEN:
        raise TooManyException(detail="Filter by userName, externalId, displayName or id: there are too many here.")
    found = [one for one in told(rows, at) if asked.filter.match(one)]
    return _paged(model, asked, len(found), lambda first, last: found[first:last])


def _paged(model: Any, asked: Any, total: int, part: Callable[[int, int], list[Any]]) -> HttpResponse:
    first, most = (asked.start_index or 1) - 1, min(MOST_PAGE, PAGE if asked.count is None else asked.count)
    found = part(first, first + most) if first < total else []
    listed = ListResponse[model](total_results=total, start_index=first + 1, items_per_page=len(found), resources=found)
    return answer(listed.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=asked))


def _indexed(rows: Any, asked: Any, columns: dict[str, str]) -> Any:
    """The rows of a filter that the database answers by an index, or of none; None: they have to be looked through."""
    if asked is None:
        return rows
    node = asked.ast
    name = str(getattr(node, "attr_path", "")).rpartition(":")[2].lower()
    if str(getattr(node, "op", "")).lower() != "eq" or name not in columns or not isinstance(node.value, str):
        return None
    value: Any = node.value
    if columns[name] == "pk":
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0
    elif columns[name] == "user_key":
        value = value.casefold()
    elif columns[name] == "group__name":
        return rows.filter(group__name__iexact=value)
    return rows.filter(**{columns[name]: value})


def _without_members(asked: Any) -> bool:
    return any(str(one).lower() == "members" for one in asked.excluded_attributes or ())


def _after(request: HttpRequest, now: Any, model: Any) -> Any:
    """What it is to be: put in its place, or changed by operations."""
    said = _body(request)
    if request.method == "PUT":
        wanted = model.model_validate(said, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
        wanted.replace(now)
        return wanted
    after = now.model_copy(deep=True)
    PatchOp[model].model_validate(said, scim_ctx=Context.RESOURCE_PATCH_REQUEST).patch(after)
    return after


def _one(request: HttpRequest, found: Resource[Any], status: int = 200) -> HttpResponse:
    assert found.meta is not None
    if request.method == "GET" and request.headers.get("If-None-Match") in (found.meta.version, "*"):
        return HttpResponse(status=304)
    parameters: Any = ResponseParameters.model_validate(
        {name: request.GET[name] for name in request.GET if name.lower() in ("attributes", "excludedattributes")}
    )
    context = Context.RESOURCE_CREATION_RESPONSE if status == 201 else Context.RESOURCE_QUERY_RESPONSE
    told = answer(found.model_dump(scim_ctx=context, response_parameters=parameters), status)
    told["ETag"], told["Location"] = found.meta.version, found.meta.location
    return told


def _check_match(request: HttpRequest, now: Resource[Any]) -> None:
    wanted = request.headers.get("If-Match")
    assert now.meta is not None
    if wanted and wanted != "*" and now.meta.version not in [one.strip() for one in wanted.split(",")]:
        raise PreconditionFailedException(detail="It has changed since; read it again.")


def _body(request: HttpRequest) -> Any:
    if int(request.headers.get("Content-Length") or 0) > MOST_BYTES or len(request.body) > MOST_BYTES:
        raise PayloadTooLargeException(detail=f"Send at most {MOST_BYTES} bytes at once.")
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError):
        raise InvalidSyntaxException(detail="The body is no whole JSON.") from None
    bounds.check(said)
    if not isinstance(said, dict):
        raise InvalidSyntaxException(detail="The body is no JSON object.")
    return said


def _only(request: HttpRequest, *methods: str) -> None:
    if request.method not in methods:
        error = SCIMException(detail=f"Here is only {', '.join(methods)}.")
        error.status = 405
        raise error
