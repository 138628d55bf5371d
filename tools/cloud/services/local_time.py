"""The time that people type and read: by the clock of the place that it is about, never by this machine's."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .. import limits
from ..models import AccessGroup, GroupDoor, Site
from .refusal import Refusal

NOWHERE = "Europe/Oslo"  # of a tenant without a site: what a new site begins with


def of_tenants(tenants: Iterable[int]) -> dict[int, list[str]]:
    """{tenant: the zones of its sites, those of the most sites first}."""
    found: dict[int, dict[str, int]] = {tenant: {} for tenant in tenants}
    for tenant, zone in Site.objects.filter(tenant__in=found).order_by("pk").values_list("tenant", "zone"):
        found[tenant][zone] = found[tenant].get(zone, 0) + 1
    return {tenant: sorted(zones, key=lambda zone: -zones[zone]) or [NOWHERE] for tenant, zones in found.items()}


def of_tenant(tenant: int) -> list[str]:
    return of_tenants([tenant])[tenant]


def of_group(group: AccessGroup) -> list[str]:
    """The zones in which doors of a group lie, in the order of of_tenant(); all of those when it has no doors."""
    zones = of_tenant(group.tenant_id)
    places = GroupDoor.objects.filter(accessgroup=group)
    here = set(places.values_list("door__controller__site__zone", flat=True))
    return [zone for zone in zones if zone in here] or zones


def city(zone: str) -> str:
    """Europe/Oslo is the time of Oslo."""
    return zone.rpartition("/")[2].replace("_", " ")


def there(moment: datetime, zone: str) -> datetime:
    """A moment as the clock of a zone shows it: without offset, so that nothing moves it again."""
    try:
        return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except OverflowError:  # kept before there were bounds: shown as it is, so that the page beside it shows too
        return moment.replace(tzinfo=None)


def check(*days: date | None) -> None:
    """Refuses days and moments that are a slip of the finger. A moment may be another day elsewhere: one to spare."""
    first, last = limits.DAYS
    for one in days:
        day = one.date() if isinstance(one, datetime) else one
        if day is not None and not first - timedelta(days=1) <= day <= last + timedelta(days=2):
            raise Refusal(
                "%(day)s is no day that means anything here; choose one from %(first)d to %(last)d",
                day=f"{day:%Y-%m-%d}",
                first=first.year,
                last=last.year,
            )


def begins(day: date, at: time | None, zone: str) -> datetime:
    """The moment from which something holds. Without a time: from the beginning of the day."""
    return _moment(day, at, zone, fold=1) if at else _midnight(day, zone)


def ends(day: date, at: time | None, zone: str) -> datetime:
    """The moment until which something holds. Without a time: until the end of the day."""
    return _moment(day, at, zone, fold=0) if at else _midnight(day + timedelta(days=1), zone)


def last_day(moment: datetime, zone: str) -> date | None:
    """The day that ends at this moment; None when none does."""
    local = there(moment, zone)
    if not 1 < local.year < 9999:
        return None
    day = local.date() - timedelta(days=1)
    return day if _midnight(day + timedelta(days=1), zone) == moment else None


def _midnight(day: date, zone: str) -> datetime:
    """Where the clock is set at midnight, the first moment of the day."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _moment(day: date, at: time, zone: str, fold: int) -> datetime:
    """fold: which of a time that comes twice. What gives less: an end the earlier, a beginning the later one."""
    moment = datetime.combine(day, at, ZoneInfo(zone)).replace(fold=fold).astimezone(UTC)
    if there(moment, zone) != datetime.combine(day, at):
        raise Refusal(
            "the clock in %(city)s is set forward past %(time)s on that day; choose another time",
            city=city(zone),
            time=f"{at:%H:%M}",
        )
    return moment
