"""Breaches: whom one concerns and with what, the clock, the notices, what was done. For owners; a token is none."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from ..api.auth import Caller, caller
from ..api.body import Body
from ..api.errors import Error
from ..api.moments import Moment
from ..audit import looks
from ..models import ApiToken, Breach, Controller, Look, Right, Tenant
from ..services import clock
from . import breaches, notices, scopes, shown
from .breaches import NOTICE, TEXT

router = Router(tags=["breaches"])
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}
RELATED = ("tenant", "account", "controller", "token")
BreachScope = Literal["whole", "account", "controller", "token"]
Entered = Literal["authority", "no authority", "people", "no people", "note"]
Language = Literal["nb", "en"]
NoticeTo = Literal["authority", "people"]


class BreachOut(Schema):
    """known_at, due_at: the 72 hours; told_at: the authority was told, or it was decided that it need not be."""

    id: int
    tenant_id: int
    scope: BreachScope
    account_id: int | None
    controller_id: int | None
    token_id: int | None
    since: datetime
    until: datetime | None
    known_at: datetime
    due_at: datetime
    told_at: datetime | None
    closed_at: datetime | None


class BreachEntryOut(Schema):
    """happened_at: when they were told. counts: people and accounts, as it was worked out then. by: an e-mail."""

    what: str
    at: datetime
    happened_at: datetime | None
    note: str
    counts: dict[str, int]
    by: str


class BreachKindOut(Schema):
    """fields: as a copy of one's own data names them."""

    kind: str
    records: int
    fields: list[str]


class WholeBreachOut(BreachOut):
    """people: whom it concerns; perhaps: removed before it began; erased: since then, and named no more."""

    said: str
    consequences: str
    measures: str
    people: int
    accounts: int
    perhaps: int
    erased: int
    kinds: list[BreachKindOut]
    entries: list[BreachEntryOut]


class BreachPersonOut(Schema):
    """kind: person or account; number: of it. looked_at: how often, by name."""

    kind: Literal["person", "account"]
    number: int
    name: str
    email: str
    since: datetime
    data: list[str]
    looked_at: int
    removed_before: bool


class BreachIn(Body):
    """account, controller, token: the one of them that `scope` names; account: an e-mail, of a member or of somebody
    with a page of their own."""

    scope: BreachScope
    account: str = Field("", max_length=254)
    controller: int | None = None
    token: int | None = None
    since: Moment
    until: Moment | None = None
    known_at: Moment
    said: str = Field(min_length=1, max_length=TEXT)


class BreachChangeIn(Body):
    """What is left out stays as it is. until: null, it is not over."""

    until: Moment | None = None
    known_at: Moment | None = None
    said: str | None = Field(None, max_length=TEXT)
    consequences: str | None = Field(None, max_length=TEXT)
    measures: str | None = Field(None, max_length=TEXT)


class BreachEntryIn(Body):
    """told_at: when the authority or the people were told. note: how; or why they need not be, or why so late."""

    what: Entered
    told_at: Moment | None = None
    note: str = Field("", max_length=TEXT)


class BreachCloseIn(Body):
    note: str = Field("", max_length=TEXT)


class NoticeOut(Schema):
    """kept: it was saved; else it is drafted anew each time."""

    to: NoticeTo
    language: Language
    text: str
    kept: bool


class NoticeIn(Body):
    """text: null, it is drafted anew from now on."""

    to: NoticeTo
    language: Language
    text: str | None = Field(None, max_length=NOTICE)


def _one(who: Caller, pk: int) -> Breach:
    return who.must(who.one(Breach, pk, *RELATED), Right.BREACHES)


def _told(row: Breach) -> dict[str, Any]:
    affected = scopes.work_out(row)
    found: dict[str, Any] = {name: getattr(row, name) for name in BreachOut.model_fields}
    found |= {name: bytes(getattr(row, name)).decode() for name in breaches.TEXTS}
    kinds = [{"kind": str(one.kept.kind), "records": one.rows, "fields": one.fields} for one in affected.kinds]
    return found | affected.counts() | {"kinds": kinds, "entries": [_entry(one) for one in shown.entries(row)]}


def _entry(one: dict[str, Any]) -> dict[str, Any]:
    row = one["row"]
    told = {name: getattr(row, name) for name in ("what", "at", "happened_at", "counts")}
    return told | {"note": one["note"], "by": row.user.email if row.user else ""}


