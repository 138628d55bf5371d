"""Who has no right here any more, since when, and that they are erased by themselves when their days are over.

A right is an access that has not ended, a compartment, an account for one's own page, or a parcel under way; and who is
not active has none. Guests have days of their own (guests/guests.py), members of the organisation stay while they are.
"""

from datetime import datetime, timedelta
from functools import partial

from django.db.models import Max, Q, QuerySet

from ..audit import changes
from ..models import Allotment, Delivery, Grant, Membership, Person, Tenant, processing, standing
from ..services.each import each
from ..services.refusal import Refusal
from . import erasing
from .requests import Way

LATE = timedelta(days=1)  # an end that is noticed later counts from when it is noticed: nobody is erased unannounced


def note(now: datetime) -> None:
    """Keeps since when each person has no right."""
    people = Person.objects.filter(guest=None)
    here = people.filter(_belongs(now))
    here.exclude(left_at=None).update(left_at=None)
    for person in people.filter(left_at=None).exclude(pk__in=here.values("pk")):
        Person.objects.filter(pk=person.pk).update(left_at=_ended(person, now))


def erase_due(now: datetime) -> None:
    """Those whose days are over."""
    due: list[Person] = []
    for tenant in Tenant.objects.exclude(erase_after=None).order_by("pk"):
        over = leaving(tenant).filter(left_at__lte=now - timedelta(days=tenant.erase_after or 0))
        due += over.exclude(pk__in=standing.stopped(processing.PURGE))
    works = (partial(erasing.at_once, person, members=False, way=Way.ITSELF) for person in due)
    each(works, erasing.NOT_ERASED)


def leaving(tenant: Tenant) -> QuerySet[Person]:
    """Who will be erased by themselves, the next first."""
    members = Membership.objects.filter(tenant=tenant).values("user")
    rows = Person.objects.filter(tenant=tenant, guest=None, left_at__isnull=False)
    return rows.exclude(user__in=members).order_by("left_at", "pk")


def due_at(person: Person) -> datetime | None:
    """When a person is erased by themselves; None: not so far as is known now."""
    days = person.tenant.erase_after
    return None if person.left_at is None or days is None else person.left_at + timedelta(days=days)


def erase_after(tenant: Tenant, days: int | None) -> None:
    """How many days after their last right people are erased; None: they are not."""
    from .. import limits

    least, most = limits.ERASE_AFTER
    if days is not None and not least <= days <= most:
        raise Refusal("people are erased %(least)d to %(most)d days after their last right", least=least, most=most)
    with changes.of(tenant):
        tenant.erase_after = days
        tenant.save(update_fields=["erase_after"])


def _belongs(now: datetime) -> Q:
    grants = Grant.objects.filter(Q(valid_until=None) | Q(valid_until__gt=now))
    own = Allotment.objects.all()
    parcels = Delivery.objects.exclude(state__in=Delivery.OVER)
    found = Q(user__isnull=False)
    for rows, way in ((grants, "person"), (own, "person"), (own, "taken_by"), (parcels, "recipient")):
        found |= Q(pk__in=rows.exclude(**{way: None}).values(way))
    return Q(active=True) & found


def _ended(person: Person, now: datetime) -> datetime:
    last: datetime | None = person.grants.aggregate(last=Max("valid_until"))["last"] if person.active else None
    return last if last is not None and now - LATE <= last <= now else now
