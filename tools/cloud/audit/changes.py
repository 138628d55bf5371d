"""A change: what is saved, what follows from it (propagate.py) and what is kept of it, in one transaction.

    with changes.of(card):
        card.active = False
        card.save(update_fields=["active"])
        propagate.access_of([card.person_id])

How the row was before and is afterwards is read from the database, whichever way it was written. A change that is
refused, or rolled back, leaves nothing. signals.py is the net under this: it catches what no service has said.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from django.db import models, transaction

from ..models import AccessGroup, Change, Credential, Grant, Membership, Person, User
from ..services import clock, entered
from . import author, recorded
from .recorded import RowState

Said = tuple[str, int]  # what controllers were told of, such as ("person", 7)
What = Change.What


class Owed(NamedTuple):
    """What must follow from something saved: any of these said; else `do` makes up for it."""

    said: frozenset[Said]
    do: Callable[[], object]
    what: str


class OpenChange:
    """All that belongs to one change, from the outermost `with` on."""

    def __init__(self) -> None:
        self.rows: list[models.Model] = []  # whose change is being made
        self.owed: list[Owed] = []

    def covers(self, row: models.Model, removed: bool = False) -> bool:
        """Whether the change of a row is one that is kept. removed: also with what it belonged to."""
        found = {recorded.whole(row)}
        if removed and isinstance(row, Credential | Grant):
            found.add((Person, row.person_id))
        if removed and isinstance(row, Grant):
            found.add((AccessGroup, row.group_id))
        if any(one is row or recorded.whole(one) in found for one in self.rows):
            return True
        return isinstance(row, User) and any(isinstance(one, Membership) and one.user_id == row.pk for one in self.rows)


_work: ContextVar[OpenChange | None] = ContextVar("change", default=None)
missed: Callable[[str], None] = lambda what: None  # noqa: E731  signals.py has its own


def open_work() -> OpenChange | None:
    return _work.get()


def said(*what: Said) -> None:
    """Controllers are told of this: nothing more is owed."""
    work = _work.get()
    if work is not None:
        work.owed = [one for one in work.owed if not one.said & set(what)]


@contextmanager
def together() -> Iterator[None]:
    """Several changes are one: whole or not at all, and what follows from them may be said once."""
    work = _work.get()
    if work is None:
        token = _work.set(work := OpenChange())
        try:
            with transaction.atomic():
                yield
                _settle(work)
        finally:
            _work.reset(token)
        return
    owed = list(work.owed)
    try:
        with transaction.atomic():
            yield
    except BaseException:
        work.owed = owed
        raise


@contextmanager
def covering(*rows: models.Model) -> Iterator[None]:
    """The caller keeps by hand what becomes of these rows."""
    with together():
        work = _work.get()
        assert work is not None
        before = work.rows
        work.rows = [*before, *rows]
        try:
            yield
        finally:
            work.rows = before


@contextmanager
def of(row: models.Model, *others: models.Model) -> Iterator[None]:
    """A row is made, changed or removed within, and that is kept, once. others: go with it, as parts of that change."""
    model, pk = type(row), row.pk
    with covering(row, *others):
        before = recorded.state(model, pk)
        yield
        keep(before, recorded.state(model, row.pk if pk is None else pk))


def keep(before: RowState | None, after: RowState | None) -> None:
    """Keeps the difference, if there is one."""
    entry = difference(before, after)
    if entry is not None:
        entry.save(force_insert=True)


def difference(before: RowState | None, after: RowState | None) -> Change | None:
    state = after or before
    if state is None:
        return None
    was, now = before.values if before else {}, after.values if after else {}
    differ = [name for name in state.values if was.get(name) != now.get(name)]
    if before and after and not differ:
        return None
    # Here, of every row that a service saves: no field is forgotten. What was kept before there was this stays.
    entered.lines(*(now[name] for name in differ if name in now and name != recorded.ELSEWHERE.get(state.kind)))
    what = What.CHANGED if before and after else What.REMOVED if before else What.MADE
    return entry(
        state.tenant,
        state.kind,
        what,
        number=state.number,
        name=state.name,
        before={name: was[name] for name in differ if name in was},
        after={name: now[name] for name in differ if name in now},
        person=state.person,
        hidden=state.hidden,
    )


def note(tenant: int, kind: Any, what: Any, **more: Any) -> None:
    """Keeps what is no row that stays and changes, by hand: entry() says with what."""
    entry(tenant, kind, what, **more).save(force_insert=True)


def entry(
    tenant: int,
    kind: Any,
    what: Any,
    *,
    number: int | None,
    name: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    person: int | None = None,
    hidden: bool = False,
) -> Change:
    """An entry that is not saved yet, by the author of this moment."""
    by = author.now()
    return Change(
        tenant_id=tenant,
        at=clock.now(),
        way=by.way,
        user=by.user,
        token=by.token,
        account=by.account,
        kind=kind,
        what=what,
        object=number,
        name=name,
        person_id=person,
        before=dict(before or {}),
        after=dict(after or {}),
        hidden=hidden,
    )


def removed(model: type[models.Model], pks: list[int]) -> None:
    """Keeps that many rows go at once, before they do."""
    entries = [difference(state, None) for state in recorded.states(model, pks)]
    Change.objects.bulk_create(one for one in entries if one is not None)


def forget(tenant: int, person: int) -> int:
    """A person is erased, and that is kept. What was changed about them before is known no more, only that it was.

    Returns how many entries that were.
    """
    mine = Change.objects.filter(person=person)
    forgotten = int(mine.update(name="", before={}, after={}, person=None, object=None, erased=True))
    last = entry(tenant, Change.Kind.PERSON, What.REMOVED, number=None, name="")
    last.erased = True
    last.save(force_insert=True)
    return forgotten


def _settle(work: OpenChange) -> None:
    for one in work.owed:
        missed(one.what)
        one.do()
