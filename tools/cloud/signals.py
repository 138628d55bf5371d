"""The net under the services: what is saved without a service that says so is carried to controllers and recorded.

Services say what follows from a change and what is kept of it (audit/changes.py, propagate.py). Nothing should ever
be caught here: the tests fail when something is; where it happens all the same it is logged once, and done.
"""

import logging
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any

from django.db import models, transaction
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save

from .audit import changes, recorded
from .audit.changes import Owed, Said
from .audit.recorded import RowState
from .models import (
    AccessGroup,
    Area,
    Change,
    Credential,
    Door,
    DoorRules,
    Grant,
    GroupDoor,
    Holiday,
    Membership,
    Person,
    Schedule,
    Scoped,
    Tenant,
    User,
)
from .models.scope import Whole
from .services import propagate

log = logging.getLogger("portvakt.net")
_told: set[str] = set()


def caught(what: str) -> None:
    """Something came about that no service has said."""
    if what not in _told:
        _told.add(what)
        log.error("%s, and no service said so: it is done all the same; please report it", what, stack_info=True)


changes.missed = lambda what: caught(what)


def _fields(model: type[models.Model]) -> tuple[str, ...]:
    return recorded.FIELDS.get(model) or recorded.PARTS.get(model, ())


def _kept(model: type[models.Model], names: Iterable[str] | None) -> bool:
    """Whether something that is recorded may have been written. names: of the fields; None: all of them."""
    fields = _fields(model)
    if names is None or not fields:
        return bool(fields)
    return bool({name.removesuffix("_id") for name in names} & set(fields))


# --- what controllers have to be told of


def _owed(row: models.Model, made: bool, removed: bool = False) -> list[Owed]:
    what = f"a {type(row).__name__} was {'removed' if removed else 'made' if made else 'changed'}"

    def owed(do: Callable[[], object], *said: Said) -> list[Owed]:
        return [Owed(frozenset(said), do, what)]

    match row:
        case Person() if not made and not removed:
            tenant, person = row.tenant_id, row.pk
            return owed(lambda: propagate.access_of(tenant, [person]), ("person", person))
        case Credential() if not removed:
            tenant, person = row.tenant_id, row.person_id
            return owed(lambda: propagate.access_of(tenant, [person]), ("person", person))
        case Grant():
            of = AccessGroup.objects.filter(pk=row.group_id).values_list("tenant", flat=True).first()
            tenant = of or Person.objects.filter(pk=row.person_id).values_list("tenant", flat=True).first()
            person = row.person_id
            if tenant is None:
                return []
            return owed(lambda: propagate.access_of(tenant, [person]), ("person", person), ("group", row.group_id))
        case AccessGroup() if not made and not removed:
            return owed(lambda: propagate.access_in(row), ("group", row.pk))
        case GroupDoor():
            of = AccessGroup.objects.filter(pk=row.accessgroup_id).values_list("tenant", flat=True).first()
            at = Door.objects.filter(pk=row.door_id).values_list("controller", flat=True).first()
            if of is None or at is None:
                return []
            return owed(lambda: propagate.access_at(of, [at]), ("group", row.accessgroup_id), ("controller", at))
        case Door() if not removed:
            return owed(lambda: propagate.rules_of([row.controller_id]), ("rules", row.controller_id))
        case DoorRules() if not removed:
            controller = row.door.controller
            access = owed(
                lambda: propagate.access_at(controller.site.tenant_id, [controller.pk]), ("controller", controller.pk)
            )
            return access + owed(lambda: propagate.rules_around(controller), ("rules", controller.pk))
        case Schedule() if not removed:
            return owed(lambda: propagate.rules_everywhere(row.tenant_id), ("tenant", row.tenant_id))
        case Holiday():
            return owed(lambda: propagate.rules_everywhere(row.tenant_id), ("tenant", row.tenant_id))
        case Area() if not removed:
            return owed(lambda: propagate.rules_at(row.site_id), ("site", row.site_id))
    return []


