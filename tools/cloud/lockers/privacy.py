"""For whom a delivery was and what it was, erased when its days are over: those of the organisation's logs."""

from datetime import datetime, timedelta

from django.db.models import Q

from ..models import Delivery, Notice, Person, WebhookCall, processing, standing
from ..services import clock
from .about import About, legible
from .deliveries import LONGEST

NEVER_LEAVES = timedelta(days=2)  # sending.py gives up before: test_couriers.py


def forget(now: datetime) -> int:
    """Erases in place. The delivery stays, with when and where: it names nobody. Returns how many those were.

    What never ends (its board is gone and nobody reported it lost) has its days after the longest time that a delivery
    may be given. A courier's reference is free text: it may be a name.
    """
    erased = 0
    for tenant in Delivery.objects.tenants():
        days = timedelta(days=tenant.retention_days)
        over = Delivery.objects.of(tenant).filter(Q(ended_at__lte=now - days) | _never_ended(now - days - LONGEST))
        for way in Delivery.PERSON.person:
            over = over.exclude(**{f"{way}__in": standing.stopped(processing.PURGE)})
        Notice.objects.filter(delivery__in=over).exclude(why="").update(why="")
        told = WebhookCall.objects.filter(delivery__in=over)
        # Nobody lets it leave: by now it would have been given up.
        left = told.filter(state="waiting", made_at__lte=now - NEVER_LEAVES)
        left.update(state="failed", ended_at=now, why="its days are over")
        told.exclude(state="waiting").exclude(content="").update(content="")
        erased += over.exclude(about=b"", reference="").update(about=b"", reference="", recipient=None, giver=None)
    return erased


def forget_of(person: Person) -> int:
    """Of a person who is erased, now: parcels for them, and where they leave something for somebody, that it was they.

    Found by the person, and by the address of their account. Returns how many those were.
    """
    email = person.user.email.lower() if person.user else ""
    rows, found = Delivery.objects.of(person.tenant_id).exclude(about=b""), 0
    for row in rows.select_for_update(of=("self",)):
        said = legible(row)
        if row.recipient_id == person.pk or (email and said.email.lower() == email):
            kept = Delivery.objects.filter(pk=row.pk)
            kept.update(about=b"", reference="", recipient=None)
            Notice.objects.filter(delivery=row, state="waiting").delete()
            Notice.objects.filter(delivery=row).exclude(why="").update(why="")
            calls = WebhookCall.objects.filter(delivery=row)
            calls.filter(state="waiting").update(state="failed", ended_at=clock.now(), why="whom it is for is erased")
            calls.exclude(content="").update(content="")
            found += 1
        elif row.giver_id == person.pk or (email and said.giver_email.lower() == email):
            without = About(said.name, said.email, said.phone, said.unit, said.description)
            Delivery.objects.filter(pk=row.pk).update(about=without.sealed(), giver=None)
            found += 1
    return found


def _never_ended(since: datetime) -> Q:
    found = Q(ended_at=None, made_at__lte=since)
    for moment in ("deposited_at", "due_at"):
        found &= Q((moment, None)) | Q((f"{moment}__lte", since))
    return found
