"""Enrolment: a controller comes to be, and the settings that go onto its board. They are told once."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from tools import written_settings

from ..models import Controller, Door, Site
from . import brokers, clock, rules
from .told import Told

RELEASE_MS = 5000
HELD_MS = 30000
NAME = 100  # characters


def enrol(
    site: Site,
    name: str,
    board: Mapping[str, Any],
    *,
    doors: Sequence[str] = (),
    broker: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    wifi: Mapping[str, str] | None = None,
    replaces: Controller | None = None,
    urandom: Callable[[int], bytes] = os.urandom,
) -> tuple[Controller, dict[str, Any]]:
    """The new controller and the settings.json for its board. Its secrets are told here and nowhere else.

    doors: their names, in the order of the board; missing ones are numbered. broker: as the board reaches it,
    or several in order of preference.
    replaces: a lost controller whose doors this one takes over, with their names, settings and groups.
    """
    places = board.get("doors")
    if not isinstance(places, list) or not 1 <= len(places) <= 255:
        raise Told('board.json names no doors; "doors" must list 1 to 255 of them')
    if len(doors) > len(places):
        raise Told("the board has %(n)d doors, %(names)d names were given", n=len(places), names=len(doors))
    if any(len(door) > NAME for door in (name, *doors)):
        raise Told("a name has at most %(most)d characters; shorten it", most=NAME)
    several: Sequence[Mapping[str, Any]]
    if broker is None:
        several = brokers.brokers_of(settings.BOARD_BROKERS)
    else:
        several = [broker] if isinstance(broker, Mapping) else broker
    link_secret, table_key = urandom(32), urandom(32)
    try:
        with transaction.atomic():
            controller = Controller.objects.create(
                site=site,
                name=name,
                public_id=urandom(8).hex(),
                link_secret=link_secret,
                table_key=table_key,
                broker_key=urandom(32),
                board=dict(board),
                enrolled_at=clock.now(),
            )
            for number in range(1, len(places) + 1):
                door = (doors[number - 1] if number <= len(doors) else "") or f"{name[: NAME - 4]} {number}"
                Door.objects.create(
                    controller=controller, number=number, name=door, release_ms=RELEASE_MS, held_ms=HELD_MS
                )
            if replaces is not None:
                _take_over(controller, replaces, doors)
            made = {
                "controller": controller.public_id,
                "link_secret": link_secret.hex(),
                "table_key": table_key.hex(),
                **brokers.settings_of(controller, several, clock.now().timestamp()),
                "wifi": dict(wifi if wifi is not None else {"name": "", "password": ""}),
            }
            _check(made)
            rules.refresh(controller.pk)
    except IntegrityError:
        if not Controller.objects.filter(site=site, name=name).exists():
            raise
        raise Told(
            "%(site)s has a controller named %(name)s already; choose another name", site=site.name, name=name
        ) from None
    controller.refresh_from_db()
    return controller, made


def _check(made: Mapping[str, Any]) -> None:
    """What the installer would refuse is said before there is a controller. The Wi-Fi may be named later, by hand."""
    faults = written_settings.faults(made)
    if made["wifi"].get("name") == "":
        faults = [fault for fault in faults if not fault.startswith("wifi.name: ")]
    if faults:
        raise Told("the board would not take these settings (%(faults)s); correct them", faults="; ".join(faults))


def _take_over(controller: Controller, lost: Controller, names: Sequence[str]) -> None:
    """The doors of a lost controller go on at a new one. A name that was given for a door stays."""
    if lost.lost_at is None or lost.site_id != controller.site_id:
        raise Told("%(name)s is not a lost controller of this site; give it up as lost first", name=lost.name)
    for old in lost.doors.all():
        new = controller.doors.filter(number=old.number).first()
        if new is None:
            raise Told("%(name)s had more doors than this board; choose a bigger board", name=lost.name)
        for field in Door.SETTINGS:
            setattr(new, field, getattr(old, field))
        if not names[old.number - 1 : old.number] or not names[old.number - 1]:
            new.name = old.name
        new.save()
        for group in old.groups.all():
            group.doors.add(new)
            group.doors.remove(old)
    lost.replaced_by = controller
    lost.save(update_fields=["replaced_by"])
