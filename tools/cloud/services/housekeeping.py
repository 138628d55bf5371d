"""What has to happen by itself, once an hour or some times a day. The worker calls hourly() all the time."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from ..access_list import acl, history
from ..access_list.prepared import Prepared
from ..backups import erasures
from ..breaches import breaches
from ..controllers import rotation
from ..controllers.troubles import Troubles, Work
from ..guests import guests
from ..help import requests as help_requests
from ..lockers import overdue, privacy
from ..log import chain, retention
from ..members import links, log_in_places, members, provider_logout
from ..models import Controller, Progress
from ..partners import feed, partners
from ..people import births
from ..privacy import copies, erasing, held, leaving, requests, statement
from ..readings import learning
from ..residents import accounts
from ..residents import tidy as residents
from ..rules import rules
from .each import each
from .overwriting import overwrite

log = logging.getLogger("portvakt.housekeeping")
HOUR = timedelta(hours=1)
SOME_HOURS = timedelta(hours=6)
Task = Callable[[], object]
_HOURLY = Prepared(lambda: Progress.objects.filter(name="hourly").values_list("at"))


def hourly(now: datetime, troubles: Troubles | None = None) -> None:
    """Cheap when there is nothing to do."""
    if any(at is not None and now - HOUR < at <= now for (at,) in _HOURLY.rows()):
        return
    if _begins("hourly", HOUR, now):
        tidy(now, troubles, whole=_begins("some times a day", SOME_HOURS, now))


def _begins(name: str, pause: timedelta, now: datetime) -> bool:
    """Whether it is to be done again. The update decides: of two workers at once, one does it."""
    row, _ = Progress.objects.get_or_create(name=name)
    due = Progress.objects.filter(pk=row.pk).exclude(at__gt=now - pause, at__lte=now)
    return bool(due.update(at=now))


def tidy(now: datetime, troubles: Troubles | None = None, whole: bool = True) -> dict[str, int]:
    """Erases what is past its days, forgets what no controller needs. Returns what was done.

    whole: not only what an hour matters for.
    """
    troubles = troubles or Troubles()
    done = {"erased": 0, "changes": 0, "profiles": 0}
    # What erases comes first: nothing that goes wrong before it, of whatever tenant, may keep data for longer.
    works = _erasing(now, troubles, done)
    if whole:
        works += _forgetting(now)
    works += _going_on(now, troubles, done)
    if whole:
        works += [partial(rotation.begin_due, now), partial(held.look, now), partial(statement.look, now)]
    each(works, "housekeeping was not done whole")
    if any(done.values()):
        log.info("tidied: %(erased)d events and deliveries, %(changes)d changes, %(profiles)d profiles", done)
    return done


def _erasing(now: datetime, troubles: Troubles, done: dict[str, int]) -> list[Task]:
    """Passages, parcels and guests, whose days end by the hour."""

    def erase() -> None:
        done["erased"] += retention.erase(now, troubles)

    def erase_deliveries() -> None:
        done["erased"] += privacy.forget(now)

    return [
        erase,
        erase_deliveries,
        partial(residents.forget, now),
        partial(guests.tidy, now),
        partial(copies.forget, now),
        partial(links.forget, now),
    ]


def _forgetting(now: datetime) -> list[Task]:
    """What is kept for weeks or years."""
    return [
        partial(retention.forget, now),
        partial(partners.forget, now),
        partial(feed.forget, now),
        partial(help_requests.tidy, now),
        partial(births.tidy, now),
        partial(learning.forget, now),
        log_in_places.forget,
        partial(provider_logout.forget, now),
        partial(requests.forget, now),
        partial(breaches.forget, now),
        partial(erasures.forget, now),
        partial(leaving.note, now),
        partial(leaving.erase_due, now),
        partial(accounts.forget_left, now),
    ]


def _going_on(now: datetime, troubles: Troubles, done: dict[str, int]) -> list[Task]:
    """What has begun, and what ends by the clock."""
    return [
        partial(erasing.go_on, now),
        partial(members.end_due, now),
        overwrite,
        partial(acl.refresh_due, now, troubles),
        partial(_prune, troubles, done),
        partial(overdue.tidy, now, troubles),
    ]


def _prune(troubles: Troubles, done: dict[str, int]) -> None:
    due = Controller.objects.filter(lost_at=None).filter(rules.prunable() | history.prunable() | chain.has_empty())
    controllers = list(due.order_by("pk").values_list("pk", flat=True))
    for controller in controllers:
        with troubles.aside(Work.TIDYING, controller):
            done["profiles"] += rules.prune(controller)
            done["changes"] += history.prune(controller)
            chain.forget_empty(controller)
    troubles.settle(Work.TIDYING, controllers)
