"""Deliveries whose time runs out: the recipient is reminded, then it is overdue; what never came is cancelled."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from ..controllers.troubles import Troubles, Work
from ..models import Delivery, Notice, lock
from . import couriers, deliveries, notices

REMIND = timedelta(hours=24)  # before its time is over
NEVER_CAME = timedelta(days=60)  # since it was made


def tidy(now: datetime, troubles: Troubles | None = None) -> int:
    """Returns how many became overdue. What goes wrong with one delivery is a trouble of its bank's controller."""
    troubles = troubles or Troubles()
    waiting = Delivery.objects.filter(state=Delivery.State.DEPOSITED, bank__controller__lost_at=None)
    soon = waiting.filter(due_at__gt=now, due_at__lte=now + REMIND, reminded_at=None, deposited_at__lte=now - REMIND)
    _each(soon, troubles, lambda row: _once(row, "reminded_at", Notice.Kind.REMINDER, now, troubles))
    over = waiting.filter(due_at__lte=now, overdue_at=None)
    count = _each(over, troubles, lambda row: _once(row, "overdue_at", Notice.Kind.OVERDUE, now, troubles))
    made = Delivery.objects.filter(state=Delivery.State.MADE, made_at__lte=now - NEVER_CAME)
    _each(made, troubles, lambda row: deliveries.cancel(row, None))
    return count


def _each(rows: QuerySet[Delivery], troubles: Troubles, work: Callable[[Delivery], Any]) -> int:
    """Returns for how many it did something."""
    done = 0
    for row in rows.select_related("bank__controller").order_by("pk"):
        with troubles.aside(Work.DELIVERIES, row.bank.controller_id), transaction.atomic():
            done += bool(work(row))
    return done


def _once(row: Delivery, field: str, kind: Any, now: datetime, troubles: Troubles) -> bool:
    """Under the lock of the row: it may have been picked up, or got more time, since it was found."""
    with transaction.atomic():
        lock(row)
        if row.state != Delivery.State.DEPOSITED or row.due_at is None or getattr(row, field) is not None:
            return False
        setattr(row, field, now)
        row.save(update_fields=[field])
        notices.make_aside(row, kind, now, troubles)
        if kind == Notice.Kind.OVERDUE:
            couriers.tell(row, "overdue", now, now)
    return True
