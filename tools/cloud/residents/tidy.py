"""With whom a door was unlocked on a page is forgotten when the door's days are over, as its log is."""

from datetime import datetime, timedelta

from ..models import Command, DoorRules


def forget(now: datetime) -> int:
    """In place: the command stays, and names nobody. Returns how many those were."""
    forgotten = 0
    of_somebody = Command.objects.exclude(person=None)
    for tenant in of_somebody.tenants():
        named = of_somebody.of(tenant)
        doors = DoorRules.objects.of(tenant).exclude(retention_days=None)
        own = dict(doors.values_list("door", "retention_days"))
        for door, days in own.items():
            forgotten += named.filter(door=door, requested_at__lte=now - timedelta(days=days)).update(person=None)
        others = named.filter(requested_at__lte=now - timedelta(days=tenant.retention_days))
        forgotten += others.exclude(door__in=own).update(person=None)
    return forgotten
