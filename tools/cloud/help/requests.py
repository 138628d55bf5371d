"""Requests for help: written, answered, closed, forgotten."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from ..audit import changes
from ..lockers import sending
from ..models import Change, HelpLetter, HelpMessage, HelpRequest, Person, Tenant, User, lock
from ..models.help import TEXT
from ..sealing import Unreadable
from ..services import clock, entered
from ..services.refusal import Refusal
from . import policy

A_DAY = 30  # things that one account writes
MESSAGES = 100  # in one request
SILENT = timedelta(days=30)  # after an answer that nobody takes up it is closed
State = HelpRequest.State


def write(
    user: User, tenant: Tenant, person: Person | None, kind: str, text: str, about: dict[str, str] | None = None
) -> HelpRequest:
    """A new one. person: as whom they write there, where they are somebody. about: what they saw, and ticked."""
    now = clock.now()
    if kind not in HelpRequest.Kind:
        raise Refusal("choose whether it is a question, a fault or feedback")
    with transaction.atomic():
        _check_room(user, now)
        row = HelpRequest(
            tenant=tenant, user=user, person=person, kind=kind, about=about or {}, made_at=now, changed_at=now
        )
        row.save(force_insert=True)
        _say(row, text, user, by_house=False)
    return row


def add(row: HelpRequest, text: str, user: User) -> None:
    """More by who asked: it waits for an answer again, also when it was closed."""
    with transaction.atomic():
        _check_room(user, clock.now())
        lock(row)
        _say(row, text, user, by_house=False)
        _become(row, State.WAITING)


def answer(row: HelpRequest, text: str, by: User | None, close_it: bool = False) -> None:
    """by: None: a program. Who asked is told by e-mail that there is an answer, where that is set up."""
    with changes.covering(row):
        lock(row)
        message = _say(row, text, by, by_house=True)
        if row.user_id is not None and sending.is_set_up():
            HelpLetter.objects.create(message=message, made_at=message.at, next_at=message.at)
        _by_house(row, State.CLOSED if close_it else State.ANSWERED)


def close(row: HelpRequest) -> None:
    with changes.covering(row):
        lock(row)
        if row.state != State.CLOSED:
            _by_house(row, State.CLOSED)


def _check_room(user: User, now: datetime) -> None:
    """Two at once of one account count one after the other."""
    User.objects.select_for_update().filter(pk=user.pk).first()
    mine = HelpMessage.objects.filter(user=user, by_house=False, at__gt=now - timedelta(days=1))
    if mine.count() >= A_DAY:
        raise Refusal("you have written %(n)d times within a day; go on tomorrow", n=A_DAY)


def _say(row: HelpRequest, text: str, user: User | None, by_house: bool) -> HelpMessage:
    said = entered.paragraphs(text, TEXT).encode()
    if row.messages.count() >= MESSAGES:
        raise Refusal("this has become very long; begin a new one")
    return HelpMessage.objects.create(request=row, user=user, by_house=by_house, at=clock.now(), said=said)


def _become(row: HelpRequest, state: Any) -> None:
    row.state, row.changed_at = state, clock.now()
    row.save(update_fields=["state", "changed_at"])


def _by_house(row: HelpRequest, state: Any) -> None:
    """By the house: that is kept, and never what was said."""
    was = {"before": {"state": row.state}, "after": {"state": state.value}}
    _become(row, state)
    if was["before"] != was["after"]:
        kind, what = Change.Kind.HELP, Change.What.CHANGED
        changes.note(row.tenant_id, kind, what, number=row.pk, name="", person=row.person_id, **was)


def text(message: HelpMessage) -> str | None:
    """None: the host's key is another one, and nobody can read it any more."""
    try:
        return bytes(message.said).decode()
    except Unreadable:
        return None


def tidy(now: datetime) -> int:
    """Closes what nobody goes on with; forgets what is closed long enough, or was written by nobody that is left.

    Returns how many are forgotten.
    """
    forgotten = 0
    silent = HelpRequest.objects.filter(state=State.ANSWERED, changed_at__lte=now - SILENT)
    silent.update(state=State.CLOSED, changed_at=now)
    for tenant in HelpRequest.objects.tenants():
        rows = HelpRequest.objects.of(tenant)
        over = Q(state=State.CLOSED, changed_at__lte=now - timedelta(days=policy.of(tenant.pk).days))
        _rows, gone = rows.filter(over | Q(user=None, person=None)).delete()
        forgotten += gone.get(HelpRequest._meta.label, 0)
    return forgotten
