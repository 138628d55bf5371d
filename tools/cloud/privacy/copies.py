"""Copies of what is kept of somebody: made, fetched once by an address that ends, and gone then."""

import secrets
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import get_language

from ..audit import changes
from ..models import DataCopy, DataRequest, Person, lock
from ..models.retention import COPIES
from ..row_security import admitted
from ..services import clock
from ..services.overwriting import overwrite
from ..services.refusal import Refusal
from ..services.tokens import hash_of
from . import archive, requests
from .requests import Kind, State, What

KINDS = (Kind.ACCESS, Kind.PORTABILITY)
LONGEST = 100  # of what is sought as a token


class Made(NamedTuple):
    """token: of the address; passphrase: both told this once."""

    row: DataCopy
    token: str
    passphrase: str


def answer(row: DataRequest, themself: bool) -> Made:
    """The request is answered with a copy. themself: it goes to nobody else but whom it is of. Raises Refusal."""
    if row.kind not in KINDS:
        raise Refusal("this is not answered with a copy")
    with changes.together():
        lock(row)
        person = row.person
        if person is None or row.state != State.OPEN:
            raise Refusal("this request is closed already")
        made = _make(row, person, themself, clock.now())
        requests.step(row, What.COPIED)
        requests.close(row, State.DONE)
    return made


def _make(row: DataRequest, person: Person, themself: bool, now: datetime) -> Made:
    assert COPIES.period is not None
    token, secret = secrets.token_urlsafe(32), archive.passphrase()
    content = archive.make(person, themself, secret, now, get_language() or "nb")
    copy = DataCopy.objects.create(
        person=person, request=row, hash=hash_of(token), content=content, made_at=now, expires_at=now + COPIES.period
    )
    return Made(copy, token, secret)


def find(token: str) -> DataCopy | None:
    """One that can still be fetched."""
    if len(token) > LONGEST or not token.isascii():
        return None
    rows = DataCopy.objects.filter(hash=hash_of(token), fetched_at=None, expires_at__gt=clock.now())
    with admitted.everywhere():
        row: DataCopy | None = rows.select_related("request__tenant").first()
    if row is not None:
        admitted.to_tenant_too(row.request.tenant_id)
    return row


def address(token: str) -> str:
    """Where it is fetched."""
    return settings.PORTVAKT_URL.rstrip("/") + reverse("pages:copy", args=[token])


def take(token: str) -> bytes | None:
    """What it holds, to one of whoever asks at once; it is here no longer then."""
    with transaction.atomic():
        row = find(token)
        # The update decides: of two at once, one finds the row not fetched yet.
        if row is None or not DataCopy.objects.filter(pk=row.pk, fetched_at=None).update(
            fetched_at=clock.now(), content=b""
        ):
            return None
        requests.step(row.request, What.FETCHED)
        transaction.on_commit(overwrite)
    return bytes(row.content)


def forget(now: datetime) -> None:
    """Those that were not fetched in time, and the rows of those that were."""
    DataCopy.objects.filter(expires_at__lte=now).delete()


def told(made: Made) -> dict[str, Any]:
    """For the page that shows it once."""
    return {"copy": made.row, "passphrase": made.passphrase, "megabytes": len(made.row.content) / 1e6}
