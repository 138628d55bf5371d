"""Requests of people about their own data: received, extended, answered with a copy or words, erased; with receipt."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from ..api.auth import Caller, caller
from ..api.body import Body
from ..api.errors import Error
from ..audit import looks
from ..models import DataRequest, Look, Person, Right
from ..sealing import Unreadable
from ..services import clock
from . import copies, erasing, requests
from .requests import LINE, WORDS

router = Router(tags=["privacy"])
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}
MOST = 200
# Spelled out: a schema is known by its name, and State and Kind are other ones already.
RequestState = Literal["open", "erasing", "done", "refused", "taken back"]
RequestKind = Literal[
    "access", "correction", "erasure", "restriction", "objection", "portability", "withdrawal", "complaint"
]


class RequestOut(Schema):
    """person_id: null once they are erased. extension: why it takes longer, where it was extended.

    stands: what it stops is stopped now; lifting: why it is no longer since lifted_at, empty where the person said so.
    """

    id: int
    tenant_id: int
    person_id: int | None
    kind: RequestKind
    way: str
    state: RequestState
    asked_by: str
    checked: str
    made_at: datetime
    due_at: datetime
    overdue: bool
    extension: str
    closed_at: datetime | None
    stands: bool
    lifted_at: datetime | None
    lifting: str

    @staticmethod
    def resolve_overdue(row: DataRequest) -> bool:
        return row.state in DataRequest.GOING and row.due_at <= clock.now()


class StepOut(Schema):
    """by: e-mail of an account, name of a token; empty: Portvakt itself."""

    what: str
    at: datetime
    by: str


class ErasedAtOut(Schema):
    """A controller that held somebody who is erased. held_at: since when it holds its list without them."""

    controller_id: int
    version: int
    digest: str
    held_at: datetime | None
    lost: bool


class ErasedOut(Schema):
    """counts: what was erased in the database, and how much. partners: who could know of them, and is not told."""

    at: datetime
    counts: dict[str, int]
    directory: bool
    partners: list[str]
    controllers: list[ErasedAtOut]


class WholeRequestOut(RequestOut):
    """said, answer: null where they cannot be read any more. steps: with `erased` they are the receipt."""

    said: str | None
    answer: str | None
    steps: list[StepOut]
    erased: ErasedOut | None

    @staticmethod
    def resolve_said(row: DataRequest) -> str | None:
        return _opened(row.said)

    @staticmethod
    def resolve_answer(row: DataRequest) -> str | None:
        return _opened(row.answer)

    @staticmethod
    def resolve_steps(row: DataRequest) -> list[dict[str, Any]]:
        rows = row.steps.select_related("user", "token")
        by = {one.pk: one.user.email if one.user else one.token.name if one.token else "" for one in rows}
        return [{"what": one.what, "at": one.at, "by": by[one.pk]} for one in rows]

    @staticmethod
    def resolve_erased(row: DataRequest) -> dict[str, Any] | None:
        if row.erased_at is None:
            return None
        held = [
            {
                "controller_id": one.controller_id,
                "version": one.version,
                "digest": one.digest,
                "held_at": one.held_at,
                "lost": one.controller.lost_at is not None and one.held_at is None,
            }
            for one in row.controllers.select_related("controller")
        ]
        said = {name: row.receipt.get(name, empty) for name, empty in (("counts", {}), ("directory", False))}
        return {**said, "at": row.erased_at, "partners": row.receipt.get("partners", []), "controllers": held}


class RequestsAsked(Schema):
    state: RequestState | None = None
    person: int | None = Field(None, ge=1, le=2**63 - 1)
    limit: int = Field(50, ge=1, le=MOST)


class RequestIn(Body):
    """asked_by: who asked, and by which way; checked: how it was made sure who that is; no copy of a passport."""

    kind: RequestKind
    asked_by: str = Field(min_length=1, max_length=LINE["asked_by"])
    checked: str = Field(min_length=1, max_length=LINE["checked"])
    said: str = Field("", max_length=WORDS)


class RequestMade(Schema):
    """address: where the person sees how it goes, without an account. Told this once."""

    request: WholeRequestOut
    address: str


class ExtensionIn(Body):
    reason: str = Field(min_length=1, max_length=LINE["extension"])


class LiftIn(Body):
    reason: str = Field(min_length=1, max_length=LINE["lifting"])


class AnsweredIn(Body):
    """answer: what was done, or why it is refused; the person reads it."""

    answer: str = Field(min_length=1, max_length=WORDS)
    outcome: Literal["done", "refused"]


class CopyMade(Schema):
    """Where it is fetched, once, and what opens it. Told this once: the passphrase is kept nowhere."""

    address: str
    passphrase: str
    expires_at: datetime


def _opened(sealed: Any) -> str | None:
    try:
        return bytes(sealed).decode()
    except Unreadable:
        return None


def _one(who: Caller, pk: int) -> DataRequest:
    return who.must(who.one(DataRequest, pk, "person", "tenant"), Right.PRIVACY)


@router.get("/requests", response=list[RequestOut])
def list_requests(request: HttpRequest, asked: Query[RequestsAsked]) -> list[DataRequest]:
    """The first due first."""
    rows = caller(request).rows(DataRequest)
    if asked.state is not None:
        rows = rows.filter(state=asked.state)
    if asked.person is not None:
        rows = rows.filter(person=caller(request).one(Person, asked.person))
    return list(rows[: asked.limit])


@router.post("/people/{person_id}/requests", response={201: RequestMade, **REFUSED})
def make_request(request: HttpRequest, person_id: int, fields: RequestIn) -> Status[dict[str, Any]]:
    """On behalf of somebody who asked by telephone, letter or e-mail. Thirty days from now on."""
    who = caller(request)
    person = who.one(Person, person_id)
    who.must(person.tenant_id, Right.PRIVACY)
    row, token = requests.make(person, **fields.dict())
    return Status(201, {"request": row, "address": requests.address(token)})


@router.get("/requests/{request_id}", response={200: WholeRequestOut, **REFUSED})
def show_request(request: HttpRequest, request_id: int) -> DataRequest:
    return _one(caller(request), request_id)


@router.post("/requests/{request_id}/extend", response={200: WholeRequestOut, **REFUSED})
def extend_request(request: HttpRequest, request_id: int, fields: ExtensionIn) -> DataRequest:
    """Sixty days more, once, for a reason that the person reads."""
    row = _one(caller(request), request_id)
    requests.extend(row, fields.reason)
    return row


@router.post("/requests/{request_id}/answer", response={200: WholeRequestOut, **REFUSED})
def answer_request(request: HttpRequest, request_id: int, fields: AnsweredIn) -> DataRequest:
    """It is closed; what is answered is its receipt."""
    row = _one(caller(request), request_id)
    requests.answer(row, fields.answer, done=fields.outcome == "done")
    return row


@router.post("/requests/{request_id}/lift", response={200: WholeRequestOut, **REFUSED})
def lift_request(request: HttpRequest, request_id: int, fields: LiftIn) -> DataRequest:
    """A restriction, objection or withdrawal that was granted holds no longer, for a reason that the person reads."""
    row = _one(caller(request), request_id)
    requests.lift(row, fields.reason)
    return row


@router.post("/requests/{request_id}/copy", response={201: CopyMade, **REFUSED})
def copy_for_request(request: HttpRequest, request_id: int) -> Status[CopyMade]:
    """Answers what asks for a copy: an encrypted ZIP, fetched once. That it was made is kept."""
    who = caller(request)
    row = _one(who, request_id)
    made = copies.answer(row, themself=False)
    looks.note([row.tenant_id], Look.What.EXPORT, clock.now(), user=who.user, token=who.token, person=row.person)
    told = CopyMade(address=copies.address(made.token), passphrase=made.passphrase, expires_at=made.row.expires_at)
    return Status(201, told)


@router.post("/requests/{request_id}/erase", response={200: WholeRequestOut, **REFUSED})
def erase_for_request(request: HttpRequest, request_id: int) -> DataRequest:
    """Here at once; done when every controller that held them has said so."""
    who = caller(request)
    row = _one(who, request_id)
    erasing.begin(row, who.reach.may(row.tenant_id, Right.MEMBERS))
    erasing.carry_out(row)
    return row
