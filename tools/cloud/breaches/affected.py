"""Whom a breach concerns, and with what: worked out anew each time from what models say of themselves.

Rather too many than too few: whoever cannot be shown to be out of it is in. Whoever is erased since is named no more;
how many those are is said.
"""

from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Model, Q, QuerySet

from ..models import Breach, Change, Credential, DataRequest, Event, Grant, Person, User
from ..models.personal import Personal, personal
from ..models.retention import TABLE, Kept

# By which field of a row one sees that it came later than a breach; the first that a model has. A step of an access
# list may be the newest of several about one card, so its time says nothing.
CAME = ("made_at", "created_at", "received_at", "requested_at", "raised_at", "read_at", "began_at", "at")
NO_TIME = ("aclchange",)
# ... and of those without any: by the record of changes.
MADE: dict[type[Model], tuple[str, ...]] = {
    Person: (Change.Kind.PERSON,),
    Credential: (Change.Kind.CARD, Change.Kind.PIN, Change.Kind.DURESS),
    Grant: (Change.Kind.GRANT,),
}


class AffectedRows(NamedTuple):
    """Rows of one model that others could get at. earlier: only perhaps, as they were taken away before."""

    model: type[Model]
    said: Personal
    rows: QuerySet[Any]
    earlier: bool = False

    @property
    def fields(self) -> list[str]:
        """As a copy of one's own data names them (privacy/found.py); without what points at others."""
        hidden = {*self.said.others, *self.said.acts}
        names = [one.name for one in self.model._meta.concrete_fields if not one.primary_key]
        return [name for name in names if name not in hidden]


class KindOf(NamedTuple):
    """What of one row of the table of retention: how many rows of the database, and which fields."""

    kept: Kept
    rows: int
    fields: list[str]


class Affected:
    """parts: what others could get at."""

    def __init__(self, breach: Breach, parts: list[AffectedRows]) -> None:
        self.breach = breach
        self.parts = [one._replace(rows=_before(one, breach)) for one in _merged(parts)]

    @cached_property
    def people(self) -> dict[int, set[int]]:
        """{person: places in the table of retention of what there is of them}"""
        return self._who(lambda said: said.person, Person, earlier=False)

    @cached_property
    def perhaps(self) -> dict[int, set[int]]:
        """The same of those who were taken away before."""
        found = self._who(lambda said: said.person, Person, earlier=True)
        return {pk: places for pk, places in found.items() if pk not in self.people}

    @cached_property
    def accounts(self) -> dict[int, set[int]]:
        """{account: ...}; also of people who have one for their own page."""
        return self._who(lambda said: said.account, User, earlier=False)

    @cached_property
    def kinds(self) -> list[KindOf]:
        """In the order of the table."""
        found = []
        for kept in TABLE:
            parts = [one for one in self.parts if one.said.kept is kept and not one.earlier]
            rows = sum(one.rows.count() for one in parts)
            if rows:
                fields = [f"{one.model._meta.model_name}.{name}" for one in parts for name in one.fields]
                found.append(KindOf(kept, rows, fields))
        return found

    def counts(self) -> dict[str, int]:
        people, perhaps = len(self.people), len(self.perhaps)
        return {"people": people, "perhaps": perhaps, "accounts": len(self.accounts), "erased": self.erased}

    @cached_property
    def erased(self) -> int:
        """How many were erased since: whom it may concern as well, and who cannot be told any more."""
        rows = DataRequest.objects.filter(tenant=self.breach.tenant_id, erased_at__gte=self.breach.since)
        if self.breach.scope == Breach.Scope.CONTROLLER:
            rows = rows.filter(controllers__controller=self.breach.controller_id)
        return int(rows.distinct().count())

    def came(self, person: int) -> datetime:
        """Since when it concerns somebody: who was entered during it, since then."""
        return max(self.breach.since, self._entered.get(person, self.breach.since))

    @cached_property
    def _entered(self) -> dict[int, datetime]:
        made = Change.objects.filter(
            tenant=self.breach.tenant_id, kind=Change.Kind.PERSON, what=Change.What.MADE, at__gt=self.breach.since
        )
        return dict(made.filter(object__isnull=False).values_list("object", "at"))

    def _who(self, ways: Any, to: type[Model], earlier: bool) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for one in self.parts:
            if one.earlier != earlier:
                continue
            place = next(number for number, kept in enumerate(TABLE) if kept is one.said.kept)
            for way in ways(one.said):
                for pk in one.rows.order_by().values_list(way, flat=True).distinct():
                    if pk is not None:
                        found.setdefault(pk, set()).add(place)
        if to is Person:  # of this organisation, and there before it was over
            here = _earlier(Person, Person.objects.filter(tenant=self.breach.tenant_id), self.breach)
            there = set(here.order_by().values_list("pk", flat=True))
            found = {pk: places for pk, places in found.items() if pk in there}
        return found


def part(model: type[Model], rows: QuerySet[Any], earlier: bool = False) -> AffectedRows:
    said = personal(model)
    assert said is not None, model
    return AffectedRows(model, said, rows, earlier)


def _merged(parts: list[AffectedRows]) -> list[AffectedRows]:
    """Each model once: what is reached by two ways is counted once."""
    found: dict[tuple[type[Model], bool], AffectedRows] = {}
    for one in parts:
        known = found.setdefault((one.model, one.earlier), one)
        if known is not one:
            either = Q(pk__in=known.rows.order_by().values("pk")) | Q(pk__in=one.rows.order_by().values("pk"))
            found[one.model, one.earlier] = known._replace(rows=one.model._base_manager.filter(either))
    return list(found.values())


def _before(one: AffectedRows, breach: Breach) -> QuerySet[Any]:
    """The rows that were there before it was over."""
    rows = _earlier(one.model, one.rows, breach)
    names = {field.name for field in one.model._meta.concrete_fields}
    came = next((name for name in CAME if name in names), None)
    if breach.until is None or came is None or one.model._meta.model_name in NO_TIME:
        return rows
    if one.model is Event:  # it may have been on the board's flash, and come in later
        return rows.filter(Q(received_at__lt=breach.until) | Q(utc__lt=breach.until))
    return rows.filter(**{f"{came}__lt": breach.until})


def _earlier(model: type[Model], rows: QuerySet[Any], breach: Breach) -> QuerySet[Any]:
    if breach.until is None or model not in MADE:
        return rows
    later = Change.objects.filter(
        tenant=breach.tenant_id, kind__in=MADE[model], what=Change.What.MADE, at__gte=breach.until
    )
    return rows.exclude(pk__in=later.filter(object__isnull=False).values("object"))
