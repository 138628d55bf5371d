"""How a bank is used: how full it is by size and hour, and a record a delivery for whoever bills for it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from ..models import Bank, Compartment, Delivery, processing, standing
from ..services import spreadsheet
from . import about

HOUR = timedelta(hours=1)
HOURS = 24
LEAST = 5  # parcels: of fewer the hours would tell when somebody comes home
COLUMNS = ("bank", "delivery", "unit", "size", "compartment", "deposited", "ended", "state", "hours")


@dataclass(frozen=True)
class Share:
    """How full the compartments of a size were: of each hour of the day, from 0 to 1; of too few parcels nothing."""

    size: str
    count: int
    hours: tuple[float, ...]

    @property
    def label(self) -> Any:
        return Compartment.Size(self.size).label

    @property
    def most(self) -> int:
        """Percent, in the fullest hour."""
        return round(100 * max(self.hours, default=0.0))


def lying(bank: Bank, since: datetime, until: datetime) -> QuerySet[Delivery]:
    """Deliveries whose parcel lay in a compartment at some time in between."""
    there = bank.deliveries.filter(deposited_at__lt=until).filter(Q(ended_at=None) | Q(ended_at__gt=since))
    return there.order_by("deposited_at", "pk")


def shares(bank: Bank, since: datetime, until: datetime) -> list[Share]:
    """By the clock of the bank's site."""
    zone = ZoneInfo(bank.controller.site.zone)
    counts = dict.fromkeys(Compartment.Size.values, 0)
    for size in bank.compartments.values_list("size", flat=True):
        counts[size] += 1
    filled = {size: [0.0] * HOURS for size, count in counts.items() if count}
    parcels = dict.fromkeys(filled, 0)
    counted = lying(bank, since, until).exclude(recipient__in=standing.stopped(processing.USE))
    for size, begin, end in counted.values_list("size", "deposited_at", "ended_at"):
        if size in parcels:
            parcels[size] += 1
        for hour, part in _hours(max(begin, since), min(end or until, until), zone):
            if size in filled:
                filled[size][hour] += part
    days = max((until - since) / timedelta(days=1), 1 / HOURS)
    return [
        Share(size, counts[size], tuple(min(1.0, one / (counts[size] * days)) for one in found))
        if parcels[size] >= LEAST
        else Share(size, counts[size], ())
        for size, found in filled.items()
    ]


def _hours(begin: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[int, float]]:
    """(hour of the day, how much of that hour), from then until then."""
    while begin < end:
        following = min(end, begin.replace(minute=0, second=0, microsecond=0) + HOUR)
        yield begin.astimezone(zone).hour, (following - begin) / HOUR
        begin = following


def records(bank: Bank, since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    """One a delivery that lay there, by days and begun hours: who bills need not know when somebody comes and goes.

    The unit is known as long as the delivery's days are not over.
    """
    zone = ZoneInfo(bank.controller.site.zone)
    for row in lying(bank, since, until):
        end = min(row.ended_at or until, until)
        yield {
            "bank": bank.name,
            "delivery": row.number,
            "unit": about.legible(row).unit,
            "size": row.size,
            "compartment": row.compartment,
            "deposited": row.deposited_at.astimezone(zone).date(),
            "ended": row.ended_at and row.ended_at.astimezone(zone).date(),
            "state": row.state,
            "hours": ceil((end - max(row.deposited_at, since)) / HOUR),
        }


def as_csv(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(spreadsheet.lines(COLUMNS, rows))
