"""What others could get at, by what is affected: the database, what a role shows, what lies on a board."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Model, Q, QuerySet

from ..models import (
    ApiToken,
    Birth,
    Breach,
    Change,
    Controller,
    Delivery,
    Event,
    HeldRole,
    Partner,
    Person,
    Places,
    Reach,
    Right,
    Role,
    Scoped,
    User,
)
from ..models.personal import personal
from ..partners import partners
from ..privacy import found
from ..services import clock
from . import board, recorded
from .affected import Affected, AffectedRows, part

Scope = Breach.Scope
# Pages that say what happened and never to whom: a row there names somebody to those alone who see people.
NAMELESS = (Right.LOOK, Right.BANKS)


def work_out(breach: Breach) -> Affected:
    return Affected(breach, list(_PARTS[Scope(breach.scope)](breach)))


def _whole(breach: Breach) -> Iterator[AffectedRows]:
    """The database, or a copy of it: every row of the organisation's, and what its accounts sign in with."""
    tenant = breach.tenant_id
    accounts = User.objects.filter(Q(memberships__tenant=tenant) | Q(persons__tenant=tenant)).distinct()
    for model in _models():
        way = board.way_to(model, "tenant")
        if way is not None:
            yield part(model, model._base_manager.filter(**{way: tenant}))
        else:
            yield part(model, _of_accounts(model, accounts))


def _controller(breach: Breach) -> Iterator[AffectedRows]:
    if breach.controller_id is not None:
        yield from board.parts(Controller.objects.get(pk=breach.controller_id), breach)


def _account(breach: Breach) -> Iterator[AffectedRows]:
    """What its roles showed, what it brought itself, its own page, and what is kept of its sign-ins."""
    user = breach.account
    if user is None:
        return
    yield from _by_role(breach, _held(breach, user))
    yield _on_record(breach)
    yield part(Delivery, Delivery.objects.of(breach.tenant_id).filter(made_by=user))
    for model in _models():
        if board.way_to(model, "tenant") is None:
            yield part(model, _of_accounts(model, User.objects.filter(pk=user.pk)))
    for person in Person.objects.filter(tenant=breach.tenant_id, user=user):
        for one in found.of(person, themself=True):
            yield part(one.model, one.rows)


def _token(breach: Breach) -> Iterator[AffectedRows]:
    token = breach.token
    if token is None:
        return
    if token.role != ApiToken.PARTNER:
        yield from _by_role(breach, [HeldRole(token.role)])
        yield _on_record(breach)
        yield part(Delivery, Delivery.objects.of(breach.tenant_id).filter(token=token))
        return
    partner = Partner.objects.filter(token=token).first()
    if partner is None:
        return
    if Partner.Scope.PEOPLE in partner.scopes:
        people = partners.people(partner, clock.now())
        yield part(Person, people)
        if Partner.Scope.BIRTH in partner.scopes:
            yield part(Birth, Birth.objects.filter(person__in=people.values("pk")))
    if Partner.Scope.LOG in partner.scopes:
        yield part(Event, partners.events(partner))


_PARTS = {Scope.WHOLE: _whole, Scope.CONTROLLER: _controller, Scope.ACCOUNT: _account, Scope.TOKEN: _token}


def _on_record(breach: Breach) -> AffectedRows:
    """Whom it is on record to have looked at or changed: also where its role shows them no longer."""
    looked = recorded.looks(breach).filter(person__isnull=False).order_by().values("person")
    changed = recorded.changes(breach).filter(person__isnull=False).order_by().values("person")
    return part(Person, Person.objects.filter(Q(pk__in=looked) | Q(pk__in=changed)))


def _models() -> list[type[Model]]:
    """Those that hold something of somebody."""
    said = [model for model in apps.get_models() if personal(model) is not None]
    return sorted(said, key=lambda model: model._meta.label)


def _of_accounts(model: type[Model], accounts: QuerySet[User]) -> QuerySet[Any]:
    said = personal(model)
    mine = Q(pk__in=())
    for way in said.account if said else ():
        mine |= Q(**{f"{way}__in": accounts.values("pk")})
    return model._base_manager.filter(mine)


def _held(breach: Breach, user: User) -> list[HeldRole]:
    """The roles that an account had in that time. One that was bound to places then and is now, at these."""
    now = user.memberships.filter(tenant=breach.tenant_id).first()  # type: ignore[attr-defined]
    changed = Change.objects.filter(tenant=breach.tenant_id, kind=Change.Kind.MEMBER, at__gte=breach.since)
    mine = Q(name=user.email) if now is None else Q(name=user.email) | Q(object=now.pk)
    held = {(now.role, now.bound)} if now is not None else set()
    for before, after in changed.filter(mine).values_list("before", "after"):
        for said in (before, after):
            if said.get("role") in Role.values or "bound" in said:
                role = said.get("role") or (now.role if now is not None else None)
                held |= {(role, bool(said.get("bound")) and now is not None)} if role else set()
    return [HeldRole(role, Places(now.pk) if bound and now is not None else None) for role, bound in sorted(held)]


def _by_role(breach: Breach, held: list[HeldRole]) -> Iterator[AffectedRows]:
    for role in held:
        reach = Reach({breach.tenant_id: role})
        for model in _models():
            rows: Any = model._default_manager.all()
            if not isinstance(rows, Scoped):
                continue
            seen_with = model.SEEN_WITH  # type: ignore[attr-defined]
            if seen_with not in NAMELESS or Right.PEOPLE in role.rights:
                yield part(model, rows.seen(reach))
