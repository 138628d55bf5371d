"""Shared compartments: whoever has none takes one with their own card, until the day ends or for some hours.

Who takes which one its board decides, also with no network; what it says of it is kept here. When its time is over it
is not free: what lies there is somebody's. It is when its holder has left it (0 and # and their card), or when somebody
has looked into it and says here that it is empty: of the very time that it was taken, so that nobody who took it
meanwhile loses it.
"""

import secrets
from collections.abc import Collection
from datetime import UTC, datetime

from firmware.controller import records
from firmware.controller.storage.allotments import ends

from ..audit import changes
from ..doors import commands
from ..models import Allotment, Bank, Command, Credential, Event, User, lock
from ..services import clock, local_time
from ..services.refusal import Refusal
from . import allotments

DAY = 0  # hours: until the day ends where the bank is
MOST_HOURS = 24 * 31
_MINUTES = 24 * 60


def share(bank: Bank, numbers: Collection[int], hours: int) -> list[Allotment]:
    """All of these, or none."""
    with changes.together():
        lock(bank)
        allotments.check_bank(bank)
        if not numbers:
            raise Refusal("choose the compartments that are to be shared")
        if not DAY <= hours <= MOST_HOURS:
            raise Refusal("a shared compartment is somebody's for %(most)d hours at most; choose less", most=MOST_HOURS)
        rows = []
        for number in sorted(set(numbers)):
            allotments.check_free(bank, number)
            row = Allotment(bank=bank, compartment=number, hours=hours, made_at=clock.now())
            row.mark = secrets.choice(range(1, allotments.MARKS + 1))
            with changes.of(row):
                row.save(force_insert=True)
            rows.append(row)
    return rows


def empty(row: Allotment, user: User | None) -> Command:
    """Somebody has looked into it. Its board makes it free, if it is still the time that they mean."""
    with changes.together():
        lock(row)
        if row.hours is None or not row.turn:
            raise Refusal("nobody has taken this compartment; there is nothing to say of it")
        if row.bank.controller.lost_at is not None:
            raise Refusal("the board of this bank was reported lost; take the compartment back")
        return commands.empty(row.bank.controller, user, row.compartment, row.turn)


def until(bank: Bank, hours: int) -> int:
    """As ALLOT says it: the minute of the day at which it ends now, or for so many minutes."""
    if hours:
        return _MINUTES + 60 * hours
    zone = bank.controller.site.zone
    midnight = local_time.ends(local_time.there(clock.now(), zone).date(), None, zone).astimezone(UTC)
    return midnight.hour * 60 + midnight.minute


def taken(bank: Bank, event: Event, at: datetime) -> None:
    """The board has told that somebody took one: whose card it was is known where that is on record."""
    row = bank.allotments.filter(compartment=event.compartment).exclude(hours=None).first()
    if row is None or row.ending:  # who took it back knew of nobody: its board goes by that (allotments._over)
        return
    credential = Credential.objects.filter(pk=event.credential_id).first() if event.credential_id else None
    row.turn, row.taken_at, row.taken_by = event.extra, at, credential.person if credential else None
    end = records.until_utc(ends(until(bank, row.hours or DAY), int(at.timestamp())))
    row.taken_until = None if end is None else datetime.fromtimestamp(end, UTC)
    _save(row)


def freed(bank: Bank, event: Event) -> None:
    row = bank.allotments.filter(compartment=event.compartment).exclude(hours=None).first()
    if row is not None and row.turn == event.extra:
        row.turn, row.taken_at, row.taken_until, row.taken_by = 0, None, None, None
        _save(row)


def _save(row: Allotment) -> None:
    row.save(update_fields=["turn", "taken_at", "taken_until", "taken_by"])


def is_over(row: Allotment, now: datetime) -> bool:
    return row.taken_until is not None and row.taken_until <= now
