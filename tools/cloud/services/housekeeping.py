"""What has to happen by itself once an hour. The worker calls hourly() all the time."""

import logging
from datetime import datetime, timedelta
from functools import partial

from ..access_list import acl, history
from ..access_list.prepared import Prepared
from ..backups import erasures
from ..controllers import rotation
from ..controllers.troubles import Troubles, Work
from ..guests import guests
from ..help import requests as help_requests
from ..lockers import overdue, privacy
from ..log import chain, retention
from ..members import links, members, provider_logout
from ..models import Controller, Progress
from ..partners import feed, partners
from ..people import births, erasure
from ..privacy import copies, erasing, held, leaving, requests, statement
from ..readings import learning
from ..residents import accounts
from ..residents import tidy as residents
from ..rules import rules
from .each import each

log = logging.getLogger("portvakt.housekeeping")
HOUR = timedelta(hours=1)
_HOURLY = Prepared(lambda: Progress.objects.filter(name="hourly").values_list("at"))


def hourly(now: datetime, troubles: Troubles | None = None) -> None:
    """Cheap when there is nothing to do."""
    if any(at is not None and now - HOUR < at <= now for (at,) in _HOURLY.rows()):
        return
    row, _ = Progress.objects.get_or_create(name="hourly")
    # The update decides: of two workers at once, one does it.
    due = Progress.objects.filter(pk=row.pk).exclude(at__gt=now - HOUR, at__lte=now)
    if due.update(at=now):
        tidy(now, troubles)


def tidy(now: datetime, troubles: Troubles | None = None) -> dict[str, int]:
    """Erases what is past its days, forgets what no controller needs. Returns what was done."""
    troubles = troubles or Troubles()
    done = {"erased": 0, "changes": 0, "profiles": 0}

    def erase() -> None:
        done["erased"] += retention.erase(now, troubles)

    def erase_deliveries() -> None:
        done["erased"] += privacy.forget(now)

    # What erases comes first: nothing that goes wrong before it, of whatever tenant, may keep data for longer.
    works = (
        erase,
        erase_deliveries,
        partial(guests.tidy, now),
        partial(residents.forget, now),
        partial(partners.forget, now),
        partial(feed.forget, now),
        partial(help_requests.tidy, now),
        partial(births.tidy, now),
        partial(learning.forget, now),
        partial(links.forget, now),
        partial(provider_logout.forget, now),
        partial(requests.forget, now),
        partial(copies.forget, now),
        partial(erasures.forget, now),
        partial(leaving.note, now),
        partial(leaving.erase_due, now),
        partial(erasing.go_on, now),
        partial(members.end_due, now),
        partial(accounts.forget_left, now),
        erasure.overwrite,
        partial(acl.refresh_due, now, troubles),
        partial(_prune, troubles, done),
        partial(rotation.begin_due, now),
        partial(overdue.tidy, now, troubles),
        partial(held.look, now),
        partial(statement.look, now),
    )
    each(works, "housekeeping was not done whole")
    if any(done.values()):
        log.info("tidied: %(erased)d events and deliveries, %(changes)d changes, %(profiles)d profiles", done)
    return done


def _prune(troubles: Troubles, done: dict[str, int]) -> None:
    due = Controller.objects.filter(lost_at=None).filter(rules.prunable() | history.prunable() | chain.has_empty())
    controllers = list(due.order_by("pk").values_list("pk", flat=True))
    for controller in controllers:
        with troubles.aside(Work.TIDYING, controller):
            done["profiles"] += rules.prune(controller)
            done["changes"] += history.prune(controller)
            chain.forget_empty(controller)
    troubles.settle(Work.TIDYING, controllers)
