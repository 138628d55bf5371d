"""Areas of a site: made, changed, removed."""

from typing import Any

from ..audit import changes
from ..models import Area, Site, lock
from ..services import propagate


def put(site: Site, number: int, **fields: Any) -> Area:
    """Makes the area of that number, or changes it: name, limit, forget_hours."""
    with changes.together():
        lock(site)
        area = Area.objects.filter(site=site, number=number).first() or Area(site=site, number=number)
        with changes.of(area):
            for name, value in fields.items():
                setattr(area, name, value)
            area.save()
            propagate.rules_at(site.pk)
    return area


def remove(area: Area) -> None:
    """One that no door leads to: otherwise ProtectedError."""
    with changes.of(area):
        area.delete()
