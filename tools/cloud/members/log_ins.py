"""Who signed in when, with what and from where, and how it ended: the last ten of each account.

Kept for the account itself, so that somebody sees a log-in that was not theirs. Django says when somebody signs in and
out; a session that goes in any other way has been ended, or is over.
"""

from datetime import datetime
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from ..models import LogIn, Session, User
from ..models.log_ins import MOST
from ..sessions import hashed
from . import log_in_places
from .devices import named

End = LogIn.End


@receiver(user_logged_in)
def note(request: HttpRequest, user: User, **_: Any) -> None:
    """Under the lock of the account: of two log-ins at once the second sees the first."""
    address = _address(request.META.get("REMOTE_ADDR", ""))
    said = {
        "session": hashed(request.session.session_key or ""),
        "ended_at": None,
        "end": "",
        "device": named(request.META.get("HTTP_USER_AGENT", "")),
        "address": address,
        "place": log_in_places.of(user, address),
    }
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        held = dict(LogIn.objects.filter(user=user).values_list("slot", "at"))
        free = [slot for slot in range(MOST) if slot not in held]
        slot = free[0] if free else min(held, key=lambda one: (held[one], one))
        LogIn.objects.update_or_create(user=user, slot=slot, defaults=said | {"at": timezone.now()})


@receiver(user_logged_out)
def signed_out(request: HttpRequest, **_: Any) -> None:
    _ended(hashed(request.session.session_key or ""), timezone.now(), End.OUT)


@receiver(pre_delete, sender=Session)
def session_goes(instance: Session, **_: Any) -> None:
    now = timezone.now()
    over = over_at(instance)
    _ended(instance.session_key, min(now, over), End.OVER if over <= now else End.CUT)


def over_at(session: Session) -> datetime:
    """When it ends by itself, if it is used no more."""
    return min(session.expire_date, session.used_at + settings.SESSION_IDLE)


def _ended(session: str, at: datetime, how: str) -> None:
    LogIn.objects.filter(session=session, ended_at=None).update(ended_at=at, end=how)


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:  # a socket, a test
        return None
