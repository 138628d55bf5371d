"""Holidays: entered, removed, and the public ones of Norway filled in."""

from datetime import date, timedelta

from .. import limits
from ..audit import changes
from ..models import Holiday, Tenant, lock
from ..services import clock, local_time, propagate
from ..services.refusal import Refusal

LONGEST_DAYS = 366


def add(tenant: int, name: str, first: date, last: date | None = None) -> Holiday:
    """Days that count as holidays, both included."""
    last = last or first
    if not name.strip():
        raise Refusal("a holiday needs a name; give it one")
    local_time.check(first, last)
    if last < first:
        raise Refusal("the last day lies before the first; exchange them")
    if (last - first).days >= LONGEST_DAYS:
        raise Refusal("holidays of more than a year are a schedule; make one")
    with changes.together():
        lock(Tenant(pk=tenant))
        if Holiday.objects.filter(tenant=tenant, first=first, last=last).exists():
            raise Refusal("these days are entered already; change or remove them there")
        _forget_past(tenant)
        if Holiday.objects.filter(tenant=tenant).count() >= limits.HOLIDAYS:
            raise Refusal("there are %(n)d holidays already; remove some first", n=limits.HOLIDAYS)
        day = Holiday(tenant_id=tenant, name=name.strip()[:100], first=first, last=last)
        with changes.of(day):
            day.save()
        propagate.rules_everywhere(tenant)
        return day


def remove(day: Holiday) -> None:
    tenant = day.tenant_id
    with changes.of(day):
        day.delete()
        propagate.rules_everywhere(tenant)


def fill(tenant: int, year: int) -> int:
    """Enters the public holidays of Norway in a year. Returns how many were new."""
    if not 2000 <= year <= 2099:
        raise Refusal("holidays are known from 2000 to 2099; choose a year in between")
    new = 0
    with changes.together():
        for day, name in sorted(norwegian(year).items()):
            if not Holiday.objects.filter(tenant=tenant, first__lte=day, last__gte=day).exists():
                add(tenant, name, day)
                new += 1
    return new


def norwegian(year: int) -> dict[date, str]:
    """The public holidays of Norway: lov om helligdager (1995) section 2, lov om 1 og 17 mai (1947)."""
    easter = easter_sunday(year)
    moving = {
        -3: "Skjærtorsdag",
        -2: "Langfredag",
        0: "Første påskedag",
        1: "Andre påskedag",
        39: "Kristi himmelfartsdag",
        49: "Første pinsedag",
        50: "Andre pinsedag",
    }
    days = {easter + timedelta(days=after): name for after, name in moving.items()}
    fixed = {
        (1, 1): "Første nyttårsdag",
        (5, 1): "Arbeidernes dag",
        (5, 17): "Grunnlovsdagen",
        (12, 25): "Første juledag",
        (12, 26): "Andre juledag",
    }
    for (month, day), name in fixed.items():
        days.setdefault(date(year, month, day), name)
    return days


def easter_sunday(year: int) -> date:
    """The Gregorian Easter by the anonymous algorithm of Nature, 20 April 1876 (Meeus, Astronomical Algorithms)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    length = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * length) // 433
    month = (h + length - 7 * m + 90) // 25
    return date(year, month, (h + length - 7 * m + 33 * month + 19) % 32)


def _forget_past(tenant: int) -> None:
    """What is long over makes room."""
    for old in Holiday.objects.filter(tenant=tenant, last__lt=clock.now().date() - timedelta(days=31)):
        with changes.of(old):
            old.delete()
