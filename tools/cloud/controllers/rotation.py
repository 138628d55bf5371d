"""The link secret of a board changes without a visit: once a year, or when an administrator says so.

The cloud has the new one in charge when the board has spoken under it. The board keeps the one before for a week
longer, so that a cloud restored from a backup of these days still finds it.
"""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from hmac import compare_digest

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from ..audit import changes
from ..models import Change, Controller

KEEP = timedelta(days=7)
YEAR = timedelta(days=365)


def begin(controller: int, urandom: Callable[[int], bytes] = os.urandom) -> bool:
    """A new secret is to come. False: one is on its way already, or the board is lost."""
    waiting = Controller.objects.filter(pk=controller, lost_at=None, next_secret=None)
    with changes.together():
        if not waiting.update(next_secret=urandom(32)):
            return False
        row = Controller.objects.select_related("site").get(pk=controller)
        said = {"link_secret": "new"}
        what = Change.What.CHANGED
        changes.note(row.site.tenant_id, Change.Kind.CONTROLLER, what, number=row.pk, name=row.name, after=said)
    return True


def begin_due(now: datetime, urandom: Callable[[int], bytes] = os.urandom) -> int:
    """For every board whose secret is a year old. Returns how many."""
    since = Coalesce(F("secret_at"), F("enrolled_at"))
    old = Controller.objects.annotate(since=since).filter(since__lte=now - YEAR, lost_at=None, next_secret=None)
    return sum(begin(pk, urandom) for pk in old.values_list("pk", flat=True))


def wanted(controller: int, now: datetime) -> bytes | None:
    """What a board is to be told: the next secret; b"": the one before is over; None: nothing."""
    row = Controller.objects.filter(pk=controller).values_list("next_secret", "secrets_held", "secret_at").first()
    if row is None:
        return None
    following, held, since = row
    if following is not None:
        return bytes(following)
    return b"" if held > 1 and since is not None and now - since >= KEEP else None


def proven(controller: int, secret: bytes, now: datetime) -> None:
    """The board has spoken under its next secret: that one is in charge."""
    with transaction.atomic():
        row = Controller.objects.select_for_update().filter(pk=controller, next_secret__isnull=False).first()
        if row is None or not compare_digest(bytes(row.next_secret), secret):
            return
        row.link_secret, row.next_secret, row.secret_at, row.secrets_held = secret, None, now, 2
        row.save(update_fields=["link_secret", "next_secret", "secret_at", "secrets_held"])


def held(controller: int, count: int) -> None:
    """So many the board keeps."""
    Controller.objects.filter(pk=controller).update(secrets_held=count)
