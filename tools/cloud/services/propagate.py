"""What follows from a change, on its way to controllers: said by the service that makes it, in its transaction.

Access: who may pass, as acl.py writes it into each controller's table. Rules: all else that a controller decides by.
"""

from collections.abc import Collection

from ..access_list import acl
from ..audit.changes import said
from ..models import AccessGroup, Controller, Guest
from ..rules import area_occupancy, rules
from . import clock


def access_of(tenant: int, people: Collection[int]) -> None:
    """Of these people, wherever they may pass or could so far; and of their guests, who have no more than they."""
    guests = Guest.objects.filter(host__in=people, ended_at=None).values_list("person", flat=True)
    acl.refresh(tenant, clock.now(), people=[*people, *guests])
    said(*(("person", pk) for pk in people))


def access_in(group: AccessGroup) -> None:
    """Of everybody in a group, after a change of its doors, their times, or what it allows."""
    access_of_group(group.tenant_id, group.pk, list(group.grants.order_by("person").values_list("person", flat=True)))


def access_of_group(tenant: int, group: int, people: Collection[int]) -> None:
    """Of those who are in a group, or were in one that is gone."""
    if people:
        access_of(tenant, people)
    said(("group", group))


def access_at(tenant: int, controllers: Collection[int]) -> None:
    """Of everybody, at these controllers."""
    acl.refresh(tenant, clock.now(), controllers=controllers)
    said(*(("controller", pk) for pk in controllers))


def rules_of(controllers: Collection[int]) -> None:
    for pk in controllers:
        rules.refresh(pk)
    said(*(("rules", pk) for pk in controllers))


def rules_at(site: int) -> None:
    """Of every controller of a site: it has another zone, or another area."""
    rules_of(list(Controller.objects.filter(site=site, lost_at=None).order_by("pk").values_list("pk", flat=True)))
    said(("site", site))


def rules_everywhere(tenant: int) -> None:
    """Of every controller of a tenant: after a change of schedules, holidays, or how long logs are kept."""
    rules.refresh_tenant(tenant)
    said(("tenant", tenant))


def rules_around(controller: Controller) -> None:
    """Of a controller whose doors have other rules, and of those that share an area with it, or did not before."""
    sharing = {number for number, _ in area_occupancy.passages(controller.site_id)}
    rules_of(sorted({controller.pk} | sharing))
