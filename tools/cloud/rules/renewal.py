"""Rules that change without anybody's doing: by a law about a zone's clock, or by another version of this program."""

from datetime import datetime, timedelta

from django.db import transaction

from ..controllers.troubles import Troubles, Work
from ..models import Controller, Tenant
from . import rules

ROUND = timedelta(hours=1)


class Round:
    """Looks at the rules of every controller, one a call, and begins again an hour after it began."""

    def __init__(self, troubles: Troubles | None = None) -> None:
        self._troubles = troubles or Troubles()
        self._began: datetime | None = None
        self._last: int | None = None  # the controller looked at last; None: no round is under way

    def step(self, now: datetime) -> None:
        """Called about once a second. What then differs from what a board holds is sent by its session."""
        if self._last is None:
            if self._began is not None and timedelta(0) <= now - self._began < ROUND:
                return
            self._began, self._last = now, 0
        found = Controller.objects.filter(pk__gt=self._last, lost_at=None).order_by("pk")
        row = found.values_list("pk", "site__tenant").first()
        self._last = row and row[0]
        if row is not None:
            # What cannot be made anew is told; the rules that the board has hold.
            with self._troubles.aside(Work.RULES, row[0]), transaction.atomic():
                Tenant.objects.select_for_update().get(pk=row[1])  # one change at a time: access_list/acl.py
                rules.refresh(row[0])
