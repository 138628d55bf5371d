"""A breach is opened, described, told of and closed; each step is an entry with who did it.

From when it is known the authority is told within 72 hours, or later with the reason (GDPR 33(1)); or it is written
down why it need not be.
"""

from datetime import datetime
from typing import Any

from ..audit import author, changes
from ..models import (
    ApiToken,
    Breach,
    BreachEntry,
    BreachNotice,
    Controller,
    Membership,
    Person,
    Tenant,
    User,
    lock,
)
from ..models.retention import BREACHES
from ..services import clock, entered, local_time
from ..services.refusal import Refusal
from . import scopes

Scope, What, To = Breach.Scope, BreachEntry.What, BreachNotice.To
TEXTS = ("said", "consequences", "measures")
TEXT = 4000  # letters of each of them, and of an entry's note
NOTICE = 12_000
# What stops the clock, and what says of the people what it says of the authority.
AUTHORITY, PEOPLE = (What.AUTHORITY, What.NO_AUTHORITY), (What.PEOPLE, What.NO_PEOPLE)
ENTERED = (*AUTHORITY, *PEOPLE, What.NOTE)


def open_one(
    tenant: Tenant,
    scope: str,
    since: datetime,
    until: datetime | None,
    known_at: datetime,
    said: str,
    of: Any = None,
) -> Breach:
    """of: the account, controller or token that it is about; None of the whole organisation."""
    about = _about(tenant, scope, of)
    row = Breach(
        tenant=tenant, scope=about, since=since, until=until, known_at=known_at, said=_text(said).encode(),
        opened_at=clock.now(), opened_by=author.now().user, **({about.value: of} if of is not None else {}),
    )  # fmt: skip
    _check(row)
    with changes.of(row):
        row.save(force_insert=True)
        _enter(row, What.OPENED)
    return row


def describe(row: Breach, texts: dict[str, str], until: datetime | None, known_at: datetime) -> None:
    """What happened in the owner's words, what it may lead to, what is done about it; the end, when it is over."""
    with changes.of(row):
        _open(row)
        row.until, row.known_at = until, known_at
        _check(row)
        for name in TEXTS:
            words = texts.get(name, "")
            setattr(row, name, _text(words, empty=name != "said").encode())
        row.save(update_fields=["until", "known_at", *TEXTS])
        _enter(row, What.CHANGED)


def enter(row: Breach, what: str, note: str, happened_at: datetime | None = None) -> BreachEntry:
    """What was done. happened_at: when the authority or the people were told."""
    if what not in ENTERED:
        raise Refusal("choose what was done")
    now = clock.now()
    told = what in (What.AUTHORITY, What.PEOPLE)
    if told and happened_at is None:
        raise Refusal("say when they were told")
    if told and happened_at is not None and not row.since <= happened_at <= now:
        raise Refusal("they were told after it happened, and not in the future; correct the time")
    late = what == What.AUTHORITY and happened_at is not None and happened_at > row.due_at
    if late and not note.strip():
        raise Refusal("that is later than 72 hours after it was known: write why, as the authority asks for it")
    words = _text(note, empty=told)
    with changes.of(row):
        _open(row)
        if what in AUTHORITY and row.told_at is None:
            row.told_at = happened_at if told else now
            row.save(update_fields=["told_at"])
        counts = scopes.work_out(row).counts() if what != What.NOTE else {}
        return _enter(row, what, words, happened_at if told else None, counts)


def taken(row: Breach) -> None:
    """The list of people was."""
    _enter(row, What.LIST)


def close(row: Breach, note: str) -> None:
    """Everybody who has to be was told, or it is written down why not."""
    with changes.of(row):
        _open(row)
        done = set(row.entries.values_list("what", flat=True))
        if row.until is None:
            raise Refusal("say until when others could get at it, before you close it")
        if not done & set(AUTHORITY):
            raise Refusal("enter that the authority was told, or why it need not be, before you close it")
        if not done & set(PEOPLE):
            raise Refusal("enter that the people were told, or why they need not be, before you close it")
        row.closed_at = clock.now()
        row.save(update_fields=["closed_at"])
        _enter(row, What.CLOSED, _text(note, empty=True), None, scopes.work_out(row).counts())


def keep_notice(row: Breach, to: str, language: str, text: str | None) -> None:
    """As it was edited; None: drafted anew from now on."""
    with changes.together():
        _open(row)
        mine = BreachNotice.objects.filter(breach=row, to=to, language=language)
        if text is None:
            mine.delete()
            return
        kept = {"text": _text(text, most=NOTICE).encode(), "saved_at": clock.now(), "saved_by": author.now().user}
        BreachNotice.objects.update_or_create(breach=row, to=to, language=language, defaults=kept)


def forget(now: datetime) -> None:
    """Those whose days after the end are over."""
    assert BREACHES.period is not None
    old = Breach.objects.filter(closed_at__lte=now - BREACHES.period)
    with changes.covering(*old):
        old.delete()


def accounts(tenant: Tenant) -> list[User]:
    """Those that a breach can be about: of members, and of people with a page of their own."""
    members = Membership.objects.filter(tenant=tenant).values("user")
    people = Person.objects.filter(tenant=tenant, user__isnull=False).values("user")
    return list((User.objects.filter(pk__in=members) | User.objects.filter(pk__in=people)).order_by("email"))


def _about(tenant: Tenant, scope: str, of: Any) -> Any:
    kinds = {Scope.WHOLE: type(None), Scope.ACCOUNT: User, Scope.CONTROLLER: Controller, Scope.TOKEN: ApiToken}
    if scope not in Scope.values or not isinstance(of, kinds[Scope(scope)]):
        raise Refusal("choose what is affected: the organisation, or one account, controller or token")
    there = {
        Scope.ACCOUNT: lambda: of in accounts(tenant),
        Scope.CONTROLLER: lambda: of.site.tenant_id == tenant.pk,
        Scope.TOKEN: lambda: of.tenant_id == tenant.pk,
    }.get(Scope(scope))
    if there is not None and not there():
        raise Refusal("there is no such account, controller or token in this organisation; choose one of its own")
    return Scope(scope)


def _check(row: Breach) -> None:
    now = clock.now()
    local_time.check(row.since, row.until, row.known_at)
    if row.until is not None and row.until <= row.since:
        raise Refusal("it ends after it begins; correct the times")
    if row.since > now or row.known_at > now or (row.until is not None and row.until > now):
        raise Refusal("a breach is entered when it has happened; choose times that are past")
    if row.known_at < row.since:
        raise Refusal("it is known after it began; correct the times")


def _enter(
    row: Breach, what: Any, note: str = "", happened_at: datetime | None = None, counts: dict[str, int] | None = None
) -> BreachEntry:
    return BreachEntry.objects.create(
        breach=row,
        what=what,
        at=clock.now(),
        happened_at=happened_at,
        note=note.encode(),
        counts=counts or {},
        user=author.now().user,
    )


def _open(row: Breach) -> None:
    lock(row)
    if row.closed_at is not None:
        raise Refusal("this breach is closed; open another one if more has come to light")


def _text(said: str, most: int = TEXT, empty: bool = False) -> str:
    return "" if empty and not said.strip() else entered.paragraphs(said, most)
