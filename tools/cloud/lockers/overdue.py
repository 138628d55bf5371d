"""Deliveries whose time runs out: the recipient is reminded, then it is overdue; what never came is cancelled."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from ..models import Delivery, Notice, lock
from . import deliveries, notices, webhooks

REMIND = timedelta(hours=24)  # before its time is over
NEVER_CAME = timedelta(days=60)  # since it was made


def tidy(now: datetime) -> int:
    """Returns how many became overdue."""
    waiting = Delivery.objects.filter(state=Delivery.State.DEPOSITED, bank__controller__lost_at=None)
    soon = waiting.filter(due_at__gt=now, due_at__lte=now + REMIND, reminded_at=None, deposited_at__lte=now - REMIND)
    for row in soon.order_by("pk"):
        _once(row, "reminded_at", Notice.Kind.REMINDER, now)
    over = waiting.filter(due_at__lte=now, overdue_at=None)
    count = sum(_once(row, "overdue_at", Notice.Kind.OVERDUE, now) for row in over.order_by("pk"))
    made = Delivery.objects.filter(state=Delivery.State.MADE, made_at__lte=now - NEVER_CAME)
    for row in made.select_related("bank__controller").order_by("pk"):
        deliveries.cancel(row, None)
    return count


def _once(row: Delivery, field: str, kind: Any, now: datetime) -> bool:
    """Under the lock of the row: it may have been picked up, or got more time, since it was found."""
    with transaction.atomic():
        lock(row)
        if row.state != Delivery.State.DEPOSITED or row.due_at is None or getattr(row, field) is not None:
            return False
        setattr(row, field, now)
        row.save(update_fields=[field])
        notices.make(row, kind, now)
        if kind == Notice.Kind.OVERDUE:
            webhooks.tell(row, "overdue", now, now)
    return True
