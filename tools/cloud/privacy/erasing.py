"""Erasure as a request: begun, done in the database, followed until every controller that held the person says so.

Each step is kept before the next one begins, so one that a power cut ended in the middle goes on where it was: the
worker's tidying looks (go_on). The database's part is one transaction, the person's erasure itself (people/erasure.py).
"""

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from ..access_list.history import digest_of
from ..audit import author, changes
from ..models import ApiToken, Controller, DataRequest, ErasedAt, Membership, Partner, Person, Role, ScimUser, lock
from ..people import erasure
from ..services import clock
from ..services.each import each
from ..services.overwriting import overwrite
from ..services.refusal import Refusal
from . import requests
from .requests import Kind, State, Way, What

log = logging.getLogger("portvakt.privacy")
LOG_IN = timedelta(hours=1)  # of a link, after which what a controller had recorded before has come in
KEYS_MOST = timedelta(days=90)  # ... and after which nothing of before comes any more: boards erase it themselves
KEY = 7
NOT_ERASED = "not everybody was erased who should be"


def begin(row: DataRequest, members: bool) -> None:
    """It goes on by itself from here. members: whether who begins it may end memberships too. Raises Refusal."""
    with changes.of(row):
        lock(row)
        if row.kind != Kind.ERASURE or row.state != State.OPEN:
            raise Refusal("this is no erasure that waits to be begun")
        assert row.person is not None
        _check(row.person, members)
        row.state = State.ERASING
        row.save(update_fields=["state"])
        requests.step(row, What.BEGUN)


def at_once(person: Person, members: bool, way: Any = Way.OFFICE) -> DataRequest:
    """Somebody is erased whether or not they asked: the request that is followed is theirs, or made here."""
    with changes.together():
        lock(person)
        row = DataRequest.objects.filter(person=person, kind=Kind.ERASURE, state__in=DataRequest.GOING).first()
        if row is None:
            row = requests.enter(person, Kind.ERASURE, way)
        if row.state == State.OPEN:
            begin(row, members)
        carry_out(row)
    return row


def carry_out(row: DataRequest) -> None:
    """In this database, all or nothing; then what controllers have said already."""
    with changes.together():
        lock(row)
        if row.state == State.ERASING and row.erased_at is None:
            _erase(row)
        if row.state == State.ERASING:
            _look(row, clock.now())


def go_on(now: datetime) -> None:
    """Those that are under way; and what boards sent late of those that are done."""
    going = DataRequest.objects.filter(state=State.ERASING).order_by("pk")
    each((partial(_go_on, row) for row in going), NOT_ERASED)
    for one in ErasedAt.objects.exclude(keys=b"").select_related("controller", "request"):
        _late(one, now)


def _go_on(row: DataRequest) -> None:
    try:
        carry_out(row)
    except Refusal as problem:  # somebody is the last owner by now
        log.warning("an erasure was stopped: %s", problem.text)
        _stop(row)


def last_owner_of(person: Person) -> bool:
    """Whether the organisation would be without an owner."""
    row = _membership(person)
    if row is None or row.role != Role.OWNER:
        return False
    others = Membership.objects.filter(tenant=person.tenant_id, role=Role.OWNER, user__is_active=True)
    return not others.exclude(pk=row.pk).exists()


def _check(person: Person, members: bool) -> None:
    if last_owner_of(person):
        raise Refusal(
            "%(name)s is the last owner of %(tenant)s; make somebody else an owner first, then erase",
            name=person.name, tenant=person.tenant.name,
        )  # fmt: skip
    if _membership(person) is not None and not members:
        raise Refusal(
            "%(name)s is a member of the organisation too; an owner has to erase them, or end the membership first",
            name=person.name,
        )


def _membership(person: Person) -> Membership | None:
    return Membership.objects.filter(user=person.user_id, tenant=person.tenant_id).first() if person.user_id else None


def _erase(row: DataRequest) -> None:
    from ..members import members  # which leads back here by way of the pages

    person, now = row.person, clock.now()
    receipt: dict[str, Any] = {}
    if person is not None:
        keys = erasure.keys_of(person)
        receipt["directory"] = ScimUser.objects.filter(person=person).exists()
        receipt["partners"] = _partners(person)
        membership = _membership(person)
        if membership is not None:
            members.end(membership)
        _close_others(row, person)
        by = author.now()
        receipt["counts"] = erasure.erase(person, now, user=by.user, token=by.token)
        _follow(row, keys)
    lock(row)  # which names nobody now
    row.erased_at, row.receipt = now, receipt
    row.save(update_fields=["erased_at", "receipt"])
    requests.step(row, What.ERASED)


def _follow(row: DataRequest, keys: dict[int, set[bytes]]) -> None:
    """What each controller that held them has to report: the version and digest of its access list without them."""
    for controller in Controller.objects.filter(pk__in=keys).order_by("pk"):
        ErasedAt.objects.create(
            request=row, controller=controller, version=controller.acl_version, digest=controller.acl_digest,
            keys=b"".join(sorted(keys[controller.pk])),
        )  # fmt: skip


def _partners(person: Person) -> list[str]:
    """Programs of others that could know of them: they are not told by this."""
    rows = Partner.objects.filter(token__tenant=person.tenant_id, token__revoked_at=None)
    rows = rows.filter(doors__groups__grants__person=person).distinct()
    return sorted(ApiToken.objects.filter(pk__in=rows.values("token")).values_list("name", flat=True))


def _close_others(row: DataRequest, person: Person) -> None:
    """What else they asked for has nobody to answer to."""
    for other in DataRequest.objects.filter(person=person, state=State.OPEN).exclude(pk=row.pk):
        requests.close(other, State.TAKEN_BACK)


def _look(row: DataRequest, now: datetime) -> None:
    """Notes what controllers have reported since; closes the request when all have."""
    waits = False
    for one in row.controllers.filter(held_at=None).select_related("controller"):
        if holds_without(one):
            ErasedAt.objects.filter(pk=one.pk).update(held_at=now)
        elif one.controller.lost_at is None:
            waits = True
    if not waits:
        requests.close(row, State.DONE)
        transaction.on_commit(overwrite)


def holds_without(one: ErasedAt) -> bool:
    """Whether a controller has said that it holds the access list as it was then, or a later one of ours."""
    row = one.controller
    if row.held_acl_version < one.version:
        return False
    right = one.digest if row.held_acl_version == one.version else digest_of(row, row.held_acl_version)
    return right is not None and right == row.held_acl_digest


def _late(one: ErasedAt, now: datetime) -> None:
    """Makes anonymous what a controller had recorded before it knew, and sent since."""
    keys = bytes(one.keys)
    erasure.anonymise(one.controller_id, {keys[at : at + KEY] for at in range(0, len(keys), KEY)})
    heard = one.controller.confirmed_at
    since = one.request.erased_at or now
    linked = one.held_at is not None and heard is not None and heard >= one.held_at + LOG_IN
    if linked or one.controller.lost_at is not None or now >= since + KEYS_MOST:
        ErasedAt.objects.filter(pk=one.pk).update(keys=b"")


def _stop(row: DataRequest) -> None:
    with changes.of(row):
        lock(row)
        row.state = State.OPEN
        row.save(update_fields=["state"])
        requests.step(row, What.STOPPED)
