"""How long passages are kept: when a door's days are over, what its events say is erased here as on the board.

Erased in place: an event keeps its number and its chain, so that the log's chain can still be checked. What it said is
gone from the database (settings.py has SQLite overwrite it). Copies of the database are the keeper's: README.md.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from .. import limits
from ..alarms import codes
from ..controllers.troubles import Troubles, Work
from ..models import Alarm, Change, Command, Controller, Door, Event, Look, processing, standing
from ..models import retention as table
from ..services.refusal import Refusal

ERASED_HERE = 1  # extra of an event that the cloud erased; one that came in erased has 0
NOTHING = {
    "code": codes.EXPIRED,
    "utc": None,
    "door_number": 0,
    "compartment": 0,
    "extra": ERASED_HERE,
    "flags": 0,
    "count": 0,
    "key": None,
    "credential": None,
}
# Rows that go whole: by which row of the table, and from when on. Alarms: of gaps and silence, which no event holds.
RECORDS: tuple[tuple[table.Kept, Any, str], ...] = (
    (table.LOOKS, Look, "until"),
    (table.CHANGES, Change, "at"),
    (table.ALARMS, Alarm, "raised_at"),
    (table.COMMANDS, Command, "requested_at"),
)


def reason(days: int | None, said: str | None) -> str:
    """What is kept of the reason for so many days: nothing where none is needed. Raises Refusal where one is."""
    if days is None or days <= limits.RETENTION_FREELY:
        return ""
    said = " ".join((said or "").split())
    if not said:
        raise Refusal(
            "a log that is kept for more than %(days)d days needs a reason that people can read; write it down",
            days=limits.RETENTION_FREELY,
        )
    return said


def erase(now: datetime, troubles: Troubles | None = None) -> int:
    """Erases what events past their days say. Returns how many those were."""
    troubles = troubles or Troubles()
    erased = 0
    for controller in Controller.objects.select_related("site__tenant").order_by("pk"):
        with troubles.aside(Work.ERASING, controller.pk):
            erased += _erase_of(controller, now)
    return erased


def forget(now: datetime) -> None:
    """Rows that go whole when their period is over."""
    for kept, of, when in RECORDS:
        assert kept.period is not None
        old = of.objects.filter(**{f"{when}__lt": now - kept.period})
        for way in of.PERSON.person:
            old = old.exclude(**{f"{way}__in": standing.stopped(processing.PURGE)})
        old.delete()


def _erase_of(controller: Controller, now: datetime) -> int:
    """By the days that are kept, not door by door: a board has up to 255 of them."""
    default = controller.site.tenant.retention_days
    doors: dict[int, list[int]] = {}  # days: the numbers of the doors that keep so many
    own = Coalesce("rules__retention_days", default)
    for number, kept in Door.objects.filter(controller=controller).values_list("number", own):
        doors.setdefault(kept, []).append(number)
    known = Event.objects.filter(controller=controller).exclude(code=codes.EXPIRED)
    known = known.exclude(credential__person__in=standing.stopped(processing.PURGE))
    # Of no door, or of one that there is not, as the board says it: a passage is a passage.
    others = known.exclude(door_number__in=[number for numbers in doors.values() for number in numbers])
    erased = _erase_old(others, now - timedelta(days=default))
    for kept, numbers in doors.items():
        events = known.filter(door_number__in=numbers)
        erased += _erase_old(events, now - timedelta(days=kept)) if kept else _forget_who(events)
    return erased


def _erase_old(events, before: datetime) -> int:  # type: ignore[no-untyped-def]
    """By the time of the event where that is to be trusted, else by when it came in."""
    trusted = Q(utc__isnull=False, flags__in=codes.TRUSTED)
    old = events.filter(Q(received_at__lt=before) | trusted & Q(utc__lt=before))
    if not old.exists():
        return 0
    with transaction.atomic():
        Alarm.objects.filter(event__in=old).delete()
        return int(old.update(**NOTHING))


def _forget_who(events) -> int:  # type: ignore[no-untyped-def]
    """A door that keeps no log: what happened stays for safety, who it was does not."""
    return int(events.exclude(key=None, credential=None).update(key=None, credential=None))