def _owe(*rows: models.Model, made: bool = False, removed: bool = False) -> None:
    work = changes.open_work()
    owed = [one for row in rows for one in _owed(row, made, removed)]
    if work is not None:
        work.owed += owed
        return
    for one in {one.said: one for one in owed}.values():
        caught(one.what)
        one.do()


# --- what is kept


def _states(*rows: models.Model) -> list[RowState]:
    """Of what rows are recorded as, a query a model. An account is a member of several tenants."""
    wanted: dict[type[models.Model], set[int]] = {}
    for row in rows:
        if type(row) is User:
            members = Membership.objects.filter(user=row.pk).values_list("pk", flat=True)
            wanted.setdefault(Membership, set()).update(members)
        else:
            model, pk = recorded.whole(row)
            wanted.setdefault(model, set()).update(() if pk is None else (pk,))
    return [state for model, pks in wanted.items() if pks for state in recorded.states(model, sorted(pks))]


def _keep(before: list[RowState], after: list[RowState], row: str) -> None:
    olds, news = {one.number: one for one in before}, {one.number: one for one in after}
    numbers = sorted(olds.keys() | news.keys())
    entries = [changes.difference(olds.get(number), news.get(number)) for number in numbers]
    made = [entry for entry in entries if entry is not None]
    for entry in made[:1]:
        caught(f"a {row} was {entry.what}")
    Change.objects.bulk_create(made)


def _covered(row: models.Model, removed: bool = False) -> bool:
    work = changes.open_work()
    return work is not None and work.covers(row, removed)


def before_a_save(instance: models.Model, raw: bool = False, update_fields: Any = None, **_: Any) -> None:
    if not raw and _kept(type(instance), update_fields) and not _covered(instance):
        instance._before = _states(instance)  # type: ignore[attr-defined]


def after_a_save(instance: models.Model, created: bool, raw: bool = False, **_: Any) -> None:
    if raw:
        return
    before = instance.__dict__.pop("_before", None)
    if before is not None:
        _keep(before, _states(instance), type(instance).__name__)
    _owe(instance, made=created)


def before_a_removal(instance: models.Model, origin: Any = None, **_: Any) -> None:
    """origin: the row, or rows, that a caller deletes; all else goes with it."""
    of = origin.model if isinstance(origin, models.QuerySet) else type(origin)
    if of is Tenant or _covered(instance, removed=True):
        return
    if isinstance(instance, Person):
        caught("a Person was removed")
        changes.forget(instance.tenant_id, instance.pk)
    elif of is not Person:
        instance._before = _states(instance)  # type: ignore[attr-defined]


def after_a_removal(instance: models.Model, **_: Any) -> None:
    before = instance.__dict__.pop("_before", None)
    if before is not None:
        whole, _pk = recorded.whole(instance)
        _keep(before, [] if type(instance) is whole else _states(instance), type(instance).__name__)
    _owe(instance, removed=True)


# --- what is written to many rows at once


def _written(rows: Iterable[models.Model], names: Iterable[str] | None, write: Callable[[], Any]) -> Any:
    """update() and its like have no signals; `group.doors.set(...)` writes so, too. names: None of new rows.

    Within a change its service says what it keeps.
    """
    work = changes.open_work()
    if work is not None:
        return write()
    with transaction.atomic():
        those = [row for row in rows if _kept(type(row), names)]
        before = _states(*those)
        done = write()
        _keep(before, _states(*those), "row")
        _owe(*those, made=names is None)
        return done


# Of these models only: what has a listener is deleted row by row.
for _model in (*recorded.FIELDS, *recorded.PARTS):
    pre_save.connect(before_a_save, sender=_model)
    post_save.connect(after_a_save, sender=_model)
    pre_delete.connect(before_a_removal, sender=_model)
    post_delete.connect(after_a_removal, sender=_model)

Whole.made_in = staticmethod(lambda: nullcontext() if changes.open_work() else transaction.atomic())
Scoped.kept = staticmethod(_kept)
Scoped.written = staticmethod(_written)
