"""Who reaches what: rights in a whole tenant, or at the sites, doors and banks that a membership is bound to.

Each model says with AT where its rows lie. `seen`: something of the row lies at these places, so it shows. `whole`: all
of it does, so it may be changed: whoever may change a group with a door elsewhere, or give a card to somebody who may
pass elsewhere, would give themselves those doors as well.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.db.models import Model, Q, QuerySet

from .rights import Right, rights_of

if TYPE_CHECKING:
    from .accounts import User

NOTHING, ANYTHING = Q(pk__in=()), ~Q(pk__in=())


class Places:
    """The sites, doors and banks of one membership. A site has all of its doors and banks."""

    def __init__(self, membership: int) -> None:
        self.membership = membership

    def _chosen(self, kind: str) -> set[int]:
        through = apps.get_model("cloud", "Membership")._meta.get_field(f"{kind}s").remote_field.through
        rows = through._default_manager.filter(membership=self.membership)
        return set(rows.values_list(f"{kind}_id", flat=True))

    @cached_property
    def sites(self) -> set[int]:
        return self._chosen("site")

    @cached_property
    def _doors(self) -> dict[int, tuple[int, int, int]]:
        """{door: its controller, number, site}"""
        of = Q(controller__site__in=self.sites) | Q(pk__in=self._chosen("door"))
        rows = _rows("Door").filter(of).values_list("pk", "controller", "number", "controller__site")
        return {pk: (controller, number, site) for pk, controller, number, site in rows}

    @cached_property
    def _banks(self) -> dict[int, tuple[int, int]]:
        """{bank: its controller, site}"""
        of = Q(controller__site__in=self.sites) | Q(pk__in=self._chosen("bank"))
        rows = _rows("Bank").filter(of).values_list("pk", "controller", "controller__site")
        return {pk: (controller, site) for pk, controller, site in rows}

    @property
    def doors(self) -> set[int]:
        return set(self._doors)

    @property
    def banks(self) -> set[int]:
        return set(self._banks)

    @cached_property
    def touched(self) -> set[int]:
        """Sites of which they have something: their names show."""
        return self.sites | {site for *_, site in self._doors.values()} | {site for _, site in self._banks.values()}

    @cached_property
    def controllers(self) -> set[int]:
        """Those that have nothing but doors and banks of theirs: what a controller tells is of all of these."""
        touched = {one[0] for one in (*self._doors.values(), *self._banks.values())}
        others = _rows("Door").filter(controller__in=touched).exclude(pk__in=self.doors).values("controller")
        banks = _rows("Bank").filter(controller__in=touched).exclude(pk__in=self.banks).values("controller")
        rows = _rows("Controller").filter(Q(site__in=self.sites) | Q(pk__in=touched))
        return set(rows.exclude(pk__in=others).exclude(pk__in=banks).values_list("pk", flat=True))

    def points(self) -> Q:
        """What happened at their doors, in their banks, and to controllers that are all theirs."""
        found = Q(controller__in=self.controllers)
        numbers: dict[int, list[int]] = {}
        for controller, number, _site in self._doors.values():
            numbers.setdefault(controller, []).append(number)
        for controller in sorted(set(numbers) - self.controllers):
            found |= Q(controller=controller, door_number__in=numbers[controller])
        parts = {controller for controller, _site in self._banks.values()} - self.controllers
        return found | Q(controller__in=parts, compartment__gt=0)

    def mark(self) -> tuple[Any, ...]:
        """Differs whenever they differ."""
        return self.membership, *(frozenset(self._chosen(kind)) for kind in ("site", "door", "bank"))


def _rows(name: str) -> QuerySet[Any]:
    found: QuerySet[Any] = apps.get_model("cloud", name)._default_manager.all()
    return found


class At(NamedTuple):
    """Where rows of a model lie."""

    seen: Callable[[Places], Q]
    whole: Callable[[Places], Q]


# Of the tenant as a whole: who is bound to places sees none of it.
NOWHERE = At(lambda places: NOTHING, lambda places: NOTHING)
# Of the tenant as a whole, and who is bound needs to see it: a schedule, a holiday.
EVERYWHERE = At(lambda places: ANYTHING, lambda places: NOTHING)


def at(**paths: str) -> At:
    """kind of place (door, bank, controller, site, touched) -> the way from the row to it; any of them is enough."""

    def found(places: Places) -> Q:
        rows = NOTHING
        for kind, path in paths.items():
            rows |= Q(**{f"{path}__in": getattr(places, kind if kind == "touched" else f"{kind}s")})
        return rows

    return At(found, found)


POINTS = At(Places.points, Places.points)


class HeldRole(NamedTuple):
    """One membership or token. places: it is bound to; None: to none."""

    role: str
    places: Places | None = None

    @property
    def rights(self) -> frozenset[Right]:
        return rights_of(self.role, self.places is not None)


_known: ContextVar[dict[int, "Reach"] | None] = ContextVar("known", default=None)


@contextmanager
def asked_once() -> Iterator[None]:
    """Within, what each account may is asked once: for a page that changes nothing, and is one look at things."""
    before = _known.set({})
    try:
        yield
    finally:
        _known.reset(before)


class Reach:
    """What somebody may, by tenant."""

    def __init__(self, held: dict[int, HeldRole]) -> None:
        self.held = held

    @classmethod
    def of(cls, user: "User") -> "Reach":
        """As things are now: asked again each time, but within asked_once()."""
        if not user.is_authenticated:
            return cls({})
        known = _known.get()
        if known is not None and user.pk in known:
            return known[user.pk]
        rows = user.memberships.living().order_by("tenant").values_list("tenant", "role", "bound", "pk")
        found = cls({tenant: HeldRole(role, Places(pk) if bound else None) for tenant, role, bound, pk in rows})
        if known is not None:
            known[user.pk] = found
        return found

    def rights(self) -> set[Right]:
        """All that somebody has anywhere."""
        return {right for one in self.held.values() for right in one.rights}

    def tenants(self, right: Right) -> list[int]:
        """Where somebody has a right, if only at some places: for rows that are narrowed to those already."""
        return [tenant for tenant, one in self.held.items() if right in one.rights]

    def whole(self, right: Right) -> list[int]:
        """Where somebody has a right in all of the tenant."""
        return [tenant for tenant, one in self.held.items() if one.places is None and right in one.rights]

    def parts(self, right: Right) -> list[tuple[int, Places]]:
        """Where somebody has a right at some places only."""
        return [(tenant, one.places) for tenant, one in self.held.items() if one.places and right in one.rights]

    def may(self, what: Model | int, right: Right) -> bool:
        """what: a row, all of which must lie at their places; or a tenant as a whole, by its number."""
        if not isinstance(what, Model):
            return what in self.whole(right)
        rows: Any = type(what)._default_manager
        if _tenant(what) in self.whole(right):
            return True
        return bool(self.parts(right)) and bool(rows.filter(pk=what.pk).reached(self, right).exists())


def _tenant(row: Any) -> Any:
    *way, last = row.TENANT_PATH.split("__")
    for name in way:
        row = getattr(row, name)
    return row.pk if last == "pk" else getattr(row, f"{last}_id")
