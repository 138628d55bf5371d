"""Requests for help: which there are, what was said, answers; and how long closed ones are kept."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from ..api.auth import caller
from ..api.body import Body
from ..api.errors import Error
from ..models import HelpPolicy, HelpRequest, Right, Tenant
from ..models.help import DAYS, TEXT
from . import policy, requests, shown

router = Router(tags=["help"])
# Spelled out: a schema is known by its name, and State and Kind are other ones already.
State = Literal["waiting", "answered", "closed"]
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}
MOST = 200


class HelpOut(Schema):
    """person: whose own page they wrote from, if they are somebody there. about: what they attached."""

    id: int
    tenant_id: int
    kind: Literal["question", "fault", "feedback"]
    state: State
    by: str
    person_id: int | None
    about: dict[str, str]
    made_at: datetime
    changed_at: datetime

    @staticmethod
    def resolve_by(row: HelpRequest) -> str:
        return shown.asker(row)


class SaidOut(Schema):
    """text: null where it cannot be read any more."""

    at: datetime
    by_house: bool
    text: str | None


class WholeHelpOut(HelpOut):
    said: list[SaidOut]

    @staticmethod
    def resolve_said(row: HelpRequest) -> list[dict[str, Any]]:
        return [
            {"at": one.at, "by_house": one.by_house, "text": requests.text(one)} for one in row.messages.order_by("pk")
        ]


class HelpAsked(Schema):
    state: State | None = None
    before: int | None = Field(None, ge=1, le=2**63 - 1)  # older ones than this
    limit: int = Field(50, ge=1, le=MOST)


class AnswerIn(Body):
    text: str = Field(min_length=1, max_length=TEXT)
    close: bool = False


class HelpPolicyOut(Schema):
    days: int  # that a closed request is kept


class HelpPolicyChange(Body):
    days: int = Field(ge=DAYS[0], le=DAYS[1])


@router.get("/help", response=list[HelpOut])
def list_help(request: HttpRequest, asked: Query[HelpAsked]) -> list[HelpRequest]:
    """Newest first."""
    rows = caller(request).rows(HelpRequest).select_related("person", "user")
    if asked.state is not None:
        rows = rows.filter(state=asked.state)
    if asked.before is not None:
        rows = rows.filter(pk__lt=asked.before)
    return list(rows[: asked.limit])


def _one(request: HttpRequest, pk: int) -> HelpRequest:
    return caller(request).must(caller(request).one(HelpRequest, pk, "person", "user"), Right.HELP)


@router.get("/help/{help_id}", response={200: WholeHelpOut, **REFUSED})
def show_help(request: HttpRequest, help_id: int) -> HelpRequest:
    return _one(request, help_id)


@router.post("/help/{help_id}/answers", response={201: WholeHelpOut, **REFUSED})
def answer_help(request: HttpRequest, help_id: int, fields: AnswerIn) -> Status[HelpRequest]:
    """It stands on the page of who asked; close: and nothing more is to be said."""
    row = _one(request, help_id)
    requests.answer(row, fields.text, caller(request).user, close_it=fields.close)
    return Status(201, row)


@router.post("/help/{help_id}/close", response={200: HelpOut, **REFUSED})
def close_help(request: HttpRequest, help_id: int) -> HelpRequest:
    row = _one(request, help_id)
    requests.close(row)
    return row


@router.get("/tenants/{tenant_id}/help", response={200: HelpPolicyOut, **REFUSED})
def help_policy(request: HttpRequest, tenant_id: int) -> HelpPolicy:
    return policy.of(caller(request).must(tenant_id, Right.HELP))


@router.patch("/tenants/{tenant_id}/help", response={200: HelpPolicyOut, **REFUSED})
def change_help_policy(request: HttpRequest, tenant_id: int, fields: HelpPolicyChange) -> HelpPolicy:
    tenant = Tenant.objects.get(pk=caller(request).must(tenant_id, Right.HELP))
    return policy.change(tenant, fields.days)
