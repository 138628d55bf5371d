"""What has to happen by itself: alarms within seconds, the rest once an hour. The worker calls tick()."""

import logging
from datetime import datetime, timedelta

from ..models import Controller, Progress
from . import acl, alarms, history, learning, links, retention, rotation, rules
from .prepared import Prepared

log = logging.getLogger("portvakt.housekeeping")
HOUR = timedelta(hours=1)
_HOURLY = Prepared(lambda: Progress.objects.filter(name="hourly").values_list("at"))


def tick(now: datetime) -> None:
    """Cheap when there is nothing to do."""
    alarms.gather(now)
    if any(at is not None and now - HOUR < at <= now for (at,) in _HOURLY.rows()):
        return
    hourly, _ = Progress.objects.get_or_create(name="hourly")
    # The update decides: of two workers at once, one does it.
    due = Progress.objects.filter(pk=hourly.pk).exclude(at__gt=now - HOUR, at__lte=now)
    if due.update(at=now):
        tidy(now)


def tidy(now: datetime) -> dict[str, int]:
    """Erases what is past its days, forgets what no controller needs. Returns what was done."""
    acl.refresh_due(now)
    learning.forget(now)
    rotation.begin_due(now)
    links.forget(now)
    done = {"erased": retention.erase(now), "changes": 0, "profiles": 0}
    for controller in Controller.objects.filter(lost_at=None).order_by("pk").values_list("pk", flat=True):
        done["profiles"] += rules.prune(controller)
        done["changes"] += history.prune(controller)
    if any(done.values()):
        log.info("tidied: %(erased)d events, %(changes)d changes, %(profiles)d profiles", done)
    return done
