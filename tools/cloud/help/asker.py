"""Whom somebody can write to, and what they wrote: by their account, where they belong."""

from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from ..models import HelpRequest, Person, Tenant
from ..residents import own


class Asker(NamedTuple):
    """person: who they are there; None: nobody whose own page it is, a member."""

    tenant: Tenant
    person: Person | None


def houses(request: HttpRequest) -> dict[int, Asker]:
    """{tenant: } where the account is a member or somebody. A session that a link opened: own.persons()."""
    user: Any = request.user
    found = {person.tenant_id: Asker(person.tenant, person) for person in own.persons(request)}
    members = Tenant.objects.filter(pk__in=user.memberships.living().values("tenant")).exclude(pk__in=found)
    found |= {tenant.pk: Asker(tenant, None) for tenant in members}
    return dict(sorted(found.items(), key=lambda one: (one[1].tenant.name, one[0])))


def mine(request: HttpRequest) -> QuerySet[HelpRequest]:
    """What the account wrote where it still belongs, as who it still is."""
    user: Any = request.user
    members = user.memberships.living().values("tenant")
    as_who = Q(person__in=own.persons(request)) | Q(person=None, tenant__in=members)
    return HelpRequest.objects.filter(as_who, user=user).select_related("tenant", "person")
