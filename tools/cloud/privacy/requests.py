"""Requests of people about their own data: received, extended once, answered or refused, in time.

Each step is put on record with who took it: together they are the receipt. The time that the law gives is thirty days,
and sixty more where the person is told why within the first ones (GDPR 12(3)).
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from ..audit import author, changes
from ..models import DataRequest, Person, RequestStep, lock, standing
from ..models.retention import REQUESTS
from ..people import births, pictures
from ..row_security import admitted
from ..services import clock, entered
from ..services.refusal import Refusal
from ..services.tokens import hash_of

Kind, State, Way, What = DataRequest.Kind, DataRequest.State, DataRequest.Way, RequestStep.What

DUE = timedelta(days=30)
LONGER = timedelta(days=60)  # once
SOON = timedelta(days=7)  # a deadline that is so near is shown as such
WORDS = 2000  # letters of what somebody asks or is answered
LINE = {"asked_by": 100, "checked": 200, "extension": 200, "lifting": 200}
OPEN_AT_ONCE = 20  # of one person, in a day
LONGEST = 100  # of what is sought as a token


def make(person: Person, kind: str, said: str = "", asked_by: str = "", checked: str = "") -> tuple[DataRequest, str]:
    """A request, and the token of the address where the person sees how it goes: told this once.

    Without asked_by they ask themselves, signed in; else it says who asked, and checked how it was made sure who it is.
    """
    said, asked_by, checked = _words(said), _line("asked_by", asked_by), _line("checked", checked)
    if kind not in Kind.values:
        raise Refusal("choose what is asked for")
    if bool(asked_by) != bool(checked):
        raise Refusal("say who asked, and how it was checked who that is")
    now, token = clock.now(), secrets.token_urlsafe(32)
    with changes.together():
        lock(person)
        made = DataRequest.objects.filter(person=person, made_at__gt=now - timedelta(days=1)).count()
        if made >= OPEN_AT_ONCE:
            raise Refusal("that is %(n)d requests within a day; ask for more tomorrow", n=OPEN_AT_ONCE)
        row = enter(
            person, kind, Way.BEHALF if asked_by else Way.OWN,
            said=said.encode(), asked_by=asked_by, checked=checked, page=hash_of(token),
        )  # fmt: skip
    return row, token


def enter(person: Person, kind: Any, way: Any, **more: Any) -> DataRequest:
    """A request of whatever way, and its first step."""
    now = clock.now()
    row = DataRequest(
        tenant_id=person.tenant_id, person=person, kind=kind, way=way, made_by=author.now().user, made_at=now,
        due_at=now + DUE, **more,
    )  # fmt: skip
    with changes.together():
        if standing.rows(kind).filter(person=person, state=State.DONE).exists():
            raise Refusal("this was asked for already, and holds")
        try:
            with changes.of(row), transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise Refusal("this was asked for already, and is being worked on") from None
        step(row, What.MADE)
        if kind == Kind.WITHDRAWAL:
            births.forget(person)  # what rests on consent (models/processing.py)
            pictures.forget(person)
    return row


def extend(row: DataRequest, reason: str) -> None:
    """Once, for a reason that the person reads."""
    reason = _line("extension", reason)
    if not reason:
        raise Refusal("say why it takes longer: the person reads it")
    with changes.of(row):
        _open(row)
        if row.extension:
            raise Refusal("a deadline is extended once")
        if clock.now() > row.due_at:
            raise Refusal("the deadline is over: answer now; more time is taken before it ends")
        row.extension, row.due_at = reason, row.made_at + DUE + LONGER
        row.save(update_fields=["extension", "due_at"])
        step(row, What.EXTENDED)


def answer(row: DataRequest, text: str, done: bool) -> None:
    """It is done, or refused with the reason: the person reads both."""
    text = _words(text)
    if not text:
        raise Refusal("write what was done, or why it is refused: the person reads it")
    if done and row.kind == Kind.ERASURE:
        raise Refusal("an erasure is done by erasing; begin it here, or refuse the request")
    close(row, State.DONE if done else State.REFUSED, text)


def take_back(row: DataRequest) -> None:
    """By the person, who asks no longer; or who wants no longer what was granted and stands."""
    if standing.rows().filter(pk=row.pk, state=State.DONE).exists():
        _lift(row, "")
    else:
        close(row, State.TAKEN_BACK)


def lift(row: DataRequest, reason: str) -> None:
    """What stands does so no longer: the person reads why."""
    reason = _line("lifting", reason)
    if not reason:
        raise Refusal("say why it holds no longer: the person reads it")
    _lift(row, reason)


def _lift(row: DataRequest, reason: str) -> None:
    with changes.of(row):
        lock(row)
        if row.state == State.OPEN:
            raise Refusal("answer the request first; refused, it holds no longer")
        if not standing.rows().filter(pk=row.pk).exists():
            raise Refusal("this does not stand, so there is nothing to lift")
        row.lifted_at, row.lifting = clock.now(), reason
        row.save(update_fields=["lifted_at", "lifting"])
        step(row, What.LIFTED)


def close(row: DataRequest, state: Any, text: str = "") -> None:
    """One that is being erased is closed by nothing but its end: nobody refuses or takes back what is done half."""
    with changes.of(row):
        _open(row, *([State.ERASING] if state == State.DONE else []))
        row.state, row.closed_at = state, clock.now()
        sealed: Any = text.encode()  # by the field
        row.answer = sealed
        row.save(update_fields=["state", "closed_at", "answer"])
        step(row, What(state))


def step(row: DataRequest, what: Any) -> None:
    """Who did it is the author of this moment."""
    by = author.now()
    RequestStep.objects.create(request=row, what=what, at=clock.now(), user=by.user, token=by.token)


def _open(row: DataRequest, *also: Any) -> None:
    lock(row)
    if row.state not in (State.OPEN, *also):
        raise Refusal("this request is closed already")


def find(token: str) -> DataRequest | None:
    """By the address that was told when it was made."""
    if len(token) > LONGEST or not token.isascii():
        return None
    with admitted.everywhere():
        row: DataRequest | None = DataRequest.objects.filter(page=hash_of(token)).select_related("tenant").first()
    if row is not None:
        admitted.to_tenant_too(row.tenant_id)
    return row


def address(token: str) -> str:
    """Where the person sees how it goes."""
    return settings.PORTVAKT_URL.rstrip("/") + reverse("pages:request_followed", args=[token])


def overdue(tenants: Any, now: datetime) -> int:
    """How many are past their deadline there."""
    return int(DataRequest.objects.filter(tenant__in=tenants, state__in=DataRequest.GOING, due_at__lte=now).count())


def forget(now: datetime) -> None:
    """Those whose days after the answer are over."""
    assert REQUESTS.period is not None
    old = DataRequest.objects.filter(closed_at__lte=now - REQUESTS.period)
    old = old.exclude(pk__in=standing.rows().values("pk"))
    with changes.covering(*old):
        old.delete()


def _words(said: str) -> str:
    """Of several lines, as somebody writes."""
    text = "\n".join(line.strip() for line in said.strip().splitlines())
    entered.lines(*text.split("\n"))
    if len(text) > WORDS:
        raise Refusal("%(field)s has at most %(n)d characters; shorten it", field="text", n=WORDS)
    return text


def _line(field: str, said: str) -> str:
    text = " ".join(said.split())
    entered.lines(text)
    if len(text) > LINE[field]:
        raise Refusal("%(field)s has at most %(n)d characters; shorten it", field=field, n=LINE[field])
    return text
