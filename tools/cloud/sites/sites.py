"""Sites: made, renamed, put into another time zone."""

from django.db import IntegrityError

from ..audit import changes
from ..models import Site, lock
from ..rules import areas, zones
from ..services import propagate
from ..services.refusal import Refusal


def make(tenant: int, name: str, zone: str = "Europe/Oslo") -> Site:
    """A new site."""
    return _save(Site(tenant_id=tenant), name, zone)


def change(site: Site, name: str | None = None, zone: str | None = None) -> Site:
    """Another name or zone (None: as it is). The controllers of the site learn the zone with their rules."""
    with changes.together():
        lock(site)
        return _save(site, site.name if name is None else name, zone or site.zone)


def remove(site: Site) -> None:
    """Takes a site away that has no controllers."""
    if site.controllers.exists():
        raise Refusal("%(site)s has controllers; a site that has any stays", site=site.name)
    with changes.of(site):
        for area in site.areas.all():
            areas.remove(area)
        site.delete()


def _save(site: Site, name: str, zone: str) -> Site:
    site.name, site.zone = name.strip(), zone
    if not site.name:
        raise Refusal("a site needs a name; give it one")
    zones.posix(zone)
    try:
        with changes.of(site):
            site.save()
            propagate.rules_at(site.pk)
    except IntegrityError:
        raise Refusal("there is a site named %(name)s already; choose another name", name=site.name) from None
    return site
