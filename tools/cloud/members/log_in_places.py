"""Roughly where somebody signed in from, kept with the log-in where an organisation has turned it on.

An account may be of several organisations, and a log-in is of none: all of them have turned it on, or nothing is kept.
"""

import logging

from django.conf import settings
from django.db.models import Q

from ..audit import changes
from ..models import LogIn, Tenant, User, lock
from ..privacy import statement
from ..row_security import admitted
from ..services import clock
from ..services.refusal import Refusal
from . import places_file

log = logging.getLogger("portvakt.log-ins")


def of(user: User, address: str | None) -> str:
    """Empty where it is not known, or not to be. A log-in waits for no trouble with the file."""
    if not settings.LOG_IN_PLACES or address is None or not _wanted(user):
        return ""
    try:
        return places_file.place(settings.LOG_IN_PLACES, address)
    except Exception as error:  # noqa: BLE001  of broken files its reader raises whatever there is
        # Its name alone: what it says may have the address in it.
        log.warning("the file that LOG_IN_PLACES names cannot be read (%s); see portvakt doctor", type(error).__name__)
        return ""


def offered(tenant: Tenant) -> bool:
    """Whether there is something to choose: the host has such a file, or it was turned on while it had."""
    return bool(settings.LOG_IN_PLACES) or tenant.log_in_places


def turn(tenant: Tenant, on: bool) -> None:
    """Off: the places that are kept go at once."""
    if on and not offered(tenant):
        raise Refusal("this installation has no file of places; whoever runs it names one in LOG_IN_PLACES first")
    with changes.together():
        lock(tenant)
        if tenant.log_in_places == on:
            return
        with changes.of(tenant):
            tenant.log_in_places = on
            tenant.save(update_fields=["log_in_places"])
        forget()
        statement.renew(tenant, clock.now())


@admitted.everywhere()
def forget() -> None:
    """Places of accounts that are of an organisation that wants none, or of none any more."""
    off = Tenant.objects.filter(log_in_places=False)
    nobody = Q(user__memberships=None, user__persons=None)
    there = LogIn.objects.exclude(place="")
    there.filter(Q(user__memberships__tenant__in=off) | Q(user__persons__tenant__in=off) | nobody).update(place="")


@admitted.everywhere()
def _wanted(user: User) -> bool:
    theirs = Tenant.objects.filter(Q(memberships__user=user) | Q(people__user=user))
    return set(theirs.values_list("log_in_places", flat=True)) == {True}