@router.get("/breaches", response=list[BreachOut])
def list_breaches(request: HttpRequest) -> list[Breach]:
    """The newest first."""
    return list(caller(request).rows(Breach))


@router.post("/tenants/{tenant_id}/breaches", response={201: WholeBreachOut, **REFUSED})
def open_breach(request: HttpRequest, tenant_id: int, fields: BreachIn) -> Status[dict[str, Any]]:
    """From now on it is worked out whom it concerns, and the 72 hours run from known_at."""
    who = caller(request)
    tenant = Tenant.objects.get(pk=who.must(tenant_id, Right.BREACHES))
    of: Any = None
    if fields.scope == "controller" and fields.controller is not None:
        of = who.one(Controller, fields.controller, "site")
    elif fields.scope == "token" and fields.token is not None:
        of = who.one(ApiToken, fields.token)
    elif fields.scope == "account":
        of = next((one for one in breaches.accounts(tenant) if one.email == fields.account.lower()), None)
    row = breaches.open_one(tenant, fields.scope, fields.since, fields.until, fields.known_at, fields.said, of)
    return Status(201, _told(row))


@router.get("/breaches/{breach_id}", response={200: WholeBreachOut, **REFUSED})
def show_breach(request: HttpRequest, breach_id: int) -> dict[str, Any]:
    """Worked out anew from what is kept now."""
    return _told(_one(caller(request), breach_id))


@router.patch("/breaches/{breach_id}", response={200: WholeBreachOut, **REFUSED})
def describe_breach(request: HttpRequest, breach_id: int, fields: BreachChangeIn) -> dict[str, Any]:
    """More is known: the end, what happened, what it may lead to, what is done about it."""
    row = _one(caller(request), breach_id)
    said = fields.dict(exclude_unset=True)
    texts = {name: said.get(name) or bytes(getattr(row, name)).decode() for name in breaches.TEXTS}
    texts |= {name: "" for name in ("consequences", "measures") if said.get(name) == ""}
    breaches.describe(row, texts, said.get("until", row.until), said.get("known_at") or row.known_at)
    return _told(row)


@router.post("/breaches/{breach_id}/people", response={200: list[BreachPersonOut], **REFUSED})
def people_of_breach(request: HttpRequest, breach_id: int) -> list[dict[str, Any]]:
    """Everybody whom it concerns, by name. That the list was taken is kept."""
    who = caller(request)
    row = _one(who, breach_id)
    looks.note([row.tenant_id], Look.What.BREACH, clock.now(), user=who.user, token=who.token)
    breaches.taken(row)
    return list(shown.people(scopes.work_out(row)))


@router.post("/breaches/{breach_id}/entries", response={200: WholeBreachOut, **REFUSED})
def enter_of_breach(request: HttpRequest, breach_id: int, fields: BreachEntryIn) -> dict[str, Any]:
    """What was done. The first word about the authority stops the clock."""
    row = _one(caller(request), breach_id)
    breaches.enter(row, fields.what, fields.note, fields.told_at)
    return _told(row)


@router.post("/breaches/{breach_id}/close", response={200: WholeBreachOut, **REFUSED})
def close_breach(request: HttpRequest, breach_id: int, fields: BreachCloseIn) -> dict[str, Any]:
    """It is over, and authority and people were told or need not be."""
    row = _one(caller(request), breach_id)
    breaches.close(row, fields.note)
    return _told(row)


@router.get("/breaches/{breach_id}/notices", response={200: list[NoticeOut], **REFUSED})
def notices_of_breach(request: HttpRequest, breach_id: int) -> list[dict[str, Any]]:
    """To the authority and to the people, in both languages: drafts, or as they were saved."""
    row = _one(caller(request), breach_id)
    affected = scopes.work_out(row)
    found = [notices.of(row, to, language, affected) for to in notices.To.values for language in notices.LANGUAGES]
    return [{**one._asdict(), "kept": one.kept is not None} for one in found]


@router.put("/breaches/{breach_id}/notices", response={200: NoticeOut, **REFUSED})
def keep_notice(request: HttpRequest, breach_id: int, fields: NoticeIn) -> dict[str, Any]:
    row = _one(caller(request), breach_id)
    breaches.keep_notice(row, fields.to, fields.language, fields.text)
    said = notices.of(row, fields.to, fields.language)
    return {**said._asdict(), "kept": said.kept is not None}
